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
        names = "x" if len(xs) == 1 else "ab"
        point = ", ".join(
            f"{name} = {numbers(x)}" for name, x in zip(names, self.inputs, strict=True)
        )
        result = ", ".join(numbers(product.tolist()) for product in products)
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

KINKS = (
    _kink("abs", "abs(x)", torch.abs, [0.0]),
    _kink("acos", "acos(x)", torch.acos, [1.0]),
    _kink("amax", "amax(x, 0)", lambda x: x.amax(0), [2.0, 2.0, 1.0]),
    _kink("atan2", "atan2(a, b)", torch.atan2, [0.0], [0.0]),
    _kink(
        "cdist",
        "cdist(a[None], b[None])",
        lambda a, b: torch.cdist(a[None], b[None]),
        [1.0, 2.0],
        [1.0, 2.0],
    ),
    _kink("clamp", "clamp(x, -1, 1)", lambda x: x.clamp(-1, 1), [-1.0, 1.0]),
    _kink("cummax", "cummax(x, 0)[0]", lambda x: x.cummax(0)[0], [2.0, 2.0]),
    _kink("fmax", "fmax(a, b)", torch.fmax, [1.0], [1.0]),
    _kink("linalg.vector_norm", "vector_norm(x)", torch.linalg.vector_norm, [0.0, 0.0]),
    _kink("log", "log(x)", torch.log, [0.0]),
    _kink(
        "logsumexp",
        "logsumexp(x, 0)",
        lambda x: x.logsumexp(0),
        [-_INFINITY, -_INFINITY],
    ),
    _kink("max.reduction_no_dim", "max(x)", lambda x: x.max(), [2.0, 2.0, 1.0]),
    _kink("max.reduction_with_dim", "max(x, 0)[0]", lambda x: x.max(0)[0], [2.0, 2.0]),
    _kink("maximum", "maximum(a, b)", torch.maximum, [1.0], [1.0]),
    _kink("median", "median(x)", lambda x: x.median(), [1.0, 2.0, 2.0, 3.0]),
    _kink("minimum", "minimum(a, b)", torch.minimum, [1.0], [1.0]),
    _kink("norm", "norm(x)", torch.norm, [0.0, 0.0]),
    _kink("pow", "x ** 0.5", lambda x: x**0.5, [0.0]),
    _kink("prod", "prod(x)", lambda x: x.prod(), [0.0, 2.0, 3.0]),
    _kink("round", "round(x)", torch.round, [0.5, 1.0]),
    _kink("sign", "sign(x)", torch.sign, [0.0]),
    _kink("sort", "sort(x)[0]", lambda x: x.sort()[0], [1.0, 1.0]),
    _kink("sqrt", "sqrt(x)", torch.sqrt, [0.0]),
    _kink("std", "std(x)", lambda x: x.std(), [1.0, 1.0]),
    _kink(f"{_F}hardtanh", "hardtanh(x)", functional.hardtanh, [-1.0, 1.0]),
    _kink(f"{_F}elu", "elu(x)", functional.elu, [0.0]),
    _kink(
        f"{_F}l1_loss",
        "l1_loss(a, b)",
        functional.l1_loss,
        [1.0],
        [1.0],
    ),
    _kink(f"{_F}leaky_relu", "leaky_relu(x)", functional.leaky_relu, [0.0]),
    _kink(
        f"{_F}max_pool1d",
        "max_pool1d(x[None], 2)",
        lambda x: functional.max_pool1d(x[None], 2),
        [2.0, 2.0],
    ),
    _kink(f"{_F}relu", "relu(x)", functional.relu, [0.0]),
    _kink(f"{_F}relu6", "relu6(x)", functional.relu6, [0.0, 6.0]),
    _kink(f"{_F}softshrink", "softshrink(x)", functional.softshrink, [-0.5, 0.5]),
)
