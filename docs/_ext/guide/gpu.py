"""The tables of what ``benchmarks/gpu.py`` recorded on a GPU."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

RECORD = Path(__file__).parents[3] / "benchmarks" / "gpu.json"


class GpuRecord(SphinxDirective):
    """A part of the record, named by the directive's argument, as a table."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return a table with a row for each thing that was tried."""
        self.env.note_dependency(str(RECORD))
        part = record()
        for key in self.arguments[0].split(", "):
            part = part[key]
        rows = [[name, *_cells(tried)] for name, tried in part.items()]
        first = next(iter(part.values()))
        heads = list(first) if isinstance(first, dict) else ["on the GPU"]
        return [_table(["tried", *heads], rows)]


class GpuName(SphinxDirective):
    """A sentence that names the card, torch and the day of the record."""

    def run(self) -> list[nodes.Node]:
        """Return the sentence."""
        self.env.note_dependency(str(RECORD))
        made = record()
        text = f"Run on one {made['card']}, torch {made['torch']}, on {made['date']}."
        return [nodes.paragraph(text, text)]


def record() -> dict[str, Any]:
    """Return what was recorded."""
    made: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return made


def _cells(tried: dict[str, object] | str) -> list[str]:
    values = tried.values() if isinstance(tried, dict) else [tried]
    return [str(value) for value in values]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> nodes.table:
    head, body = nodes.thead("", _row(heads)), nodes.tbody("", *map(_row, rows))
    columns = [nodes.colspec(colwidth=1) for _ in heads]
    group = nodes.tgroup("", *columns, head, body, cols=len(heads))
    return nodes.table("", group)


def _row(cells: Sequence[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", _paragraph(cell)) for cell in cells))


def _paragraph(cell: str) -> nodes.paragraph:
    """Return the text of a cell; an error's text is code."""
    kind, is_error, _ = cell.partition("Error: ")
    error = is_error and kind.isidentifier()
    text = nodes.literal(cell, cell) if error else nodes.Text(cell)
    return nodes.paragraph("", "", text)
