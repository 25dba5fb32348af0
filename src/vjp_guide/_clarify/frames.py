"""The call of torch's autograd that failed, read from the frames of a traceback."""

import dis
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from vjp_guide._call import Call

_RAISES = {dis.opmap["RAISE_VARARGS"], dis.opmap["RERAISE"]}
_OF_EXTENSIONS = {RuntimeError, NotImplementedError, UserWarning}
_DEFAULTS = {
    "is_grads_batched": "",
    "materialize_grads": "",
    "create_graph": "",
    "allow_unused": "materialize_grads",
    "retain_graph": "create_graph",
}
_TORCH = Path(torch.__file__).parent
_FUNC = "torch._functorch.eager_transforms"
_ENTRIES = {
    ("torch.autograd", "grad"),
    ("torch.autograd", "backward"),
    ("torch._tensor", "backward"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where autograd was called: how, and with what if that can be read."""

    style: str = "grad"
    call: Call | None = None


def site(frames: Sequence[FrameType]) -> Site:
    """Return the innermost call of autograd on the way to an error.

    Its arguments count only if no code of the reader ran inside of it, such as a hook
    or a custom backward: else the error is about that code.
    """
    for depth in range(len(frames) - 1, -1, -1):
        frame = frames[depth]
        if (name := _entry(frame)) is None:
            continue
        style = _style(frames[:depth], name)
        inside = takewhile(_is_torch, frames[depth + 1 :])
        whole = len(list(inside)) == len(frames) - depth - 1
        return Site(style, _read(frame, name) if whole else None)
    return Site()


def is_raised_by_torch(error: BaseException) -> bool:
    """Return whether torch raised an error, and not a reader's ``raise`` or other code.

    The extensions of torch have no frames: what they raise comes from the frame that
    called them, in an instruction other than ``raise``.
    """
    if type(error.__cause__).__name__.endswith("RemoteTraceback"):
        return _is_in_torch(str(error.__cause__))
    end = error.__traceback__
    if end is None:
        return False
    while end.tb_next is not None:
        end = end.tb_next
    if _is_torch(end.tb_frame):
        return True
    instruction = end.tb_frame.f_code.co_code[end.tb_lasti]
    return type(error) in _OF_EXTENSIONS and instruction not in _RAISES


def _is_in_torch(text: str) -> bool:
    """Return whether a traceback, sent by a process of a pool, ends in torch."""
    files = re.findall(r'^ *File "(.+?)", line', text, re.MULTILINE)
    return bool(files) and Path(files[-1]).is_relative_to(_TORCH)


def _entry(frame: FrameType) -> str | None:
    name = frame.f_code.co_name
    return name if (_module(frame), name) in _ENTRIES else None


def _style(callers: Sequence[FrameType], name: str) -> str:
    if name == "backward":
        return "backward"
    return "func" if callers and _module(callers[-1]) == _FUNC else "grad"


def _read(frame: FrameType, name: str) -> Call | None:
    values: dict[str, Any] = frame.f_locals
    if "self" in values:
        return None  # a tensor whose backward torch refused to begin
    if name == "backward":
        inputs = () if values["inputs"] is None else values["inputs"]
        outputs = values["tensors"]  # torch has put a single tensor into a tuple
        one = type(outputs) is tuple and len(outputs) == 1
        given = [outputs[0] if one else outputs, inputs, values["grad_tensors"]]
    else:
        given = [values[each] for each in ("outputs", "inputs", "grad_outputs")]
    if any(map(_runs_code, given)):
        return None
    return Call.read(*given, **dict(_options(values)))


def _options(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Return the options as they were given: torch fills in what was left out."""
    for option, default in _DEFAULTS.items():
        if option in values and values[option] is not values.get(default, False):
            yield option, values[option]


def _is_torch(frame: FrameType) -> bool:
    return _module(frame).split(".")[0] == "torch"


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _runs_code(value: object) -> bool:
    """Return whether to look at what was passed would run code of the reader."""
    if isinstance(value, Tensor):
        return type(value).__torch_dispatch__ is not Tensor.__torch_dispatch__
    if isinstance(value, list | tuple):
        return any(map(_runs_code, value))
    return isinstance(value, Iterator)
