r"""Rows of a Jacobian: one-hot picks a row, ones give the column sums
==================================================================

The Jacobian :math:`J_{o,i} = \partial y_o / \partial x_i` has a row for each output and a column for each input.
``v`` holds the weights of the rows. This program shows three choices of ``v`` on one Jacobian.

.. tested by: exercise-04
"""

# %%
# A Jacobian without symmetry
# ---------------------------
# ``cumsum`` takes ``(3,)`` to ``(3,)``. The shapes are equal, but rows and columns differ.

import torch

from vjp_guide import contract, jacobian
from vjp_guide.figures import jacobian_rows

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x.cumsum(0)
J = jacobian(y, x)
assert not torch.equal(J, J.T)
J

# %%
# One-hot picks a row
# -------------------
# The weight of all other rows is 0, so the sum is the row itself.

one_hot = torch.tensor([0.0, 1.0, 0.0])
(row,) = torch.autograd.grad(y, x, grad_outputs=one_hot, retain_graph=True)
assert torch.equal(row, J[1])

jacobian_rows(J, one_hot)

# %%
# Ones give the column sums
# -------------------------
# Each entry is the sum of a column: how much the total of all outputs changes with that input.
# It isn't the row sum, ``[1, 2, 3]``.

ones = torch.ones_like(y)
(columns,) = torch.autograd.grad(y, x, grad_outputs=ones, retain_graph=True)
assert torch.equal(columns, J.sum(dim=0))
assert not torch.equal(columns, J.sum(dim=1))

jacobian_rows(J, ones)

# %%
# Any other weights
# -----------------
# The result is the weighted sum of the rows, and NumPy agrees.

weights = torch.tensor([1.0, 10.0, 100.0])
(weighted,) = torch.autograd.grad(y, x, grad_outputs=weights)
assert weighted.tolist() == contract(weights, J).tolist() == [111, 110, 100]

jacobian_rows(J, weights)
