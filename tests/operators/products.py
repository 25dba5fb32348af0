r"""The formulas of the atlas as code, which a test compares with autograd.

Each takes ``v``, what the call returns and its arguments, and returns the product for
each differentiable input. Where several outputs have a derivative, ``v`` is a tuple.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, einsum
from torch.nn import functional

from vjp_guide.operators.facts.declare import Arguments, call, positive, values

Products = Callable[..., tuple[Tensor, ...]]


def _elementwise(derivative: Callable[[Tensor, Tensor], Tensor]) -> Products:
    """Return the products of a function that acts on each element by itself."""

    def products(v: Tensor, y: Tensor, x: Tensor, *_: Any) -> tuple[Tensor, ...]:
        return (v * derivative(x, y),)

    return products


def _layer_norm(
    v: Tensor, y: Tensor, x: Tensor, shape: list[int], w: Tensor, b: Tensor
) -> tuple[Tensor, ...]:
    del y, shape, b
    std = (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    z = (x - x.mean(1, keepdim=True)) / std
    g = v * w
    inner = g - g.mean(1, keepdim=True) - z * (g * z).mean(1, keepdim=True)
    return inner / std, (v * z).sum(0), v.sum(0)


def _batch_norm_training(
    v: Tensor, _: Tensor, x: Tensor, *parameters: Tensor, **__: bool
) -> tuple[Tensor, ...]:
    std = (x.var(0, correction=0) + 1e-5).sqrt()
    z = (x - x.mean(0)) / std
    g = v * parameters[2]
    return (g - g.mean(0) - z * (g * z).mean(0)) / std, (v * z).sum(0), v.sum(0)


def _batch_norm_eval(
    v: Tensor, _: Tensor, x: Tensor, *parameters: Tensor
) -> tuple[Tensor, ...]:
    mean, var, w, _ = parameters
    std = (var + 1e-5).sqrt()
    return v * w / std, (v * (x - mean) / std).sum(0), v.sum(0)


def _conv1d(
    v: Tensor, y: Tensor, x: Tensor, w: Tensor, b: Tensor
) -> tuple[Tensor, ...]:
    del b
    windows = x.unfold(2, w.shape[2], 1)  # (batch, channel, place, offset)
    spread = torch.zeros_like(x)
    for offset in range(w.shape[2]):
        spread[:, :, offset : offset + y.shape[2]] += einsum(
            "nop,oc->ncp", v, w[:, :, offset]
        )
    return spread, einsum("nop,ncpk->ock", v, windows), v.sum((0, 2))


def _conv2d(v: Tensor, y: Tensor, x: Tensor, w: Tensor) -> tuple[Tensor, ...]:
    height, width = w.shape[2:]
    windows = x.unfold(2, height, 1).unfold(3, width, 1)
    spread = torch.zeros_like(x)
    for i in range(height):
        for j in range(width):
            rows, columns = slice(i, i + y.shape[2]), slice(j, j + y.shape[3])
            spread[:, :, rows, columns] += einsum("nopq,oc->ncpq", v, w[:, :, i, j])
    return spread, einsum("nopq,ncpqij->ocij", v, windows)


def _attention(
    v: Tensor, y: Tensor, q: Tensor, k: Tensor, w: Tensor
) -> tuple[Tensor, ...]:
    del y
    scale = 1 / math.sqrt(q.shape[-1])
    p = (scale * einsum("id,jd->ij", q, k)).softmax(1)
    g = einsum("ie,je->ij", v, w)
    s = scale * p * (g - (p * g).sum(1, keepdim=True))
    return (
        einsum("ij,jd->id", s, k),
        einsum("ij,id->jd", s, q),
        einsum("ij,ie->je", p, v),
    )


def _cross_entropy(v: Tensor, y: Tensor, x: Tensor, t: Tensor) -> tuple[Tensor, ...]:
    del y
    return (v / len(x) * (x.softmax(1) - functional.one_hot(t, x.shape[1])),)


def _cholesky(v: Tensor, y: Tensor, a: Tensor) -> tuple[Tensor, ...]:
    del a
    phi = (y.mT @ v).tril()
    phi.diagonal().mul_(0.5)
    inverse = torch.linalg.inv(y)
    g = inverse.mT @ phi @ inverse
    return ((g + g.mT) / 2,)


def _singular_values(v: Tensor, y: Tensor, a: Tensor) -> tuple[Tensor, ...]:
    del y
    u, _, vh = torch.linalg.svd(a, full_matrices=False)
    return (einsum("ik,k,kj->ij", u, v, vh),)


def _eigenvalues(v: Tensor, y: Tensor, a: Tensor) -> tuple[Tensor, ...]:
    del y
    vectors = torch.linalg.eigh(a)[1]
    return (einsum("ik,k,jk->ij", vectors, v, vectors),)


def _svd(
    v: tuple[Tensor, ...], y: tuple[Tensor, ...], *_: Tensor, **__: bool
) -> tuple[Tensor, ...]:
    u, s, vh = y
    g = v[1].diag()
    f = _inverse_differences(s * s)
    left, right = u.mT @ v[0], vh @ v[2].mT
    g = g + f * (left - left.mT) * s + s[:, None] * f * (right - right.mT)
    outside = v[0] - u @ left  # the part of v outside of U's columns
    return ((u @ g + outside / s) @ vh + (u / s) @ (v[2] - right.mT @ vh),)


def _eigh(
    v: tuple[Tensor, ...], y: tuple[Tensor, ...], a: Tensor
) -> tuple[Tensor, ...]:
    del a
    values, q = y
    turn = q.mT @ v[1]
    inner = v[0].diag() + _inverse_differences(values) * (turn - turn.mT) / 2
    return (q @ inner @ q.mT,)


def _inverse_differences(x: Tensor) -> Tensor:
    """Return 1 / (x[j] - x[i]), and zero where i is j."""
    difference = x - x[:, None]
    difference.fill_diagonal_(math.inf)
    return 1 / difference


def _solve_triangular(
    v: Tensor, y: Tensor, a: Tensor, b: Tensor, **_: bool
) -> tuple[Tensor, ...]:
    del b
    g = torch.linalg.solve(a.mT, v)
    return -(g @ y.mT).triu(), g


def _group_norm(
    v: Tensor, y: Tensor, x: Tensor, groups: int, w: Tensor, b: Tensor
) -> tuple[Tensor, ...]:
    del y, b

    def mean(t: Tensor) -> Tensor:
        apart: Tensor = t.unflatten(1, (groups, -1))
        return apart.mean((2, 3), keepdim=True).expand_as(apart).flatten(1, 2)

    std = (mean(x * x) - mean(x) ** 2 + 1e-5).sqrt()
    z = (x - mean(x)) / std
    g = v * w[:, None]
    inner = g - mean(g) - z * mean(g * z)
    return inner / std, (v * z).sum((0, 2)), v.sum((0, 2))


def _rms_norm(
    v: Tensor, y: Tensor, x: Tensor, shape: list[int], w: Tensor
) -> tuple[Tensor, ...]:
    del y, shape
    r = (x * x).mean(1, keepdim=True).sqrt()
    z, g = x / r, v * w
    return (g - z * (g * z).mean(1, keepdim=True)) / r, (v * z).sum(0)


def _pooled(v: Tensor, y: Tensor, x: Tensor, width: int) -> tuple[Tensor, ...]:
    windows = x.unflatten(2, (-1, width))
    return ((v[..., None] * (windows == y[..., None])).flatten(2),)


def _put(v: Tensor, y: tuple[Tensor, Tensor], x: Tensor, *_: int) -> tuple[Tensor, ...]:
    """Return the weights of selected values, back where they were selected."""
    index = y[1] if y[1].ndim == x.ndim else y[1][:, None]
    return (_scattered(v.reshape(index.shape), index, x),)


def _picked(v: Tensor, y: Tensor, x: Tensor, dim: int) -> tuple[Tensor, ...]:
    chosen = (x == y.unsqueeze(dim)).to(v)
    return (v.unsqueeze(dim) * chosen / chosen.sum(dim, keepdim=True),)


def _waves(n: int, count: int, sign: int) -> Tensor:
    """Return exp(sign * 2j * pi * k * m / n) for k below count and m below n."""
    angle = sign * 2 * math.pi * torch.outer(torch.arange(count), torch.arange(n)) / n
    return torch.polar(torch.ones(count, n).double(), angle.double())


def _solve(v: Tensor, y: Tensor, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
    del b
    g = torch.linalg.solve(a.mT, v)
    return -einsum("ik,jk->ij", g, y), g


def _scattered(v: Tensor, index: Tensor, x: Tensor) -> Tensor:
    """Return zeros with ``v[i, j]`` added to column ``index[i, j]`` of row ``i``."""
    one_hot = functional.one_hot(index, x.shape[1]).to(v.dtype)
    return einsum("ij,ijk->ik", v, one_hot)


def _scatter(
    v: Tensor, y: Tensor, x: Tensor, dim: int, index: Tensor, source: Tensor
) -> tuple[Tensor, ...]:
    del y, source
    return v * (1 - _scattered(torch.ones(index.shape), index, x)), v.gather(dim, index)


def _cumprod(v: Tensor, y: Tensor, x: Tensor, dim: int) -> tuple[Tensor, ...]:
    later = (v * y).flip(dim).cumsum(dim).flip(dim)
    return (later / x,)


def _fft(v: Tensor, y: Tensor, x: Tensor) -> tuple[Tensor, ...]:
    del y
    return (einsum("k,kn->n", v, _waves(len(x), len(v), 1)).real,)


def _blocks(v: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return v with its rows split by those of a and b, and its columns likewise."""
    return v.reshape(a.shape[0], b.shape[0], a.shape[1], b.shape[1])


def _gelu_slope(x: Tensor, _: Tensor) -> Tensor:
    density = (-x * x / 2).exp() / math.sqrt(2 * math.pi)
    slope: Tensor = torch.special.ndtr(x) + x * density
    return slope


PRODUCTS: dict[str, Products] = {
    "outer": lambda v, y, a, b: (einsum("ij,j->i", v, b), einsum("ij,i->j", v, a)),
    "dot": lambda v, y, a, b: (v * b, v * a),
    "mv": lambda v, y, a, b: (einsum("i,j->ij", v, b), einsum("i,ij->j", v, a)),
    "mm": lambda v, y, a, b: (
        einsum("ik,jk->ij", v, b),
        einsum("ij,ik->jk", a, v),
    ),
    "matmul": lambda v, y, a, b: (
        einsum("ik,jk->ij", v, b),
        einsum("ij,ik->jk", a, v),
    ),
    "bmm": lambda v, y, a, b: (
        einsum("nik,njk->nij", v, b),
        einsum("nij,nik->njk", a, v),
    ),
    "einsum": lambda v, y, ab, equation: (
        einsum("ki,jk->ij", v, ab[1]),
        einsum("ki,ij->jk", v, ab[0]),
    ),
    "add": lambda v, y, a, b: (v, v.sum(0)),
    "sub": lambda v, y, a, b: (v, -v.sum(0)),
    "mul": lambda v, y, a, b: (v * b, einsum("ij,ij->j", v, a)),
    "div.no_rounding_mode": lambda v, y, a, b: (v / b, -(v * a / b**2).sum(0)),
    "pow": lambda v, y, a, p: (v * p * a ** (p - 1), (v * y * a.log()).sum(0)),
    "sum": lambda v, y, x, dim: (v.unsqueeze(dim).expand_as(x),),
    "mean": lambda v, y, x, dim: ((v / x.shape[dim]).unsqueeze(dim).expand_as(x),),
    "prod": lambda v, y, x, dim: ((v * y).unsqueeze(dim) / x,),
    "cumsum": lambda v, y, x, dim: (
        einsum("ik,kj->ij", v, torch.ones(3, 3).tril().to(v)),
    ),
    "cumprod": _cumprod,
    "softmax": lambda v, y, x, dim: (y * (v - (v * y).sum(dim, keepdim=True)),),
    "log_softmax": lambda v, y, x, dim: (v - y.exp() * v.sum(dim, keepdim=True),),
    "logsumexp": lambda v, y, x, dim: (v.unsqueeze(dim) * x.softmax(dim),),
    "nn.functional.cross_entropy": _cross_entropy,
    "nn.functional.nll_loss": lambda v, y, x, t: (
        -v / len(x) * functional.one_hot(t, x.shape[1]).to(v),
    ),
    "nn.functional.mse_loss": lambda v, y, a, b: (
        2 * v * (a - b) / a.numel(),
        2 * v * (b - a) / a.numel(),
    ),
    "nn.functional.linear": lambda v, y, x, w, b: (
        einsum("ik,kj->ij", v, w),
        einsum("ik,ij->kj", v, x),
        v.sum(0),
    ),
    "nn.functional.embedding": lambda v, y, w, t: (
        einsum("ij,ik->kj", v, functional.one_hot(t, len(w)).to(v)),
    ),
    "nn.functional.layer_norm": _layer_norm,
    "nn.functional.batch_norm training": _batch_norm_training,
    "nn.functional.batch_norm": _batch_norm_eval,
    "nn.functional.conv1d": _conv1d,
    "nn.functional.conv2d": _conv2d,
    "nn.functional.scaled_dot_product_attention": _attention,
    "norm": lambda v, y, x: (v * x / y,),
    "linalg.vector_norm": lambda v, y, x: (v * x / y,),
    "gather": lambda v, y, x, dim, t: (_scattered(v, t, x),),
    "scatter": _scatter,
    "scatter_add": lambda v, y, x, dim, t, s: (v, v.gather(dim, t)),
    "index_select": lambda v, y, x, dim, t: (
        einsum("ij,ik->kj", v, functional.one_hot(t, len(x)).to(v)),
    ),
    "where": lambda v, y, a, c, b: (v * c, (v * ~c).sum(0)),
    "clamp": _elementwise(lambda x, y: (x == y).to(x)),
    "abs": _elementwise(lambda x, y: x.sign()),
    "exp": _elementwise(lambda x, y: y),
    "log": _elementwise(lambda x, y: 1 / x),
    "sqrt": _elementwise(lambda x, y: 1 / (2 * y)),
    "sigmoid": _elementwise(lambda x, y: y * (1 - y)),
    "tanh": _elementwise(lambda x, y: 1 - y * y),
    "nn.functional.relu": _elementwise(lambda x, y: (x > 0).to(x)),
    "nn.functional.gelu": _elementwise(_gelu_slope),
    "linalg.inv": lambda v, y, a: (-einsum("ki,kl,jl->ij", y, v, y),),
    "linalg.solve": _solve,
    "linalg.svdvals": _singular_values,
    "linalg.eigvalsh": _eigenvalues,
    "linalg.cholesky": _cholesky,
    "linalg.det": lambda v, y, a: (v * y * torch.linalg.inv(a).mT,),
    "logdet": lambda v, y, a: (v * torch.linalg.inv(a).mT,),
    "trace": lambda v, y, a: (v * torch.eye(3).to(v),),
    "diagonal": lambda v, y, a: (v.diag(),),
    "transpose": lambda v, y, x, *axes: (einsum("ji->ij", v),),
    "reshape": lambda v, y, x, shape: (v.flatten().unflatten(0, x.shape),),
    "expand": lambda v, y, x, shape: (einsum("ij->i", v)[:, None],),
    "cat": lambda v, y, ab, dim: (v[:1], v[1:]),
    "stack": lambda v, y, ab, dim: (v[:, 0], v[:, 1]),
    "flip": lambda v, y, x, axes: (v[:, [2, 1, 0]],),
    "roll": lambda v, y, x, shift, axis: (v[:, [1, 2, 0]],),
    "fft.fft": _fft,
    "fft.rfft": _fft,
    "fft.ifft": lambda v, y, x: (
        einsum("k,kn->n", v, _waves(len(x), len(v), -1)).real / len(x),
    ),
    "linalg.svd": _svd,
    "linalg.eigh": _eigh,
    "linalg.solve_triangular": _solve_triangular,
    "max.reduction_with_dim": _put,
    "min.reduction_with_dim": _put,
    "amax": _picked,
    "amin": _picked,
    "maximum": lambda v, y, a, b: (v * (a > b), (v * (a < b)).sum(0)),
    "minimum": lambda v, y, a, b: (v * (a < b), (v * (a > b)).sum(0)),
    "sort": _put,
    "topk": _put,
    "var": lambda v, y, x, dim: (
        2 * v[:, None] * (x - x.mean(dim, keepdim=True)) / (x.shape[dim] - 1),
    ),
    "std": lambda v, y, x, dim: (
        (v / y)[:, None] * (x - x.mean(dim, keepdim=True)) / (x.shape[dim] - 1),
    ),
    "nn.functional.group_norm": _group_norm,
    "nn.functional.rms_norm": _rms_norm,
    "nn.functional.avg_pool1d": lambda v, y, x, k: ((v / k).repeat_interleave(k, 2),),
    "nn.functional.max_pool1d": _pooled,
    "nn.functional.interpolate.nearest": lambda v, y, x, size, mode: (
        v.unflatten(2, (-1, size // x.shape[2])).sum(3),
    ),
    "nn.functional.pad.constant": lambda v, y, x, widths: (
        v[:, widths[0] : widths[0] + x.shape[1]],
    ),
    "nn.functional.dropout": lambda v, y, x: (v * y / x,),
    "nn.functional.l1_loss": lambda v, y, a, b: (
        v * (a - b).sign() / a.numel(),
        v * (b - a).sign() / a.numel(),
    ),
    "nn.functional.binary_cross_entropy_with_logits": lambda v, y, x, t: (
        v * (x.sigmoid() - t) / x.numel(),
    ),
    "addmm": lambda v, y, c, a, b: (
        v,
        einsum("ik,jk->ij", v, b),
        einsum("ij,ik->jk", a, v),
    ),
    "inner": lambda v, y, a, b: (einsum("ik,kj->ij", v, b), einsum("ik,ij->kj", v, a)),
    "kron": lambda v, y, a, b: (
        einsum("ikjl,kl->ij", _blocks(v, a, b), b),
        einsum("ikjl,ij->kl", _blocks(v, a, b), a),
    ),
    "cross": lambda v, y, a, b, dim: (
        torch.linalg.cross(b, v),
        torch.linalg.cross(v, a),
    ),
    "permute": lambda v, y, x, axes: (einsum("kij->ijk", v),),
    "diag": lambda v, y, x: (einsum("ii->i", v),),
    "tril": lambda v, y, x: (v * torch.ones_like(v).tril(),),
    "triu": lambda v, y, x: (v * torch.ones_like(v).triu(),),
    "masked_fill": lambda v, y, x, mask, value: (v * ~mask,),
    "repeat": lambda v, y, x, sizes: (v.unflatten(0, (-1, len(x))).sum(0),),
    "logaddexp": lambda v, y, a, b: (v * (a - y).exp(), (v * (b - y).exp()).sum(0)),
    "atan2": lambda v, y, a, b: (
        v * b / (a * a + b * b),
        -(v * a / (a * a + b * b)).sum(0),
    ),
    "sin": _elementwise(lambda x, y: x.cos()),
    "cos": _elementwise(lambda x, y: -x.sin()),
    "square": _elementwise(lambda x, y: 2 * x),
    "reciprocal": _elementwise(lambda x, y: -y * y),
    "rsqrt": _elementwise(lambda x, y: -(y**3) / 2),
    "log1p": _elementwise(lambda x, y: 1 / (1 + x)),
    "expm1": _elementwise(lambda x, y: y + 1),
    "erf": _elementwise(lambda x, y: 2 / math.sqrt(math.pi) * (-x * x).exp()),
    "nn.functional.silu": _elementwise(
        lambda x, y: x.sigmoid() + y * (1 - x.sigmoid())
    ),
    "nn.functional.softplus": _elementwise(lambda x, y: x.sigmoid()),
    "nn.functional.leaky_relu": _elementwise(
        lambda x, y: torch.where(x > 0, 1.0, 0.01)
    ),
    "nn.functional.elu": _elementwise(lambda x, y: torch.where(x > 0, 1.0, y + 1)),
}

# The calls of formulas for other options than those of the sample.
CALLS: dict[str, Callable[[], Arguments]] = {
    "nn.functional.batch_norm training": lambda: call(
        values(3, 2), None, None, positive(2), values(2, start=3), training=True
    ),
}
