"""What torch returns at ties and kinks, where the derivative is a choice."""

import math

import torch

from vjp_guide.operators.case import leaves, seeded
from vjp_guide.operators.facts.declare import Kink
from vjp_guide.operators.numerals import numbers


def evaluate(kink: Kink) -> tuple[str, str]:
    """Return the call at its point, and the products for ``v`` of ones."""
    xs = leaves(tuple(torch.tensor(x, dtype=torch.float64) for x in kink.inputs))
    names = "x" if len(xs) == 1 else "ab"
    scope = {"torch": torch, "math": math, **dict(zip(names, xs, strict=True))}
    with seeded():
        y = eval(kink.call, scope)  # noqa: S307 - the text is our own
    for _ in range(kink.order - 1):
        (y,) = torch.autograd.grad(y, xs, torch.ones_like(y), create_graph=True)
    products = torch.autograd.grad(y, xs, torch.ones_like(y))
    # A zero that torch doesn't store has no numbers of its own.
    stored = [torch.zeros_like(p) + p for p in products]
    pairs = zip(names, kink.inputs, strict=True)
    point = ", ".join(f"{name} = {numbers(x)}" for name, x in pairs)
    result = ", ".join(numbers(product.tolist()) for product in stored)
    again = ", second derivative" if kink.order > 1 else ""
    return f"{kink.call} at {point}{again}", result
