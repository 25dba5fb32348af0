"""MLX's answers to the vectors, in float32, its precision on a GPU."""

from functools import partial
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn
from serve import find, of_chosen, serve

OPERATORS: dict[str, Any] = {
    "acos": mx.arccos,
    "acosh": mx.arccosh,
    "asin": mx.arcsin,
    "asinh": mx.arcsinh,
    "atan": mx.arctan,
    "atan2": mx.arctan2,
    "atanh": mx.arctanh,
    "broadcast_to": lambda x, shape: mx.broadcast_to(x, shape),
    "clip": lambda x, min, max: mx.clip(x, min, max),
    "concat": lambda *xs, axis: mx.concatenate(xs, axis=axis),
    "cross": mx.linalg.cross,
    "cumulative_prod": lambda x, axis: mx.cumprod(x, axis=axis),
    "cumulative_sum": lambda x, axis: mx.cumsum(x, axis=axis),
    "flip": lambda x, axis: mx.flip(x, axis) if hasattr(mx, "flip") else x[::-1],
    "inv": lambda x: mx.linalg.inv(x, stream=mx.cpu),
    "log_softmax": lambda x, axis: nn.log_softmax(x, axis=axis),
    "matrix_norm": lambda x: mx.linalg.norm(x),
    "matrix_transpose": lambda x: mx.swapaxes(x, -1, -2),
    "permute_dims": lambda x, axes: mx.transpose(x, axes),
    "pow": mx.power,
    "relu": nn.relu,
    "silu": nn.silu,
    "softplus": nn.softplus,
    "solve": lambda x, y: mx.linalg.solve(x, y, stream=mx.cpu),
    "stack": lambda *xs, axis: mx.stack(xs, axis=axis),
    "std": lambda x, correction=0: mx.std(x, ddof=correction),
    "take": lambda x, indices, axis: mx.take(x, mx.array(indices), axis=axis),
    "tile": lambda x, repetitions: mx.tile(x, repetitions),
    "var": lambda x, correction=0: mx.var(x, ddof=correction),
    "vecdot": lambda x, y: (x * y).sum(-1),
    "vector_norm": lambda x: mx.linalg.norm(x),
    "where": lambda x, y, condition: mx.where(mx.array(condition), x, y),
    "where_sqrt": lambda x: mx.where(x > 0, mx.sqrt(x), 0.0),
}


def product(
    name: str, inputs: list[Any], attributes: dict[str, Any], at: list[int], v: Any
) -> tuple[Any, list[Any]]:
    """Return the value, and v times each Jacobian."""
    # MLX at times hangs at a product with an empty array of NumPy's.
    xs = [mx.array(x) if x.size else mx.zeros(x.shape) for x in inputs]
    f = partial(find(name, OPERATORS, mx), **attributes)
    (y,), found = mx.vjp(of_chosen(f, xs, at), [xs[n] for n in at], [mx.array(v)])
    return np.array(y), [np.array(each) for each in found]


if __name__ == "__main__":
    serve(product, "float32")
