"""A long program as runs of lines, each of one submodule."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from vjp_guide._derive.content import Content, Line

_MOST = 40
_FEW = 2  # lines that a fold in their place would hardly shorten


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Lines one after another.

    Attributes:
        path: The submodule that they are folded as, empty where they aren't.
        lines: The lines.
    """

    path: str
    lines: tuple[Line, ...]

    def __str__(self) -> str:
        return f"{self.path}: {len(self.lines)} lines"


def runs(lines: Iterable[Line], depth: int) -> Iterator[Run]:
    """Yield the runs of lines whose paths have the same first parts."""
    for path, group in groupby(lines, lambda line: _first(line.module, depth)):
        found = tuple(group)
        yield Run(path=path if len(found) > _FEW else "", lines=found)


def depth_of(derivation: Content) -> int:
    """Return how many parts of the paths to tell apart, 0 where nothing is folded.

    These are as many as a screen has room for.
    """
    lines = [*derivation.forward, *derivation.backward]
    if len(lines) <= _MOST:
        return 0
    deepest = max(len(_parts(line.module)) for line in lines)
    depths = range(deepest, 0, -1)
    return next((n for n in depths if _shown(lines, n) <= _MOST), min(1, deepest))


def _shown(lines: Iterable[Line], depth: int) -> int:
    return sum(1 if run.path else len(run.lines) for run in runs(lines, depth))


def _first(path: str, depth: int) -> str:
    return ".".join(_parts(path)[:depth])


def _parts(path: str) -> list[str]:
    return path.split(".") if path else []
