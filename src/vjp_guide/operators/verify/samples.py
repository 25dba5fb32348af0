"""The calls that an operator is checked with: ours, and those of torch's tests."""

from itertools import islice
from typing import Any

import torch

from vjp_guide.operators.case import Case, as_tested, call_of, case_of, seeded
from vjp_guide.operators.facts import facts
from vjp_guide.operators.facts.declare import NONE, Special
from vjp_guide.operators.torch_tables import full_name, samples

_SCANNED = 400


def calls(op: Any, dtype: torch.dtype, special: Special) -> list[Case]:
    """Return the calls to check, ours first."""
    if special.chosen:
        return _ours(op, dtype, special)
    blind = not facts(full_name(op)).special.chosen
    first = _ours(op, dtype, special) if blind else []
    return first + theirs(op, dtype, special)


def theirs(op: Any, dtype: torch.dtype, special: Special = NONE) -> list[Case]:
    """Return the calls that torch tests an operator with, the smallest ones first.

    Calls alike in shapes and options count once.
    Those with less than four numbers to differentiate come last, for they test little.
    """
    found: dict[str, Case] = {}
    with seeded():
        for sample in islice(samples(op, dtype), _SCANNED):
            case = case_of(op, sample, special)
            if type(op).__name__ == "UnaryUfuncInfo":
                case = case.cropped()  # its samples have 400 numbers
            if case.size:
                found.setdefault(case.kind(), case)
    return sorted(found.values(), key=lambda case: (case.size < 4, case.size))  # noqa: PLR2004 - the docstring says it


def _ours(op: Any, dtype: torch.dtype, special: Special) -> list[Case]:
    sample = facts(full_name(op)).sample
    if sample is None or dtype != torch.float64:
        return []
    call = as_tested(op) if special.symmetric else op.get_op()
    return [call_of(call, *sample())]
