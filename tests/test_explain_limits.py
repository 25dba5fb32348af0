"""Tests of the time that :func:`vjp_guide.explain` spends, by a clock of our own."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.clocks import set_clock
from tests.processes import lines_of
from vjp_guide import Explanation, explain
from vjp_guide._graph import UnfinishedWalkError, edge, walk
from vjp_guide._quiet import plain_settings

LOOKS = ["zero-result", "zero-times-inf", "sums-not-diagonal", "coupled-samples"]


class Clock:
    """A clock that advances where a test says so."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return what all modules read the time from."""
    clock = Clock()
    set_clock(monkeypatch, clock)
    monkeypatch.delenv("VJP_GUIDE_MAX_SECONDS")
    return clock


class Timed(torch.autograd.Function):
    """The square of a vector, with a backward that takes a number of seconds."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, clock: Clock, seconds: float) -> Tensor:  # noqa: ANN401 (torch's own)
        """Keep the argument."""
        ctx.kept = clock, seconds
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx: Any, *vs: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401 (likewise)
        """Return the product, late."""
        clock, seconds = ctx.kept
        clock.now += seconds
        return 2 * ctx.saved_tensors[0] * vs[0], None, None


def timed(clock: Clock, seconds: float, **options: float) -> Explanation:
    """Explain a call that takes so many seconds, and has nine rows."""
    x = torch.ones(3, 3, requires_grad=True)
    square: Any = Timed.apply
    y = square(x, clock, seconds)
    return explain(y, x, torch.ones_like(y), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "passes"),
    # The same call and nine rows, else it and products that tell parts apart.
    [(0.09, 10), (0.11, 10), (0.13, 8), (0.3, 4), (1.5, 1), (2.0, 1), (60.0, 1)],
)
def test_takes_at_most_as_long_again_and_one_second(
    clock: Clock, seconds: float, passes: int
) -> None:
    """Tests the time of everything, and that what is left out is named."""
    explanation = timed(clock, seconds)

    assert clock.now <= 2 * seconds + 1
    assert explanation.passes == passes
    assert explanation.check
    assert bool(explanation.check.skipped) == (passes < 10)


@pytest.fixture
def slow_search(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the search for retained gradients take five seconds."""

    @contextmanager
    def quiet_passes(_: object, *, outputs: object) -> Iterator[None]:
        del outputs
        clock.now += 5
        yield

    monkeypatch.setattr("vjp_guide._explain.explain.quiet_passes", quiet_passes)


@pytest.mark.usefixtures("slow_search")
@pytest.mark.parametrize(("many", "left_out"), [(9, LOOKS[2:]), (8, LOOKS)])
def test_the_search_for_retained_gradients_counts(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, many: int, left_out: list[str]
) -> None:
    """Tests that no pass begins, nor a look at many numbers: here, at nine."""
    monkeypatch.setattr("vjp_guide._explain.suspicions._MANY", many)

    explanation = timed(clock, 0.01)

    assert explanation.passes == 0
    assert explanation.check
    assert "there are 0 s left" in explanation.check.skipped
    assert [each.slug for each in explanation.left_out] == left_out
    passed = "max_seconds=1 have passed" in " ".join(str(explanation).split())
    assert passed == (left_out == LOOKS)


@pytest.mark.usefixtures("slow_search")
def test_more_time_when_asked_for(clock: Clock) -> None:
    """Tests the same call."""
    explanation = timed(clock, 0.01, max_seconds=10)

    assert explanation.check
    assert explanation.check.agrees
    assert explanation.left_out == ()


def test_the_measurement_of_rounding_is_interrupted(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests hooks of its own that take much longer than a pass."""

    def late() -> AbstractContextManager[None]:
        clock.now += 0.7
        return plain_settings()

    monkeypatch.setattr("vjp_guide._explain.rounding.plain_settings", late)
    layer = nn.Linear(2, 2)
    x = torch.ones(2, requires_grad=True)
    y = layer(x)
    y.register_hook(lambda v: v.clamp(max=1.5))

    check = explain(y, x, torch.full((2,), 2.0)).check

    assert check
    assert check.unmeasured == "max_seconds=1 have passed"
    assert clock.now < 2


def test_a_walk_gives_up(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that the look says so, of a v with a graph that is too large."""
    ticks = count()
    monkeypatch.setattr("vjp_guide._graph.perf_counter", lambda: next(ticks) / 1000)
    w = torch.ones(2, requires_grad=True)
    x, v = torch.ones(2, requires_grad=True), w
    for _ in range(1_000):
        v = v * 1.001

    explanation = explain(x * 2, x, v)

    assert clock.now == 0
    found = {each.slug: each.reason for each in explanation.left_out}
    assert found == {"v-depends-on-x": "the walk over its graph takes longer"}
    with pytest.raises(UnfinishedWalkError):
        walk([edge(v)], until=0)


UNFINISHED = """
from itertools import count
import torch
from vjp_guide import _graph

ticks = count()
_graph.perf_counter = lambda: next(ticks)
x = torch.ones(2, requires_grad=True)
y = x
for _ in range(150_000):
    y = y * 1.00001
try:
    _graph.walk([_graph.edge(y)], until=120_000)
except _graph.UnfinishedWalkError:
    print("gave up", flush=True)
del y
print("freed")
"""


def test_a_graph_is_freed_after_a_walk_that_gave_up() -> None:
    """Tests in a process of its own, which a full stack would end."""
    assert lines_of(UNFINISHED) == ["gave up", "freed"]


def test_says_how_many_products_showed_no_coupling(clock: Clock) -> None:
    """Tests a limit that three further passes fit into, of seven that it takes."""
    explanation = timed(clock, 1.0, max_seconds=3.5, max_entries=1)

    reasons = {each.slug: each.reason for each in explanation.left_out}
    assert explanation.passes == 3
    assert reasons["sums-not-diagonal"].startswith(
        "3 of 7 products show no coupling, and for the others it takes 1 further passes"
    )


def test_the_environment_sets_the_limit_of_all_calls(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests that a call's own limit comes before it."""
    monkeypatch.setenv("VJP_GUIDE_MAX_SECONDS", "0")

    left_out = timed(clock, 0.01)
    checked = timed(clock, 0.01, max_seconds=10)

    assert left_out.check
    assert "max_seconds=0" in left_out.check.skipped
    assert checked.check
    assert not checked.check.skipped


@pytest.mark.parametrize("text", ["soon", "-1", "nan", ""])
def test_refuses_an_environment_that_holds_no_time(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests that the error names the variable and what it holds."""
    x = torch.ones(2, requires_grad=True)
    monkeypatch.setenv("VJP_GUIDE_MAX_SECONDS", text)

    with pytest.raises(ValueError, match="environment variable VJP_GUIDE_MAX_SECONDS"):
        explain(x.sum(), x)
