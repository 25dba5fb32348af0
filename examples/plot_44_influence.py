r"""Influence functions: estimated, and compared with training again
================================================================

How would the loss at a test point change without one training sample?
One linear solve with the Hessian and one call of ``torch.autograd.grad`` estimate it for all samples.
The derivation and the traps: :doc:`/how-to/recipes/influence-functions`.

.. tested by: exercise-19
"""

# %%
# A model and its training
# ------------------------
# Logistic regression with 4 parameters ``w`` and weight decay on 60 samples with labels 1 and -1, of which 6 are wrong.
# Each sample has a weight in the objective, an entry of ``s``, all 1 in training.

import matplotlib.pyplot as plt
import torch
from torch import Tensor
from torch.nn.functional import softplus

torch.manual_seed(0)
X = torch.randn(60, 4, dtype=torch.float64)
labels = torch.sign(X @ torch.tensor([2.0, -1.0, 0.5, 0.0], dtype=torch.float64))
labels[:6] *= -1  # the wrong ones


def train(s: Tensor) -> Tensor:
    """Return the minimiser of the objective, by Newton's method without autograd."""
    w = torch.zeros(4, dtype=torch.float64)
    for _ in range(10):
        p = torch.sigmoid(-labels * (X @ w))
        gradient = -(s * p * labels) @ X + w
        hessian = X.T @ ((s * p * (1 - p))[:, None] * X) + torch.eye(4)
        w = w - torch.linalg.solve(hessian, gradient)
    return w


s = torch.ones(60, dtype=torch.float64, requires_grad=True)
w = train(s.detach()).requires_grad_()
objective = s @ softplus(-labels * (X @ w)) + 0.5 * (w @ w)
# g has shape (4,)
(g,) = torch.autograd.grad(objective, w, create_graph=True)
assert g.norm() < 1e-12

# %%
# One solve, one call
# -------------------
# Conjugate gradients solve :math:`H \lambda = v` by products :math:`H u` alone, each a call of ``torch.autograd.grad``; four steps do for a :math:`\lambda` of shape ``(4,)``.
# Then one call with :math:`\lambda` as ``grad_outputs`` gives the change for each sample.

test_point = torch.tensor([1.0, -0.5, 1.0, -1.0], dtype=torch.float64)


def test_loss(w: Tensor) -> Tensor:
    """Return the loss at the test point, whose label is 1."""
    return softplus(-w @ test_point)


# v has shape (4,), like w
(v,) = torch.autograd.grad(test_loss(w), w)
lam, residual, direction = torch.zeros_like(v), v, v
for _ in range(4):
    (image,) = torch.autograd.grad(g, w, grad_outputs=direction, retain_graph=True)
    square = residual @ residual
    step = square / (direction @ image)
    lam, residual = lam + step * direction, residual - step * image
    direction = residual + (residual @ residual) / square * direction
assert residual.norm() < 1e-10

# change has shape (60,), like s
(change,) = torch.autograd.grad(g, s, grad_outputs=lam, retain_graph=True)
change[:6]

# %%
# Trained again, without each sample in turn
# ------------------------------------------

with torch.no_grad():
    without = torch.ones(60, 60, dtype=torch.float64).fill_diagonal_(0)
    true = torch.stack([test_loss(train(weights)) for weights in without])
    true -= test_loss(w)
assert set(true.argsort()[:3].tolist()) == {0, 2, 3}  # three of the wrong ones
correlation = torch.corrcoef(torch.stack([change, true]))[0, 1]
assert correlation > 0.99
correlation

# %%
# Estimate against true change
# ----------------------------
# The points lie near the diagonal, and three of the six wrong labels are the samples whose absence would lower the loss most.

fig, axis = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
axis.set_title("Test loss without one training sample", fontsize=13)
ends = [true.min().item(), true.max().item()]
axis.plot(ends, ends, color="black", linestyle="--", label="equal")
kinds = [
    ("right label", slice(6, None), "#5b3fa8"),
    ("wrong label", slice(6), "#b34700"),
]
for label, part, color in kinds:
    axis.scatter(change[part].numpy(), true[part].numpy(), color=color, label=label)
axis.set_xlabel("estimated change", fontsize=11)
axis.set_ylabel("change after training again", fontsize=11)
axis.legend(fontsize=11)
plt.show()
