import jax
import jax.numpy as jnp


def f(x):
    return jnp.stack([x[0] * x[1], x[2] ** 2])


r = jax.jacrev(f)(jnp.array([1.0, 3.0, 6.0]))
print(r)
