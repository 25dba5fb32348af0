"""Figures of Jacobians and of cotangents, as SVG for light and dark pages.

Inputs, outputs, cotangents, Jacobians and results have a colour each, the same
everywhere, and each mark also carries its name or number. Tangents have none.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vjp_guide._contract import Array, as_array, contract
from vjp_guide._svg import ARROW_LENGTH, BOX_HEIGHT, BOX_WIDTH, LEFT, Canvas

__all__ = [
    "Figure",
    "Stage",
    "chain",
    "heat_map",
    "jacobian_products",
    "jacobian_rows",
]

_CELL_WIDTH, _CELL_HEIGHT, _GAP = 46, 24, 7
_ROWS = LEFT + 132  # where they begin, right of their names and weights


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with its description.

    Notebooks and gallery pages show it as the last expression of a cell.

    Attributes:
        svg: The SVG element, self-contained.
        alt: What the drawing says, for those who can't see it.

    >>> from vjp_guide.figures import Stage, chain
    >>> chain([Stage("x", (4,))], []).alt
    'Forward: x (4,). Backward: dL/dx (4,).'
    """

    svg: str
    alt: str

    def _repr_html_(self) -> str:
        return f'<div class="vjp-scroll">{self.svg}</div>'

    def save(self, path: str | Path) -> None:
        """Write the drawing as an SVG file.

        Args:
            path: Where to write it.
        """
        Path(path).write_text(self.svg, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Stage:
    """A tensor of a chain, by its name and shape.

    Attributes:
        name: What the tensor is called.
        shape: Its shape, which is also that of its cotangent.

    >>> from vjp_guide.figures import Stage
    >>> Stage("y", (4, 4)).cotangent
    'dL/dy'
    """

    name: str
    shape: tuple[int, ...]

    @property
    def cotangent(self) -> str:
        """The name of the derivative of a scalar ``L`` with respect to the tensor."""
        return f"dL/d{self.name}"


def chain(stages: Sequence[Stage], operations: Sequence[str]) -> Figure:
    """Draw a chain of operations, with the cotangents flowing back below it.

    The upper row holds the tensors, in the order of the computation.
    The lower row holds their cotangents ``v``, each with the shape of the tensor above
    it; read it from right to left.

    Args:
        stages: The tensors, from the input to the last output.
        operations: The names of the operations between them, one fewer.

    Returns:
        The drawing.

    Raises:
        ValueError: If there isn't one operation between each pair of stages.

    >>> from vjp_guide.figures import Stage, chain
    >>> chain([Stage("x", (4,)), Stage("y", (4, 4))], ["outer"]).alt
    'Forward: x (4,), y (4, 4) by outer. Backward: dL/dy (4, 4), dL/dx (4,).'
    """
    if len(operations) != len(stages) - 1:
        raise ValueError(
            "operations must have one entry between each pair of stages, "
            f"{len(stages) - 1} in all, got {len(operations)}"
        )
    canvas = Canvas()
    top, bottom = 32, 122
    canvas.text(LEFT, top - 12, "forward", "note", anchor="start")
    canvas.text(LEFT, bottom + 68, "backward: right to left", "note", anchor="start")
    for number, stage in enumerate(stages):
        left = LEFT + number * (BOX_WIDTH + ARROW_LENGTH)
        middle = left + BOX_WIDTH / 2
        canvas.line(middle, top + BOX_HEIGHT, middle, bottom, "same")
        canvas.box(left, top, stage.name, str(stage.shape), "y" if number else "x")
        canvas.box(
            left, bottom, stage.cotangent, str(stage.shape), "v" if number else "r"
        )
    for number, operation in enumerate(operations):
        left = LEFT + number * (BOX_WIDTH + ARROW_LENGTH) + BOX_WIDTH
        _step(canvas, left, top, operation, backward=False)
        _step(canvas, left, bottom, "v·J", backward=True)
    alt = _chain_alt(stages, operations)
    return Figure(canvas.render(alt=alt), alt)


def jacobian_rows(
    jacobian: object, grad_outputs: object, *, output: str = "y"
) -> Figure:
    r"""Draw a Jacobian as one row for each output, weighted by ``v`` and summed.

    Each row is :math:`J_o`, the derivatives of one output with respect to all inputs.
    The entry of ``v`` to its left is its weight, and the line below all rows is

    .. math:: r_i = \sum_o v_o\, J_{o,i}

    Rows that share their first output index stand together.

    Args:
        jacobian: ``J``, with the shape of the output followed by that of the input.
        grad_outputs: ``v``, with the shape of the output.
        output: What the output is called, if it isn't ``y``.

    Returns:
        The drawing, for that output and an input ``x``.

    >>> from vjp_guide.figures import jacobian_rows
    >>> jacobian_rows([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0]).alt
    'Jacobian of y (2,) by x (2,): 2 rows of 2, weighted by v, sum to [31, 42].'
    """
    v, dense = as_array("grad_outputs", grad_outputs), as_array("jacobian", jacobian)
    result = contract(v, dense)
    canvas = Canvas()
    _column_names(canvas, result.shape)
    top = _weighted_rows(
        canvas, 36, v, dense.reshape(v.size, result.size), output=output
    )
    _total(canvas, top, result)
    alt = _rows_alt(v, result, output) + _nonfinite(dense)
    return Figure(canvas.render(alt=alt), alt)


def jacobian_products(
    jacobian: object, grad_outputs: object, tangent: object
) -> Figure:
    r"""Draw one Jacobian with both of its products, and the number that they share.

    The entry of ``v`` to the left of a row is its weight, and the entry of ``u`` above
    a column is that of the column.
    The line below all rows and the column beside them are

    .. math:: r_i = \sum_o v_o\, J_{o,i}, \qquad (J u)_o = \sum_i J_{o,i}\, u_i

    and the corner where they meet is :math:`\sum_{o,i} v_o\, J_{o,i}\, u_i`, which is
    both :math:`\langle v, J u \rangle` and :math:`\langle r, u \rangle`.

    Args:
        jacobian: ``J``, with the shape of the output followed by that of the input.
        grad_outputs: ``v``, with the shape of the output.
        tangent: ``u``, with the shape of the input.

    Returns:
        The drawing, for an output ``y`` and an input ``x``.

    Raises:
        ValueError: If the axes of ``jacobian`` aren't those of ``v`` and then of ``u``.

    >>> from vjp_guide.figures import jacobian_products
    >>> figure = jacobian_products([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0], [1.0, 0.0])
    >>> figure.alt.partition(". ")[2]
    'The columns, weighted by u, sum to [1, 3]. Both lead to 31.'
    """
    v, dense = as_array("grad_outputs", grad_outputs), as_array("jacobian", jacobian)
    u, result = as_array("tangent", tangent), contract(v, dense)
    if u.shape != result.shape:
        raise ValueError(
            f"tangent must have the shape of the input, {result.shape}: the axes of "
            f"jacobian that follow those of grad_outputs; got {u.shape}"
        )
    matrix = dense.reshape(v.size, u.size)
    beside, shared = contract(u.reshape(-1), matrix.T), contract(u, result)
    canvas = Canvas()
    right = _ROWS + u.size * _CELL_WIDTH + _GAP
    _column_names(canvas, u.shape)
    canvas.text(_ROWS - 10, 53, "u", "name", anchor="end")
    _cells(canvas, _ROWS, 36, u.reshape(-1), "plain")
    canvas.text(right + _CELL_WIDTH / 2, 60, "J u", "name")
    top = _weighted_rows(canvas, 70, v, matrix, beside=beside)
    _total(canvas, top, result)
    _cells(canvas, right, top + 10, shared.reshape(1), "plain")
    alt = _products_alt(v, result, beside, shared) + _nonfinite(dense)
    return Figure(canvas.render(alt=alt), alt)


def heat_map(
    values: object, *, rows: Sequence[str], columns: Sequence[str], alt: str
) -> Figure:
    r"""Draw a matrix as cells, each as full as its entry is large.

    The strength of the colour of entry :math:`m_{rc}` is
    :math:`|m_{rc}| / \max |m|`, the maximum that of finite entries; an infinity has
    full colour, NaN none.

    Args:
        values: The matrix, of shape ``(len(rows), len(columns))``.
        rows: The names of the rows, drawn as outputs.
        columns: The names of the columns, drawn as inputs.
        alt: What the drawing says, for those who can't see it; how many entries are
            NaN or infinite is added.

    Returns:
        The drawing.

    Raises:
        ValueError: If the shape doesn't match the names.

    >>> from vjp_guide.figures import heat_map
    >>> names = {"rows": ["y[0]"], "columns": ["x[0]", "x[1]"]}
    >>> figure = heat_map([[2.0, 0.0]], **names, alt="y[0] depends on x[0] alone.")
    >>> figure.alt
    'y[0] depends on x[0] alone.'
    """
    matrix = as_array("values", values)
    if matrix.shape != (len(rows), len(columns)):
        raise ValueError(
            f"values must have one row by name in rows and one column by name in "
            f"columns, shape {(len(rows), len(columns))}, got {matrix.shape}"
        )
    canvas = Canvas()
    left, top, full = LEFT + 48, 26, _largest(matrix)
    for number, name in enumerate(columns):
        canvas.text(left + (number + 0.5) * _CELL_WIDTH, top - 10, name, "x name")
    for number, name in enumerate(rows):
        height = top + number * _CELL_HEIGHT
        canvas.text(left - 8, height + 17, name, "y name", anchor="end")
        _cells(canvas, left, height, matrix[number], "j", full=full, digits=2)
    alt += _nonfinite(matrix)
    return Figure(canvas.render(alt=alt), alt)


def _step(
    canvas: Canvas, left: float, top: float, words: str, *, backward: bool
) -> None:
    ends = (left, left + ARROW_LENGTH)
    start, end = reversed(ends) if backward else ends
    height = top + BOX_HEIGHT / 2
    canvas.arrow(start, height, end, height, "backward" if backward else "forward")
    canvas.text(left + ARROW_LENGTH / 2, height - 9, words, "note")


def _column_names(canvas: Canvas, shape: tuple[int, ...]) -> None:
    for column, index in enumerate(np.ndindex(shape)):
        middle = _ROWS + (column + 0.5) * _CELL_WIDTH
        canvas.text(middle, 26, _entry("∂x", index), "x name")


def _weighted_rows(
    canvas: Canvas,
    top: float,
    v: Array,
    rows: Array,
    *,
    output: str = "y",
    beside: Array | None = None,
) -> float:
    right = _ROWS + rows.shape[1] * _CELL_WIDTH + _GAP
    canvas.text(_ROWS - 36, top - 10, "v", "v name")
    for number, index in enumerate(np.ndindex(v.shape)):
        top += _GAP if _opens_group(index, number) else 0
        canvas.text(
            _ROWS - 68, top + 17, _entry(f"∂{output}", index), "y name", anchor="end"
        )
        _cells(canvas, _ROWS - 58, top, v.reshape(-1)[number : number + 1], "v")
        _cells(canvas, _ROWS, top, rows[number], "j", full=_largest(rows))
        if beside is not None:
            _cells(canvas, right, top, beside[number : number + 1], "plain")
        top += _CELL_HEIGHT
    return top


def _total(canvas: Canvas, top: float, result: Array) -> None:
    canvas.text(_ROWS - 10, top + 27, "sum of v · row", "note", anchor="end")
    _cells(canvas, _ROWS, top + 10, result.reshape(-1), "r")


def _cells(
    canvas: Canvas,
    left: float,
    top: float,
    values: Array,
    kind: str,
    *,
    full: float | None = None,
    digits: int = 4,
) -> None:
    for column, value in enumerate(values):
        start = left + column * _CELL_WIDTH
        strength = 1.0 if full is None else _strength(value, full)
        canvas.rect(start, top, _CELL_WIDTH, _CELL_HEIGHT, kind, strength=strength)
        canvas.text(start + _CELL_WIDTH / 2, top + 17, f"{value:.{digits}g}", "cell")


def _largest(values: Array) -> float:
    """Return the largest finite absolute value, 0 if there is none."""
    with np.errstate(over="ignore"):
        sizes = np.abs(values.astype(np.result_type(values, np.float64)))
    return float(sizes.max(initial=0, where=np.isfinite(sizes)))


def _strength(value: complex, full: float) -> float:
    """Return how full the colour of a cell is; NaN has none, an infinity all."""
    size = math.hypot(complex(value).real, complex(value).imag)
    if not math.isfinite(size):
        return 0.0 if math.isnan(size) else 1.0
    return size / (full or 1)


def _nonfinite(values: Array) -> str:
    """Return how many entries are NaN or infinite, as a sentence after another."""
    nan = np.isnan(values)
    counts = {"nan": nan.sum(), "inf": (np.isinf(values) & ~nan).sum()}
    found = [f"{count} {name}" for name, count in counts.items() if count]
    return f" Entries that aren't finite: {', '.join(found)}." if found else ""


def _opens_group(index: tuple[int, ...], number: int) -> bool:
    return len(index) > 1 and number > 0 and not any(index[1:])


def _entry(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{','.join(map(str, index))}]" if index else name


def _chain_alt(stages: Sequence[Stage], operations: Sequence[str]) -> str:
    by = ["", *(f" by {operation}" for operation in operations)]
    pairs = zip(stages, by, strict=True)
    forward = ", ".join(f"{stage.name} {stage.shape}{how}" for stage, how in pairs)
    back = ", ".join(f"{stage.cotangent} {stage.shape}" for stage in reversed(stages))
    return f"Forward: {forward}. Backward: {back}."


def _rows_alt(v: Array, result: Array, output: str = "y") -> str:
    return (
        f"Jacobian of {output} {v.shape} by x {result.shape}: {v.size} rows of "
        f"{result.size}, weighted by v, sum to [{_listed(result)}]."
    )


def _products_alt(v: Array, result: Array, beside: Array, shared: Array) -> str:
    return (
        f"{_rows_alt(v, result)} The columns, weighted by u, sum to "
        f"[{_listed(beside)}]. Both lead to {shared:.4g}."
    )


def _listed(values: Array) -> str:
    return ", ".join(f"{value:.4g}" for value in values.reshape(-1))
