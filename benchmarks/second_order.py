"""Times a Hessian-vector product in three orders, next to one gradient.

The rows are measured in one run with one thread, so that their ratios hold on a noisy
machine.
Each row also has its floating-point operations of matrix products, in the same units.
"""

import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, jvp
from torch.utils.flop_counter import FlopCounterMode

SIZE = 512
REPEATS = 9


def loss(x: Tensor, weights: list[Tensor]) -> Tensor:
    """Return a scalar from two layers, of ``x`` with shape ``(SIZE, SIZE)``."""
    first, second = weights
    return ((x @ first.T).tanh() @ second.T).pow(2).sum()


def gradient(x: Tensor, weights: list[Tensor]) -> Tensor:
    """Return one gradient."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(loss(x, weights), x)[0]


def ways(
    x: Tensor, u: Tensor, weights: list[Tensor]
) -> dict[str, Callable[[], Tensor]]:
    """Return the loss, the gradient and the products by name."""

    def reverse_over_reverse() -> Tensor:
        leaf = x.clone().requires_grad_()
        (g,) = torch.autograd.grad(loss(leaf, weights), leaf, create_graph=True)
        return torch.autograd.grad(g, leaf, grad_outputs=u)[0]

    def value(x: Tensor) -> Tensor:
        return loss(x, weights)

    def slope(x: Tensor) -> Tensor:
        along: Tensor = jvp(value, (x,), (u,))[1]
        return along

    return {
        "loss": lambda: value(x),
        "gradient": lambda: gradient(x, weights),
        "reverse over reverse": reverse_over_reverse,
        "forward over reverse": lambda: jvp(grad(value), (x,), (u,))[1],
        "reverse over forward": lambda: grad(slope)(x),
    }


def seconds(function: Callable[[], Tensor]) -> float:
    """Return the shortest of several runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def flops(function: Callable[[], Tensor]) -> float:
    """Return the floating-point operations of the matrix products."""
    with FlopCounterMode(display=False) as counter:
        function()
    return float(counter.get_total_flops())


def main() -> None:
    """Print the table; ratios are to the loss."""
    warnings.simplefilter("ignore", DeprecationWarning)  # forward mode, first use
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, u, *weights = torch.randn(4, SIZE, SIZE, dtype=torch.float64) / SIZE**0.5
    rows = ways(x, u, weights)
    unit_time, unit_flops = seconds(rows["loss"]), flops(rows["loss"])
    print(f"{'':22}{'ms':>9}{'ratio':>8}{'flops':>8}")
    for name, way in rows.items():
        elapsed, work = seconds(way), flops(way) / unit_flops
        print(f"{name:22}{elapsed * 1e3:9.1f}{elapsed / unit_time:8.2f}{work:8.2f}")


if __name__ == "__main__":
    main()
