"""Tests of the products of DTensor's placements, all processes in this one."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, distributed
from torch.distributed._local_tensor import LocalTensor, LocalTensorMode
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Placement, Replicate, Shard
from torch.testing import assert_close

SIZE = 3
ROWS, COLUMNS, COPY, PART = Shard(0), Shard(1), Replicate(), Partial()
COUNTED_ONCE = [
    (ROWS, ROWS),
    (ROWS, COLUMNS),
    (ROWS, COPY),
    (COPY, ROWS),
    (COPY, COPY),
    (PART, ROWS),
    (PART, COPY),
]
ALONE = [(ROWS, COPY), (COPY, COPY), (PART, COPY)]
STEPS = [
    *((*step, None) for step in COUNTED_ONCE),
    *((*step, [PART]) for step in ALONE),
]


@pytest.fixture
def mesh() -> Iterator[DeviceMesh]:
    """Yield a mesh of processes that aren't there."""
    distributed.init_process_group("fake", rank=0, world_size=SIZE)
    yield init_device_mesh("cpu", (SIZE,))
    distributed.destroy_process_group()


def everywhere(parts: Tensor) -> Tensor:
    """Return the tensor that each process has a part of."""
    return LocalTensor({rank: part.clone() for rank, part in enumerate(parts)})


def parts(tensor: Tensor) -> Tensor:
    """Return what each process has, stacked."""
    assert isinstance(tensor, LocalTensor)
    held = tensor._local_tensors  # noqa: SLF001 (nothing public holds them)
    return torch.stack([held[rank] for rank in range(SIZE)])


@pytest.mark.parametrize(("old", "new", "told"), STEPS)
def test_a_product_is_adjoint_to_the_step(
    old: Placement, new: Placement, told: list[Placement] | None, mesh: DeviceMesh
) -> None:
    """Tests <v, J u> = <v J, u>: the steps are linear, so that J u is the step of u.

    What each process has alike counts once, unless each goes on alone.
    """
    whole = torch.randn(SIZE, SIZE, SIZE, dtype=torch.float64)
    u = whole[:1].expand_as(whole) if old.is_replicate() else whole
    with LocalTensorMode(SIZE):
        x = everywhere(u).requires_grad_()
        step = DTensor.from_local(x, mesh, [old]).redistribute(mesh, [new])
        y = step.to_local(grad_placements=told)
        moved = parts(y.detach())
        v = torch.randn_like(moved)
        alike = new.is_replicate() and told is None
        v = v[:1].expand_as(v) if alike else v
        (given,) = torch.autograd.grad(y, x, everywhere(v))
    left = (v * moved).sum() / (SIZE if alike else 1)
    right = (parts(given) * u).sum() / (SIZE if old.is_replicate() else 1)
    assert_close(left, right)
