"""TensorFlow's answers to the vectors."""

from typing import Any

import tensorflow as tf
from serve import find, serve

OPERATORS: dict[str, Any] = {
    "abs": tf.abs,
    "clip": lambda x, min, max: tf.clip_by_value(x, min, max),
    "concat": lambda *xs, axis: tf.concat(xs, axis),
    "cumulative_prod": lambda x, axis: tf.math.cumprod(x, axis),
    "cumulative_sum": lambda x, axis: tf.math.cumsum(x, axis),
    "cross": tf.linalg.cross,
    "diagonal": tf.linalg.diag_part,
    "flip": lambda x, axis: tf.reverse(x, [axis]),
    "logsumexp": tf.reduce_logsumexp,
    "log_softmax": lambda x, axis: tf.nn.log_softmax(x, axis=axis),
    "matmul": tf.matmul,
    "matrix_norm": tf.norm,
    "matrix_transpose": tf.linalg.matrix_transpose,
    "max": lambda x, axis=None: tf.reduce_max(x, axis),
    "mean": lambda x, axis=None: tf.reduce_mean(x, axis),
    "min": lambda x, axis=None: tf.reduce_min(x, axis),
    "outer": lambda x, y: tf.tensordot(x, y, axes=0),
    "permute_dims": lambda x, axes: tf.transpose(x, axes),
    "prod": lambda x, axis=None: tf.reduce_prod(x, axis),
    "remainder": tf.math.floormod,
    "repeat": lambda x, repeats, axis: tf.repeat(x, repeats, axis),
    "roll": lambda x, shift, axis: tf.roll(x, shift, axis),
    "silu": tf.nn.silu,
    "softmax": lambda x, axis: tf.nn.softmax(x, axis=axis),
    "solve": lambda x, y: tf.linalg.solve(x, y[:, None])[:, 0],
    "squeeze": lambda x, axis: tf.squeeze(x, axis),
    "stack": lambda *xs, axis: tf.stack(xs, axis),
    "sum": lambda x, axis=None: tf.reduce_sum(x, axis),
    "take": lambda x, indices, axis: tf.gather(x, indices, axis=axis),
    "tile": lambda x, repetitions: tf.tile(x, repetitions),
    "tril": lambda x: tf.linalg.band_part(x, -1, 0),
    "triu": lambda x: tf.linalg.band_part(x, 0, -1),
    "vecdot": lambda x, y: tf.reduce_sum(x * y, -1),
    "vector_norm": tf.norm,
    "where": lambda x, y, condition: tf.where(condition, x, y),
    "where_sqrt": lambda x: tf.where(x > 0, tf.sqrt(x), tf.zeros_like(x)),
}
# Only the default of these attributes: TensorFlow divides by the number of elements.
POPULATION = {"std": tf.math.reduce_std, "var": tf.math.reduce_variance}


def operator(name: str, attributes: dict[str, Any]) -> Any:
    """Return TensorFlow's function of a name of the vectors."""
    if name in POPULATION and not attributes:
        return POPULATION[name]
    return find(name, OPERATORS, tf, tf.math, tf.linalg, tf.nn)


def product(
    name: str, inputs: list[Any], attributes: dict[str, Any], at: list[int], v: Any
) -> tuple[Any, list[Any]]:
    """Return the value, and v times each Jacobian."""
    xs = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = operator(name, attributes)(*xs, **attributes)
    zeros = tf.UnconnectedGradients.ZERO
    v = tf.constant(v, dtype=y.dtype)
    chosen = [xs[n] for n in at]
    found = tape.gradient(y, chosen, output_gradients=v, unconnected_gradients=zeros)
    return y.numpy(), [tf.convert_to_tensor(each).numpy() for each in found]


if __name__ == "__main__":
    serve(product)
