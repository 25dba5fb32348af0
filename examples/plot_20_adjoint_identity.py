r"""Adjoint identity: weight the outputs, or move the inputs
========================================================

A direction ``u`` (a tangent) has the shape of the input, weights ``v`` (a cotangent) have that of the output.
:math:`\langle v, J u \rangle = \langle J^\top v, u \rangle`: the JVP first or the VJP first, the number is the same.

.. tested by: exercise-08
"""

# %%
# A matrix to a matrix
# --------------------
# :math:`y_{jk} = \sum_l x_{jl}\, x_{kl}^2`, from shape ``(2, 3)`` to ``(2, 2)``.
# The Jacobian has shape ``(2, 2, 2, 3)``: a block of the shape of ``x`` for each output.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch

from vjp_guide import contract, jacobian


def function(x):
    return x @ (x**2).T


x = torch.tensor([[1.0, 2.0, 0.0], [1.0, 0.0, 3.0]], requires_grad=True)
u = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])  # like x
v = torch.tensor([[1.0, 0.0], [-2.0, 3.0]])  # like y
y = function(x)
J = jacobian(y, x).numpy()
J.shape

# %%
# Two products
# ------------
# Forward mode gives :math:`J u`, of the shape of ``y``; ``torch.autograd.grad`` gives :math:`J^\top v`, of the shape of ``x``.

with warnings.catch_warnings(action="ignore"):
    Ju = torch.func.jvp(function, (x.detach(),), (u,))[1]  # torch.jit, at first use
(JTv,) = torch.autograd.grad(y, x, v)
print(Ju)
print(JTv)

# %%
# Two inner products, one number
# ------------------------------
# Each inner product multiplies two tensors of one shape entry by entry, and adds up the products.

outputs_side = (v * Ju).sum()
inputs_side = (JTv * u).sum()
print(outputs_side, inputs_side)
assert outputs_side == inputs_side

# %%
# The same from the dense Jacobian, in NumPy: blocks times ``u``, or blocks weighted by ``v``.

assert np.array_equal(np.tensordot(J, u, axes=2), Ju)
assert np.array_equal(contract(v, J), JTv)
assert np.einsum("jk,jkab,ab->", v, J, u) == outputs_side

# %%
# The blocks of J
# ---------------
# Each block is the derivative of one output. Its inner product with ``u`` is an entry of ``Ju``;
# the sum of all blocks, each times its entry of ``v``, is ``Jᵀv``.


def block(ax, values, title):
    limit = 2 * np.abs(values).max()  # pale, so that black numbers are legible
    ax.imshow(values, cmap="PuOr", vmin=-limit, vmax=limit)
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, f"{value:g}", ha="center", va="center", fontsize=12)
    ax.set_title(title, fontsize=11)
    ax.set(xticks=[], yticks=[])


figure, axes = plt.subplots(3, 2, figsize=(6.4, 6.2), layout="constrained")
for j, k in np.ndindex(2, 2):
    entry = f"∂y[{j},{k}]/∂x: v = {v[j, k]:g}, Ju = {Ju[j, k]:g}"
    block(axes[j, k], J[j, k], entry)
block(axes[2, 0], u.numpy(), "u, like x")
block(axes[2, 1], JTv.numpy(), "Jᵀv, the weighted sum of blocks")
figure.suptitle(
    f"The blocks of J: ⟨v, Ju⟩ = {outputs_side:g}, ⟨Jᵀv, u⟩ = {inputs_side:g}"
)
plt.show()
