r"""Outer product: where [20, 20, 20, 20] comes from
================================================

``torch.autograd.grad(y, x, grad_outputs=v)`` multiplies the derivative of each output by its entry of ``v`` and adds them up.
Here :math:`y = x x^\top` has 16 elements and :math:`x` has 4, so the Jacobian is 16 rows of 4.

.. tested by: puzzle-10
"""

# %%
# The call
# --------
# ``v`` has the shape of ``y``, ``(4, 4)``. The result has the shape of ``x``, ``(4,)``.

import torch

from vjp_guide import contract, explain, jacobian
from vjp_guide.figures import jacobian_rows

x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
y = torch.outer(x, x)
v = torch.ones_like(y)

(result,) = torch.autograd.grad(y, x, grad_outputs=v, retain_graph=True)
result

# %%
# The sum over all outputs
# ------------------------
# The derivative of one output is :math:`\partial y_{jk}/\partial x_i = \delta_{ij} x_k + \delta_{ik} x_j`, where :math:`\delta_{ij}` is 1 for :math:`i = j` and 0 otherwise.
# Written as a tensor of shape ``(4, 4, 4)``, with the axes of ``y`` first:

delta = torch.eye(4)
rule = torch.einsum("ij,k->jki", delta, x) + torch.einsum("ik,j->jki", delta, x)
J = jacobian(y, x)
assert torch.equal(J, rule)

# %%
# The result is the sum over both axes of ``y``, the first two of ``J``:
# :math:`r_i = \sum_{jk} v_{jk} J_{jk,i}`. NumPy computes the same from ``J``.

assert contract(v, J).tolist() == result.tolist()
contract(v, J)

# %%
# Any weights
# -----------
# For a matrix :math:`V` of weights the sum is :math:`(V + V^\top)\, x`.
# This one isn't symmetric, so both terms count: ``2 * V @ x`` is another vector.

V = torch.arange(16.0).reshape(4, 4)
(weighted,) = torch.autograd.grad(y, x, grad_outputs=V, retain_graph=True)
assert torch.equal(weighted, (V + V.T) @ x)
weighted

# %%
# In words
# --------
# :func:`vjp_guide.explain` takes the same arguments, and says what the call computes.

print(explain(y, x, grad_outputs=V))

# %%
# Rows of J, weighted and summed
# ------------------------------
# Each row is the derivative of one output. It is multiplied by the entry of ``v`` beside it,
# and the last line is the sum.

jacobian_rows(J, V)
