r"""Index formulas by hand, each with the expression that a test compares with autograd.

In the formulas :math:`\bar x` is the vector-Jacobian product for the input :math:`x`,
and :math:`v` is the cotangent of the output :math:`y`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, einsum
from torch.nn import functional

from vjp_guide.operators._chosen import CHOSEN, Arguments

Products = Callable[..., tuple[Tensor, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    r"""The vector-Jacobian product of an operator as a formula.

    Attributes:
        name: The operator's full name.
        latex: The formula.
        why: One sentence on it.
        products: The same as code: takes ``v``, what the call returns and its
            arguments, and returns the product for each differentiable input.
            Where several outputs have a derivative, ``v`` is a tuple.
        arguments: The call to check it with.
    """

    name: str
    latex: str
    why: str
    products: Products
    arguments: Callable[[], Arguments]


def _formula(
    name: str,
    latex: str,
    why: str,
    products: Products,
    arguments: Callable[[], Arguments] | None = None,
) -> Formula:
    return Formula(
        name=name,
        latex=latex,
        why=why,
        products=products,
        arguments=arguments or CHOSEN[name],
    )


def _elementwise(
    name: str, slope: str, why: str, derivative: Callable[[Tensor, Tensor], Tensor]
) -> Formula:
    """Return the formula of a function that acts on each element by itself."""

    def products(v: Tensor, y: Tensor, x: Tensor, *_: Any) -> tuple[Tensor, ...]:
        return (v * derivative(x, y),)

    return _formula(name, rf"\bar x_i = v_i\,{slope}", why, products)


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


FORMULAS: tuple[Formula, ...] = (
    _formula(
        "outer",
        r"\bar a_i = \sum_j v_{ij}\, b_j, \qquad \bar b_j = \sum_i v_{ij}\, a_i",
        "Each a[i] is in row i of the output, multiplied by b.",
        lambda v, y, a, b: (einsum("ij,j->i", v, b), einsum("ij,i->j", v, a)),
    ),
    _formula(
        "dot",
        r"\bar a_i = v\, b_i, \qquad \bar b_i = v\, a_i",
        "The output is one number, so v is one too, and scales the other vector.",
        lambda v, y, a, b: (v * b, v * a),
    ),
    _formula(
        "mv",
        r"\bar A_{ij} = v_i\, b_j, \qquad \bar b_j = \sum_i v_i\, A_{ij}",
        "The product for b is the transposed matrix times v; that for A is an outer "
        "product.",
        lambda v, y, a, b: (einsum("i,j->ij", v, b), einsum("i,ij->j", v, a)),
    ),
    *(
        _formula(
            name,
            r"\bar A_{ij} = \sum_k v_{ik}\, B_{jk}, "
            r"\qquad \bar B_{jk} = \sum_i A_{ij}\, v_{ik}",
            "The factor that isn't asked for is transposed, on its own side: "
            "v @ B.mT and A.mT @ v.",
            lambda v, y, a, b: (
                einsum("ik,jk->ij", v, b),
                einsum("ij,ik->jk", a, v),
            ),
        )
        for name in ("mm", "matmul")
    ),
    _formula(
        "bmm",
        r"\bar A_{nij} = \sum_k v_{nik}\, B_{njk}, "
        r"\qquad \bar B_{njk} = \sum_i A_{nij}\, v_{nik}",
        "It is the product of each pair of matrices, so n is an index of all tensors.",
        lambda v, y, a, b: (
            einsum("nik,njk->nij", v, b),
            einsum("nij,nik->njk", a, v),
        ),
    ),
    _formula(
        "einsum",
        r"y_{ki} = \sum_j A_{ij} B_{jk}: \quad \bar A_{ij} = \sum_k v_{ki}\, B_{jk}, "
        r"\qquad \bar B_{jk} = \sum_i v_{ki}\, A_{ij}",
        "Swap the indices of the output with those of the input that is asked for.",
        lambda v, y, ab, equation: (
            einsum("ki,jk->ij", v, ab[1]),
            einsum("ki,ij->jk", v, ab[0]),
        ),
    ),
    _formula(
        "add",
        r"\bar a_{ij} = v_{ij}, \qquad \bar b_j = \sum_i v_{ij}",
        "A sum passes v on; where b was broadcast along i, its products add up.",
        lambda v, y, a, b: (v, v.sum(0)),
    ),
    _formula(
        "sub",
        r"\bar a_{ij} = v_{ij}, \qquad \bar b_j = -\sum_i v_{ij}",
        "As for a sum, with the sign of b; the sum undoes the broadcasting.",
        lambda v, y, a, b: (v, -v.sum(0)),
    ),
    _formula(
        "mul",
        r"\bar a_{ij} = v_{ij}\, b_j, \qquad \bar b_j = \sum_i v_{ij}\, a_{ij}",
        "Each factor is the other's slope; the sum undoes the broadcasting of b.",
        lambda v, y, a, b: (v * b, einsum("ij,ij->j", v, a)),
    ),
    _formula(
        "div.no_rounding_mode",
        r"\bar a_{ij} = \frac{v_{ij}}{b_j}, "
        r"\qquad \bar b_j = -\sum_i \frac{v_{ij}\, a_{ij}}{b_j^2}",
        "The slope of a / b is 1 / b for a and -a / b**2 for b.",
        lambda v, y, a, b: (v / b, -(v * a / b**2).sum(0)),
    ),
    _formula(
        "pow",
        r"\bar a_{ij} = v_{ij}\, p_j\, a_{ij}^{p_j - 1}, "
        r"\qquad \bar p_j = \sum_i v_{ij}\, y_{ij} \ln a_{ij}",
        "The base has the power rule, the exponent the rule of an exponential.",
        lambda v, y, a, p: (v * p * a ** (p - 1), (v * y * a.log()).sum(0)),
    ),
    _formula(
        "sum",
        r"\bar x_{ij} = v_i",
        "Each element counts once in the sum of its row, so it gets the weight of it.",
        lambda v, y, x, dim: (v.unsqueeze(dim).expand_as(x),),
    ),
    _formula(
        "mean",
        r"\bar x_{ij} = \frac{v_i}{n}",
        "As for the sum over the n elements of a row, divided by n.",
        lambda v, y, x, dim: ((v / x.shape[dim]).unsqueeze(dim).expand_as(x),),
    ),
    _formula(
        "prod",
        r"\bar x_{ij} = v_i \prod_{k \ne j} x_{ik}",
        "The slope of a product is the product of the other factors.",
        lambda v, y, x, dim: ((v * y).unsqueeze(dim) / x,),
    ),
    _formula(
        "cumsum",
        r"\bar x_{ij} = \sum_{k \ge j} v_{ik}",
        "Element j counts in all sums from j on, so the product sums from the end.",
        lambda v, y, x, dim: (einsum("ik,kj->ij", v, torch.ones(3, 3).tril().to(v)),),
    ),
    _formula(
        "cumprod",
        r"\bar x_{ij} = \frac{1}{x_{ij}} \sum_{k \ge j} v_{ik}\, y_{ik}",
        "Element j is a factor of all products from j on (for x without zeros).",
        _cumprod,
    ),
    _formula(
        "softmax",
        r"\bar x_{ij} = y_{ij} \Bigl( v_{ij} - \sum_k v_{ik}\, y_{ik} \Bigr)",
        "The mean of v under the probabilities y is subtracted, since a constant added "
        "to a row changes nothing.",
        lambda v, y, x, dim: (y * (v - (v * y).sum(dim, keepdim=True)),),
    ),
    _formula(
        "log_softmax",
        r"\bar x_{ij} = v_{ij} - e^{y_{ij}} \sum_k v_{ik}",
        "The slope of the normalisation is the softmax, exp(y).",
        lambda v, y, x, dim: (v - y.exp() * v.sum(dim, keepdim=True),),
    ),
    _formula(
        "logsumexp",
        r"\bar x_{ij} = v_i\, e^{x_{ij} - y_i}",
        "The derivative of the soft maximum is the softmax.",
        lambda v, y, x, dim: (v.unsqueeze(dim) * x.softmax(dim),),
    ),
    _formula(
        "nn.functional.cross_entropy",
        r"\bar x_{ij} = \frac{v}{n} \bigl( \operatorname{softmax}(x_i)_j "
        r"- [\, j = t_i \,] \bigr)",
        "The predicted probabilities minus the one-hot target, for the mean over n "
        "samples.",
        _cross_entropy,
    ),
    _formula(
        "nn.functional.nll_loss",
        r"\bar x_{ij} = -\frac{v}{n} [\, j = t_i \,]",
        "Only the target's entry of each sample counts, in the mean over n samples.",
        lambda v, y, x, t: (-v / len(x) * functional.one_hot(t, x.shape[1]).to(v),),
    ),
    _formula(
        "nn.functional.mse_loss",
        r"\bar a_{ij} = \frac{2 v}{n} (a_{ij} - b_{ij}), \qquad \bar b = -\bar a",
        "The slope of a square, in the mean over all n elements.",
        lambda v, y, a, b: (2 * v * (a - b) / a.numel(), 2 * v * (b - a) / a.numel()),
    ),
    _formula(
        "nn.functional.linear",
        r"\bar x_{ij} = \sum_k v_{ik} W_{kj}, \quad "
        r"\bar W_{kj} = \sum_i v_{ik}\, x_{ij}, \quad \bar b_k = \sum_i v_{ik}",
        "A matrix product with the transposed weight; samples add up in W and b.",
        lambda v, y, x, w, b: (
            einsum("ik,kj->ij", v, w),
            einsum("ik,ij->kj", v, x),
            v.sum(0),
        ),
    ),
    _formula(
        "nn.functional.embedding",
        r"\bar W_{kj} = \sum_{i:\, t_i = k} v_{ij}",
        "Each row of the table collects the weights of all places that looked it up.",
        lambda v, y, w, t: (
            einsum("ij,ik->kj", v, functional.one_hot(t, len(w)).to(v)),
        ),
    ),
    _formula(
        "nn.functional.layer_norm",
        r"\bar x = \frac{1}{\sigma} \bigl( g - \langle g \rangle "
        r"- z \langle g z \rangle \bigr), \quad g = v\,w, "
        r"\; z = \frac{x - \mu}{\sigma}",
        "The parts of g along the mean and along z are taken out, because the "
        "normalisation removes them; the brackets are means over the normalised axes.",
        _layer_norm,
    ),
    _formula(
        "nn.functional.batch_norm",
        r"\text{training: } \bar x = \frac{1}{\sigma} \bigl( g - \langle g \rangle "
        r"- z \langle g z \rangle \bigr), \quad g = v\,w, "
        r"\; z = \frac{x - \mu}{\sigma}",
        "As for layer_norm, with means over the batch: each sample influences the "
        "others.",
        _batch_norm_training,
        CHOSEN["nn.functional.batch_norm training"],
    ),
    _formula(
        "nn.functional.batch_norm",
        r"\text{evaluation: } \bar x_{ij} = \frac{v_{ij}\, w_j}{\sigma_j}",
        "With fixed statistics it is an elementwise linear map.",
        _batch_norm_eval,
    ),
    _formula(
        "nn.functional.conv1d",
        r"\bar x_{nci} = \sum_{o,k} v_{n,o,i-k}\, w_{ock}, \qquad "
        r"\bar w_{ock} = \sum_{n,p} v_{nop}\, x_{n,c,p+k}",
        "Each output spreads its weight over its window; that is a transposed "
        "convolution.",
        _conv1d,
    ),
    _formula(
        "nn.functional.conv2d",
        r"\bar x_{ncij} = \sum_{o,k,l} v_{n,o,i-k,j-l}\, w_{ockl}, \qquad "
        r"\bar w_{ockl} = \sum_{n,p,q} v_{nopq}\, x_{n,c,p+k,q+l}",
        "Each output spreads its weight over its window; that is a transposed "
        "convolution.",
        _conv2d,
    ),
    _formula(
        "nn.functional.scaled_dot_product_attention",
        r"\bar V = P^\mathsf{T} v, \quad \bar Q = S K, \quad \bar K = S^\mathsf{T} Q, "
        r"\quad S_{ij} = \tfrac{1}{\sqrt d} P_{ij} "
        r"\Bigl( G_{ij} - \sum_k P_{ik} G_{ik} \Bigr), \; G = v V^\mathsf{T}",
        "Two matrix products with the rule of the softmax between; P holds the "
        "attention weights.",
        _attention,
    ),
    _formula(
        "norm",
        r"\bar x_{ij} = v\, \frac{x_{ij}}{y}",
        "The slope of a length is the unit vector (for x that isn't zero).",
        lambda v, y, x: (v * x / y,),
    ),
    _formula(
        "linalg.vector_norm",
        r"\bar x_{ij} = v\, \frac{x_{ij}}{y}",
        "The slope of a length is the unit vector (for x that isn't zero).",
        lambda v, y, x: (v * x / y,),
    ),
    _formula(
        "gather",
        r"\bar x_{ik} = \sum_{j:\, t_{ij} = k} v_{ij}",
        "Each element collects the weights of all places that read it.",
        lambda v, y, x, dim, t: (_scattered(v, t, x),),
    ),
    _formula(
        "scatter",
        r"\bar s_{ij} = v_{i, t_{ij}}, \qquad "
        r"\bar x_{ik} = v_{ik} \; (k \notin t_i), \; 0 \; (k \in t_i)",
        "What was written gets the weight of its place; what was overwritten gets 0.",
        _scatter,
    ),
    _formula(
        "scatter_add",
        r"\bar x = v, \qquad \bar s_{ij} = v_{i, t_{ij}}",
        "A sum passes v on, so each source reads the weight of its place.",
        lambda v, y, x, dim, t, s: (v, v.gather(dim, t)),
    ),
    _formula(
        "index_select",
        r"\bar x_{kj} = \sum_{i:\, t_i = k} v_{ij}",
        "Each row collects the weights of all places that selected it.",
        lambda v, y, x, dim, t: (
            einsum("ij,ik->kj", v, functional.one_hot(t, len(x)).to(v)),
        ),
    ),
    _formula(
        "where",
        r"\bar a_{ij} = v_{ij} [\, c_j \,], \qquad "
        r"\bar b_j = \sum_i v_{ij} (1 - [\, c_j \,])",
        "Each weight goes to the branch that was taken; the other one gets 0.",
        lambda v, y, a, c, b: (v * c, (v * ~c).sum(0)),
    ),
    _elementwise(
        "clamp",
        r"[\, l \le x_i \le u \,]",
        "The weight passes inside of the bounds, both included.",
        lambda x, y: (x == y).to(x),
    ),
    _elementwise(
        "abs",
        r"\operatorname{sign} x_i",
        "The slope is the sign, and 0 at 0.",
        lambda x, y: x.sign(),
    ),
    _elementwise(
        "exp", "y_i", "The exponential is its own derivative.", lambda x, y: y
    ),
    _elementwise(
        "log",
        r"\frac{1}{x_i}",
        "The slope of the logarithm is 1 / x.",
        lambda x, y: 1 / x,
    ),
    _elementwise(
        "sqrt",
        r"\frac{1}{2 y_i}",
        "It grows without bound as x goes to 0.",
        lambda x, y: 1 / (2 * y),
    ),
    _elementwise(
        "sigmoid",
        "y_i (1 - y_i)",
        "The output alone gives the slope.",
        lambda x, y: y * (1 - y),
    ),
    _elementwise(
        "tanh",
        "(1 - y_i^2)",
        "The output alone gives the slope.",
        lambda x, y: 1 - y * y,
    ),
    _elementwise(
        "nn.functional.relu",
        r"[\, x_i > 0 \,]",
        "The weight passes where the input is positive, and not at 0.",
        lambda x, y: (x > 0).to(x),
    ),
    _elementwise(
        "nn.functional.gelu",
        r"\bigl( \Phi(x_i) + x_i\, \varphi(x_i) \bigr)",
        "The product rule for x times the normal distribution function.",
        _gelu_slope,
    ),
    _formula(
        "linalg.inv",
        r"\bar A = -Y^\mathsf{T} v\, Y^\mathsf{T}",
        "From dY = -Y dA Y: the inverse stands on both sides, transposed.",
        lambda v, y, a: (-einsum("ki,kl,jl->ij", y, v, y),),
    ),
    _formula(
        "linalg.solve",
        r"\bar B = A^{-\mathsf{T}} v, \qquad \bar A = -\bar B\, X^\mathsf{T}",
        "One more solve, with the transposed matrix.",
        _solve,
    ),
    _formula(
        "linalg.svdvals",
        r"\bar A = U \operatorname{diag}(v)\, V^\mathsf{H}",
        "Each singular value moves with the outer product of its two vectors.",
        _singular_values,
    ),
    _formula(
        "linalg.eigvalsh",
        r"\bar A = Q \operatorname{diag}(v)\, Q^\mathsf{T}",
        "Each eigenvalue moves with the outer product of its eigenvector with itself.",
        _eigenvalues,
    ),
    _formula(
        "linalg.cholesky",
        r"\bar A = \operatorname{sym} \bigl( L^{-\mathsf{T}} "
        r"\Phi(L^\mathsf{T} v)\, L^{-1} \bigr)",
        "Phi keeps the lower triangle and halves the diagonal; sym averages with the "
        "transpose, as A is symmetric.",
        _cholesky,
    ),
    _formula(
        "linalg.det",
        r"\bar A = v\, y\, A^{-\mathsf{T}}",
        "The slope for each entry is its cofactor.",
        lambda v, y, a: (v * y * torch.linalg.inv(a).mT,),
    ),
    _formula(
        "logdet",
        r"\bar A = v\, A^{-\mathsf{T}}",
        "The determinant's rule, divided by the determinant.",
        lambda v, y, a: (v * torch.linalg.inv(a).mT,),
    ),
    _formula(
        "trace",
        r"\bar A_{ij} = v\, [\, i = j \,]",
        "Only the diagonal counts in the sum.",
        lambda v, y, a: (v * torch.eye(3).to(v),),
    ),
    _formula(
        "diagonal",
        r"\bar A_{ij} = v_i\, [\, i = j \,]",
        "The weights return to the diagonal that they were read from.",
        lambda v, y, a: (v.diag(),),
    ),
    _formula(
        "transpose",
        r"\bar x_{ij} = v_{ji}",
        "The weights move back, as the values moved.",
        lambda v, y, x, *axes: (einsum("ji->ij", v),),
    ),
    _formula(
        "reshape",
        r"\bar x = \operatorname{reshape}(v, \text{shape of } x)",
        "The numbers keep their order, so v takes the old shape.",
        lambda v, y, x, shape: (v.flatten().unflatten(0, x.shape),),
    ),
    _formula(
        "expand",
        r"\bar x_{i1} = \sum_j v_{ij}",
        "One element is read in many places, and their weights add up.",
        lambda v, y, x, shape: (einsum("ij->i", v)[:, None],),
    ),
    _formula(
        "cat",
        r"\bar a_{ij} = v_{ij}, \qquad \bar b_{ij} = v_{m+i,\,j}",
        "Each part takes its rows of v; m is the number of rows of a.",
        lambda v, y, ab, dim: (v[:1], v[1:]),
    ),
    _formula(
        "stack",
        r"\bar a_i = v_{i1}, \qquad \bar b_i = v_{i2}",
        "Each part takes its place along the new axis.",
        lambda v, y, ab, dim: (v[:, 0], v[:, 1]),
    ),
    _formula(
        "flip",
        r"\bar x_{ij} = v_{i,\,n+1-j}",
        "Flipping twice changes nothing, so v is flipped back.",
        lambda v, y, x, axes: (v[:, [2, 1, 0]],),
    ),
    _formula(
        "roll",
        r"\bar x_{ij} = v_{i,\,j+s \bmod n}",
        "The weights roll back by the same number of places.",
        lambda v, y, x, shift, axis: (v[:, [1, 2, 0]],),
    ),
    _formula(
        "fft.fft",
        r"\bar x_n = \operatorname{Re} \sum_k v_k\, e^{2\pi \mathrm{i}\, k n / N}",
        "The conjugate of the transform's matrix; the real part, for x is real.",
        _fft,
    ),
    _formula(
        "fft.rfft",
        r"\bar x_n = \operatorname{Re} \sum_{k \le N/2} v_k\, "
        r"e^{2\pi \mathrm{i}\, k n / N}",
        "As for fft, over the half of the frequencies that is returned.",
        _fft,
    ),
    _formula(
        "fft.ifft",
        r"\bar x_n = \frac{1}{N} \operatorname{Re} \sum_k v_k\, "
        r"e^{-2\pi \mathrm{i}\, k n / N}",
        "The conjugate of the inverse transform's matrix, for x is real.",
        lambda v, y, x: (
            einsum("k,kn->n", v, _waves(len(x), len(v), -1)).real / len(x),
        ),
    ),
    _formula(
        "linalg.svd",
        r"\bar A = U \bigl( \operatorname{diag}(v_S) + (F \circ \{U^\mathsf{T} v_U\}) "
        r"S + S\, (F \circ \{V^\mathsf{T} v_V\}) \bigr) V^\mathsf{T} "
        r"+ P_U\, v_U S^{-1} V^\mathsf{T} + U S^{-1} v_V^\mathsf{T} P_V",
        "F[i, j] is 1 / (s[j]**2 - s[i]**2) and 0 on the diagonal, braces subtract the "
        "transpose, and P projects out the columns of U or V (real A, reduced form).",
        _svd,
    ),
    _formula(
        "linalg.eigh",
        r"\bar A = Q \bigl( \operatorname{diag}(v_\lambda) "
        r"+ \tfrac12 F \circ \{Q^\mathsf{T} v_Q\} \bigr) Q^\mathsf{T}, "
        r"\quad F_{ij} = \frac{1}{\lambda_j - \lambda_i} \; (i \ne j)",
        "An eigenvector turns towards the others, the more the closer their "
        "eigenvalues are; braces subtract the transpose.",
        _eigh,
    ),
    _formula(
        "linalg.solve_triangular",
        r"\bar B = A^{-\mathsf{T}} v, \qquad "
        r"\bar A = -\operatorname{triu} \bigl( \bar B\, X^\mathsf{T} \bigr)",
        "As for solve; only the triangle that is read gets a product.",
        _solve_triangular,
    ),
    *(
        _formula(
            name,
            r"\bar x_{ij} = v_i\, [\, j = k_i \,]",
            "The whole weight goes to the place that was returned as index, k.",
            _put,
        )
        for name in ("max.reduction_with_dim", "min.reduction_with_dim")
    ),
    *(
        _formula(
            name,
            r"\bar x_{ij} = v_i\, \frac{[\, x_{ij} = y_i \,]}{n_i}",
            "The weight goes to the extreme value, in equal parts to the n places that "
            "share it.",
            _picked,
        )
        for name in ("amax", "amin")
    ),
    _formula(
        "maximum",
        r"\bar a_{ij} = v_{ij} \bigl( [\, a_{ij} > b_j \,] "
        r"+ \tfrac12 [\, a_{ij} = b_j \,] \bigr), \qquad "
        r"\bar b_j = \sum_i v_{ij} - \bar a_{ij}",
        "The larger one gets the weight, and a tie is halved.",
        lambda v, y, a, b: (v * (a > b), (v * (a < b)).sum(0)),
    ),
    _formula(
        "minimum",
        r"\bar a_{ij} = v_{ij} \bigl( [\, a_{ij} < b_j \,] "
        r"+ \tfrac12 [\, a_{ij} = b_j \,] \bigr), \qquad "
        r"\bar b_j = \sum_i v_{ij} - \bar a_{ij}",
        "The smaller one gets the weight, and a tie is halved.",
        lambda v, y, a, b: (v * (a < b), (v * (a > b)).sum(0)),
    ),
    _formula(
        "sort",
        r"\bar x_{i, t_{ij}} = v_{ij}",
        "Sorting moves the numbers, and each weight goes back by the index t.",
        _put,
    ),
    _formula(
        "topk",
        r"\bar x_{i, t_{ij}} = v_{ij}, \text{ else } 0",
        "As for sort; what wasn't selected gets 0.",
        _put,
    ),
    _formula(
        "var",
        r"\bar x_{ij} = \frac{2 v_i}{n - 1} (x_{ij} - \mu_i)",
        "The mean moves too, but the deviations add up to zero, so that has no effect.",
        lambda v, y, x, dim: (
            2 * v[:, None] * (x - x.mean(dim, keepdim=True)) / (x.shape[dim] - 1),
        ),
    ),
    _formula(
        "std",
        r"\bar x_{ij} = \frac{v_i}{(n - 1)\, y_i} (x_{ij} - \mu_i)",
        "The rule of the variance, divided by twice its root.",
        lambda v, y, x, dim: (
            (v / y)[:, None] * (x - x.mean(dim, keepdim=True)) / (x.shape[dim] - 1),
        ),
    ),
    _formula(
        "nn.functional.group_norm",
        r"\bar x = \frac{1}{\sigma} \bigl( g - \langle g \rangle "
        r"- z \langle g z \rangle \bigr), \quad g = v\,w, "
        r"\; z = \frac{x - \mu}{\sigma}",
        "As for layer_norm, with means over each group of channels of each sample.",
        _group_norm,
    ),
    _formula(
        "nn.functional.rms_norm",
        r"\bar x = \frac{1}{r} \bigl( g - z \langle g z \rangle \bigr), "
        r"\quad g = v\,w, \; z = \frac{x}{r}",
        "As for layer_norm without its mean; r is the root of the mean square.",
        _rms_norm,
    ),
    _formula(
        "nn.functional.avg_pool1d",
        r"\bar x_i = \frac{1}{k}\, v_{\lfloor i / k \rfloor}",
        "Each weight spreads in equal parts over its window of width k.",
        lambda v, y, x, k: ((v / k).repeat_interleave(k, 2),),
    ),
    _formula(
        "nn.functional.max_pool1d",
        r"\bar x_i = v_p\, [\, x_i = y_p \,], \quad p = \lfloor i / k \rfloor",
        "Each weight goes to the largest number of its window of width k.",
        _pooled,
    ),
    _formula(
        "nn.functional.interpolate.nearest",
        r"\bar x_i = \sum_{p:\, \lfloor p / s \rfloor = i} v_p",
        "Each element collects the weights of its s copies.",
        lambda v, y, x, size, mode: (v.unflatten(2, (-1, size // x.shape[2])).sum(3),),
    ),
    _formula(
        "nn.functional.pad.constant",
        r"\bar x_{ij} = v_{i,\, l + j}",
        "The weights of the l + r columns that were added are dropped.",
        lambda v, y, x, widths: (v[:, widths[0] : widths[0] + x.shape[1]],),
    ),
    _formula(
        "nn.functional.dropout",
        r"\bar x_i = \frac{v_i\, m_i}{1 - p}",
        "The mask m of the forward pass is kept, so what was dropped gets 0.",
        lambda v, y, x: (v * y / x,),
    ),
    _formula(
        "nn.functional.l1_loss",
        r"\bar a_{ij} = \frac{v}{n} \operatorname{sign}(a_{ij} - b_{ij}), "
        r"\qquad \bar b = -\bar a",
        "The slope of a distance is its sign, in the mean over all n elements.",
        lambda v, y, a, b: (
            v * (a - b).sign() / a.numel(),
            v * (b - a).sign() / a.numel(),
        ),
    ),
    _formula(
        "nn.functional.binary_cross_entropy_with_logits",
        r"\bar x_{ij} = \frac{v}{n} \bigl( \sigma(x_{ij}) - t_{ij} \bigr)",
        "The predicted probability minus the target, in the mean over all n elements.",
        lambda v, y, x, t: (v * (x.sigmoid() - t) / x.numel(),),
    ),
    _formula(
        "addmm",
        r"\bar C = v, \qquad \bar A_{ij} = \sum_k v_{ik} B_{jk}, "
        r"\qquad \bar B_{jk} = \sum_i A_{ij} v_{ik}",
        "A sum passes v on, and the product has the rule of matmul.",
        lambda v, y, c, a, b: (
            v,
            einsum("ik,jk->ij", v, b),
            einsum("ij,ik->jk", a, v),
        ),
    ),
    _formula(
        "inner",
        r"\bar a_{ij} = \sum_k v_{ik}\, b_{kj}, \qquad "
        r"\bar b_{kj} = \sum_i v_{ik}\, a_{ij}",
        "It is the product with the transposed second matrix.",
        lambda v, y, a, b: (einsum("ik,kj->ij", v, b), einsum("ik,ij->kj", v, a)),
    ),
    _formula(
        "kron",
        r"\bar a_{ij} = \sum_{k,l} V_{ikjl}\, b_{kl}, \qquad "
        r"\bar b_{kl} = \sum_{i,j} V_{ikjl}\, a_{ij}",
        "V is v with the row split into (i, k) and the column into (j, l).",
        lambda v, y, a, b: (
            einsum("ikjl,kl->ij", _blocks(v, a, b), b),
            einsum("ikjl,ij->kl", _blocks(v, a, b), a),
        ),
    ),
    _formula(
        "cross",
        r"\bar a = b \times v, \qquad \bar b = v \times a",
        "The triple product keeps its value when its factors rotate.",
        lambda v, y, a, b, dim: (
            torch.linalg.cross(b, v),
            torch.linalg.cross(v, a),
        ),
    ),
    _formula(
        "permute",
        r"\bar x_{ijk} = v_{kij}",
        "The weights move back, as the values moved.",
        lambda v, y, x, axes: (einsum("kij->ijk", v),),
    ),
    _formula(
        "diag",
        r"\bar x_i = v_{ii}",
        "Only the diagonal depends on x.",
        lambda v, y, x: (einsum("ii->i", v),),
    ),
    _formula(
        "tril",
        r"\bar x_{ij} = v_{ij}\, [\, i \ge j \,]",
        "What was set to zero gets 0.",
        lambda v, y, x: (v * torch.ones_like(v).tril(),),
    ),
    _formula(
        "triu",
        r"\bar x_{ij} = v_{ij}\, [\, i \le j \,]",
        "What was set to zero gets 0.",
        lambda v, y, x: (v * torch.ones_like(v).triu(),),
    ),
    _formula(
        "masked_fill",
        r"\bar x_{ij} = v_{ij} (1 - [\, m_j \,])",
        "What was overwritten gets 0.",
        lambda v, y, x, mask, value: (v * ~mask,),
    ),
    _formula(
        "repeat",
        r"\bar x_{ij} = \sum_k v_{km+i,\, j}",
        "Each element collects the weights of its copies; x has m rows.",
        lambda v, y, x, sizes: (v.unflatten(0, (-1, len(x))).sum(0),),
    ),
    _formula(
        "logaddexp",
        r"\bar a_{ij} = v_{ij}\, e^{a_{ij} - y_{ij}}, \qquad "
        r"\bar b_j = \sum_i v_{ij}\, e^{b_j - y_{ij}}",
        "The softmax of the two; the sum undoes the broadcasting of b.",
        lambda v, y, a, b: (v * (a - y).exp(), (v * (b - y).exp()).sum(0)),
    ),
    _formula(
        "atan2",
        r"\bar a_{ij} = \frac{v_{ij}\, b_j}{a_{ij}^2 + b_j^2}, \qquad "
        r"\bar b_j = -\sum_i \frac{v_{ij}\, a_{ij}}{a_{ij}^2 + b_j^2}",
        "The angle of the point (b, a) turns at right angles to its direction.",
        lambda v, y, a, b: (
            v * b / (a * a + b * b),
            -(v * a / (a * a + b * b)).sum(0),
        ),
    ),
    _elementwise("sin", r"\cos x_i", "The slope is the cosine.", lambda x, y: x.cos()),
    _elementwise(
        "cos", r"(-\sin x_i)", "The slope is the negative sine.", lambda x, y: -x.sin()
    ),
    _elementwise("square", "2 x_i", "The power rule.", lambda x, y: 2 * x),
    _elementwise(
        "reciprocal",
        "(-y_i^2)",
        "The power rule; the output alone gives the slope.",
        lambda x, y: -y * y,
    ),
    _elementwise(
        "rsqrt",
        r"\bigl( -\tfrac12\, y_i^3 \bigr)",
        "The power rule; the output alone gives the slope.",
        lambda x, y: -(y**3) / 2,
    ),
    _elementwise(
        "log1p",
        r"\frac{1}{1 + x_i}",
        "The slope of the logarithm at 1 + x.",
        lambda x, y: 1 / (1 + x),
    ),
    _elementwise(
        "expm1",
        "(y_i + 1)",
        "The exponential, which is the output plus 1.",
        lambda x, y: y + 1,
    ),
    _elementwise(
        "erf",
        r"\frac{2}{\sqrt\pi}\, e^{-x_i^2}",
        "It is the integral of that density.",
        lambda x, y: 2 / math.sqrt(math.pi) * (-x * x).exp(),
    ),
    _elementwise(
        "nn.functional.silu",
        r"\bigl( \sigma(x_i) + y_i (1 - \sigma(x_i)) \bigr)",
        "The product rule for x times the sigmoid.",
        lambda x, y: x.sigmoid() + y * (1 - x.sigmoid()),
    ),
    _elementwise(
        "nn.functional.softplus",
        r"\sigma(x_i)",
        "The slope of the soft hinge is the sigmoid.",
        lambda x, y: x.sigmoid(),
    ),
    _elementwise(
        "nn.functional.leaky_relu",
        r"\begin{cases} 1 & x_i > 0 \\ 0.01 & x_i \le 0 \end{cases}",
        "Negative inputs pass a small part, and 0 counts as negative.",
        lambda x, y: torch.where(x > 0, 1.0, 0.01),
    ),
    _elementwise(
        "nn.functional.elu",
        r"\begin{cases} 1 & x_i > 0 \\ y_i + 1 & x_i \le 0 \end{cases}",
        "For negative inputs it is an exponential minus 1.",
        lambda x, y: torch.where(x > 0, 1.0, y + 1),
    ),
)
