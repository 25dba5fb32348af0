"""How far two tensors are apart, in double precision, with NaN and infinity."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two cotangents are apart.

    Attributes:
        absolute: The largest absolute value of the difference of two entries; NaN if
            one of them is, and the other isn't.
        relative: The same divided by the largest finite absolute value in either.
        index: Where it is; ``None`` if only the largest absolute values are known.
        first: The entry of the first cotangent there, or its largest absolute value.
        second: That of the second.

    >>> from vjp_guide import Gap
    >>> print(Gap(absolute=0.5, relative=0.25, index=(1,), first=2.0, second=1.5))
    by 0.5 (relative 0.25): 2 and 1.5 at [1]
    """

    absolute: float
    relative: float
    index: tuple[int, ...] | None
    first: complex
    second: complex

    def __str__(self) -> str:
        size = f"{self.absolute:.3g} (relative {self.relative:.3g})"
        values = f"{self.first:.7g} and {self.second:.7g}"
        if self.index is None:
            return f"by at least {size}: {values} at the largest"
        where = f" at [{', '.join(map(str, self.index))}]" if self.index else ""
        return f"by {size}: {values}{where}"


def gap(
    first: Tensor, second: Tensor, *, rtol: float, atol: float, exactly: bool = True
) -> Gap | None:
    """Return the largest gap of two tensors of one shape, if it is too large.

    Args:
        first: A tensor of any dtype, layout and device.
        second: Another.
        rtol: The tolerance relative to the largest finite absolute value in either.
        atol: The absolute tolerance.
        exactly: Whether the tensors are the cotangents, not what is known of them.
    """
    if _identical(first, second):
        return None
    a, b = _exact(first, second)
    gaps = torch.where(_same(a, b), 0.0, (a - b).abs())
    sizes = torch.cat([a.abs(), b.abs()])
    scale = float(sizes[sizes.isfinite()].max()) if sizes.isfinite().any() else 0.0
    place = int(gaps.argmax()) if len(gaps) else None  # NaN is the largest
    absolute = 0.0 if place is None else float(gaps[place])
    if place is None or absolute <= atol + rtol * scale:
        return None
    index = torch.unravel_index(torch.tensor(place), first.shape)
    return Gap(
        absolute,
        absolute / scale if scale else absolute * float("inf"),
        tuple(map(int, index)) if exactly else None,
        a[place].item(),
        b[place].item(),
    )


def tolerance(first: torch.dtype, second: torch.dtype) -> float:
    """Return a quarter of the digits of the coarser dtype, as a relative tolerance."""
    return float(max(map(_epsilon, (first, second))) ** 0.75)


def _epsilon(dtype: torch.dtype) -> float:
    inexact = dtype.is_floating_point or dtype.is_complex
    return torch.finfo(dtype).eps if inexact else 0.0


def _identical(first: Tensor, second: Tensor) -> bool:
    if first.dtype != second.dtype or first.device != second.device:
        return False
    with suppress(NotImplementedError):  # of a dtype that few operators take
        strided = first.layout == second.layout == torch.strided
        return strided and torch.equal(first, second)
    return False


def _same(a: Tensor, b: Tensor) -> Tensor:
    """Return which entries are equal, NaN as well, in both parts if they have two."""
    if a.is_complex():
        return _same(a.real, b.real) & _same(a.imag, b.imag)
    return (a == b) | (a.isnan() & b.isnan())


def _exact(*tensors: Tensor) -> Iterator[Tensor]:
    """Yield dense vectors on the CPU, in double precision, which is exact."""
    any_complex = any(tensor.is_complex() for tensor in tensors)
    dtype = torch.complex128 if any_complex else torch.float64
    for tensor in tensors:
        yield tensor.detach().to_dense().cpu().to(dtype).reshape(-1)
