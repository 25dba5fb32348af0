r"""Chained square: the result of one call is the ``grad_outputs`` of the next
===========================================================================

Two steps forward, :math:`x \to y = x x^\top \to z = y^2`, and two calls back.

.. tested by: exercise-11
"""

# %%
# Two calls
# ---------
# ``L`` is the sum of all entries of ``z``, so ``dL_dz`` is all ones.
# The first call goes from ``z`` to ``y``; its result has the shape of ``y``.
# That is the shape that the second call asks of its ``grad_outputs``.

import torch

from vjp_guide import contract, jacobian, trace
from vjp_guide.figures import Stage, chain

x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
y = torch.outer(x, x)
z = y**2
dL_dz = torch.ones_like(z)

(dL_dy,) = torch.autograd.grad(z, y, grad_outputs=dL_dz, retain_graph=True)
(dL_dx,) = torch.autograd.grad(y, x, grad_outputs=dL_dy, retain_graph=True)
dL_dx

# %%
# The square is that of each element, not a matrix product: :math:`\partial L/\partial y_{jk} = 2 y_{jk}\, \partial L/\partial z_{jk}`.

assert torch.equal(dL_dy, 2 * y * dL_dz)
dL_dy

# %%
# One call
# --------
# From ``z`` to ``x`` directly, torch makes the same two steps.

(direct,) = torch.autograd.grad(z, x, grad_outputs=dL_dz, retain_graph=True)
assert torch.equal(direct, dL_dx)
direct

# %%
# Checked with dense Jacobians
# ----------------------------
# NumPy multiplies by the two Jacobians one after the other, from the side of ``dL_dz``.

J_zy = jacobian(z, y)
J_yx = jacobian(y, x)
print("J_zy", tuple(J_zy.shape), " J_yx", tuple(J_yx.shape))
assert contract(contract(dL_dz, J_zy), J_yx).tolist() == dL_dx.tolist()

# %%
# Weights that aren't all ones
# ----------------------------
# The two ways agree for any ``v``, as they must: the chain rule doesn't look at its values.

v = torch.arange(16.0).reshape(4, 4)
(v_y,) = torch.autograd.grad(z, y, v, retain_graph=True)
(v_x,) = torch.autograd.grad(y, x, v_y, retain_graph=True)
assert torch.equal(v_x, torch.autograd.grad(z, x, v, retain_graph=True)[0])
assert v_x.tolist() == contract(v, jacobian(z, x)).tolist()
v_x

# %%
# The chain, forward and back
# ---------------------------
# Forward above, backward below. Each cotangent has the shape of the tensor above it.

stages = [Stage(name, tuple(t.shape)) for name, t in [("x", x), ("y", y), ("z", z)]]
chain(stages, ["outer(x, x)", "y²"])

# %%
# The same, recorded
# ------------------
# :func:`vjp_guide.trace` records the backward pass as it runs, operation by operation.
# It calls the output ``y``: that is ``z`` here, and ``t1`` is the ``y`` of this page.
# ``outer`` is a view and a product, so ``x`` gets two cotangents, and they add.

record = trace(z, x, dL_dz)
torch.testing.assert_close(record.gradients, (dL_dx,))
record
