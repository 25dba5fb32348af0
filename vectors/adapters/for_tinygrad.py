"""tinygrad's answers to the vectors, in float32."""

from typing import Any

import numpy as np
from serve import UnsupportedError, find, serve
from tinygrad import Tensor

OPERATORS: dict[str, Any] = {
    "add": lambda x, y: x + y,
    "broadcast_to": lambda x, shape: x.expand(*shape),
    "clip": lambda x, min, max: x.clamp(min, max),
    "concat": lambda *xs, axis: Tensor.cat(*xs, dim=axis),
    "cumulative_prod": lambda x, axis: x.cumprod(axis),
    "cumulative_sum": lambda x, axis: x.cumsum(axis),
    "divide": lambda x, y: x / y,
    "expand_dims": lambda x, axis: x.unsqueeze(axis),
    "flip": lambda x, axis: x.flip(axis),
    "matmul": lambda x, y: x @ y,
    "matrix_transpose": lambda x: x.transpose(-1, -2),
    "max": lambda x, axis=None: x.max(axis),
    "min": lambda x, axis=None: x.min(axis),
    "multiply": lambda x, y: x * y,
    "negative": lambda x: -x,
    "outer": lambda x, y: x.unsqueeze(1) * y,
    "permute_dims": lambda x, axes: x.permute(*axes),
    "pow": lambda x, y: x**y,
    "remainder": lambda x, y: x % y,
    "repeat": lambda x, repeats, axis: x.repeat_interleave(repeats, axis),
    "reshape": lambda x, shape: x.reshape(*shape),
    "roll": lambda x, shift, axis: x.roll(shift, axis),
    "sort": lambda x: x.sort()[0],
    "squeeze": lambda x, axis: x.squeeze(axis),
    "stack": lambda *xs, axis: Tensor.stack(*xs, dim=axis),
    "std": lambda x, correction=0: x.std(correction=correction),
    "subtract": lambda x, y: x - y,
    "take": lambda x, indices, axis: x[Tensor(indices)],
    "tile": lambda x, repetitions: x.repeat(*repetitions),
    "var": lambda x, correction=0: x.var(correction=correction),
    "vecdot": lambda x, y: (x * y).sum(-1),
    "where": lambda x, y, condition: Tensor(condition).where(x, y),
    "where_sqrt": lambda x: (x > 0).where(x.sqrt(), 0.0),
}


def product(
    name: str, inputs: list[Any], attributes: dict[str, Any], at: list[int], v: Any
) -> tuple[Any, list[Any]]:
    """Return the value, and v times each Jacobian."""
    if any(map(np.iscomplexobj, inputs)):
        raise UnsupportedError("complex numbers")
    xs = [Tensor(x) for x in inputs]
    y = find(name, OPERATORS, Tensor)(*xs, **attributes)
    found = y.gradient(*(xs[n] for n in at), gradient=Tensor(v))
    return y.numpy(), [each.numpy() for each in found]


if __name__ == "__main__":
    serve(product, "float32")
