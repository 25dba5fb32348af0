"""What changed in which release of torch, read from the records beside this file."""

import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from records.reading import programs

HERE = Path(__file__).parent
FILES = ("errors", "mistakes", "facts")
KINDS = {
    "first": "the derivative",
    "second": "the second derivative",
    "forward": "forward mode",
}
# The letters of an operator's state, in order.
STATES = ("a derivative", "a second derivative", "forward mode")


@dataclass(frozen=True, slots=True)
class Record:
    """What all programs did with one release.

    Attributes:
        torch: The release, such as ``"2.9.1"``.
        python: The version of Python.
        date: The day of the run.
        results: The outcome of each program, by its name.
        operators: The state of each operator of torch's tables, by its name.
    """

    torch: str
    python: str
    date: str
    results: dict[str, str]
    operators: dict[str, str]

    @property
    def minor(self) -> str:
        """The release without its last number, such as ``"2.9"``."""
        return self.torch.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Change:
    """One program whose outcome changed.

    Attributes:
        name: The name of the program.
        title: What it does, as Markdown.
        since: The first release with the new outcome, such as ``"2.14"``.
        before: The outcome in the release before.
        after: The outcome since.
    """

    name: str
    title: str
    since: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring releases in which a program did the same.

    Attributes:
        text: Its outcome.
        first: The first of the releases, such as ``"2.14"``.
        last: The last of them.
    """

    text: str
    first: str
    last: str


@cache
def records() -> list[Record]:
    """Return all records, the oldest release first."""
    paths = HERE.glob("*.json")
    found = [Record(**json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return sorted(found, key=lambda record: number(record.torch))


def number(release: str) -> tuple[int, ...]:
    """Return a release as numbers that compare: ``2.13.0+cpu`` is (2, 13, 0)."""
    digits = re.match(r"\d+(\.\d+)*", release)
    return tuple(int(part) for part in digits[0].split(".")) if digits else ()


@cache
def changes() -> tuple[Change, ...]:
    """Return each change of an outcome between two neighbouring releases."""
    return tuple(_changes())


@cache
def operators() -> tuple[Change, ...]:
    """Return each operator that gained or lost one of the three abilities."""
    return tuple(_operators())


def of_operator(names: Container[str]) -> Iterator[Change]:
    """Yield what changed of an operator, by its names in torch's own tables."""
    yield from (each for each in operators() if each.name in names)
    for each in changes():
        kind, _, rest = each.name.partition(": ")
        if kind in KINDS and rest.partition(": ")[0] in names:
            yield each


def _changes() -> Iterator[Change]:
    titles = dict(_titles())
    for before, after in pairwise(records()):
        for name, title in titles.items():
            old, new = before.results.get(name), after.results.get(name)
            if old is not None and new is not None and old != new:
                yield Change(name, title, after.minor, old, new)


def _titles() -> Iterator[tuple[str, str]]:
    for file in FILES:
        for name, title, _ in programs(file):
            yield name, title
    for name in records()[-1].results:
        kind, _, rest = name.partition(": ")
        if kind in KINDS:
            call = rest.partition(": ")[2].replace(" at ", "` at `")
            yield name, f"{KINDS[kind]} of `{call}`"
        elif kind == "name":
            yield name, f"`{rest}`"


def _operators() -> Iterator[Change]:
    pairs = pairwise(record for record in records() if record.operators)
    for before, after in pairs:
        for name in sorted(before.operators.keys() & after.operators.keys()):
            old, new = before.operators[name], after.operators[name]
            for what, letter, letter_now in zip(STATES, old, new, strict=False):
                if _turned(what, letter, letter_now):
                    words = [_word(each) for each in (letter, letter_now)]
                    yield Change(name, what, after.minor, *words)


def _turned(what: str, before: str, after: str) -> bool:
    """Return whether an ability came or went; ``-`` is only that none is needed."""
    unsure = "-" in {before, after} and what != STATES[0]
    return not unsure and (before == "y") != (after == "y")


def _word(letter: str) -> str:
    return "yes" if letter == "y" else "no"


def spans(name: str) -> list[Span]:
    """Return what a program did, release after release."""
    found: list[Span] = []
    for record in records():
        text = record.results.get(name)
        if found and found[-1].text == text:
            found[-1] = replace(found[-1], last=record.minor)
        elif text is not None:
            found.append(Span(text, record.minor, record.minor))
    return found


def now(name: str, release: str) -> Span | None:
    """Return what a program does in a release, or in the newest recorded before it.

    Returns:
        The oldest that is known for a release before all, none for an unknown program.
    """
    found = spans(name)
    begun = (each for each in found if number(each.first) <= number(release))
    return next(reversed([*found[:1], *begun]), None)


def texts(name: str) -> dict[str, str]:
    """Return the texts of a program, each with the first release that has it."""
    return {span.text: span.first for span in reversed(spans(name))}


def notes(name: str, release: str) -> Iterator[tuple[str, str]]:
    """Yield since when a program does what it does, and what it does in other releases.

    Yields:
        Words, and the outcome that follows them if there is one.
    """
    every, current = spans(name), now(name, release)
    if current and [current] == every:
        yield f"So in each recorded release, {current.first} to {current.last}.", ""
    elif current and current != every[0]:
        yield f"So since torch {current.first}.", ""
    for span in reversed(every):
        if span != current:
            yield f"{_when(span, every[-1])}:", span.text


def _when(span: Span, last: Span) -> str:
    if span == last:
        return f"From torch {span.first} on"
    return f"In torch {span.first}" + f" to {span.last}" * (span.first != span.last)


def code(outcome: str) -> str:
    """Return an outcome as code in Markdown, on one line."""
    line = one_line(outcome)
    fence = "``" if "`" in line else "`"
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def one_line(outcome: str, width: int = 160) -> str:
    """Return an outcome on one line, cut where it is long."""
    line = re.sub(r"\s+", " ", outcome).strip()
    return line if len(line) <= width else line[: width - 1] + "…"
