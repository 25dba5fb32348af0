"""The counts of the atlas."""

from collections import Counter
from dataclasses import dataclass

from vjp_guide.operators._exceptions import VERIFIED
from vjp_guide.operators._records import Atlas, Variant


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
        excepted: Verified variants that have a named exception.
        excluded: Variants that aren't verified.
    """

    operators: tuple[int, int]
    variants: int
    states: dict[str, int]
    blind: int
    checks: dict[str, int]
    programs: tuple[int, int]
    excepted: tuple[Variant, ...]
    excluded: tuple[Variant, ...]


def summary(atlas: Atlas) -> Summary:
    """Return the counts of an atlas."""
    variants = [variant for entry in atlas.entries for variant in entry.variants]
    verified = [variant for variant in variants if variant.state == VERIFIED]
    printed = [
        entry.example
        for entry in atlas.entries
        if entry.example and entry.example.residual is not None
    ]
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
    )


def _checks(verified: list[Variant]) -> dict[str, int]:
    names = (
        "finite differences along one direction",
        "adjoint test with forward mode",
        "contraction with the rows of J",
        "finite differences for the columns of J",
        "double backward, by finite differences",
        "complex inputs, by finite differences",
    )
    found = [variant.residuals for variant in verified if variant.residuals]
    counts = (
        len(found),
        sum(residuals.adjoint is not None for residuals in found),
        sum(residuals.one_hot is not None for residuals in found),
        sum(residuals.numerical is not None for residuals in found),
        sum(variant.twice == "yes" for variant in verified),
        sum(variant.complex == "yes" for variant in verified),
    )
    return dict(zip(names, counts, strict=True))
