"""Cotangents of DTensors over a mesh of two axes, and of pieces that aren't equal.

Each product is held against central differences over the entries of the whole tensor,
of a loss that the same four processes compute together, or for layers each alone.
"""

import tempfile
from collections.abc import Callable, Sequence

import torch
from collectives import (  # type: ignore[import-not-found] # it lies beside
    join,
    leave,
    show,
)
from torch import Tensor, distributed
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import (
    DTensor,
    Partial,
    Placement,
    Replicate,
    Shard,
    distribute_tensor,
)
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    RowwiseParallel,
    parallelize_module,
)
from torch.func import functional_call
from torch.multiprocessing.spawn import spawn

SIZE = 4
Placements = list[Placement]


def work(rank: int, folder: str) -> None:
    """Be process number ``rank``."""
    join(rank, folder, SIZE)
    line = init_device_mesh("cpu", (SIZE,))
    square = init_device_mesh("cpu", (2, 2), mesh_dim_names=("data", "model"))
    rows, columns, copy, part = Shard(0), Shard(1), Replicate(), Partial()
    told_nothing(line)
    placed(line, [rows], [copy], [copy])
    placed(line, [rows], [copy], [part])
    placed(line, [rows], [columns], [columns])
    tellings: list[Placements] = [[copy, copy], [part, copy], [part, part]]
    for told in tellings:
        placed(square, [rows, copy], [copy, copy], told)
    placed(square, [rows, columns], [copy, columns], [copy, columns])
    placed(square, [rows, columns], [copy, columns], [part, columns])
    placed(square, [rows, rows], [copy, rows], [copy, rows])
    placed(square, [columns, rows], [rows, columns], [rows, columns])
    layers(square)
    leave()


def told_nothing(mesh: DeviceMesh) -> None:
    """Say how many rows ``from_local`` takes unequal pieces for, without a shape."""
    mine = piece(numbers(0, 5, 3), mesh, [Shard(0)])
    lengths = [len(one) for one in pieces(mine)]
    guess = DTensor.from_local(mine, mesh, [Shard(0)])
    guesses = [int(one) for one in pieces(torch.tensor(len(guess)))]
    show(f"from_local without shape, {lengths} rows", str(guesses))


def placed(
    mesh: DeviceMesh, old: Placements, new: Placements, told: Placements
) -> None:
    """Say what a cotangent becomes; along axes with a partial one each has its own."""
    whole = numbers(0, 5, 3)
    alone = [n for n, placement in enumerate(told) if placement.is_partial()]
    alike = [n for n, placement in enumerate(told) if placement.is_replicate()]
    place = mesh.get_coordinate()
    assert place
    v = piece(numbers(1 + sum(place[n] << n for n in alone), 5, 3), mesh, new)
    share = 1 / torch.tensor([mesh.size(n) for n in alike]).prod().item()

    def loss(whole: Tensor) -> Tensor:
        y = distribute_tensor(whole, mesh, old).redistribute(mesh, new).to_local()
        return total(share * (v * y).sum())

    x = distribute_tensor(whole, mesh, old)
    x.requires_grad_()
    y = x.redistribute(mesh, new).to_local(grad_placements=told)
    (gradient,) = torch.autograd.grad(y, x, v)
    assert isinstance(gradient, DTensor)
    lengths = [len(one) for one in pieces(x.to_local())]
    name = f"{said(old)} to {said(new)}, v {said(told)}, {lengths} rows"
    show(name, verdict(gradient.full_tensor(), differences(loss, whole)))


def layers(mesh: DeviceMesh) -> None:
    """Say what layers give that FSDP2 splits along data, and their plan along model."""
    torch.manual_seed(0)
    plain = torch.nn.Sequential(torch.nn.Linear(3, 6), torch.nn.Linear(6, 2)).double()
    weights = {name: p.detach().clone() for name, p in plain.named_parameters()}
    batch = numbers(1, 4, 3)
    plan = {"0": ColwiseParallel(), "1": RowwiseParallel()}
    model = parallelize_module(plain, mesh["model"], plan)
    fully_shard(model, mesh=mesh["data"])
    own = batch.chunk(2)[mesh.get_local_rank("data")]
    model(own).square().mean().backward()
    reference = torch.nn.Sequential(torch.nn.Linear(3, 6), torch.nn.Linear(6, 2))
    for name, parameter in model.named_parameters():

        def loss(weight: Tensor, name: str = name) -> Tensor:
            changed = weights | {name: weight}
            y: Tensor = functional_call(reference, changed, batch)
            return y.square().mean()

        assert isinstance(parameter.grad, DTensor)
        right = verdict(parameter.grad.full_tensor(), differences(loss, weights[name]))
        show(
            f"FSDP2 and tensor parallel, {name} {said(parameter.grad.placements)}",
            right,
        )


def numbers(seed: int, *shape: int) -> Tensor:
    """Return random numbers, the same in each process."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def piece(whole: Tensor, mesh: DeviceMesh, placements: Placements) -> Tensor:
    """Return the part of ``whole`` that this process holds, cut without sending."""
    return distribute_tensor(whole, mesh, placements, src_data_rank=None).to_local()


def pieces(mine: Tensor) -> list[Tensor]:
    """Return what all processes hold."""
    found: list[Tensor] = [mine] * SIZE
    distributed.all_gather_object(found, mine.detach())
    return found


def total(mine: Tensor) -> Tensor:
    """Return the sum over the processes."""
    distributed.all_reduce(mine)
    return mine


def differences(loss: Callable[[Tensor], Tensor], whole: Tensor) -> Tensor:
    """Return the slope of a loss by each entry."""
    steps = 1e-4 * torch.eye(whole.numel(), dtype=whole.dtype).view(-1, *whole.shape)
    with torch.no_grad():
        slopes = [(loss(whole + h) - loss(whole - h)) / 2e-4 for h in steps]
    return torch.stack(slopes).view_as(whole)


def verdict(given: Tensor, wanted: Tensor) -> str:
    """Return whether two tensors agree."""
    return "right" if torch.allclose(given, wanted, atol=1e-7) else "wrong"


def said(placements: Sequence[Placement]) -> str:
    """Return placements in brackets."""
    return f"[{', '.join(map(str, placements))}]"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, args=(folder,), nprocs=SIZE)
