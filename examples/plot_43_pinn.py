r"""PINN: u_x and u_xx of a network, against its closed form
========================================================

The network takes points :math:`(x, t)` to :math:`u`, and a differential equation asks for :math:`u_x` and :math:`u_{xx}`.
Each is one more call with ones as ``v``, :math:`u_{xx}` on :math:`u_x`, because :math:`u` at a point depends on that point alone.
Mixed derivatives and the traps: :doc:`/how-to/recipes/pinn-derivatives`.

.. tested by: exercise-20
"""

# %%
# Columns first, then the network
# -------------------------------
# ``x`` and ``t`` are tensors of their own, of shape ``(200, 1)``, so that ``x`` alone can be an input of ``torch.autograd.grad``.

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from vjp_guide import jacobian

torch.manual_seed(0)
hidden, last = nn.Linear(2, 16).double(), nn.Linear(16, 1).double()
net = nn.Sequential(hidden, nn.Tanh(), last)

x = torch.linspace(-3, 3, 200, dtype=torch.float64)[:, None].requires_grad_()
t = torch.full((200, 1), 0.5, dtype=torch.float64)
# u has shape (200, 1)
u = net(torch.cat([x, t], dim=1))


def derivative(y: Tensor, x: Tensor) -> Tensor:
    """Return the derivative at each point, as a part of the graph."""
    v = torch.ones_like(y)
    (r,) = torch.autograd.grad(y, x, grad_outputs=v, create_graph=True)
    return r


u_x = derivative(u, x)  # (200, 1)
# (200, 1): of u_x, not of u
u_xx = derivative(u_x, x)
u_xx.shape

# %%
# Why ones are right
# ------------------
# As a matrix, the Jacobian of :math:`u` with respect to :math:`x` is diagonal, here for the first three points:

J = jacobian(u[:3], x)[:, 0, :3, 0]
assert torch.equal(J, J.diagonal().diag())
assert torch.allclose(J.diagonal(), u_x[:3, 0])
J

# %%
# Checked with the closed form
# ----------------------------
# :math:`u = b + \sum_k c_k \tanh(a_k)` with a bias :math:`b` and :math:`a_k` linear in :math:`x`, so the derivatives follow from
# :math:`\tanh' = 1 - \tanh^2` and :math:`\tanh'' = -2 \tanh\, (1 - \tanh^2)`.

with torch.no_grad():
    # s has shape (200, 16)
    s = torch.tanh(hidden(torch.cat([x, t], dim=1)))
    w, c = hidden.weight[:, 0], last.weight[0]
    closed_x = ((1 - s**2) * w * c).sum(dim=1, keepdim=True)
    closed_xx = (-2 * s * (1 - s**2) * w**2 * c).sum(dim=1, keepdim=True)
assert torch.allclose(u_x, closed_x)
assert torch.allclose(u_xx, closed_xx)

# %%
# Lines by autograd, dots by formula
# ----------------------------------
# The line without dots is the network's output. The others are what autograd gives, and dots are the closed form.

fig, axis = plt.subplots(figsize=(6.4, 4), layout="constrained")
axis.set_title("u, and u_x and u_xx by autograd and in closed form", fontsize=13)
lines = {"u": (u, None), "u_x": (u_x, closed_x), "u_xx": (u_xx, closed_xx)}
for (name, (line, dots)), colour in zip(
    lines.items(), ["black", "#5b3fa8", "#b3541e"], strict=True
):
    axis.plot(x.detach().numpy(), line.detach().numpy(), color=colour, label=name)
    if dots is not None:
        axis.plot(x.detach().numpy()[::10], dots.numpy()[::10], "o", color=colour)
axis.set_xlabel("x, at t = 0.5", fontsize=11)
axis.legend(fontsize=11)
plt.show()
