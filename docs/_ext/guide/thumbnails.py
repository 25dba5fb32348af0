"""The thumbnails of the gallery: what each figure says, in few and large marks.

A picture loses its words, and its marks grow; a drawing that is too fine for that has
another in its place, of the values that the example computed.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from vjp_guide._svg import Canvas

INCHES = 3.2, 2.24
SIDE, GAP = 38, 22  # of a cell, and between what is drawn


def outer_product(example: dict[str, Any]) -> str:
    """Draw all derivatives with respect to one input, and their sum."""
    block, canvas = example["J"][..., 0], Canvas()
    rows = block.tolist()
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            strength = value / float(block.max())
            _cell(canvas, column * SIDE, row * SIDE, value, "j", strength=strength)
    right, middle = len(rows[0]) * SIDE, (len(rows) - 1) * SIDE / 2
    canvas.arrow(right + 6, middle + SIDE / 2, right + 32, middle + SIDE / 2, "forward")
    _cell(canvas, right + SIDE, middle, example["result"][0].item(), "r")
    return canvas.render(alt="", margin=2)


def chained_square(example: dict[str, Any]) -> str:
    """Draw the tensors downwards, and their cotangents upwards."""
    return _chain([stage.name for stage in example["stages"]])


def pipeline(example: dict[str, Any]) -> str:
    """Draw what crosses the wire, down and up, without the loss."""
    return _chain([stage.name for stage in example["wire"][:-1]])


DRAWN = {
    "plot_01_outer_product": outer_product,
    "plot_02_chained_square": chained_square,
    "plot_40_pipeline_two_processes": pipeline,
}


def simplify(picture: Figure) -> None:
    """Take a picture's titles, ticks and legends away, and let its marks grow."""
    picture.suptitle("")
    for axes in picture.axes:
        axes.set(title="", xlabel="", ylabel="")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_tick_params(which="both", length=0)
            axis.set_major_formatter(NullFormatter())
            axis.set_minor_formatter(NullFormatter())
        legend = axes.get_legend()
        if legend:
            legend.remove()
    picture.set_size_inches(INCHES)


def _cell(
    canvas: Canvas, left: float, top: float, value: float, kind: str, **fill: float
) -> None:
    canvas.rect(left + 2, top + 2, SIDE, SIDE, kind, **fill)
    canvas.text(left + 2 + SIDE / 2, top + 7 + SIDE / 2, f"{value:g}", "name")


def _chain(names: Sequence[str]) -> str:
    canvas = Canvas()
    for number, name in enumerate(names):
        top = 2 + number * (SIDE + GAP)
        first = number == 0
        _link(canvas, 2, top, name, "x" if first else "y")
        _link(canvas, 2 + 2 * SIDE + GAP, top, f"dL/d{name}", "r" if first else "v")
        if not first and name == names[number - 1]:  # it was sent
            canvas.line(2, top - GAP / 2, 2 + 4 * SIDE + GAP, top - GAP / 2, "same")
    return canvas.render(alt="", margin=2)


def _link(canvas: Canvas, left: float, top: float, name: str, kind: str) -> None:
    """Draw a tensor of a chain, and the arrow that it shares with the one above."""
    middle = left + SIDE
    canvas.rect(left, top, 2 * SIDE, SIDE, kind)
    canvas.text(middle, top + 5 + SIDE / 2, name, "name")
    if kind == "y":
        canvas.arrow(middle, top - GAP, middle, top, "forward")
    if kind == "v":
        canvas.arrow(middle, top, middle, top - GAP, "backward")
