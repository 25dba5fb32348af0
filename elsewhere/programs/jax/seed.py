import jax
import jax.numpy as jnp


def f(x):
    return jnp.outer(x, x)


y, vjp_fn = jax.vjp(f, jnp.array([1.0, 2.0, 3.0, 4.0]))
(r,) = vjp_fn(jnp.ones_like(y))
print(r)
