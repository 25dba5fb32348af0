"""The programs beside this file, as text: nothing here imports torch."""

import re
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"


def programs(file: str) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the title and the code of each program of a file."""
    for part in re.split(r"^%% ", _read(file), flags=re.MULTILINE)[1:]:
        head, code = part.split("\n", 1)
        name, title = head.split(" | ", 1)
        yield name, title, code.strip()


def rows(file: str) -> Iterator[list[str]]:
    """Yield the cells of each line of a table."""
    for line in _read(file).splitlines():
        if line and not line.startswith("#"):
            yield line.split(" | ")


def _read(file: str) -> str:
    return (PROGRAMS / f"{file}.txt").read_text(encoding="utf-8")
