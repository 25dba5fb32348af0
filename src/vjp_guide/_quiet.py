"""Passes through a reader's graph that leave no trace, whatever the settings are."""

import gc
import random
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import compress
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

_AUTOCAST = ("cpu", "cuda")


@contextmanager
def quiet_passes(tensors: Iterable[object] = ()) -> Iterator[None]:
    """Restore random states and the ``.grad`` of tensors with ``retain_grad()``.

    A pass runs the hooks of the graph; this can't prevent it. The ``.grad`` of
    tensors that :func:`gc.freeze` hides isn't found.

    Args:
        tensors: What takes part; the random state of their accelerators is restored.

    Yields:
        Nothing.
    """
    with plain_torch():
        retained, numpy_state = _retained(), np.random.get_state()  # noqa: NPY002
        forked = torch.random.fork_rng(devices=_accelerators(tensors))
        forked.__enter__()
    python_state = random.getstate()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002 (the reader may use it)
        with plain_torch():
            forked.__exit__(None, None, None)
            for tensor, grad in retained:
                if tensor.grad is not grad:
                    tensor.grad = grad


@contextmanager
def plain_settings() -> Iterator[None]:
    """Set aside what a reader may have set for the thread.

    These are modes and default devices, what subclasses override, inference mode,
    grad mode, autocast, anomaly detection and the filters of warnings.
    """
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autograd.set_detect_anomaly(mode=False))
        for device in _AUTOCAST:
            stack.enter_context(torch.autocast(device, enabled=False))
        stack.enter_context(plain_torch())
        yield


@contextmanager
def plain_torch() -> Iterator[None]:
    """Set aside the modes for functions of torch, and what subclasses override."""
    # Neither has a public name.
    with torch._C.DisableTorchFunction(), _disable_current_modes():  # noqa: SLF001
        yield


def _retained() -> list[tuple[Tensor, Tensor | None]]:
    """Return all tensors that keep their gradient, though no leaves, with it.

    The graph doesn't lead to them, and a pass may write to any of them.
    """
    found: list[tuple[Tensor, Tensor | None]] = []
    objects, kinds = gc.get_objects(), set(_kinds(Tensor))
    for each in compress(objects, map(kinds.__contains__, map(type, objects))):
        with suppress(Exception):  # tensors of dead transforms may refuse any question
            if each.retains_grad:
                found.append((each, each.grad))
    return found


def _kinds(kind: type) -> list[Any]:
    """Return a class and all of its subclasses."""
    kinds = [kind]
    for each in kinds:
        kinds.extend(each.__subclasses__())
    return kinds


def _accelerators(tensors: Iterable[object]) -> list[torch.device]:
    devices = {each.device for each in tensors if isinstance(each, Tensor)}
    return [device for device in devices if device.type == "cuda"]
