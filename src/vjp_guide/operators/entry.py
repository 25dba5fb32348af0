"""All that the atlas says of a public operator."""

from functools import cache
from typing import Any

from vjp_guide.operators.case import Case
from vjp_guide.operators.categories import category
from vjp_guide.operators.facts import facts
from vjp_guide.operators.labels import VERIFIED
from vjp_guide.operators.naming import Name, name_of
from vjp_guide.operators.program.example import example
from vjp_guide.operators.records import Entry, Example, Variant
from vjp_guide.operators.torch_tables import derivatives, differentiable, full_name
from vjp_guide.operators.verify.checks import UNUSABLE
from vjp_guide.operators.verify.kinks import evaluate
from vjp_guide.operators.verify.verdict import verify


@cache
def groups() -> dict[str, tuple[Any, ...]]:
    """Return torch's descriptions of the differentiable operators, by public name."""
    found: dict[str, list[Any]] = {}
    for op in differentiable().values():
        found.setdefault(name_of(op.name).public, []).append(op)
    return {public: tuple(found[public]) for public in sorted(found, key=_order)}


def entry(public: str) -> Entry:
    """Verify an operator and describe it.

    Args:
        public: Its public name, a key of :func:`groups`.

    Returns:
        The entry.
    """
    ops = groups()[public]
    name = name_of(ops[0].name)
    checked = [verify(op) for op in ops]
    shown, missing = _example(name, checked)
    nodes = [node for node, _ in shown.nodes] if shown else []
    known = [facts(full_name(op)) for op in ops]
    return Entry(
        name=public,
        aliases=aliases(public),
        category=category(public).slug,
        documented=name.documented,
        signature=name.signature,
        page=name.page,
        formulas=tuple(formula for each in known for formula in each.formulas),
        kinks=tuple(evaluate(kink) for each in known for kink in each.kinks),
        derivatives=derivatives(nodes),
        note=" ".join(f"{each.condition}{each.note}" for each in known).strip(),
        variants=tuple(variant for variant, _ in checked),
        example=shown,
        missing=missing,
    )


def aliases(public: str) -> tuple[str, ...]:
    """Return the other names of an operator."""
    found = {
        name_of(alias.name).public for op in groups()[public] for alias in op.aliases
    }
    return tuple(sorted(found - {public}))


def _example(
    name: Name, checked: list[tuple[Variant, Case | None]]
) -> tuple[Example | None, str]:
    """Return the first example with a program, verified variants first, or why not."""
    ordered = sorted(checked, key=lambda pair: pair[0].state != VERIFIED)
    found, missing = None, ordered[0][0].reason
    for variant, case in ordered:
        if case is None:
            continue
        try:
            shown = example(case, name, variant.name)
        except UNUSABLE as error:
            missing = f"{type(error).__name__}: {error}".splitlines()[0]
            continue
        if not shown.problem:
            return shown, ""
        found, missing = found or shown, shown.problem
    return found, missing


def _order(public: str) -> tuple[bool, str, str]:
    """Return what sorts names by their last part, private ones last."""
    short = public.rpartition(".")[2]
    return short.startswith("_") or ".ops." in public, short.lower(), public
