"""Verify every operator of the installed torch, against the states in this folder.

The oldest release has a file with all states, a newer one with those that differ from
the release before. With ``--write`` a file is written instead of compared.

``torchrun --nproc-per-node 2 -m tests.operators.verify --parts FOLDER`` has the
processes verify parts of them, each its own, and write them there; the last compares
all. A part that is there isn't computed again, so the same command, with any number of
processes, goes on after one died, at which torchrun ends the others too.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import torch

from records.changes import number
from vjp_guide.operators import Atlas, Entry, compute, summary
from vjp_guide.operators.entry import groups

STATES = Path(__file__).with_name("states")
GONE = "not in torch's tables"
PROCESSES = 2
PARTS = 64  # of what takes one process minutes: one that dies loses seconds


def expected(release: str = torch.__version__) -> dict[str, str]:
    """Return the states of the operators in a release of torch."""
    states: dict[str, str] = {}
    for path in sorted(STATES.glob("*.txt"), key=lambda path: number(path.stem)):
        if number(path.stem) <= number(release):
            lines = path.read_text(encoding="utf-8").splitlines()
            states |= dict(line.split("\t") for line in lines)
    return {name: state for name, state in states.items() if state != GONE}


def write(states: dict[str, str], release: str = torch.__version__) -> None:
    """Write the states that differ from those of the releases before."""
    major, minor, *_ = number(release)
    path = STATES / f"{major}.{minor}.txt"
    path.unlink(missing_ok=True)
    before = expected(release)
    now = dict.fromkeys(before.keys() - states.keys(), GONE) | states
    lines = [f"{n}\t{now[n]}\n" for n in sorted(now) if now[n] != before.get(n)]
    path.write_text("".join(lines), encoding="utf-8")


def bar(entries: Iterator[Entry], count: int) -> Iterable[Entry]:
    """Pass the entries through, and show how far they are."""
    for done, entry in enumerate(entries, start=1):
        width = 40 * done // count
        print(
            f"\r[{'#' * width:40}] {done}/{count} {entry.name:50.50}",
            end="",
            file=sys.stderr,
        )
        yield entry
    print(file=sys.stderr)


def states_of(found: Atlas) -> dict[str, str]:
    """Return the state of each variant."""
    variants = [variant for entry in found.entries for variant in entry.variants]
    return {variant.name: variant.state for variant in variants}


def share(folder: Path, names: Sequence[str], rank: int, size: int) -> dict[str, str]:
    """Verify the parts of a process that aren't there, and write them.

    Returns:
        The states of all, if all parts are there, or else none.
    """
    head = f"torch {torch.__version__}, part"
    paths = [folder / f"{head} {part} of {PARTS}.txt" for part in range(PARTS)]
    missing = [part for part in range(rank, PARTS, size) if not paths[part].exists()]
    print(f"process {rank}: parts to compute: {len(missing)}")
    for part in missing:
        found = compute(jobs=1, progress=bar, names=names[part::PARTS])
        _write(states_of(found), paths[part])
    if not all(path.exists() for path in paths):
        return {}
    texts = [path.read_text(encoding="utf-8").splitlines() for path in paths]
    return dict(line.split("\t") for lines in texts for line in lines)


def _write(states: dict[str, str], path: Path) -> None:
    """Write a part whole or not at all."""
    unfinished = path.with_suffix(".part")
    lines = [f"{name}\t{state}\n" for name, state in states.items()]
    unfinished.write_text("".join(lines), encoding="utf-8")
    unfinished.replace(path)


def main() -> int:
    """Return 1 if the states differ, and print how."""
    if "--parts" in sys.argv:
        folder = Path(sys.argv[sys.argv.index("--parts") + 1])
        folder.mkdir(parents=True, exist_ok=True)
        rank, size = (int(os.environ[key]) for key in ("RANK", "WORLD_SIZE"))
        states = share(folder, tuple(groups()), rank, size)
        return compared(states) if states else 0
    start = time.perf_counter()
    found = compute(jobs=PROCESSES, progress=bar)
    states = states_of(found)
    if "--write" in sys.argv:
        write(states)
    counts = summary(found)
    print(f"torch {found.torch}, {time.perf_counter() - start:.0f} s: {counts.states}")
    print(f"blind {counts.blind}, programs {counts.programs[0]}, {counts.checks}")
    return compared(states)


def compared(states: dict[str, str]) -> int:
    """Return 1 if states differ from those expected, and print how."""
    wanted = expected()
    names = sorted(wanted.keys() | states.keys())
    differing = [name for name in names if wanted.get(name) != states.get(name)]
    for name in differing:
        print(f"{name}: {states.get(name)}, expected {wanted.get(name)}")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
