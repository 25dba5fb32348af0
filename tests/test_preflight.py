"""What a model allows: the verdict is that of the whole call, for many models."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import Function

from tests.preflight_models import (
    KINDS,
    MODELS,
    Bare,
    Full,
    Lambda,
    branch,
    whole_call,
    x,
)
from vjp_guide import Preflight, preflight

CHOSEN = [
    *(
        "Bare",
        "Cube",
        "Full",
        "GRU",
        "Once",
        "batch norm",
        "branch",
        "cdist",
        "dropout",
    ),
    *("eig", "embedding", "fill", "flash attention", "in-place relu", "item", "mask"),
]


@pytest.mark.parametrize("name", CHOSEN)
def test_verdict_is_that_of_the_whole_call(name: str) -> None:
    """Each kind is blocked exactly where what a user writes raises."""
    torch.manual_seed(0)
    make, inputs = MODELS[name]
    model = make()
    found = preflight(model, *inputs, kinds=KINDS)
    assert set(found.blocked) == set(whole_call(model, inputs))


def test_all_blockers_are_named_with_their_places() -> None:
    """Two blockers in two modules are found at once, each with a cure."""
    model = nn.Sequential(Lambda(lambda t: torch.cdist(t, t + 1)), Lambda(Bare.apply))
    found = preflight(model, x(3, 2), kinds=["forward"])
    forward = found.blockers
    assert [(each.module, each.operation) for each in forward] == [
        ("0", "aten._cdist_forward.default"),
        ("1", "Bare"),
    ]
    assert "test_preflight.py:" in forward[0].line
    assert "two reverse passes" in forward[0].cure
    assert found.device == "cpu"
    assert str(found).startswith("Blocked: forward mode")


def test_answer_of_a_free_model_is_one_sentence() -> None:
    """Nothing else is said where nothing is blocked."""
    found = preflight(nn.Linear(2, 2), x(1, 2), kinds=KINDS)
    text = " ".join(str(found).split())
    assert text == (
        "Nothing blocks forward mode, a second derivative, torch.vmap, torch.func. "
        "Tried on cpu."
    )


def test_places_of_the_same_blocker_are_counted() -> None:
    """The text names the first place, and how many more there are."""
    found = preflight(
        nn.Sequential(nn.Dropout(), nn.Dropout()), x(2, 3), kinds=["vmap"]
    )
    assert [each.module for each in found.blockers] == ["0", "1"]
    assert "and 1 more" in " ".join(str(found).split())


def test_whole_call_alone_fails() -> None:
    """A function that makes leaves of its tensors has no single blocker."""
    found = preflight(lambda t: t.detach().requires_grad_() * t, x(3), kinds=["func"])
    assert [(each.kind, each.operation) for each in found.blockers] == [("func", "")]
    assert "torch.func: the whole call in test_preflight.py:" in str(found)


def test_all_that_is_tried_may_be_blocked() -> None:
    """Then nothing is called free."""
    found = preflight(lambda t: torch.cdist(t, t), x(3, 2), kinds=["forward"])
    assert "Free" not in str(found)


F = nn.functional
DERIVATIVES_OF_A_JVP: dict[str, tuple[Callable[[Tensor], Tensor], str | None]] = {
    "layer_norm": (lambda t: F.layer_norm(t, [4]), "aten.native_layer_norm.default"),
    "batch_norm": (
        lambda t: F.batch_norm(t, None, None, training=True),
        "aten.native_batch_norm.default",
    ),
    "instance_norm": (
        lambda t: F.instance_norm(t[None]),
        "aten.native_batch_norm.default",
    ),
    "det": (torch.linalg.det, "aten._linalg_det.default"),
    "eigvalsh": (lambda t: torch.linalg.eigvalsh(t @ t.mT + torch.eye(4)), None),
    "triangular": (
        lambda t: torch.linalg.solve_triangular(t.triu(), t, upper=True),
        None,
    ),
    "group_norm": (lambda t: F.group_norm(t[None], 1), None),
    "rms_norm": (lambda t: F.rms_norm(t, [4]), None),
    "inv": (lambda t: t.softmax(-1).relu() * torch.linalg.inv(t), None),
    "fft": (lambda t: torch.fft.fft(t).abs(), None),
    "empty row": (  # the derivative is nan
        lambda t: F.scaled_dot_product_attention(
            t, t, t, torch.ones(4, 4).tril(-1).bool()
        ),
        "aten._safe_softmax.default",
    ),
}


@pytest.mark.parametrize("name", DERIVATIVES_OF_A_JVP)
def test_wrong_derivatives_of_a_jvp_are_named(
    name: str,
) -> None:
    """As the gradient of a squared tangent is, by finite differences in float64."""
    function, operation = DERIVATIVES_OF_A_JVP[name]
    generator = torch.Generator().manual_seed(0)
    given, u, along = torch.randn(3, 4, 4, generator=generator).double()

    def loss(t: Tensor) -> Tensor:
        return torch.func.jvp(function, (t,), (u,))[1].square().sum()  # type: ignore[no-any-return]

    with warnings.catch_warnings(action="ignore"):
        slope = (torch.func.grad(loss)(given) * along).sum()
        h = 1e-6 * along
        difference = (loss(given + h) - loss(given - h)) / 2e-6
        found = preflight(function, given.float(), kinds=["forward"])
    is_right = bool(torch.isclose(slope, difference, rtol=1e-4))
    assert is_right or operation  # newer releases of torch mend some
    assert [each.operation for each in found.silent] == [operation] * (not is_right)
    assert ("silently wrong" in str(found)) != is_right


def test_forward_mode_of_forward_mode_is_named_alone() -> None:
    """Of a custom Function torch gives zeros, and the others right."""
    with warnings.catch_warnings(action="ignore"):
        inner = partial(torch.func.jvp, Full.apply, tangents=(torch.ones(3),))
        second = torch.func.jvp(lambda t: inner((t,))[1], (x(3),), (torch.ones(3),))[1]
    assert not second.any()  # right is 6 x
    (blocker,) = preflight(Full.apply, x(3), kinds=["forward"]).silent
    assert (
        blocker.error
        == "No error, and a wrong number from forward mode of forward mode."
    )
    assert "a backward pass through forward mode" in blocker.cure


def test_nothing_is_wrong_if_no_way_is_right() -> None:
    """Eigenvectors of a triangle that is read alone: one way gives nan."""
    assert preflight(torch.linalg.eigh, x(3, 3), kinds=["forward"]).silent == ()


def test_random_numbers_hide_no_wrong_derivative() -> None:
    """They are the same in each call."""
    model = nn.Sequential(nn.LayerNorm(4), nn.Dropout())
    (blocker,) = preflight(model, x(3, 4), kinds=["forward"]).silent
    assert blocker.module == "0"


class Halved(Full):
    """A rule for forward mode that misses a factor."""

    @staticmethod
    def jvp(ctx: Any, u: Tensor) -> Tensor:  # noqa: ANN401 (torch's own)
        """Return a half of what is right."""
        return Full.jvp(ctx, u) / 2


def test_a_wrong_rule_of_a_function_is_named() -> None:
    """The first derivatives are compared before the second ones."""
    (blocker,) = preflight(Halved.apply, x(3), kinds=["forward"]).silent
    assert blocker.operation == "Halved"
    assert blocker.error == "No error, and a wrong number from forward mode."
    assert blocker.cure.startswith("Right is reverse mode.")


def test_a_model_that_differentiates_is_free() -> None:
    """Its inputs require grad, as they must; torch.vmap keeps that from it."""
    found = preflight(slope, x(3), kinds=KINDS)
    assert found.blocked == ("vmap",)


def test_what_cannot_run_alone_is_no_blocker() -> None:
    """as_strided reads beyond a slice, which a copy of the slice doesn't have."""

    def call(t: Tensor) -> Tensor:
        return torch.cdist(t, t) + t[:1].as_strided((3, 1), (2, 1))

    found = preflight(call, x(3, 2), kinds=["forward"])
    assert [each.operation for each in found.blockers] == [
        "aten._cdist_forward.default"
    ]


def test_control_flow_keeps_its_own_error() -> None:
    """An if is no .item(), though the same operation reads the number."""
    (found,) = preflight(branch, x(3), kinds=["vmap", "func"]).blockers
    assert "data-dependent control flow" in found.error


class Steps(Function):
    """Two operations, of which the second no longer has the argument."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu")  # type: ignore[untyped-decorator] # torch has no types here
    def forward(ctx: Any, t: Tensor, *rest: Tensor) -> Tensor:  # noqa: ANN401 (torch's own)
        """Return cos(t) + 1, of fewer entries than t."""
        ctx.save_for_backward(t, *rest)
        t = t[1:].cos()
        return t + 1


def test_a_custom_function_counts_as_one_operation() -> None:
    """Of the arguments with which it was called, wherever torch calls it from."""
    (blocker,) = preflight(Steps.apply, x(3), x(2), kinds=["forward"]).blockers
    assert blocker.operation == "Steps"
    assert "test_preflight.py" not in blocker.line


def test_custom_operators_go_by_their_names() -> None:
    """The Function that torch.library makes for one isn't the reader's."""

    @torch.library.custom_op("guide_preflight::cube", mutates_args=())
    def cube(t: Tensor) -> Tensor:
        return t**3

    cube.register_autograd(lambda _, v: v)
    found = preflight(cube, x(3), kinds=["forward", "func"])
    assert {each.operation for each in found.blockers} >= {
        "guide_preflight.cube.default"
    }


def test_nothing_changes() -> None:
    """Buffers, attributes, gradients, versions, modes and random states stay."""
    norm = nn.BatchNorm1d(3)
    noise, memory = torch.zeros(3), torch.zeros(2, 3)

    def call(t: Tensor) -> Tensor:
        noise.add_(torch.rand(3))
        memory[0] = t[0]
        return norm(t) + noise  # type: ignore[no-any-return]

    given = x(2, 3)
    before = [each.clone() for each in (*norm.buffers(), noise, memory)]
    state = torch.random.get_rng_state()
    with torch.inference_mode():
        preflight(call, given, kinds=KINDS)
        preflight(norm, given, kinds=KINDS)
        assert torch.is_inference_mode_enabled()
    assert torch.equal(torch.random.get_rng_state(), state)
    after = (*norm.buffers(), noise, memory)
    assert all(map(torch.equal, before, after))
    assert noise._version == 0  # noqa: SLF001 (it has no public name)
    assert not memory.requires_grad
    assert not given.requires_grad
    assert norm.weight.grad is None


class Caches(nn.Module):
    """Keeps what it computes, and what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.cache: Tensor | None = None
        self.seen: list[Tensor] = []
        self.named: dict[str, Tensor] = {}

    def forward(self, t: Tensor, *, scale: Tensor) -> Tensor:
        """Return the layer's output, scaled."""
        self.seen.append(t)
        self.named["t"] = t
        self.cache = self.layer(t) * scale
        return self.cache


def read(t: Tensor) -> Tensor:
    """Break a graph in two lines."""
    print("seen")  # noqa: T201 (this is the one)
    return t * t.sum().item()


class Reads(nn.Module):
    """Its graph breaks in a function."""

    def forward(self, t: Tensor) -> Tensor:
        """Return what the function does."""
        return read(t + 1)


class Branches(nn.Module):
    """Its graph breaks in one line."""

    def forward(self, t: Tensor) -> Tensor:
        """Return the input, twice or once."""
        if t.sum() > 0:
            return t * 2
        return t


def test_attributes_stay() -> None:
    """What forward keeps is dropped, also from a list; keyword arguments are given."""
    model = Caches()
    found = preflight(model, x(2, 3), kwargs={"scale": x(3)}, kinds=KINDS)
    assert (model.cache, model.seen, model.named) == (None, [], {})
    assert not found.blockers


def test_all_breaks_of_a_graph_are_named() -> None:
    """Each with its line, and its module where one alone is known to run it."""
    model = nn.Sequential(Reads(), nn.Sequential(Branches(), Branches()))
    found = preflight(model, x(2, 3), kinds=["compile"])
    assert found.blocked == ("compile",)
    first, second, third = found.blockers
    assert ("print" in first.error, first.module) == (True, "0")
    assert (".item()" in second.error, second.module) == (True, "")
    assert ("branching" in third.error, third.module) == (True, "")
    assert all(each.line.startswith("test_preflight.py:") for each in found.blockers)
    assert "torch.compile: a graph break in module 0" in str(found)


@pytest.mark.parametrize("call", [torch.sin, partial(torch.mul, other=x(3))])
def test_breaks_beside_a_forward_without_lines_are_named(call: Any) -> None:  # noqa: ANN401 (what has no code of Python)
    """A module's forward may be a function in C++, or none at all."""
    first = nn.Identity()
    first.forward = call  # type: ignore[method-assign] # some do
    (blocker,) = preflight(
        nn.Sequential(first, Branches()), x(2, 3), kinds=["compile"]
    ).blockers
    assert blocker.module == "1"


def test_breaks_of_a_function_have_no_module() -> None:
    """A known text has its own cure."""
    (blocker,) = preflight(slope, x(3), kinds=["compile"]).blockers
    assert (blocker.module, "trace_autograd_ops" in blocker.cure) == ("", True)


def slope(t: Tensor) -> Tensor:
    """Return a derivative, with its graph."""
    return torch.autograd.grad((t**3).sum(), t, create_graph=True)[0]


@pytest.mark.parametrize("model", [nn.Linear(3, 3), torch.sin])
def test_what_is_compiled_already_is_tried_as_it_was(model: Any) -> None:  # noqa: ANN401 (a module or function)
    """A graph within a graph would break it."""
    compiled = torch.compile(model, backend="eager")
    assert not preflight(compiled, x(2, 3), kinds=["forward", "compile"]).blocked


def test_a_backend_that_fails_breaks_no_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the whole call's error is said."""

    def backend(*_: object) -> None:
        raise OSError("no compiler")

    monkeypatch.setattr("vjp_guide._preflight.trial.BACKEND", backend)
    (blocker,) = preflight(torch.sin, x(3), kinds=["compile"]).blockers
    assert (blocker.operation, "no compiler" in blocker.error) == ("", True)


def test_compiled_function_of_one_graph_is_free() -> None:
    """It leaves no break."""
    assert not preflight(torch.sin, x(3), kinds=["compile"]).blockers


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda: preflight(x(3), x(3)),  # type: ignore[arg-type] # the fault
            TypeError,
            "model must be a module",
        ),
        (lambda: preflight(torch.sin), TypeError, "inputs must hold a tensor"),
        (lambda: preflight(torch.abs, torch.tensor(1)), ValueError, "nothing to diff"),
        (lambda: preflight(nn.Linear(2, 2), x(3)), ValueError, "fails before anything"),
        (lambda: preflight(torch.detach, x(3)), ValueError, "no output"),
        (lambda: preflight(torch.sin, x(3), kinds=()), ValueError, "kinds must be"),
        (
            lambda: preflight(torch.sin, x(3), kinds=["jvp"]),  # type: ignore[list-item] # the fault
            ValueError,
            "some of forward, twice, vmap, func, compile, got",
        ),
    ],
)
def test_bad_input_is_refused(
    call: Callable[[], Preflight], kind: type[Exception], text: str
) -> None:
    """The message says what is wrong."""
    with pytest.raises(kind, match=text):
        call()
