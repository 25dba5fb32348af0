"""What a figure of a trace shows: tensors with their cotangents, and edges."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vjp_guide._trace.operations import forward_name
from vjp_guide._trace.records import End, NodeRecord, Pass, Port
from vjp_guide._trace.text import counted, folded

Key = tuple[str, int]
_Shape = tuple[int, ...]

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


def picture(part: Pass, whole: Pass) -> Picture:
    """Return the boxes and arrows of a part of a trace, with all else folded.

    Args:
        part: What is drawn; of many nodes, the first and last.
        whole: The trace that it belongs to.

    Returns:
        The picture, where one box stands for neighbouring nodes that aren't drawn.
    """
    first, _, last = folded(part.nodes, _MOST_NODES)
    reader = _Reader(part, whole, [node.step for node in (*first, *last)])
    boxes = dict([*reader.inputs(), *reader.steps()])
    return Picture(
        boxes, [arrow for arrow in reader.arrows() if arrow.operand in boxes]
    )


class _Reader:
    """Reads boxes and arrows from a trace, with runs of hidden steps as one box each.

    The steps of a run follow one another, so no cycle arises.
    """

    def __init__(self, part: Pass, whole: Pass, shown: Sequence[int]) -> None:
        self._trace = whole
        self._is_part = part is not whole
        self._shown = shown
        self._drawn = set(shown)
        self._given = self._names(whole.outputs)
        self._taken = self._names(whole.inputs)

    def inputs(self) -> Iterator[tuple[Key, Box]]:
        """Yield the inputs where the pass ends, but not those of hidden steps alone."""
        for number, end in enumerate(self._trace.inputs):
            key = ("input", number)
            uses = [self._key(port)[0] for port in end.sources]
            hidden = {*uses} == {"fold"} or (self._is_part and not uses)
            if key in self._taken and not hidden:
                yield key, self._box(key, (end.shape,), "", (end.sources,))

    def steps(self) -> Iterator[tuple[Key, Box]]:
        """Yield the operations and the runs of hidden ones, in the forward order."""
        ends = [-1, *self._shown, len(self._trace.nodes)]
        for run in reversed(range(len(ends) - 1)):
            hidden = ends[run + 1] - ends[run] - 1
            if hidden:
                yield self._fold(("fold", run), hidden)
            if run:
                yield self._node(self._trace.nodes[ends[run]])

    def _node(self, node: NodeRecord) -> tuple[Key, Box]:
        """Return the result of an operation."""
        key, operation = ("node", node.step), forward_name(node.operation)
        shapes = tuple(one.shape if one else None for one in node.arriving)
        return key, self._box(key, shapes, operation, node.sources)

    def _fold(self, key: Key, hidden: int) -> tuple[Key, Box]:
        name, entering = counted(hidden, "more node"), self._given.get(key, [])
        return key, Box(name, (), entering=_entering(entering))

    def arrows(self) -> Iterator[Arrow]:
        """Yield the edges, and one for all from or to a run of hidden steps."""
        merged = defaultdict(list)
        for arrow in self._edges():
            ends = arrow.operand, arrow.result
            if "fold" not in {kind for kind, _ in ends}:
                yield arrow
            elif arrow.operand != arrow.result:
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
        if kind != "node" or number in self._drawn:
            return kind, number
        return "fold", bisect_left(self._shown, number)

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
