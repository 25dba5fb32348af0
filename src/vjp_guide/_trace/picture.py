"""What a figure of a trace shows: tensors with their cotangents, and edges."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vjp_guide._trace.operations import forward_name
from vjp_guide._trace.records import End, NodeRecord, Pass, Port
from vjp_guide._trace.text import counted, folded

Key = tuple[str, int]
_Shape = tuple[int, ...]

_FOLD: Key = ("fold", 0)
_MOST_NODES, _MOST_NAMES = 24, 3


@dataclass(frozen=True, slots=True)
class Box:
    """A tensor, and the cotangent that belongs to it."""

    name: str
    shapes: tuple[_Shape | None, ...]
    operation: str = ""
    kind: str = "y"
    used: bool = True
    summed: bool = False
    entering: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The tensor, and the operation that computes it."""
        return f"{self.name} = {self.operation}" if self.operation else self.name

    @property
    def cotangent(self) -> str:
        """The name of the cotangent."""
        return f"dL/d{self.name}" if self.shapes else self.name

    @property
    def caption(self) -> str:
        """The shape, or how many there are."""
        if len(self.shapes) == 1:
            return str(self.shapes[0])
        return f"{len(self.shapes)} results" if self.shapes else ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge from an operand to a result; a cotangent passes it backward."""

    operand: Key
    result: Key
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn: boxes in the order of the computation, and arrows."""

    boxes: dict[Key, Box]
    arrows: list[Arrow]

    def is_chain(self) -> bool:
        """Return whether each tensor is computed from the one before, and no other."""
        pairs = [(arrow.operand, arrow.result) for arrow in self.arrows]
        *inner, last = self.boxes.values()
        return (
            sorted(pairs) == sorted(pairwise(self.boxes))
            and all(len(box.shapes) == 1 for box in self.boxes.values())
            and not any(box.entering for box in inner)
            and len(last.entering) == 1
        )

    def alt(self) -> str:
        """Return the flow in both directions, in words."""
        forward, backward = ", ".join(self._forward()), "; ".join(self._backward())
        return f"Forward: {forward}. Backward: {backward}."

    def _forward(self) -> Iterator[str]:
        operands = defaultdict(list)
        for arrow in self.arrows:
            operands[arrow.result].append(self.boxes[arrow.operand].name)
        for key, box in self.boxes.items():
            by = f" by {box.operation} of" if box.operation else " from"
            of = f"{by} {' and '.join(operands[key])}" if operands[key] else ""
            yield " ".join(filter(None, [box.name, box.caption])) + of

    def _backward(self) -> Iterator[str]:
        arriving = defaultdict(list)
        for arrow in self.arrows:
            words = f"{arrow.label} from {self.boxes[arrow.result].name}"
            arriving[arrow.operand].append(words)
        for key, box in reversed(self.boxes.items()):
            sent = [*box.entering, *arriving[key]]
            verb = "is the sum of" if box.summed else "receives"
            if sent:
                yield f"{box.cotangent} {verb} {' and '.join(sent)}"


def picture(trace: Pass) -> Picture:
    """Return the boxes and arrows of a trace, with the middle of a long one folded."""
    first, count, last = folded(trace.nodes, _MOST_NODES)
    reader = _Reader(trace, range(len(first), len(first) + count))
    boxes = {
        **dict(reader.inputs()),
        **dict(map(reader.node, reversed(last))),
        **reader.fold(),
        **dict(map(reader.node, reversed(first))),
    }
    arrows = [arrow for arrow in reader.arrows() if arrow.operand in boxes]
    return Picture(boxes, arrows)


class _Reader:
    """Reads boxes and arrows from a trace, with the hidden steps as one box."""

    def __init__(self, trace: Pass, hidden: range) -> None:
        self._trace = trace
        self._hidden = hidden
        self._given = self._names(trace.outputs)
        self._taken = self._names(trace.inputs)

    def inputs(self) -> Iterator[tuple[Key, Box]]:
        """Yield the inputs where the pass ends, but not those of hidden steps alone."""
        for number, end in enumerate(self._trace.inputs):
            key = ("input", number)
            uses = {self._key(port) for port in end.sources}
            if key in self._taken and uses != {_FOLD}:
                yield key, self._box(key, (end.shape,), "", (end.sources,))

    def node(self, node: NodeRecord) -> tuple[Key, Box]:
        """Return the result of an operation."""
        key, operation = ("node", node.step), forward_name(node.operation)
        shapes = tuple(one.shape if one else None for one in node.arriving)
        return key, self._box(key, shapes, operation, node.sources)

    def fold(self) -> dict[Key, Box]:
        """Return the box of the hidden steps, if there are any."""
        name = counted(len(self._hidden), "more node")
        box = Box(name, (), entering=_entering(self._given.get(_FOLD, [])))
        return {_FOLD: box} if self._hidden else {}

    def arrows(self) -> Iterator[Arrow]:
        """Yield the edges, and one for all from or to the hidden steps and a box."""
        merged = defaultdict(list)
        for arrow in self._edges():
            ends = arrow.operand, arrow.result
            if _FOLD not in ends:
                yield arrow
            elif ends != (_FOLD, _FOLD):
                merged[ends].append(arrow.label)
        for (operand, result), labels in merged.items():
            label = labels[0] if len(labels) == 1 else f"{len(labels):,} cotangents"
            yield Arrow(operand, result, label)

    def _edges(self) -> Iterator[Arrow]:
        for node in self._trace.nodes:
            result = self._key_of("node", node.step)
            pairs = zip(node.targets, node.leaving, strict=True)
            for slot, (port, cotangent) in enumerate(pairs):
                if port and cotangent:
                    how = "sum to " if slot in node.summed_back else ""
                    yield Arrow(self._key(port), result, f"{how}{cotangent.shape}")

    def _box(
        self,
        key: Key,
        shapes: tuple[_Shape | None, ...],
        operation: str,
        sources: Sequence[Sequence[Port]],
    ) -> Box:
        given, taken = self._given.get(key, []), self._taken.get(key, [])
        return Box(
            name=", ".join([*given, *taken]) or f"t{key[1]}",
            shapes=shapes,
            operation=operation,
            kind="x" if taken else "y",
            used=any(sources),
            summed=any(len(ports) > 1 for ports in sources),
            entering=_entering(given),
        )

    def _key(self, port: Port) -> Key:
        return self._key_of(port.kind, port.number)

    def _key_of(self, kind: str, number: int) -> Key:
        return _FOLD if kind == "node" and number in self._hidden else (kind, number)

    def _names(self, ends: Sequence[End]) -> dict[Key, list[str]]:
        names = defaultdict(list)
        for end in ends:
            if end.port:
                names[self._key(end.port)].append(end.name)
        return names


def _entering(outputs: Sequence[str]) -> tuple[str, ...]:
    """Return ``("v0",)`` for ``["y0"]``, and how many there are if they are many."""
    if len(outputs) > _MOST_NAMES:
        return (f"{len(outputs):,} cotangents",)
    return tuple(name.replace("y", "v", 1) for name in outputs)
