import jax
import jax.numpy as jnp

y, vjp_fn = jax.vjp(lambda z: z**2, jnp.array([1 + 2j]))
(r,) = vjp_fn(jnp.array([1 + 1j]))
print(r)
