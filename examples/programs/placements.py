"""The cotangents of DTensor's placements, on real processes.

Each product is held against central differences over the inputs of all processes.
A result that all processes hold alike counts once; if each goes on alone, all count.
"""

import sys
import tempfile

import torch
from collectives import (  # type: ignore[import-not-found] # it lies beside
    compared,
    differences,
    everyone,
    join,
    leave,
    show,
)
from torch import Tensor, distributed
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Placement, Replicate, Shard
from torch.multiprocessing.spawn import spawn


def work(rank: int, folder: str, size: int) -> None:
    """Be process number ``rank``."""
    join(rank, folder, size)
    mesh = init_device_mesh("cpu", (size,))
    torch.manual_seed(0)
    rows, columns, copy, part = Shard(0), Shard(1), Replicate(), Partial()
    average, largest = Partial("avg"), Partial("max")
    for old, new in [
        (rows, rows),
        (rows, columns),
        (rows, copy),
        (copy, rows),
        (copy, copy),
        (part, rows),
        (part, copy),
        (part, part),
        (average, rows),
        (average, copy),
        (largest, copy),
    ]:
        placed(mesh, old, new, None, alike=not new.is_shard())
        if new == copy and old not in {average, largest}:
            placed(mesh, old, new, None, alike=False)
            placed(mesh, old, new, part, alike=False)
    leave()


def placed(
    mesh: DeviceMesh,
    old: Placement,
    new: Placement,
    told: Placement | None,
    *,
    alike: bool,
) -> None:
    """Say what ``from_local``, ``redistribute`` and ``to_local`` give a cotangent."""
    rank, size = distributed.get_rank(), mesh.size()
    placements = None if told is None else [told]

    def steps(x: Tensor) -> tuple[DTensor, DTensor, Tensor]:
        first = DTensor.from_local(x, mesh, [old])
        second = first.redistribute(mesh, [new])
        return first, second, second.to_local(grad_placements=placements)

    whole = torch.randn(size, size, size, dtype=torch.float64)
    inputs = whole[:1].expand_as(whole) if old.is_replicate() else whole
    if isinstance(old, Shard):
        inputs = whole.narrow(1 + old.dim, 0, 1)
    x = inputs[rank].clone().requires_grad_()
    first, second, y = steps(x)
    v = torch.randn(size, *y.shape, dtype=torch.float64)
    v = v[:1].expand_as(v) if alike else v
    after, before, gradient = torch.autograd.grad(y, (second, first, x), v[rank])
    assert isinstance(after, DTensor)
    assert isinstance(before, DTensor)
    share = 1 / size if alike and new.is_replicate() else 1.0
    wanted = differences(lambda x: steps(x)[2], inputs, share * v)
    if old.is_replicate():
        wanted = wanted.sum(0).expand_as(wanted)
    kinds = f"{after.placements[0]} to {before.placements[0]}"
    which = "the same v" if alike else "v of each"
    show(f"{old} to {new}, {which}, {kinds}", compared(everyone(gradient), wanted))


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, args=(folder, size), nprocs=size)
