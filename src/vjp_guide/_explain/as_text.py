"""Explanations as plain text: the answer first, then what it is made of."""

import re
from collections.abc import Sequence
from textwrap import fill, indent

import numpy as np
from torch import Tensor

from vjp_guide._call import is_readable
from vjp_guide._explain.check import Check, wide
from vjp_guide._explain.content import Content, Operand
from vjp_guide._explain.notation import example

HEADINGS = ("argument", "name", "shape", "dtype", "meaning")
_WIDTH = 79
_MOST_INPUTS, _MOST_ROWS, _MOST_VALUES = 3, 12, 16


def as_text(explanation: Content) -> str:
    """Return the explanation as aligned text."""
    parts = [title(explanation), *map(_shift, lead(explanation))]
    rows = [HEADINGS, *(cells(each) for each in explanation.operands[:_MOST_ROWS])]
    more = len(explanation.operands) - _MOST_ROWS
    lines = [*_aligned(rows), *([f"... and {more} more"] if more > 0 else [])]
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
    suspicions = [("Look again", each.reason) for each in explanation.suspicions]
    return [
        ("Meaning", _scalar(explanation)),
        *_example(explanation),
        ("Jacobian", _jacobian(explanation)),
        *([("Check", _check(explanation.check))] if explanation.check else []),
        *suspicions,
    ]


def _results(explanation: Content) -> list[str]:
    gradients = explanation.gradients or ()
    values = gradients.values() if isinstance(gradients, dict) else gradients
    names = [each.name for each in explanation.operands if each.role == "result"]
    lines = [
        f"{formula}\n{name:<{formula.index(' = ')}} = {_values(value)}"
        for formula, name, value in zip(
            explanation.formulas, names, values, strict=True
        )
    ]
    return lines[:_MOST_INPUTS]


def _values(value: Tensor | None) -> str:
    if value is None:
        return "None"
    if not is_readable(value) or value.numel() > _MOST_VALUES:
        return f"a tensor of shape {tuple(value.shape)}"
    text = np.array2string(wide(value), precision=4, separator=", ")
    return re.sub(r"\s+", " ", text)


def _scalar(explanation: Content) -> str:
    weights = [each for each in explanation.operands if each.role == "grad_outputs"]
    constant = ", with v held constant" if any(v.name != "1" for v in weights) else ""
    return f"the result is the gradient of the scalar {explanation.scalar}{constant}."


def _example(explanation: Content) -> list[tuple[str, str]]:
    check = explanation.check
    if check is None or check.jacobian is None or check.grad_outputs is None:
        return []
    terms = example(check.jacobian, check.grad_outputs)
    return [("Example", f"{terms}, with products of 0 left out.")] if terms else []


def _jacobian(explanation: Content) -> str:
    shape, count = explanation.jacobian_shape, explanation.jacobian_entries
    size = f"{count:,} entries, {explanation.jacobian_bytes:,} bytes"
    start = "all dy/dx together have" if shape is None else f"dy/dx has shape {shape},"
    return f"{start} {size}; torch doesn't build it."


def _check(check: Check) -> str:
    if check.difference is None:
        return f"skipped, {check.skipped}."
    how = "the Jacobian, built row by row and contracted with v in NumPy, gives"
    if check.agrees:
        return f"{how} the same (largest difference {check.difference:.2g})."
    return (
        f"{how} another result (largest difference {check.difference:.2g}): a hook or "
        "a custom backward isn't linear in v, or draws random numbers."
    )


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _shift(block: str) -> str:
    return indent(block, "  ")


def _paragraph(text: str) -> str:
    return fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
