"""The operators that torch's own test suite describes, with ready-made arguments."""

import importlib
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import torch

from vjp_guide.operators._case import Case, case_of, seeded
from vjp_guide.operators._exceptions import NONE, Special

_MODULE = "torch.testing._internal.common_methods_invocations"
_SCANNED = 400


class OperatorsUnavailableError(RuntimeError):
    """The installed torch lacks the private tables that the atlas is computed from."""


@cache
def operators() -> tuple[Any, ...]:
    """Return torch's descriptions of its operators, called OpInfo there.

    Raises:
        OperatorsUnavailableError: If they can't be imported.
    """
    try:
        return tuple(importlib.import_module(_MODULE).op_db)
    except (ImportError, AttributeError) as error:
        raise OperatorsUnavailableError(
            f"the operators come from {_MODULE}, a private part of torch "
            f"{torch.__version__} that can't be imported ({error}): install the "
            "package again with its dependencies, or another torch"
        ) from error


@cache
def differentiable() -> dict[str, Any]:
    """Return the descriptions of the operators with a derivative, by full name."""
    return {full_name(op): op for op in operators() if op.supports_autograd}


def full_name(op: Any) -> str:
    """Return the name of an operator with that of its variant, as ``norm.fro``."""
    variant = op.variant_test_name
    return f"{op.name}.{variant}" if variant else str(op.name)


def cases(op: Any, dtype: torch.dtype, special: Special = NONE) -> list[Case]:
    """Return the calls that torch tests an operator with, the smallest ones first.

    Calls alike in shapes and options count once.
    Those with less than four numbers to differentiate come last, for they test little.
    """
    found: dict[str, Case] = {}
    for sample in islice(_samples(op, dtype), _SCANNED):
        case = case_of(op, sample, special)
        if type(op).__name__ == "UnaryUfuncInfo":
            case = case.cropped()  # its samples have 400 numbers
        if case.size:
            found.setdefault(case.kind(), case)
    return sorted(found.values(), key=lambda case: (case.size < 4, case.size))  # noqa: PLR2004 - the docstring says it


def _samples(op: Any, dtype: torch.dtype) -> Iterator[Any]:
    with seeded():
        yield from op.sample_inputs("cpu", dtype, requires_grad=True)
