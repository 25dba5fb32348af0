"""What changed in which release of torch, read from the records beside this file."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from records.record import programs, read

HERE = Path(__file__).parent
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


def records() -> list[Record]:
    """Return all records, the oldest release first."""
    paths = HERE.glob("*.json")
    found = [Record(**json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    return sorted(found, key=lambda record: number(record.torch))


def number(release: str) -> tuple[int, ...]:
    """Return a release as numbers that compare."""
    return tuple(int(part) for part in release.split("."))


def changes() -> Iterator[Change]:
    """Yield each change of an outcome between two neighbouring releases."""
    titles = dict(_titles())
    for before, after in pairwise(records()):
        for name, title in titles.items():
            old, new = before.results.get(name), after.results.get(name)
            if old is not None and new is not None and old != new:
                yield Change(name, title, after.minor, old, new)


def _titles() -> Iterator[tuple[str, str]]:
    for file in ("errors", "mistakes", "facts"):
        for name, title, _ in programs(read(file)):
            yield name, title
    for name in records()[-1].results:
        kind, _, rest = name.partition(": ")
        if kind in KINDS:
            call = rest.partition(": ")[2].replace(" at ", "` at `")
            yield name, f"{KINDS[kind]} of `{call}`"
        elif kind == "name":
            yield name, f"`{rest}`"


def operators() -> Iterator[Change]:
    """Yield each operator that gained or lost one of the three abilities."""
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


def texts(name: str) -> dict[str, str]:
    """Return the texts of a program, each with the first release that has it."""
    found: dict[str, str] = {}
    for record in records():
        if name in record.results:
            found.setdefault(record.results[name], record.minor)
    return found


def since(name: str) -> str:
    """Return the release from which on a program does what it does in the newest.

    Empty if it did so in the oldest that was recorded.
    """
    known = [record for record in records() if name in record.results]
    last = known[-1].results[name]
    for older, newer in zip(known[-2::-1], known[:0:-1], strict=True):
        if older.results[name] != last:
            return newer.minor
    return ""


def one_line(outcome: str, width: int = 160) -> str:
    """Return an outcome on one line, cut where it is long."""
    line = re.sub(r"\s+", " ", outcome).strip()
    return line if len(line) <= width else line[: width - 1] + "…"
