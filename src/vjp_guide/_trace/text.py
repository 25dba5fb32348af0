"""A trace as a table, in plain text and in HTML."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeVar

from vjp_guide._trace.records import Cotangent, End, NodeRecord, Pass, Port
from vjp_guide.figures import Figure

_Item = TypeVar("_Item")
_Row = tuple[str, str, list[str], list[str], list[str]]

_HEADINGS = ("step", "operation", "cotangents in", "cotangents out", "notes")
_MOST_ROWS, _MOST_NAMES, _WIDEST = 40, 3, 24


def summary(trace: Pass) -> str:
    """Return ``"2 nodes, from y () to x (3,)"``."""
    ends = [_names(ends) for ends in (trace.outputs, trace.inputs)]
    return f"{counted(len(trace.nodes), 'node')}, from {ends[0]} to {ends[1]}"


def table(trace: Pass) -> str:
    """Return one line for each output, node and input, the columns aligned."""
    rows = [_HEADINGS, *(_texts(row) for row in _Rows(trace, _WIDEST))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"Backward pass of {summary(trace)}",
        *(_line(row, widths) for row in rows),
    ]
    return "\n".join(lines)


def html(trace: Pass, figure: Figure) -> str:
    """Return the table with all recorded values, followed by the figure."""
    caption = escape(f"Backward pass of {summary(trace)}")
    head = "".join(f'<th scope="col">{heading}</th>' for heading in _HEADINGS)
    body = "".join(map(_html_row, _Rows(trace, None)))
    return (
        '<div class="vjp-trace">'
        f'<div class="vjp-scroll" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>{figure._repr_html_()}</div>"
    )


def folded(items: Sequence[_Item], most: int) -> tuple[list[_Item], int, list[_Item]]:
    """Return the first items, how many are left out, and the last."""
    if len(items) <= most:
        return list(items), 0, []
    half = most // 2
    return list(items[:half]), len(items) - 2 * half, list(items[-half:])


def counted(number: int, noun: str) -> str:
    """Return ``"1 node"`` or ``"1,000 nodes"``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _names(ends: Sequence[End]) -> str:
    if len(ends) > _MOST_NAMES:
        return f"{len(ends):,} tensors"
    return ", ".join(f"{end.name} {end.shape}" for end in ends)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a trace, with values no longer than ``widest`` characters."""

    trace: Pass
    widest: int | None

    def __iter__(self) -> Iterator[_Row]:
        yield from self._folded(self._output, self.trace.outputs, "more output")
        yield from self._folded(self._node, self.trace.nodes, "more node")
        yield from self._folded(self._input, self.trace.inputs, "more input")

    def _folded(
        self, row: Callable[[_Item], _Row], items: Sequence[_Item], noun: str
    ) -> Iterator[_Row]:
        first, hidden, last = folded(items, _MOST_ROWS)
        yield from map(row, first)
        if hidden:
            yield "...", f"{counted(hidden, noun)} ...", [], [], []
        yield from map(row, last)

    def _output(self, end: End) -> _Row:
        leaving = self._leaving(end.cotangent, end.port)
        return end.name, "grad_outputs", [], [leaving], []

    def _node(self, node: NodeRecord) -> _Row:
        arriving = [self._cotangent(one) for one in node.arriving]
        pairs = zip(node.leaving, node.targets, strict=True)
        leaving = [self._leaving(*pair) for pair in pairs]
        notes = [*self._node_notes(node)]
        return str(node.step), node.operation, arriving, leaving, notes

    def _input(self, end: End) -> _Row:
        arriving, notes = [self._cotangent(end.cotangent)], [*self._input_notes(end)]
        return end.name, "gradient", arriving, [], notes

    def _node_notes(self, node: NodeRecord) -> Iterator[str]:
        several = len(node.sources) > 1
        for slot, sources in enumerate(node.sources):
            if len(sources) > 1:
                yield self._sum(sources) + (f" at [{slot}]" if several else "")
        if node.summed_back:
            yield f"summed back to {', '.join(map(str, node.summed_back.values()))}"
        if node.saved:
            yield "saves " + ", ".join(f"{one.name} {one.shape}" for one in node.saved)

    def _input_notes(self, end: End) -> Iterator[str]:
        if not end.sources:
            yield "not used"
        if len(end.sources) > 1:
            yield self._sum(end.sources)
        if end.port and end.port.kind == "node":
            yield f"arrives at {self._target(end.port)}"

    def _sum(self, sources: Sequence[Port]) -> str:
        names = ", ".join(map(self._source, sources))
        return f"sum of {len(sources)} (from {names})"

    def _source(self, port: Port) -> str:
        if port.kind == "output":
            return self.trace.outputs[port.number].name
        return str(port.number)

    def _leaving(self, cotangent: Cotangent | None, port: Port | None) -> str:
        return self._cotangent(cotangent, f" to {self._target(port)}" if port else "")

    def _target(self, port: Port) -> str:
        if port.kind == "input":
            return self.trace.inputs[port.number].name
        several = len(self.trace.nodes[port.number].arriving) > 1
        return f"{port.number}[{port.slot}]" if several else str(port.number)

    def _cotangent(self, cotangent: Cotangent | None, where: str = "") -> str:
        if cotangent is None:
            return "none"
        values = self._values(cotangent)
        if "\n" in values:
            return f"{cotangent.shape}{where}\n{values}"
        return " ".join(filter(None, [str(cotangent.shape), values])) + where

    def _values(self, cotangent: Cotangent) -> str:
        if cotangent.values is None:
            return ""
        values = _numbers(cotangent.values.tolist())
        if self.widest is None:
            return values.replace("], [", "],\n [")
        return values if len(values) <= self.widest else ""


def _numbers(value: list[Any] | complex) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    return f"{value:.4g}"


def _texts(row: _Row) -> tuple[str, ...]:
    return row[0], row[1], *map("; ".join, row[2:])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [word.ljust(width) for word, width in zip(row, widths, strict=True)]
    return "  ".join([row[0].rjust(widths[0]), *cells[1:]]).rstrip()


def _html_row(row: _Row) -> str:
    step, operation, *cells = row
    texts = [escape(operation), *("<br>".join(map(escape, cell)) for cell in cells)]
    rest = "".join(f"<td>{text}</td>" for text in texts)
    return f'<tr><th scope="row">{escape(step)}</th>{rest}</tr>'
