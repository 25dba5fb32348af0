"""Time ``vjp_guide.trace`` against the plain pass, and ``torchviz`` if it is there.

Run ``python benchmarks/trace.py``.
Each method runs on a chain of small products, each in a process of its own, with one
thread, in turn with the plain pass over another such chain, which nothing else has
touched. The times are CPU times, the best of all rounds, and the ratio is to that of
the plain pass. The memory is how far the peak of the process rises above the graphs.
"""

import argparse
import importlib
import importlib.util
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from vjp_guide import trace

LENGTHS = [2_000, 100_000]
AFTER = "torch.autograd.grad after a trace"
Method = Callable[[Tensor, Tensor, Tensor], object]


def plain(y: Tensor, x: Tensor, v: Tensor) -> object:
    """Run the pass alone."""
    return torch.autograd.grad(y, x, v, retain_graph=True)


def traced(y: Tensor, x: Tensor, v: Tensor) -> object:
    """Record it without values."""
    return trace(y, x, v, values=False)


def traced_with_values(y: Tensor, x: Tensor, v: Tensor) -> object:
    """Record it with values."""
    return trace(y, x, v)


def torchviz(y: Tensor, _x: Tensor, _v: Tensor) -> object:
    """Draw the graph."""
    return importlib.import_module("torchviz").make_dot(y)


METHODS: dict[str, Method] = {
    "torch.autograd.grad": plain,
    AFTER: plain,
    "trace, values=False": traced,
    "trace": traced_with_values,
    "torchviz.make_dot": torchviz,
}


def measure(name: str, length: int, rounds: int) -> str:
    """Return the best time of one method, its ratio and its memory, as a row."""
    torch.set_num_threads(1)
    untouched, own = chain(length), chain(length)
    if name == AFTER:
        traced(*own)
    before = peak()
    times = [
        (seconds(plain, *untouched), seconds(METHODS[name], *own))
        for _ in range(rounds)
    ]
    least, best = (min(column) for column in zip(*times, strict=True))
    return f"{best:8.3f} s {best / least:6.2f} passes {peak() - before:8.1f} MB"


def chain(length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the output of a chain of products, its input and a cotangent."""
    x = torch.ones(3, requires_grad=True)
    y = x
    for _ in range(length):
        y = y * 1.0001
    return y, x, torch.ones(3)


def seconds(method: Method, y: Tensor, x: Tensor, v: Tensor) -> float:
    """Return the CPU time of one run."""
    start = time.process_time()
    method(y, x, v)
    return time.process_time() - start


def peak() -> float:
    """Return the peak memory of this process in MB."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def row(name: str, length: int, rounds: int) -> str:
    """Return what a process of its own measures, or why it doesn't."""
    if "torchviz" in name and importlib.util.find_spec("torchviz") is None:
        return "not installed"
    options = ["--only", name, "--length", str(length), "--rounds", str(rounds)]
    done = subprocess.run(
        [sys.executable, __file__, *options],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return (done.stdout or done.stderr).splitlines()[-1]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=METHODS)
    parser.add_argument("--length", type=int, default=LENGTHS[0])
    options = parser.parse_args()
    if options.only:
        print(measure(options.only, options.length, options.rounds))
        return
    for length in LENGTHS:
        print(f"chain of {length:,} nodes")
        for name in METHODS:
            print(f"  {name:{len(AFTER)}} {row(name, length, options.rounds)}")


if __name__ == "__main__":
    main()
