"""Time dense Jacobians of ``tanh(W @ x)``, ours and torch's, side by side.

Run ``python benchmarks/jacobian.py``.
Each cell is a median, and in brackets the quartiles, of rounds in each of which every
method runs once, in random order: the wall time, and that of the processor, which other
programs of the machine change less. The ratio is the median of those to our processor
time of the same round.
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
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

import vjp_guide

SHAPES = {"tiny": (3, 4), "tall": (2048, 64), "wide": (64, 2048), "square": (512, 512)}
PROGRAM = Path(__file__).parents[1] / "examples" / "programs" / "jacobian_blocks.py"
SHARED = {"outputs": 4096, "inputs": 4096, "rows": 256}
Method = Callable[[], Tensor]
Taken = tuple[float, float]


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


def measure(methods: dict[str, Method], rounds: int) -> dict[str, list[Taken]]:
    """Return the times of rounds that take all methods in any order.

    What runs before a method decides what of its data the caches hold.
    """
    expected = methods["loop"]()
    for method in methods.values():
        torch.testing.assert_close(method(), expected)
    times: dict[str, list[Taken]] = {name: [] for name in methods}
    for _ in range(rounds):
        for name in random.sample(list(methods), len(methods)):
            times[name].append(seconds(methods[name]))
    return times


def seconds(method: Method) -> Taken:
    """Return the wall time and the processor time of one run, in seconds."""
    wall, own = time.perf_counter(), time.process_time()
    method()
    return time.perf_counter() - wall, time.process_time() - own


def row(times: list[Taken], ours: list[Taken]) -> str:
    """Return the wall times, the processor times and their ratios as text."""
    wall, own = zip(*times, strict=True)
    ratios = [t / u for (_, t), (_, u) in zip(times, ours, strict=True)]
    walls, owns = ([1000 * t for t in column] for column in (wall, own))
    return f"{spread(walls)} ms{spread(owns)} ms{spread(ratios)} x"


def spread(values: Sequence[float]) -> str:
    """Return the median, with the quartiles in brackets."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:10.2f} [{low:7.2f},{high:8.2f}]"


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


def load() -> str:
    """Return how many programs the processors have had to run in the last minute."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def main() -> None:
    """Print a table of times and of their ratios to ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--alone", action="store_true", help="share no rows")
    options = parser.parse_args()
    rounds = options.rounds
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    print(f"torch {torch.__version__}, one thread, {rounds} rounds, load {load()}")
    for name, (outputs, inputs) in SHAPES.items():
        times = measure(methods(outputs, inputs), rounds)
        print(f"\n{name}: {outputs} outputs, {inputs} inputs; wall, processor, ratio")
        for method, taken in times.items():
            print(
                f"  {method:<21}{row(taken, times['vjp_guide.jacobian'])}", flush=True
            )
    for size in () if options.alone else (1, 2, 4):
        print(f"\n{size} processes, {SHARED}", shared(size), sep="\n", end="")


if __name__ == "__main__":
    main()
