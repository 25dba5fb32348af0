"""What can't be derived, said with the line that prevents it."""

from typing import Any

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
)
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode
from torch.utils._python_dispatch import TorchDispatchMode

from vjp_guide._sources import line_of
from vjp_guide.operators.torch_tables import has_rule

_NAMESPACES = {"aten", "prims", "prim"}


class DeriveError(RuntimeError):
    """A function whose vector-Jacobian product can't be written as a program."""


class Guarded(TorchDispatchMode):
    """Refuses operations that no program could repeat."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch has no types here

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # to skip it, torch would import it first

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Return what an operation does, unless it draws numbers or has no rule."""
        del types
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise DeriveError(
                f"{func} draws random numbers: draw them outside of fn and pass them "
                "as an input, as a dropout mask, or call .eval()"
            )
        if func.namespace not in _NAMESPACES and not has_rule(func):
            raise DeriveError(
                f"{func.name()} is a custom "
                "operation without a rule for its derivative: give it one by "
                "torch.library.register_autograd, or write fn with torch's operations"
            )
        return func(*args, **(kwargs or {}))


def refused(error: Exception) -> DeriveError:
    """Return why a function can't be derived, with the line of the reader's code."""
    reason = _reason(error)
    line = line_of(error.__traceback__)
    return DeriveError(f"{reason}\n  {line}" if line else reason)


def _reason(error: Exception) -> str:
    if isinstance(error, DeriveError):
        return str(error)
    if isinstance(error, DynamicOutputShapeException):
        return (
            f"the shape of what {error.func} returns depends on values, so that no "
            "one program holds for all inputs: keep the shape, as torch.where does, "
            "or pass the indices as an input"
        )
    if isinstance(error, DataDependentOutputException | GuardOnDataDependentSymNode):
        return (
            "a number is read from a tensor, as by if, .item() or float(), so that "
            "the program depends on values: choose with torch.where, or read it "
            "outside of fn"
        )
    if "numpy" in str(error).lower():
        return (
            f"values leave torch, which then can't follow them ({_first(error)}): "
            "write the computation with torch's operations, or give it a "
            "torch.autograd.Function"
        )
    return f"torch can't trace fn: {type(error).__name__}: {_first(error)}"


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0]
