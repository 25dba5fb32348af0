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
        products: The same as code: takes ``v``, ``y`` and the arguments of the call,
            and returns the product for each differentiable input.
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
    n = len(x)
    angle = 2 * math.pi * torch.outer(torch.arange(n), torch.arange(n)) / n
    waves = torch.polar(torch.ones(n, n, dtype=x.dtype), angle.to(x.dtype))
    return (einsum("k,kn->n", v, waves).real,)


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
)
