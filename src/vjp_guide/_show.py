"""One way to name tensors, and to write numbers, lists and tables of them."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from vjp_guide._contract import Array

_Item = TypeVar("_Item")

MOST_NUMBERED = 8
_PRINTED: dict[str, Any] = {  # whatever a reader has set for arrays of their own
    "edgeitems": 3,
    "floatmode": "maxprec",
    "formatter": None,
    "infstr": "inf",
    "legacy": False,
    "linewidth": 79,
    "nanstr": "nan",
    "sign": "-",
    "suppress": False,
    "threshold": 1000,
}


def names(letter: str, count: int) -> tuple[str, ...]:
    """Return ``y`` for one, ``y0, y1`` for a few, ``y[0], y[1]`` for many tensors."""
    if count == 1:
        return (letter,)
    form = f"{letter}{{}}" if count <= MOST_NUMBERED else f"{letter}[{{}}]"
    return tuple(map(form.format, range(count)))


def whole(letter: str, parts: Sequence[str]) -> str:
    """Return all of the tensors as one expression: a tuple, or the name of many."""
    many = len(parts) > MOST_NUMBERED and tuple(parts) == names(letter, len(parts))
    return letter if many else join(parts)


def join(terms: Sequence[str]) -> str:
    """Return expressions as a tuple, a single one as it is."""
    return terms[0] if len(terms) == 1 else f"({', '.join(terms)})"


def listed(words: Sequence[str], joint: str = ", ", most: int = 3) -> str:
    """Return the first words, and how many more there are."""
    more = len(words) - most
    if more <= 1:
        return joint.join(words)
    return f"{joint.join(words[:most])} and {more:,} more"


def folded(items: Sequence[_Item], most: int) -> tuple[list[_Item], int, list[_Item]]:
    """Return the first and the last items, and how many stand between."""
    if len(items) <= most:
        return list(items), 0, []
    half = most // 2
    return list(items[:half]), len(items) - 2 * half, list(items[-half:])


def counted(number: int, noun: str) -> str:
    """Return ``"1 node"`` or ``"1,000 nodes"``."""
    plural = "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{'' if number == 1 else plural}"


def number(value: complex, digits: int = 4) -> str:
    """Return a real or complex number, NaN or infinity with a few digits."""
    return f"{value:.{digits}g}"


def numbers(values: Array, digits: int = 4) -> str:
    """Return an array of numbers in one line, with its brackets."""
    with np.printoptions(**_PRINTED):
        text = np.array2string(values, precision=digits, separator=", ")
    return re.sub(r"\s+", " ", text)


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the rows of a table with their columns aligned."""
    table = [*rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    ]
