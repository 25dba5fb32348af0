"""The dense Jacobian of tensors that are already computed."""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

import torch
from torch import Tensor

from vjp_guide._pullback import Pullback
from vjp_guide._validation import require_graph, require_input


@overload
def jacobian(outputs: Tensor, inputs: Tensor, *, max_bytes: int = ...) -> Tensor: ...
@overload
def jacobian(
    outputs: Tensor, inputs: Sequence[Tensor], *, max_bytes: int = ...
) -> tuple[Tensor, ...]: ...
@overload
def jacobian(
    outputs: Sequence[Tensor], inputs: Tensor, *, max_bytes: int = ...
) -> tuple[Tensor, ...]: ...
@overload
def jacobian(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], *, max_bytes: int = ...
) -> tuple[tuple[Tensor, ...], ...]: ...
def jacobian(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    *,
    max_bytes: int = 2**22,
) -> Tensor | tuple[Tensor, ...] | tuple[tuple[Tensor, ...], ...]:
    r"""Build the dense Jacobian of ``outputs`` with respect to ``inputs``.

    The entry for output index :math:`o` and input index :math:`i` is

    .. math:: J_{o,i} = \frac{\partial y_o}{\partial x_i}

    Each row ``J[o]`` is one vector-Jacobian product, with a one-hot ``v`` at ``o``.
    :func:`torch.vmap` computes many rows in one backward pass.

    For a complex ``x`` the row is still the product with :math:`v_o = 1`, so that
    ``contract(v, J)`` is torch's product for every ``v``:

    .. math::
        J_{o,i} = \frac{\partial y_o}{\partial \operatorname{Re} x_i}
            + \mathrm{i}\, \frac{\partial y_o}{\partial \operatorname{Im} x_i}
            \;\; (y \text{ real}), \qquad
        J_{o,i} = \overline{\frac{\partial y_o}{\partial x_i}}
            \;\; (y \text{ complex, holomorphic in } x)

    No one matrix describes the other complex outputs: those computed from a real
    ``x``, and those that aren't holomorphic.
    For them take the Jacobian of ``torch.view_as_real(outputs)``.

    The graph stays usable, and no ``.grad`` field changes.

    Args:
        outputs: The tensor ``y``, or a sequence of such tensors, of floating-point or
            complex dtypes and any shapes, computed from ``inputs``.
        inputs: The tensor ``x``, or a sequence of such tensors, of floating-point or
            complex dtypes and any shapes, that require grad.
        max_bytes: How many bytes the one-hot rows and the rows of ``J`` of one
            backward pass may take, which is at least one row.
            What the graph's operations need on their way isn't counted.

    Returns:
        ``J``, of shape ``outputs.shape + inputs.shape`` and the dtype of ``inputs``.
        For a sequence of outputs or of inputs it is a tuple with one ``J`` each;
        for both, a tuple by output of tuples by input.
        It is zero where an output doesn't depend on an input, and isn't itself
        differentiable.

    Raises:
        TypeError: If a tensor is none, or an input is of an integer dtype.
        ValueError: If an output has no graph, an input doesn't require grad, or no
            one matrix describes the derivative of a complex output.

    Warns:
        UserWarning: If :func:`torch.vmap` can't be used, or is slow; it names the
            operator.

    The shapes are those of :func:`torch.autograd.functional.jacobian`; the complex
    products follow the autograd notes of PyTorch.

    >>> import torch
    >>> from vjp_guide import jacobian
    >>> x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> jacobian(x[:2] * x[1:], x)
    tensor([[2., 1., 0.],
            [0., 3., 2.]])
    """
    xs = _tensors("inputs", inputs, require_input)
    ys = _tensors("outputs", outputs, require_graph)
    rows = []
    for y in ys:
        pullback = Pullback(y, xs)
        rows.append(_rows(pullback, y, xs, max_bytes))
        pullback.warn(stacklevel=2)
        if y.is_complex():
            _require_holomorphic(pullback, y, rows[-1])
    if isinstance(inputs, Sequence):
        return tuple(rows) if isinstance(outputs, Sequence) else rows[0]
    firsts = tuple(row[0] for row in rows)
    return firsts if isinstance(outputs, Sequence) else firsts[0]


def _tensors(
    name: str, value: object, require: Callable[[str, object], Tensor]
) -> tuple[Tensor, ...]:
    if isinstance(value, Iterator):
        raise TypeError(
            f"{name} must be a tensor or a sequence of tensors, got "
            f"{type(value).__name__}: write tuple({name})"
        )
    if not isinstance(value, Sequence):
        return (require(name, value),)
    return tuple(
        require(f"{name}[{place}]", tensor) for place, tensor in enumerate(value)
    )


def _rows(
    pullback: Pullback, y: Tensor, xs: Sequence[Tensor], max_bytes: int
) -> tuple[Tensor, ...]:
    dense = [x.new_empty(y.numel(), *x.shape) for x in xs]
    step = pullback.rows_within(max_bytes)
    for start in range(0, y.numel(), step):
        stop = min(start + step, y.numel())
        one_hot = y.new_zeros(stop - start, y.numel())
        one_hot.diagonal(start).fill_(1)
        products = pullback(one_hot.reshape(-1, *y.shape))
        for whole, part in zip(dense, products, strict=True):
            whole[start:stop] = part
    return tuple(
        whole.reshape(y.shape + x.shape) for whole, x in zip(dense, xs, strict=True)
    )


def _require_holomorphic(
    pullback: Pullback, y: Tensor, jacobians: Sequence[Tensor]
) -> None:
    """Raise unless a random complex ``v`` contracts to torch's product."""
    generator = torch.Generator().manual_seed(0)
    v = torch.randn(y.shape, dtype=y.dtype, generator=generator).to(y.device)
    for dense, product in zip(jacobians, pullback.single(v), strict=True):
        if not (dense.is_complex() and _contracts_to(v, dense, product)):
            cause = "aren't holomorphic in" if dense.is_complex() else "come from real"
            raise ValueError(
                f"outputs are complex and {cause} inputs, so that no one matrix gives "
                "the vector-Jacobian product for every complex v: take "
                "jacobian(torch.view_as_real(outputs), inputs) instead"
            )


def _contracts_to(v: Tensor, dense: Tensor, product: Tensor) -> bool:
    error = torch.tensordot(v.to(dense.dtype), dense, v.ndim) - product
    tolerance = torch.finfo(dense.dtype).eps ** 0.5
    norm = torch.linalg.vector_norm
    return not norm(error) > tolerance * norm(dense)  # NaN matches NaN
