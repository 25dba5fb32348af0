"""A trace as a drawing: the graph, and below it the cotangents that flow back."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import pairwise

from vjp_guide._svg import (
    ARROW_LENGTH,
    BOX_HEIGHT,
    BOX_WIDTH,
    FONT_WIDTH,
    LEFT,
    Canvas,
)
from vjp_guide._trace.layers import Bend, layered
from vjp_guide._trace.picture import Arrow, Box, Key, Picture, picture
from vjp_guide._trace.records import Pass
from vjp_guide.figures import Figure, Stage, chain

_Point = tuple[float, float]

_TOP, _BETWEEN = 32, 60
_TALL, _THIN, _LINE = BOX_HEIGHT + 28, 28, 8
_SPREAD, _BADGE, _ENTRY = 24, 18, 44


def draw(part: Pass, whole: Pass | None = None) -> Figure:
    """Return the figure; that of a chain is :func:`vjp_guide.figures.chain`.

    Args:
        part: What is drawn.
        whole: The trace that it is a part of, if it is one.

    Returns:
        The drawing.
    """
    shown = picture(part, whole or part)
    if not shown.is_chain():
        return _Drawing(shown).figure()
    boxes = shown.boxes.values()
    stages = [Stage(box.name, box.shapes[0] or ()) for box in boxes]
    return chain(stages, [box.operation for box in boxes if box.operation])


class _Drawing:
    """Places the boxes of a picture twice, with arrows to the right and to the left."""

    def __init__(self, shown: Picture) -> None:
        boxes, arrows = shown.boxes.values(), shown.arrows
        words = [(box.title, box.cotangent, box.caption) for box in boxes]
        edges = [(arrow.operand, arrow.result) for arrow in arrows]
        self._shown = shown
        self._canvas = Canvas()
        self._width = max(BOX_WIDTH, 20 + _room(word for box in words for word in box))
        self._gap = max(ARROW_LENGTH, 60 + _room(arrow.label for arrow in arrows))
        self._layout = layered([*shown.boxes], edges, tall=_TALL, thin=_THIN)

    def figure(self) -> Figure:
        """Return the drawing."""
        highest, lowest = self._extent()
        upper, lower = _TOP - highest, _TOP - 2 * highest + lowest + _BETWEEN
        self._note(_TOP - 12, "forward")
        self._note(lower + lowest + 22, "backward: right to left")
        for path in self._paths(upper):
            self._line(path, "forward")
        for arrow, path in zip(self._shown.arrows, self._paths(lower), strict=True):
            self._backward(arrow, path, lower)
        for key, box in self._shown.boxes.items():
            self._box(key, upper, box.title, box.caption, box.kind)
            self._box(
                key, lower, box.cotangent, box.caption if box.used else "none", "v"
            )
            self._entry(key, lower, box)
        alt = self._shown.alt()
        return Figure(self._canvas.render(alt=alt), alt)

    def _extent(self) -> tuple[float, float]:
        """Return the highest and the lowest point of all boxes and lines."""
        heights = self._layout.heights.items()
        halves = {
            item: _LINE if isinstance(item, Bend) else BOX_HEIGHT / 2
            for item, _ in heights
        }
        return (
            min(height - halves[item] for item, height in heights),
            max(height + halves[item] for item, height in heights),
        )

    def _note(self, height: float, words: str) -> None:
        self._canvas.text(LEFT, height, words, "note", anchor="start")

    def _at(self, item: Hashable, panel: float) -> _Point:
        """Return the left end and the middle of a box or bend."""
        column = item.column if isinstance(item, Bend) else self._layout.columns[item]
        left = LEFT + column * (self._width + self._gap)
        return left, panel + self._layout.heights[item]

    def _paths(self, panel: float) -> Iterator[list[_Point]]:
        """Yield the corners of each arrow, from operand to result."""
        routes = [
            (arrow.operand, *bends, arrow.result)
            for arrow, bends in zip(self._shown.arrows, self._layout.bends, strict=True)
        ]
        starts = self._spread([(route[0], route[1]) for route in routes])
        ends = self._spread([(route[-1], route[-2]) for route in routes])
        for route, start, end in zip(routes, starts, ends, strict=True):
            (x1, y1), *bends, (x2, y2) = [self._at(item, panel) for item in route]
            passing = [(left + x, y) for left, y in bends for x in (0, self._width)]
            yield [(x1 + self._width, y1 + start), *passing, (x2, y2 + end)]

    def _spread(self, ties: list[tuple[Hashable, Hashable]]) -> list[float]:
        """Return how far from the middle of its box each arrow starts or ends."""
        meeting = defaultdict(list)
        for number, (box, other) in enumerate(ties):
            meeting[box].append((self._layout.heights[other], number))
        shifts = [0.0] * len(ties)
        for arrows in meeting.values():
            step = min(_SPREAD, BOX_HEIGHT / len(arrows))
            for place, (_, number) in enumerate(sorted(arrows)):
                shifts[number] = (place - (len(arrows) - 1) / 2) * step
        return shifts

    def _line(self, path: Sequence[_Point], kind: str) -> None:
        *pairs, last = pairwise(path)
        for start, end in pairs:
            self._canvas.line(*start, *end, kind)
        self._canvas.arrow(*last[0], *last[1], kind)

    def _backward(self, arrow: Arrow, path: list[_Point], panel: float) -> None:
        """Draw a cotangent's way back, to the plus if there is one."""
        target, *bends, source = path
        share = 0.5
        if self._shown.boxes[arrow.operand].summed:
            target = target[0] + _BADGE, self._at(arrow.operand, panel)[1]
            share = 0.5 if bends else 0.3  # two lines from one box run together
        points = [source, *reversed(bends), target]
        self._line(points, "backward")
        middle = len(bends) // 2
        (x1, y1), (x2, y2) = points[middle : middle + 2]
        x, y = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
        self._canvas.text(x, y - 9 if y1 == y2 else y + 4, arrow.label, "label")

    def _box(self, key: Key, panel: float, name: str, caption: str, kind: str) -> None:
        left, middle = self._at(key, panel)
        top = middle - BOX_HEIGHT / 2
        self._canvas.box(left, top, name, caption, kind, width=self._width)

    def _entry(self, key: Key, panel: float, box: Box) -> None:
        """Draw the plus of a sum, and the entry of ``grad_outputs``."""
        left, y = self._at(key, panel)
        x = left + self._width
        start, end = (x + _ENTRY, y), (x, y)
        if box.summed:
            half = _BADGE / 2
            self._canvas.rect(x, y - half, _BADGE, _BADGE, "v")
            self._canvas.text(x + half, y + 5, "+", "name")
            start, end = (x + half, y - half - _ENTRY / 2), (x + half, y - half)
        if box.entering:
            self._canvas.arrow(*start, *end, "backward")
            words, (x, y) = " + ".join(box.entering), start
            self._canvas.text(x + 5, y + 4, words, "v name", anchor="start")


def _room(words: Iterable[str]) -> float:
    return max((FONT_WIDTH * len(word) for word in words), default=0)
