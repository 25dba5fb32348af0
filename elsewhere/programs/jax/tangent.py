import jax
import jax.numpy as jnp


def f(x):
    return jnp.stack([x[0] * x[1], x[2] ** 2])


x = jnp.array([1.0, 3.0, 6.0])
u = jnp.array([1.0, 0.0, 2.0])
y, r = jax.jvp(f, (x,), (u,))
print(r)
