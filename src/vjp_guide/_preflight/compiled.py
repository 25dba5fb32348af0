"""What breaks the graph of torch.compile."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from torch import nn

from vjp_guide._preflight.recorder import Spot
from vjp_guide._preflight.trial import Trial, compiled, forth_and_back
from vjp_guide._sources import innermost

_JUMP = "generic_jump"


@dataclass(frozen=True, slots=True)
class Break:
    """What torch.compile leaves out of a graph.

    Attributes:
        reason: What torch says.
        spot: Where it is.
    """

    reason: str
    spot: Spot


def breaks(trial: Trial, model: object) -> list[Break]:
    """Return what breaks the graph of a call, as far as it runs in several."""
    from torch._dynamo.utils import graph_break_reasons  # noqa: PLC0415 (it takes seconds)

    before = len(graph_break_reasons)
    with _silent_log(), suppress(Exception):  # as far as it runs
        forth_and_back(compiled(trial, fullgraph=False))
    found: dict[str, Break] = {}
    for each in graph_break_reasons[before:]:
        lines = [(at.filename, at.lineno or 0) for at in reversed(each.user_stack)]
        spot = Spot(_module(model, lines), innermost(lines))
        found.setdefault(
            spot.line, Break(_said(each.reason), spot)
        )  # it is tried again
    del graph_break_reasons[before:]
    return [*found.values()]


def _said(reason: str) -> str:
    """Return what torch says in full of the same break in an inner function."""
    return f"Data-dependent branching: {reason}" if _JUMP in reason else reason


@contextmanager
def _silent_log() -> Iterator[None]:
    """Keep torch from telling of each break in its log too."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _module(model: object, lines: Iterable[tuple[str, int]]) -> str:
    """Return the module whose forward has the first of the lines, if it is one."""
    if not isinstance(model, nn.Module):
        return ""
    for line in lines:
        paths = [path for path, each in model.named_modules() if _has(each, *line)]
        if paths:
            return paths[0] if len(paths) == 1 else ""
    return ""


def _has(module: nn.Module, filename: str, number: int) -> bool:
    code = getattr(module.forward, "__code__", None)  # some are written in C++
    if code is None or code.co_filename != filename:
        return False
    return number in {each for *_, each in code.co_lines()}
