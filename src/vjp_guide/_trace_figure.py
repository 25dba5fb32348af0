"""A trace as a drawing: the graph, and below it the cotangents that flow back."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from vjp_guide._layers import Bend, layered
from vjp_guide._operations import forward_name
from vjp_guide._svg import FONT_WIDTH, Canvas
from vjp_guide._trace_text import counted, folded
from vjp_guide.figures import (
    _ARROW,
    _BOX_HEIGHT,
    _BOX_WIDTH,
    _LEFT,
    Figure,
    Stage,
    _figure,
    chain,
)

if TYPE_CHECKING:
    from vjp_guide._trace_records import End, NodeRecord, Port, Trace

_Key = tuple[str, int]
_Point = tuple[float, float]
_Shape = tuple[int, ...]

_FOLD: _Key = ("fold", 0)
_MOST_NODES = 24
_TOP, _BETWEEN = 32, 60
_TALL, _THIN, _LINE = _BOX_HEIGHT + 28, 28, 8
_SPREAD, _BADGE, _ENTRY = 24, 18, 44


@dataclass(frozen=True, slots=True)
class _Box:
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
class _Arrow:
    """An edge from an operand to a result; a cotangent passes it backward."""

    operand: _Key
    result: _Key
    shape: str


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is drawn: boxes in the order of the computation, and arrows."""

    boxes: dict[_Key, _Box]
    arrows: list[_Arrow]

    def is_chain(self) -> bool:
        """Say whether each tensor is computed from the one before, and nothing else."""
        pairs = [(arrow.operand, arrow.result) for arrow in self.arrows]
        *inner, last = self.boxes.values()
        return (
            sorted(pairs) == sorted(pairwise(self.boxes))
            and all(len(box.shapes) == 1 for box in self.boxes.values())
            and not any(box.entering for box in inner)
            and len(last.entering) == 1
        )

    def alt(self) -> str:
        """Describe the flow in both directions."""
        return f"Forward: {', '.join(self._forward())}. Backward: {'; '.join(self._backward())}."

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
            sent = f"{arrow.shape} from {self.boxes[arrow.result].name}".strip()
            arriving[arrow.operand].append(sent)
        for key, box in reversed(self.boxes.items()):
            sent = [*box.entering, *arriving[key]]
            verb = "is the sum of" if box.summed else "receives"
            if sent:
                yield f"{box.cotangent} {verb} {' and '.join(sent)}"


def draw(trace: "Trace") -> Figure:
    """Draw a trace; a chain looks as :func:`vjp_guide.figures.chain` draws it."""
    picture = _picture(trace)
    if not picture.is_chain():
        return _Drawing(picture).figure()
    boxes = picture.boxes.values()
    stages = [Stage(box.name, box.shapes[0] or ()) for box in boxes]
    return chain(stages, [box.operation for box in boxes if box.operation])


def _picture(trace: "Trace") -> _Picture:
    first, count, last = folded(trace.nodes, _MOST_NODES)
    reader = _Reader(trace, range(len(first), len(first) + count))
    boxes = {
        **dict(reader.inputs()),
        **dict(map(reader.node, reversed(last))),
        **({_FOLD: _Box(f"{counted(count, 'more node')}", ())} if count else {}),
        **dict(map(reader.node, reversed(first))),
    }
    arrows = [arrow for arrow in reader.arrows() if arrow.operand in boxes]
    return _Picture(boxes, arrows)


class _Reader:
    """Reads boxes and arrows from a trace, with the hidden steps as one box."""

    def __init__(self, trace: "Trace", hidden: range) -> None:
        self._trace = trace
        self._hidden = hidden
        self._given = self._names(trace.outputs)
        self._taken = self._names(trace.inputs)

    def inputs(self) -> Iterator[tuple[_Key, _Box]]:
        """Yield the inputs where the pass ends, but not those of hidden steps alone."""
        for number, end in enumerate(self._trace.inputs):
            key = ("input", number)
            uses = {self._key(port) for port in end.sources}
            if key in self._taken and uses != {_FOLD}:
                yield key, self._box(key, (end.shape,), "", (end.sources,))

    def node(self, node: "NodeRecord") -> tuple[_Key, _Box]:
        """Return the result of an operation."""
        key, operation = ("node", node.step), forward_name(node.operation)
        shapes = tuple(one.shape if one else None for one in node.arriving)
        return key, self._box(key, shapes, operation, node.sources)

    def arrows(self) -> Iterator[_Arrow]:
        """Yield the edges, and one for all between the hidden steps and a box."""
        seen = set()
        for node in self._trace.nodes:
            result = _FOLD if node.step in self._hidden else ("node", node.step)
            pairs = zip(node.targets, node.leaving, strict=True)
            for slot, (port, cotangent) in enumerate(pairs):
                if port is None or cotangent is None:
                    continue
                how = "sum to " if slot in node.summed_back else ""
                arrow = _Arrow(self._key(port), result, f"{how}{cotangent.shape}")
                ends = arrow.operand, result
                if _FOLD not in ends or (ends not in seen and set(ends) != {_FOLD}):
                    seen.add(ends)
                    yield arrow

    def _box(
        self,
        key: _Key,
        shapes: tuple[_Shape | None, ...],
        operation: str,
        sources: "Sequence[Sequence[Port]]",
    ) -> _Box:
        given, taken = self._given.get(key, []), self._taken.get(key, [])
        return _Box(
            name=", ".join([*given, *taken]) or f"t{key[1]}",
            shapes=shapes,
            operation=operation,
            kind="x" if taken else "y",
            used=any(sources),
            summed=any(len(ports) > 1 for ports in sources),
            entering=tuple(name.replace("y", "v", 1) for name in given),
        )

    def _key(self, port: "Port") -> _Key:
        hidden = port.kind == "node" and port.number in self._hidden
        return _FOLD if hidden else (port.kind, port.number)

    def _names(self, ends: "Sequence[End]") -> dict[_Key, list[str]]:
        names = defaultdict(list)
        for end in ends:
            if end.port:
                names[self._key(end.port)].append(end.name)
        return names


class _Drawing:
    """Places the boxes of a picture twice, with arrows to the right and to the left."""

    def __init__(self, picture: _Picture) -> None:
        boxes, arrows = picture.boxes.values(), picture.arrows
        words = [
            part for box in boxes for part in (box.title, box.cotangent, box.caption)
        ]
        edges = [(arrow.operand, arrow.result) for arrow in arrows]
        self._picture = picture
        self._canvas = Canvas()
        self._width = max(_BOX_WIDTH, _room(words) + 20)
        self._gap = max(_ARROW, _room(arrow.shape for arrow in arrows) + 60)
        self._layout = layered([*picture.boxes], edges, tall=_TALL, thin=_THIN)
        self._routes = [
            (arrow.operand, *bends, arrow.result)
            for arrow, bends in zip(arrows, self._layout.bends, strict=True)
        ]

    def figure(self) -> Figure:
        """Return the drawing."""
        highest, lowest = self._extent()
        upper = _TOP - highest
        lower = upper + lowest - highest + _BETWEEN
        self._note(_TOP - 12, "forward")
        self._note(lower + lowest + 22, "backward: right to left")
        for points in self._paths(upper):
            self._polyline(points, "forward")
        for arrow, points in zip(self._picture.arrows, self._paths(lower), strict=True):
            self._backward(arrow, points[::-1], lower)
        for key, box in self._picture.boxes.items():
            self._draw(key, upper, box.title, box.caption, box.kind)
            back = box.caption if box.used else "none"
            self._draw(key, lower, box.cotangent, back, "v")
            self._arrival(key, lower, box)
        return _figure(self._canvas, self._picture.alt())

    def _extent(self) -> tuple[float, float]:
        edges = [
            (height - half, height + half)
            for item, height in self._layout.heights.items()
            for half in [_LINE if isinstance(item, Bend) else _BOX_HEIGHT / 2]
        ]
        return min(top for top, _ in edges), max(bottom for _, bottom in edges)

    def _note(self, height: float, words: str) -> None:
        self._canvas.text(_LEFT, height, words, "note", anchor="start")

    def _left(self, item: Hashable) -> float:
        column = item.column if isinstance(item, Bend) else self._layout.columns[item]
        return _LEFT + column * (self._width + self._gap)

    def _paths(self, panel: float) -> Iterator[list[_Point]]:
        """Yield the corners of each arrow from operand to result."""
        starts = self._spread([(route[0], route[1]) for route in self._routes])
        ends = self._spread([(route[-1], route[-2]) for route in self._routes])
        for route, start, end in zip(self._routes, starts, ends, strict=True):
            first, *bends, last = [
                (self._left(item), panel + self._layout.heights[item]) for item in route
            ]
            passing = [(left + x, y) for left, y in bends for x in (0, self._width)]
            yield [
                (first[0] + self._width, first[1] + start),
                *passing,
                (last[0], last[1] + end),
            ]

    def _spread(self, ties: list[tuple[Hashable, Hashable]]) -> list[float]:
        """Return how far from the middle of a box each arrow meets it."""
        meeting = defaultdict(list)
        for number, (box, other) in enumerate(ties):
            meeting[box].append((self._layout.heights[other], number))
        shifts = [0.0] * len(ties)
        for arrows in meeting.values():
            step = min(_SPREAD, _BOX_HEIGHT / len(arrows))
            for place, (_, number) in enumerate(sorted(arrows)):
                shifts[number] = (place - (len(arrows) - 1) / 2) * step
        return shifts

    def _polyline(self, points: list[_Point], kind: str) -> None:
        *pairs, last = pairwise(points)
        for start, end in pairs:
            self._canvas.line(*start, *end, kind)
        self._canvas.arrow(*last[0], *last[1], kind)

    def _backward(self, arrow: _Arrow, points: list[_Point], panel: float) -> None:
        share = 0.5
        if self._picture.boxes[arrow.operand].summed:
            height = panel + self._layout.heights[arrow.operand]
            points = [*points[:-1], (points[-1][0] + _BADGE, height)]
            share = 0.5 if len(points) > 2 else 0.3
        self._polyline(points, "backward")
        middle = (len(points) - 1) // 2
        (x1, y1), (x2, y2) = points[middle : middle + 2]
        x, y = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
        self._canvas.text(x, y + (-9 if y1 == y2 else 4), arrow.shape, "label")

    def _draw(
        self, key: _Key, panel: float, name: str, caption: str, kind: str
    ) -> None:
        left, middle = self._left(key), panel + self._layout.heights[key]
        self._canvas.rect(
            left, middle - _BOX_HEIGHT / 2, self._width, _BOX_HEIGHT, kind
        )
        centre = left + self._width / 2
        self._canvas.text(centre, middle - 4, name, "name")
        self._canvas.text(centre, middle + 14, caption, "cell")

    def _arrival(self, key: _Key, panel: float, box: _Box) -> None:
        """Draw the plus of a sum, and the cotangent that enters."""
        right, middle = self._left(key) + self._width, panel + self._layout.heights[key]
        start, end = (right + _ENTRY, middle), (right, middle)
        if box.summed:
            self._canvas.rect(right, middle - _BADGE / 2, _BADGE, _BADGE, "v")
            self._canvas.text(right + _BADGE / 2, middle + 5, "+", "name")
            top = right + _BADGE / 2, middle - _BADGE / 2
            start, end = (top[0], top[1] - _ENTRY / 2), top
        if box.entering:
            self._canvas.arrow(*start, *end, "backward")
            words = " + ".join(box.entering)
            self._canvas.text(
                start[0] + 5, start[1] + 4, words, "v name", anchor="start"
            )


def _room(words: Iterable[str]) -> float:
    return max((FONT_WIDTH * len(word) for word in words), default=0)
