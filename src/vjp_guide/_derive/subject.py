"""What is derived: a function of tensors, each with its name."""

import functools
import inspect
import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from vjp_guide._validation import require_tensor

_DOUBLE = {
    torch.float16: torch.float64,
    torch.bfloat16: torch.float64,
    torch.float32: torch.float64,
    torch.complex64: torch.complex128,
}
_TAKEN = {"torch", "math", "ctx"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A function with its inputs in double precision.

    Attributes:
        name: What the function is called.
        call: Takes the inputs in their order.
        inputs: The inputs by name.
        differentiated: The names of those to differentiate with respect to: not of
            integers, nor of the buffers of a module.
        constants: The tensors that the function reads besides, by name.
        kind: What is derived of it: the product with cotangents, that of the product
            itself, or the one with tangents.
        results: The names of the outputs, empty for ``y``.
        recorded: What is recorded in the place of ``call``, None for ``call``.
        model: The module whose submodules the parts of a program belong to.
    """

    name: str
    call: Callable[..., Any]
    inputs: dict[str, Tensor]
    differentiated: tuple[str, ...]
    constants: dict[str, Tensor]
    kind: Literal["vjp", "second", "jvp"] = "vjp"
    results: tuple[str, ...] = ()
    recorded: Callable[..., Any] | None = None
    model: nn.Module = field(default_factory=nn.Module)

    def tensors(self, values: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the tensors that the function returns, given what to differentiate."""
        given = dict(zip(self.differentiated, values, strict=True))
        inputs = [given.get(name, x.clone()) for name, x in self.inputs.items()]
        returned = pytree.tree_leaves(self.call(*inputs))
        return tuple(t for t in returned if isinstance(t, Tensor))

    def outputs(self, *values: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs that have a derivative, with their graph."""
        return tuple(t for t in self.tensors(values) if t.requires_grad)


def subject(fn: Callable[..., Any], inputs: tuple[Tensor, ...]) -> Subject:
    """Return the function with named inputs; parameters of a module are inputs too.

    Raises:
        TypeError: If ``fn`` isn't callable, or an input isn't a tensor.
        ValueError: If no input has a derivative.
    """
    if not callable(fn):
        raise TypeError(
            f"fn must be a function of tensors, got {type(fn).__name__}: pass the "
            "function itself, and its inputs after it"
        )
    for place, x in enumerate(inputs):
        _require_dense(f"inputs[{place}]", x)
    names = list(unlike(parameters(fn, len(inputs)), _TAKEN))
    if isinstance(fn, nn.Module):
        found = _module(fn, dict(zip(names, inputs, strict=True)))
    else:
        named = dict(zip(names, map(_double, inputs), strict=True))
        found = Subject(
            name=_identifier(_called(fn)),
            call=fn,
            inputs=named,
            differentiated=_differentiated(named),
            constants={n: t for n, t in _constants(fn).items() if n not in named},
        )
    if not found.differentiated:
        raise ValueError(
            "inputs must hold a tensor of a floating-point or complex dtype, got "
            f"{[str(x.dtype) for x in inputs]}: derivatives need real numbers"
        )
    return found


def _require_dense(name: str, value: object) -> None:
    tensor = require_tensor(name, value)
    if tensor.layout != torch.strided or tensor.is_nested:
        raise TypeError(
            f"{name} must be a dense tensor, got one of layout {tensor.layout}: pass "
            f"{name}.to_dense(), and let fn convert it"
        )


def _module(module: nn.Module, inputs: dict[str, Tensor]) -> Subject:
    """Return a module as a function of its inputs, parameters and buffers."""
    buffers = dict(module.named_buffers())
    state = {**dict(module.named_parameters()), **buffers}
    paths = list(state)
    names = list(unlike([*inputs, *map(_identifier, paths)], _TAKEN))
    count = len(inputs)

    def call(*values: Tensor) -> Any:
        given = dict(zip(paths, values[count:], strict=True))
        return torch.func.functional_call(module, given, values[:count])

    values = [*inputs.values(), *state.values()]
    named = dict(zip(names, map(_double, values), strict=True))
    fixed = {n for n, path in zip(names[count:], paths, strict=True) if path in buffers}
    return Subject(
        name=_identifier(type(module).__name__),
        call=call,
        inputs=named,
        differentiated=tuple(n for n in _differentiated(named) if n not in fixed),
        constants={},
        model=module,
    )


def _differentiated(inputs: dict[str, Tensor]) -> tuple[str, ...]:
    return tuple(n for n, x in inputs.items() if _has_derivative(x))


def _double(tensor: Tensor) -> Tensor:
    plain = tensor.detach().to(_DOUBLE.get(tensor.dtype, tensor.dtype))
    return plain.resolve_conj().resolve_neg().clone()


def _has_derivative(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _called(fn: Callable[..., Any]) -> str:
    if isinstance(fn, functools.partial):
        return _called(fn.func)
    return getattr(fn, "__name__", type(fn).__name__)


def parameters(fn: Callable[..., Any], count: int) -> list[str]:
    """Return the names of the first positional parameters."""
    found = positional(fn)
    names = [p.name for p in found if p.kind is not p.VAR_POSITIONAL]
    more = next((p.name for p in found if p.kind is p.VAR_POSITIONAL), "x")
    names += [f"{more}{place}" for place in range(count - len(names))]
    return [_identifier(name) for name in names[:count]]


def positional(fn: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the positional parameters of a function or a module."""
    called = fn.forward if isinstance(fn, nn.Module) else fn
    try:
        found = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):  # some that are written in C have none
        return []
    return [p for p in found if p.kind in _POSITIONAL]


_POSITIONAL = {
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
}


def _constants(fn: Callable[..., Any]) -> dict[str, Tensor]:
    """Return the tensors that a function finds in its closure and its module."""
    if isinstance(fn, functools.partial):
        return {**_constants(fn.func), **_tensors(fn.keywords)}
    try:
        found = inspect.getclosurevars(fn)
    except TypeError:  # it isn't written in Python
        return {}
    return _tensors({**found.globals, **found.nonlocals})


def _tensors(values: Mapping[str, Any]) -> dict[str, Tensor]:
    return {name: t for name, t in values.items() if isinstance(t, Tensor)}


def _identifier(text: str) -> str:
    """Return a name that Python accepts."""
    name = re.sub(r"\W+", "_", text).strip("_") or "x"
    if name[0].isdigit():  # a module in a list
        return f"m{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def unlike(names: Iterable[str], taken: Iterable[str]) -> Iterator[str]:
    """Yield the names, each with a number if one like it is taken or came before."""
    used = set(taken)
    for name in names:
        numbered = (f"{name}_{number}" for number in range(2, len(used) + 3))
        free = next(n for n in (name, *numbered) if n not in used)
        used.add(free)
        yield free
