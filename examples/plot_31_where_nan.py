r"""Where NaN comes from: right values, wrong gradient
==================================================

``torch.where`` picks the right values from a branch that isn't defined everywhere, and the gradient is ``nan`` all the same.
A second ``where`` in front of the bad operation cures it.
Other cures: :doc:`/explanation/non-differentiable`.

.. tested by: exercise-25
"""

# %%
# One where
# ---------
# The square root for positive ``x``, and 0 for the rest. The values are fine:

import matplotlib.pyplot as plt
import numpy as np
import torch

x = torch.linspace(-2, 2, 81, dtype=torch.float64, requires_grad=True)
single = torch.where(x > 0, x.sqrt(), 0.0)
v = torch.ones_like(single)
assert single.isfinite().all()

# %%
# The gradient isn't. Where ``x`` isn't positive, ``where`` hands the weight 0 to ``sqrt``,
# and ``sqrt`` multiplies it by its own derivative, which is ``inf`` at 0 and ``nan`` below; 0 times either is ``nan``.

(gradient_single,) = torch.autograd.grad(single, x, v)
print("finite values:   ", int(single.isfinite().sum()), "of", single.numel())
print("finite gradients:", int(gradient_single.isfinite().sum()), "of", single.numel())
assert torch.equal(gradient_single.isnan(), x <= 0)

# %%
# Two wheres
# ----------
# The inner one replaces the bad inputs *before* the square root sees them.

safe = torch.where(x > 0, x, 1.0)
double = torch.where(x > 0, safe.sqrt(), 0.0)
(gradient_double,) = torch.autograd.grad(double, x, v)
assert torch.equal(single, double)

# %%
# NumPy, with the derivative written by hand:

at = x.detach().numpy()
by_hand = np.zeros_like(at)
by_hand[at > 0] = 0.5 / np.sqrt(at[at > 0])
assert np.allclose(gradient_double, by_hand)

# %%
# And by finite differences, away from the edge:

h = 1e-6
inside = np.abs(at) > h
slope = (np.sqrt(np.maximum(at + h, 0)) - np.sqrt(np.maximum(at - h, 0))) / (2 * h)
assert np.allclose(gradient_double.numpy()[inside], slope[inside], rtol=1e-5)

# %%
# Values and gradients side by side
# ---------------------------------
# The values can't tell the two apart. The gradients can: one is ``nan`` in half of the picture.

fig, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained", sharex=True)
panels = [
    ("value, both ways", single.detach(), "#1d4ed8"),
    ("gradient, one where", gradient_single, "#b45309"),
    ("gradient, two wheres", gradient_double, "#0f766e"),
]
for ax, (title, numbers, colour) in zip(axes, panels, strict=True):
    ax.plot(at, numbers, "o", color=colour, ms=4)
    ax.set_title(title, fontsize=12)
    ax.set_xlabel("x")
    ax.set_ylim(-0.2, 2.5)
axes[1].axvspan(-2, 0, color="#b45309", alpha=0.15)
axes[1].text(-1, 1.2, "nan", ha="center", fontsize=16, color="#b45309")
fig.suptitle("torch.where(x > 0, sqrt(x), 0): values and gradients", fontsize=13)
plt.show()
