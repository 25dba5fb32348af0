"""Tests of :func:`vjp_guide.explain` for calls that torch accepts."""

import inspect
import re
from collections.abc import Callable
from typing import Any, cast
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from vjp_guide import Explanation, explain


def vector(size: int = 3, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return 1, 2, 3, ... that requires grad."""
    return torch.arange(1, size + 1, dtype=dtype).requires_grad_()


def seed(v: Callable[[Tensor, Tensor], Tensor]) -> Explanation:
    """Explain the outer product of a vector with itself."""
    x = vector(4, torch.float32)
    y = torch.outer(x, x)
    return explain(y, x, grad_outputs=v(x, y))


def flat(explanation: Explanation) -> str:
    """Return the text without its line breaks."""
    return " ".join(str(explanation).split())


def first(explanation: Explanation) -> Tensor:
    """Return the first gradient of a tuple."""
    assert isinstance(explanation.gradients, tuple)
    assert isinstance(explanation.gradients[0], Tensor)
    return explanation.gradients[0]


def test_takes_the_arguments_of_torch() -> None:
    """Tests that names, order and defaults are those of torch.autograd.grad."""
    theirs = inspect.signature(torch.autograd.grad).parameters
    ours = inspect.signature(explain).parameters

    assert [*ours] == [*theirs, "max_entries", "max_seconds"]
    assert all(ours[name].default == theirs[name].default for name in theirs)
    assert all(ours[name].kind == theirs[name].kind for name in theirs)


def test_the_seed_call_in_text() -> None:
    """Tests the whole text: the answer first, and no more than 25 lines."""
    explanation = seed(lambda _, y: torch.ones_like(y))

    text, lines = flat(explanation), str(explanation).splitlines()
    assert lines[0].startswith("torch.autograd.grad(y, x, grad_outputs=v) computes")
    assert lines[2] == "  dL/dx[i] = sum over j,k of v[j,k] * dy[j,k]/dx[i]"
    assert lines[3] == "  dL/dx    = [20., 20., 20., 20.]"
    assert "L = (v * y).sum() = y.sum(), with v held" in text
    assert "dL/dx[0] = 1*2 + 1*2 + 1*3 + 1*4 + 1*2 + 1*3 + 1*4 = 20" in text
    assert "dy/dx has shape (4, 4, 4), 64 entries, 256 bytes" in text
    assert "largest difference 0" in text
    assert len(lines) <= 25


def test_the_seed_error_in_text() -> None:
    """Tests that the corrected call comes first, then torch's words to the letter."""
    explanation = seed(lambda x, _: torch.ones_like(x))

    text, lines = flat(explanation), str(explanation).splitlines()
    assert lines[0].startswith("torch.autograd.grad(y, x, grad_outputs=v) fails.")
    assert lines[2] == "  torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))"
    assert "RuntimeError: Mismatch in shape: grad_output[0] has a shape of" in lines[4]
    assert "v has shape (4,), but y has shape (4, 4)" in text
    assert len(lines) <= 25


MANY = "j,k,l,m,n,o,p,q,r,s,t,i12,i13"
FORMULAS: list[tuple[Callable[[Tensor], object], str]] = [
    (lambda x: x.sum(), "dL/dx[i] = 1 * dy/dx[i]"),
    (lambda x: x.sum().reshape(1), "dL/dx[i] = sum over j of 1 * dy[j]/dx[i]"),
    (lambda x: x, "dL/dx[i] = sum over j of v[j] * dy[j]/dx[i]"),
    (
        lambda x: [x.sum(), x],
        "dL/dx[i] = v0 * dy0/dx[i]\n         + sum over j of v1[j] * dy1[j]/dx[i]",
    ),
    (
        lambda x: 1j * x,
        "dL/dx[i] = sum over j of Re(v[j]) * A[j,i] + Im(v[j]) * B[j,i]",
    ),
    (
        lambda x: x.reshape((3,) + 12 * (1,)),
        f"dL/dx[i] = sum over {MANY} of v[{MANY}] * dy[{MANY}]/dx[i]",
    ),
]


@pytest.mark.parametrize(("function", "formula"), FORMULAS)
def test_the_formula(function: Callable[[Tensor], Any], formula: str) -> None:
    """Tests the index notation for these shapes."""
    x = vector()
    y = function(x)
    v = None
    if re.search(r"\bv\d?\b", formula):
        v = [*map(torch.ones_like, y)] if isinstance(y, list) else torch.ones_like(y)

    explanation = explain(y, x, v)

    assert explanation.formulas == (formula,)
    assert formula.splitlines()[0] in str(explanation)
    assert explanation.check
    assert explanation.check.agrees


def test_the_formula_of_a_scalar_by_a_scalar() -> None:
    """Tests that no index is left, nor a sum."""
    x = torch.tensor(3.0, requires_grad=True)
    explanation = explain(x**2, x, torch.tensor(10.0))

    assert explanation.formulas == ("dL/dx = v * dy/dx",)
    assert "dL/dx = 60." in str(explanation)
    assert "dL/dx = 10*6 = 60" in str(explanation)


def test_several_inputs_in_a_dict() -> None:
    """Tests keys as names, None for an unused input, and the sizes of all Jacobians."""
    x = vector()
    unused = torch.ones(2, 5, requires_grad=True)

    explanation = explain(
        x.prod(), {"w": x, "b": unused}, allow_unused=True, max_entries=100
    )

    assert isinstance(explanation.gradients, dict)
    assert explanation.gradients["b"] is None
    assert_close(explanation.gradients["w"], torch.tensor([6.0, 3.0, 2.0]).double())
    assert explanation.formulas[1] == "dL/dx['b'][i,j] = 1 * dy/dx['b'][i,j]"
    assert explanation.jacobian_shape is None
    assert explanation.jacobian_entries == 13
    assert explanation.jacobian_bytes == 3 * 8 + 10 * 4
    assert "dL/dx['b']      = None" in str(explanation)
    assert "not part of the graph: the derivative is 0" in str(explanation)


SCALARS: list[tuple[Callable[[Tensor], Tensor], float | None, str]] = [
    (lambda x: x.sum(), None, "L = y"),
    (lambda x: x[:1], None, "L = y.sum()"),
    (lambda x: x, 2, "L = (v * y).sum()"),
    (lambda x: x, 1, "L = (v * y).sum() = y.sum()"),
    (lambda x: 1j * x, 2, "L = (v.conj() * y).sum().real"),
    (lambda x: 1j * x, 1, "L = (v.conj() * y).sum().real = y.sum().real"),
]


@pytest.mark.parametrize(("function", "fill", "scalar"), SCALARS)
def test_the_gradients_are_those_of_the_scalar(
    function: Callable[[Tensor], Tensor], fill: float | None, scalar: str
) -> None:
    """Tests that L as written has the same gradient, in each of its forms."""
    x = vector()
    y = function(x)
    v = None if fill is None else torch.full_like(y, fill)

    explanation = explain(y, x, v)

    assert explanation.scalar == scalar
    for form in scalar.split(" = ")[1:]:
        value = eval(form, {"v": v, "y": y})  # noqa: S307 (it is Python, as promised)
        (gradient,) = torch.autograd.grad(value, x, retain_graph=True)
        assert_close(gradient, first(explanation))


def test_no_outputs_at_all() -> None:
    """Tests the empty sum."""
    explanation = explain((), vector(), allow_unused=True)

    assert explanation.scalar == "L = 0"
    assert explanation.formulas == ("dL/dx[i] = 0",)
    assert explanation.gradients == (None,)


def test_a_model_with_many_inputs() -> None:
    """Tests that the text stays short and says what it leaves out."""
    xs = [torch.ones(20, requires_grad=True) for _ in range(9)]

    text = str(explain(sum(x.sum() for x in xs), iter(xs)))  # type: ignore[arg-type]

    assert "and 6 more inputs, likewise" in text
    assert "... 8 more" in " ".join(text.split())
    assert "dL/dx[2]    = a tensor of shape (20,)" in text


def test_a_sum_of_many_terms() -> None:
    """Tests that only the first terms are written, negative ones in parentheses."""
    x = vector(1)
    explanation = explain(-x.repeat(9), x, torch.ones(9).double())

    assert f"dL/dx[0] = {' + '.join(8 * ['1*(-1)'])} + ... = -9" in flat(explanation)


def test_batches_of_cotangents() -> None:
    """Tests one gradient for each v, against the rows of the Jacobian."""
    x = vector()

    explanation = explain(x.cumsum(0), x, torch.eye(3).double(), is_grads_batched=True)

    assert_close(first(explanation), torch.ones(3, 3).double().tril())
    assert explanation.formulas == ("dL/dx[b,i] = sum over j of v[b,j] * dy[j]/dx[i]",)
    assert explanation.scalar == "L[b] = (v[b] * y).sum()"
    assert "has the batch axis and the shape of x" in str(explanation)
    assert explanation.check
    assert explanation.check.difference == 0


COMPLEX: dict[str, Callable[[Tensor], Tensor]] = {
    "holomorphic": lambda z: z**2 * (1 + 2j),
    "not holomorphic": lambda z: z.conj() * z.real + z,
    "to real": lambda z: z.abs() ** 2,
}


@pytest.mark.parametrize("function", COMPLEX.values(), ids=COMPLEX)
@pytest.mark.parametrize("mode", [torch.enable_grad, torch.inference_mode])
def test_complex_gradients_are_checked_in_both_parts(
    function: Callable[[Tensor], Tensor], mode: Callable[[], Any]
) -> None:
    """Tests the gradient against finite differences of L, and that the check agrees."""
    z = torch.tensor([1 + 2j, 3 - 1j], dtype=torch.complex128, requires_grad=True)
    y = function(z)
    v = torch.randn_like(y.detach())

    with mode():
        explanation = explain(y, z, v)

    def scalar(at: Tensor) -> Tensor:
        return (v.conj() * function(at)).sum().real

    at, steps = z.detach(), 1e-6 * torch.eye(2, dtype=torch.complex128)
    slopes = [
        (scalar(at + step) - scalar(at - step)) / 2e-6
        + 1j * (scalar(at + 1j * step) - scalar(at - 1j * step)) / 2e-6
        for step in steps
    ]
    assert_close(first(explanation).clone(), torch.stack(slopes), rtol=1e-6, atol=1e-6)
    assert explanation.check
    assert explanation.check.agrees
    assert explanation.check.jacobian is None


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_low_precision_is_compared_within_its_rounding(dtype: torch.dtype) -> None:
    """Tests that the check agrees for each dtype."""
    x = vector(5, dtype)
    explanation = explain(x.softmax(0), x, torch.randn(5, dtype=dtype))

    assert explanation.check
    assert explanation.check.agrees


class Clip(torch.autograd.Function):
    """The identity, with a backward that isn't linear in v."""

    @staticmethod
    def forward(_ctx: object, x: Tensor) -> Tensor:
        """Return a copy."""
        return x.clone()

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return v, clipped."""
        return vs[0].clamp(max=2.0)


def test_the_check_tells_a_backward_that_is_not_linear() -> None:
    """Tests the difference: v = 5 is clipped to 2, v = 1 isn't."""
    x = vector()
    clip: Any = Clip.apply

    explanation = explain(clip(x), x, 5 * torch.ones(3).double())

    assert_close(first(explanation), torch.tensor([2.0, 2.0, 2.0]).double())
    assert explanation.check
    assert explanation.check.difference == 3
    assert not explanation.check.agrees
    assert "Example" not in flat(explanation)
    assert "gives another result (largest difference 3, rounding explains" in flat(
        explanation
    )


@pytest.mark.parametrize("limit", [1.0, 9.0])
def test_the_check_tells_a_hook_that_clips_the_gradient_of_a_loss(
    limit: float,
) -> None:
    """Tests v = 1, which the only row of the Jacobian has too, and a limit too far."""
    x = vector()
    x.register_hook(lambda v: v.clamp(-limit, limit))
    loss = (x * torch.tensor([0.5, 3.0, -4.0]).double()).sum()

    explanation = explain(loss, x)

    assert explanation.check
    assert explanation.check.agrees is (limit == 9)
    assert explanation.check.difference == (0 if limit == 9 else 1)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("keeps", [torch.relu, torch.abs, torch.sign])
def test_the_check_tells_a_hook_that_is_linear_for_one_sign(
    keeps: Callable[[Tensor], Tensor], sign: int
) -> None:
    """Tests v = 1 and v = -1, of which a hook such as relu lets the first through."""
    x = vector()
    y: Any = 2 * x
    y.register_hook(lambda v: sign * keeps(sign * v))

    explanation = explain(y, x, sign * torch.ones_like(y), max_seconds=60)

    assert explanation.check
    assert not explanation.check.agrees


def infinite_v(x: Tensor) -> tuple[Any, Any, Any]:
    """Return a call whose v is infinite."""
    return x * 2, x, torch.full((3,), torch.inf).double()


def meta_tensors(_: Tensor) -> tuple[Any, Any, Any]:
    """Return a call whose tensors hold no numbers."""
    x = torch.ones(3, device="meta", requires_grad=True)
    return x * 2, x, torch.ones(3, device="meta")


def infinite_slope(x: Tensor) -> tuple[Any, Any, Any]:
    """Return a call whose Jacobian is infinite, and whose one-hot v give nan."""
    return (x - x.detach()).sqrt(), x, torch.ones(3).double()


def failing_hook(x: Tensor) -> tuple[Any, Any, Any]:
    """Return a call whose graph works once."""
    y: Any = x * 2
    seen: list[Tensor] = []

    def hook(v: Tensor) -> None:
        if seen:
            raise RuntimeError("once only")
        seen.append(v)

    y.register_hook(hook)
    return y, x, torch.ones(3).double()


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (meta_tensors, "dL/dx must be an array of numbers: Cannot copy out of meta"),
        (infinite_slope, "the Jacobian has entries that are infinite"),
        (infinite_v, "v has entries that are infinite"),
        (failing_hook, "failed: once only"),
    ],
)
def test_says_why_the_check_is_skipped(
    call: Callable[[Tensor], tuple[Any, Any, Any]], reason: str
) -> None:
    """Tests that the gradients are there all the same."""
    explanation = explain(*call(vector()))

    assert explanation.check
    assert reason in explanation.check.skipped
    assert not explanation.check.agrees
    assert reason in flat(explanation)
    assert first(explanation).shape == (3,)
    assert explanation.formulas == ("dL/dx[i] = sum over j of v[j] * dy[j]/dx[i]",)
    assert explanation.jacobian_shape == (3, 3)


@pytest.mark.parametrize(("limit", "passes"), [(0, 0), (8, 4), (9, 4)])
def test_counts_the_passes(limit: int, passes: int) -> None:
    """Tests none with 0, products that tell three parts apart, else the rows."""
    x = vector()
    y: Any = x * 2
    seen: list[Tensor] = []
    y.register_hook(seen.append)

    explanation = explain(y, x, torch.ones(3).double(), max_entries=limit)

    assert len(seen) == 1 + explanation.passes == 1 + passes
    assert (f"{passes} besides torch's own" in flat(explanation)) == (passes > 0)


@pytest.mark.parametrize(
    ("name", "value", "error", "text"),
    [
        ("max_entries", -1, ValueError, "max_entries must be at least 0, got -1"),
        (
            "max_entries",
            1.5,
            TypeError,
            "max_entries must be a whole number, got float",
        ),
        ("max_entries", torch.ones(2), TypeError, "must be a whole number, got Tensor"),
        ("max_seconds", -1, ValueError, "max_seconds must not be negative or nan"),
        ("max_seconds", float("nan"), ValueError, "must not be negative or nan"),
        ("max_seconds", "1", TypeError, "must be a number of seconds, got str 1"),
        ("max_seconds", True, TypeError, "must be a number of seconds, got bool"),
    ],
)
def test_refuses_limits_that_are_none(
    name: str, value: object, error: type[Exception], text: str
) -> None:
    """Tests that the message names the argument and what it got."""
    limits: dict[str, Any] = {name: value}
    with pytest.raises(error, match=text):
        explain(vector().sum(), vector(), **limits)


def test_takes_seconds_of_numpy() -> None:
    """Tests a number of single precision, as a clock of one's own may return."""
    limit = cast("float", np.float32(2))

    x = vector()

    assert not explain(x.sum(), x, max_seconds=limit).diagnosis


class Noise(torch.autograd.Function):
    """The identity, with noise in its backward."""

    @staticmethod
    def forward(_ctx: object, x: Tensor) -> Tensor:
        """Return a copy."""
        return x.clone()

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return v with noise."""
        return vs[0] + torch.randn_like(vs[0])


def test_leaves_everything_as_it_was() -> None:
    """Tests that torch then returns the very same, noise included, and frees."""
    x = vector()
    noise: Any = Noise.apply
    y = noise(x.exp())
    v = torch.ones(3).double()

    explanation = explain(y, x, v, retain_graph=False)
    (gradient,) = torch.autograd.grad(y, x, v)

    assert_close(gradient, first(explanation), rtol=0, atol=0)
    assert x.grad is None
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(y, x, v)


def test_gradients_can_be_differentiated() -> None:
    """Tests create_graph by the second derivative of a cube."""
    x = vector()
    explanation = explain((x**3).sum(), x, create_graph=True)

    (second,) = torch.autograd.grad(first(explanation).sum(), x)

    assert_close(second, 6 * x.detach())


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyError("mine")])
def test_passes_an_unknown_error_on(error: Exception) -> None:
    """Tests that the very exception arrives."""
    x = vector()
    y: Any = x.sum()

    def hook(_: Tensor) -> None:
        raise error

    y.register_hook(hook)
    with pytest.raises(type(error)) as caught:
        explain(y, x)

    assert caught.value is error


def test_passes_torch_warnings_on() -> None:
    """Tests that the deprecated argument warns as in torch."""
    x = vector()
    with pytest.warns(FutureWarning, match="only_inputs argument is deprecated"):
        explain(x.sum(), x, only_inputs=False)


def html(explanation: Explanation) -> ET.Element:
    """Return the parsed HTML."""
    return ET.fromstring(explanation._repr_html_())


def test_the_html_is_an_accessible_table() -> None:
    """Tests caption and scopes, and that nothing but classes sets the style."""
    tree = html(seed(lambda _, y: torch.ones_like(y)))

    assert tree.get("class") == "vjp-explanation"
    assert tree.find(".//caption") is not None
    assert {head.get("scope") for head in tree.iter("th")} == {"col", "row"}
    assert len(tree.findall(".//tbody/tr")) == 4
    assert not any(element.get("style") for element in tree.iter())


def test_the_html_holds_the_text() -> None:
    """Tests that error and correction stand there too, escaped."""
    x = {"<w>": torch.ones(3)}
    explanation = explain(vector().sum(), x)

    words = "".join(html(explanation).itertext())

    assert "x['<w>'] of shape (3,): requires_grad is False" in words
    assert "<w>" not in explanation._repr_html_()


@pytest.mark.parametrize(
    ("rows", "columns", "drawn"), [(64, 12, True), (65, 1, False), (1, 13, False)]
)
def test_the_html_draws_a_small_jacobian(
    rows: int, columns: int, *, drawn: bool
) -> None:
    """Tests the limits of the figure."""
    x = vector(columns)
    y = x.sum() * torch.ones(rows).double()

    markup = explain(y, x, torch.ones(rows).double())._repr_html_()

    assert bool(re.search("<svg", markup)) == drawn


def test_what_a_notebook_keeps_is_the_same_in_each_run() -> None:
    """Tests that the representation holds no time."""
    x = torch.ones(2, requires_grad=True)
    first, second = (repr(explain(x**2, x, torch.ones(2))) for _ in range(2))
    assert first == second
