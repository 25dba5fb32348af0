"""Explanations as plain text: the answer first, then what it is made of."""

from math import prod
from textwrap import fill, indent

import numpy as np

from vjp_guide._contract import Array
from vjp_guide._explain.check import Check
from vjp_guide._explain.content import Content, Operand
from vjp_guide._explain.notation import example, first_total
from vjp_guide._explain.passes import values, wide
from vjp_guide._show import aligned, folded, numbers

HEADINGS = ("argument", "name", "shape", "dtype", "meaning")
_WIDTH = 79
_MOST_INPUTS, _MOST_ROWS, _MOST_VALUES = 3, 12, 16
_LIKELY = (
    "perhaps a hook or a custom backward isn't linear in v, as one that clips is, or "
    "the backward pass computes in a lower precision, as under autocast"
)


def as_text(explanation: Content) -> str:
    """Return the explanation as aligned text."""
    parts = [title(explanation), *map(_shift, lead(explanation))]
    first, more, last = folded(explanation.operands, _MOST_ROWS)
    between = [("...", f"{more} more", "", "", "")] if more else []
    lines = aligned([HEADINGS, *map(cells, first), *between, *map(cells, last)])
    paragraphs = [_paragraph(f"{label}: {text}") for label, text in notes(explanation)]
    return "\n\n".join([*parts, _shift("\n".join(lines)), "\n".join(paragraphs)])


def title(explanation: Content) -> str:
    """Return what becomes of the call."""
    if explanation.diagnosis:
        return f"{explanation.call} fails. Write instead:"
    return f"{explanation.call} computes a vector-Jacobian product:"


def lead(explanation: Content) -> list[str]:
    """Return the answer: the corrected call and the error, or formulas and results."""
    if explanation.diagnosis:
        error = f"{explanation.diagnosis.error_type}: {explanation.diagnosis.message}"
        return [explanation.diagnosis.code, error]
    shown = _results(explanation)
    rest = len(explanation.formulas) - len(shown)
    return [*shown, *([f"... and {rest} more inputs, likewise"] if rest else [])]


def cells(operand: Operand) -> tuple[str, ...]:
    """Return one row of the table of operands."""
    shape = "" if operand.shape is None else str(operand.shape)
    return operand.role, operand.name, shape, operand.dtype, operand.note


def notes(explanation: Content) -> list[tuple[str, str]]:
    """Return what is worth knowing besides, each with a label."""
    if explanation.diagnosis:
        diagnosis = explanation.diagnosis
        return [("Why", diagnosis.cause), ("Fix", diagnosis.fix)]
    return [
        *([("Meaning", _scalar(explanation))] if explanation.scalar else []),
        *_example(explanation),
        *([("Jacobian", _jacobian(explanation))] if explanation.scalar else []),
        *([("Check", _check(explanation.check))] if explanation.check else []),
        *[("Look again", each.reason) for each in explanation.suspicions],
        *_left_out(explanation),
        *([("Passes", _passes(explanation))] if explanation.passes else []),
    ]


def _left_out(explanation: Content) -> list[tuple[str, str]]:
    slugs: dict[str, list[str]] = {}
    for each in explanation.left_out:
        slugs.setdefault(each.reason, []).append(each.slug)
    return [
        ("Not looked at", f"{', '.join(names)}: {reason.rstrip('.')}.")
        for reason, names in slugs.items()
    ]


def _passes(explanation: Content) -> str:
    return (
        f"{explanation.passes} besides torch's own; hooks and custom backwards ran in "
        "each."
    )


def _results(explanation: Content) -> list[str]:
    results = [each for each in explanation.operands if each.role == "result"]
    found = zip(
        explanation.formulas, results, values(explanation.gradients), strict=False
    )
    return [
        f"{formula}\n{result.name:<{formula.index(' = ')}} = {_values(result, value)}"
        for formula, result, value in [*found][:_MOST_INPUTS]
    ]


def _values(result: Operand, value: object) -> str:
    if value is None:
        return "None"
    shape = f"a tensor of shape {result.shape}"
    if prod(result.shape or ()) > _MOST_VALUES:
        return shape
    try:
        return numbers(wide(result.name, value))
    except TypeError:  # it holds no numbers, or not any more
        return shape


def _scalar(explanation: Content) -> str:
    weights = [each for each in explanation.operands if each.role == "grad_outputs"]
    constant = ", with v held constant" if any(v.name != "1" for v in weights) else ""
    return f"the result is the gradient of the scalar {explanation.scalar}{constant}."


def _example(explanation: Content) -> list[tuple[str, str]]:
    check = explanation.check
    if check is None or check.jacobian is None or check.grad_outputs is None:
        return []
    terms = example(check.jacobian, check.grad_outputs)
    if not terms or not _matches(explanation, check.jacobian, check.grad_outputs):
        return []
    return [("Example", f"{terms}, with products of 0 left out.")]


def _matches(explanation: Content, dense: Array, v: Array) -> bool:
    """Return whether the first entry of the result is the sum, to three digits."""
    try:
        found = wide("result", values(explanation.gradients)[0]).reshape(-1)[0]
    except TypeError:  # it can't be read any more
        return False
    return bool(np.isclose(found, first_total(dense, v), rtol=1e-3, atol=0))


def _jacobian(explanation: Content) -> str:
    shape, count = explanation.jacobian_shape, explanation.jacobian_entries
    size = f"{count:,} entries, {explanation.jacobian_bytes:,} bytes"
    start = "all dy/dx together have" if shape is None else f"dy/dx has shape {shape},"
    return f"{start} {size}; torch doesn't build it."


def _check(check: Check) -> str:
    if check.difference is None:
        return f"skipped, {check.skipped.rstrip('.')}."
    how = "the Jacobian, built row by row and contracted with v in NumPy, gives"
    if check.agrees:
        return f"{how} the same (largest difference {check.difference:.2g})."
    other = f"{how} another result (largest difference {check.difference:.2g}"
    if check.unmeasured:
        return (
            f"{other}); whether rounding explains it wasn't looked at, since "
            f"{check.unmeasured}. If it doesn't, {_LIKELY}."
        )
    return f"{other}, rounding explains {check.tolerance:.2g}): {_LIKELY}."


def _shift(block: str) -> str:
    return indent(block, "  ")


def _paragraph(text: str) -> str:
    return fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
