"""The cause of an error for the arguments of a call, and the call put right."""

import re
from collections.abc import Callable, Sequence

from torch import Tensor

from vjp_guide._call import Argument, Call, is_tensor
from vjp_guide._explain.cotangents import (
    correct_cotangents,
    explain_cotangents,
    fitting_cotangents,
)
from vjp_guide._show import join

Repair = Callable[[Call, re.Match[str]], tuple[str, str]]
"""Returns the cause, empty for the general one, and the corrected code."""


def mend_cotangents(call: Call, _: re.Match[str]) -> tuple[str, str]:
    """Return the call with a cotangent that fits for each output."""
    return explain_cotangents(call), correct_cotangents(call)


def mend_batches(call: Call, _: re.Match[str]) -> tuple[str, str]:
    """Return the call with all batches of cotangents cut to the shortest."""
    length = min(v.shape[0] if v else 1 for _, v in call.pairs)
    batches = [f"{term}[:{length}]" for term in fitting_cotangents(call)]
    return "", call.code(join(batches))


def mend_in_place(call: Call, _: re.Match[str]) -> tuple[str, str]:
    """Return the computation, to be repeated without the operation in place."""
    again = f"{call.forward()}  # with a = a + 1 in place of a += 1"
    return "", f"{again}\n{call.code()}"


def mend_unused(call: Call, match: re.Match[str]) -> tuple[str, str]:
    """Return the call that allows unused inputs; older releases don't name them."""
    xs = call.inputs if match["index"] is None else [call.inputs[int(match["index"])]]
    ys = " or ".join(y.name for y in call.outputs) or "outputs, which is empty"
    cause = f"No recorded operations lead from {_shapes(xs, ' or ')} to {ys}."
    return cause, correct_cotangents(call, allow_unused=True)


def mend_inputs(call: Call, _: re.Match[str]) -> tuple[str, str]:
    """Return the computation, repeated with inputs that require grad."""
    names = _shapes(_constants(call), " and ")
    cause = f"{names}: requires_grad is False, so autograd recorded nothing about it."
    return cause, _again(call)


def mend_outputs(call: Call, match: re.Match[str]) -> tuple[str, str]:
    """Return the computation, repeated with a graph."""
    y = call.outputs[int(match["index"])]
    cause = (
        f"{y.name}, of shape {y.shape} and dtype {y.dtype}, has no graph that leads "
        "back to the inputs."
    )
    return cause, _again(call)


def mend_second(call: Call, _: re.Match[str]) -> tuple[str, str]:
    """Return two calls, of which the first keeps the graph."""
    first = f"{call.code(retain_graph=True)}  # first call"
    return "", f"{call.forward()}\n{first}\n{call.code()}"


def mend_mapping(call: Call, _: re.Match[str]) -> tuple[str, str]:
    """Return the call with the mapping of inputs made a dict."""
    return "", call.code().replace(", x", ", dict(x)", 1)


def mend_options(**changes: bool | None) -> Repair:
    """Return a repair that changes only these keywords."""
    return lambda call, _: ("", correct_cotangents(call, **changes))


def mend_types(call: Call, match: re.Match[str]) -> tuple[str, str]:
    """Return the call with tensors for the first argument that has none."""
    if others := _no_tensors(call.outputs):
        cause = f"{_types(others)}, but outputs must be tensors computed from x."
        return cause, _again(call)
    if others := _no_tensors(call.inputs):
        cause = f"{_types(others)}, but inputs must be tensors that require grad."
        lines = [f"{x.name} = torch.tensor({x.name}).requires_grad_()" for x in others]
        return cause, "\n".join([*lines, _again(call)])
    return mend_cotangents(call, match)


def _again(call: Call) -> str:
    lines = [f"{x.name}.requires_grad_()" for x in _constants(call)]
    return "\n".join([*lines, call.forward(), correct_cotangents(call)])


def _constants(call: Call) -> list[Argument]:
    return [
        x
        for x in call.inputs
        if isinstance(x.value, Tensor) and not x.value.requires_grad
    ]


def _no_tensors(arguments: Sequence[Argument]) -> list[Argument]:
    return [argument for argument in arguments if not is_tensor(argument.value)]


def _types(arguments: Sequence[Argument]) -> str:
    types = [
        f"{each.name} is of type {type(each.value).__name__}" for each in arguments
    ]
    return " and ".join(types)


def _shapes(arguments: Sequence[Argument], joint: str) -> str:
    return joint.join(f"{each.name} of shape {each.shape}" for each in arguments)
