"""The dense Jacobian of tensors that are already computed."""

import torch
from torch import Tensor

from vjp_guide._validation import require_graph, require_input


def jacobian(outputs: Tensor, inputs: Tensor) -> Tensor:
    r"""Build the dense Jacobian of ``outputs`` with respect to ``inputs``.

    The entry for output index :math:`o` and input index :math:`i` is

    .. math:: J_{o,i} = \frac{\partial y_o}{\partial x_i}

    Each row ``J[o]`` is one vector-Jacobian product, with a one-hot ``v`` at ``o``:
    one backward pass for each element of ``outputs``.

    The graph stays usable, and no ``.grad`` field changes.

    Args:
        outputs: The tensor ``y``, of a floating-point dtype and any shape,
            computed from ``inputs``.
        inputs: The tensor ``x``, of a floating-point dtype and any shape, that
            requires grad.

    Returns:
        ``J``, of shape ``outputs.shape + inputs.shape`` and the dtype of ``inputs``.
        It is zero where ``outputs`` doesn't depend on ``inputs``, and isn't itself
        differentiable.

    Raises:
        TypeError: If an argument isn't a tensor, or ``inputs`` is of an integer dtype.
        ValueError: If ``outputs`` has no graph or ``inputs`` doesn't require grad.

    The shape is that of :func:`torch.autograd.functional.jacobian`.

    >>> import torch
    >>> from vjp_guide import jacobian
    >>> x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> jacobian(x[:2] * x[1:], x)
    tensor([[2., 1., 0.],
            [0., 3., 2.]])
    """
    require_input("inputs", inputs)
    require_graph("outputs", outputs)
    rows = [_row(outputs, inputs, index) for index in range(outputs.numel())]
    stacked = torch.stack(rows) if rows else inputs.new_zeros(0)
    return stacked.reshape(outputs.shape + inputs.shape)


def _row(outputs: Tensor, inputs: Tensor, index: int) -> Tensor:
    v = torch.zeros_like(outputs).reshape(-1)
    v[index] = 1
    (row,) = torch.autograd.grad(
        outputs,
        inputs,
        v.reshape(outputs.shape),
        retain_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )
    return row
