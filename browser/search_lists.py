"""What people type into the search, each with the pages that answer it.

Ranking is tuned to one half of each list alone: of the blind half, the misses are
looked at by nobody, and its rates say how well the search does on what nobody thought
of. The text itself decides its half, so that new texts move no others.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vjp_guide import diagnose

HERE = Path(__file__).parent
# The folder of the pages that a list names by their last name alone.
FOLDERS = {"errors": "reference/errors/", "questions": "reference/questions/"}
LISTS = "errors", "newcomers", "questions", "words"


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that somebody types or pastes, and the pages that answer it."""

    text: str
    pages: frozenset[str]

    @property
    def is_blind(self) -> bool:
        """Whether the ranking may not be tuned to this text."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


def asked(name: str) -> Iterator[Asked]:
    r"""Yield the texts of a list, one a line; ``\n`` in it stands for a new line.

    A text that quotes an error is also answered by the page with the error's entry.
    """
    lines = (HERE / f"search_{name}.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        text, _, pages = line.replace("\\n", "\n").partition("\t")
        named = {_page(page, FOLDERS.get(name, "")) for page in pages.split(",")}
        yield Asked(text, frozenset(named | set(_entry(text))))


def _page(page: str, folder: str) -> str:
    return page if "/" in page else f"{folder}{page}"


def _entry(text: str) -> Iterator[str]:
    known = diagnose(text)
    if known and known.address:
        yield known.address.partition(".html")[0]
