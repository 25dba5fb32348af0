"""The arguments of one call of :func:`torch.autograd.grad`, with names."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import GeneratorType
from typing import Any, NamedTuple, TypeGuard

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge

from vjp_guide._contract import as_array
from vjp_guide._show import join, names, whole

Outputs = Tensor | GradientEdge | Sequence[Tensor] | Sequence[GradientEdge]
Inputs = Outputs | dict[str, Tensor]
Cotangents = Tensor | Sequence[Tensor | None] | None
Gradients = tuple[Tensor | None, ...] | dict[str, Tensor | None]

BUFFERS = nn.Module.buffers.__qualname__
_PARAMETERS = inspect.signature(torch.autograd.grad).parameters


class Argument(NamedTuple):
    """What was passed, by the name it has in the explanation."""

    name: str
    value: object

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, with -1 for an axis of a nested tensor that has no one length."""
        return _shape(self.value)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the tensor, or of the tensor that a graph edge stands for."""
        dtype: torch.dtype = _fact(self.value, "dtype")
        return dtype

    @property
    def device(self) -> torch.device:
        """The device of the tensor, or of the tensor that a graph edge stands for."""
        device: torch.device = _fact(self.value, "device")
        return device

    @property
    def requires_grad(self) -> bool:
        """Whether it is a tensor that requires grad."""
        value = self.value
        return isinstance(value, Tensor) and bool(_fact(value, "requires_grad"))

    @property
    def size(self) -> int:
        """The number of entries."""
        if isinstance(self.value, Tensor) and _fact(self.value, "is_nested"):
            return int(self.value.numel())
        return prod(self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of :func:`torch.autograd.grad`: its arguments as given, and named."""

    given: tuple[Any, Any, Any]
    options: dict[str, Any]
    outputs: tuple[Argument, ...]
    inputs: tuple[Argument, ...]
    cotangents: tuple[Argument, ...]
    consumed: Mapping[str, str]
    """Which of ``y``, ``x`` and ``v`` were iterators, used up now, and what made them.

    That is the function of a generator, else a type such as ``zip``.
    """

    @classmethod
    def read(
        cls, outputs: object, inputs: object, grad_outputs: object, **options: object
    ) -> "Call":
        """Return the call with its arguments named; an iterator is read here, once."""
        given = tuple(map(_reusable, (outputs, inputs, grad_outputs)))
        ys = _entries(given[0])
        return cls(
            given=(given[0], given[1], given[2]),
            options=options,
            outputs=_name("y", ys),
            inputs=_name_inputs(given[1]),
            cotangents=_name("v", _cotangents(given[2], len(ys))),
            consumed={
                letter: _kind(value)
                for letter, value in zip(
                    "yxv", (outputs, inputs, grad_outputs), strict=True
                )
                if isinstance(value, Iterator)
            },
        )

    def run(self) -> Gradients:
        """Return what torch returns for the arguments as given; the graph is kept."""
        gradients: Gradients = torch.autograd.grad(
            *self.given, **{**self.options, "retain_graph": True}
        )
        return gradients

    @property
    def batched(self) -> bool:
        """Whether the first axis of each cotangent counts cotangents."""
        return bool(self.options.get("is_grads_batched"))

    @property
    def pairs(self) -> list[tuple[Argument, Argument | None]]:
        """Each output with its cotangent, or with None where torch takes 1."""
        given = [v if v.value is not None else None for v in self.cotangents]
        return list(
            zip(self.outputs, [*given, *[None] * len(self.outputs)], strict=False)
        )

    def code(self, cotangents: str | None = None, /, **changes: bool | None) -> str:
        """Return the call as Python, without the arguments left at their defaults."""
        options = {"grad_outputs": cotangents or self._weights, **self.options}
        words = [
            f"{key}={value}"
            for key, value in {**options, **changes}.items()
            if value is not _PARAMETERS[key].default
        ]
        arguments = ", ".join([self.outputs_code, self.inputs_code, *words])
        return f"torch.autograd.grad({arguments})"

    def forward(self) -> str:
        """Return the computation of the outputs, with ``f`` for what the reader ran."""
        is_model = self.is_of_model or isinstance(self.given[1], nn.Module)
        is_model |= self.consumed.get("x", "").startswith("Module.")
        inputs = "x" if is_model else variables("x", self.inputs)
        if variables("y", self.outputs) != "y":  # what was left out is returned, too
            count = len(_entries(self.given[0]))
            return f"{', '.join(names('y', count))} = f({inputs})"
        if "y" in self.consumed and len(self.given[0]) > 1:
            return f"y = list(f({inputs}))"
        in_list = isinstance(self.given[0], list | tuple) and len(self.given[0]) == 1
        one = "y" in self.consumed or (in_list and is_tensor(self.outputs[0].value))
        return f"(y,) = f({inputs})" if one else f"y = f({inputs})"

    @property
    def is_of_model(self) -> bool:
        """Whether the inputs were an iterator of parameters, which is used up now."""
        values = [x.value for x in self.inputs]
        parameters = [isinstance(value, nn.Parameter) for value in values]
        return "x" in self.consumed and bool(values) and all(parameters)

    @property
    def outputs_code(self) -> str:
        """The outputs as Python."""
        return _code("y", self.given[0], self.outputs)

    @property
    def inputs_code(self) -> str:
        """The inputs as Python."""
        if self.is_of_model:
            return "list(model.parameters())"
        if self.consumed.get("x") == BUFFERS:
            return "list(model.buffers())"
        is_mapping = isinstance(self.given[1], Mapping)
        return "x" if is_mapping else _code("x", self.given[1], self.inputs)

    @property
    def _weights(self) -> str | None:
        if self.given[2] is None:
            return None
        terms = ["None" if v.value is None else v.name for v in self.cotangents]
        return whole("v", terms)


def is_tensor(value: object) -> TypeGuard[Tensor | GradientEdge]:
    """Return whether torch can differentiate ``value`` or by ``value``."""
    return isinstance(value, Tensor | GradientEdge)


def is_all(value: object, number: float) -> bool:
    """Return whether a tensor has entries to read and all of them are ``number``."""
    try:
        entries = as_array("value", value)
    except TypeError:
        return False
    return entries.size > 0 and bool((entries == number).all())


def _fact(value: object, name: str) -> Any:  # noqa: ANN401 (one of several types)
    if isinstance(value, GradientEdge):
        # torch.autograd.grad reads the shape there.
        every: Any = value.node._input_metadata  # noqa: SLF001 - no public way exists
        metadata = every[value.output_nr]
        return getattr(metadata, name)
    with torch._C.DisableTorchFunction():  # noqa: SLF001 - it has no public name
        return getattr(Tensor, name).__get__(value)  # what a subclass can't override


def _shape(value: object) -> tuple[int, ...]:
    if not isinstance(value, Tensor) or not _fact(value, "is_nested"):
        return tuple(_fact(value, "shape"))
    return tuple(_length(value, axis) for axis in range(value.dim()))


def _length(nested: Tensor, axis: int) -> int:
    """Return the length of an axis, -1 if it has several."""
    try:
        return int(nested.size(axis))
    except (AttributeError, RuntimeError):
        return -1


def _kind(value: object) -> str:
    if isinstance(value, GeneratorType):
        return value.__qualname__
    return type(value).__name__


def _reusable(value: object) -> object:
    return tuple(value) if isinstance(value, Iterator) else value


def _entries(value: object) -> tuple[object, ...]:
    if is_tensor(value):
        return (value,)
    try:
        return tuple(value)  # type: ignore[arg-type] # torch tries the same
    except Exception:  # noqa: BLE001 (torch's own call will raise it)
        return (value,)


def _code(letter: str, given: object, arguments: Sequence[Argument]) -> str:
    """Return the arguments as Python, by one name if they are all of what was given."""
    names = [each.name for each in arguments]
    is_all = len(_entries(given)) == len(names)
    return whole(letter, names) if is_all else join(names)


def _cotangents(value: object, outputs: int) -> tuple[object, ...]:
    """Return the cotangents; a list of plain numbers was meant as a single one."""
    if value is None:
        return ()
    entries = _entries(value)
    if any(entry is None or isinstance(entry, Tensor) for entry in entries):
        return entries
    fits = isinstance(value, list | tuple) and len(entries) in {0, outputs}
    return entries if fits else (value,)


def _name(letter: str, values: Sequence[object]) -> tuple[Argument, ...]:
    return tuple(map(Argument, names(letter, len(values)), values))


def variables(letter: str, arguments: Sequence[Argument]) -> str:
    """Return the variables that the arguments are, or in which they lie."""
    code = " ".join(each.name for each in arguments)
    found = re.findall(rf"(?<!['\w]){letter}\d*(?!['\w])", code)
    return ", ".join(dict.fromkeys(found)) or letter


def _name_inputs(value: object) -> tuple[Argument, ...]:
    if isinstance(value, Mapping):
        return tuple(Argument(f"x[{key!r}]", entry) for key, entry in value.items())
    return _name("x", _entries(value))
