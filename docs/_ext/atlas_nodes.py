"""What the directives of the atlas put on a page.

Entries are index entries, so that the site's search finds them by each of their names.
They aren't sections, which Sphinx would copy for the navigation of each page.
"""

import gc
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from itertools import compress
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.display import status_iterator

from docs._ext import atlas_html as html
from docs._ext.atlas import Fragment
from vjp_guide.operators import (
    Atlas,
    Entry,
    OperatorsUnavailableError,
    compute,
    dump,
    empty,
    load,
    summary,
)
from vjp_guide.operators.records import Example, Without

JOBS = 2
COLUMNS = ("operator", "group", "inputs", "state", "more")
BADGES = ("forward", "twice", "complex", "vmap", "formula", "kinks")

logger = logging.getLogger(__name__)


def computed() -> tuple[str, bool]:
    """Return the data, and whether torch has the tables that it comes from."""
    try:
        found = compute(jobs=JOBS, progress=_progress)
    except OperatorsUnavailableError as error:
        logger.info("%s: the pages of the operators stay empty", error)
        return dump(empty()), False
    return dump(found), True


def _progress(entries: Iterator[Entry], count: int) -> Iterable[Entry]:
    return status_iterator(
        entries, "verifying operators... ", "darkgreen", count, stringify_func=_name
    )


def _name(entry: Entry) -> str:
    return entry.name


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
        return list(_index(found))
    if directive == "operators-summary":
        return list(_summary(found))
    return list(_group(found, group))


@cache
def _atlas(data: Path) -> Atlas:
    found = load(data.read_text(encoding="utf-8"))
    gc.freeze()  # else each full collection visits the many small records
    return found


def _group(found: Atlas, group: str) -> Iterator[nodes.Node]:
    """Yield links to the entries of a category, and the entries."""
    entries = [entry for entry in found.entries if entry.category == group]
    links = (f'<a href="#{escape(e.name)}">{_short(e.name)}</a>' for e in entries)
    yield _raw(f'<p class="op-list">{" ".join(links)}</p>')
    for entry in entries:
        yield from _entry(entry)


def _index(found: Atlas) -> Iterator[nodes.Node]:
    """Yield the table of all operators, and the filter that a script works."""
    titles = {group.slug: group.title for group in found.groups}
    rows = [_row(entry, titles[entry.category]) for entry in found.entries]
    rows += map(_row_without, found.without)
    head = "".join(f"<th>{title}</th>" for title in COLUMNS)
    body = "".join(
        f"<tr><th>{name}</th><td>{'</td><td>'.join(cells)}</td></tr>"
        for name, *cells in rows
    )
    yield _raw(
        f"{_filter(rows)}"
        '<div class="table-wrapper"><table class="docutils" id="op-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _filter(rows: Iterable[tuple[str, ...]]) -> str:
    """Return a field for the name, and a choice for each of the other columns."""
    _, groups, inputs, states, _ = (
        sorted(set(column)) for column in zip(*rows, strict=True)
    )
    choices = zip(COLUMNS[1:], (groups, inputs, states, BADGES), strict=True)
    return (
        '<form class="op-filter" role="search"><label>name '
        '<input type="search" placeholder="softmax, ger, fft"></label>'
        f"{''.join(_choice(name, values) for name, values in choices)}"
        '<output aria-live="polite"></output></form>'
    )


def _choice(name: str, values: Iterable[str]) -> str:
    options = "".join(f"<option>{value}</option>" for value in ("any", *values))
    return f"<label>{name} <select>{options}</select></label>"


def _summary(found: Atlas) -> Iterator[nodes.Node]:
    """Yield the counts of the run, and each exception with its reason."""
    counts = summary(found)
    operators, documented = counts.operators
    programs, plain = counts.programs
    yield _table(
        ("what", "how many"),
        [
            ("public operators with a derivative", f"{operators}"),
            ("of them with a docstring in torch", f"{documented}"),
            ("operators with a program that equals autograd", f"{programs}"),
            ("of them without a backward kernel of torch", f"{plain}"),
            ("operators with an index formula by hand", f"{counts.formulas}"),
            ("variants", f"{counts.variants}"),
            *((f"variants: {state}", f"{n}") for state, n in counts.states.items()),
            ("verified without a named exception", f"{counts.blind}"),
            *((f"check: {check}", f"{n}") for check, n in counts.checks.items()),
            *((f"operators: {s}", f"{n}") for s, n in counts.without.items()),
        ],
    )
    yield nodes.rubric("", "Verified with a named exception")
    yield _table(("variant", "why"), [(v.name, v.reason) for v in counts.excepted])
    yield nodes.rubric("", "Not verified, or only under a condition")
    yield _table(
        ("variant", "state", "why"),
        [(v.name, v.state, v.reason) for v in counts.excluded],
    )
    yield nodes.rubric("", "Without a program")
    yield _table(("operator", "why"), [(e.name, e.missing) for e in counts.unprinted])
    yield nodes.rubric("", "Without a derivative in torch")
    yield _table(
        ("state", "why", "operators"), [(*why, names) for why, names in counts.reasons]
    )
    yield nodes.paragraph("", found.notice)


def _entry(entry: Entry) -> Iterator[nodes.Node]:
    words = _words(entry).items()
    yield addnodes.index(
        entries=[("single", word, entry.name, main, None) for word, main in words]
    )
    yield _raw(html.part("title", entry))
    for formula in entry.formulas:
        yield nodes.math_block("", formula.latex, nowrap=False, number=None)
        yield nodes.paragraph("", formula.why)
    if entry.note:
        yield _raw(f"<p>{html.linked(entry.note)}</p>")
    if entry.example:
        yield from _example(entry.example)
    yield _raw("".join(_parts(entry)))


def _example(example: Example) -> Iterator[nodes.Node]:
    """Yield the call with its tensors, the program, and what it costs."""
    names = ", ".join(shown.name for shown in example.outputs)
    tensors = (*example.inputs, *example.outputs, *example.cotangents)
    yield _raw(html.part("numbers", tensors, f"{names} = {example.call}\n"))
    if example.problem:
        yield nodes.paragraph("", f"There is no printed program: {example.problem}.")
    else:
        pairs = zip(example.products, example.results, strict=True)
        lines = (*example.lines, *(f"{shown.name} = {text}" for shown, text in pairs))
        program = "\n".join(lines)
        yield nodes.literal_block(program, program, language="python")
    values = tuple(shown for shown in example.products if shown.values)
    yield _raw(html.part("numbers", values) * bool(values))
    yield _raw(html.part("facts", example))


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


def _parts(entry: Entry) -> Iterator[str]:
    if entry.kinks:
        yield html.part("kinks", entry)
    if entry.derivatives:
        yield html.part("derivatives", entry)
    yield html.part("checks", entry)
    yield html.changed({variant.name for variant in entry.variants})


def _row(entry: Entry, title: str) -> tuple[str, ...]:
    best = entry.variants[0]
    known = (
        best.forward == "yes",
        best.twice in {"yes", "constant"},
        best.complex == "yes",
        best.batched,
        bool(entry.formulas),
        bool(entry.kinks),
    )
    inputs = len(entry.example.products) if entry.example else 0
    words = " ".join(name.removeprefix("torch.") for name in entry.aliases)
    also = f" <small>{escape(words)}</small>" if words else ""
    address = f"entries/{entry.category}.html#{escape(entry.name)}"
    link = f'<a href="{address}">{_short(entry.name)}</a>{also}'
    return link, title, f"{inputs}", best.state, " ".join(compress(BADGES, known))


def _row_without(operator: Without) -> tuple[str, ...]:
    name, reason = _short(operator.name), escape(operator.reason)
    return name, "none", "0", operator.state, reason


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Fragment:
    titles = "".join(f"<th>{title}</th>" for title in head)
    body = "".join(
        f"<tr><th>{html.linked(name)}</th>"
        + "".join(f"<td>{html.linked(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    return _raw(
        '<div class="table-wrapper"><table class="docutils"><thead>'
        f"<tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _short(name: str) -> str:
    return escape(name.removeprefix("torch."))


def _raw(markup: str) -> Fragment:
    return Fragment(markup=markup)
