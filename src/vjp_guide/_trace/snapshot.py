"""What a trace keeps of a cotangent."""

from collections.abc import Iterable
from functools import lru_cache, partial

import torch
from torch import Tensor

from vjp_guide._trace.magnitude import magnitude
from vjp_guide._trace.records import Cotangent

_is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor  # noqa: SLF001 (it has no public name)
_new = partial(tuple.__new__, Cotangent)  # in a third of the time
_EXACT = {torch.float32, torch.float64}


def snapshot(tensor: Tensor, most: float) -> Cotangent:
    """Return a description, with a copy of the values if there are few.

    Args:
        tensor: The cotangent, which stays as it is.
        most: The most elements whose values are copied; of more, the magnitude is
            noted.

    Returns:
        The description, of shape and dtype alone if nothing can be read.
    """
    return _plain(tensor, most) or _careful(tensor, most)


def _plain(tensor: Tensor, most: float) -> Cotangent | None:
    """Return what most tensors need, in the fewest calls; ``None`` for all others.

    Numbers of Python's hold these dtypes, and take a fifth of the time of a copy. A
    tensor of another layout, or without numbers, has no list.
    """
    if (
        type(tensor) is not Tensor
        or tensor.numel() > most
        or tensor.dtype not in _EXACT
        or not tensor.is_cpu
    ):
        return None
    try:
        return _new((tuple(tensor.shape), tensor.dtype, tensor.tolist(), None))
    except Exception:  # noqa: BLE001 (a mode of the reader's may refuse anything)
        return None


def _careful(tensor: Tensor, most: float) -> Cotangent:
    """Return what any tensor has."""
    try:
        if type(tensor) is Tensor:
            return _read(tensor, most)
        if not holds_values(tensor):
            return described(tensor)
        # A subclass of the reader's may change or refuse anything.
        with torch._C.DisableTorchFunction():  # noqa: SLF001 (it has no public name)
            return _read(tensor, most)
    except Exception:  # noqa: BLE001 (and so may a mode)
        return described(tensor)


def _read(tensor: Tensor, most: float) -> Cotangent:
    if not holds_values(tensor):
        return described(tensor)
    if tensor.is_nested or tensor.numel() > most:
        return Cotangent(shape_of(tensor), tensor.dtype, None, magnitude(tensor))
    copy = _copy(tensor)
    if not holds_values(copy):  # a mode without numbers is active
        return described(tensor)
    return Cotangent(tuple(tensor.shape), tensor.dtype, copy)


def all_described(tensors: Iterable[Tensor | None]) -> tuple[Cotangent | None, ...]:
    """Return the shapes and dtypes alone, in one step where each has them."""
    try:
        return tuple([t if t is None else _of(t.shape, t.dtype) for t in tensors])
    except (RuntimeError, TypeError):
        return tuple([t if t is None else described(t) for t in tensors])


def described(tensor: Tensor) -> Cotangent:
    """Return shape and dtype alone."""
    try:
        return _of(tensor.shape, tensor.dtype)
    except (RuntimeError, TypeError):  # nested tensors have no shape, or a symbolic one
        return _of(torch.Size(shape_of(tensor)), tensor.dtype)


def shape_of(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape, with -1 for an axis of a nested tensor of several lengths."""
    if not tensor.is_nested:
        return tuple(tensor.shape)
    return tuple(_length(tensor, axis) for axis in range(tensor.dim()))


def holds_values(tensor: Tensor) -> bool:
    """Return whether the values can be read, now and after the pass.

    Subclasses that dispatch by themselves may hold them anywhere, or none.
    """
    if tensor.is_meta or _is_wrapped(tensor):
        return False
    kind = type(tensor)
    if kind is Tensor or kind.__torch_dispatch__ is Tensor.__torch_dispatch__:
        return True
    return tensor.layout == torch.jagged


def _copy(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    return (tensor if tensor.layout is torch.strided else tensor.to_dense()).clone()


@lru_cache(maxsize=1024)
def _of(shape: torch.Size, dtype: torch.dtype) -> Cotangent:
    return Cotangent(tuple(shape), dtype)


def _length(tensor: Tensor, axis: int) -> int:
    try:
        size = tensor.size(axis)
    except RuntimeError:
        return -1
    return size if type(size) is int else -1
