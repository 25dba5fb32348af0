r"""Pipeline in two processes: a cotangent crosses the wire
========================================================

Two processes hold half of a network each. The activation :math:`y` goes from the first to the second,
and the cotangent :math:`\partial L/\partial y`, of the same shape, comes back as ``grad_outputs``.
The rule and its traps: :doc:`/how-to/systems/pipeline`.

.. tested by: exercise-11
"""

# %%
# The program of the two processes
# --------------------------------
# Process 0 computes ``y`` from ``x`` and sends it. Process 1 computes ``L`` from what it received.
# Neither has a graph that reaches into the other: the two calls of ``torch.autograd.grad`` meet at ``y``.

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from vjp_guide import contract, jacobian
from vjp_guide.figures import Stage, chain

PROGRAM = """
import json
import sys
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed

rank, folder = int(sys.argv[1]), Path(sys.argv[2])
distributed.init_process_group(
    "gloo",
    store=distributed.FileStore(str(folder / "store"), 2),  # a file: no port to choose
    rank=rank,
    world_size=2,
    timeout=timedelta(minutes=4),  # a lost partner ends in an error
)
if rank == 0:
    # x has shape (3,)
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    W = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]], requires_grad=True)
    y = W @ x  # (2,)
    distributed.send(y.detach(), dst=1)
    # (2,), like y
    dL_dy = torch.empty_like(y)
    distributed.recv(dL_dy, src=1)
    dL_dx, dL_dW = torch.autograd.grad(y, (x, W), grad_outputs=dL_dy)
    result = {"dL_dy": dL_dy, "dL_dx": dL_dx, "dL_dW": dL_dW}
    print(json.dumps({name: tensor.tolist() for name, tensor in result.items()}))
else:
    y = torch.empty(2)
    distributed.recv(y, src=0)
    # L has shape ()
    L = y.requires_grad_()[0] ** 2 * y[1]
    (dL_dy,) = torch.autograd.grad(L, y)
    distributed.send(dL_dy, dst=0)
distributed.destroy_process_group()
"""

# %%
# Run it
# ------
# Each process is a Python of its own, and process 0 prints what it found.

with tempfile.TemporaryDirectory() as folder:
    script = Path(folder) / "stage.py"
    script.write_text(PROGRAM, encoding="utf-8")
    stages = [
        subprocess.Popen(  # noqa: S603 - the program above
            [sys.executable, str(script), rank, folder], stdout=subprocess.PIPE
        )
        for rank in ("0", "1")
    ]
    try:
        printed, _ = stages[0].communicate(timeout=300)
        stages[1].communicate(timeout=300)
    finally:
        for stage in stages:
            stage.kill()
received = json.loads(printed)
received

# %%
# Checked in one process
# ----------------------
# The same network in one piece, and the product of the cotangent that came over the wire with the dense Jacobian:

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
W = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]], requires_grad=True)
y = W @ x
L = y[0] ** 2 * y[1]

dL_dx, dL_dW = torch.autograd.grad(L, (x, W), retain_graph=True)
assert received["dL_dx"] == dL_dx.tolist()
assert received["dL_dW"] == dL_dW.tolist()
assert received["dL_dx"] == contract(received["dL_dy"], jacobian(y, x)).tolist()

# %%
# By hand: :math:`y = (5, 11)`, so :math:`\partial L/\partial y = (2 y_0 y_1,\ y_0^2) = (110, 25)`.

assert received["dL_dy"] == [110, 25]

# %%
# The wire as a step of the chain
# -------------------------------
# To send is an operation whose Jacobian is the identity: the cotangent of what arrives is the cotangent of what was sent.

wire = [Stage("x", (3,)), Stage("y", (2,)), Stage("y", (2,)), Stage("L", ())]
chain(wire, ["W @ x", "send", "y₀² y₁"])
