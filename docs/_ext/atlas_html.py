"""Parts of an entry as HTML, from a template, with the drawing of its Jacobian."""

import re
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from records.changes import code, number, of_operator
from vjp_guide.operators.records import Example, Variant
from vjp_guide.operators.views.text import FILTERS

VIEW = "atlas_entry.html.jinja"
_CELL = 7


def part(name: str, *arguments: object) -> str:
    """Return a part of an entry, by the name of its macro."""
    return str(getattr(_view(), name)(*arguments))


def _view() -> object:
    return _VIEWS.get_template(VIEW).module


def changed(names: Container[str]) -> str:
    """Return what releases of torch changed, by the names in torch's own tables."""
    lines = [
        f"torch {each.since}: {each.title}: {code(each.after)}, was {code(each.before)}"
        for each in sorted(of_operator(names), key=lambda each: number(each.since))
    ]
    marked = (
        re.sub(r"``? ?(.+?) ?``?", r"<code>\1</code>", str(escape(line)))
        for line in lines
    )
    return "".join(f'<p class="since">{line}</p>' for line in marked)


def linked(text: str) -> Markup:
    """Return a text as HTML, with links to the issues that it names."""
    link = r'<a href="https://github.com/pytorch/pytorch/issues/\1">\g<0></a>'
    return Markup(re.sub(r"pytorch#(\d+)", link, str(escape(text))))  # noqa: S704 - it is escaped


def pattern(example: Example) -> Markup:
    """Return a drawing of where the first Jacobian isn't zero."""
    rows = example.pattern
    if "1" not in "".join(rows):
        return Markup()
    width, height = len(rows[0]) * _CELL, len(rows) * _CELL
    names = f"J of {example.outputs[0].name} by {example.inputs[0].name}"
    words = f"{names}: {_number(len(rows), 'row')}, {_number(len(rows[0]), 'column')}"
    return Markup(
        '<svg class="op-pattern" width="{}" height="{}" viewBox="-1 -1 {} {}" '
        'role="img" aria-label="{}"><title>{}</title>'
        '<rect width="{}" height="{}"/><path d="{}"/></svg>'
    ).format(
        *(width + 2, height + 2, width + 2, height + 2, words, words),
        *(width, height, "".join(_runs(rows))),
    )


def _runs(rows: Sequence[str]) -> Iterator[str]:
    """Yield a rectangle for each run of ones in each row."""
    for row, marks in enumerate(rows):
        start = marks.find("1")
        while start >= 0:
            stop = marks.find("0", start)
            end = len(marks) if stop < 0 else stop
            yield (
                f"M{start * _CELL} {row * _CELL}h{(end - start) * _CELL}v{_CELL}"
                f"h{(start - end) * _CELL}z"
            )
            start = marks.find("1", end)


def _why(variant: Variant, note: str) -> str:
    """Return why a variant is in its state, without what the note above says."""
    return variant.reason.removeprefix(note).strip()


def _number(count: int, word: str, words: str = "") -> str:
    return f"{count} {word if count == 1 else words or word + 's'}"


_VIEWS = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
)
_VIEWS.filters.update(FILTERS, linked=linked, number=_number, pattern=pattern, why=_why)
