import jax
import jax.numpy as jnp


def f(x):
    return jnp.stack([x[0] * x[1], x[2] ** 2])


def first(x):
    return jax.vjp(f, x)[1](jnp.array([1.0, 10.0]))[0]


y, vjp_fn = jax.vjp(first, jnp.array([1.0, 3.0, 6.0]))
(r,) = vjp_fn(jnp.array([1.0, 0.0, 2.0]))
print(r)
