"""The records of a pass, from what its hooks saw."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor

from vjp_guide._graph import collector_paused
from vjp_guide._trace.records import Cotangent, End, NodeRecord, Part, Port, Saved

Cotangents = tuple[Cotangent | None, ...]
Event = tuple[int, Sequence[Cotangent | None], int]
"""The number of a node, what arrived at it and what left it, and how many arrived."""
NumberedEdge = tuple[int | None, int]
"""An edge whose node stands there by its number: to hold nodes is to hold the graph."""

_port = partial(tuple.__new__, Port)  # in a third of the time
_record = partial(tuple.__new__, NodeRecord)


@dataclass(frozen=True, slots=True)
class Recording:
    """What the hooks of a pass saw, and what was read of the graph while it lived.

    Attributes:
        events: What each node did, in the order of execution.
        nodes: By number, the operation, the saved tensors and the module.
        outgoing: By number, the edges to the operands.
        starts: The edges where the cotangents of the outputs enter.
        stops: The edges where the gradients of the inputs are taken.
        outputs: The outputs, of which those edges aren't known yet.
        inputs: The inputs, likewise.
        gradients: What the pass returned.
    """

    events: list[Event]
    nodes: list[tuple[str, tuple[Saved, ...], str]]
    outgoing: list[tuple[NumberedEdge, ...]]
    starts: tuple[NumberedEdge, ...]
    stops: tuple[NumberedEdge, ...]
    outputs: tuple[End, ...]
    inputs: tuple[End, ...]
    gradients: tuple[Tensor | None, ...]

    @collector_paused()
    def read(self) -> Part:
        """Return the records of the pass."""
        return _Assembly(self).part()


class _Assembly:
    """The nodes that ran, with the edges that carried a cotangent."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        # Most nodes have one result and send to one operand, so these serve for both.
        self._ports = {
            number: _port(("node", step, 0))
            for step, (number, _, _) in enumerate(recording.events)
        }
        stops = [*enumerate(recording.stops)]
        self._stops = {stop: number for number, stop in reversed(stops)}
        self._sources: dict[NumberedEdge, list[Port]] = defaultdict(list)
        for number, start in enumerate(recording.starts):
            self._sources[start].append(Port("output", number))

    def part(self) -> Part:
        """Return the records, of the nodes first, since that finds the sources."""
        seen, nodes = self._recording, tuple(self._nodes())
        outputs = tuple(map(self._joined, seen.outputs, seen.starts))
        inputs = tuple(map(self._joined, seen.inputs, seen.stops))
        return Part(nodes, outputs, inputs, seen.gradients)

    def _joined(self, end: End, place: NumberedEdge) -> End:
        sources = tuple(self._sources.get(place, ()))
        return replace(end, port=self._port(place), sources=sources)

    def _port(self, place: NumberedEdge) -> Port | None:
        """Return where the pass takes what flows along the edge."""
        node, slot = place
        port = None if node is None else self._ports.get(node)
        if port:
            return port._replace(slot=slot) if slot else port
        number = self._stops.get(place)
        return None if number is None else Port("input", number)

    def _nodes(self) -> Iterator[NodeRecord]:
        """Yield the records in the order of execution, so that sources come first."""
        sources, ports = self._sources, self._ports
        for step, (number, seen, count) in enumerate(self._recording.events):
            arriving, leaving = tuple(seen[:count]), tuple(seen[count:])
            came = [tuple(sources.get((number, at), ())) for at in range(len(arriving))]
            targets: list[Port | None] = [None] * len(leaving)
            port = ports[number]
            for slot, place in enumerate(self._recording.outgoing[number]):
                if leaving[slot] is not None:
                    targets[slot] = self._port(place)
                    sources[place].append(port._replace(slot=slot) if slot else port)
            operation, saved, module = self._recording.nodes[number]
            yield _record(
                (
                    step,
                    operation,
                    arriving,
                    leaving,
                    tuple(came),
                    tuple(targets),
                    saved,
                    module,
                )
            )
