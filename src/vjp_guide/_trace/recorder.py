"""A backward pass, recorded by hooks on its nodes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from threading import get_ident
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch._C import _current_graph_task_id as _number_of_pass
from torch.autograd.graph import Node

from vjp_guide._graph import Edge, Edges, between, collector_paused, edge
from vjp_guide._quiet import quiet_passes
from vjp_guide._trace.assembly import Cotangents, Event, NumberedEdge, Recording
from vjp_guide._trace.magnitude import COMPRESSED
from vjp_guide._trace.records import Cotangent, End, Saved
from vjp_guide._trace.snapshot import all_described, shape_of, snapshot

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

_Tensors = tuple[Tensor | None, ...]
_Last = tuple[Tensor | None, int, Cotangent | None]
"""A tensor, its version and its description."""

_Hook = Callable[[int, _Tensors, _Tensors], None]

_PLAIN = torch._C.DisableTorchFunction  # noqa: SLF001 (it has no public name)
_RAW = "_raw_saved_"


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of :func:`torch.autograd.grad`."""

    outputs: tuple[Tensor, ...]
    inputs: tuple[Tensor, ...]
    grad_outputs: _Tensors
    allow_unused: bool | None
    materialize_grads: bool

    def run(self) -> _Tensors:
        return torch.autograd.grad(
            self.outputs,
            self.inputs,
            self.grad_outputs,
            retain_graph=True,
            allow_unused=self.allow_unused,
            materialize_grads=self.materialize_grads,
        )

    def entering(self) -> Iterator[Tensor]:
        """Yield the cotangent of each output, once torch has accepted them."""
        for y, v in zip(self.outputs, self.grad_outputs, strict=False):
            yield torch.ones_like(y) if v is None else v


@collector_paused()
def record(
    call: Call,
    labels: tuple[str, ...],
    *,
    most: float | None,
    module: Callable[[Node], str],
) -> Recording:
    """Return what a call passes, with values of up to ``most`` elements, if any."""
    ys, xs = call.outputs, call.inputs
    starts, stops = list(map(edge, ys)), list(map(edge, xs))
    recorder = _Recorder(most)
    # This looks at all objects: the walk makes many.
    with quiet_passes([*ys, *xs], outputs=ys):
        edges = between(starts, stops)
        with _hooked(edges, recorder.hook()):
            gradients = call.run()
    numbers = _numbers(edges, starts, stops)
    # Inference mode makes views of nested tensors that can't be read.
    with _PLAIN(), torch.inference_mode(mode=False):
        entering, returned = map(recorder.described, (call.entering(), gradients))
        return Recording(
            events=recorder.events(),
            nodes=[(node.name(), _saved(node), module(node)) for node in edges],
            outgoing=[_by_number(numbers, outgoing) for outgoing in edges.values()],
            starts=_by_number(numbers, starts),
            stops=_by_number(numbers, stops),
            outputs=tuple(map(_end, numbered("y", ys), ys, entering)),
            inputs=tuple(map(_end, labels, xs, returned)),
            gradients=gradients,
        )


def _numbers(edges: Edges, *ends: Iterable[Edge]) -> dict[Node | None, int]:
    """Return a number for each node that may run, and for each where the pass ends."""
    nodes = dict.fromkeys(chain(edges, (node for node, _ in chain(*ends))))
    return {node: number for number, node in enumerate(nodes)}


def _by_number(
    numbers: dict[Node | None, int], edges: Iterable[Edge]
) -> tuple[NumberedEdge, ...]:
    return tuple([(numbers.get(node), slot) for node, slot in edges])


def _end(name: str, tensor: Tensor, cotangent: Cotangent | None) -> End:
    return End(name, shape_of(tensor), cotangent, None, ())


@contextmanager
def _hooked(nodes: Iterable[Node], hook: _Hook) -> Iterator[None]:
    handles: list[RemovableHandle] = []
    try:
        handles.extend(
            node.register_hook(MethodType(hook, number))
            for number, node in enumerate(nodes)
        )
        yield
    finally:
        for handle in handles:
            handle.remove()


def _plainly(hook: _Hook) -> _Hook:
    """Return a hook that no mode of the reader's sees."""

    def log(number: int, leaving: _Tensors, arriving: _Tensors) -> None:
        with _PLAIN():
            hook(number, leaving, arriving)

    return log


class _Passes(dict[int, list[Event]]):
    """The events of each pass, by the numbers that torch gives.

    Hooks of the reader's and other threads may run passes through the same nodes.
    """

    def __init__(self) -> None:
        self._here: list[int] = []
        self._thread = get_ident()

    def __missing__(self, number: int) -> list[Event]:
        if get_ident() == self._thread:
            self._here.append(number)
        return self.setdefault(number, [])

    def of_call(self) -> list[Event]:
        """Return those of the first pass of this thread.

        The call begins in it, but for what is on an accelerator.
        """
        return self[min(self._here or self, default=0)]


class _Recorder:
    """Describes what the hooks see.

    What a node sends is mostly what the next one takes, so the last small tensor is
    kept for one step, and copied once.
    """

    def __init__(self, most: float | None) -> None:
        self._events = _Passes()
        self._alike: dict[Cotangents, Cotangents] = {}
        self._most = -1 if most is None else most
        self._last: _Last = (None, 0, None)

    def hook(self) -> _Hook:
        """Return what each node calls."""
        log = self._log_shapes if self._most < 0 else self._log_values
        return _plainly(log) if torch._C._len_torch_function_stack() else log  # noqa: SLF001 (it has no public name)

    def events(self) -> list[Event]:
        """Return those of the call."""
        return self._events.of_call()

    def described(self, tensors: Iterable[Tensor | None]) -> Cotangents:
        """Return what is kept of what isn't seen by a hook."""
        look = all_described if self._most < 0 else self._copied
        return tuple(look(tuple(tensors)))

    def _log_shapes(self, number: int, leaving: _Tensors, arriving: _Tensors) -> None:
        """Append an event, as the hook of a node."""
        seen = all_described(arriving + leaving)
        # Most nodes of a graph see the same shapes.
        shared = self._alike.setdefault(seen, seen)
        self._events[_number_of_pass()].append((number, shared, len(arriving)))

    def _log_values(self, number: int, leaving: _Tensors, arriving: _Tensors) -> None:
        event = number, self._copied(arriving + leaving), len(arriving)
        self._events[_number_of_pass()].append(event)

    def _copied(self, tensors: _Tensors) -> list[Cotangent | None]:
        """Return snapshots, the last one where nothing was written since.

        It is one loop because each call costs a tenth of a plain pass.
        """
        found: list[Cotangent | None] = []
        last, version, seen = self._last
        for tensor in tensors:
            if tensor is None:
                found.append(None)
                continue
            if tensor is last and tensor._version == version:  # noqa: SLF001 (it has no public name)
                found.append(seen)
                continue
            one = snapshot(tensor, self._most)
            found.append(one)
            if one.kept is not None and not tensor.is_inference():
                last, version, seen = tensor, tensor._version, one  # noqa: SLF001 (likewise)
        self._last = last, version, seen
        return found


def _saved(node: Node) -> tuple[Saved, ...]:
    """Return what can be read without calling a hook."""
    found: tuple[Saved, ...] = ()
    for attribute, name in _raw_attributes(type(node)):
        try:
            raw = getattr(node, attribute)
        except RuntimeError:  # an earlier pass freed what this node doesn't need
            continue
        if isinstance(raw, tuple):
            for number, one in enumerate(raw):
                found += _of_saved(f"{name}[{number}]", one)
        else:
            found += _of_saved(name, raw)
    return found


def _of_saved(name: str, raw: Any) -> tuple[Saved, ...]:  # noqa: ANN401 (torch has no type of it)
    data = raw.data
    if data is None or raw.unpack_hook:
        return ()
    if data.layout is torch.strided and not data.is_nested:
        return _dense(name, data.shape, data.nbytes)
    return (Saved(name, shape_of(data), _stored_bytes(data)),)


@lru_cache(maxsize=1024)
def _dense(name: str, shape: torch.Size, nbytes: int) -> tuple[Saved, ...]:
    return (Saved(name, tuple(shape), nbytes),)


def _stored_bytes(data: Tensor) -> int:
    """Return the bytes of the elements, of a sparse or nested tensor too."""
    if data.layout == torch.sparse_coo:
        return data.detach()._values().nbytes  # noqa: SLF001 (values() must not copy)
    if data.layout in COMPRESSED or data.is_nested:
        return data.detach().values().nbytes
    return data.numel() * data.element_size()


@lru_cache(maxsize=256)
def _raw_attributes(kind: type) -> list[tuple[str, str]]:
    """Return the attributes that hold what was saved, with the names without prefix."""
    names = [name for name in dir(kind) if name.startswith(_RAW)]
    return [(name, name.removeprefix(_RAW)) for name in names]


def numbered(name: str, tensors: Sequence[Tensor]) -> tuple[str, ...]:
    """Return the name, or for several tensors the name with their numbers."""
    if len(tensors) == 1:
        return (name,)
    return tuple(f"{name}{number}" for number in range(len(tensors)))
