"""The note on an exception that torch's autograd has raised."""

import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FrameType

from vjp_guide._clarify.frames import Site, is_raised_by_torch, site
from vjp_guide._clarify.phrase import phrase
from vjp_guide._explain.diagnosis import Diagnosis, recognise
from vjp_guide._quiet import plain_settings

_SOURCE = "vjp-guide: "


def annotate(error: BaseException, before: BaseException | None = None) -> None:
    """Add a note to an exception, and to those that Python prints with it.

    Args:
        error: The exception.
        before: An exception that was handled before: it and what led to it are left
            as they are.
    """
    with suppress(Exception):  # the reader's exception counts, not the note
        old = {id(each) for each in _printed(before)} if before else set()
        for each in _printed(error):
            if id(each) not in old:
                with suppress(Exception):  # likewise, and the next one may be known
                    _annotate(each)


def _annotate(error: BaseException) -> None:
    noted = any(_SOURCE in str(note) for note in getattr(error, "__notes__", ()))
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if noted or not is_raised_by_torch(error):
        return
    if text := _exact_note(error, frames) or _note(recognise(error, None), Site()):
        error.add_note(text)


def _exact_note(error: BaseException, frames: Sequence[FrameType]) -> str:
    with suppress(Exception), plain_settings():  # some tensors refuse any question
        where = site(frames)
        return _note(recognise(error, where.call), where)
    return ""


def _note(diagnosis: Diagnosis | None, where: Site) -> str:
    if diagnosis is None:
        return ""
    inputs = bool(where.call and where.call.inputs)
    code = phrase(diagnosis.code, where.style, inputs=inputs)
    lines = [f"Why: {diagnosis.cause}", f"Fix: {diagnosis.fix}", ""]
    lines += [f"  {line}".rstrip() for line in code.splitlines()]
    return "\n".join([*lines, "", _SOURCE + diagnosis.address])


def _printed(error: BaseException) -> Iterator[BaseException]:
    """Return an exception and those that Python prints with it, each once."""
    seen: set[int] = set()
    stack: list[BaseException | None] = [error]
    while stack:
        each = stack.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        hidden = each.__suppress_context__
        stack += [each.__cause__, None if hidden else each.__context__]
        if isinstance(each, BaseExceptionGroup):
            stack += each.exceptions
