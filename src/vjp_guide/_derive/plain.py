"""Functions of torch that fix the lengths of their inputs, written with others.

Their kernels read lengths as numbers, so that a trace of them holds for these alone.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn


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


def _polar(size: Tensor, angle: Tensor) -> Tensor:
    """Return complex numbers of given sizes and angles."""
    return torch.complex(size * angle.cos(), size * angle.sin())


def _block_diag(*blocks: Tensor) -> Tensor:
    """Return matrices along a diagonal, among zeros."""
    matrices = [torch.atleast_2d(each) for each in blocks]
    widths = [each.shape[1] for each in matrices]
    rows = [
        nn.functional.pad(each, (sum(widths[:at]), sum(widths[at + 1 :])))
        for at, each in enumerate(matrices)
    ]
    return torch.cat(rows)


def _bilinear(
    x: Tensor, other: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """Return the product of two vectors with each of several matrices."""
    found = torch.einsum("...i,oij,...j->...o", x, weight, other)
    return found if bias is None else found + bias


def _lstm_cell(
    x: Tensor, hx: Sequence[Tensor], *weights: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return one step of a long short-term memory."""
    h, c = hx
    ours, theirs = _weighted(x, h, *weights)
    i, f, g, o = _parts(ours + theirs, 4, h.shape[-1])
    after = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * after.tanh(), after


def _gru_cell(x: Tensor, h: Tensor, *weights: Tensor | None) -> Tensor:
    """Return one step of a gated recurrent unit."""
    ours, theirs = _weighted(x, h, *weights)
    (xr, xz, xn), (hr, hz, hn) = (_parts(t, 3, h.shape[-1]) for t in (ours, theirs))
    r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()
    n = (xn + r * hn).tanh()
    return n + z * (h - n)


def _tanh_cell(x: Tensor, h: Tensor, *weights: Tensor | None) -> Tensor:
    ours, theirs = _weighted(x, h, *weights)
    return (ours + theirs).tanh()


def _relu_cell(x: Tensor, h: Tensor, *weights: Tensor | None) -> Tensor:
    ours, theirs = _weighted(x, h, *weights)
    return (ours + theirs).relu()


def _weighted(
    x: Tensor,
    h: Tensor,
    w: Any,
    u: Any,
    b: Tensor | None = None,
    c: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the products of an input and of a state with their weights."""
    return nn.functional.linear(x, w, b), nn.functional.linear(h, u, c)


def _parts(gates: Tensor, count: int, length: int) -> Sequence[Tensor]:
    """Return equal parts of the last axis."""
    return gates.reshape([*gates.shape[:-1], count, length]).unbind(-2)


def _interpolate(
    x: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,  # noqa: FBT001 - torch's own order
    **options: Any,
) -> Tensor:
    """Return a grid of another size, or of a multiple of its lengths."""
    axes = x.ndim - 2
    given = scale_factor if size is None else size
    each = list(given) if isinstance(given, Sequence) else [given] * axes
    whole = all(isinstance(n, int | torch.SymInt) for n in each)
    if not whole or any(options.values()) or mode not in GRIDS:
        return nn.functional.interpolate(
            x, size, scale_factor, mode, align_corners, **options
        )
    if size is None:
        each = [n * factor for n, factor in zip(x.shape[2:], each, strict=True)]
    corners = [] if "nearest" in mode else [bool(align_corners)]
    operation = getattr(torch.ops.aten, f"{GRIDS[mode]}{axes}d")
    found: Tensor = operation(x, each, *corners)
    return found


GRIDS = {
    "nearest": "upsample_nearest",
    "nearest-exact": "_upsample_nearest_exact",
    "linear": "upsample_linear",
    "bilinear": "upsample_bilinear",
    "trilinear": "upsample_trilinear",
    "bicubic": "upsample_bicubic",
}
"""The operation of each kind of interpolation, but for the number of its axes."""


def _gradient(
    x: Tensor, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1
) -> list[Tensor]:
    """Return differences, central but at the ends."""
    if not isinstance(spacing, int | float) or edge_order != 1:
        return list(torch.gradient(x, spacing=spacing, dim=dim, edge_order=edge_order))
    axes = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    return [_differences(x, axis) / spacing for axis in axes]


def _differences(x: Tensor, axis: int) -> Tensor:
    steps = x.diff(dim=axis)
    last = steps.shape[axis] - 1
    inner = (steps.narrow(axis, 0, last) + steps.narrow(axis, 1, last)) / 2
    ends = steps.narrow(axis, 0, 1), steps.narrow(axis, last, 1)
    return torch.cat([ends[0], inner, ends[1]], axis)


def _cosine(x: Tensor, other: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosine of the angle between vectors."""
    units = []
    shape = torch.broadcast_shapes(x.shape, other.shape)
    for t in (x.expand(shape), other.expand(shape)):
        length = torch.linalg.vector_norm(t, dim=dim, keepdim=True)
        units.append(t / length.clamp_min(eps))
    return torch.sum(units[0] * units[1], dim)


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
        given = [dim] if isinstance(dim, int) else range(x.ndim) if dim is None else dim
        axes = [axis % x.ndim for axis in given]  # the kernels read no others
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
        found = _TO_REAL(x, [dim % x.ndim], mode, length)
    return found


_AXES: dict[Callable[..., Tensor], Any] = {
    **dict.fromkeys((torch.fft.fft, torch.fft.ifft, torch.fft.rfft), -1),
    **dict.fromkeys((torch.fft.fft2, torch.fft.ifft2, torch.fft.rfft2), (-2, -1)),
    **dict.fromkeys((torch.fft.fftn, torch.fft.ifftn, torch.fft.rfftn)),
}

PLAIN: dict[Any, Callable[..., Any]] = {
    torch.kron: _kron,
    torch.Tensor.kron: _kron,
    torch.cov: _cov,
    torch.Tensor.cov: _cov,
    torch.corrcoef: _corrcoef,
    torch.Tensor.corrcoef: _corrcoef,
    torch.linalg.multi_dot: _multi_dot,
    torch.trace: _trace,
    torch.Tensor.trace: _trace,
    torch.polar: _polar,
    nn.functional.cosine_similarity: _cosine,
    torch.gradient: _gradient,
    nn.functional.interpolate: _interpolate,
    torch.block_diag: _block_diag,
    nn.functional.bilinear: _bilinear,
    torch.lstm_cell: _lstm_cell,
    torch.gru_cell: _gru_cell,
    torch.rnn_tanh_cell: _tanh_cell,
    torch.rnn_relu_cell: _relu_cell,
    torch.fft.irfft: _irfft,
    **{each: _transform(each, each.__name__[4:].rstrip("2n")) for each in _AXES},
}
"""What to run in the place of each."""
