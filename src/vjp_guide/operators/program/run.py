"""Runs a printed program, and compares what it computes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

_SMALLEST = 1e-8


def execute(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of a program after it ran on copies of ``values``."""
    scope = {"torch": torch, "math": math, **_copies(values)}
    exec(text, scope)  # noqa: S102 - the text is our own, and running it is the check
    return scope


def _copies(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else value
        for name, value in values.items()
    }


def residual(
    found: Sequence[Tensor | None],
    products: Sequence[Tensor | None],
    *,
    smallest: float = 0.0,
) -> float:
    """Return the largest difference, relative to the largest number.

    Args:
        found: What a program gives.
        products: What it should give.
        smallest: What differences are relative to at least.

    Returns:
        The difference.

    Raises:
        ValueError: If the shapes differ.
    """
    off = 0.0
    for mine, theirs in zip(found, products, strict=True):
        if mine is None and theirs is None:
            continue
        first, second = _or_zeros(mine, theirs), _or_zeros(theirs, mine)
        if first.shape != second.shape:
            raise ValueError(f"shape {tuple(first.shape)}, not {tuple(second.shape)}")
        if first.numel():
            scale = max(float(second.abs().max()), smallest, _SMALLEST)
            off = max(off, float((first - second).abs().max()) / scale)
    return off


def _or_zeros(tensor: Tensor | None, other: Tensor | None) -> Tensor:
    return torch.zeros_like(other) if tensor is None else tensor  # type: ignore[arg-type]
