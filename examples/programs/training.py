"""Layers, losses and norms that are split over processes: which gradients are right.

Each is held against central differences over the inputs of all processes, or of the
whole in one.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence

import torch
import torch.distributed._functional_collectives as functional
from collectives import (  # type: ignore[import-not-found] # it lies beside
    compared,
    differences,
    everyone,
    join,
    leave,
    show,
)
from torch import Tensor, distributed
from torch.distributed import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Shard
from torch.multiprocessing.spawn import spawn
from torch.nn import Linear, Module, Parameter
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import clip_grad_norm_, clip_grads_with_norm_

Call = Callable[[Tensor], Tensor]


def work(rank: int, folder: str, size: int) -> None:
    """Be process number ``rank``."""
    join(rank, folder, size)
    mesh = init_device_mesh("cpu", (size,))
    torch.manual_seed(0)
    split(rank, size)
    train(rank, size, mesh)
    contrast(rank, size)
    clip(rank, size, mesh)
    leave()


class Identity(torch.autograd.Function):
    """The copy into split layers: backwards the sum over processes."""

    @staticmethod
    def forward(_: object, x: Tensor) -> Tensor:
        """Return ``x``."""
        return x.view_as(x)

    @staticmethod
    def backward(_: object, v: Tensor) -> Tensor:
        """Return the sum of the cotangents."""
        v = v.clone()
        distributed.all_reduce(v)
        return v


class Total(torch.autograd.Function):
    """The sum over processes: backwards the cotangent, as each holds the same loss."""

    @staticmethod
    def forward(_: object, x: Tensor) -> Tensor:
        """Return the sum of all."""
        y = x.clone()
        distributed.all_reduce(y)
        return y

    @staticmethod
    def backward(_: object, v: Tensor) -> Tensor:
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
        tokens = functional.all_gather_single_autograd((scale * x)[None], 0, group)
        parts = (tokens @ first).square()[:, None] * last
        y: Tensor = functional.reduce_scatter_single_autograd(parts, "sum", 0, group)
        return y[0]

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


def train(rank: int, size: int, mesh: DeviceMesh) -> None:
    """Say which gradients of the same weights in each process are right."""
    tokens = torch.randn(size, size + 1, 2, dtype=torch.float64)
    mine = tokens[rank, : rank + 2]  # each process has one more than the one before
    every = torch.cat([some[: at + 2] for at, some in enumerate(tokens)])
    weight = torch.randn(size, 2, dtype=torch.float64)

    def layer() -> Linear:
        made = Linear(2, size, bias=False, dtype=torch.float64)
        with torch.no_grad():
            made.weight.copy_(weight)
        return made

    wanted = slopes(lambda w: (every @ w.T).square().mean(), weight)
    share = size / len(every)
    sharded = layer()
    fully_shard(sharded, mesh=mesh)
    models = {"DDP": DistributedDataParallel(layer()), "FSDP2": sharded}
    for name, model in models.items():
        accumulate(model, [mine], lambda y: y.square().mean())
        show(f"{name}, the mean of own tokens", compared(whole(model), wanted))
        accumulate(model, mine.chunk(2), lambda y: share * y.square().mean(1).sum())
        show(f"{name}, n / N of the sum, in two passes", compared(whole(model), wanted))


def accumulate(model: Module, parts: Sequence[Tensor], loss: Call) -> None:
    """Make the gradients of the parts, one after the other."""
    model.zero_grad()
    for part in parts:
        loss(model(part)).backward()


def whole(model: Module) -> Tensor:
    """Return the gradient that each process holds, of the whole weight."""
    (parameter,) = model.parameters()
    gradient = parameter.grad
    assert gradient is not None
    if isinstance(gradient, DTensor):
        gradient = gradient.full_tensor()
    held: Tensor = everyone(gradient)
    return held


def contrast(rank: int, size: int) -> None:
    """Say which gradients of a loss over the embeddings of all are right."""
    rows = torch.randn(size, 2, 3, dtype=torch.float64)
    start = torch.randn(3, 2, dtype=torch.float64)
    own = slice(2 * rank, 2 * rank + 2)

    def losses(z: Tensor, every: Tensor, first: int) -> Tensor:
        """Return the loss of each row: its pair is itself among all."""
        logits = z @ every.T
        return logits.logsumexp(1) - logits.diagonal(first)

    wanted = slopes(
        lambda w: losses(rows.flatten(0, 1) @ w, rows.flatten(0, 1) @ w, 0).mean(),
        start,
    )
    weight = start.clone().requires_grad_()
    z = rows[rank] @ weight
    seen = everyone(z)
    seen[rank] = z
    kinds = {"with": torch.cat(nn.all_gather(z)), "without": seen.flatten(0, 1)}
    for kind, every in kinds.items():
        for of, loss in {
            "own rows": losses(z, every, 2 * rank).mean(),
            "all rows": losses(every, every, 0).mean(),
        }.items():
            (gradient,) = torch.autograd.grad(loss, weight, retain_graph=True)
            mean = everyone(gradient).mean(0).expand(size, -1, -1)
            show(f"loss of {of}, gathered {kind} gradient", compared(mean, wanted))

    cached = everyone(z).flatten(0, 1).requires_grad_()
    (v,) = torch.autograd.grad(losses(cached, cached, 0).mean(), cached)
    (gradient,) = torch.autograd.grad(z, weight, v[own])
    total = everyone(gradient).sum(0).expand(size, -1, -1)
    show("cached embeddings, summed over processes", compared(total, wanted))


def slopes(loss: Call, weight: Tensor) -> Tensor:
    """Return the derivative of a loss in one process, the same for each of them."""
    steps = 1e-4 * torch.eye(weight.numel(), dtype=weight.dtype)
    found = [
        (loss(weight + step) - loss(weight - step)) / 2e-4
        for step in steps.view(-1, *weight.shape)
    ]
    size = distributed.get_world_size()
    return torch.stack(found).view_as(weight).expand(size, *weight.shape)


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, args=(folder, size), nprocs=size)
