"""The dense Jacobian of tensors that are already computed."""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from vjp_guide._pullback import Pullback
from vjp_guide._quiet import plain_modes
from vjp_guide._validation import (
    holds_numbers,
    require_count,
    require_graph,
    require_input,
    require_rectangular,
)

_Rows = tuple[Tensor, ...]
_INCONSISTENT = (
    "the rows of the Jacobian don't belong to one matrix: a hook or a custom backward "
    "of outputs changed between the passes, isn't linear in v, or draws random numbers"
)


@overload
def jacobian(
    outputs: Tensor, inputs: Tensor, *, max_bytes: int = ..., rows: slice | None = ...
) -> Tensor: ...
@overload
def jacobian(
    outputs: Tensor,
    inputs: Sequence[Tensor],
    *,
    max_bytes: int = ...,
    rows: slice | None = ...,
) -> tuple[Tensor, ...]: ...
@overload
def jacobian(
    outputs: Sequence[Tensor],
    inputs: Tensor,
    *,
    max_bytes: int = ...,
    rows: slice | None = ...,
) -> tuple[Tensor, ...]: ...
@overload
def jacobian(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    *,
    max_bytes: int = ...,
    rows: slice | None = ...,
) -> tuple[tuple[Tensor, ...], ...]: ...
def jacobian(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    *,
    max_bytes: int = 2**22,
    rows: slice | None = None,
) -> Tensor | tuple[Tensor, ...] | tuple[tuple[Tensor, ...], ...]:
    r"""Build the dense Jacobian of ``outputs`` with respect to ``inputs``.

    The entry for output index :math:`o` and input index :math:`i` is

    .. math:: J_{o,i} = \frac{\partial y_o}{\partial x_i}

    Each row ``J[o]`` is one vector-Jacobian product, with a one-hot ``v`` at ``o``.
    :func:`torch.vmap` computes many rows in one backward pass.

    For a complex ``x`` the row is still the product with :math:`v_o = 1`, so that
    ``contract(v, J)`` is torch's product for every ``v``.
    For a real ``y`` this is

    .. math::
        J_{o,i} = \frac{\partial y_o}{\partial \operatorname{Re} x_i}
            + \mathrm{i}\, \frac{\partial y_o}{\partial \operatorname{Im} x_i}

    and for a complex ``y`` that is holomorphic in ``x``

    .. math:: J_{o,i} = \overline{\frac{\partial y_o}{\partial x_i}}

    No one matrix describes the other complex outputs: those computed from a real
    ``x``, and those that aren't holomorphic.
    For them take the Jacobian of ``torch.view_as_real(outputs)``.

    The graph stays usable. Fields ``.grad``, those of tensors with
    :meth:`~torch.Tensor.retain_grad` too, and random states are left as they were, and
    grad mode, inference mode, autocast, anomaly detection and default devices don't
    matter.
    Your own hooks run, once for each row; each then has a pass of its own, so that
    what a hook keeps stays usable.
    One more row, for a random ``v``, tests that the rows make one matrix, unless the
    graph is small and of torch's own formulas alone.

    Args:
        outputs: The tensor ``y``, or a sequence of such tensors, of floating-point or
            complex dtypes and any shapes, computed from ``inputs``.
        inputs: The tensor ``x``, or a sequence of such tensors, of floating-point or
            complex dtypes and any shapes, that require grad.
        max_bytes: How many bytes the one-hot rows and the rows of ``J`` of one
            backward pass may take, which is at least one row.
            What the graph's operations need on their way isn't counted.
        rows: Which entries of the flattened output to take the rows of, all if None.

    Returns:
        ``J``, of shape ``outputs.shape + inputs.shape`` and the dtype of ``inputs``;
        with ``rows``, of shape ``(number of rows,) + inputs.shape``.
        For a sequence of outputs or of inputs it is a tuple with one ``J`` each;
        for both, a tuple by output of tuples by input.
        It is zero where an output doesn't depend on an input, and isn't itself
        differentiable.

    Raises:
        TypeError: If one isn't a tensor, an input is of an integer dtype, or another
            argument of the wrong type.
        ValueError: If an output has no graph, there are no inputs, one doesn't require
            grad, a tensor is nested, ``max_bytes`` isn't positive, or no one matrix
            describes the derivative: that of a complex output, or of a graph whose
            hooks change between the passes, aren't linear in ``v`` or draw random
            numbers; or if a selective activation checkpoint allows one pass.

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
    require_count("max_bytes", max_bytes)
    if not isinstance(rows, slice | None):
        raise TypeError(f"rows must be a slice or None, got {type(rows).__name__}")
    blocks = []
    with plain_modes():
        xs = _tensors("inputs", inputs, require_input)
        ys = _tensors("outputs", outputs, require_graph)
        if not xs:
            raise ValueError("inputs must hold at least one tensor x, got none")
        for y in ys:
            matrix = _Matrix(y, xs, max_bytes)
            blocks.append(matrix.block(rows))
            matrix.pullback.warn(stacklevel=2)
    if isinstance(inputs, Sequence):
        return tuple(blocks) if isinstance(outputs, Sequence) else blocks[0]
    firsts = tuple(block[0] for block in blocks)
    return firsts if isinstance(outputs, Sequence) else firsts[0]


def _tensors(
    name: str, value: object, require: Callable[[str, object], Tensor]
) -> tuple[Tensor, ...]:
    if isinstance(value, Iterator):
        raise TypeError(
            f"{name} must be a tensor or a sequence of tensors, got "
            f"{type(value).__name__}: write tuple({name})"
        )
    if isinstance(value, GradientEdge) or not isinstance(value, Sequence):
        return (require_rectangular(name, require(name, value)),)
    names = [f"{name}[{place}]" for place in range(len(value))]
    return tuple(
        require_rectangular(each, require(each, tensor))
        for each, tensor in zip(names, value, strict=True)
    )


class _Matrix:
    """The Jacobian of one output, row by row."""

    def __init__(self, y: Tensor, xs: Sequence[Tensor], max_bytes: int) -> None:
        self.pullback = Pullback(y, xs)
        self._y, self._xs = y, xs
        self._step = self.pullback.rows_within(max_bytes)

    def block(self, rows: slice | None) -> _Rows:
        """Return the chosen rows by input, or all in the shape of the output."""
        y = self._y
        chosen = range(y.numel())[rows or slice(None)]
        with self.pullback.quiet():
            found = self._checked(chosen)
        if rows is not None:
            return found
        shapes = [y.shape + x.shape for x in self._xs]
        return tuple(
            block.reshape(shape) for block, shape in zip(found, shapes, strict=True)
        )

    def _checked(self, chosen: range) -> _Rows:
        numbers = holds_numbers(self._y)
        # Torch's own formulas are linear.
        tested = numbers and len(chosen) > 1 and not self.pullback.torch_alone
        # It comes first, for code that changes from pass to pass: one gives all rows.
        product = self._weighted(chosen) if tested else None
        found = self._rows(chosen)
        if numbers and self._y.is_complex():
            self._require_holomorphic(chosen, found)
        if product and not _fits(self._random(len(chosen)), found, product):
            self._require_one_matrix(chosen, found, product)
        return found

    def _rows(self, chosen: range, *, scale: complex = 1) -> _Rows:
        """Return the rows times ``scale``."""
        parts: list[_Rows] = []
        for start in range(0, len(chosen), self._step):
            v = self._one_hot(chosen[start : start + self._step], scale)
            parts.append(self.pullback(v.reshape(len(v), *self._y.shape)))
        if len(parts) <= 1:  # nothing to join
            return parts[0] if parts else _empty(self._xs)
        return tuple(map(torch.cat, zip(*parts, strict=True)))

    def _one_hot(self, part: range, scale: complex) -> Tensor:
        """Return one row for each chosen entry, which holds ``scale``, and zeros."""
        y, size = self._y, self._y.numel()
        v = y.new_zeros(len(part), size, layout=torch.strided)
        # From row to row the place in memory moves by a row and a step.
        move = max(1, size + part.step)
        v.as_strided((len(part),), (move,), part.start).fill_(scale)
        return v

    def _weighted(self, chosen: range) -> _Rows:
        """Return the product for a ``v`` of weights, as a row."""
        v = self._y.new_zeros(self._y.numel(), layout=torch.strided)
        v[list(chosen)] = self._random(len(chosen))
        products = self.pullback.single(v.reshape(self._y.shape))
        return tuple(product[None] for product in products)

    def _random(self, count: int) -> Tensor:
        """Return weights 1 and 2."""
        # Transforms that are active may refuse random numbers of torch.
        bits = np.random.default_rng(0).integers(1, 3, count)
        return torch.from_numpy(bits).to(self._y)

    def _require_one_matrix(self, chosen: range, found: _Rows, product: _Rows) -> None:
        """Raise if the rows don't repeat or scale, which rounding alone can't do."""
        again = (*self._rows(chosen), *self._weighted(chosen))
        scaled = self._rows(chosen, scale=2)
        repeats = all(map(_close, (*found, *product), again))
        if not (repeats and all(map(_close, [2 * rows for rows in found], scaled))):
            raise ValueError(_INCONSISTENT)

    def _require_holomorphic(self, chosen: range, found: _Rows) -> None:
        """Raise unless each row for ``v = i`` is ``i`` times that for ``v = 1``.

        A row that is zero, but for what rounding leaves, fits too: where scaling by an
        odd number changes a row by more than rounding, that is how large the rest is.
        """
        if not all(dense.is_complex() for dense in found):
            raise ValueError(_not_holomorphic("come from real"))
        turned = self._rows(chosen, scale=1j)
        errors = [_flat(b - 1j * a).abs() for a, b in zip(found, turned, strict=True)]
        limits = [
            torch.finfo(rows.dtype).eps ** 0.5 * _flat(rows).abs() for rows in found
        ]
        if _within(errors, limits):
            return
        for factor in (3, 5, 7):
            multiples = self._rows(chosen, scale=factor)
            for place, (one, more) in enumerate(zip(found, multiples, strict=True)):
                rest = _flat(more - factor * one).abs().nan_to_num()
                limits[place] += 10 * rest.amax(1, keepdim=True)
        if not _within(errors, limits):
            raise ValueError(_not_holomorphic("aren't holomorphic in"))


def _empty(xs: Sequence[Tensor]) -> _Rows:
    return tuple(x.new_empty(0, *x.shape, layout=torch.strided) for x in xs)


def _within(errors: Sequence[Tensor], limits: Sequence[Tensor]) -> bool:
    pairs = zip(errors, limits, strict=True)
    return not any(bool((error > limit).any()) for error, limit in pairs)  # nor is NaN


def _not_holomorphic(cause: str) -> str:
    return (
        f"outputs are complex and {cause} inputs, so that no one matrix gives "
        "the vector-Jacobian product for every complex v: take "
        "jacobian(torch.view_as_real(outputs), inputs) instead"
    )


def _flat(rows: Tensor) -> Tensor:
    """Return the rows as a matrix with at least one column."""
    columns = rows.flatten(1) if rows.ndim > 1 else rows[:, None]
    return columns if columns.shape[1] else rows.new_zeros(len(rows), 1)


def _fits(weights: Tensor, found: _Rows, product: _Rows) -> bool:
    """Return whether the weighted rows add up to the product, with each term's size."""
    errors, limits = [], []
    for dense, expected in zip(found, product, strict=True):
        rows, v = _flat(dense), weights.to(dense.dtype)
        errors.append((v @ rows - _flat(expected)[0]).abs())
        limits.append(torch.finfo(dense.dtype).eps ** 0.5 * rows.abs().sum(0))
    return _within(errors, limits)


def _close(first: Tensor, second: Tensor) -> bool:
    """Return whether rows are equal up to rounding, relative to each row."""
    sizes = _flat(first).abs().nan_to_num().amax(1, keepdim=True)
    return _within(
        [_flat(first - second).abs()], [torch.finfo(first.dtype).eps ** 0.5 * sizes]
    )
