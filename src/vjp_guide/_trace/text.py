"""A trace as a table, in plain text and in HTML."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeVar

from vjp_guide._quiet import plain_torch
from vjp_guide._trace.records import Cotangent, End, NodeRecord, Pass, Port
from vjp_guide._trace.snapshot import snapshot
from vjp_guide.figures import Figure

_Item = TypeVar("_Item")
_Row = tuple[str, str, list[str], list[str], list[str]]

_HEADINGS = ("step", "operation", "cotangents in", "cotangents out", "notes")
_CONTRADICTION = (
    "CONTRADICTION: not used, yet the gradient isn't zero, so the record lacks nodes; "
    "trust the gradient, and please report this"
)
_MOST_ROWS, _MOST_NAMES, _MOST_PARTS, _WIDEST = 40, 3, 8, 24


def summary(part: Pass, whole: Pass | None = None) -> str:
    """Return ``"2 nodes, from y () to x (3,)"``, or ``"1 of 2 nodes"``."""
    nodes = counted(len((whole or part).nodes), "node")
    if whole:
        return f"{len(part.nodes):,} of {nodes}"
    return f"{nodes}, from {_names(part.outputs)} to {_names(part.inputs)}"


@plain_torch()
def table(part: Pass, whole: Pass | None = None) -> str:
    """Return one line for each output, node and input, the columns aligned."""
    rows = [_HEADINGS, *(_texts(row) for row in _Rows(part, whole or part, _WIDEST))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"Backward pass of {summary(part, whole)}",
        *(_line(row, widths) for row in rows),
    ]
    return "\n".join(lines)


@plain_torch()
def html(figure: Figure, part: Pass, whole: Pass | None = None) -> str:
    """Return the table with all recorded values, followed by the figure."""
    caption = escape(f"Backward pass of {summary(part, whole)}")
    head = "".join(f'<th scope="col">{heading}</th>' for heading in _HEADINGS)
    body = "".join(map(_html_row, _Rows(part, whole or part, None)))
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
    """The rows of a part, with values no longer than ``widest`` characters."""

    part: Pass
    whole: Pass
    widest: int | None

    def __iter__(self) -> Iterator[_Row]:
        yield from self._folded(self._output, self.part.outputs, "more output")
        yield from self._folded(self._node, self.part.nodes, "more node")
        yield from self._folded(self._input, self.part.inputs, "more input")

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
            yield f"summed back to {_few(map(str, node.summed_back.values()))}"
        if node.module:
            yield f"in {node.module}"
        if node.saved:
            yield "saves " + _few(f"{one.name} {one.shape}" for one in node.saved)

    def _input_notes(self, end: End) -> Iterator[str]:
        if not end.sources:
            yield _CONTRADICTION if self._is_contradicted(end) else "not used"
        if len(end.sources) > 1:
            yield self._sum(end.sources)
        if end.port and end.port.kind == "node":
            yield f"arrives at {self._target(end.port)}"

    def _is_contradicted(self, end: End) -> bool:
        """Return whether a gradient isn't zero though nothing was seen to send it."""
        gradient = self.whole.gradients[self.whole.inputs.index(end)]
        seen = None if gradient is None else snapshot(gradient, -1)
        return bool(seen and seen.size is not None and seen.size != 0)

    def _sum(self, sources: Sequence[Port]) -> str:
        names = _few(map(self._source, sources))
        return f"sum of {len(sources):,} (from {names})"

    def _source(self, port: Port) -> str:
        if port.kind == "output":
            return self.whole.outputs[port.number].name
        return str(port.number)

    def _leaving(self, cotangent: Cotangent | None, port: Port | None) -> str:
        return self._cotangent(cotangent, f" to {self._target(port)}" if port else "")

    def _target(self, port: Port) -> str:
        if port.kind == "input":
            return self.whole.inputs[port.number].name
        several = len(self.whole.nodes[port.number].arriving) > 1
        return f"{port.number}[{port.slot}]" if several else str(port.number)

    def _cotangent(self, cotangent: Cotangent | None, where: str = "") -> str:
        if cotangent is None:
            return "none"
        values = self._values(cotangent)
        if "\n" in values:
            return f"{cotangent.shape}{where}\n{values}"
        return " ".join(filter(None, [str(cotangent.shape), values])) + where

    def _values(self, cotangent: Cotangent) -> str:
        finite = "not finite" if cotangent.is_finite is False else ""
        if cotangent.values is None:
            return finite
        values = _numbers(cotangent.values.tolist())
        if self.widest is None:
            return values.replace("], [", "],\n [")
        return values if len(values) <= self.widest else finite


def _numbers(value: list[Any] | complex) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    return f"{value:.4g}"


def _shortened(words: Iterable[str]) -> list[str]:
    """Return the first and the last words, and how many are left out."""
    first, hidden, last = folded([*words], _MOST_PARTS)
    return [*first, *([f"... {hidden:,} more ..."] if hidden else []), *last]


def _few(words: Iterable[str]) -> str:
    return ", ".join(_shortened(words))


def _texts(row: _Row) -> tuple[str, ...]:
    return row[0], row[1], *("; ".join(_shortened(cell)) for cell in row[2:])


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [word.ljust(width) for word, width in zip(row, widths, strict=True)]
    return "  ".join([row[0].rjust(widths[0]), *cells[1:]]).rstrip()


def _html_row(row: _Row) -> str:
    step, operation, *cells = row
    shown = ("<br>".join(map(escape, _shortened(cell))) for cell in cells)
    texts = [escape(operation), *shown]
    rest = "".join(f"<td>{text}</td>" for text in texts)
    return f'<tr><th scope="row">{escape(step)}</th>{rest}</tr>'
