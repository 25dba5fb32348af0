"""The verification of one operator."""

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import torch

from vjp_guide.operators import labels
from vjp_guide.operators.case import Case
from vjp_guide.operators.facts import facts
from vjp_guide.operators.facts.declare import NONE, Operator, Special
from vjp_guide.operators.labels import (
    CONSTANT,
    DEFECT,
    DEFINED_AS_ZERO,
    DEPENDS,
    FAILED,
    GAUGE,
    NO,
    NOT_IMPLEMENTED,
    RAISES,
    UNTRIED,
    UNVERIFIABLE,
    VERIFIED,
    WRONG,
    YES,
    ZERO,
)
from vjp_guide.operators.records import Residuals, Variant
from vjp_guide.operators.torch_tables import full_name, takes
from vjp_guide.operators.verify.checks import (
    TOLERANCES,
    UNUSABLE,
    Checked,
    check,
    check_complex,
    check_twice,
)
from vjp_guide.operators.verify.samples import calls, theirs
from vjp_guide.operators.verify.variations import variations

# Calls with a derivative that isn't zero: how many to check, and among how many.
_WANTED, _TRIED = 2, 12


@dataclass(slots=True)
class Found:
    """What the calls of one operator gave.

    Attributes:
        checked: The calls that were checked, with what was found.
        skipped: Why others weren't.
        kernels: The calls that were checked, by the graph nodes of their outputs.
    """

    checked: list[tuple[Case, Checked]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    kernels: dict[str, list[tuple[Case, Checked]]] = field(default_factory=dict)

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
    kernels: set[str] = set()
    for case in calls(op, dtype, special)[:_TRIED]:
        try:
            kernel = case.nodes()
        except UNUSABLE:
            kernel = ""
        if len(found.telling) >= 2 * _WANTED and kernel in kernels | {""}:
            continue
        kernels.add(kernel)
        for each in (case, case.jittered()):
            try:
                found.checked.append((each, check(each)))
                found.kernels.setdefault(kernel, []).append(
                    (each, found.checked[-1][1])
                )
            except UNUSABLE as error:
                found.skipped.append(str(error))
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
    known = facts(full_name(op))
    if known.condition and state == VERIFIED:
        state, reason = GAUGE, f"{known.condition} {reason}".strip()
    kernels = {node: _twice(each) for node, each in found.kernels.items()}
    changes = _variations(found)
    complex_ = _complex(op, special)
    answers = changes | {"twice": _all(kernels), "complex": complex_}
    state, reason = _limited(known, answers, state, reason)
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
        forward=_forward(found, special),
        twice=_all(kernels),
        complex=complex_,
        batched=_batched(found),
        kernels=tuple((node, answer) for node, answer in kernels.items() if node),
        samples=tuple(
            dict.fromkeys(case.arguments_text() for case, _ in found.checked)
        ),
        variations=tuple(changes.items()),
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
        residuals = replace(residuals, adjoint=None, differences=0.0)
    return residuals.within(TOLERANCES, times=special.loosened)


def _limited(
    known: Operator, answers: dict[str, str], state: str, reason: str
) -> tuple[str, str]:
    """Return the state of an operator that passed, with what limits it."""
    if state not in {VERIFIED, GAUGE}:
        return state, reason
    raising = [change for change, answer in answers.items() if answer == RAISES]
    reasons = [reason, labels.raising(raising)]
    wrong = [change for change, answer in answers.items() if answer == WRONG]
    for change in wrong:
        limit = known.limit(change)
        if limit is None:
            return FAILED, f"It isn't right with a change of its samples: {change}."
        state = limit.state if state != DEFECT else DEFECT
        reasons.append(limit.reason)
    return state, " ".join(filter(None, dict.fromkeys(reasons)))


def _variations(found: Found) -> dict[str, str]:
    """Return the answer to each change of the calls; a wrong one counts."""
    answers: dict[str, str] = {}
    for case, result in found.checked:
        if not result.zero:
            for change, answer in variations(case):
                if answers.get(change, YES) == YES:
                    answers[change] = answer
    return answers


def _forward(found: Found, special: Special) -> str:
    """Return whether there is forward mode, and whether it agrees."""
    adjoint = [result.residuals.adjoint for _, result in found.checked]
    known = [each for each in adjoint if each is not None]
    residuals = found.residuals()
    if not known:
        return NO if adjoint else UNTRIED
    if residuals is None or residuals.adjoint is None:
        return YES
    bound = (TOLERANCES.adjoint or 0.0) * special.loosened
    return YES if residuals.adjoint <= bound else WRONG


def _batched(found: Found) -> str:
    """Return the worst answer of all calls."""
    answers = {result.batched for _, result in found.checked}
    return next((each for each in (WRONG, NO, YES) if each in answers), UNTRIED)


def _all(kernels: dict[str, str]) -> str:
    """Return the one answer of all kernels, or that it depends on them."""
    answers = set(kernels.values())
    if NOT_IMPLEMENTED in answers and answers & {YES, CONSTANT}:
        return DEPENDS
    right = (each for each in (YES, CONSTANT) if each in answers)
    return next(right, next(iter(kernels.values()), UNTRIED))


def _twice(checked: list[tuple[Case, Checked]]) -> str:
    """Return what differentiating twice gives; a call at a kink doesn't decide.

    One with most inputs to differentiate does: a product that is linear in some of
    them need not be in all. A product that is zero counts if all are.
    """
    state = UNTRIED
    telling = [case for case, result in checked if not result.zero]
    cases = telling or [case for case, _ in checked]
    for case in sorted(cases, key=lambda case: -len(case.places)):
        state = check_twice(case)
        if state in {YES, CONSTANT}:
            break
    return state


def _complex(op: Any, special: Special) -> str:
    """Return whether there is a derivative for complex inputs, and a right one.

    It is "no" where torch's tests say that there is none.
    """
    if not takes(op, torch.complex128):
        return NO
    for case in theirs(op, torch.complex128, replace(special, symmetric=True)):
        # The samples may be at a kink; noise leads away from it.
        for each in (case.jittered(), case):
            try:
                return YES if check_complex(each) else WRONG
            except UNUSABLE:
                continue
    return UNTRIED
