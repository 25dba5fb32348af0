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


def _trace(x: Tensor) -> Tensor:
    """Return the sum of the diagonal."""
    return x.diagonal().sum()


_NORMS = ("backward", "ortho", "forward")
_COMPLEX, _OF_REAL, _TO_REAL = (
    getattr(torch.ops.aten, name) for name in ("_fft_c2c", "_fft_r2c", "_fft_c2r")
)


def _transform(torchs: Callable[..., Tensor], kind: str) -> Callable[..., Tensor]:
    """Return a Fourier transform along axes of all their lengths.

    Args:
        torchs: The function in whose place it runs.
        kind: ``"fft"``, ``"ifft"`` or ``"rfft"``, the direction and what is kept.
    """

    def transform(
        x: Tensor,
        n: Any = None,
        dim: Any = _AXES[torchs],
        norm: str | None = None,
        *,
        s: Any = None,
    ) -> Tensor:
        if n is not None or s is not None:
            return torchs(x, n if s is None else s, dim, norm)
        axes = (
            [dim]
            if isinstance(dim, int)
            else list(range(x.ndim) if dim is None else dim)
        )
        divisor = _NORMS.index(norm or "backward")
        forward = kind != "ifft"
        mode = divisor if forward else 2 - divisor
        found: Tensor
        if x.is_complex():
            found = _COMPLEX(x, axes, mode, forward)
        else:
            found = _OF_REAL(x, axes, mode, kind == "rfft")
        return found if forward or x.is_complex() else found.conj()

    return transform


def _irfft(x: Tensor, n: Any = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """Return the transform to real numbers of half of a spectrum."""
    length = 2 * (x.shape[dim] - 1) if n is None else n
    if not x.is_complex() or length // 2 + 1 != x.shape[dim]:
        found: Tensor = torch.fft.irfft(x, n, dim, norm)
    else:
        mode = 2 - _NORMS.index(norm or "backward")
        found = _TO_REAL(x, [dim], mode, length)
    return found


_AXES: dict[Callable[..., Tensor], Any] = {
    **dict.fromkeys((torch.fft.fft, torch.fft.ifft, torch.fft.rfft), -1),
    **dict.fromkeys((torch.fft.fft2, torch.fft.ifft2, torch.fft.rfft2), (-2, -1)),
    **dict.fromkeys((torch.fft.fftn, torch.fft.ifftn, torch.fft.rfftn)),
}

PLAIN: dict[Any, Callable[..., Tensor]] = {
    torch.kron: _kron,
    torch.Tensor.kron: _kron,
    torch.cov: _cov,
    torch.Tensor.cov: _cov,
    torch.corrcoef: _corrcoef,
    torch.Tensor.corrcoef: _corrcoef,
    torch.linalg.multi_dot: _multi_dot,
    torch.trace: _trace,
    torch.Tensor.trace: _trace,
    torch.fft.irfft: _irfft,
    **{each: _transform(each, each.__name__[4:].rstrip("2n")) for each in _AXES},
}
"""What to run in the place of each."""
