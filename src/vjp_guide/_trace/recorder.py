"""A backward pass, recorded by hooks on its nodes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MethodType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

from vjp_guide._graph import Edge, Edges, between, collector_paused, edge
from vjp_guide._quiet import kept_grads
from vjp_guide._trace.magnitude import COMPRESSED
from vjp_guide._trace.records import Cotangent, End, NodeRecord, Pass, Port, Saved
from vjp_guide._trace.snapshot import all_described, described, shape_of, snapshot

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

_Tensors = tuple[Tensor | None, ...]
_Cotangents = tuple[Cotangent | None, ...]
_Event = tuple[Node, _Cotangents, _Cotangents]
_Near = dict[int, tuple[Tensor, int, Cotangent]]
"""Tensors of the last step by identity, the version of each, and its description."""

_Hook = Callable[[Node, _Tensors, _Tensors], None]

_PLAIN = torch._C.DisableTorchFunction  # noqa: SLF001 (it has no public name)
_RAW = "_raw_saved_"
_port = partial(tuple.__new__, Port)  # in a third of the time
_record = partial(tuple.__new__, NodeRecord)


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
    names: tuple[str, ...],
    *,
    most: float | None,
    module: Callable[[Node], str],
) -> Pass:
    """Return the record of a call, with values of up to ``most`` elements, if any."""
    ys, xs = call.outputs, call.inputs
    starts, stops = list(map(edge, ys)), list(map(edge, xs))
    recorder = _Recorder(most)
    with kept_grads(ys):  # which looks at all objects: the walk makes many
        edges = between(starts, stops)
        with _hooked(edges, recorder.hook()):
            gradients = call.run()
    # Inference mode makes views of nested tensors that can't be read.
    with _PLAIN(), torch.inference_mode(mode=False):
        graph = _Graph(recorder.events, edges, starts, stops)
        entering, returned = map(recorder.described, (call.entering(), gradients))
        return Pass(
            nodes=tuple(graph.nodes(module)),
            outputs=tuple(graph.ends(numbered("y", ys), ys, entering, starts)),
            inputs=tuple(graph.ends(names, xs, returned, stops)),
            gradients=gradients,
        )


@contextmanager
def _hooked(nodes: Iterable[Node], hook: _Hook) -> Iterator[None]:
    handles: list[RemovableHandle] = []
    try:
        handles.extend(node.register_hook(MethodType(hook, node)) for node in nodes)
        yield
    finally:
        for handle in handles:
            handle.remove()


def _plainly(hook: _Hook) -> _Hook:
    """Return a hook that no mode of the reader's sees."""

    def log(node: Node, leaving: _Tensors, arriving: _Tensors) -> None:
        with _PLAIN():
            hook(node, leaving, arriving)

    return log


class _Recorder:
    """Describes what the hooks see.

    What a node sends is mostly what the next one takes, so small tensors are kept for
    one step, and copied once.
    """

    def __init__(self, most: float | None) -> None:
        self.events: list[_Event] = []
        self._alike: dict[_Cotangents, _Cotangents] = {}
        self._most = -1 if most is None else most
        self._near: _Near = {}

    def hook(self) -> _Hook:
        """Return what each node calls."""
        log = self._log_shapes if self._most < 0 else self._log_values
        return _plainly(log) if torch._C._len_torch_function_stack() else log  # noqa: SLF001 (it has no public name)

    def described(self, tensors: Iterable[Tensor | None]) -> _Cotangents:
        """Return what is kept of what isn't seen by a hook."""
        look = described if self._most < 0 else self._snapshot
        return tuple([t if t is None else look(t) for t in tensors])

    def _log_shapes(self, node: Node, leaving: _Tensors, arriving: _Tensors) -> None:
        """Append an event, as the hook of a node."""
        came, went = all_described(arriving), all_described(leaving)
        shared = self._alike.setdefault  # most nodes of a graph see the same shapes
        self.events.append((node, shared(came, came), shared(went, went)))

    def _log_values(self, node: Node, leaving: _Tensors, arriving: _Tensors) -> None:
        near: _Near = {}
        came = self._copied(arriving, self._near, near)
        went = self._copied(leaving, near, near)
        self._near = near
        self.events.append((node, came, went))

    def _snapshot(self, tensor: Tensor) -> Cotangent | None:
        return self._copied((tensor,), self._near, {})[0]

    def _copied(self, tensors: _Tensors, known: _Near, near: _Near) -> _Cotangents:
        """Return snapshots, those of ``known`` where nothing was written since.

        It is one loop because each call costs a tenth of a plain pass.
        """
        found: list[Cotangent | None] = []
        for tensor in tensors:
            if tensor is None:
                found.append(None)
                continue
            key = id(tensor)
            kept = known.get(key)
            if kept and kept[1] == tensor._version:  # noqa: SLF001 (it has no public name)
                near[key] = kept
                found.append(kept[2])
                continue
            one = snapshot(tensor, self._most)
            found.append(one)
            if one.kept is not None and not tensor.is_inference():
                near[key] = tensor, tensor._version, one  # noqa: SLF001 (likewise)
        return tuple(found)


class _Graph:
    """The nodes that ran, with the edges that carried a cotangent."""

    def __init__(
        self,
        events: list[_Event],
        edges: Edges,
        starts: list[Edge],
        stops: list[Edge],
    ) -> None:
        self._events = events
        self._edges = edges
        # Most nodes have one result and send to one operand, so these serve for both.
        self._ports: dict[Node | None, Port] = {
            node: _port(("node", step, 0)) for step, (node, _, _) in enumerate(events)
        }
        self._stops = {stop: number for number, stop in reversed([*enumerate(stops)])}
        self._sources: dict[Edge, list[Port]] = defaultdict(list)
        for number, start in enumerate(starts):
            self._sources[start].append(Port("output", number))

    def port(self, place: Edge) -> Port | None:
        """Return where the pass takes what flows along the edge."""
        node, slot = place
        port = self._ports.get(node)
        if port:
            return port._replace(slot=slot) if slot else port
        number = self._stops.get(place)
        return None if number is None else Port("input", number)

    def sources(self, place: Edge) -> tuple[Port, ...]:
        """Return where the cotangents that were summed there so far come from."""
        return tuple(self._sources.get(place, ()))

    def ends(
        self,
        names: Iterable[str],
        tensors: Iterable[Tensor],
        cotangents: Iterable[Cotangent | None],
        edges: Iterable[Edge],
    ) -> Iterator[End]:
        """Yield the records of outputs or inputs."""
        ends = zip(names, tensors, cotangents, edges, strict=True)
        for name, tensor, cotangent, place in ends:
            shape, port = shape_of(tensor), self.port(place)
            yield End(name, shape, cotangent, port, self.sources(place))

    def nodes(self, module: Callable[[Node], str]) -> Iterator[NodeRecord]:
        """Yield the records in the order of execution, so that sources come first."""
        sources, ports = self._sources, self._ports
        for step, (node, arriving, leaving) in enumerate(self._events):
            came = [tuple(sources.get((node, at), ())) for at in range(len(arriving))]
            targets: list[Port | None] = [None] * len(leaving)
            port = ports[node]
            for slot, place in enumerate(self._edges[node]):
                if leaving[slot] is not None:
                    targets[slot] = self.port(place)
                    sources[place].append(port._replace(slot=slot) if slot else port)
            yield _record(
                (
                    step,
                    node.name(),
                    arriving,
                    leaving,
                    tuple(came),
                    tuple(targets),
                    _saved(node),
                    module(node),
                )
            )


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
