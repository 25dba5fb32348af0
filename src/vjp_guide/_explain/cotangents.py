"""What is wrong with the cotangents of a call, and the call with it put right."""

from collections.abc import Iterator
from itertools import zip_longest
from math import prod

import numpy as np
import torch
from torch import Tensor

from vjp_guide._call import Argument, Call, is_all, is_tensor
from vjp_guide._contract import as_array
from vjp_guide._explain.containers import within
from vjp_guide._show import MOST_NUMBERED, join, listed

Finding = tuple[str, str]
"""What is wrong, in words, and an expression that puts it right."""

_DENSE = {torch.strided, torch.jagged}


def explain_cotangents(call: Call) -> str:
    """Return in words what is wrong with each cotangent."""
    return listed([wrong for wrong, _ in _findings(call) if wrong], " ")


def correct_cotangents(call: Call, **changes: bool | None) -> str:
    """Return the call with cotangents that fit, one for each output."""
    if not explain_cotangents(call):
        # Without outputs torch wants no cotangents, whatever was given.
        none = None if call.outputs or call.given[2] is None else "()"
        return call.code(none, **changes)
    return call.code(_all(call, fitting_cotangents(call)), **changes)


def _all(call: Call, terms: list[str]) -> str:
    numbered = len(terms) > MOST_NUMBERED and call.outputs_code == "y"
    if numbered and terms == [f"torch.ones_like({y.name})" for y in call.outputs]:
        return "[torch.ones_like(each) for each in y]"
    return join(terms)


def fitting_cotangents(call: Call) -> list[str]:
    """Return an expression for each output: its cotangent, made to fit."""
    return [right for _, right in _findings(call)]


def _findings(call: Call) -> list[Finding]:
    given = call.cotangents[: len(call.outputs)]
    return [_finding(call, y, v) for y, v in zip_longest(call.outputs, given)]


def _finding(call: Call, y: Argument, v: Argument | None) -> Finding:
    if not is_tensor(y.value):
        return "", "None" if v is None else v.name
    if v is None and call.given[2] is not None:
        wrong = f"{y.name} has no entry in grad_outputs: give one for each output."
        return wrong, _missing(y, batched=call.batched)[1]
    if v is None or v.value is None:
        return _missing(y, batched=call.batched)
    if not isinstance(v.value, Tensor):
        return _no_tensor(y, v, batched=call.batched)
    wrong = " ".join(_complaints(y, v, batched=call.batched))
    return wrong, _corrected(y, v, v.value, batched=call.batched)


def _missing(y: Argument, *, batched: bool) -> Finding:
    if batched:
        wrong = f"{y.name} has no v, and is_grads_batched needs a batch of them."
        return wrong, f"{_ones(y)}.unsqueeze(0)"
    alone = "torch takes v = 1 by itself only for"
    if y.size != 1:
        wrong = f"{y.name} has shape {y.shape} and no v: {alone} a single entry."
        return wrong, _ones(y)
    if y.dtype.is_complex:
        return f"{y.name} is {y.dtype} and has no v: {alone} a real output.", _ones(y)
    return "", "None"


def _no_tensor(y: Argument, v: Argument, *, batched: bool) -> Finding:
    wrong = (
        f"{v.name} is of type {type(v.value).__name__}, but v must be a tensor with "
        f"the shape of {y.name}, {y.shape}."
    )
    return wrong, _convert(y, v) + ".unsqueeze(0)" * batched


def _convert(y: Argument, v: Argument) -> str:
    try:
        numbers = as_array(v.name, v.value)
    except TypeError:
        return _ones(y)
    held = [*within(*v)]
    if any(each.shape for each in held):  # of which torch.as_tensor makes nothing
        alone = len(held) == 1 and held[0].size == numbers.size
        return _fit(held[0].name, held[0].shape, y) if alone else _ones(y)
    if numbers.dtype.kind == "c" and not y.dtype.is_complex:
        return _ones(y)
    return _fit(f"torch.as_tensor({v.name}, {_made_as(y)})", numbers.shape, y)


def _complaints(y: Argument, v: Argument, *, batched: bool) -> Iterator[str]:
    if batched and not _has_batch(y, v):
        axes = ", ".join(map(str, ("batch", *y.shape)))
        yield (
            f"{v.name} has shape {v.shape}, but with is_grads_batched=True it needs "
            f"shape ({axes}): a batch axis of at least one, then the axes of {y.name}."
        )
    if not batched and v.shape != y.shape:
        yield (
            f"{v.name} has shape {v.shape}, but {y.name} has shape {y.shape}: v holds "
            f"one weight for each entry of {y.name}, and torch doesn't broadcast it."
        )
    if v.dtype.is_complex != y.dtype.is_complex:
        yield (
            f"{v.name} is {v.dtype}, but {y.name} is {y.dtype}: both must be real, or "
            "both complex."
        )
    if v.device != y.device:
        yield f"{v.name} is on {v.device}, but {y.name} is on {y.device}."


def _corrected(y: Argument, v: Argument, tensor: Tensor, *, batched: bool) -> str:
    if batched and _has_batch(y, v):
        return _converted(v.name, y, v)
    empty = tensor.is_meta and v.device != y.device
    replace = empty or (is_all(tensor, 1) and v.shape != y.shape)
    right = _ones(y) if replace else _fit(v.name, v.shape, y)
    if right != _ones(y):
        right = _converted(right, y, v)
    return right + ".unsqueeze(0)" * batched


def _converted(expression: str, y: Argument, v: Argument) -> str:
    if v.dtype.is_complex != y.dtype.is_complex:
        expression += ".real" if v.dtype.is_complex else f".to({y.dtype})"
    if v.device != y.device:
        expression += f".to('{y.device}')"
    return expression


def _has_batch(y: Argument, v: Argument) -> bool:
    return v.shape[1:] == y.shape and v.shape[:1] not in {(), (0,)}


def _fit(expression: str, shape: tuple[int, ...], y: Argument) -> str:
    if shape == y.shape:
        return expression
    target = f"{y.name}.shape" if isinstance(y.value, Tensor) else str(y.shape)
    if _broadcasts(shape, y.shape):
        return f"{expression}.expand({target})"
    if prod(shape) == y.size:
        return f"{expression}.reshape({target})"
    return _ones(y)


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, target) == target
    except ValueError:
        return False


def _ones(y: Argument) -> str:
    if isinstance(y.value, Tensor) and y.value.layout in _DENSE:
        return f"torch.ones_like({y.name})"
    return f"torch.ones({y.shape}, {_made_as(y)})"


def _made_as(y: Argument) -> str:
    is_default = y.device == torch.get_default_device()
    return f"dtype={y.dtype}" + f", device='{y.device}'" * (not is_default)
