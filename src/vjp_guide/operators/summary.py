"""The counts of the atlas."""

from collections import Counter
from dataclasses import dataclass

from vjp_guide.operators.labels import CHECKS, MODES, VERIFIED, YES
from vjp_guide.operators.records import Atlas, Entry, Variant, Without


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many operators passed which checks.

    Attributes:
        operators: Public operators, and those of them that torch documents.
        variants: Variants of operators, and how many are in each state.
        blind: Variants that pass without a named exception.
        checks: For how many verified variants each check ran.
        programs: Public operators with a printed program that equals autograd, and
            those of them without a kernel of torch in it.
        formulas: How many operators have a formula by hand.
        excepted: Verified variants that have a named exception.
        excluded: Variants that aren't verified, or only under a condition.
        unprinted: Operators without a printed program.
        without: How many operators without a derivative are in each state.
        reasons: Their names by state and reason.
    """

    operators: tuple[int, int]
    variants: int
    states: dict[str, int]
    blind: int
    checks: dict[str, int]
    programs: tuple[int, int]
    excepted: tuple[Variant, ...]
    excluded: tuple[Variant, ...]
    formulas: int
    unprinted: tuple[Entry, ...]
    without: dict[str, int]
    reasons: tuple[tuple[tuple[str, str], str], ...]


def summary(atlas: Atlas) -> Summary:
    """Return the counts of an atlas."""
    variants = [variant for entry in atlas.entries for variant in entry.variants]
    verified = [variant for variant in variants if variant.state == VERIFIED]
    printed = [e.example for e in atlas.entries if e.example and not e.missing]
    return Summary(
        operators=(
            len(atlas.entries),
            sum(entry.documented for entry in atlas.entries),
        ),
        variants=len(variants),
        states=dict(Counter(variant.state for variant in variants).most_common()),
        blind=sum(variant.blind for variant in verified),
        checks=_checks(verified),
        programs=(len(printed), sum(not example.kernels for example in printed)),
        excepted=tuple(variant for variant in verified if not variant.blind),
        excluded=tuple(variant for variant in variants if variant.state != VERIFIED),
        formulas=sum(bool(entry.formulas) for entry in atlas.entries),
        unprinted=tuple(entry for entry in atlas.entries if entry.missing),
        without=dict(Counter(each.state for each in atlas.without).most_common()),
        reasons=_reasons(atlas.without),
    )


def _reasons(
    without: tuple[Without, ...],
) -> tuple[tuple[tuple[str, str], str], ...]:
    """Return the names of the operators without a derivative, by state and reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in without:
        found.setdefault((each.state, each.reason), []).append(each.name)
    return tuple((why, ", ".join(names)) for why, names in sorted(found.items()))


def _checks(verified: list[Variant]) -> dict[str, int]:
    found = [variant.residuals for variant in verified if variant.residuals]
    counts = {
        words: sum(getattr(residuals, name) is not None for residuals in found)
        for name, words in CHECKS.items()
    }
    modes = {
        words: sum(getattr(variant, name) == YES for variant in verified)
        for name, words in MODES.items()
    }
    return counts | modes
