"""Tests of :func:`vjp_guide.coupling`."""

from collections.abc import Callable
from functools import partial
from itertools import accumulate
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.testing import assert_close
from torch.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts

from vjp_guide import Coupling, coupling, jacobian


def attention(x: Tensor) -> Tensor:
    """Return attention whose keys are the other samples."""
    return (x @ x.T).softmax(1) @ x


COUPLED: dict[str, Callable[[Tensor], Tensor]] = {
    "batch norm": nn.BatchNorm1d(3).double(),
    "softmax over the batch": lambda x: x.softmax(0),
    "attention over the batch": attention,
    "shift": lambda x: x.roll(1, 0),
    "one pair": lambda x: x + x[2] * torch.eye(4, 1, dtype=x.dtype),
    "mean": lambda x: x - 1e-6 * x.mean(0),
}
INDEPENDENT: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": nn.Linear(3, 2).double(),
    "layer norm": nn.LayerNorm(3).double(),
    "batch norm in eval": nn.BatchNorm1d(3).double().eval(),
    "softmax over features": lambda x: x.softmax(1),
    "sum of the features": lambda x: x.prod(1),
    "rounding only": lambda x: (x + x.mean(0)) - x.mean(0),
    "no dependence": lambda x: 0 * x,
}


@pytest.fixture
def x() -> Tensor:
    """Return four samples of three features."""
    return torch.randn(4, 3, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("function", COUPLED.values(), ids=COUPLED)
def test_finds_coupled_samples(function: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """Tests the verdict, also where the diagonal is zero or the coupling is small."""
    found = coupling(function(x), x)

    assert not found.independent
    assert str(found).startswith("Coupled: y[")


@pytest.mark.parametrize("function", INDEPENDENT.values(), ids=INDEPENDENT)
def test_finds_independent_samples(
    function: Callable[[Tensor], Tensor], x: Tensor
) -> None:
    """Tests the verdict, also where the coupling cancels up to rounding."""
    found = coupling(function(x), x)

    assert found.independent
    assert str(found).startswith("Independent: ")


@pytest.mark.parametrize("function", COUPLED.values(), ids=COUPLED)
def test_one_output_by_sample_gives_exact_norms(
    function: Callable[[Tensor], Tensor], x: Tensor
) -> None:
    """Tests against the norms of the dense blocks, whatever v is."""
    y = function(x) @ torch.randn(3, dtype=torch.float64)

    norms = coupling(y, x, max_bytes=2**10).norms

    assert_close(norms, torch.linalg.vector_norm(jacobian(y, x), dim=2))


def test_probes_estimate_the_norms_of_the_blocks(x: Tensor) -> None:
    """Tests the mean over many v against the Frobenius norms of the dense blocks."""
    y = attention(x)
    blocks = torch.linalg.vector_norm(jacobian(y, x), dim=(1, 3))

    assert_close(coupling(y, x, probes=50).norms, blocks, rtol=0.4, atol=0)


def test_finds_what_ones_hide() -> None:
    """Tests that ones give zero for batch norm, whose blocks aren't zero."""
    x = torch.arange(4.0, dtype=torch.float64)[:, None].requires_grad_()
    y = nn.BatchNorm1d(1).double()(x)

    (hidden,) = torch.autograd.grad(y, x, torch.ones_like(y), retain_graph=True)
    norms = coupling(y, x).norms

    assert hidden.abs().max() < 1e-12
    assert_close(norms, jacobian(y, x).reshape(4, 4).abs())
    assert norms.min() > 0.01


def test_agrees_with_moving_a_sample(x: Tensor) -> None:
    """Tests by finite differences: which outputs move when sample 2 does."""
    function = COUPLED["one pair"]
    moved = x.detach().clone()
    moved[2] += 1

    changes = (function(moved) - function(x)).abs().sum(1) > 0

    assert_close(coupling(function(x), x).norms[:, 2] > 0, changes)


def test_measures_some_samples_of_a_large_batch() -> None:
    """Tests that rows are spread over the batch, and columns are all of it."""
    x = torch.randn(100, 2, requires_grad=True)

    found = coupling(x.flip(0), x, max_samples=4)

    assert found.samples == (0, 25, 50, 75)
    assert found.norms.shape == (4, 100)
    assert found.norms[1].nonzero().tolist() == [[74]]
    assert "y[" in str(found)
    verdict = coupling(x * 2, x, max_samples=4).verdict
    assert "(tried for all 100 at once, norms measured for 4)" in verdict


def test_draws_at_most_sixteen_samples() -> None:
    """Tests the size and the names of the heat map."""
    x = torch.randn(20, 1, requires_grad=True)

    figure = coupling(x * 2, x, max_samples=20).figure()

    assert "measured for 20 of 20" in figure.alt
    assert "x[15]" in figure.svg
    assert "x[16]" not in figure.svg


def test_takes_an_empty_batch_and_complex_samples() -> None:
    """Tests no samples at all, and a complex function of each."""
    x = torch.zeros(0, 2, requires_grad=True)
    z = torch.randn(3, 2, dtype=torch.complex64, requires_grad=True)

    assert coupling(x * 2, x).independent
    assert "<rect" not in coupling(x * 2, x).figure().svg
    assert coupling(z.exp(), z).independent


def test_leaves_the_random_state_alone(x: Tensor) -> None:
    """Tests that the probes come from a generator of their own."""
    state = torch.get_rng_state()

    first, second = coupling(x.softmax(0), x), coupling(x.softmax(0), x, seed=1)

    assert torch.equal(state, torch.get_rng_state())
    assert not torch.equal(first.norms, second.norms)


def test_warns_where_it_loops(x: Tensor) -> None:
    """Tests that the operator is named."""
    with pytest.warns(UserWarning, match="aten::cummaxmin_backward"):
        assert coupling(x.cummax(1).values, x, max_samples=5).independent


def test_compares_with_the_largest_on_the_diagonal() -> None:
    """Tests the ratio where a sample doesn't depend on itself."""
    assert Coupling(torch.tensor([[0.0, 1], [1, 0]]), (0, 1), 0.0).ratio == float("inf")


@pytest.mark.parametrize(
    ("outputs", "inputs", "options", "error", "message"),
    [
        ("sum", "x", {}, ValueError, r"shapes \(\) and \(4, 3\).*before the reduction"),
        ("x", "sum", {}, ValueError, r"\(4, 3\) and \(\)"),
        ("half", "x", {}, ValueError, r"\(2, 3\) and \(4, 3\)"),
        ("x", "x", {"probes": 0}, ValueError, "probes must be at least 1, got 0"),
        ("x", "x", {"max_samples": 0}, ValueError, "max_samples must be at least 1"),
        ("root", "x", {}, ValueError, "isn't finite"),
        ("list", "x", {}, TypeError, "outputs must be a torch.Tensor, got list"),
        ("float8", "x", {}, TypeError, "outputs has dtype torch.float8_e5m2.*float32"),
    ],
)
def test_refuses_what_has_no_samples(
    outputs: str,
    inputs: str,
    options: dict[str, int],
    error: type[Exception],
    message: str,
    x: Tensor,
) -> None:
    """Tests that the message names the argument and the fix."""
    tensors: dict[str, Any] = {
        "x": x,
        "sum": x.sum(),
        "half": x[:2],
        "root": (x * 0).sqrt(),
        "list": x.tolist(),
        "float8": x.to(torch.float8_e5m2),
    }

    with pytest.raises(error, match=message):
        coupling(tensors[outputs], tensors[inputs], **options)


@pytest.mark.parametrize("batch", [1, 4, 5, 8, 9, 64, 65, 512, 1_000])
@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_tells_at_any_size_and_shape(batch: int, shape: tuple[int, ...]) -> None:
    """Tests one coupled pair, and none, in at most five products."""
    x = torch.randn(batch, *shape, requires_grad=True)
    moved = torch.cat([1e-3 * x[-1:], 0 * x[1:]])
    passes: list[int] = []
    y = x.exp()
    y.register_hook(lambda _: passes.append(1))

    assert coupling(y, x).independent
    assert len(passes) <= 5
    passes.clear()
    assert coupling(y + moved, x).independent == (batch == 1)
    assert len(passes) <= 5


@pytest.mark.filterwarnings("ignore:ComplexHalf support")
@pytest.mark.parametrize("batch", [4, 20])
def test_complex_halves_have_a_verdict(batch: int) -> None:
    """Tests a dtype that torch can't sum."""
    x = torch.randn(batch, 2, dtype=torch.complex64).to(torch.complex32)
    x.requires_grad_()

    assert not coupling(x + x.flip(0), x).independent


def test_a_large_batch_has_a_verdict_and_a_figure() -> None:
    """Tests what is said where no row was measured."""
    x = torch.randn(20, 2, requires_grad=True)

    found = coupling(x - x.mean(0), x)

    assert found.norms.shape == (0, 20)
    assert "of y depend on x[" in found.verdict
    assert "of others" in found.figure().svg
    assert "x[15]" in found.figure().svg
    assert "(tried for all 20 at once)" in coupling(x * 2, x).verdict


@pytest.mark.parametrize("batch", [1, 2, 4, 20])
@pytest.mark.parametrize(
    "hook",
    ["counts", "draws", "adds", "clips", "relu", "signs", "rounds", "normalises"],
)
def test_refuses_hooks_that_are_not_linear(batch: int, hook: str) -> None:
    """Tests that none is taken for coupling, and none for independence."""
    x = torch.randn(batch, 2, requires_grad=True)
    y = x * 2
    factors = iter(range(1, 99))
    hooks: dict[str, Callable[[Tensor], Tensor]] = {
        "counts": lambda g: g * next(factors),
        "draws": lambda g: g + 0.1 * torch.randn_like(g),
        "adds": lambda g: g + 0.1,
        "clips": lambda g: g.clamp(-0.1, 0.1),
        "relu": torch.relu,
        "signs": torch.sign,
        "rounds": torch.round,
        "normalises": lambda g: g / g.norm(),
    }
    y.register_hook(hooks[hook])

    with pytest.raises(ValueError, match="don't add up to that of their sum"):
        coupling(y, x)


@pytest.mark.parametrize("name", ["max_samples", "probes", "max_bytes"])
def test_refuses_numbers_that_are_not_whole(name: str, x: Tensor) -> None:
    """Tests that the message names the argument and the value."""
    options: dict[str, Any] = {name: 1.5}
    with pytest.raises(TypeError, match=f"{name} must be a whole.*got float 1.5"):
        coupling(x * 2, x, **options)


@pytest.mark.parametrize(
    ("seed", "error", "message"),
    [
        (True, TypeError, "seed must be a whole number, got bool True"),
        (2**64, ValueError, r"seed must be at least -2\*\*63"),
    ],
)
def test_refuses_seeds_that_torch_does_not_take(
    seed: int, error: type[Exception], message: str, x: Tensor
) -> None:
    """Tests that the message names the argument and the value."""
    with pytest.raises(error, match=message):
        coupling(x * 2, x, seed=seed)


def test_takes_whole_numbers_of_numpy(x: Tensor) -> None:
    """Tests a seed that the generator of torch wouldn't take itself."""
    norms = coupling(x * 2, x, seed=cast("int", np.int64(3))).norms

    assert_close(norms, coupling(x * 2, x, seed=3).norms)


def test_answers_within_a_backward_under_is_grads_batched(x: Tensor) -> None:
    """Tests that its random numbers aren't those of the reader's vmap."""
    found: list[Coupling] = []

    class Asks(torch.autograd.Function):
        @staticmethod
        def forward(_: object, z: Tensor) -> Tensor:
            return z.clone()

        @staticmethod
        def backward(_: object, v: Tensor) -> Tensor:
            with torch.enable_grad():
                found.append(coupling(x.cumsum(0), x))
                found.append(coupling(x.exp(), x, max_samples=2))
            return v

    apply: Any = Asks.apply  # torch has no types here
    z = torch.ones(2, requires_grad=True)
    torch.autograd.grad(apply(z), z, torch.eye(2), is_grads_batched=True)

    assert [each.independent for each in found] == [False, True]


@pytest.mark.parametrize("tool", [coupling, jacobian])
def test_refuses_a_graph_that_allows_one_pass(
    tool: Callable[..., object], x: Tensor
) -> None:
    """Tests a selective activation checkpoint, in words of our own."""
    ops: list[Any] = [torch.ops.aten.exp.default]
    contexts = partial(create_selective_checkpoint_contexts, ops)
    y: Any = checkpoint(
        lambda x: x.exp().sin(), x, use_reentrant=False, context_fn=contexts
    )

    with pytest.raises(ValueError, match="anew, without its context_fn"):
        tool(y, x)


def residual(x: Tensor) -> Tensor:
    """Return a sum of many, whose cotangents are sums."""
    for _ in range(4):
        x = x + (x / 8).sin()
    return x


SHALLOW: dict[str, Callable[[Tensor], Tensor]] = {
    "sin": torch.sin,
    "residual": residual,
    "softmax": lambda x: x.softmax(0),
    "mean": lambda x: x - x.mean(0),
    "to few": lambda x: x.flatten(1)[:, ::16] * 2 if x.ndim > 1 else x * 2,
    "to many": lambda x: x.repeat(1, 8) if x.ndim > 1 else x[:, None] * torch.ones(8),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(2**17,), (2**13, 32), (16, 2**15), (1, 2**18)])
@pytest.mark.parametrize("function", SHALLOW.values(), ids=SHALLOW)
def test_takes_at_most_twice_the_memory_of_one_pass(
    function: Callable[[Tensor], Tensor], shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    """Tests where the graph is small beside the products, blocks and norms apart."""
    x = torch.randn(shape, dtype=dtype).requires_grad_()

    def one_pass() -> None:
        leaf = x.clone()
        y = function(leaf)
        torch.autograd.grad(y, leaf, torch.ones_like(y))

    def several() -> None:
        leaf = x.clone()
        coupling(function(leaf), leaf)

    assert peak(several) <= 2 * peak(one_pass) + 64 * len(x) + 2**18


def peak(function: Callable[[], None]) -> int:
    """Return how many bytes torch holds at most while the function runs."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        function()
    events: Any = found.profiler
    changes = [e for e in events.kineto_results.events() if e.name() == "[memory]"]
    changes.sort(key=lambda event: event.start_ns())
    held: list[int] = list(accumulate(event.nbytes() for event in changes))
    return max(held)


def test_a_product_may_be_a_view_of_v() -> None:
    """Tests a transposition, whose backward is one: nothing is written into v."""
    x = torch.zeros(5, 5, dtype=torch.float64, requires_grad=True)
    assert not coupling(x.T, x, max_samples=1).independent
