"""A training step with a JVP under DDP and FSDP2, on real processes.

Each process has its own part of the batch. The gradients are compared with those of the
whole batch on the bare module.
"""

import copy
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor, distributed
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.multiprocessing.spawn import spawn
from torch.nn import Linear, Module, Sequential, SiLU
from torch.nn.parallel import DistributedDataParallel

SAMPLES = 3  # of each process


def work(rank: int, folder: str, size: int) -> None:
    """Be process number ``rank``, and compare the step under each wrapper."""
    warnings.simplefilter("ignore")  # of the first use of forward mode
    distributed.init_process_group(
        "gloo",
        store=distributed.FileStore(str(Path(folder) / "store"), size),  # type: ignore[attr-defined] # it is there
        rank=rank,
        world_size=size,
        timeout=timedelta(seconds=60),  # a lost partner ends in an error
    )
    torch.manual_seed(0)
    net = Sequential(Linear(4, 8), SiLU(), Linear(8, 2)).double()
    z, v = torch.randn(2, size * SAMPLES, 2).double()
    t = torch.rand(size * SAMPLES, 1).double()
    wanted = gradients(net, z, v, t)
    mine = slice(rank * SAMPLES, (rank + 1) * SAMPLES)
    for name, wrap in wrappers(size).items():
        found = gradients(wrap(copy.deepcopy(net)), z[mine], v[mine], t[mine])
        right = all(map(torch.allclose, found, wanted))
        if rank == 0:
            print(f"{name}: {'right' if right else 'wrong'}", flush=True)
    distributed.barrier()
    os._exit(0)  # threads of a group may outlive it, and end Python badly


def wrappers(size: int) -> dict[str, Callable[[Module], Module]]:
    """Return the ways to spread a module over the processes."""
    mesh = init_device_mesh("cpu", (size,))

    def sharded(module: Module) -> Module:
        fully_shard(module, mesh=mesh)  # in place
        return module

    return {"DDP": DistributedDataParallel, "FSDP2": sharded}


def gradients(net: Module, z: Tensor, v: Tensor, t: Tensor) -> list[Tensor]:
    """Return the parameters' gradients of one step with a detached target."""

    def u(z: Tensor, t: Tensor, r: Tensor) -> Tensor:
        return net(torch.cat([z, t, r], dim=1))  # type: ignore[no-any-return] # a Module returns anything

    r = t / 2
    tangents = (v, torch.ones_like(t), torch.zeros_like(r))
    velocity, du_dt, *_ = torch.func.jvp(u, (z, t, r), tangents)
    target = (v - (t - r) * du_dt).detach()
    (velocity - target).square().mean().backward()
    return [whole(parameter.grad) for parameter in net.parameters()]


def whole(gradient: Tensor | None) -> Tensor:
    """Return a gradient with the shards of all processes."""
    assert gradient is not None
    return gradient.full_tensor() if isinstance(gradient, DTensor) else gradient


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, args=(folder, size), nprocs=size)
