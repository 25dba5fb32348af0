"""The products of collectives by spmd-types, beside the formulas of the pages.

Run as two processes: ``python spmd_rules.py RANK FILE``, with a new file for both.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import spmd_types
import torch
import torch.distributed as dist
from spmd_types.types import I, P, R, V
from torch import Tensor

SIZE = 2
SPLIT = {"reduce_scatter", "all_to_all"}  # their inputs have a block for each process
# What process r gets, of the v of all: with a loss in each, or one that counts once.
RULES: list[tuple[str, Any, Any, Callable[[Tensor, int], Tensor]]] = [
    ("all_reduce", P, R, lambda v, _: v.sum(0)),
    ("all_reduce", P, I, lambda v, r: v[r]),
    ("all_gather", V, R, lambda v, r: v[:, r].sum(0)),
    ("all_gather", V, I, lambda v, r: v[r, r]),
    ("reduce_scatter", P, V, lambda v, _: v),
    ("all_to_all", V, V, lambda v, r: v[:, r]),
]


def check(rank: int) -> None:
    """Hold each product against its formula; all processes draw the same numbers."""
    generator = torch.Generator().manual_seed(0)
    drawn: dict[str, Any] = {"generator": generator, "dtype": torch.float64}
    for name, source, target, formula in RULES:
        shape = (SIZE, 3) if name in SPLIT else (3,)
        x = torch.randn(shape, **drawn).requires_grad_()
        call = getattr(spmd_types, name)
        y = call(x, dist.group.WORLD, src=source, dst=target)
        v = torch.randn(SIZE, *y.shape, **drawn)
        (product,) = torch.autograd.grad(y, x, v[rank])
        assert torch.allclose(product, formula(v, rank)), (name, target)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of the older names that spmd-types calls
    rank, file = int(sys.argv[1]), f"file://{sys.argv[2]}"
    dist.init_process_group("gloo", init_method=file, rank=rank, world_size=SIZE)
    check(rank)
    dist.destroy_process_group()
