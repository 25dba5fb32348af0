"""What the directives of the atlas put on a page.

Entries are index entries, so that the site's search finds them by each of their names.
They aren't sections, which Sphinx would copy for the navigation of each page. Their
HTML is raw, which the search doesn't read: it is numbers and code for the most part.
"""

import gc
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import compress
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from sphinx import addnodes

from records.changes import code, number, of_operator
from vjp_guide.operators import Atlas, Entry, load, summary
from vjp_guide.operators.records import Example, Without
from vjp_guide.operators.views.text import FILTERS

BADGES = {
    "forward": "forward mode exists, and agrees with reverse mode",
    "twice": "the product itself can be differentiated, or doesn't depend on the "
    "inputs",
    "complex": "complex inputs work, and agree with finite differences",
    "vmap": "torch.vmap computes many products in one pass",
    "formula": "the entry has an index formula by hand",
    "kinks": "the entry shows what torch returns at ties and kinks",
}


class Row(NamedTuple):
    """An operator in the index, with what its filter asks for."""

    name: str
    aliases: Sequence[str]
    address: str
    group: str
    inputs: str
    state: str
    more: str
    badges: Sequence[str]


def content(data: Path, directive: str, group: str = "") -> list[nodes.Node]:
    """Return the nodes of a directive.

    Args:
        data: The file with the atlas.
        directive: The directive's name.
        group: Which category the directive ``operators`` is for.
    """
    found = _atlas(data)
    if not found.entries:
        return [nodes.paragraph("", "The atlas needs the extra 'operators'.")]
    if directive == "operators-index":
        return [_html("index", _rows(found), BADGES)]
    if directive == "operators-words":
        return [_html("cells", ("word", "what it says"), BADGES.items())]
    if directive == "operators-summary":
        return list(_summary(found))
    return list(_group([entry for entry in found.entries if entry.category == group]))


@cache
def _atlas(data: Path) -> Atlas:
    found = load(data.read_text(encoding="utf-8"))
    gc.freeze()  # else each full collection visits the many small records
    return found


def _rows(found: Atlas) -> list[Row]:
    titles = {group.slug: group.title for group in found.groups}
    rows = [_row(entry, titles[entry.category]) for entry in found.entries]
    return rows + [_row_without(operator) for operator in found.without]


def _row(entry: Entry, title: str) -> Row:
    best = entry.variants[0]
    known = (
        best.forward == "yes",
        best.twice in {"yes", "constant"},
        best.complex == "yes",
        best.batched == "yes",
        bool(entry.formulas),
        bool(entry.kinks),
    )
    return Row(
        entry.name,
        entry.aliases,
        f"entries/{entry.category}.html#{entry.name}",
        group=title,
        inputs=str(len(entry.example.products) if entry.example else 0),
        state=best.state,
        more="",
        badges=tuple(compress(BADGES, known)),
    )


def _row_without(operator: Without) -> Row:
    name, state, reason = operator.name, operator.state, operator.reason
    given = {"group": "none", "inputs": "0", "state": state, "more": reason}
    return Row(name, (), "", **given, badges=())


def _summary(found: Atlas) -> Iterator[nodes.Node]:
    """Yield the counts of the run, and each exception with its reason."""
    counts = summary(found)
    operators, documented = counts.operators
    programs, plain = counts.programs
    yield _html(
        "cells",
        ("what", "how many"),
        [
            ("public operators with a derivative", operators),
            ("of them with a docstring in torch", documented),
            ("operators with a program that equals autograd", programs),
            ("of them without a backward kernel of torch", plain),
            ("operators with an index formula by hand", counts.formulas),
            ("variants", counts.variants),
            *((f"variants: {state}", n) for state, n in counts.states.items()),
            ("verified without a named exception", counts.blind),
            *((f"check: {check}", n) for check, n in counts.checks.items()),
            *((f"operators: {state}", n) for state, n in counts.without.items()),
        ],
    )
    yield nodes.rubric("", "Verified with a named exception")
    yield _html(
        "cells", ("variant", "why"), [(v.name, v.reason) for v in counts.excepted]
    )
    yield nodes.rubric("", "Not verified, or only under a condition")
    rows = [(v.name, v.state, v.reason) for v in counts.excluded]
    yield _html("cells", ("variant", "state", "why"), rows)
    yield nodes.rubric("", "Without a program")
    unprinted = [(entry.name, entry.missing) for entry in counts.unprinted]
    yield _html("cells", ("operator", "why"), unprinted)
    yield nodes.rubric("", "Without a derivative in torch")
    reasons = [(*why, names) for why, names in counts.reasons]
    yield _html("cells", ("state", "why", "operators"), reasons)
    yield nodes.paragraph("", found.notice)


def _group(entries: Sequence[Entry]) -> Iterator[nodes.Node]:
    """Yield links to the entries of a category, and the entries."""
    yield _html("links", entries)
    for entry in entries:
        yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[nodes.Node]:
    words = _words(entry).items()
    yield addnodes.index(
        entries=[("single", word, entry.name, main, None) for word, main in words]
    )
    yield _html("title", entry)
    for formula in entry.formulas:
        yield nodes.math_block("", formula.latex, nowrap=False, number=None)
        yield nodes.paragraph("", formula.why)
    if entry.note:
        yield _html("note", entry.note)
    if entry.example:
        yield from _example(entry.example)
    yield _html("checked", entry)


def _example(example: Example) -> Iterator[nodes.Node]:
    """Yield the call with its tensors, the program, and what it costs."""
    yield _html("example", example)
    if example.problem:
        yield nodes.paragraph("", f"There is no printed program: {example.problem}.")
    else:
        pairs = zip(example.products, example.results, strict=True)
        lines = (*example.lines, *(f"{shown.name} = {text}" for shown, text in pairs))
        program = "\n".join(lines)
        yield nodes.literal_block(program, program, language="python")
    values = [shown for shown in example.products if shown.values]
    if values:
        yield _html("numbers", values)
    yield _html("facts", example)


def _words(entry: Entry) -> dict[str, str]:
    """Return what people look the operator up by; what means it alone is "main"."""
    names = (entry.name, *entry.aliases)
    # A masked operator has the name of the plain one, which that name alone means.
    main = "" if entry.name.startswith("torch.masked.") else "main"
    words = dict.fromkeys((name.rpartition(".")[2] for name in names), main)
    words |= dict.fromkeys(names, "main")
    if entry.example and len(entry.example.nodes) == 1:
        node = entry.example.nodes[0][0]
        own = node.partition("Backward")[0].lower()
        words[node] = "main" if own in map(_letters, words) else ""
    return dict(sorted(words.items()))


def _letters(name: str) -> str:
    return name.removeprefix("torch.").replace(".", "").replace("_", "").lower()


def _html(macro: str, *arguments: object) -> nodes.raw:
    """Return a part of the page, by the name of its macro."""
    view = _VIEWS.get_template("entries.html.jinja").module
    return nodes.raw("", getattr(view, macro)(*arguments), format="html")


def changed(entry: Entry) -> Iterator[Markup]:
    """Yield what releases of torch changed of an operator, the oldest first."""
    names = {variant.name for variant in entry.variants}
    for each in sorted(of_operator(names), key=lambda each: number(each.since)):
        after, before = code(each.after), code(each.before)
        line = f"torch {each.since}: {each.title}: {after}, was {before}"
        marked = re.sub(r"``? ?(.+?) ?``?", r"<code>\1</code>", str(escape(line)))
        yield Markup(marked)  # noqa: S704 - it is escaped


def linked(value: object) -> Markup:
    """Return a text as HTML, with links to the issues that it names."""
    link = r'<a href="https://github.com/pytorch/pytorch/issues/\1">\g<0></a>'
    return Markup(re.sub(r"pytorch#(\d+)", link, str(escape(value))))  # noqa: S704 - it is escaped


def outline(rows: Sequence[str], cell: int) -> str:
    """Return a path with a rectangle for each run of ones in each row."""
    runs = (
        (cell * run.start(), cell * row, cell * len(run[0]))
        for row, marks in enumerate(rows)
        for run in re.finditer("1+", marks)
    )
    return "".join(f"M{x} {y}h{width}v{cell}h{-width}z" for x, y, width in runs)


_VIEWS = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
)
_VIEWS.filters.update(FILTERS, changed=changed, linked=linked, outline=outline)
