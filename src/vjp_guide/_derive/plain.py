"""Functions of torch that fix the lengths of their inputs, written with others.

Their kernels read lengths as numbers, so that a trace of them holds for these alone.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor


def _kron(x: Tensor, other: Tensor) -> Tensor:
    """Return the Kronecker product."""
    rank = max(x.ndim, other.ndim)
    a, b = (t.reshape([1] * (rank - t.ndim) + [*t.shape]) for t in (x, other))
    left = a.reshape([n for length in a.shape for n in (length, 1)])
    right = b.reshape([n for length in b.shape for n in (1, length)])
    pairs = zip(a.shape, b.shape, strict=True)
    product: Tensor = left * right
    return product.reshape([n * m for n, m in pairs])


def _cov(x: Tensor, **options: Any) -> Tensor:
    """Return the covariance of rows."""
    if x.ndim != 2 or {*options} - {"correction"}:  # noqa: PLR2004 - a matrix
        return torch.cov(x, **options)
    centred = x - x.mean(1, keepdim=True)
    correction: int = options.get("correction", 1)
    found: Tensor = centred @ centred.mH / (x.shape[1] - correction)
    return found


def _corrcoef(x: Tensor) -> Tensor:
    """Return the correlations of rows."""
    if x.ndim != 2 or x.is_complex():  # noqa: PLR2004 - a matrix
        return torch.corrcoef(x)
    found = _cov(x)
    scale = found.diagonal().sqrt()
    return found / scale.unsqueeze(1) / scale


def _multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """Return the product of several matrices, from left to right."""
    return reduce(torch.matmul, tensors)


PLAIN: dict[Any, Callable[..., Tensor]] = {
    torch.kron: _kron,
    torch.Tensor.kron: _kron,
    torch.cov: _cov,
    torch.Tensor.cov: _cov,
    torch.corrcoef: _corrcoef,
    torch.Tensor.corrcoef: _corrcoef,
    torch.linalg.multi_dot: _multi_dot,
}
"""What to run in the place of each."""
