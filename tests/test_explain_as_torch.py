"""Property tests: :func:`vjp_guide.explain` accepts and refuses what torch does."""

from collections.abc import Callable
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from vjp_guide import Diagnosis, Explanation, diagnose, explain

DTYPES = [torch.float32, torch.float64, torch.complex64]
FUNCTIONS: list[Callable[[Tensor], Tensor]] = [
    lambda x: x * x,
    lambda x: x.sum(),
    lambda x: x.flatten().sin(),
    lambda x: torch.outer(x.flatten(), x.flatten()[:2]),
    lambda x: x * (1 + 2j),
    lambda x: (x * 1j).real,
    lambda x: x.detach(),
    lambda x: x,
]
COTANGENTS: list[Callable[[Tensor], Any]] = [
    torch.ones_like,
    torch.randn_like,
    lambda _: None,
    lambda y: torch.randn(y.shape, dtype=torch.float64),
    lambda y: torch.ones(y.shape, dtype=torch.int64),
    lambda y: torch.randn(y.shape, dtype=torch.complex64),
    lambda y: torch.randn(y.shape[1:], dtype=y.dtype),
    lambda y: torch.randn(y.shape[::-1], dtype=y.dtype),
    lambda y: torch.ones(y.numel(), dtype=y.dtype),
    lambda y: torch.ones((2, *y.shape), dtype=y.dtype),
    lambda y: torch.randn((0, *y.shape), dtype=y.dtype),
    lambda _: torch.ones(()),
    lambda _: 1.5,
    lambda y: y.detach().numpy(),
]
# What may come to light once the cotangents fit.
LATER_ERRORS = {
    "batch-sizes",
    "input-without-grad",
    "output-without-graph",
    "unused-input",
}
OPTIONS = st.fixed_dictionaries(
    {
        "create_graph": st.booleans(),
        "allow_unused": st.sampled_from([None, None, True, False]),
        "materialize_grads": st.integers(0, 4).map(lambda n: n == 0),
        "is_grads_batched": st.integers(0, 3).map(lambda n: n == 0),
    }
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[list[Tensor], list[Tensor], Any]:
    """Draw one or two outputs, inputs that may be unused, and any cotangents."""
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    x = torch.randn(shape, dtype=draw(st.sampled_from(DTYPES)), requires_grad=True)
    others = [torch.ones(2, requires_grad=True), torch.ones(2)]
    more = draw(st.sampled_from([[], [], [], others[:1], others[1:]]))
    count = draw(st.integers(1, 2))
    ys = [draw(st.sampled_from(FUNCTIONS))(x) for _ in range(count)]
    vs = [draw(st.sampled_from(COTANGENTS))(y) for y in ys]
    kind = draw(st.sampled_from(["each", "each", "each", "none", "extra", "first"]))
    given_vs = {"each": tuple(vs), "none": None, "extra": (*vs, vs[0]), "first": vs[0]}
    return ys, [x, *more], given_vs[kind]


@given(calls(), OPTIONS)
@settings(max_examples=1000, deadline=None)
def test_computes_and_refuses_what_torch_does(
    call: tuple[list[Tensor], list[Tensor], Any], options: dict[str, Any]
) -> None:
    """Tests gradients, or the type and text of the error; and the suggested code."""
    ys, xs, v = call

    error = failure(lambda: torch_grad(ys, xs, v, options))
    explanation = explain(ys, xs, v, **options, max_entries=10_000)

    assert str(explanation)
    assert explanation._repr_html_()
    if error:
        check_refusal(explanation, error, scope(ys, xs, v))
    else:
        check_result(explanation, torch_grad(ys, xs, v, options))


def torch_grad(
    ys: list[Tensor], xs: list[Tensor], v: object, options: dict[str, Any]
) -> tuple[Tensor | None, ...]:
    """Call torch and keep the graph."""
    given: Any = v
    return torch.autograd.grad(ys, xs, given, retain_graph=True, **options)


def failure(function: Callable[[], object]) -> Exception | None:
    """Return what a function raises."""
    try:
        function()
    except Exception as error:  # noqa: BLE001 (whatever torch raises is expected)
        return error
    return None


def check_result(
    explanation: Explanation,
    expected: tuple[Tensor | None, ...],
) -> None:
    """Check that the gradients are torch's, and those of the dense Jacobian."""
    assert explanation.diagnosis is None
    assert isinstance(explanation.gradients, tuple)
    for gradient, other in zip(explanation.gradients, expected, strict=True):
        assert (gradient is None) == (other is None)
        if gradient is not None and other is not None:
            assert_close(gradient, other, rtol=0, atol=0)
            assert gradient.requires_grad == other.requires_grad
    assert explanation.check is not None
    assert explanation.check.agrees, explanation.check


def check_refusal(
    explanation: Explanation, error: Exception, names: dict[str, object]
) -> None:
    """Check that the error is torch's, and that the corrected code runs."""
    diagnosis = explanation.diagnosis
    assert explanation.gradients is None
    assert diagnosis is not None, repr(error)
    assert (diagnosis.error_type, diagnosis.message) == (
        type(error).__name__,
        str(error),
    )
    assert str(error) in str(explanation)
    if "= f(" not in diagnosis.code:
        check_progress(diagnosis, names)


def check_progress(diagnosis: Diagnosis, names: dict[str, object]) -> None:
    """Check that the corrected code runs, or fails for a later reason."""
    error = failure(lambda: exec(diagnosis.code, names))  # noqa: S102 (the claim)
    if error:
        other = diagnose(error)
        assert other is not None, repr(error)
        assert other.slug in LATER_ERRORS - {diagnosis.slug}


def scope(ys: list[Tensor], xs: list[Tensor], v: object) -> dict[str, object]:
    """Return the tensors by the names they have in explanations."""
    vs = list(v) if isinstance(v, tuple) else [v]
    names: dict[str, object] = {"torch": torch, "v": v}
    for letter, values in (("y", ys), ("x", xs), ("v", vs)):
        numbered = {f"{letter}{k}": value for k, value in enumerate(values)}
        names |= {letter: values[0]} if len(values) == 1 else numbered
    return names
