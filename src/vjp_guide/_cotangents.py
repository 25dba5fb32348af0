"""What is wrong with the cotangents of a call, and the call with it put right."""

from itertools import zip_longest
from math import prod

import numpy as np
from torch import Tensor

from vjp_guide._call import Argument, Call, is_all, is_tensor
from vjp_guide._contract import as_array

Finding = tuple[str, str]
"""What is wrong, in words, and an expression that puts it right."""


def explain_cotangents(call: Call) -> str:
    """Return in words what is wrong with each cotangent."""
    return " ".join(wrong for wrong, _ in _findings(call) if wrong)


def correct_cotangents(call: Call) -> str:
    """Return the call with cotangents that fit, one for each output."""
    terms = [right for _, right in _findings(call)]
    return call.code(grad_outputs=terms[0] if len(terms) == 1 else _join(terms))


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
        return _no_tensor(y, v)
    return _judge_batched(y, v) if call.batched else _judge(y, v, v.value)


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


def _no_tensor(y: Argument, v: Argument) -> Finding:
    wrong = (
        f"{v.name} is of type {type(v.value).__name__}, but v must be a tensor with "
        f"the shape of {y.name}, {y.shape}."
    )
    try:
        numbers = as_array(v.name, v.value)
    except TypeError:
        return wrong, _ones(y)
    if numbers.dtype.kind == "c" and not y.dtype.is_complex:
        return wrong, _ones(y)
    tensor = f"torch.as_tensor({v.name}, dtype={y.dtype})"
    return wrong, _fit(tensor, numbers.shape, y)


def _judge(y: Argument, v: Argument, tensor: Tensor) -> Finding:
    wrong, right = [], v.name
    if v.shape != y.shape:
        wrong.append(_other_shape(y, v))
        right = _ones(y) if is_all(tensor, 1) else _fit(right, v.shape, y)
    if v.dtype.is_complex != y.dtype.is_complex:
        wrong.append(
            f"{v.name} is {v.dtype}, but {y.name} is {y.dtype}: both must be real, or "
            "both complex."
        )
        right += ".real" if v.dtype.is_complex else f".to({y.dtype})"
    if isinstance(y.value, Tensor) and tensor.device != y.value.device:
        wrong.append(f"{v.name} is on {tensor.device}, {y.name} on {y.value.device}.")
        right += f".to({y.name}.device)"
    fits = not (right.startswith("torch.ones") or (tensor.is_meta and wrong))
    return " ".join(wrong), right if fits else _ones(y)


def _judge_batched(y: Argument, v: Argument) -> Finding:
    if v.shape[1:] == y.shape and v.shape[:1] not in {(), (0,)}:
        return "", v.name
    axes = ", ".join(map(str, ("batch", *y.shape)))
    wrong = (
        f"{v.name} has shape {v.shape}, but with is_grads_batched=True it needs shape "
        f"({axes}): a batch axis of at least one, then the axes of {y.name}."
    )
    right = v.name if v.shape == y.shape else _ones(y)
    return wrong, f"{right}.unsqueeze(0)"


def _other_shape(y: Argument, v: Argument) -> str:
    return (
        f"{v.name} has shape {v.shape}, but {y.name} has shape {y.shape}: v holds one "
        f"weight for each entry of {y.name}, and torch doesn't broadcast it."
    )


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
    if isinstance(y.value, Tensor):
        return f"torch.ones_like({y.name})"
    return f"torch.ones({y.shape}, dtype={y.dtype})"


def _join(terms: list[str]) -> str:
    return f"({', '.join(terms)})"
