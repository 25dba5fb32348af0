r"""Total and partial derivative: two paths from x to z
===================================================

``torch.autograd.grad(z, x)`` follows every path from ``z`` back to ``x``.
Where ``z`` uses ``x`` directly and through ``y``, the result is the total derivative. Listing ``y`` among the inputs doesn't hold it fixed.
More: :doc:`/explanation/branches-and-cuts`.

.. tested by: exercise-13
"""

# %%
# Both paths
# ----------
# :math:`z = \sum_{jk} y_{jk} x_k` has shape ``()``. It uses ``x``, of shape ``(4,)``, and ``y``, of shape ``(4, 4)``, which was computed from ``x``.

import matplotlib.pyplot as plt
import torch

from vjp_guide import contract, jacobian

x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
y = torch.outer(x, x)
z = (y @ x).sum()

dz_dy, total = torch.autograd.grad(z, (y, x), retain_graph=True)
assert total.tolist() == [50, 70, 90, 110]
total

# %%
# The direct path alone
# ---------------------
# The partial derivative holds ``y`` fixed. ``detach`` cuts the path: ``z`` is computed again from a ``y`` without a graph.

(partial,) = torch.autograd.grad((y.detach() @ x).sum(), x)
assert torch.equal(partial, y.sum(dim=0))
partial

# %%
# The path through y
# ------------------
# The rest is a vector-Jacobian product: ``dz_dy`` is the ``grad_outputs`` of the step from ``x`` to ``y``.
# The chain rule is :math:`\mathrm{d}z/\mathrm{d}x_i = \partial z/\partial x_i + \sum_{jk} (\partial z/\partial y_{jk})\, J_{jk,i}`, with :math:`J` that of ``y`` by ``x``, of shape ``(4, 4, 4)``.

(through_y,) = torch.autograd.grad(y, x, grad_outputs=dz_dy, retain_graph=True)
assert torch.equal(total, partial + through_y)
through_y

# %%
# Both paths in NumPy
# -------------------
# NumPy contracts ``dz_dy`` with the dense Jacobian, and the closed form of the whole is
# :math:`z = \sum_j x_j \sum_k x_k^2`, with the derivative :math:`\sum_k x_k^2 + 2 x_i \sum_j x_j`.

assert contract(dz_dy, jacobian(y, x)).tolist() == through_y.tolist()
assert torch.equal(total, (x**2).sum() + 2 * x * x.sum())

# %%
# Both paths in one bar
# ---------------------
# For each element of ``x``, the two paths add up to the number above the bar: what torch returns.

figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
names = [f"$x_{i}$" for i in range(4)]
direct = axis.bar(names, partial.tolist(), color="#0f766e", label="direct, y fixed")
via = axis.bar(
    names,
    through_y.tolist(),
    bottom=partial.tolist(),
    color="#b45309",
    label="through y",
)
axis.bar_label(direct, label_type="center", color="white", fontsize=12)
axis.bar_label(via, label_type="center", color="white", fontsize=12)
axis.bar_label(via, labels=[f"{number:g}" for number in total], fontsize=12)
axis.set_title("The total derivative dz/dx is the sum of both paths", fontsize=14)
axis.tick_params(labelsize=12)
axis.set_ylim(0, 130)
axis.legend(fontsize=12, loc="upper left")
plt.show()
