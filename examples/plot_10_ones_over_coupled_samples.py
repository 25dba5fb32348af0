r"""Ones over coupled samples: three maps of the Jacobian
=====================================================

``grad_outputs=torch.ones_like(y)`` gives each sample its own derivative if no output depends on another sample.
A map of :math:`|J|` shows whether that holds: here for a linear layer, for batch normalisation in training, and for a softmax over the batch.

.. tested by: exercise-12
"""

# %%
# Three functions of one batch
# ----------------------------
# ``x`` has shape ``(6, 1)``: six samples of one number. So has each output, and each Jacobian has shape ``(6, 1, 6, 1)``.

import matplotlib.pyplot as plt
import torch

from vjp_guide import contract, jacobian

x = torch.tensor([[-2.0], [-1.0], [0.0], [0.5], [1.0], [3.0]], requires_grad=True)
linear = torch.nn.Linear(1, 1)
torch.nn.init.constant_(linear.weight, 1.5)

outputs = {
    "linear layer": linear(x),
    "batch normalisation": torch.nn.BatchNorm1d(1)(x),
    "softmax over the batch": x.softmax(dim=0),
}
maps = {name: jacobian(y, x)[:, 0, :, 0] for name, y in outputs.items()}

# %%
# What ones give
# --------------
# The call returns the column sums of the map.
# The diagonal is what was meant: the derivative of each sample's output with respect to that sample.

none = torch.zeros(6)
for name, y in outputs.items():
    (result,) = torch.autograd.grad(y, x, torch.ones_like(y), retain_graph=True)
    sums = contract(torch.ones(6), maps[name])
    torch.testing.assert_close(result[:, 0], torch.from_numpy(sums), check_dtype=False)
    print(f"{name}\n  ones:     {result[:, 0].numpy().round(3) + 0.0}")  # without -0
    print(f"  diagonal: {maps[name].diagonal().numpy().round(3)}")

# %%
# For the linear layer the two agree. For the others ones give zero, whatever the data:
# the outputs of batch normalisation always add up to 0, and those of a softmax to 1, so their sum has no slope.

assert maps["linear layer"].equal(1.5 * torch.eye(6))
for name in ["batch normalisation", "softmax over the batch"]:
    torch.testing.assert_close(maps[name].sum(dim=0), none)
    assert maps[name].diagonal().gt(0).all()

# %%
# The maps in closed form
# -----------------------
# The closed forms are :math:`(\delta_{ij} - 1/6 - n_i n_j/6)/s`, where :math:`n` is the normalised batch and :math:`s` the root of the variance of ``x`` plus ``eps``,
# and :math:`p_i(\delta_{ij} - p_j)` for the softmax :math:`p`.

n = outputs["batch normalisation"].detach()[:, 0]
p = outputs["softmax over the batch"].detach()[:, 0]
s = (x.detach().var(correction=0) + torch.nn.BatchNorm1d(1).eps).sqrt()
by_hand = (torch.eye(6) - 1 / 6 - torch.outer(n, n) / 6) / s
torch.testing.assert_close(maps["batch normalisation"], by_hand)
torch.testing.assert_close(maps["softmax over the batch"], p.diag() - torch.outer(p, p))

# %%
# Three maps, one of them diagonal
# --------------------------------
# The fuller a cell, the larger its entry, and each map has its own scale: cells that look empty in the last map are small, not 0. The first map alone is diagonal, so there alone ones are right.
# What to write for the others: :doc:`/how-to/ones-like`.

figure, axes = plt.subplots(1, 3, figsize=(7, 3), layout="constrained")
for axis, (name, J) in zip(axes, maps.items(), strict=True):
    axis.imshow(J.abs().numpy(), cmap="Purples", vmin=0)
    axis.set_title(name, fontsize=11)
    axis.set_xlabel("input sample", fontsize=11)
axes[0].set_ylabel("output sample", fontsize=11)
figure.suptitle("|J| is diagonal for the linear layer alone", fontsize=13)
plt.show()
