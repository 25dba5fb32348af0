"""The checks of a vector-Jacobian product that don't trust it."""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vjp_guide._contract import contract
from vjp_guide._directional import differences, inner, pull, randn_like
from vjp_guide._dot_product_test import dot_product_test
from vjp_guide._jacobian import jacobian
from vjp_guide.operators.case import Case, Tensors, leaves, tracked
from vjp_guide.operators.labels import CONSTANT, NO, NOT_IMPLEMENTED, WRONG, YES
from vjp_guide.operators.records import Residuals

_STEP = 1e-6
_COLUMNS = 40
_ENTRIES = 250_000
_SMALLEST = 1e-2
_TWICE = 1e-6
_BATCH = 3
_SLOW = "There is a performance drop"  # in torch's warning


# Chosen before the first run; the facts name each operator that needs more.
TOLERANCES = Residuals(differences=1e-7, columns=1e-6, adjoint=1e-10, rows=1e-10)
# What a call outside of an operator's domain raises.
UNUSABLE = (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One call that was checked.

    Attributes:
        residuals: How far the checks are off.
        zero: Whether the vector-Jacobian product is zero, so that they say nothing.
        batched: Whether :func:`torch.vmap` computes many products in one pass:
            ``"yes"``, ``"no"``, or ``"wrong"`` if they differ from single ones.
    """

    residuals: Residuals
    zero: bool
    batched: str


class UnusableError(ValueError):
    """A call that can't be checked, such as one outside the operator's domain."""


def check(case: Case) -> Checked:
    """Check the vector-Jacobian product of one call.

    Returns:
        How far the checks are off.

    Raises:
        UnusableError: If the call has nothing to check, or isn't finite.
    """
    function = tracked(case)
    xs = case.inputs
    generator = torch.Generator().manual_seed(7)
    y = function(*leaves(xs))
    if not y or not any(map(Tensor.numel, y)):
        raise UnusableError("no output has a derivative")
    v = randn_like(y, generator)
    products = pull(function, xs, v)
    if not all(map(_is_finite, (*y, *products))):
        raise UnusableError("the value or the derivative isn't finite")
    test = dot_product_test(function, *xs)
    forward = test.forward_method == "forward mode"
    rows, columns = _dense_checks(function, xs, v, products)
    return Checked(
        residuals=Residuals(
            differences=test.reverse_residual,
            columns=columns,
            adjoint=test.adjoint_residual if forward else None,
            rows=rows,
        ),
        zero=not any(product.any() for product in products),
        batched=check_batched(case),
    )


def check_complex(case: Case) -> bool:
    """Return whether reverse mode agrees with finite differences, for complex inputs.

    Raises:
        UnusableError: If the call has nothing to check, or isn't finite.
    """
    function = tracked(case)
    y = function(*leaves(case.inputs))
    if not any(map(Tensor.numel, y)) or not all(map(_is_finite, y)):
        raise UnusableError("no output has a derivative")
    test = dot_product_test(function, *case.inputs)
    if test.reverse == 0:
        raise UnusableError("the derivative is zero")
    return test.reverse_residual <= TOLERANCES.differences


def check_batched(case: Case) -> str:
    """Return whether one pass of :func:`torch.vmap` gives the products of many ``v``.

    Returns:
        ``"yes"`` if they equal those of a pass each; ``"wrong"`` if they differ;
        ``"no"`` if it can't be used, or runs a pass each itself.
    """
    inputs = leaves(case.inputs)
    y = tracked(case)(*inputs)
    generator = torch.Generator().manual_seed(7)
    vs = [randn_like(y, generator) for _ in range(_BATCH)]

    def product(*v: Tensor) -> Tensors:
        return torch.autograd.grad(
            y, inputs, v, retain_graph=True, allow_unused=True, materialize_grads=True
        )

    single = _stacked([product(*v) for v in vs])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            batch = torch.vmap(product, randomness="same")(*_stacked(vs))
        except RuntimeError:
            return NO
    if any(_SLOW in str(warning.message) for warning in caught):
        return NO
    return YES if all(map(torch.allclose, batch, single)) else WRONG


def _stacked(rows: Sequence[Tensors]) -> Tensors:
    return tuple(torch.stack(each) for each in zip(*rows, strict=True))


def check_twice(case: Case) -> str:
    """Return whether the vector-Jacobian product itself can be differentiated.

    Returns:
        ``"yes"``, checked by finite differences; ``"constant"`` if the product doesn't
        depend on the inputs; ``"wrong"`` if they differ; ``"not implemented"`` if
        torch says so; ``"no"`` if it raises something else.
    """
    function = tracked(case)
    xs = case.inputs
    generator = torch.Generator().manual_seed(7)
    v = randn_like(function(*leaves(xs)), generator)

    def product(*inputs: Tensor) -> Tensors:
        return pull(function, inputs, v, create_graph=True)

    try:
        answer = _compare_twice(product, xs, generator)
        if answer == CONSTANT:
            _differentiate_by(function, xs, v)
    except RuntimeError as error:
        return NOT_IMPLEMENTED if "not implemented" in str(error) else "no"
    return answer


def _differentiate_by(
    function: Callable[..., Tensors], xs: Tensors, v: Tensors
) -> None:
    """Differentiate the product with respect to ``v``, on which all but zeros depend.

    Raises:
        RuntimeError: If torch can't.
    """
    weights = leaves(v)
    products = pull(function, xs, weights, create_graph=True)
    kept = [each for each in products if each.requires_grad]
    ones = [torch.ones_like(each) for each in kept]
    if kept:
        torch.autograd.grad(kept, weights, ones, allow_unused=True)


def _compare_twice(
    product: Callable[..., Tensors], xs: Tensors, generator: torch.Generator
) -> str:
    inputs = leaves(xs)
    products = product(*inputs)
    keep = [place for place, p in enumerate(products) if p.requires_grad]
    if not keep:
        return CONSTANT

    def kept(*inputs: Tensor) -> Tensors:
        products = product(*inputs)
        return tuple(products[place] for place in keep)

    first = tuple(products[place].detach() for place in keep)
    w, u = randn_like(first, generator), randn_like(xs, generator)
    second = inner(pull(kept, xs, w), u)
    numerical = differences(kept, xs, u, w)
    off = min(abs(value - second) for value in numerical)
    size = inner(first, first) or 1.0  # zeros have none, but may leave rounding
    floor = 1e-4 * math.sqrt(inner(w, w) * size)
    scale = max(floor, abs(second), *map(abs, numerical))
    return "yes" if off <= _TWICE * scale else "wrong"


def _dense_checks(
    function: Callable[..., Tensors], xs: Tensors, v: Tensors, products: Tensors
) -> tuple[float | None, float | None]:
    """Return the residuals of the two checks with a Jacobian."""
    entries = sum(x.numel() for x in xs) * sum(w.numel() for w in v)
    if entries > _ENTRIES or any(x.is_complex() for x in xs):
        return None, None
    inputs = leaves(xs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = jacobian(_real(function(*inputs)), inputs)
    return (
        _rows_residual(rows, _real(v), products),
        _columns_residual(function, xs, rows),
    )


def _rows_residual(
    rows: tuple[tuple[Tensor, ...], ...], v: Tensors, products: Tensors
) -> float:
    """Return how far ``v`` times the rows of ``J`` is from the product."""
    contracted = [
        sum(contract(w, row[place]) for w, row in zip(v, rows, strict=True))
        for place in range(len(products))
    ]
    pairs = zip(contracted, products, strict=True)
    off = max(_largest(torch.as_tensor(c) - p) for c, p in pairs)
    return off / max(_SMALLEST, *map(_largest, products), 0.0)


def _columns_residual(
    function: Callable[..., Tensors],
    xs: Tensors,
    rows: tuple[tuple[Tensor, ...], ...],
) -> float:
    """Return how far columns of ``J`` are from central differences."""
    scale = max(_SMALLEST, *(_largest(j) for row in rows for j in row), 0.0)
    off = 0.0
    for place, x in enumerate(xs):
        for index in range(0, x.numel(), -(-x.numel() // _COLUMNS)):
            column = _column(function, xs, place, index)
            for found, row in zip(column, rows, strict=True):
                dense = row[place].reshape(-1, x.numel())[:, index]
                off = max(off, _largest(found.reshape(-1) - dense))
    return off / scale


def _column(
    function: Callable[..., Tensors], xs: Tensors, place: int, index: int
) -> Tensors:
    """Return the finite differences of the outputs along one number of one input."""
    where = np.unravel_index(index, xs[place].shape)

    def shifted(step: float) -> Tensors:
        inputs = leaves(xs)
        with torch.no_grad():
            inputs[place][where] += step
        return _real(tuple(y.detach() for y in function(*inputs)))

    pairs = zip(shifted(_STEP), shifted(-_STEP), strict=True)
    return tuple((ahead - behind) / (2 * _STEP) for ahead, behind in pairs)


def _real(tensors: Tensors) -> Tensors:
    """Return complex tensors as pairs of real numbers."""
    return tuple(
        torch.view_as_real(t.resolve_conj()) if t.is_complex() else t for t in tensors
    )


def _is_finite(tensor: Tensor) -> bool:
    return bool(tensor.isfinite().all())


def _largest(tensor: Tensor) -> float:
    return float(tensor.abs().max()) if tensor.numel() else 0.0
