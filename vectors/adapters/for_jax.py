"""JAX's answers to the vectors."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from serve import find, of_chosen, serve

jax.config.update("jax_enable_x64", val=True)
OPERATORS: dict[str, Any] = {
    "concat": lambda *xs, axis: jnp.concat(xs, axis=axis),
    "stack": lambda *xs, axis: jnp.stack(xs, axis=axis),
    "take": lambda x, indices, axis: jnp.take(x, jnp.array(indices), axis=axis),
    "tile": lambda x, repetitions: jnp.tile(x, repetitions),
    "where": lambda x, y, condition: jnp.where(jnp.array(condition), x, y),
    "where_sqrt": lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0),
}
PLACES = (jnp, jnp.linalg, jax.nn, jax.scipy.special)


def product(
    name: str, inputs: list[Any], attributes: dict[str, Any], at: list[int], v: Any
) -> tuple[Any, list[Any]]:
    """Return the value, and v times each Jacobian."""
    xs = [jnp.array(x) for x in inputs]
    f = partial(find(name, OPERATORS, *PLACES), **attributes)
    y, vjp_fn = jax.vjp(of_chosen(f, xs, at), *(xs[n] for n in at))
    found = vjp_fn(jnp.array(v, dtype=y.dtype))
    return np.asarray(y), [np.asarray(each) for each in found]


if __name__ == "__main__":
    serve(product)
