import jax
import jax.numpy as jnp


def f(a, b):
    return a * b.sum(), b * a.sum()


y, vjp_fn = jax.vjp(f, jnp.array([1.0, 2.0]), jnp.array([3.0, 4.0, 5.0]))
r = vjp_fn((jnp.array([1.0, 10.0]), jnp.array([1.0, 2.0, 3.0])))
print(*r)
