"""The derivative by torch.func, inside whose transforms autograd doesn't record."""

import re
from collections.abc import Mapping, ValuesView
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from torch import Tensor
from torch.utils import _pytree as pytree

from vjp_guide._call import Argument, Call, is_tensor
from vjp_guide._explain.containers import is_continuous, unpacked, within
from vjp_guide._explain.cotangents import fitting_cotangents
from vjp_guide._explain.inputs import (
    every,
    has_metadata,
    holds,
    is_pair,
    module_of,
    new,
    parameters,
    requiring,
)
from vjp_guide._show import MOST_NUMBERED, names


def functional(call: Call) -> str:
    """Return the derivative by torch.func, which can be transformed itself.

    It is by tensors, and by lists and dicts of them: torch.func takes nothing else.
    """
    lines, xs = _inputs(call)
    given = ", ".join(xs)
    numbers = f", argnums={tuple(range(len(xs)))}" if len(xs) > 1 else ""
    consumed = {letter: k for letter, k in call.consumed.items() if letter != "x"}
    call = replace(call, inputs=tuple(Argument(x, None) for x in xs), consumed=consumed)
    ys, scalar = _scalar(call)
    forward = replace(call, outputs=ys).forward()
    if forward == f"y = f({given})":
        function = f"lambda {given}: {_Y.sub(f'f({given})', scalar)}"
    else:
        lines.insert(0, f"def weighted({given}):\n    {forward}\n    return {scalar}\n")
        function = "weighted"
    return "\n".join([*lines, f"torch.func.grad({function}{numbers})({given})"])


def _scalar(call: Call) -> tuple[tuple[Argument, ...], str]:
    """Return the outputs that have a derivative, and their weighted sum."""
    tidy = unpacked(_by_place(call))
    if ys := tidy.outputs:
        pairs = zip(ys, fitting_cotangents(tidy), strict=True)
        return ys, " + ".join(_term(y, v) for y, v in pairs)
    first = "y[0]" if len(call.outputs) > 1 and "y" in call.consumed else "y"
    return (Argument(first, None),), f"{first}.sum()"


def _by_place(call: Call) -> Call:
    """Return the call with cotangents that can be told by their place."""
    value = call.given[2]
    if "v" in call.consumed or not isinstance(value, set | frozenset | ValuesView):
        return call
    vs = [Argument(f"[*v][{k}]", v.value) for k, v in enumerate(call.cotangents)]
    return replace(call, cotangents=tuple(vs))


def _term(y: Argument, v: str) -> str:
    if v == "None":
        return y.name
    is_complex = y.dtype.is_complex
    weight, real = (f"{v}.conj()", ".real") if is_complex else (v, "")
    ones = f"torch.ones_like({y.name})"
    return (
        f"{y.name}.sum(){real}" if v == ones else f"({weight} * {y.name}).sum(){real}"
    )


def _inputs(call: Call) -> tuple[list[str], list[str]]:
    """Return code that makes inputs of what was passed, and their names."""
    given = call.given[1]
    if model := _of_model(call):
        return [f"x = {model}"], ["x"]
    values: list[Any] = [x.value for x in call.inputs]
    if values and all(is_pair(value) and is_tensor(value[1]) for value in values):
        return ["x = dict(x)"], ["x"]
    if "x" in call.consumed and call.inputs:
        return ["x = list(x)", *_lines(Argument("x", list(given)))], ["x"]
    xs = _variables(call)
    return [line for x in xs for line in _lines(x) if line], [x.name for x in xs]


def _variables(call: Call) -> list[Argument]:
    """Return what was passed as inputs by the names of variables."""
    given = call.given[1]
    is_sequence = isinstance(given, list | tuple) and not hasattr(given, "_fields")
    if is_sequence and 0 < len(given) <= MOST_NUMBERED:
        return list(map(Argument, names("x", len(given)), given))
    return [Argument("x", None if "x" in call.consumed else given)]


def _of_model(call: Call) -> str:
    """Return code for the parameters of the model that was passed, or parts of it."""
    kind = call.consumed.get("x", "")
    if has_metadata(call.given[1]) or kind.startswith("Module.named_"):
        return "dict(model.named_parameters())"
    if call.is_of_model or kind.startswith("Module."):
        return "list(model.parameters())"
    model = module_of(call)
    return parameters(*model) if model and holds(model[1]) else ""


def _lines(x: Argument) -> list[str]:
    """Return code that makes tensors, a list or a dict of a variable."""
    found = [*within(*x)]
    floats = all(map(is_continuous, found))
    if _is_tree(x.value) and (floats or _has_names(x.value)):
        return list(map(requiring, found))
    if floats and (kind := _kind(x.value)):
        return [f"{x.name} = {kind}({x.name})"]
    terms = every(x)
    return [f"{x.name} = {terms}" if terms else new(x)]


def _kind(value: object) -> str:
    """Return what makes a tree of a set, a view or a mapping of tensors."""
    if isinstance(value, AbstractSet | ValuesView) and _is_tree([*value]):
        return "list"
    return "dict" if isinstance(value, Mapping) and _is_tree({**value}) else ""


def _is_tree(value: object) -> bool:
    """Return whether it is a tensor, or lists and dicts of nothing else."""
    leaves: list[object] = pytree.tree_leaves(value)
    return bool(leaves) and all(isinstance(leaf, Tensor) for leaf in leaves)


def _has_names(value: object) -> bool:
    """Return whether what it holds can be replaced by name."""
    if isinstance(value, list | dict):
        entries = value.values() if isinstance(value, dict) else value
        return all(map(is_tensor, entries))
    return isinstance(value, Tensor)


_Y = re.compile(r"(?<!['\w])y(?!['\w])")
