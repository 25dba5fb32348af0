"""The verification of one operator."""

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import torch

from vjp_guide.operators.case import Case
from vjp_guide.operators.facts import facts
from vjp_guide.operators.facts.declare import NONE, Special
from vjp_guide.operators.labels import (
    DEFECT,
    DEFINED_AS_ZERO,
    FAILED,
    GAUGE,
    UNVERIFIABLE,
    VERIFIED,
    ZERO,
)
from vjp_guide.operators.records import Residuals, Variant
from vjp_guide.operators.torch_tables import full_name, takes
from vjp_guide.operators.verify.checks import (
    TOLERANCES,
    Checked,
    check,
    check_complex,
    check_twice,
)
from vjp_guide.operators.verify.samples import calls, theirs

# Calls with a derivative that isn't zero: how many to check, and among how many.
_WANTED, _TRIED = 2, 12
# What a call outside of an operator's domain raises.
UNUSABLE = (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError)


@dataclass(slots=True)
class Found:
    """What the calls of one operator gave.

    Attributes:
        checked: The calls that were checked, with what was found.
        skipped: Why others weren't.
    """

    checked: list[tuple[Case, Checked]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def telling(self) -> list[Checked]:
        """The calls whose derivative isn't zero."""
        return [found for _, found in self.checked if not found.zero]

    def passed(self, special: Special) -> bool:
        """Return whether all residuals are within the tolerances."""
        return all(_passes(found, special) for _, found in self.checked)

    def residuals(self) -> Residuals | None:
        """Return the largest residuals of the calls that tell something."""
        every = [found.residuals for found in self.telling]
        return reduce(Residuals.worst, every) if every else None


def verify(op: Any) -> tuple[Variant, Case | None]:
    """Check an operator: blindly first, then with its named exception if it has one.

    Args:
        op: torch's description of the operator.

    Returns:
        What was found, and a call that shows the operator.
    """
    special = facts(full_name(op)).special
    dtype, found = _in_some_dtype(op, NONE)
    blind = bool(found.telling) and found.passed(NONE)
    if blind:
        special = NONE
    elif special is not NONE:
        dtype, found = _in_some_dtype(op, special)
    return _variant(op, found, special, dtype, blind=blind), _shown(op, found)


def _in_some_dtype(op: Any, special: Special) -> tuple[torch.dtype, Found]:
    """Return what checks in real numbers tell, else those in complex ones."""
    found = _checked(op, torch.float64, special)
    if not found.telling:
        complex_ = _checked(op, torch.complex128, special)
        if complex_.telling:
            return torch.complex128, complex_
    return torch.float64, found


def _checked(op: Any, dtype: torch.dtype, special: Special) -> Found:
    found = Found()
    if not takes(op, dtype):
        return found
    for case in calls(op, dtype, special)[:_TRIED]:
        for each in (case, case.jittered()):
            try:
                found.checked.append((each, check(each)))
            except UNUSABLE as error:
                found.skipped.append(str(error))
        if len(found.telling) >= 2 * _WANTED:
            break
    return found


def _shown(op: Any, found: Found) -> Case | None:
    """Return a small call, with a derivative that isn't zero if there is one.

    Where none could be checked, it is the first one, for the checks need more.
    """
    if found.checked:
        case, _ = min(found.checked, key=lambda pair: pair[1].zero)
        return replace(case, call=op.get_op())
    if not takes(op, torch.float64):
        return None
    return next(iter(theirs(op, torch.float64)), None)


def _variant(
    op: Any, found: Found, special: Special, dtype: torch.dtype, *, blind: bool
) -> Variant:
    state, reason = _state(found, special)
    condition = facts(full_name(op)).condition
    if condition and state == VERIFIED:
        state, reason = GAUGE, f"{condition} {reason}".strip()
    residuals = found.residuals()
    return Variant(
        name=full_name(op),
        state=state,
        reason=reason,
        blind=blind,
        calls=len(found.telling),
        skipped=len(found.skipped),
        residuals=residuals,
        dtype=str(dtype).removeprefix("torch."),
        forward=_forward(residuals, special),
        twice=_twice(found),
        complex=_complex(op, special),
        batched=all(result.batched for _, result in found.checked),
    )


def _state(found: Found, special: Special) -> tuple[str, str]:
    if special.state == UNVERIFIABLE:
        return UNVERIFIABLE, special.reason
    if not found.checked:
        reasons = found.skipped or ["torch's tests have none for the CPU"]
        return UNVERIFIABLE, f"No call could be checked: {reasons[0]}."
    if not found.passed(special):
        expected = special.state in {DEFECT, DEFINED_AS_ZERO}
        return (special.state, special.reason) if expected else (FAILED, "")
    if not found.telling:
        return ZERO, special.reason or "The product is zero for each call tried."
    return special.state, special.reason


def _passes(found: Checked, special: Special) -> bool:
    residuals = found.residuals
    if not special.forward:
        residuals = replace(residuals, adjoint=None)
    if found.zero:  # where all is zero, only the absolute check has a meaning
        residuals = replace(residuals, adjoint=None, difference=0.0)
    return residuals.within(TOLERANCES, times=special.loosened)


def _forward(residuals: Residuals | None, special: Special) -> str:
    if residuals is None or residuals.adjoint is None:
        return "no"
    bound = (TOLERANCES.adjoint or 0.0) * special.loosened
    return "yes" if residuals.adjoint <= bound else "wrong"


def _twice(found: Found) -> str:
    """Return what differentiating twice gives; a call at a kink doesn't decide."""
    state = "no"
    for case, result in found.checked:
        if not result.zero:
            state = check_twice(case)
            if state in {"yes", "constant"}:
                break
    return state


def _complex(op: Any, special: Special) -> str:
    """Return whether there is a derivative for complex inputs, and a right one."""
    if not takes(op, torch.complex128):
        return "no"
    for case in theirs(op, torch.complex128, replace(special, symmetric=True)):
        try:
            return "yes" if check_complex(case) else "wrong"
        except UNUSABLE:
            continue
    return "no"
