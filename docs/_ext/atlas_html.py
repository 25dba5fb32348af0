"""Parts of an entry as HTML: what a page shows besides its text and formulas."""

import re
from collections.abc import Iterator, Sequence
from html import escape

from vjp_guide.operators.numerals import residual
from vjp_guide.operators.records import Entry, Example, Residuals, Shown, Variant

_CELL = 7


def head(entry: Entry) -> str:
    """Return the signature, the names, the states and the link to torch's page."""
    parts = [f"<code>{escape(entry.signature)}</code>"] if entry.signature else []
    if entry.aliases:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in entry.aliases)
        parts.append(f"also {names}")
    if entry.page:
        parts.append(f'<a href="{escape(entry.page)}">torch\'s page</a>')
    elif entry.documented:
        parts.append("only a docstring in torch")
    else:
        parts.append("not documented by torch")
    parts += dict.fromkeys(_state(variant) for variant in entry.variants)
    return f'<p class="op-head">{" · ".join(parts)}</p>'


def call(example: Example) -> str:
    """Return the call of an example with its tensors."""
    names = ", ".join(shown.name for shown in example.outputs)
    lines = [f"{names} = {example.call}"]
    lines += map(_tensor, (*example.inputs, *example.outputs, *example.cotangents))
    return _pre("numbers", lines)


def program(example: Example) -> str:
    """Return the program, with the results that fit on a line below it."""
    if example.problem:
        return f"<p>There is no printed program: {escape(example.problem)}.</p>"
    pairs = zip(example.products, example.results, strict=True)
    lines = [*example.lines, *(f"{shown.name}: {text}" for shown, text in pairs)]
    values = [_tensor(shown) for shown in example.products if shown.values]
    return _pre("program", lines) + (_pre("numbers", values) if values else "")


def facts(example: Example) -> str:
    """Return the graph and the sizes, beside the pattern of the Jacobian."""
    nodes = ", ".join(
        f"<code>{escape(node)}</code>" + (f" ({count} times)" if count > 1 else "")
        for node, count in example.nodes
    )
    nonzero = "" if example.nonzero is None else f", {example.nonzero} not zero here"
    run = "operation" if example.operations == 1 else "operations"
    text = (
        f"<p>Graph: {nodes or 'no node, the input is returned'}. "
        f"<br>J: {example.entries} entries{nonzero}. "
        f"The product takes {example.operations} {run} and {example.saved} kept "
        f"numbers{_kernels(example.kernels)}.</p>"
    )
    return f'<div class="op-facts">{pattern(example)}{text}</div>'


def pattern(example: Example) -> str:
    """Return a drawing of where the first Jacobian isn't zero."""
    rows = example.pattern
    if "1" not in "".join(rows):
        return ""
    width, height = len(rows[0]) * _CELL, len(rows) * _CELL
    path = "".join(_runs(rows))
    names = f"J of {example.outputs[0].name} by {example.products[0].name}"
    words = f"{names}: {_count(len(rows), 'row')}, {_count(len(rows[0]), 'column')}"
    return (
        f'<svg class="op-pattern" width="{width + 2}" height="{height + 2}" '
        f'viewBox="-1 -1 {width + 2} {height + 2}" role="img" aria-label="{words}">'
        f'<title>{words}</title><rect width="{width}" height="{height}"/>'
        f'<path d="{path}"/></svg>'
    )


def reasons(entry: Entry) -> str:
    """Return why variants are in their states."""
    return "".join(_reason(variant, entry.note) for variant in entry.variants)


def checks(entry: Entry) -> str:
    """Return the table of what the checks found, which a click opens."""
    rows = "".join(map(_row, entry.variants))
    return (
        "<details><summary>What the checks found</summary>"
        '<div class="table-wrapper op-checks"><table class="docutils"><thead><tr>'
        "<th>variant</th><th>state</th><th>largest residuals</th><th>forward</th>"
        "<th>twice</th><th>complex</th><th>vmap</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def _reason(variant: Variant, note: str) -> str:
    """Return why a variant is in its state, without what the note above says."""
    why = variant.reason.removeprefix(note).strip()
    name = f"<code>{escape(variant.name)}</code>"
    return f'<p class="op-reason">{name}: {linked(why)}</p>' if why else ""


def _state(variant: Variant) -> str:
    kind = variant.state.partition(" ")[0]
    return f'<span class="op-{kind}">{variant.state}</span>'


def _row(variant: Variant) -> str:
    return (
        f"<tr><th>{escape(variant.name)}</th><td>{_state(variant)}</td>"
        f"<td>{_residuals(variant.residuals)}</td><td>{variant.forward}</td>"
        f"<td>{variant.twice}</td><td>{variant.complex}</td>"
        f"<td>{'yes' if variant.batched else 'no'}</td></tr>"
    )


def linked(text: str) -> str:
    """Return a text as HTML, with links to the issues that it names."""
    link = r'<a href="https://github.com/pytorch/pytorch/issues/\1">\g<0></a>'
    return re.sub(r"pytorch#(\d+)", link, escape(text))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _residuals(residuals: Residuals | None) -> str:
    if residuals is None:
        return "none"
    names = ("adjoint", "rows", "differences", "columns")
    pairs = zip(names, residuals.values(), strict=True)
    known = [(name, value) for name, value in pairs if value is not None]
    return ", ".join(f"{name} {residual(value)}" for name, value in known)


def _kernels(kernels: Sequence[str]) -> str:
    if not kernels:
        return ""
    names = ", ".join(f"<code>{name}</code>" for name in kernels)
    return f"; {names} is a kernel of torch without a rule in Python"


def _pre(kind: str, lines: Sequence[str]) -> str:
    text = escape("\n".join(lines))
    return f'<pre class="op-{kind}">{text}</pre>'


def _tensor(shown: Shown) -> str:
    values = f" = {shown.values}" if shown.values else ""
    return f"{shown.name} {shown.shape}{values}"


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
