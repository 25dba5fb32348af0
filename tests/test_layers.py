"""Tests of the layered layout, which the figures of traces use."""

from itertools import pairwise

import pytest

from vjp_guide._trace.layers import Bend, Layout, layered

TALL, THIN = 10.0, 4.0
GRAPHS = {
    "chain": ("abc", "ab bc"),
    "diamond": ("abcd", "ab ac bd cd"),
    "skip": ("abcd", "ab bc cd ad"),
    "twice": ("ab", "ab ab"),
    "late input": ("axbcd", "ab bc cd xd"),
    "alone": ("ab", ""),
    "crossed": ("abcdef", "ae be ad bd cd cf"),
}


def place(graph: str) -> tuple[Layout, list[tuple[str, str]]]:
    """Return the layout of a graph whose edges are pairs of letters."""
    vertices, pairs = GRAPHS[graph]
    edges = [(pair[0], pair[1]) for pair in pairs.split()]
    return layered(vertices, edges, tall=TALL, thin=THIN), edges


@pytest.mark.parametrize("graph", GRAPHS)
def test_edges_go_right_and_pass_each_column_between(graph: str) -> None:
    """Tests that an edge has one bend for each column that it crosses."""
    layout, edges = place(graph)

    for (start, end), bends in zip(edges, layout.bends, strict=True):
        passed = [bend.column for bend in bends]
        assert passed == [*range(layout.columns[start] + 1, layout.columns[end])]


@pytest.mark.parametrize("graph", GRAPHS)
def test_nothing_overlaps_in_a_column(graph: str) -> None:
    """Tests the distances of all that stands in the same column."""
    layout, _ = place(graph)

    columns: dict[int, list[tuple[float, float]]] = {}
    for item, height in layout.heights.items():
        if isinstance(item, Bend):
            columns.setdefault(item.column, []).append((height, THIN))
        else:
            columns.setdefault(layout.columns[item], []).append((height, TALL))
    for items in columns.values():
        for (upper, one), (lower, other) in pairwise(sorted(items)):
            assert lower - upper >= (one + other) / 2 - 1e-9


def test_a_chain_is_straight() -> None:
    """Tests that all of it has one height."""
    layout, _ = place("chain")

    assert set(layout.heights.values()) == {0.0}


def test_an_edge_that_skips_leaves_the_path_room() -> None:
    """Tests that the ends stand between the path and the bends."""
    heights = place("skip")[0].heights

    bend = heights[Bend(3, 1)]
    assert abs(heights["b"] - bend) == pytest.approx((TALL + THIN) / 2)
    assert min(heights["b"], bend) < heights["a"] < max(heights["b"], bend)


def test_an_input_stands_next_to_its_first_use() -> None:
    """Tests that an input of the last operation isn't drawn far left."""
    columns = place("late input")[0].columns

    assert columns == {"a": 0, "b": 1, "c": 2, "x": 2, "d": 3}


def test_orders_columns_so_that_edges_do_not_cross() -> None:
    """Tests a graph that has a drawing without crossings."""
    heights = place("crossed")[0].heights

    left, right = (sorted(part, key=heights.__getitem__) for part in ("abc", "def"))
    assert "".join(left) in {"abc", "cba"}
    assert "".join(right) in {"edf", "fde"}
