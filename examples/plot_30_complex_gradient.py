r"""Complex gradient: the arrow that torch returns points uphill
============================================================

For a real loss :math:`L` of a complex :math:`z = a + b\,i`, ``torch.autograd.grad`` returns
:math:`\partial L/\partial a + i\, \partial L/\partial b`, which is an arrow in the complex plane.
Here :math:`L = |z^2 - 1|^2`, with its lowest points at :math:`z = \pm 1`.
Why it is so: :doc:`/explanation/complex`.

.. tested by: exercise-23
"""

# %%
# One call for a whole grid
# -------------------------
# Each point has its own loss, so a weight of 1 for each loss gives each point its own gradient.

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from numpy.typing import NDArray

a, b = np.meshgrid(np.linspace(-1.6, 1.6, 17), np.linspace(-1.2, 1.2, 13))
z = torch.tensor(a + 1j * b, requires_grad=True)
L = (z**2 - 1).abs().square()
(gradient,) = torch.autograd.grad(L, z, grad_outputs=torch.ones_like(L))
print(gradient.dtype, tuple(gradient.shape))

# %%
# The same by finite differences
# ------------------------------
# Move :math:`z` a little to the right, then a little upwards, and see how :math:`L` changes. NumPy alone:


def loss(z: NDArray[Any]) -> NDArray[Any]:
    """Return the loss at each point."""
    return np.asarray(np.abs(z**2 - 1) ** 2)


points, h = a + 1j * b, 1e-6
along_a = (loss(points + h) - loss(points - h)) / (2 * h)
along_b = (loss(points + 1j * h) - loss(points - 1j * h)) / (2 * h)
assert np.allclose(gradient.numpy(), along_a + 1j * along_b, atol=1e-6)

# %%
# On paper, the gradient is :math:`2\,\partial L/\partial z^* = 4 (z^2 - 1)\, z^*`, twice the Wirtinger derivative by the conjugate.

on_paper = 4 * (points**2 - 1) * points.conj()
assert np.allclose(gradient.numpy(), on_paper)

# %%
# Downhill without conjugation
# ----------------------------
# From this start, steps against the arrow lead to one of the two lowest points, ``z = 1``.

path = [0.35 + 1.1j]
for _ in range(60):
    here = torch.tensor(path[-1], dtype=torch.complex128, requires_grad=True)
    (step,) = torch.autograd.grad((here**2 - 1).abs().square(), here)
    path.append(path[-1] - 0.03 * step.item())
assert np.isclose(path[-1], 1)

# %%
# Arrows over contours
# --------------------
# Wide arrows are torch's, thin ones the finite differences on top of them.
# All have the same length, to show the directions, but for three where it is zero; the contours show the steepness.

fig, ax = plt.subplots(figsize=(7.8, 6.0), layout="constrained")
fine = np.meshgrid(np.linspace(-1.75, 1.75, 180), np.linspace(-1.35, 1.35, 144))
levels = [0.1, 0.4, 0.9, 1.6, 3, 5, 8, 12, 18]
ax.contour(
    *fine, loss(fine[0] + 1j * fine[1]), levels, colors="#8c959f", linewidths=0.8
)
size = np.maximum(np.abs(on_paper), 1e-9)
for u, w, colour, width in [
    (gradient.numpy().real, gradient.numpy().imag, "#f59e0b", 0.007),
    (along_a, along_b, "#1f2328", 0.0018),
]:
    ax.quiver(
        a, b, u / size, w / size, color=colour, width=width, pivot="mid", scale=22
    )
ax.plot(
    np.real(path),
    np.imag(path),
    "o-",
    color="#1d4ed8",
    ms=4,
    lw=1.5,
    label="gradient descent",
)
ax.plot([-1, 1], [0, 0], "*", color="#0f766e", ms=15, label="L = 0")
ax.set(
    xlabel="a, the real part of z", ylabel="b, the imaginary part of z", aspect="equal"
)
ax.set_title("L = |z² - 1|²: torch's complex gradient and finite differences")
ax.legend(loc="upper left", fontsize=10)
plt.show()
