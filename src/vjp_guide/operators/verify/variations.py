"""The same call with other dtypes and other indices, which torch's tests leave out."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from vjp_guide._directional import pull
from vjp_guide._dot_product_test import dot_product_test
from vjp_guide.operators.case import Case, leaves, tensor_places, tracked
from vjp_guide.operators.labels import RAISES, WRONG, YES
from vjp_guide.operators.verify.checks import TOLERANCES, UNUSABLE

# Some operators assert what they take.
_REFUSED = (*UNUSABLE, AssertionError)
_DTYPES = {
    "int64": torch.int64,
    "bool": torch.bool,
    "float32": torch.float32,
    "complex128": torch.complex128,
}
_CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "repeated": lambda index: index.flatten()[:1].expand(index.shape).clone(),
    "reversed": lambda index: index.flip(list(range(index.ndim))),
    "fewer": lambda index: index[tuple(slice(max(1, n - 1)) for n in index.shape)],
}


def variations(case: Case) -> Iterator[tuple[str, str]]:
    """Yield what changing one argument of a call gives, by the name of the change.

    The changes are the dtype of an argument that other inputs are differentiated
    beside, and indices that repeat, come in another order or are fewer than the values.

    Yields:
        The name of a change, and ``"yes"``, ``"wrong"``, or ``"raises"`` if the forward
        pass runs but the backward pass doesn't. What the operator refuses isn't here.
    """
    for name, changed, same in _changed(case):
        answer = _answer(changed, same)
        if answer:
            yield name, answer


def _changed(case: Case) -> Iterator[tuple[str, Case, Case | None]]:
    """Yield each change with its call, and one in double that has the same value."""
    for place in case.places if len(case.places) > 1 else ():
        real = case.leaves[place].is_floating_point()
        for name, dtype in _DTYPES.items() if real else ():
            other = _other(case.leaves[place], dtype)
            plain = None if other.is_complex() else _held(case, place, other.double())
            yield name, _held(case, place, other), plain
    for place in tensor_places(case):
        index = case.leaves[place]
        if index.dtype == torch.int64 and index.ndim and index.numel() > 1:
            for name, change in _CHANGES.items():
                yield name, _with(case, place, change(index)), None


def _other(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return numbers that are exact in a dtype, none of them zero."""
    whole = x.detach().round()
    whole = torch.where(whole == 0, 1.0, whole)
    return whole + 0.5j if dtype.is_complex else whole.to(dtype)


def _held(case: Case, place: int, value: Tensor) -> Case:
    """Return the call with one of its inputs replaced by a constant."""
    places = tuple(each for each in case.places if each != place)
    return replace(_with(case, place, value), places=places)


def _with(case: Case, place: int, value: Tensor) -> Case:
    before, after = case.leaves[:place], case.leaves[place + 1 :]
    return replace(case, leaves=(*before, value, *after))


def _answer(case: Case, same: Case | None) -> str:
    """Return whether the product is right, or nothing if the call doesn't run."""
    try:
        function, xs = tracked(case), case.inputs
        y = function(*leaves(xs))
        if not y or (same and not _equal(y, tracked(same)(*leaves(same.inputs)))):
            return ""
    except _REFUSED:
        return ""
    try:
        pull(function, xs, tuple(map(torch.ones_like, y)))
    except _REFUSED:
        return RAISES
    try:
        test = dot_product_test(function, *xs)
    except _REFUSED:
        return ""
    return YES if test.reverse_residual <= TOLERANCES.differences else WRONG


def _equal(y: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> bool:
    """Return whether all values are the same, and finite, in double precision."""
    return len(y) == len(other) and all(
        a.dtype == b.dtype and a.shape == b.shape and torch.allclose(a, b)
        for a, b in zip(y, other, strict=True)
    )
