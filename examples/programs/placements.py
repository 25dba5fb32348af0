"""The cotangents of DTensor's placements and of layers split over processes.

Each product is held against central differences over the inputs of all processes.
A result that all processes hold alike counts once; if each goes on alone, all count.
"""

import sys
import tempfile
from collections.abc import Callable

import torch
import torch.distributed._functional_collectives as functional
from collectives import (  # type: ignore[import-not-found] # it lies beside
    differences,
    everyone,
    join,
    leave,
    same,
    show,
)
from torch import Tensor, distributed
from torch.distributed import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Placement, Replicate, Shard
from torch.multiprocessing.spawn import spawn
from torch.nn import Parameter
from torch.nn.utils import clip_grad_norm_, clip_grads_with_norm_

Call = Callable[[Tensor], Tensor]


def work(rank: int, folder: str, size: int) -> None:
    """Be process number ``rank``."""
    join(rank, folder, size)
    mesh = init_device_mesh("cpu", (size,))
    torch.manual_seed(0)
    rows, columns, copy, part = Shard(0), Shard(1), Replicate(), Partial()
    average = Partial("avg")
    for old, new in [
        (rows, rows),
        (rows, columns),
        (rows, copy),
        (copy, rows),
        (copy, copy),
        (part, rows),
        (part, copy),
        (part, part),
        (average, copy),
    ]:
        placed(mesh, old, new, None, alike=not new.is_shard())
        if new == copy and old != average:
            placed(mesh, old, new, None, alike=False)
            placed(mesh, old, new, part, alike=False)
    if rank == 0:
        print(flush=True)
    split(rank, size)
    clip(rank, size, mesh)
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
    share = 1 / size if alike and new.is_replicate() else 1.0
    wanted = differences(lambda x: steps(x)[2], inputs, share * v)
    if old.is_replicate():
        wanted = wanted.sum(0).expand_as(wanted)
    kinds = f"{after.placements[0]} to {before.placements[0]}"
    which = "the same v" if alike else "v of each"
    show(f"{old} to {new}, {which}, {kinds}", compared(everyone(gradient), wanted))


class Identity(torch.autograd.Function):
    """The copy into split layers: backwards the sum over processes."""

    @staticmethod
    def forward(_: object, x: Tensor) -> Tensor:
        """Return ``x``."""
        return x.view_as(x)

    @staticmethod
    def backward(_: object, v: Tensor) -> Tensor:  # type: ignore[override] # of one
        """Return the sum of the cotangents."""
        v = v.clone()
        distributed.all_reduce(v)
        return v


class Total(torch.autograd.Function):
    """The sum over processes, of which the loss is counted once."""

    @staticmethod
    def forward(_: object, x: Tensor) -> Tensor:
        """Return the sum of all."""
        y = x.clone()
        distributed.all_reduce(y)
        return y

    @staticmethod
    def backward(_: object, v: Tensor) -> Tensor:  # type: ignore[override] # of one
        """Return the cotangent."""
        return v


def split(rank: int, size: int) -> None:
    """Say which derivatives of layers split over processes are right."""
    group = distributed.group.WORLD
    assert group

    def pair(enter: Call, leave: Call) -> Call:
        """Return a column- and a row-parallel layer, 2 to 1 in each process to 2."""

        def call(packed: Tensor) -> Tensor:
            x, first, last = packed.split(2)
            return leave(last * (first @ enter(x)).square())

        return call

    def sequence(packed: Tensor) -> Tensor:
        """Return the layers of a token in each process, gathered and scattered."""
        x, scale, first, last = packed.split(2)
        tokens = functional.all_gather_tensor_autograd((scale * x)[None], 0, group)
        parts = (tokens @ first).square()[:, None] * last
        return functional.reduce_scatter_tensor_autograd(parts, "sum", 0, group)[0]

    def experts(packed: Tensor) -> Tensor:
        """Return the tokens of a process, each seen by another process's expert."""
        x, weight = packed.split([size, 1])
        sent = functional.all_to_all_single_autograd(x, None, None, group)
        seen = (weight * sent).square()
        return functional.all_to_all_single_autograd(seen, None, None, group)

    two = {"x": 2, "first": 2, "last": 2}
    layers: dict[str, tuple[Call, dict[str, int], str]] = {
        "column and row, f and g": (pair(Identity.apply, Total.apply), two, "x"),
        "column and row, without f": (pair(lambda x: x, Total.apply), two, "x"),
        "column and row, nn.all_reduce": (
            pair(Identity.apply, nn.all_reduce),
            two,
            "x",
        ),
        "sequence": (sequence, {"x": 2, "scale": 2, "first": 2, "last": 2}, "scale"),
        "experts": (experts, {"x": size, "weight": 1}, ""),
    }
    for name, (call, sizes, copied) in layers.items():
        inputs = torch.randn(size, sum(sizes.values()), dtype=torch.float64)
        starts = dict(
            zip(
                sizes,
                torch.tensor([0, *sizes.values()]).cumsum(0).tolist(),
                strict=False,
            )
        )
        held = {key: inputs.narrow(1, starts[key], sizes[key]) for key in sizes}
        if copied:
            held[copied].copy_(held[copied][:1].clone())
        x = inputs[rank].clone().requires_grad_()
        y = call(x)
        v = torch.randn(size, *y.shape, dtype=torch.float64)
        once = copied == "x"
        v = v[:1].expand_as(v) if once else v
        (gradient,) = torch.autograd.grad(y, x, v[rank])
        slopes = differences(call, inputs, v / size if once else v)
        given = everyone(gradient)
        said = []
        for key, entries in sizes.items():
            wanted = slopes.narrow(1, starts[key], entries)
            if key == copied:
                wanted = wanted.sum(0).expand_as(wanted)
            said.append(
                f"{key} {compared(given.narrow(1, starts[key], entries), wanted)}"
            )
        show(name, ", ".join(said))


def clip(rank: int, size: int, mesh: DeviceMesh) -> None:
    """Say which ways to clip the parts of a gradient clip the whole."""
    gradients = torch.randn(size, 2, dtype=torch.float64)
    whole = with_gradient(gradients)
    clip_grad_norm_([whole], 1.0)

    alone = with_gradient(gradients[rank])
    clip_grad_norm_([alone], 1.0)

    total = with_gradient(gradients[rank])
    square = gradients[rank].square().sum()
    distributed.all_reduce(square)
    clip_grads_with_norm_([total], 1.0, square.sqrt())

    sharded = with_gradient(DTensor.from_local(gradients[rank], mesh, [Shard(0)]))
    clip_grad_norm_([sharded], 1.0)

    for name, clipped in [
        ("its own norm", alone.grad),
        ("the norm of all", total.grad),
        ("a DTensor", sharded.grad),
    ]:
        assert clipped is not None
        mine = clipped.to_local() if isinstance(clipped, DTensor) else clipped
        assert whole.grad is not None
        show(f"clipped by {name}", compared(everyone(mine), whole.grad))


def with_gradient(gradient: Tensor) -> Parameter:
    """Return a parameter that holds the gradient."""
    parameter = Parameter(torch.zeros_like(gradient))
    parameter.grad = gradient.clone()
    return parameter


def compared(given: Tensor, wanted: Tensor) -> str:
    """Return what the tensors of all processes are, beside those wanted."""
    size = len(given)
    parts = given.sum(0).expand_as(given)
    return next(
        (
            text
            for text, other in {
                "right": given,
                "n times too large": given / size,
                "a part": parts,
            }.items()
            if same(other, wanted)
        ),
        "wrong",
    )


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, args=(folder, size), nprocs=size)
