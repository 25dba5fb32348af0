"""Tests of how tensors are named, and numbers, lists and tables written."""

import numpy as np
import pytest

from vjp_guide._show import aligned, counted, folded, listed, names, number, numbers
from vjp_guide._show import whole as whole_name


@pytest.mark.parametrize(
    ("count", "first", "whole"),
    [
        (0, [], "()"),
        (1, ["y"], "y"),
        (2, ["y0", "y1"], "(y0, y1)"),
        (9, ["y[0]", "y[1]"], "y"),
    ],
)
def test_names_few_and_many_tensors(count: int, first: list[str], whole: str) -> None:
    """Tests the first names, and the expression for all."""
    found = names("y", count)

    assert len(found) == count
    assert [*found[:2]] == first
    assert whole_name("y", found) == whole


def test_settings_of_numpy_for_printing_do_not_matter() -> None:
    """Tests numbers that would be zeros or left out."""
    with np.printoptions(suppress=True, threshold=2, sign="+", formatter={"all": str}):
        assert numbers(np.array([1e-9, 1.0, 2.0])) == "[1.e-09, 1.e+00, 2.e+00]"


def test_folds_long_lists() -> None:
    """Tests that one item more is written rather than counted."""
    assert listed("abcd") == "a, b, c, d"
    assert listed("abcde") == "a, b, c and 2 more"
    assert folded("abcd", 4) == ([*"abcd"], 0, [])
    assert folded("abcde", 4) == ([*"ab"], 1, [*"de"])
    assert (counted(1, "node"), counted(1000, "node")) == ("1 node", "1,000 nodes")


@pytest.mark.parametrize(
    ("value", "text"),
    [(1 / 3, "0.3333"), (float("nan"), "nan"), (-np.inf, "-inf"), (1 + 2j, "1+2j")],
)
def test_writes_any_number(value: complex, text: str) -> None:
    """Tests a fraction, NaN, infinity and a complex number."""
    assert number(value) == text


def test_writes_arrays_and_tables() -> None:
    """Tests one line for an array, and a column width for each column."""
    assert (
        numbers(np.array([[1.0, np.nan], [0.5, np.inf]])) == "[[1. , nan], [0.5, inf]]"
    )
    assert aligned([("a", "bb"), ("ccc", "")]) == ["a    bb", "ccc"]
