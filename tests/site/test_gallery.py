"""Tests of the gallery's groups, pictures and captions."""

from pathlib import Path

from docs._ext.guide import captions, cells, gallery
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


def test_a_dark_picture_keeps_its_hues() -> None:
    """Tests that white turns dark and black light, and that a blue stays a blue."""
    assert cells.turned_over([255, 255, 255, 0, 0, 0]) == [18] * 3 + [237] * 3
    red, green, blue = cells.turned_over([20, 40, 160])
    assert red < green < blue
