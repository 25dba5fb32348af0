"""Tests of :func:`vjp_guide.dot_product_test`."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.masked import masked_tensor
from torch.nn import functional

from vjp_guide import (
    DotProductTest,
    coupling,
    derive,
    dot_product_test,
    jacobian,
    trace,
)

MATRIX = torch.arange(6.0, dtype=torch.float64).reshape(2, 3).sin()
Function = Callable[..., Tensor | Sequence[Tensor]]


class _Context(torch.autograd.function.FunctionCtx):
    reverse: Any
    forward: Tensor


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: _Context, x: Tensor, reverse: Tensor, forward: Tensor) -> Tensor:
        ctx.reverse, ctx.forward = reverse, forward
        return MATRIX @ x

    @staticmethod
    def backward(ctx: _Context, v: Tensor) -> tuple[Tensor, None, None]:
        return v @ ctx.reverse, None, None

    @staticmethod
    def jvp(ctx: _Context, u: Tensor, *_: None) -> Tensor:
        return ctx.forward @ u


class _Doubled(torch.autograd.Function):
    """``2 * x`` without forward mode."""

    @staticmethod
    def forward(
        ctx: _Context, x: Tensor, reverse: Callable[[Tensor], Tensor]
    ) -> Tensor:
        ctx.reverse = reverse
        return 2 * x

    @staticmethod
    def backward(ctx: _Context, v: Tensor) -> tuple[Tensor, None]:
        return ctx.reverse(v), None


def linear(reverse: Tensor, forward: Tensor) -> Function:
    """Return ``MATRIX @ x`` with the matrices of its two modes."""
    apply: Function = _Linear.apply
    return lambda x: apply(x, reverse, forward)


def doubled(reverse: Callable[[Tensor], Tensor]) -> Function:
    """Return ``2 * x`` with its backward pass, and without forward mode."""
    apply: Function = _Doubled.apply
    return lambda x: apply(x, reverse)


def once(v: Tensor) -> Tensor:
    """Return ``2 * v`` as a backward pass that has no derivative itself."""
    rule = torch.autograd.function.once_differentiable(lambda _, v: 2 * v)
    result: Tensor = rule(None, v)
    return result


def energy_gradient(x: Tensor) -> Tensor:
    """Return a function that calls autograd itself."""
    return torch.autograd.grad((x**3).sum(), x, create_graph=True)[0]


RIGHT: dict[str, tuple[tuple[tuple[int, ...], ...], Function]] = {
    "scalar": (((),), torch.exp),
    "empty input": (((0,),), torch.sum),
    "empty output": (((3,),), lambda x: x[:0] * 2),
    "tall": (((3,),), lambda x: torch.outer(x, x).tril()),
    "wide": (((2, 3),), lambda x: x @ x.new_tensor([1.0, 2.0, 4.0])),
    "non-symmetric": (((4,),), lambda x: x.cumsum(0) * x.exp()),
    "two inputs": (((2, 3), (3,)), lambda a, b: (a @ b).tanh()),
    "two outputs": (((3,),), lambda x: (x.sin(), [x.sum(), x][0])),
    "integer output": (((5,),), lambda x: x.max(0)),
    "constant output": (((2,),), lambda x: (x * 2, torch.ones(3).double())),
    "no dependence": (((2,),), lambda x: x.sign()),
    "zero derivative": (((3, 4),), lambda x: x.softmax(1).sum(1)),
    "all zero": (((3,),), lambda x: 0 * x),
    "relu": (((500,),), functional.relu),
    "large offset": (((3,),), lambda x: x + 1e5),
    "calls autograd": (((3,),), energy_gradient),
    "linear": (((3,),), linear(MATRIX, MATRIX)),
}


@pytest.mark.parametrize(("shapes", "fn"), RIGHT.values(), ids=RIGHT)
def test_passes_right_derivatives(
    shapes: tuple[tuple[int, ...], ...], fn: Function
) -> None:
    """Tests shapes, several tensors, and derivatives that are zero by rounding."""
    inputs = [torch.randn(shape, dtype=torch.float64) for shape in shapes]

    test = dot_product_test(fn, *inputs)

    assert test.passed
    assert ("zero" in test.verdict) is (test.difference == 0)
    assert test.forward_method == "forward mode"


COMPLEX: dict[str, Function] = {
    "holomorphic": lambda z: z**2 * (1 + 2j),
    "not holomorphic": lambda z: z.conj() * z,
    "to real": torch.abs,
    "real view": torch.view_as_real,
    "conjugate view": torch.conj,
    "parts": lambda z: torch.complex(z.real, z.imag.sin()),
}


@pytest.mark.parametrize("fn", COMPLEX.values(), ids=COMPLEX)
def test_passes_complex_functions(fn: Function) -> None:
    """Tests holomorphic functions and others, with complex and real outputs."""
    assert dot_product_test(fn, torch.randn(3, dtype=torch.complex128)).passed


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("wrong", [2 * MATRIX, MATRIX.flip(0), -MATRIX, MATRIX * 1.001])
def test_catches_a_wrong_side(wrong: Tensor, seed: int) -> None:
    """Tests a factor, rows in the wrong order, a sign and a small error, each side."""
    x = torch.randn(3, dtype=torch.float64)

    reverse = dot_product_test(linear(wrong, MATRIX), x, seed=seed)
    forward = dot_product_test(linear(MATRIX, wrong), x, seed=seed)
    both = dot_product_test(linear(wrong, wrong), x, seed=seed)
    apart = dot_product_test(linear(wrong, 3 * wrong), x, seed=seed)

    assert reverse.verdict == "failed: reverse mode is wrong"
    assert forward.verdict == "failed: forward mode is wrong"
    assert not reverse.passed
    assert not forward.passed
    assert both.adjoint_residual < 1e-14
    assert "agree with each other but not" in both.verdict
    assert apart.verdict == "failed: reverse and forward mode are both wrong"


def test_catches_a_transposed_matrix() -> None:
    """Tests the usual mistake, on a square matrix that isn't symmetric."""
    square = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    x = torch.randn(2, dtype=torch.float64)

    def transposed(x: Tensor) -> Tensor:
        hidden = (square @ x).detach()
        tracked = square.T @ x
        return hidden + tracked - tracked.detach()

    assert "agree with each other but not" in dot_product_test(transposed, x).verdict


REVERSES: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "twice": (lambda v: 2 * v, "double VJP"),
    "once": (once, "unavailable"),
    "detached": (lambda v: 2 * v.detach(), "unavailable"),
}


@pytest.mark.parametrize(("reverse", "method"), REVERSES.values(), ids=REVERSES)
def test_does_without_forward_mode(
    reverse: Callable[[Tensor], Tensor], method: str
) -> None:
    """Tests that finite differences decide, and that the method is recorded."""
    x = torch.randn(3, dtype=torch.float64)

    right = dot_product_test(doubled(reverse), x)
    wrong = dot_product_test(doubled(lambda v: 1.5 * reverse(v)), x)

    assert right.passed
    assert not wrong.passed
    assert right.forward_method == wrong.forward_method == method
    assert math.isnan(right.forward) is (method == "unavailable")


def half(v: Tensor) -> Tensor:
    """Return ``2 * v`` as a backward pass that has half of its derivative."""
    return v + v.detach()


def test_a_backward_pass_without_its_derivative_is_no_forward_mode() -> None:
    """Tests that the double VJP is named, which a detached ``v`` makes wrong."""
    x = torch.randn(3, dtype=torch.float64)

    right = dot_product_test(doubled(half), x)
    wrong = dot_product_test(doubled(lambda v: 1.5 * half(v)), x)

    assert right.verdict == "failed: double VJP is wrong"
    assert wrong.verdict == "failed: reverse mode and double VJP are both wrong"
    assert "reverse mode and double VJP differ by 0.5;" in str(right)


def test_numbers_are_those_of_the_dense_matrix() -> None:
    """Tests with u and v drawn again, and the matrix itself."""
    generator = torch.Generator().manual_seed(3)
    u = torch.randn(3, dtype=torch.float64, generator=generator)
    v = torch.randn(2, dtype=torch.float64, generator=generator)

    test = dot_product_test(linear(MATRIX, 2 * MATRIX), u, seed=3)

    assert test.reverse == pytest.approx(float(v @ MATRIX @ u), rel=1e-12)
    assert test.forward == pytest.approx(2 * float(v @ MATRIX @ u), rel=1e-12)
    assert test.difference == pytest.approx(float(v @ MATRIX @ u), rel=1e-8)


def test_leaves_inputs_and_the_random_state_alone() -> None:
    """Tests it under no_grad too, where fn still needs a graph."""
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    state = torch.get_rng_state()

    with torch.no_grad():
        assert dot_product_test(torch.sin, x).passed

    assert x.grad is None
    assert torch.equal(state, torch.get_rng_state())


def test_a_default_device_does_not_matter() -> None:
    """Tests inputs that are elsewhere."""
    x = torch.ones(2, 3, dtype=torch.float64)
    with torch.device("meta"):
        test = dot_product_test(torch.sin, x)

    assert test == dot_product_test(torch.sin, x)


def test_is_inconclusive_at_the_border_of_the_domain() -> None:
    """Tests that differences that aren't finite give no verdict on either side."""
    test = dot_product_test(torch.sqrt, torch.full((3,), 1e-9, dtype=torch.float64))

    assert not test.passed
    assert test.verdict.startswith("inconclusive")


def test_a_forward_mode_that_is_nan_fails_where_all_else_is_zero() -> None:
    """Tests the hypotenuse of 0 and 0, whose cotangent is masked, without a scale."""

    def masked(x: Tensor) -> Tensor:
        zeros = x.tril(-1).triu()
        return torch.hypot(zeros, zeros)

    test = dot_product_test(masked, torch.ones(2, 2, dtype=torch.float64))

    assert not test.passed
    assert test.verdict == "failed: forward mode is wrong"


def test_prints_the_three_numbers() -> None:
    """Tests that each number and each residual is in the text."""
    test = DotProductTest(
        reverse=1.0,
        forward=1.0,
        difference=1.0,
        forward_method="forward mode",
        scale=1.0,
        tolerance=0.1,
    )

    assert str(test).startswith("passed\n  <vJ, u>  1  ")
    assert test.reverse_residual == test.forward_residual == 0


@pytest.mark.parametrize(
    ("fn", "inputs", "error", "message"),
    [
        (torch.sin, (), ValueError, "inputs must hold"),
        (
            torch.sin,
            (1.0,),
            TypeError,
            r"inputs\[0\] must be a torch.Tensor, got float",
        ),
        (torch.sin, (torch.ones(2),), TypeError, "torch.float32.*double"),
        (torch.Tensor.float, (torch.ones(2).double(),), TypeError, "output 0 of fn"),
        (torch.argmax, (torch.ones(2).double(),), ValueError, "fn must return"),
        (torch.Tensor.tolist, (torch.ones(2).double(),), TypeError, "got float"),
        (torch.log, (torch.zeros(2).double(),), ValueError, "output 0.*isn't finite"),
        (functional.dropout, (torch.ones(99).double(),), ValueError, "eval()"),
    ],
)
def test_refuses_what_it_cannot_judge(
    fn: Function, inputs: tuple[Tensor, ...], error: type[Exception], message: str
) -> None:
    """Tests that the message names the argument and the fix."""
    with pytest.raises(error, match=message):
        dot_product_test(fn, *inputs)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"seed": 1.5}, TypeError, "seed must be a whole number, got float 1.5"),
        ({"seed": None}, TypeError, "seed must be a whole number, got NoneType"),
        ({"seed": 2**64}, ValueError, r"seed must be at least -2\*\*63"),
        ({"tolerance": -1}, ValueError, "tolerance must not be negative or nan"),
        ({"tolerance": math.nan}, ValueError, "tolerance must not be negative or nan"),
        ({"tolerance": "1"}, TypeError, "tolerance must be a number, got str 1"),
    ],
)
def test_refuses_other_options(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Tests that no verdict comes of them."""
    with pytest.raises(error, match=message):
        dot_product_test(torch.sin, torch.ones(2).double(), **options)


def test_symmetry_belongs_into_the_function() -> None:
    """Tests that eigenvalues pass if fn makes its matrix symmetric."""
    x = torch.randn(3, 3, dtype=torch.float64)

    assert dot_product_test(lambda x: torch.linalg.eigvalsh(x + x.T), x).passed
    assert not dot_product_test(torch.linalg.eigvalsh, x + x.T).passed


SPECIAL: dict[str, tuple[Callable[[Tensor], Any], str]] = {
    "coo": (lambda x: x.to_sparse(), "layout torch.sparse_coo.*to_dense"),
    "csr": (lambda x: x.to_sparse_csr(), "layout torch.sparse_csr.*to_dense"),
    "bsr": (lambda x: x.to_sparse_bsr((2, 2)), "layout torch.sparse_bsr.*to_dense"),
    "jagged": (
        lambda x: torch.nested.as_nested_tensor([x[0], x[1, :1]], layout=torch.jagged),
        r"nested.*\.values\(\)",
    ),
    "masked": (lambda x: masked_tensor(x, x > 0), "MaskedTensor.*get_data"),
    "meta": (lambda x: x.to("meta"), "no entries.*holds numbers"),
    "beside": (lambda x: [x, x.to_sparse()], "output 1 of fn is of layout"),
}


@pytest.mark.filterwarnings("ignore:.*MaskedTensor", "ignore:Sparse")
@pytest.mark.parametrize("kind", SPECIAL)
def test_refuses_what_is_not_dense(kind: str) -> None:
    """Tests outputs and inputs: the error is our own, and names the cure."""
    function, message = SPECIAL[kind]
    x = torch.randn(2, 2, dtype=torch.float64)

    with pytest.raises((TypeError, ValueError), match=message):
        dot_product_test(function, x)
    if kind != "beside":
        with pytest.raises((TypeError, ValueError), match=r"inputs\[0\]"):
            dot_product_test(lambda x: 2 * x, function(x))


LAZY: dict[str, Callable[[Tensor, Tensor], object]] = {
    "dot product, input": lambda w, _: dot_product_test(torch.exp, w),
    "dot product, output": lambda w, x: dot_product_test(lambda _: w, x),
    "jacobian, input": lambda w, x: jacobian(x * 2, w),
    "jacobian, output": jacobian,
    "coupling": lambda w, x: coupling(x * 2, w),
    "trace, input": lambda w, x: trace(x.sum(), w),
    "trace, v": lambda w, x: trace(x * 2, x, w),
    "derive": lambda w, _: derive(torch.exp, w),
}


@pytest.mark.parametrize("tool", LAZY.values(), ids=LAZY)
def test_says_that_a_lazy_module_has_not_run(tool: Callable[..., object]) -> None:
    """Tests each tool on a parameter without a shape."""
    x = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
    with pytest.raises(ValueError, match="has no shape yet: run its module once"):
        tool(nn.UninitializedParameter(), x)
