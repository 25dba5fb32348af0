"""One thread for the tests of the atlas, and entries with all parts."""

from collections.abc import Iterator

import pytest
import torch

from vjp_guide.operators import Atlas, Entry, compute
from vjp_guide.operators.entry import entry


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    """Return entries with all parts among them."""
    names = (
        "torch.clamp",
        "torch.linalg.qr",
        "torch.floor",
        "torch.Tensor.cfloat",
        "torch.linalg.eig",
        "torch.fft.fft",
        "torch.nn.functional.conv1d",
        "torch.as_strided_scatter",
        "torch.linalg.cholesky",
        "torch.sin",
        "torch.sparse.sampled_addmm",
    )
    return tuple(map(entry, names))


@pytest.fixture(scope="module")
def computed() -> Atlas:
    """Return an atlas without entries."""
    return compute(names=(), jobs=1, progress=lambda found, _: found)
