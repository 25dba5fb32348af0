"""Time dense Jacobians of ``tanh(W @ x)``, ours and torch's, side by side.

Run ``python benchmarks/jacobian.py``.
Ours, ``is_grads_batched`` and the loop start from an existing graph, so their times
leave out the forward pass; those of ``jacrev`` and ``functional.jacobian`` hold it.
Then 1, 2 and 4 processes share the rows of a larger one, and each says the processor
time of its blocks, and by how much its memory grew.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

import vjp_guide

SHAPES = {"tall": (2048, 64), "wide": (64, 2048), "square": (512, 512)}
PROGRAM = Path(__file__).parents[1] / "examples" / "programs" / "jacobian_blocks.py"
SHARED = {"outputs": 4096, "inputs": 4096, "rows": 256}
Method = Callable[[], Tensor]


def methods(outputs: int, inputs: int) -> dict[str, Method]:
    """Return the ways to compute one Jacobian, by name."""
    weight = torch.randn(outputs, inputs) / inputs**0.5
    x = torch.randn(inputs, requires_grad=True)
    point = x.detach()

    def function(x: Tensor) -> Tensor:
        return torch.tanh(weight @ x)

    y = function(x)

    def rows(v: Tensor, *, batched: bool = False) -> Tensor:
        return torch.autograd.grad(
            y, x, v, retain_graph=True, is_grads_batched=batched
        )[0]

    functional = torch.autograd.functional
    return {
        "vjp_guide.jacobian": lambda: vjp_guide.jacobian(y, x),
        "func.jacrev": lambda: torch.func.jacrev(function)(point),
        "functional": lambda: functional.jacobian(function, point),
        "functional vectorize": lambda: functional.jacobian(
            function, point, vectorize=True
        ),
        "is_grads_batched": lambda: rows(torch.eye(outputs), batched=True),
        "loop": lambda: torch.stack([rows(v) for v in torch.eye(outputs)]),
    }


def medians(methods: dict[str, Method], rounds: int) -> dict[str, float]:
    """Return the median CPU times in ms, of rounds that take all methods in any order.

    What runs before a method decides what of its data the caches hold.
    """
    times: dict[str, list[float]] = {name: [] for name in methods}
    expected = methods["loop"]()
    for method in methods.values():
        torch.testing.assert_close(method(), expected)
    for _ in range(rounds):
        for name in random.sample(list(methods), len(methods)):
            start = time.process_time()
            methods[name]()
            times[name].append(1000 * (time.process_time() - start))
    return {name: statistics.median(taken) for name, taken in times.items()}


def shared(size: int) -> str:
    """Return what processes that share the rows say of their time and memory."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    torchrun += ["--local-addr", "127.0.0.1"]  # some can't look up their own name
    options = [word for key, at in SHARED.items() for word in (f"--{key}", str(at))]
    with tempfile.TemporaryDirectory() as folder:
        command = [*torchrun, "--nproc-per-node", str(size), str(PROGRAM), folder]
        return subprocess.check_output(
            [*command, *options, "--measure"],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            encoding="utf-8",
        )


def main() -> None:
    """Print a table of times and of their ratios to ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    print(f"torch {torch.__version__}, one thread, CPU time, median of {rounds} rounds")
    for name, (outputs, inputs) in SHAPES.items():
        taken = medians(methods(outputs, inputs), rounds)
        ours = taken["vjp_guide.jacobian"]
        print(f"\n{name}: {outputs} outputs, {inputs} inputs")
        for method, milliseconds in taken.items():
            print(f"  {method:<21}{milliseconds:9.2f} ms{milliseconds / ours:8.2f} x")
    for size in (1, 2, 4):
        print(f"\n{size} processes, {SHARED}", shared(size), sep="\n", end="")


if __name__ == "__main__":
    main()
