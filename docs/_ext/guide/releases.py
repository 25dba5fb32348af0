"""What changed in which release of torch, from the records of its programs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from records.changes import (
    STATES,
    Change,
    changes,
    one_line,
    operators,
    records,
)

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


def _sections() -> Iterator[str]:
    programs, turned = _by_release(changes()), _by_release(operators())
    known = [record.minor for record in records()]
    for before, release in reversed(list(pairwise(known))):
        anchor = f"(changed-{release.replace('.', '-')})="
        parts = [f"{anchor}\n## torch {release}, compared with {before}"]
        if programs[release]:
            parts.append(_table(programs[release]))
        parts += _lists(turned[release])
        yield "\n\n".join(parts)


def _by_release(found: Iterable[Change]) -> dict[str, list[Change]]:
    grouped = defaultdict(list)
    for change in found:
        grouped[change.since].append(change)
    return grouped


def _table(found: list[Change]) -> str:
    rows = [
        f"| {_title(change)} | {_code(change.before)} | {_code(change.after)} |"
        for change in found
    ]
    return "\n".join(["| program | before | since |", "| --- | --- | --- |", *rows])


def _title(change: Change) -> str:
    return change.title.replace("|", r"\|")


def _code(outcome: str) -> str:
    line = one_line(_WORDS.get(outcome, outcome)).replace("|", r"\|")
    fence = "``" if "`" in line else "`"
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _lists(found: list[Change]) -> Iterator[str]:
    for what in STATES:
        for word, verb in (("yes", "gain"), ("no", "lose")):
            names = [c.name for c in found if c.title == what and c.after == word]
            if names:
                listed = ", ".join(f"`{name}`" for name in names)
                yield f"Operators that {verb} {what}: {listed}."
