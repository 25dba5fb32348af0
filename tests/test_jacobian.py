"""Tests of :func:`vjp_guide.jacobian`."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from vjp_guide import contract, jacobian

FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[[Tensor], Tensor]]] = {
    "outer": ((4,), lambda x: torch.outer(x, x)),
    "cumsum": ((3,), lambda x: x.cumsum(0)),
    "wide": ((2, 3), lambda x: (x @ x.new_tensor([[1.0], [2.0], [4.0]])).sin()),
    "tall": ((3,), lambda x: torch.stack([x, x**2, x.exp()])),
    "to scalar": ((2, 3), lambda x: x.prod()),
    "from scalar": ((), lambda x: x * torch.arange(3)),
    "scalar": ((), lambda x: x.exp()),
    "empty input": ((0,), lambda x: x.sum()),
    "empty output": ((3,), lambda x: x[:0] * 2),
    "identity": ((2,), lambda x: x),
}


@pytest.mark.parametrize(("shape", "function"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_agrees_with_finite_differences(
    shape: tuple[int, ...], function: Callable[[Tensor], Tensor]
) -> None:
    """Tests each column against a central difference, which uses no autograd."""
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    y = function(x)

    dense = jacobian(y, x)

    assert dense.shape == y.shape + x.shape
    assert not dense.requires_grad
    for column in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=torch.float64)
        step[column] = 1e-6
        step = step.reshape(shape)
        with torch.no_grad():
            slope = (function(x + step) - function(x - step)) / 2e-6
        assert_close(dense.flatten(y.ndim)[..., column] if shape else dense, slope)


@pytest.mark.parametrize(("shape", "function"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_contracts_to_what_autograd_returns(
    shape: tuple[int, ...], function: Callable[[Tensor], Tensor]
) -> None:
    """Tests that the contraction with a random v is torch's VJP."""
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    y = function(x)
    v = torch.randn_like(y)

    contracted = torch.from_numpy(contract(v, jacobian(y, x)))

    assert_close(contracted, torch.autograd.grad(y, x, v)[0])


def test_leaves_the_graph_and_grad_alone() -> None:
    """Tests that the graph can be used again and .grad stays empty."""
    x = torch.ones(2, requires_grad=True)
    y = x.exp()

    jacobian(y, x)
    torch.autograd.backward(y.sum())

    assert_close(x.grad, x.detach().exp())


def test_is_zero_for_an_input_that_was_not_used() -> None:
    """Tests that an unused input gives zeros, which is its derivative."""
    x = torch.ones(2, requires_grad=True)
    other = torch.ones(3, requires_grad=True)

    assert_close(jacobian(x * 2, other), torch.zeros(2, 3))


@pytest.mark.parametrize(
    ("outputs", "inputs", "error", "message"),
    [
        (torch.ones(1), [1.0], TypeError, "inputs must be a torch.Tensor, got list"),
        (torch.ones(1), torch.ones(1).int(), TypeError, "inputs.*torch.int32"),
        (torch.ones(1), torch.ones(1), ValueError, "inputs doesn't require grad"),
        (
            torch.ones(1),
            torch.ones(1, requires_grad=True),
            ValueError,
            "outputs has no graph",
        ),
        (
            torch.ones(1, requires_grad=True).argmax(),
            torch.ones(1, requires_grad=True),
            ValueError,
            "dtype torch.int64",
        ),
        (1.0, torch.ones(1, requires_grad=True), TypeError, "outputs must.*float"),
    ],
)
def test_refuses_what_has_no_derivative(
    outputs: Tensor, inputs: Tensor, error: type[Exception], message: str
) -> None:
    """Tests that the message names the argument and the fix."""
    with pytest.raises(error, match=message):
        jacobian(outputs, inputs)
