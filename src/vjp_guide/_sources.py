"""Whose code a file of Python is, and which line of a call is the reader's."""

import functools
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import torch

_OWN = Path(__file__).parent
_TORCH = Path(torch.__file__).parent
_PYTHON = Path(functools.__file__).parent


@functools.cache
def is_own(filename: str) -> bool:
    """Return whether a file is ours or torch's, and so not the reader's."""
    return bool({_OWN, _TORCH} & {*Path(filename).parents})


def innermost(lines: Iterable[tuple[str, int]]) -> str:
    """Return the first line that is the reader's, else the first of torch's.

    Args:
        lines: Files and line numbers, from the inside.

    Returns:
        The place as ``model.py:12``, empty if there is none.
    """
    of_torch = ""
    for filename, number in lines:
        path = Path(filename)
        if not is_own(filename) and path.parent != _PYTHON:
            return f"{path.name}:{number}"
        if not of_torch and path.is_relative_to(_TORCH):
            of_torch = f"{path.relative_to(_TORCH.parent).as_posix()}:{number}"
    return of_torch


def line_of(trace: TracebackType | None) -> str:
    """Return the innermost line of a traceback that is the reader's, with its place."""
    frames = [
        frame for frame in traceback.extract_tb(trace) if not is_own(frame.filename)
    ]
    if not frames:
        return ""
    last = frames[-1]
    place = f"{Path(last.filename).name}:{last.lineno}, in {last.name}"
    return ": ".join(filter(None, (place, last.line)))
