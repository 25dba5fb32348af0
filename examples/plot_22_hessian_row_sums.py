r"""Hessian row sums: what ones give, and where the diagonal is
===========================================================

``torch.autograd.grad(g, x, grad_outputs=ones)`` on a first derivative ``g`` returns the row sums of the Hessian, not its diagonal.

.. tested by: exercise-19
"""

# %%
# The first derivative, with a graph
# ----------------------------------
# :math:`y = x_0^2 x_1 + x_1 x_2^2`, from shape ``(3,)`` to ``()``.

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import Rectangle

from vjp_guide import contract, jacobian

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x[0] ** 2 * x[1] + x[1] * x[2] ** 2
(g,) = torch.autograd.grad(y, x, create_graph=True)
g

# %%
# The Hessian is the Jacobian of ``g``. By hand:

a, b, c = x.tolist()
H = jacobian(g, x)
assert H.tolist() == [[2 * b, 2 * a, 0], [2 * a, 0, 2 * c], [0, 2 * c, 2 * b]]
H

# %%
# Ones give the row sums
# ----------------------
# They add the rows, which gives column sums; :math:`H` is symmetric, so these are the row sums too.

ones = torch.ones_like(g)
(row_sums,) = torch.autograd.grad(g, x, grad_outputs=ones, retain_graph=True)
assert row_sums.tolist() == contract(ones, H).tolist() == H.sum(dim=1).tolist()
print("row sums", row_sums.tolist())
print("diagonal", H.diagonal().tolist())
assert row_sums.tolist() != H.diagonal().tolist()

# %%
# A direction gives a Hessian-vector product
# ------------------------------------------
# ``u`` has the shape of ``g``, and the result is :math:`H^\top u`, which is :math:`H u` since :math:`H` is symmetric.

u = torch.tensor([1.0, -1.0, 2.0])
(Hu,) = torch.autograd.grad(g, x, grad_outputs=u, retain_graph=True)
assert torch.equal(Hu, H @ u)
Hu

# %%
# The diagonal, one product for each entry
# ----------------------------------------
# Entry ``i`` is the ``i``-th number of the product with a one-hot ``u``.

diagonal = [
    torch.autograd.grad(g, x, one_hot, retain_graph=True)[0][i].item()
    for i, one_hot in enumerate(torch.eye(3))
]
assert diagonal == H.diagonal().tolist()

# %%
# The diagonal beside the row sums
# --------------------------------
# The diagonal is outlined. It equals the row sums only where the rest of each row adds up to zero.

columns = [H.diagonal(), row_sums, Hu]
table = torch.column_stack([H, torch.full((3,), torch.nan), *columns]).numpy()
figure, ax = plt.subplots(figsize=(7.2, 3.6), layout="constrained")
ax.imshow(table, cmap="PuOr", vmin=-28, vmax=28)
for (row, column), value in np.ndenumerate(table):
    if not np.isnan(value):
        ax.text(column, row, f"{value:g}", ha="center", va="center", fontsize=13)
for i in range(3):
    corner = (i - 0.5, i - 0.5)
    ax.add_patch(Rectangle(corner, 1, 1, fill=False, lw=3, zorder=2))
names = ["H[:, 0]", "H[:, 1]", "H[:, 2]", "", "diagonal", "row sums", "H u"]
ax.set_xticks(range(7), names, fontsize=11)
ax.set_yticks(range(3), [f"x[{i}]" for i in range(3)], fontsize=11)
ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
ax.spines[:].set_visible(False)
figure.suptitle("A Hessian, its diagonal, its row sums and a product with u")
plt.show()
