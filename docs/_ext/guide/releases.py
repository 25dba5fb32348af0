"""What changed in which release of torch, from the records of its programs."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import chain, pairwise
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.typing import OptionSpec

from records.changes import (
    FILES,
    STATES,
    Change,
    changes,
    code,
    notes,
    now,
    one_line,
    operators,
    records,
    spans,
)
from records.reading import programs

INDEX = "reference/errors"
_WORDS = {"no": "doesn't exist"}


class Releases(SphinxDirective):
    """A table of the recorded releases."""

    def run(self) -> list[nodes.Node]:
        """Return the table: release, Python, date, programs and operators."""
        rows = [
            f"| {each.torch} | {each.python} | {each.date} "
            f"| {len(each.results)} | {len(each.operators)} |"
            for each in records()
        ]
        head = ["| torch | Python | date | programs | operators |"]
        table = [*head, "| --- | --- | --- | --- | --- |", *rows]
        return self.parse_text_to_nodes("\n".join(table))


class Changes(SphinxDirective):
    """Everything that changed, the newest release first."""

    def run(self) -> list[nodes.Node]:
        """Return a section for each release."""
        parts = "\n\n".join(_sections())
        return self.parse_text_to_nodes(parts, allow_section_headings=True)


class Recorded(SphinxDirective):
    """A recorded program as a transcript, with what the torch of the build does.

    A note says since when it does so, and what other releases do; with the option
    ``note`` there is this alone.
    """

    required_arguments = 1
    option_spec: ClassVar[OptionSpec] = {"note": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the transcript and the note."""
        (name,) = self.arguments
        codes = {key: text for file in FILES for key, _, text in programs(file)}
        found = now(name, version("torch"))
        text = f"{_typed(codes[name])}\n{_printed(found.text if found else '')}"
        block = nodes.literal_block(text, text, language="python")
        return [*([] if "note" in self.options else [block]), *_note(name)]


class Since(SphinxRole):
    """The first release in which a program does what it does in the newest."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the release, with a link to what else changed in it."""
        *before, last = spans(self.text)
        if not before:
            return [nodes.Text(f"{last.first} or earlier")], []
        target = f"changed-{last.first.replace('.', '-')}"
        link = addnodes.pending_xref(
            "",
            nodes.inline(last.first, last.first),
            refdomain="std",
            reftype="ref",
            reftarget=target,
            refdoc=self.env.docname,
            refexplicit=True,
            refwarn=True,
        )
        return [link], []


def _typed(program: str) -> str:
    """Return a program with the prompts of Python before its lines."""
    starts = {statement.lineno for statement in ast.parse(program).body}
    return "\n".join(
        f"{'>>>' if number in starts else '...'} {line}".rstrip()
        for number, line in enumerate(program.splitlines(), start=1)
    )


def _printed(outcome: str) -> str:
    """Return what Python prints: before an error, the head of its traceback."""
    before, newline, last = outcome.rpartition("\n")
    error = last.partition(":")[0].endswith("Error")
    return before + newline + "Traceback (most recent call last):\n" * error + last


def _note(name: str) -> list[nodes.Node]:
    """Return a paragraph on the releases."""
    parts: list[nodes.Node] = []
    for words, outcome in notes(name, version("torch")):
        line = one_line(outcome)
        parts += [nodes.Text(f" {words} " if parts else f"{words} ")]
        parts += [nodes.literal(line, line)] if line else []
    return [nodes.paragraph("", "", *parts, classes=["since"])] if parts else []


def note_releases(app: Sphinx, doctree: nodes.document) -> None:
    """Say of each error since when its text is so, on its page and in the index."""
    if app.env.docname == INDEX:
        for link in list(doctree.findall(addnodes.pending_xref)):
            when = when_raised(link.get("reftargetid", ""), link.astext())
            place = link.parent.index(link) + 1
            link.parent.insert(place, nodes.Text(f" ({when})" if when else ""))
    elif app.env.docname.startswith(f"{INDEX}/"):
        for section in list(doctree.findall(nodes.section)):
            if not any(
                "since" in each["classes"] for each in section.findall(nodes.paragraph)
            ):
                names = [name for name in section["ids"] if len(spans(name)) > 1]
                names = [name for name in names if _raises(name)]
                section.extend(chain.from_iterable(map(_note, names)))


def when_raised(name: str, text: str) -> str:
    """Return in which releases an error has its text, empty for all."""
    if _raises(name) and not name.startswith("error-older-"):
        found = now(name, version("torch"))
        return f"since {found.first}" if found and found != spans(name)[0] else ""
    held = [span for span in spans(name) if text.rstrip(".") in span.text]
    return f"{held[0].first} to {held[-1].last}" if held else ""


def _raises(name: str) -> bool:
    """Return whether a program raises or warns in the installed release."""
    found = now(name, version("torch"))
    return bool(found and re.match(r"\w+(Error|Warning):", found.text))


def _sections() -> Iterator[str]:
    programs, turned = _by_release(changes()), _by_release(operators())
    known = [record.minor for record in records()]
    for before, release in reversed(list(pairwise(known))):
        anchor = f"(changed-{release.replace('.', '-')})="
        yield f"{anchor}\n## torch {release}, compared with {before}"
        table = [_table(programs[release])] if programs[release] else []
        text = "\n\n".join([*table, *_lists(turned[release])])
        # The index of errors has the texts, and the atlas the operators.
        yield f":::{{rst-class}} unsearched\n{text}\n:::"


def _by_release(found: Iterable[Change]) -> dict[str, list[Change]]:
    grouped = defaultdict(list)
    for change in found:
        grouped[change.since].append(change)
    return grouped


def _table(found: list[Change]) -> str:
    rows = [
        f"| {_title(change)} | {_cell(change.before)} | {_cell(change.after)} |"
        for change in found
    ]
    return "\n".join(["| program | before | since |", "| --- | --- | --- |", *rows])


def _title(change: Change) -> str:
    return change.title.replace("|", r"\|")


def _cell(outcome: str) -> str:
    return code(_WORDS.get(outcome, outcome)).replace("|", r"\|")


def _lists(found: list[Change]) -> Iterator[str]:
    for what in STATES:
        for word, verb in (("yes", "gain"), ("no", "lose")):
            names = [c.name for c in found if c.title == what and c.after == word]
            if names:
                listed = ", ".join(f"`{name}`" for name in names)
                yield f"Operators that {verb} {what}: {listed}."
