"""A layered layout: each vertex stands to the right of what it is computed from.

grandalf, the package for it, is no longer maintained.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean

_SWEEPS = 24
_Edges = Sequence[tuple[Hashable, Hashable]]
_Links = defaultdict[Hashable, list[Hashable]]
_Stacks = list[list[Hashable]]


@dataclass(frozen=True, slots=True)
class Bend:
    """The place in a column where a longer edge passes."""

    edge: int
    column: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of vertices and edges.

    Attributes:
        columns: The column of each vertex, from the left.
        bends: For each edge, the bends it passes, from the left.
        heights: The middle of each vertex and bend, downward from any origin.
    """

    columns: dict[Hashable, int]
    bends: list[list[Bend]]
    heights: dict[Hashable, float]


def layered(
    vertices: Sequence[Hashable], edges: _Edges, *, tall: float, thin: float
) -> Layout:
    """Place vertices in columns, by their longest path to the right.

    Args:
        vertices: The vertices, each after those it is computed from.
        edges: Pairs of a vertex and one that is computed from it.
        tall: The height that a vertex needs.
        thin: The height that a passing edge needs.

    Returns:
        The places.
    """
    columns = _columns(vertices, edges)
    bends = [
        [Bend(number, column) for column in range(columns[start] + 1, columns[end])]
        for number, (start, end) in enumerate(edges)
    ]
    steps = [
        step
        for (start, end), between in zip(edges, bends, strict=True)
        for step in pairwise([start, *between, end])
    ]
    stacks: _Stacks = [[] for _ in range(max(columns.values()) + 1)]
    for vertex, column in columns.items():
        stacks[column].append(vertex)
    for bend in (bend for between in bends for bend in between):
        stacks[bend.column].append(bend)
    left, right = _links((end, start) for start, end in steps), _links(steps)
    _sort(stacks, left, right)
    return Layout(columns, bends, _heights(stacks, left, right, tall=tall, thin=thin))


def _links(edges: Iterable[tuple[Hashable, Hashable]]) -> _Links:
    links: _Links = defaultdict(list)
    for start, end in edges:
        links[start].append(end)
    return links


def _columns(vertices: Sequence[Hashable], edges: _Edges) -> dict[Hashable, int]:
    before, after = _links((end, start) for start, end in edges), _links(edges)
    columns: dict[Hashable, int] = {}
    for vertex in vertices:
        nearest = [columns[start] for start in before[vertex]]
        columns[vertex] = max(nearest, default=-1) + 1
    for vertex in reversed(vertices):
        if after[vertex]:
            columns[vertex] = min(columns[end] for end in after[vertex]) - 1
    return columns


def _sort(stacks: _Stacks, left: _Links, right: _Links) -> None:
    """Order each column by the mean position of the neighbours, back and forth."""
    places = {item: place for stack in stacks for place, item in enumerate(stack)}
    for links, order in [(left, stacks), (right, stacks[::-1])] * _SWEEPS:
        for stack in order:
            means = {
                item: fmean([places[other] for other in links[item]] or [places[item]])
                for item in stack
            }
            stack.sort(key=means.__getitem__)
            places.update((item, place) for place, item in enumerate(stack))


def _heights(
    stacks: _Stacks, left: _Links, right: _Links, *, tall: float, thin: float
) -> dict[Hashable, float]:
    """Return heights that are near the mean of those of the neighbours."""
    heights: dict[Hashable, float] = {}
    for stack in [*stacks, *reversed(stacks)] * _SWEEPS:
        sizes = [thin if isinstance(item, Bend) else tall for item in stack]
        near = [[o for o in left[item] + right[item] if o in heights] for item in stack]
        wanted = [fmean([heights[other] for other in others] or [0]) for others in near]
        heights.update(zip(stack, _apart(wanted, sizes), strict=True))
    return heights


def _apart(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Return the heights nearest to ``wanted`` that keep order and distances."""
    offsets = [0.0, *accumulate((one + two) / 2 for one, two in pairwise(sizes))]
    runs: list[list[float]] = []
    for height, offset in zip(wanted, offsets, strict=True):
        runs.append([height - offset])
        while len(runs) > 1 and fmean(runs[-2]) > fmean(runs[-1]):
            last = runs.pop()
            runs[-1] += last
    bases = [fmean(run) for run in runs for _ in run]
    return [base + offset for base, offset in zip(bases, offsets, strict=True)]
