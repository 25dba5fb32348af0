"""Verify every operator of the installed torch, against the states in states.txt.

With ``--write`` the states are written instead of compared.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from vjp_guide.operators import Entry, compute, summary

STATES = Path(__file__).with_name("states.txt")
PROCESSES = 2


def bar(entries: Iterator[Entry], count: int) -> Iterable[Entry]:
    """Pass the entries through, and show how far they are."""
    for number, entry in enumerate(entries, start=1):
        width = 40 * number // count
        print(
            f"\r[{'#' * width:40}] {number}/{count} {entry.name:50.50}",
            end="",
            file=sys.stderr,
        )
        yield entry
    print(file=sys.stderr)


def main() -> int:
    """Return 1 if the states differ, and print how."""
    start = time.perf_counter()
    found = compute(jobs=PROCESSES, progress=bar)
    variants = [variant for entry in found.entries for variant in entry.variants]
    states = {variant.name: variant.state for variant in variants}
    text = "".join(f"{name}\t{states[name]}\n" for name in sorted(states))
    if "--write" in sys.argv:
        STATES.write_text(text, encoding="utf-8")
    counts = summary(found)
    print(f"torch {found.torch}, {time.perf_counter() - start:.0f} s: {counts.states}")
    print(f"blind {counts.blind}, programs {counts.programs[0]}, {counts.checks}")
    lines = STATES.read_text(encoding="utf-8").splitlines()
    expected = dict(line.split("\t") for line in lines)
    differing = sorted(
        name
        for name in expected.keys() | states.keys()
        if expected.get(name) != states.get(name)
    )
    for name in differing:
        print(f"{name}: {states.get(name)}, expected {expected.get(name)}")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
