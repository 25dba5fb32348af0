"""A backward pass, recorded by hooks on its nodes."""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor
from torch.autograd.graph import Node, get_gradient_edge

from vjp_guide._trace.records import Cotangent, End, NodeRecord, Pass, Port, Saved

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

_Edge = tuple[Node | None, int]
_Edges = dict[Node, tuple[_Edge, ...]]
_Tensors = tuple[Tensor | None, ...]
_Cotangents = tuple[Cotangent | None, ...]
_Event = tuple[Node, _Cotangents, _Cotangents]

_DEEP = 1_000
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


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from going through the many new objects again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_collector_paused()
def record(call: Call, names: tuple[str, ...], *, largest: int) -> Pass:
    """Return the record of a call, with values of up to ``largest`` elements."""
    ys, xs = call.outputs, call.inputs
    starts, stops = [_edge(y) for y in ys], [_edge(x) for x in xs]
    edges = _between(starts, stops)
    recorder = _Recorder(largest)
    with _hooked(edges, recorder):
        gradients = call.run()
    graph = _Graph(recorder.events, edges, starts, stops)
    entering = map(recorder.cotangent, call.entering())
    returned = map(recorder.cotangent, gradients)
    return Pass(
        nodes=tuple(graph.nodes()),
        outputs=tuple(graph.ends(numbered("y", ys), ys, entering, starts)),
        inputs=tuple(graph.ends(names, xs, returned, stops)),
        gradients=gradients,
    )


@contextmanager
def _hooked(nodes: Iterable[Node], recorder: "_Recorder") -> Iterator[None]:
    handles: list[RemovableHandle] = []
    try:
        handles.extend(
            node.register_hook(partial(recorder.log, node)) for node in nodes
        )
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Recorder:
    """Describes what the hooks see, and keeps no tensor of the pass."""

    def __init__(self, largest: int) -> None:
        self.events: list[_Event] = []
        self._largest = largest

    def log(self, node: Node, leaving: _Tensors, arriving: _Tensors) -> None:
        """Append an event, as the hook of a node."""
        came, went = map(self.cotangent, arriving), map(self.cotangent, leaving)
        self.events.append((node, tuple(came), tuple(went)))

    def cotangent(self, tensor: Tensor | None) -> Cotangent | None:
        """Return a description, with a copy of the values if there are few."""
        if tensor is None:
            return None
        if tensor.numel() > self._largest or tensor.is_meta:
            return _without_values(tensor.shape, tensor.dtype)
        values = tensor.detach().to_dense().clone()
        return Cotangent(tuple(tensor.shape), tensor.dtype, values)


@lru_cache(maxsize=1024)
def _without_values(shape: torch.Size, dtype: torch.dtype) -> Cotangent:
    return Cotangent(tuple(shape), dtype)


@lru_cache(maxsize=1024)
def _saved_one(name: str, shape: torch.Size, nbytes: int) -> Saved:
    return Saved(name, tuple(shape), nbytes)


class _Graph:
    """The nodes that ran, with the edges that carried a cotangent."""

    def __init__(
        self,
        events: list[_Event],
        edges: _Edges,
        starts: list[_Edge],
        stops: list[_Edge],
    ) -> None:
        self._events = events
        self._edges = edges
        self._steps = {node: step for step, (node, _, _) in enumerate(events)}
        self._stops = {stop: number for number, stop in reversed([*enumerate(stops)])}
        self._sources: dict[_Edge, list[Port]] = defaultdict(list)
        for number, start in enumerate(starts):
            self._sources[start].append(Port("output", number))
        for step, (node, _, leaving) in enumerate(events):
            for slot, edge in enumerate(edges[node]):
                if leaving[slot] is not None:
                    self._sources[edge].append(Port("node", step, slot))

    def port(self, edge: _Edge) -> Port | None:
        """Return where the pass takes what flows along the edge."""
        node, slot = edge
        if node in self._steps:
            return Port("node", self._steps[node], slot)
        number = self._stops.get(edge)
        return None if number is None else Port("input", number)

    def sources(self, edge: _Edge) -> tuple[Port, ...]:
        """Return where the cotangents that are summed there come from."""
        return tuple(self._sources.get(edge, ()))

    def ends(
        self,
        names: Iterable[str],
        tensors: Iterable[Tensor],
        cotangents: Iterable[Cotangent | None],
        edges: Iterable[_Edge],
    ) -> Iterator[End]:
        """Yield the records of outputs or inputs."""
        ends = zip(names, tensors, cotangents, edges, strict=True)
        for name, tensor, cotangent, edge in ends:
            shape, port = tuple(tensor.shape), self.port(edge)
            yield End(name, shape, cotangent, port, self.sources(edge))

    def nodes(self) -> Iterator[NodeRecord]:
        """Yield the records in the order of execution."""
        for step, (node, arriving, leaving) in enumerate(self._events):
            edges = self._edges[node]
            pairs = zip(leaving, edges, strict=True)
            yield NodeRecord(
                step,
                node.name(),
                arriving,
                leaving,
                tuple([self.sources((node, slot)) for slot in range(len(arriving))]),
                tuple(
                    [None if one is None else self.port(edge) for one, edge in pairs]
                ),
                _saved(node),
            )


def _saved(node: Node) -> tuple[Saved, ...]:
    """Return what can be read without calling a hook."""
    found = []
    for attribute in _raw_attributes(type(node)):
        try:
            raw = getattr(node, attribute)
        except RuntimeError:  # an earlier pass freed what this node doesn't need
            continue
        name, several = attribute[len(_RAW) :], isinstance(raw, tuple)
        for position, one in enumerate(raw if several else (raw,)):
            data = None if one.unpack_hook else one.data
            if data is not None:
                label = f"{name}[{position}]" if several else name
                found.append(_saved_one(label, data.shape, data.nbytes))
    return tuple(found)


@lru_cache(maxsize=256)
def _raw_attributes(kind: type) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if name.startswith(_RAW))


def numbered(name: str, tensors: Sequence[Tensor]) -> tuple[str, ...]:
    """Return the name, or for several tensors the name with their numbers."""
    if len(tensors) == 1:
        return (name,)
    return tuple(f"{name}{number}" for number in range(len(tensors)))


def _edge(tensor: Tensor) -> _Edge:
    """Return where the cotangent arrives; torch's own call refuses what has none."""
    if not tensor.requires_grad:
        return None, 0
    edge = get_gradient_edge(tensor)
    return edge.node, edge.output_nr


def _between(starts: Iterable[_Edge], stops: Iterable[_Edge]) -> _Edges:
    """Return the nodes that must run to reach ``stops``, with their outgoing edges."""
    ends = {node for node, _ in stops}
    edges = _walk(starts)
    _ease_freeing(edges)
    needed: _Edges = {}
    for node, outgoing in edges.items():
        if any(target in needed or target in ends for target, _ in outgoing):
            needed[node] = outgoing
    return needed


def _walk(starts: Iterable[_Edge]) -> _Edges:
    """Return the outgoing edges of all nodes, each after those it leads to."""
    edges: _Edges = {}
    seen: _Edges = {}
    stack = [node for node, _ in starts]
    while stack:
        node = stack.pop()
        if node is None or node in edges:
            continue
        if node in seen:
            edges[node] = seen[node]
        else:
            seen[node] = node.next_functions
            stack.append(node)
            stack.extend([target for target, _ in seen[node]])
    return edges


def _ease_freeing(edges: _Edges) -> None:
    """Keep torch from overflowing the stack when it frees a deep graph.

    It frees nodes that Python has seen one inside the other.
    So some of them hold those below, and let go of them one by one; what they hold
    they reach by edges too, so nothing lives longer.
    """
    order = [*reversed(edges)] if len(edges) > _DEEP else []
    for start in range(0, len(order), _DEEP):
        first, *rest = order[start : start + _DEEP]
        below = {target for target, _ in edges[first]}
        held = []
        for node in rest:
            if node in below:
                held.append(node)
                below.update([target for target, _ in edges[node]])
        # The stub says that it's a method; a list lets go of its last item first.
        metadata = cast("dict[str, list[Node]]", first.metadata)
        metadata["vjp_guide"] = held[::-1]
