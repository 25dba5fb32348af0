r"""Six ways to a Jacobian: time and memory, tall and wide
======================================================

A Jacobian of ``m`` outputs by ``n`` inputs takes ``m`` vector-Jacobian products or ``n`` Jacobian-vector products.
The ways differ in which they take, and in whether they take them one by one or all at once.

.. tested by: exercise-15
"""

# %%
# The function
# ------------
# :math:`y = \tanh(W x)` with ``W`` of shape ``(m, n)``. The closed form of its Jacobian is the check.

import os
import statistics
import time
import warnings

import matplotlib.pyplot as plt
import torch
from matplotlib.ticker import LogLocator, NullFormatter

from vjp_guide import jacobian

os.environ["KINETO_LOG_LEVEL"] = "99"  # the profiler writes to the terminal otherwise
warnings.simplefilter("ignore")  # torch.func, at its first use
torch.set_num_threads(1)


def make(m, n):
    w = torch.randn(m, n, dtype=torch.float64) / n**0.5
    x = torch.randn(n, dtype=torch.float64, requires_grad=True)
    return w, lambda x: torch.tanh(w @ x), x


# %%
# The six ways
# ------------
# ``jacfwd`` takes columns, in forward mode; the other five take rows, in reverse mode.
# ``vjp_guide.jacobian`` starts from a graph that is there already.


def loop(f, x):
    y = f(x)
    rows = []
    for place in range(len(y)):
        v = torch.zeros_like(y)
        v[place] = 1
        rows += torch.autograd.grad(y, x, v, retain_graph=True)
    return torch.stack(rows)


def is_grads_batched(f, x):
    y = f(x)
    rows = torch.eye(len(y), dtype=y.dtype)
    return torch.autograd.grad(y, x, rows, is_grads_batched=True)[0]


ways = {
    "loop of VJPs": loop,
    "is_grads_batched": is_grads_batched,
    "functional.jacobian": torch.autograd.functional.jacobian,
    "torch.func.jacrev": lambda f, x: torch.func.jacrev(f)(x.detach()),
    "torch.func.jacfwd": lambda f, x: torch.func.jacfwd(f)(x.detach()),
    "vjp_guide.jacobian": lambda f, x: jacobian(f(x), x),
}

# %%
# All give the closed form, :math:`J_{o,i} = (1 - y_o^2)\, W_{o,i}`.

for m, n in [(5, 3), (3, 5)]:
    w, f, x = make(m, n)
    closed = (1 - f(x).detach() ** 2)[:, None] * w
    for way in ways.values():
        torch.testing.assert_close(way(f, x).detach(), closed)

# %%
# Memory
# ------
# The profiler reports each allocation. The peak is printed with the Jacobian itself, which counts as 1; the rest is what a way costs. It is the same in each run.


def peak_bytes(way, f, x):
    with torch.profiler.profile(profile_memory=True) as run:
        way(f, x)
    events = [e for e in run.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return peak


shapes = {"tall: 1024 by 32": (1024, 32), "wide: 32 by 1024": (32, 1024)}
memory = {}
for shape, (m, n) in shapes.items():
    _, f, x = make(m, n)
    size = 8 * m * n
    memory[shape] = [peak_bytes(way, f, x) / size for way in ways.values()]
    print(f"{shape}, peak as a multiple of the Jacobian's {size // 1024} KiB")
    for name, peak in zip(ways, memory[shape], strict=True):
        print(f"  {name:20} {peak:6.1f}")

# %%
# On the tall Jacobian ``is_grads_batched`` and ``jacrev`` hold all one-hot rows at once, 1024 by 1024 numbers, 32 times the Jacobian; forward mode holds 32 one-hot columns.
# On the wide one it is the other way round.
# ``vjp_guide.jacobian`` takes the rows in chunks below its ``max_bytes``, and ``jacrev`` and ``jacfwd`` have a ``chunk_size``.
#
# Time
# ----
# Times differ from run to run, so they are in the picture alone.


def seconds(way, f, x):
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        way(f, x)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs)


times = {}
for shape, (m, n) in shapes.items():
    _, f, x = make(m, n)
    times[shape] = [1e3 * seconds(way, f, x) for way in ways.values()]

by_way = dict(zip(ways, times["tall: 1024 by 32"], strict=True))
assert by_way["torch.func.jacfwd"] < by_way["loop of VJPs"]
assert by_way["vjp_guide.jacobian"] < by_way["loop of VJPs"]

# %%
# The cliff of ``is_grads_batched``
# ---------------------------------
# ``is_grads_batched`` uses an older kind of ``vmap``.
# Its rule for the backward pass of ``w @ x`` is a batch of matrix-vector products (``bmm``), one for each row of ``v``: faster than a loop for a small ``w``, and several times slower for a large one.
#
# ``torch.vmap`` makes one matrix product (``mm``) of them, and ``jacrev`` and ``vjp_guide.jacobian`` use it.
# Written as ``x @ w.T``, the layer is fast both ways.

w, _, x = make(512, 512)
y_slow, y_fast = w @ x, x @ w.T
rows = torch.eye(512, dtype=torch.float64)


def products(y):
    with torch.profiler.profile() as run:
        torch.autograd.grad(y, x, rows, is_grads_batched=True, retain_graph=True)
    names = {event.name() for event in run.profiler.kineto_results.events()}
    return sorted(names & {"aten::bmm", "aten::mm"})


assert products(y_slow) == ["aten::bmm"]
assert products(y_fast) == ["aten::mm"]

# %%
# Milliseconds of the six ways
# ----------------------------
# A dot for each way, with its milliseconds: on the left for many outputs, on the right for many inputs.

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
figure.suptitle("Milliseconds for a Jacobian, six ways: further left is faster")
for axis, (shape, values) in zip(axes, times.items(), strict=True):
    axis.plot(values, list(ways), "o", color="#7c3aed", ms=8)
    for row, value in enumerate(values):
        axis.annotate(f"{value:.1f}", (value, row), (8, -4), textcoords="offset points")
    axis.set(title=shape, xscale="log", xlim=(min(values) / 2, max(values) * 16))
    axis.grid(axis="y", alpha=0.4)
    axis.spines[["top", "right"]].set_visible(False)
    axis.xaxis.set_major_locator(LogLocator(numticks=5))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.xaxis.set_minor_formatter(NullFormatter())
axes[0].invert_yaxis()  # for both: they share it
plt.show()
