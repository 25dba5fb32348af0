"""Passes through a reader's graph that leave no trace, whatever the settings are."""

import random
import warnings
from collections.abc import Collection, Iterable, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
    suppress,
)
from typing import Any

import numpy as np
import numpy.random  # here, so that no call pays for it
import torch
from torch import Tensor
from torch._C import _len_torch_dispatch_stack
from torch._C._functorch import get_unwrapped, is_functorch_wrapped_tensor
from torch._ops import _len_torch_dispatch_stack_pre_dispatch
from torch.autograd.graph import GradientEdge
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils.weak import TensorWeakRef, WeakTensorKeyDictionary

from vjp_guide._graph import edge, walk
from vjp_guide._hooks import any_custom
from vjp_guide._objects import objects_of

_Kept = list[tuple[Tensor, Tensor | None]]
_AUTOCAST = ("cpu", "cuda")
_COPY = torch.ops.aten.clone.default
_WRITES = (_COPY, torch.ops.aten.add.Tensor)


@contextmanager
def quiet_passes(
    tensors: Iterable[object] = (), *, outputs: Collection[object] | None = None
) -> Iterator[None]:
    """Restore random states and the ``.grad`` of tensors with ``retain_grad()``.

    A pass runs the hooks of the graph; this can't prevent it. The ``.grad`` of
    tensors that :func:`gc.freeze` hides isn't found.

    Args:
        tensors: What takes part; the random state of their accelerators is restored.
        outputs: See :func:`kept_grads`.

    Yields:
        Nothing.
    """
    with kept_grads(outputs), quiet_randomness(tensors):
        yield


@contextmanager
def kept_grads(outputs: Collection[object] | None = None) -> Iterator[None]:
    """Restore the ``.grad`` of tensors with ``retain_grad()``, found as above.

    Args:
        outputs: Where the passes begin: another thread may write to what they don't
            reach. ``None`` if unknown.
    """
    with plain_torch():
        retained = _retained()
    try:
        yield
    finally:
        restore_grads(_reached(retained, outputs))


def _reached(retained: _Kept, outputs: Collection[object] | None) -> _Kept:
    """Return which of these the passes may have written to."""
    with plain_torch():
        changed = [each for each in retained if each[0].grad is not each[1]]
        if not changed or outputs is None:
            return changed
        starts = [edge(y) for y in outputs if isinstance(y, Tensor | GradientEdge)]
        nodes = walk(starts)
        if any_custom(nodes):  # it may run passes through other graphs
            return changed
        return [each for each in changed if edge(each[0])[0] in nodes]


@contextmanager
def quiet_randomness(tensors: Iterable[object] = ()) -> Iterator[None]:
    """Restore the random states of torch, of NumPy and of Python."""
    with plain_torch():
        numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002 (the reader may use it)
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


class RetainedGrads(TorchDispatchMode):
    """Notes which tensors with ``retain_grad()`` the passes write to.

    To look for them takes longer than a small pass. A pass writes a copy, or a sum with
    what was there: this looks for them if such a one outlives the pass.
    """

    def __init__(self, *, notes_all: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch has no types here
        self._written = WeakTensorKeyDictionary()
        self._made: list[TensorWeakRef] | None = [] if notes_all else None
        self._found: _Kept = []

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 (torch's own types are no narrower)
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        """Run the operator, as all of these methods must.

        Returns:
            What the operator returns.
        """
        result = func(*args, **(kwargs or {}))
        if func in _WRITES:
            # Not a chain of sums, which would keep each of them until the pass ends.
            self._written[result] = (
                None if func is _COPY else self._written.get(args[0], args[0])
            )
        if self._made is not None and isinstance(result, Tensor):
            self._made.append(TensorWeakRef(result))
        return result

    def outlived(self, results: Iterable[Tensor]) -> bool:
        """Return whether a tensor of the pass is left, apart from its results.

        A custom backward may keep what it gets.
        """
        if not self._made:
            return False
        made = [each() for each in self._made]
        memory = {_memory(each) for each in results} | {0}
        return any(each is not None and _memory(each) not in memory for each in made)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spare the first pass of a process the import of the compiler, of seconds.

        Returns:
            False.
        """
        return False

    def look(self, results: Iterable[Tensor] = ()) -> None:
        """Find what was written to, after a pass that returned ``results``."""
        for result in map(_physical, results if len(self._written) else ()):
            self._written.pop(result, None)
        if not len(self._written):
            return
        with plain_torch():
            for tensor, grad in _retained():
                written = _physical(grad)
                if written is not None and written in self._written:
                    self._found.append((tensor, self._written[written]))

    def restore(self) -> None:
        """Give each of these tensors the ``.grad`` back that it had."""
        if self._found:
            restore_grads(self._found)


def _memory(tensor: Tensor) -> int:
    """Return where the entries of a tensor are, 0 if nowhere."""
    with suppress(NotImplementedError, RuntimeError), plain_torch():
        return tensor.untyped_storage().data_ptr()
    return 0


def _physical(tensor: Tensor | None) -> Tensor | None:
    """Return what stands behind a tensor of :func:`torch.vmap`."""
    while tensor is not None and is_functorch_wrapped_tensor(tensor):
        tensor = get_unwrapped(tensor)
    return tensor


def restore_grads(retained: Iterable[tuple[Tensor, Tensor | None]]) -> None:
    """Give each tensor the ``.grad`` that stands beside it."""
    with plain_torch():
        for tensor, grad in retained:
            tensor.grad = grad


@contextmanager
def plain_settings() -> Iterator[None]:
    """Set aside what a reader may have set for the thread.

    These are modes and default devices, what subclasses override, inference mode,
    grad mode, autocast, anomaly detection and the filters of warnings.
    """
    with warnings.catch_warnings(), plain_modes():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def plain_modes() -> Iterator[None]:
    """Set aside the same, but let warnings come through."""
    with ExitStack() as stack:
        # To enter a context takes longer than to ask whether it is needed.
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(mode=False))
        if not torch.is_grad_enabled():
            stack.enter_context(torch.enable_grad())
        if torch.is_anomaly_enabled():
            stack.enter_context(torch.autograd.set_detect_anomaly(mode=False))
        for device in filter(torch.is_autocast_enabled, _AUTOCAST):
            stack.enter_context(torch.autocast(device, enabled=False))
        stack.enter_context(plain_torch())
        yield


@contextmanager
def plain_torch() -> Iterator[None]:
    """Set aside the modes for functions of torch, and what subclasses override."""
    with torch._C.DisableTorchFunction(), _without_modes():  # noqa: SLF001 (it has no public name)
        yield


def _without_modes() -> AbstractContextManager[object]:
    """Return what sets modes aside, which takes longer than to ask for any."""
    active = _len_torch_dispatch_stack() or _len_torch_dispatch_stack_pre_dispatch()
    return _disable_current_modes() if active else nullcontext()


def _retained() -> _Kept:
    """Return all tensors that keep their gradient, though no leaves, with it.

    The graph doesn't lead to them, and a pass may write to any of them.
    """
    tensors: list[Any] = objects_of(_kinds(Tensor))
    return [kept for kept in map(_with_grad, tensors) if kept]


def _with_grad(tensor: Tensor) -> tuple[Tensor, Tensor | None] | None:
    """Return a tensor that keeps its gradient, with it."""
    try:
        return (tensor, tensor.grad) if tensor.retains_grad else None
    except Exception:  # noqa: BLE001 (tensors of dead transforms may refuse any question)
        return None


def _kinds(kind: type) -> list[Any]:
    """Return a class and all of its subclasses."""
    kinds = [kind]
    for each in kinds:
        kinds.extend(each.__subclasses__())
    return kinds


def _accelerators(tensors: Iterable[object]) -> list[torch.device]:
    devices = {each.device for each in tensors if isinstance(each, Tensor)}
    return [device for device in devices if device.type == "cuda"]
