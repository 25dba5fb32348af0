r"""Height field: what a pullback looks like
========================================

A cotangent ``v`` is the slope of a height over the output plane.
Give each input the height of its output: the slope over the input plane, at the point where :math:`J` is taken, is the vector-Jacobian product :math:`J^\top v`, also called the pullback of ``v``.

.. tested by: exercise-03
"""

# %%
# A curved map of the plane
# -------------------------

import matplotlib.pyplot as plt
import numpy as np
import torch

from vjp_guide import contract, jacobian


def function(x):
    a, b = x.unbind(-1)  # coordinates are the last axis
    return torch.stack([a + b**2 / 2, b - a.sin() * b / 2], dim=-1)


p = torch.tensor([0.4, 0.9], dtype=torch.float64, requires_grad=True)
v = torch.tensor([1.0, -0.5], dtype=torch.float64)  # a cotangent at f(p)
u = torch.tensor([0.6, 0.5], dtype=torch.float64)  # a tangent at p
y = function(p)

# %%
# Forward with the tangent, back with the cotangent
# -------------------------------------------------

J = jacobian(y, p)
(JTv,) = torch.autograd.grad(y, p, v)
Ju = J @ u
print("J =", J.tolist())
print("<v, Ju>   =", float(v @ Ju))
print("<J^T v, u> =", float(JTv @ u))
torch.testing.assert_close(v @ Ju, JTv @ u)

# %%
# Checked without autograd: ``Ju`` by a small step along ``u``, :math:`J^\top v` by NumPy.

with torch.no_grad():
    step = 1e-6 * u
    torch.testing.assert_close(
        (function(p + step) - function(p - step)) / 2e-6, Ju, rtol=1e-7, atol=1e-7
    )
assert np.allclose(contract(v, J), JTv)

# %%
# Two height fields
# -----------------
# The derivative of the map carries ``u`` to ``Ju``, left to right; the map itself carries the height field back, right to left.
# To first order, a small step along ``u`` climbs as much on the left as the same fraction of ``Ju`` on the right: :math:`\langle J^\top v, u \rangle = \langle v, Ju \rangle`.

side = torch.linspace(-2.0, 2.0, 81, dtype=torch.float64)
offsets = torch.stack(torch.meshgrid(side, side, indexing="xy"), dim=-1)
base, image = p.detach(), y.detach()
reached = (function(base + offsets) - image) @ v
plane = offsets @ v

# %%
# Right: the height :math:`\langle v, y - f(p) \rangle` over the output plane, a tilted plane whose steepest ascent is ``v``.
# Left: the height that each input reaches, :math:`\langle v, f(x) - f(p) \rangle`. It is curved, and its steepest ascent at ``p`` is :math:`J^\top v`.
# The one line that is drawn is height zero: ``v`` and :math:`J^\top v` stand at right angles to it.

style = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.012}
text = {"ha": "center", "va": "center", "fontsize": 13}
text["bbox"] = {"boxstyle": "round,pad=0.2", "facecolor": "white"}
figure, axes = plt.subplots(1, 2, figsize=(9.6, 5.0), layout="constrained")
figure.set_facecolor("white")
panels = [
    ("x", "input plane", base, reached, (u, "u"), (JTv, "Jᵀv")),
    ("y", "output plane", image, plane, (Ju, "Ju"), (v, "v")),
]
for ax, (letter, name, origin, height, tangent, cotangent) in zip(
    axes, panels, strict=True
):
    a, b = (origin + offsets).unbind(-1)
    levels = np.arange(-4.0, 4.5, 0.5)
    filled = ax.contourf(a, b, height, levels, cmap="PuOr", extend="both")
    ax.contour(a, b, height, [0.0], colors="black", linewidths=1.5)
    for (arrow, label), colour in [(tangent, "#004d40"), (cotangent, "black")]:
        ax.quiver(*origin, *arrow, color=colour, **style)
        ax.text(*(origin + 1.25 * arrow), label, color=colour, **text)
    climb = float(cotangent[0] @ tangent[0])
    ax.set_title(f"{name}: ⟨{cotangent[1]}, {tangent[1]}⟩ = {climb:.4f}", fontsize=13)
    ax.set(aspect="equal", xlabel=f"{letter}[0]", ylabel=f"{letter}[1]")
figure.colorbar(filled, ax=axes, label="height", shrink=0.8)
figure.suptitle("A cotangent as a height field, pulled back from right to left")
plt.show()
