"""What every test begins with, and leaves as it was."""

import gc
import sys
from collections.abc import Iterator

import pytest
import torch
from torch import distributed

# What corrected code sets for the whole process, in modules that take long to import.
SETTINGS = {
    "torch._functorch.config": {"donated_buffer": True},
    "torch._dynamo.config": {"trace_autograd_ops": False},
}


@pytest.fixture(autouse=True, scope="module")
def _hidden_from_searches() -> None:
    """Hide what other modules left, as the conftest above this one does at first."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _seed() -> None:
    # torch.manual_seed asks each kind of accelerator, which takes a millisecond.
    torch.default_generator.manual_seed(0)


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    yield
    for name, values in SETTINGS.items():
        if name in sys.modules:
            for key, value in values.items():
                setattr(sys.modules[name], key, value)
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()
