import jax
import jax.numpy as jnp


def f(x):
    return jnp.stack([x[0] * x[1], x[2] ** 2])


y, vjp_fn = jax.vjp(f, jnp.array([1.0, 3.0, 6.0]))
(r,) = vjp_fn(jnp.ones(2))
print(r)
