"""What a call is tried with, a whole model or one operation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils import _pytree as pytree

Kind = Literal["forward", "twice", "vmap", "func", "compile"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BACKEND = "aot_eager"  # traces the backward pass too, and needs no C++ compiler
_MAPPED = 2


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """A tensor that a call takes.

    Attributes:
        tensor: The tensor.
        is_differentiated: Whether it carries a derivative.
        is_mapped: Whether it depends on the inputs, which :func:`torch.vmap` maps.
        is_outer: Whether it was there before the call, as a buffer is, and isn't
            differentiated: to transforms it is a captured one.
    """

    tensor: Tensor
    is_differentiated: bool
    is_mapped: bool
    is_outer: bool = False

    def copy(self) -> Tensor:
        """Return a copy without history, which may be written to."""
        return self.tensor.detach().clone()


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A call of some tensors.

    Attributes:
        call: What is called with the tensors.
        arguments: The tensors.
    """

    call: Callable[[list[Tensor]], object]
    arguments: Sequence[Argument]

    def outputs(self, values: list[Tensor]) -> list[Tensor]:
        """Return the tensors among the results that may carry a derivative."""
        found = pytree.tree_leaves(self.call(values))
        return [t for t in found if isinstance(t, Tensor) and may_carry(t)]

    def tracked(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return copies of the differentiated tensors, and the values to call with.

        The values are no leaves, so that they may be written to.
        """
        values = [argument.copy() for argument in self.arguments]
        for argument, value in zip(self.arguments, values, strict=True):
            value.requires_grad_(argument.is_differentiated)
        leaves = [value for value in values if value.requires_grad]
        return leaves, [t.clone() if t.requires_grad else t for t in values]


def may_carry(tensor: Tensor) -> bool:
    """Return whether the dtype of a tensor has derivatives."""
    return tensor.is_floating_point() or tensor.is_complex()


def error_of(kind: Kind, trial: Trial) -> Exception | None:
    """Return the error with which a call answers what it is tried with."""
    try:
        with torch.enable_grad():
            _TRIES[kind](trial)
    except Exception as error:  # noqa: BLE001 (the reader's code may raise anything)
        return error
    return None


def runs(trial: Trial) -> bool:
    """Return whether a call works without any of it."""
    try:
        trial.call([argument.copy() for argument in trial.arguments])
    except Exception:  # noqa: BLE001 (as above)
        return False
    return True


def _forward(trial: Trial) -> None:
    _, values = trial.tracked()  # a call may differentiate by itself
    with forward_ad.dual_level():
        trial.outputs([_dual(value) for value in values])


def _dual(value: Tensor) -> Tensor:
    if not value.requires_grad:
        return value
    dual: Tensor = forward_ad.make_dual(value, torch.ones_like(value))
    return dual


def _twice(trial: Trial) -> None:
    leaves, values = trial.tracked()
    outputs = [t for t in trial.outputs(values) if t.requires_grad]
    cotangents = [torch.ones_like(t).requires_grad_() for t in outputs]
    first = gradients(outputs, leaves, cotangents, create_graph=True)
    again = [t for t in first if t is not None and t.requires_grad]
    gradients(again, [*leaves, *cotangents], [torch.ones_like(t) for t in again])


def gradients(
    outputs: list[Tensor],
    inputs: list[Tensor],
    cotangents: list[Tensor],
    *,
    create_graph: bool = False,
) -> Sequence[Tensor | None]:
    """Return a VJP, nothing where nothing requires grad."""
    if not outputs:
        return ()
    return torch.autograd.grad(
        outputs, inputs, cotangents, create_graph=create_graph, allow_unused=True
    )


def _vmap(trial: Trial) -> None:
    _, values = trial.tracked()  # as above
    places = [n for n, each in enumerate(trial.arguments) if each.is_mapped]
    batches = [torch.stack([values[place]] * _MAPPED) for place in places]

    def call(first: Tensor, *rest: Tensor) -> list[Tensor]:
        given = dict(zip(places, rest, strict=True))
        return [first, *trial.outputs([given.get(n, t) for n, t in enumerate(values)])]

    torch.vmap(call)(torch.ones(_MAPPED), *batches)


def _compile(trial: Trial) -> None:
    forth_and_back(compiled(trial, fullgraph=True))


def compiled(trial: Trial, *, fullgraph: bool) -> Trial:
    """Return the call compiled, apart from what else the process compiles."""
    call: Callable[[list[Tensor]], object] = torch.compile(  # type: ignore[call-overload] # it lacks the last option
        trial.call, backend=BACKEND, fullgraph=fullgraph, isolate_recompiles=True
    )
    return Trial(call, trial.arguments)


def forth_and_back(trial: Trial) -> None:
    """Run a call and its backward pass."""
    leaves, values = trial.tracked()
    outputs = [t for t in trial.outputs(values) if t.requires_grad]
    gradients(outputs, leaves, [torch.ones_like(t) for t in outputs])


def _func(trial: Trial) -> None:
    primals = [
        argument.copy() for argument in trial.arguments if argument.is_differentiated
    ]
    outer = {
        number: argument.copy()
        for number, argument in enumerate(trial.arguments)
        if argument.is_outer
    }

    def call(first: Tensor, *rest: Tensor) -> list[Tensor]:
        given = (t.clone() for t in rest)
        values = [
            next(given)
            if argument.is_differentiated
            else outer.get(number, argument.tensor.detach().clone())
            for number, argument in enumerate(trial.arguments)
        ]
        return [first.clone(), *trial.outputs(values)]

    outputs, vjp, *_ = torch.func.vjp(call, torch.ones(()), *primals)
    vjp([torch.ones_like(t) for t in outputs])


_TRIES: dict[Kind, Callable[[Trial], None]] = {
    "forward": _forward,
    "twice": _twice,
    "vmap": _vmap,
    "func": _func,
    "compile": _compile,
}
