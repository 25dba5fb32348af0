"""The arguments of one call of :func:`torch.autograd.grad`, with names."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, Protocol, TypeGuard, cast

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

Outputs = Tensor | GradientEdge | Sequence[Tensor] | Sequence[GradientEdge]
Inputs = Outputs | dict[str, Tensor]
Cotangents = Tensor | Sequence[Tensor | None] | None
Gradients = tuple[Tensor | None, ...] | dict[str, Tensor | None]

_PARAMETERS = inspect.signature(torch.autograd.grad).parameters


class Argument(NamedTuple):
    """What was passed, by the name it has in the explanation."""

    name: str
    value: object

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor, or of the tensor that a graph edge stands for."""
        return tuple(_facts(self.value).shape)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the tensor, or of the tensor that a graph edge stands for."""
        return _facts(self.value).dtype

    @property
    def device(self) -> torch.device:
        """The device of the tensor, or of the tensor that a graph edge stands for."""
        return _facts(self.value).device

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of :func:`torch.autograd.grad`: its arguments as given, and named."""

    given: tuple[Any, Any, Any]
    options: dict[str, Any]
    outputs: tuple[Argument, ...]
    inputs: tuple[Argument, ...]
    cotangents: tuple[Argument, ...]

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
        terms = ["None" if v.value is None else v.name for v in self.cotangents]
        given = None if self.given[2] is None else join(terms)
        options = {"grad_outputs": cotangents or given, **self.options, **changes}
        words = [
            f"{key}={value}"
            for key, value in options.items()
            if value != _PARAMETERS[key].default
        ]
        arguments = [join([y.name for y in self.outputs]), self._inputs, *words]
        return f"torch.autograd.grad({', '.join(arguments)})"

    def forward(self) -> str:
        """Return the computation of the outputs, with ``f`` for what the reader ran."""
        outputs = ", ".join(y.name for y in self.outputs)
        return f"{outputs} = f({self._inputs.strip('()')})"

    @property
    def _inputs(self) -> str:
        is_mapping = isinstance(self.given[1], Mapping)
        return "x" if is_mapping else join([x.name for x in self.inputs])


def is_tensor(value: object) -> TypeGuard[Tensor | GradientEdge]:
    """Return whether torch can differentiate ``value`` or by ``value``."""
    return isinstance(value, Tensor | GradientEdge)


def is_all(value: object, number: float) -> bool:
    """Return whether a tensor has entries to read and all of them are ``number``."""
    return is_readable(value) and value.numel() > 0 and bool((value == number).all())


def is_readable(value: object) -> TypeGuard[Tensor]:
    """Return whether ``value`` is a tensor with one number stored for each entry."""
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and not value.is_nested
        and not value.is_meta
    )


class _Facts(Protocol):
    shape: torch.Size
    dtype: torch.dtype
    device: torch.device


def _facts(value: object) -> _Facts:
    if isinstance(value, GradientEdge):
        # torch.autograd.grad reads the shape there.
        metadata = value.node._input_metadata  # noqa: SLF001 - no public way exists
        return cast("_Facts", metadata[value.output_nr])
    return cast("_Facts", value)


def _reusable(value: object) -> object:
    return tuple(value) if isinstance(value, Iterator) else value


def _entries(value: object) -> tuple[object, ...]:
    if is_tensor(value):
        return (value,)
    try:
        return tuple(value)  # type: ignore[arg-type] # torch tries the same
    except TypeError:
        return (value,)


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
    if len(values) == 1:
        return (Argument(letter, values[0]),)
    return tuple(Argument(f"{letter}{k}", value) for k, value in enumerate(values))


def _name_inputs(value: object) -> tuple[Argument, ...]:
    if isinstance(value, Mapping):
        return tuple(Argument(f"x[{key!r}]", entry) for key, entry in value.items())
    return _name("x", _entries(value))


def join(terms: Sequence[str]) -> str:
    """Return expressions as a tuple, a single one as it is."""
    return terms[0] if len(terms) == 1 else f"({', '.join(terms)})"
