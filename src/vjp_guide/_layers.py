"""A layered layout: each vertex stands to the right of what it is computed from."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean

_SWEEPS = 24
_Neighbours = Mapping[Hashable, Sequence[Hashable]]


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
        heights: The middle of each vertex and bend, from the top.
    """

    columns: dict[Hashable, int]
    bends: list[list[Bend]]
    heights: dict[Hashable, float]


def layered(
    vertices: Sequence[Hashable],
    edges: Sequence[tuple[Hashable, Hashable]],
    *,
    tall: float,
    thin: float,
) -> Layout:
    """Place vertices in columns by their longest path from the left.

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
    left, right = defaultdict(list), defaultdict(list)
    for (start, end), between in zip(edges, bends, strict=True):
        for one, other in pairwise([start, *between, end]):
            right[one].append(other)
            left[other].append(one)
    stacks = [[] for _ in range(max(columns.values()) + 1)]
    for vertex, column in columns.items():
        stacks[column].append(vertex)
    for bend in (bend for between in bends for bend in between):
        stacks[bend.column].append(bend)
    _sort(stacks, left, right)
    sizes = {
        item: thin if isinstance(item, Bend) else tall
        for stack in stacks
        for item in stack
    }
    return Layout(columns, bends, _heights(stacks, sizes, left, right))


def _columns(vertices, edges) -> dict[Hashable, int]:
    columns = dict.fromkeys(vertices, 0)
    before, after = defaultdict(list), defaultdict(list)
    for start, end in edges:
        before[end].append(start)
        after[start].append(end)
    for vertex in vertices:
        columns[vertex] = max(
            (columns[start] + 1 for start in before[vertex]), default=0
        )
    for vertex in reversed(vertices):
        if after[vertex]:
            columns[vertex] = min(columns[end] for end in after[vertex]) - 1
    return columns


def _sort(stacks, left, right) -> None:
    """Order each column by the mean position of the neighbours, back and forth."""
    for _ in range(_SWEEPS):
        for neighbours, order in ((left, stacks), (right, stacks[::-1])):
            places = {
                item: place for stack in stacks for place, item in enumerate(stack)
            }
            for stack in order:
                stack.sort(
                    key=lambda item: fmean(
                        [places[o] for o in neighbours[item]] or [places[item]]
                    )
                )
                places.update((item, place) for place, item in enumerate(stack))


def _heights(stacks, sizes, left, right):
    heights = {}
    for stack in stacks:
        heights.update(
            zip(stack, _apart([0.0] * len(stack), [sizes[i] for i in stack]))
        )
    for _ in range(_SWEEPS):
        for stack in [*stacks, *reversed(stacks)]:
            wanted = [
                fmean([heights[o] for o in [*left[i], *right[i]]] or [heights[i]])
                for i in stack
            ]
            heights.update(zip(stack, _apart(wanted, [sizes[i] for i in stack])))
    return heights


def _apart(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Return the heights nearest to ``wanted`` that keep the order and the distances."""
    offsets = [0.0, *accumulate((a + b) / 2 for a, b in pairwise(sizes))]
    runs: list[list[float]] = []
    for height, offset in zip(wanted, offsets, strict=True):
        runs.append([height - offset])
        while len(runs) > 1 and fmean(runs[-2]) > fmean(runs[-1]):
            last = runs.pop()
            runs[-1].extend(last)
    flat = [fmean(run) for run in runs for _ in run]
    return [base + offset for base, offset in zip(flat, offsets, strict=True)]
