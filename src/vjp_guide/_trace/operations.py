"""What the name of a backward node says about the operation it belongs to."""

import re
from functools import cache

import torch

# These add a first operand of fewer axes, though they aren't elementwise.
_ADDS_FIRST = frozenset({"addbmm", "addmm", "addmv", "addr", "baddbmm"})


def forward_name(operation: str) -> str:
    """Return ``"log_softmax"`` for ``"LogSoftmaxBackward0"``."""
    stem = re.sub(r"Backward\d*$", "", operation.rpartition(":")[2])
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", stem).lower()


@cache
def broadcasts(operation: str, operand: int) -> bool:
    """Return whether the operation expands this operand to its result's shape."""
    name = forward_name(operation)
    if name in _ADDS_FIRST:
        return operand == 0
    overloads = getattr(torch.ops.aten, name, None)
    if name == "expand" or overloads is None:
        return name == "expand"
    tags = (getattr(overloads, overload).tags for overload in overloads.overloads())
    return any(torch.Tag.pointwise in tag for tag in tags)


def expands(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Return whether broadcasting makes ``small`` into ``large``, another shape."""
    sizes = zip(reversed(small), reversed(large), strict=False)
    fits = len(small) <= len(large) and all(size in {1, full} for size, full in sizes)
    return fits and small != large
