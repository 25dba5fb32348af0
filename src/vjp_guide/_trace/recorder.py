"""A backward pass, recorded by hooks on its nodes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.autograd.graph import Node

from vjp_guide._graph import Edge, Edges, between, collector_paused, edge
from vjp_guide._trace.magnitude import COMPRESSED
from vjp_guide._trace.records import Cotangent, End, NodeRecord, Pass, Port, Saved
from vjp_guide._trace.snapshot import described, shape_of, snapshot

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

_Tensors = tuple[Tensor | None, ...]
_Cotangents = tuple[Cotangent | None, ...]
_Event = tuple[Node, _Cotangents, _Cotangents]

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
    names: tuple[str, ...],
    *,
    most: float | None,
    module: Callable[[Node], str],
) -> Pass:
    """Return the record of a call, with values of up to ``most`` elements, if any."""
    ys, xs = call.outputs, call.inputs
    starts, stops = list(map(edge, ys)), list(map(edge, xs))
    edges = between(starts, stops)
    recorder = _Recorder(most)
    with _hooked(edges, recorder):
        gradients = call.run()
    graph = _Graph(recorder.events, edges, starts, stops)
    entering = map(recorder.cotangent, call.entering())
    returned = map(recorder.cotangent, gradients)
    return Pass(
        nodes=tuple(graph.nodes(module)),
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

    def __init__(self, most: float | None) -> None:
        self.events: list[_Event] = []
        self._most = most

    def log(self, node: Node, leaving: _Tensors, arriving: _Tensors) -> None:
        """Append an event, as the hook of a node."""
        if self._most is None:
            came = [one if one is None else described(one) for one in arriving]
            went = [one if one is None else described(one) for one in leaving]
        else:
            came = [self.cotangent(one) for one in arriving]
            went = [self.cotangent(one) for one in leaving]
        self.events.append((node, tuple(came), tuple(went)))

    def cotangent(self, tensor: Tensor | None) -> Cotangent | None:
        """Return a description."""
        if tensor is None:
            return None
        return described(tensor) if self._most is None else snapshot(tensor, self._most)


@lru_cache(maxsize=1024)
def _saved_one(name: str, shape: tuple[int, ...], nbytes: int) -> Saved:
    return Saved(name, shape, nbytes)


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
        self._steps = {node: step for step, (node, _, _) in enumerate(events)}
        self._stops = {stop: number for number, stop in reversed([*enumerate(stops)])}
        self._sources: dict[Edge, list[Port]] = defaultdict(list)
        for number, start in enumerate(starts):
            self._sources[start].append(Port("output", number))
        for step, (node, _, leaving) in enumerate(events):
            for slot, target in enumerate(edges[node]):
                if leaving[slot] is not None:
                    self._sources[target].append(Port("node", step, slot))

    def port(self, place: Edge) -> Port | None:
        """Return where the pass takes what flows along the edge."""
        node, slot = place
        if node in self._steps:
            return Port("node", self._steps[node], slot)
        number = self._stops.get(place)
        return None if number is None else Port("input", number)

    def sources(self, place: Edge) -> tuple[Port, ...]:
        """Return where the cotangents that are summed there come from."""
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
                    [None if one is None else self.port(place) for one, place in pairs]
                ),
                _saved(node),
                module(node),
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
                found.append(_saved_one(label, shape_of(data), _size(data)))
    return tuple(found)


def _size(data: Tensor) -> int:
    """Return the bytes of the elements that are stored, also of a sparse tensor."""
    if data.layout == torch.sparse_coo:
        return data.detach()._values().nbytes  # noqa: SLF001 (values() must not copy)
    if data.layout in {*COMPRESSED, torch.jagged}:
        return data.detach().values().nbytes
    return data.numel() * data.element_size()


@lru_cache(maxsize=256)
def _raw_attributes(kind: type) -> tuple[str, ...]:
    return tuple(name for name in dir(kind) if name.startswith(_RAW))


def numbered(name: str, tensors: Sequence[Tensor]) -> tuple[str, ...]:
    """Return the name, or for several tensors the name with their numbers."""
    if len(tensors) == 1:
        return (name,)
    return tuple(f"{name}{number}" for number in range(len(tensors)))
