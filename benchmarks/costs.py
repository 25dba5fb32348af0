"""Time what ``explain``, ``coupling`` and ``clarify`` cost, beside a plain pass.

Run ``python benchmarks/costs.py``.
Each measurement has a process of its own, with one thread. Times are the shortest of
some rounds; on Linux they stand still while other programs have the cores, as the limit
of ``explain`` does. The memory is that of the graph and of one call, beside that of the
graph and of a plain pass.
``explain`` may spend on its checks what its first pass took and one second, and
``coupling`` six plain passes in time and two in memory.
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vjp_guide import clarify, coupling, explain
from vjp_guide._clock import run_time

Graph = tuple[Tensor, Tensor]
STEPS = 20


def perceptron() -> Graph:
    """Return 32 outputs of a model with five million parameters."""
    sizes = [512, 1536, 1536, 1150, 64]
    layers = [nn.Sequential(nn.Linear(*pair), nn.GELU()) for pair in pairs(sizes)]
    x = torch.randn(32, sizes[0], requires_grad=True)
    return nn.Sequential(*layers)(x), x


def pairs(sizes: list[int]) -> list[tuple[int, int]]:
    """Return the sizes of a layer's inputs and outputs."""
    return list(pairwise(sizes))


def critic() -> Graph:
    """Return the scores of a critic with batch normalisation, which couples samples."""
    layers = [
        nn.Sequential(
            nn.Conv1d(*pair, 25, stride=4, padding=11),
            nn.BatchNorm1d(pair[1]),
            nn.LeakyReLU(0.2),
        )
        for pair in pairs([1, 32, 64, 128])
    ]
    x = torch.randn(64, 1, 1024, requires_grad=True)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 1))(x), x


class Solve(torch.autograd.Function):
    """The state at the end of an ODE, and its adjoint: RK4 with fixed steps."""

    @staticmethod
    def forward(ctx: Any, field: nn.Module, z: Tensor) -> Tensor:  # noqa: ANN401 (torch's own)
        """Integrate the field from 0 to 1."""
        for _ in range(STEPS):
            (z,) = step(lambda z: (field(z),), (z,), 1 / STEPS)
        ctx.field = field
        ctx.save_for_backward(z)
        return z

    @staticmethod
    def backward(ctx: Any, *vs: Tensor) -> tuple[None, Tensor]:  # noqa: ANN401 (likewise)
        """Integrate the state and its cotangent from 1 to 0."""
        state = (*ctx.saved_tensors, vs[0])

        def slopes(z: Tensor, v: Tensor) -> tuple[Tensor, ...]:
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                slope = ctx.field(z)
            return slope.detach(), -torch.autograd.grad(slope, z, v)[0]

        for _ in range(STEPS):
            state = step(slopes, state, -1 / STEPS)
        return None, state[1]


def step(
    slopes: Callable[..., tuple[Tensor, ...]], state: tuple[Tensor, ...], h: float
) -> tuple[Tensor, ...]:
    """Return the state one step of the classical Runge-Kutta method later."""

    def ahead(k: tuple[Tensor, ...], part: float) -> tuple[Tensor, ...]:
        return tuple(s + part * h * d for s, d in zip(state, k, strict=True))

    first = slopes(*state)
    second = slopes(*ahead(first, 0.5))
    third = slopes(*ahead(second, 0.5))
    last = slopes(*ahead(third, 1.0))
    return tuple(
        s + h / 6 * (a + 2 * b + 2 * c + d)
        for s, a, b, c, d in zip(state, first, second, third, last, strict=True)
    )


def adjoint() -> Graph:
    """Return the end of an ODE, whose backward is an adjoint ODE."""
    field = nn.Sequential(nn.Linear(32, 256), nn.Tanh(), nn.Linear(256, 32))
    x = torch.randn(64, 32, requires_grad=True)
    solve: Any = Solve.apply
    return solve(field, x), x


GRAPHS: dict[str, Callable[[], Graph]] = {
    "5,000,000 parameters": perceptron,
    "BatchNorm critic": critic,
    "ODE adjoint (RK4)": adjoint,
}


def plain(y: Tensor, x: Tensor) -> object:
    """Run the pass alone."""
    return torch.autograd.grad(y, x, torch.ones_like(y), retain_graph=True)


def clarified(y: Tensor, x: Tensor) -> object:
    """Run it in the context, where it raises nothing."""
    with clarify():
        return plain(y, x)


TOOLS: dict[str, Callable[[Tensor, Tensor], object]] = {
    "torch.autograd.grad": plain,
    "clarify": clarified,
    "coupling": coupling,
    "explain": lambda y, x: explain(y, x, torch.ones_like(y)),
    "explain, max_entries=0": lambda y, x: explain(
        y, x, torch.ones_like(y), max_entries=0
    ),
}


def seconds(graph: str, tool: str, rounds: int) -> tuple[float, float]:
    """Return the shortest times of a plain pass and of a tool, in turn."""
    y, x = GRAPHS[graph]()
    names = ("torch.autograd.grad", tool)
    times: dict[str, list[float]] = {name: [] for name in names}
    for place in range(rounds + 1):
        for name in names:
            begin = run_time()
            TOOLS[name](y, x)
            if place:  # in the first round torch loads what it needs
                times[name].append(run_time() - begin)
    return min(times["torch.autograd.grad"]), min(times[tool])


def memory(graph: str, tool: str) -> tuple[float, float]:
    """Return by how many MB the peak rises above the imports, and above the graph."""
    small = torch.ones(2, 2, requires_grad=True)
    # Torch loads what it needs: its first pass imports sympy, of 30 MB, and a tool
    # that goes around torch.autograd.grad would leave that to a custom backward.
    for each in (plain, TOOLS[tool]):
        each(small * small, small)
    start = peak()
    y, x = GRAPHS[graph]()
    middle = peak()
    TOOLS[tool](y, x)
    most = peak()
    return most - start, most - middle


def peak() -> float:
    """Return the peak memory of this process in MB, on Linux since the last call."""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return found


def row(graph: str, tool: str, rounds: int) -> str:
    """Return what processes of their own measure."""
    options = ["--graph", graph, "--rounds", str(rounds)]
    one, own = child(*options, "--tool", tool)
    plain_most, _ = child(*options, "--memory")
    most, more = child(*options, "--memory", "--tool", tool)
    return (
        f"{own:8.3f} s {own / one:7.2f} x {own - one:8.3f} s more "
        f"{most:8.1f} MB {most / plain_most:6.2f} x {more:8.1f} MB above the graph"
    )


def child(*options: str) -> list[float]:
    """Return the numbers that a process prints."""
    done = subprocess.run(
        [sys.executable, __file__, *options], capture_output=True, check=True
    )
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--graph", choices=GRAPHS)
    parser.add_argument("--tool", choices=TOOLS, default="torch.autograd.grad")
    parser.add_argument("--memory", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    if options.graph and options.memory:
        print(*memory(options.graph, options.tool))
    elif options.graph:
        print(*seconds(options.graph, options.tool, options.rounds))
    else:
        for graph in GRAPHS:
            print(graph)
            for tool in TOOLS:
                print(f"  {tool:24}{row(graph, tool, options.rounds)}", flush=True)


if __name__ == "__main__":
    main()
