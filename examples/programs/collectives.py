"""The vector-Jacobian product of each collective, on real processes, found three ways.

The program is one function of the inputs of all processes. For random cotangents it
compares autograd's product with a formula and with central differences over all inputs,
and asks the identity <v, J u> = <v J, u> of it, with the sums over all processes.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed._functional_collectives as functional
from torch import Tensor, distributed
from torch.distributed import nn
from torch.multiprocessing.spawn import spawn

Call = Callable[[Tensor], Tensor]
# From the inputs and the cotangents of all processes, the products of all of them.
Product = Callable[[Tensor, Tensor], Tensor]


def work(rank: int, folder: str, size: int) -> None:
    """Be process number ``rank``: each input has one entry for each process."""
    join(rank, folder, size)
    random = torch.Generator().manual_seed(0)
    moves = torch.Generator().manual_seed(1)
    inputs = torch.randperm(size * size, generator=random).view(size, size).double()
    for name, (product, forms) in collectives(size).items():
        for form, call in forms.items():
            y = everyone(call(inputs[rank]))
            v = torch.randint(-5, 6, y.shape, generator=random).double()
            u = torch.rand(inputs.shape, generator=moves, dtype=torch.float64)
            wanted = product(inputs, v)
            torch.testing.assert_close(differences(call, inputs, v), wanted)
            given = products(call, inputs[rank], v[rank])
            if given is not None:
                # the identity holds for the right products, and for no other
                assert adjoint(call, inputs, v, u, given) == same(given, wanted)
            show(f"{name}, {form}", verdict(given, v, wanted))
    leave()


def join(rank: int, folder: str, size: int) -> None:
    """Become one of the processes of a group."""
    warnings.simplefilter("ignore")  # of collectives that autograd doesn't record
    distributed.init_process_group(
        "gloo",
        store=distributed.FileStore(str(Path(folder) / "store"), size),  # type: ignore[attr-defined] # it is there
        rank=rank,
        world_size=size,
        timeout=timedelta(seconds=60),  # a lost partner ends in an error
    )


def leave() -> None:
    """End this process when all have come here."""
    distributed.barrier()
    os._exit(0)  # threads of a group may outlive it, and end Python badly


def collectives(size: int) -> dict[str, tuple[Product, dict[str, Call]]]:
    """Return each collective's product, and the calls that make it."""
    group = distributed.group.WORLD
    assert group
    reduce = distributed.ReduceOp
    ring = [(rank + 1) % size for rank in range(size)]
    first = torch.eye(size, dtype=torch.float64)[:, :1]
    return {
        "all_reduce of sum": (
            lambda _, v: v.sum(0).expand(size, -1),
            {
                "in place": in_place(distributed.all_reduce),
                "nn": nn.all_reduce,
                "functional": lambda x: functional.all_reduce(x, "sum", group),
            },
        ),
        "all_reduce of avg": (
            lambda _, v: v.mean(0).expand(size, -1),
            {
                "nn": lambda x: nn.all_reduce(x, reduce.AVG),
            },
        ),
        "all_reduce of max": (
            lambda x, v: v.sum(0) * (x == x.amax(0)),
            {
                "in place": in_place(lambda y: distributed.all_reduce(y, reduce.MAX)),
                "nn": lambda x: nn.all_reduce(x, reduce.MAX),
            },
        ),
        "all_gather": (
            lambda _, v: v.sum(0).view(size, size),
            {
                "in place": into(size * size, listed),
                "nn": lambda x: torch.cat(nn.all_gather(x)),
                "functional": lambda x: functional.all_gather_single_autograd(
                    x, 0, group
                ),
            },
        ),
        "reduce_scatter of sum": (
            lambda _, v: v.view(1, size).expand(size, -1),
            {
                "in place": into(1, distributed.reduce_scatter_tensor),
                "nn": lambda x: nn.reduce_scatter(x.new_empty(1), list(x.split(1))),
                "functional": lambda x: functional.reduce_scatter_single_autograd(
                    x, "sum", 0, group
                ),
            },
        ),
        "all_to_all": (
            lambda _, v: v.T,
            {
                "in place": into(size, distributed.all_to_all_single),
                "nn": lambda x: nn.all_to_all_single(torch.empty_like(x), x),
                "functional": lambda x: functional.all_to_all_single_autograd(
                    x, None, None, group
                ),
            },
        ),
        "broadcast from 0": (
            lambda _, v: first * v.sum(0),
            {
                "in place": in_place(lambda y: distributed.broadcast(y, 0)),
                "nn": lambda x: nn.broadcast(x, 0),
                "functional": lambda x: functional.broadcast(x, 0, group),
            },
        ),
        "gather to 0": (
            lambda _, v: v[0].view(size, size),
            {"nn": lambda x: at_root(torch.cat(nn.gather(x, 0)))},
        ),
        "scatter from 0": (
            lambda _, v: first * v.view(1, size),
            {"nn": lambda x: nn.scatter(list(x.split(1)), 0)},
        ),
        "send to the next": (
            lambda _, v: v[ring],
            {
                "in place": sent,
                "functional": lambda x: functional.permute_tensor(x, ring, group),
            },
        ),
    }


def in_place(collective: Callable[[Tensor], object]) -> Call:
    """Return the function that copies its input, and has the copy overwritten."""

    def call(x: Tensor) -> Tensor:
        y = 1 * x
        collective(y)
        return y

    return call


def into(entries: int, collective: Callable[[Tensor, Tensor], object]) -> Call:
    """Return the function that has a new tensor written."""

    def call(x: Tensor) -> Tensor:
        y = x.new_empty(entries)
        collective(y, x)
        return y

    return call


def listed(y: Tensor, x: Tensor) -> None:
    """Write the inputs of all into ``y``."""
    parts = [torch.empty_like(x) for _ in range(distributed.get_world_size())]
    distributed.all_gather(parts, x)
    torch.cat(parts, out=y)


def sent(x: Tensor) -> Tensor:
    """Return the input of the process before, after sending one's own to the next."""
    rank, size = distributed.get_rank(), distributed.get_world_size()
    y = torch.empty_like(x)
    sending = distributed.isend(x.detach(), (rank + 1) % size)
    distributed.recv(y, (rank - 1) % size)
    assert sending
    sending.wait()
    return y


def at_root(y: Tensor) -> Tensor:
    """Return what the first process gathered, and zeros in the others."""
    return y if distributed.get_rank() == 0 else 0 * y


def everyone(mine: Tensor) -> Tensor:
    """Return the tensors of all processes, stacked."""
    parts = [torch.empty_like(mine) for _ in range(distributed.get_world_size())]
    mine = mine.detach().clone(memory_format=torch.contiguous_format)
    distributed.all_gather(parts, mine)
    return torch.stack(parts)


def differences(call: Call, inputs: Tensor, v: Tensor) -> Tensor:
    """Return the products of all: each entry of each input is moved by 1/4 and -1/4."""
    rank = distributed.get_rank()
    slopes = torch.empty_like(inputs)
    for place in range(inputs.numel()):
        step = torch.zeros(inputs.numel(), dtype=inputs.dtype)
        step[place] = 0.25
        move = step.view_as(inputs)[rank]
        change = call(inputs[rank] + move) - call(inputs[rank] - move)
        slopes.view(-1)[place] = (v * everyone(change) / 0.5).sum()
    return slopes


def products(call: Call, mine: Tensor, v: Tensor) -> Tensor | None:
    """Return what autograd gives all processes, or None if it recorded nothing."""
    x = mine.clone().requires_grad_()
    y = call(x)
    if not y.requires_grad:
        return None
    (gradient,) = torch.autograd.grad(y, x, v)
    return everyone(gradient)


def adjoint(call: Call, inputs: Tensor, v: Tensor, u: Tensor, given: Tensor) -> bool:
    """Return whether <v, J u> = <v J, u>, all inputs moved along ``u`` at once."""
    rank = distributed.get_rank()
    move = u[rank] / 4
    change = call(inputs[rank] + move) - call(inputs[rank] - move)
    left = (v * everyone(change) / 0.5).sum()
    return torch.allclose(left, (given * u).sum())


def verdict(given: Tensor | None, v: Tensor, wanted: Tensor) -> str:
    """Return what autograd's product is, beside the one that is wanted."""
    if given is None:
        return "no graph"
    if same(given, wanted):
        return "right"
    others = {
        "v of the same process": v,
        "v of the same process in its block": torch.diag(v[:, 0]),
        "the largest v": v.amax(0).expand_as(v),
    }
    return next(
        (f"wrong, {name}" for name, other in others.items() if same(given, other)),
        "wrong",
    )


def compared(given: Tensor, wanted: Tensor) -> str:
    """Return what the tensors of all processes are, beside those wanted."""
    size = len(given)
    others = {
        "right": given,
        "n times too large": given / size,
        "n times too small": given * size,
        "a part": given.sum(0).expand_as(given),
    }
    return next((text for text, one in others.items() if same(one, wanted)), "wrong")


def same(a: Tensor, b: Tensor) -> bool:
    """Return whether two tensors have one shape and the same entries."""
    return a.shape == b.shape and torch.allclose(a, b)


def show(name: str, said: str) -> None:
    """Print a line, once."""
    if distributed.get_rank() == 0:
        print(f"{name}: {said}", flush=True)


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, args=(folder, size), nprocs=size)
