"""What torch returns at ties and kinks, where the derivative is a choice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from vjp_guide.operators._case import leaves, seeded
from vjp_guide.operators._text import numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Kink:
    """A point where a function isn't differentiable, or its slope is infinite.

    Attributes:
        name: The operator's full name.
        call: The call as Python, of ``x``, or of ``a`` and ``b``.
        function: The same as a function.
        inputs: The point.
    """

    name: str
    call: str
    function: Callable[..., Tensor]
    inputs: tuple[list[float], ...]

    def evaluate(self) -> tuple[str, str]:
        """Return the call at its point, and the products for ``v`` of ones."""
        xs = leaves(tuple(torch.tensor(x, dtype=torch.float64) for x in self.inputs))
        with seeded():
            y = self.function(*xs)
        products = torch.autograd.grad(y, xs, torch.ones_like(y))
        # A zero that torch doesn't store has no numbers of its own.
        stored = [torch.zeros_like(p) + p for p in products]
        names = "x" if len(xs) == 1 else "ab"
        point = ", ".join(
            f"{name} = {numbers(x)}" for name, x in zip(names, self.inputs, strict=True)
        )
        result = ", ".join(numbers(product.tolist()) for product in stored)
        return f"{self.call} at {point}", result


def kinks(name: str) -> tuple[tuple[str, str], ...]:
    """Return what happens at the kinks of an operator."""
    return tuple(kink.evaluate() for kink in KINKS if kink.name == name)


def _kink(
    name: str, call: str, function: Callable[..., Any], *inputs: list[float]
) -> Kink:
    return Kink(name=name, call=call, function=function, inputs=inputs)


_F = "nn.functional."
_INFINITY = float("inf")

_NAN = float("nan")

KINKS = (
    # The slope jumps.
    _kink("abs", "abs(x)", torch.abs, [0.0]),
    _kink("angle", "angle(x)", torch.angle, [-1.0, 0.0]),
    _kink("ceil", "ceil(x)", torch.ceil, [1.0]),
    _kink("clamp", "clamp(x, -1, 1)", lambda x: x.clamp(-1, 1), [-1.0, 1.0]),
    _kink("copysign", "copysign(a, b)", torch.copysign, [0.0], [1.0]),
    _kink("floor", "floor(x)", torch.floor, [1.0]),
    _kink("frac", "frac(x)", torch.frac, [1.0]),
    _kink("round", "round(x)", torch.round, [0.5, 1.0]),
    _kink("sgn", "sgn(x)", torch.sgn, [0.0]),
    _kink("sign", "sign(x)", torch.sign, [0.0]),
    _kink("trunc", "trunc(x)", torch.trunc, [1.0]),
    _kink(f"{_F}celu", "celu(x)", functional.celu, [0.0]),
    _kink(f"{_F}elu", "elu(x)", functional.elu, [0.0]),
    _kink(f"{_F}hardshrink", "hardshrink(x)", functional.hardshrink, [-0.5, 0.5]),
    _kink(f"{_F}hardsigmoid", "hardsigmoid(x)", functional.hardsigmoid, [-3.0, 3.0]),
    _kink(f"{_F}hardswish", "hardswish(x)", functional.hardswish, [-3.0, 3.0]),
    _kink(f"{_F}hardtanh", "hardtanh(x)", functional.hardtanh, [-1.0, 1.0]),
    _kink(f"{_F}l1_loss", "l1_loss(a, b)", functional.l1_loss, [1.0], [1.0]),
    _kink(f"{_F}leaky_relu", "leaky_relu(x)", functional.leaky_relu, [0.0]),
    _kink(f"{_F}prelu", "prelu(a, b)", functional.prelu, [0.0], [0.25]),
    _kink(f"{_F}relu", "relu(x)", functional.relu, [0.0]),
    _kink(f"{_F}relu6", "relu6(x)", functional.relu6, [0.0, 6.0]),
    _kink(f"{_F}selu", "selu(x)", functional.selu, [0.0]),
    _kink(f"{_F}softshrink", "softshrink(x)", functional.softshrink, [-0.5, 0.5]),
    _kink(
        f"{_F}threshold",
        "threshold(x, 1, 0)",
        lambda x: functional.threshold(x, 1, 0),
        [1.0],
    ),
    # Several places hold the same number.
    _kink("amax", "amax(x, 0)", lambda x: x.amax(0), [2.0, 2.0, 1.0]),
    _kink("amin", "amin(x, 0)", lambda x: x.amin(0), [1.0, 1.0, 2.0]),
    _kink("aminmax", "aminmax(x).max", lambda x: x.aminmax().max, [2.0, 2.0, 1.0]),
    _kink("cummax", "cummax(x, 0)[0]", lambda x: x.cummax(0)[0], [2.0, 2.0]),
    _kink("cummin", "cummin(x, 0)[0]", lambda x: x.cummin(0)[0], [2.0, 2.0]),
    _kink("fmax", "fmax(a, b)", torch.fmax, [1.0], [1.0]),
    _kink("fmin", "fmin(a, b)", torch.fmin, [1.0], [1.0]),
    _kink("kthvalue", "kthvalue(x, 2)[0]", lambda x: x.kthvalue(2)[0], [1.0, 1.0, 2.0]),
    _kink("max.binary", "max(a, b)", torch.max, [1.0], [1.0]),
    _kink("max.reduction_no_dim", "max(x)", lambda x: x.max(), [2.0, 2.0, 1.0]),
    _kink("max.reduction_with_dim", "max(x, 0)[0]", lambda x: x.max(0)[0], [2.0, 2.0]),
    _kink("maximum", "maximum(a, b)", torch.maximum, [1.0], [1.0]),
    _kink("median", "median(x)", lambda x: x.median(), [1.0, 2.0, 2.0, 3.0]),
    _kink("min.binary", "min(a, b)", torch.min, [1.0], [1.0]),
    _kink("min.reduction_no_dim", "min(x)", lambda x: x.min(), [1.0, 1.0, 2.0]),
    _kink("min.reduction_with_dim", "min(x, 0)[0]", lambda x: x.min(0)[0], [2.0, 2.0]),
    _kink("minimum", "minimum(a, b)", torch.minimum, [1.0], [1.0]),
    _kink("mode", "mode(x)[0]", lambda x: x.mode()[0], [1.0, 2.0, 2.0]),
    _kink("msort", "msort(x)", torch.msort, [1.0, 1.0]),
    _kink("quantile", "quantile(x, 0.5)", lambda x: x.quantile(0.5), [1.0, 2.0, 2.0]),
    _kink("sort", "sort(x)[0]", lambda x: x.sort()[0], [1.0, 1.0]),
    _kink("topk", "topk(x, 1)[0]", lambda x: x.topk(1)[0], [2.0, 2.0, 1.0]),
    _kink(
        f"{_F}adaptive_max_pool1d",
        "adaptive_max_pool1d(x[None], 1)",
        lambda x: functional.adaptive_max_pool1d(x[None], 1),
        [2.0, 2.0],
    ),
    _kink(
        f"{_F}max_pool1d",
        "max_pool1d(x[None], 2)",
        lambda x: functional.max_pool1d(x[None], 2),
        [2.0, 2.0],
    ),
    _kink(
        f"{_F}max_pool2d",
        "max_pool2d(x.view(1, 2, 2), 2)",
        lambda x: functional.max_pool2d(x.view(1, 2, 2), 2),
        [2.0, 2.0, 1.0, 2.0],
    ),
    # A length is zero.
    _kink(
        "cdist",
        "cdist(a[None], b[None])",
        lambda a, b: torch.cdist(a[None], b[None]),
        [1.0, 2.0],
        [1.0, 2.0],
    ),
    _kink("dist", "dist(a, b)", torch.dist, [1.0, 2.0], [1.0, 2.0]),
    _kink("hypot", "hypot(a, b)", torch.hypot, [0.0], [0.0]),
    _kink("linalg.norm", "linalg.norm(x)", torch.linalg.norm, [0.0, 0.0]),
    _kink("linalg.vector_norm", "vector_norm(x)", torch.linalg.vector_norm, [0.0, 0.0]),
    _kink("norm", "norm(x)", torch.norm, [0.0, 0.0]),
    _kink("norm", "norm(x, 1)", lambda x: x.norm(1), [0.0, 1.0]),
    _kink("norm.inf", "norm(x, inf)", lambda x: x.norm(_INFINITY), [2.0, 2.0]),
    _kink("std", "std(x)", lambda x: x.std(), [1.0, 1.0]),
    _kink(
        f"{_F}cosine_similarity",
        "cosine_similarity(a, b, 0)",
        lambda a, b: functional.cosine_similarity(a, b, 0),
        [0.0, 0.0],
        [1.0, 0.0],
    ),
    _kink(
        f"{_F}normalize",
        "normalize(x, dim=0)",
        lambda x: functional.normalize(x, dim=0),
        [0.0, 0.0],
    ),
    _kink(
        f"{_F}pairwise_distance",
        "pairwise_distance(a, b)",
        functional.pairwise_distance,
        [1.0, 2.0],
        [1.0, 2.0],
    ),
    # The slope is infinite or undefined.
    _kink("acos", "acos(x)", torch.acos, [1.0]),
    _kink("acosh", "acosh(x)", torch.acosh, [1.0]),
    _kink("asin", "asin(x)", torch.asin, [1.0]),
    _kink("atan2", "atan2(a, b)", torch.atan2, [0.0], [0.0]),
    _kink("atanh", "atanh(x)", torch.atanh, [1.0]),
    _kink("float_power", "float_power(a, b)", torch.float_power, [0.0], [2.0]),
    _kink("log", "log(x)", torch.log, [0.0]),
    _kink("log1p", "log1p(x)", torch.log1p, [-1.0]),
    _kink("logaddexp", "logaddexp(a, b)", torch.logaddexp, [-_INFINITY], [-_INFINITY]),
    _kink(
        "logsumexp",
        "logsumexp(x, 0)",
        lambda x: x.logsumexp(0),
        [-_INFINITY, -_INFINITY],
    ),
    _kink("nan_to_num", "nan_to_num(x)", torch.nan_to_num, [_NAN, _INFINITY]),
    _kink("pow", "x ** 0.5", lambda x: x**0.5, [0.0]),
    _kink("pow", "x ** 0", lambda x: x**0, [0.0]),
    _kink("pow", "a ** b", torch.pow, [0.0], [2.0]),
    _kink("pow", "a ** b", torch.pow, [0.0], [0.0]),
    _kink("prod", "prod(x)", lambda x: x.prod(), [0.0, 2.0, 3.0]),
    _kink("reciprocal", "reciprocal(x)", torch.reciprocal, [0.0]),
    _kink("rsqrt", "rsqrt(x)", torch.rsqrt, [0.0]),
    _kink("sinc", "sinc(x)", torch.sinc, [0.0]),
    _kink("special.entr", "special.entr(x)", torch.special.entr, [0.0]),
    _kink("sqrt", "sqrt(x)", torch.sqrt, [0.0]),
    _kink(
        "where",
        "where(x > 0, sqrt(x), 0)",
        lambda x: torch.where(x > 0, x.sqrt(), 0),
        [0.0],
    ),
    _kink("xlogy", "xlogy(a, b)", torch.xlogy, [0.0], [0.0]),
)
