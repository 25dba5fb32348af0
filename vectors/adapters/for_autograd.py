"""HIPS autograd's answers to the vectors."""

from typing import Any

import autograd.numpy as np
from autograd import make_vjp
from autograd.scipy import special
from serve import find, serve

OPERATORS: dict[str, Any] = {
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "atanh": np.arctanh,
    "broadcast_to": lambda x, shape: np.broadcast_to(x, tuple(shape)),
    "clip": lambda x, min, max: np.clip(x, min, max),
    "concat": lambda *xs, axis: np.concatenate(xs, axis=axis),
    "cumulative_sum": lambda x, axis: np.cumsum(x, axis=axis),
    "matrix_norm": lambda x: np.linalg.norm(x),
    "matrix_transpose": lambda x: np.swapaxes(x, -1, -2),
    "permute_dims": lambda x, axes: np.transpose(x, axes),
    "pow": np.power,
    "reciprocal": lambda x: 1 / x,
    "relu": lambda x: np.maximum(x, 0.0),
    "round": np.round,
    "stack": lambda *xs, axis: np.stack(xs, axis=axis),
    "std": lambda x, correction=0: np.std(x, ddof=correction),
    "take": lambda x, indices, axis: np.take(x, np.array(indices), axis=axis),
    "tile": lambda x, repetitions: np.tile(x, repetitions),
    "var": lambda x, correction=0: np.var(x, ddof=correction),
    "vecdot": lambda x, y: np.sum(x * y, axis=-1),
    "vector_norm": lambda x: np.linalg.norm(x),
    "where": lambda x, y, condition: np.where(np.array(condition), x, y),
    "where_sqrt": lambda x: np.where(x > 0, np.sqrt(x), 0.0),
}


def product(
    name: str, inputs: list[Any], attributes: dict[str, Any], at: list[int], v: Any
) -> tuple[Any, list[Any]]:
    """Return the value, and v times each Jacobian."""
    f = find(name, OPERATORS, np, np.linalg, special)
    made = [make_vjp(f, n)(*inputs, **attributes) for n in at]
    return made[0][1], [vjp(v) for vjp, _ in made]


if __name__ == "__main__":
    serve(product)
