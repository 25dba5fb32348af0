"""Tests of the gallery's groups, pictures and captions."""

import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from docutils import nodes
from matplotlib.text import Text
from sphinx_gallery.directives import imgsgnode

from docs._ext.guide import captions, cells, gallery, thumbnails
from vjp_guide.figures import Stage, chain, jacobian_rows

THUMBNAIL = """\
.. raw:: html

    <div class="sphx-glr-thumbcontainer" tooltip="about {number}">

.. only:: html

  :doc:`/auto_examples/plot_{number}_name`

"""
NUMBERS = [
    path.name.split("_")[1]
    for path in sorted(Path("examples").glob("plot_*.py"))  # as sphinx-gallery does
]


def test_each_group_has_one_heading() -> None:
    """Tests that each example stands below the heading of its group."""
    index = "".join(THUMBNAIL.format(number=number) for number in NUMBERS)
    found = gallery.grouped(index)
    places = [found.index(title) for title in gallery.GROUPS]
    assert places == sorted(places)
    assert all(found.count(f"{title}\n---") == 1 for title in gallery.GROUPS)
    for number in NUMBERS:
        above = found[: found.index(f'"about {number}"')]
        below = found[found.index(f'"about {number}"') :]
        title = gallery.GROUPS[int(number[0])]
        assert title in above
        assert title not in below


def test_each_group_has_two_examples() -> None:
    """Tests that no heading stands above a single picture."""
    digits = [number[0] for number in NUMBERS]
    assert {digit: digits.count(digit) > 1 for digit in digits} == {
        str(digit): True for digit in range(len(gallery.GROUPS))
    }


def test_caption_names_the_colours_of_its_figure() -> None:
    """Tests the legends of two figures, and that a caption is the description."""
    rows = jacobian_rows([[3.0, 1.0, 0.0], [0.0, 0.0, 12.0]], [1.0, 10.0])
    below = captions.caption(rows.svg, 2, "rows.svg").partition("</svg>")[2]
    assert f"Figure 2. {rows.alt}" in below
    assert [f"vjp-{letter}" in below for letter in "xyvJr"] == [0, 0, 1, 1, 1]
    stairs = chain([Stage("x", (3,)), Stage("y", (2,))], ["f"])
    below = captions.caption(stairs.svg, 1, "chain.svg").partition("</svg>")[2]
    assert [f"vjp-{letter}" in below for letter in "xyvJr"] == [1, 1, 1, 0, 1]
    assert 'href="chain.svg" download' in below


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plot_01_outer_product", [2, 2, 3, 4, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 20]),
        ("plot_02_chained_square", ["x", "dL/dx", "y", "dL/dy", "z", "dL/dz"]),
        ("plot_40_pipeline_two_processes", ["x", "dL/dx", "y", "dL/dy", "y", "dL/dy"]),
    ],
)
def test_thumbnails_show_what_examples_computed(
    name: str, words: list[int | str]
) -> None:
    """Tests the texts of each thumbnail that isn't the figure of its example."""
    assert name in thumbnails.DRAWN
    drawing = thumbnails.DRAWN[name](runpy.run_path(f"examples/{name}.py"))
    texts = re.findall("<text[^>]*>([^<]*)", drawing)
    assert texts == [str(word) for word in words]


def test_a_simple_picture_keeps_its_marks() -> None:
    """Tests that titles, ticks and the legend go, and numbers in the picture stay."""
    picture, axes = plt.subplots()
    picture.suptitle("above all")
    axes.bar_label(axes.bar(["a"], [3.0], label="bar"))
    axes.set(title="title", xlabel="x", ylabel="y", yscale="log")
    axes.legend()
    thumbnails.simplify(picture)
    picture.draw_without_rendering()
    left = {text.get_text() for text in picture.findobj(Text) if text.get_visible()}
    assert left == {"", "3"}
    plt.close(picture)


def test_a_picture_takes_the_paragraph_above_its_code_along() -> None:
    """Tests that a caption is moved, with its nodes, and that others stay."""
    first, words = nodes.paragraph("", "What is drawn."), nodes.paragraph("", "A bar: ")
    words += nodes.literal("", "x")
    code, picture = nodes.literal_block("", "plt.show()"), imgsgnode()
    section = nodes.section("", first, words, code, picture)
    figure = gallery.captioned(picture)
    assert section.children == [first, code, figure]
    assert figure.children[0] is picture
    assert figure.children[1].astext() == "Figure 1. A bar: x"


def test_a_dark_picture_keeps_its_hues() -> None:
    """Tests that white turns dark and black light, and that a blue stays a blue."""
    assert cells.turned_over([255, 255, 255, 0, 0, 0]) == [18] * 3 + [237] * 3
    red, green, blue = cells.turned_over([20, 40, 160])
    assert red < green < blue
