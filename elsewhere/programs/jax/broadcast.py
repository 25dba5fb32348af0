import jax
import jax.numpy as jnp

y, vjp_fn = jax.vjp(lambda x: x**2, jnp.array([1.0, 3.0, 6.0]))
(r,) = vjp_fn(jnp.ones(1))
print(r)
