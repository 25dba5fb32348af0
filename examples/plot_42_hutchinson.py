r"""Hutchinson's estimate: random signs converge to the trace
=========================================================

For :math:`v` with independent random signs as entries, :math:`v^\top J v` is the trace of the square :math:`J` on average.
Each estimate takes one vector-Jacobian product, by ``torch.autograd.grad``, and no dense Jacobian; ``torch.vmap`` computes many in one call.
The derivation and the traps: :doc:`/how-to/recipes/hutchinson-trace`.

.. tested by: exercise-19
"""

# %%
# One estimate for each ``v``
# ---------------------------
# A function from 10 numbers to 10, whose Jacobian isn't symmetric.

from itertools import product

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from vjp_guide import jacobian

torch.manual_seed(0)
A = torch.randn(10, 10, dtype=torch.float64)
x = torch.randn(10, dtype=torch.float64, requires_grad=True)
y = torch.tanh(A @ x) + x**2


def estimate(v: Tensor) -> Tensor:
    """Return v^T J v, of shape (), for ``v`` of the shape of ``y``."""
    (r,) = torch.autograd.grad(y, x, grad_outputs=v, retain_graph=True)
    return r @ v


draws = torch.randint(0, 2, (1000, 10)).double() * 2 - 1
estimates = torch.vmap(estimate)(draws)
estimates[:5]

# %%
# The exact trace, in two ways
# ----------------------------
# From the dense Jacobian, and as the mean over all :math:`2^{10}` vectors of signs, which is the expectation itself:

J = jacobian(y, x)
trace = J.trace()
signs = torch.tensor(list(product([1.0, -1.0], repeat=10)), dtype=torch.float64)
every = torch.vmap(estimate)(signs)
assert torch.isclose(every.mean(), trace)
trace

# %%
# How far off a mean is
# ---------------------
# The variance of one estimate is twice the sum of the squared off-diagonal entries of the symmetric part of :math:`J`.

S = (J + J.T) / 2
variance = 2 * ((S**2).sum() - (S.diagonal() ** 2).sum())
assert torch.isclose(every.var(correction=0), variance)

# %%
# The variance of the mean of :math:`k` estimates is :math:`k` times smaller, so its standard deviation falls as :math:`1/\sqrt{k}`.

count = torch.arange(1, 1001)
means = estimates.cumsum(0) / count
deviation = (variance / count).sqrt()
assert (means[-1] - trace).abs() < 4 * deviation[-1]

# %%
# The mean nears the trace
# ------------------------
# The mean of the first :math:`k` estimates, and the band of two standard deviations around the trace.

fig, axis = plt.subplots(figsize=(6.4, 4), layout="constrained")
axis.set_title("Mean of k estimates of a trace, and the exact trace", fontsize=13)
low, high = trace - 2 * deviation, trace + 2 * deviation
axis.fill_between(
    count.numpy(),
    low.numpy(),
    high.numpy(),
    color="#d9d2ee",
    label="trace ± 2 standard deviations",
)
axis.plot(count.numpy(), means.numpy(), color="#5b3fa8", label="mean of k estimates")
axis.axhline(trace.item(), color="black", linestyle="--", label="exact trace")
axis.set_xscale("log")
axis.set_xlabel("k, the number of estimates", fontsize=11)
axis.legend(fontsize=11)
plt.show()
