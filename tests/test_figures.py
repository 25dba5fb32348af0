"""Tests of :mod:`vjp_guide.figures`."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import torch

from vjp_guide.figures import (
    Figure,
    Stage,
    chain,
    heat_map,
    jacobian_products,
    jacobian_rows,
)

SVG = "{http://www.w3.org/2000/svg}"


def words(figure: Figure) -> list[str]:
    """Return all texts of a figure, in drawing order."""
    return [mark.text or "" for mark in ET.fromstring(figure.svg).iter(f"{SVG}text")]


def test_rows_hold_the_entries_and_their_weighted_sum() -> None:
    """Tests that v, J and the contraction stand in the cells."""
    figure = jacobian_rows([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])

    cells = [word for word in words(figure) if word.isdigit()]
    assert cells == ["1", "1", "2", "10", "3", "4", "31", "42"]
    assert "sum to [31, 42]" in figure.alt


@pytest.mark.parametrize(
    ("outputs", "inputs"), [((), (2,)), ((2, 2), ()), ((0,), (3,))]
)
def test_rows_of_any_shape(outputs: tuple[int, ...], inputs: tuple[int, ...]) -> None:
    """Tests that scalars and empty outputs have a drawing too."""
    figure = jacobian_rows(np.zeros(outputs + inputs), np.ones(outputs))

    assert f"Jacobian of y {outputs} by x {inputs}" in figure.alt


def test_rows_take_the_name_of_the_output() -> None:
    """Tests that a first derivative g has rows of its own name."""
    figure = jacobian_rows(np.eye(2), np.ones(2), output="g")

    assert {"∂g[0]", "∂g[1]", "∂x[0]"} <= set(words(figure))
    assert figure.alt.startswith("Jacobian of g (2,) by x (2,)")


def test_products_stand_beside_and_below_the_entries() -> None:
    """Tests both products, and that both lead to the number in the corner."""
    jacobian, v, u = np.array([[3, 1, 0], [0, 0, 12]]), [1, 10], [1, 0, 2]
    figure = jacobian_products(jacobian, v, u)

    cells = [int(word) for word in words(figure) if word.isdigit()]
    along, below = jacobian @ u, v @ jacobian
    first, second = [1, *jacobian[0], along[0]], [10, *jacobian[1], along[1]]
    assert v @ along == below @ u == 243
    assert cells == [*u, *first, *second, *below, 243]
    assert figure.alt.endswith("sum to [3, 24]. Both lead to 243.")


@pytest.mark.parametrize(
    ("outputs", "inputs"), [((), ()), ((2, 2), (3,)), ((0,), (3,)), ((3,), (0,))]
)
def test_products_of_any_shape(
    outputs: tuple[int, ...], inputs: tuple[int, ...]
) -> None:
    """Tests that ones lead to the number of entries."""
    jacobian = np.ones(outputs + inputs)
    figure = jacobian_products(jacobian, np.ones(outputs), np.ones(inputs))

    assert f"Jacobian of y {outputs} by x {inputs}" in figure.alt
    assert figure.alt.endswith(f"Both lead to {jacobian.size}.")


@pytest.mark.parametrize("tangent", [None, [1.0, 0.0, 2.0]])
def test_a_result_has_a_colour_of_its_own(tangent: list[float] | None) -> None:
    """Tests that v and the result have a colour each, and that tangents have none."""
    jacobian, v = np.array([[3.0, 1.0, 0.0], [0.0, 0.0, 12.0]]), [1.0, 10.0]
    figure = (
        jacobian_rows(jacobian, v)
        if tangent is None
        else jacobian_products(jacobian, v, tangent)
    )

    cells = ET.fromstring(figure.svg).iter(f"{SVG}rect")
    kinds = Counter((cell.get("class") or "").partition(" ")[0] for cell in cells)
    plain = {} if tangent is None else {"plain": len(tangent) + len(v) + 1}
    assert kinds == {"v": 2, "r": 3, "j": jacobian.size, **plain}


def test_products_refuse_a_tangent_of_another_shape() -> None:
    """Tests that the message holds both shapes."""
    with pytest.raises(ValueError, match=r"tangent must.*\(3,\).*got \(2,\)"):
        jacobian_products(np.ones((2, 3)), np.ones(2), np.ones(2))


def test_chain_names_every_tensor_and_its_cotangent() -> None:
    """Tests that shapes stand twice: above, and below for the cotangent."""
    figure = chain([Stage("x", (4,)), Stage("y", (4, 2))], ["f"])

    texts = words(figure)
    assert {"x", "y", "dL/dx", "dL/dy", "f"} <= set(texts)
    assert texts.count("(4,)") == texts.count("(4, 2)") == 2


def test_chain_refuses_a_wrong_number_of_operations() -> None:
    """Tests that the message says how many are due."""
    with pytest.raises(ValueError, match=r"operations must.*1 in all, got 2"):
        chain([Stage("x", ()), Stage("y", ())], ["f", "g"])


def test_a_figure_describes_itself(tmp_path: Path) -> None:
    """Tests that the alt text is part of the SVG, on a page and in a file."""
    figure = chain([Stage("x", (4,))], [])

    figure.save(tmp_path / "x.svg")

    assert ET.parse(tmp_path / "x.svg").getroot().get("aria-label") == figure.alt
    assert figure.svg in figure._repr_html_()


def test_heat_map_holds_names_and_entries() -> None:
    """Tests that cells are as full as their entries are large."""
    values = [[4.0, 0.0], [1.0, -2.0]]
    figure = heat_map(values, rows=["a", "b"], columns=["c", "d"], alt="four")

    assert words(figure) == ["c", "d", "a", "4", "0", "b", "1", "-2"]
    cells = ET.fromstring(figure.svg).iter(f"{SVG}rect")
    strengths = [cell.get("fill-opacity") for cell in cells]
    assert figure.alt == "four"
    assert strengths == ["1.00", "0.00", "0.25", "0.50"]


def test_heat_map_refuses_another_number_of_names() -> None:
    """Tests that the message holds both shapes."""
    with pytest.raises(ValueError, match=r"values must.*shape \(1, 2\), got \(2, 2\)"):
        heat_map(np.ones((2, 2)), rows=["a"], columns=["c", "d"], alt="")


SPECIAL = [np.nan, np.inf, -np.inf]


def opacities(figure: Figure, kind: str) -> list[float]:
    """Return how full the colours of the cells of a kind are."""
    return [
        float(mark.get("fill-opacity") or "")
        for mark in ET.fromstring(figure.svg).iter(f"{SVG}rect")
        if (mark.get("class") or "").startswith(f"{kind} ")
    ]


@pytest.mark.parametrize("value", SPECIAL)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_a_heat_map_with_nan_and_infinity(value: float, dtype: torch.dtype) -> None:
    """Tests that the cell says so, that others keep their colour, and the alt text."""
    values = torch.tensor([[value, 2.0], [1.0, 0.0]], dtype=dtype)

    figure = heat_map(values, rows=["a", "b"], columns=["c", "d"], alt="Four.")

    full = 0.0 if np.isnan(value) else 1.0
    assert opacities(figure, "j") == [full, 1.0, 0.5, 0.0]
    assert words(figure)[-5:-3] == [str(value), "2"]
    name = "nan" if np.isnan(value) else "inf"
    assert figure.alt == f"Four. Entries that aren't finite: 1 {name}."
    assert f'aria-label="{figure.alt}"' in figure.svg


def test_a_heat_map_of_nothing_finite() -> None:
    """Tests that no scale is needed, and complex parts count once."""
    values = [[np.nan, np.inf], [complex(np.nan, 1), complex(1, -np.inf)]]

    figure = heat_map(values, rows=["a", "b"], columns=["c", "d"], alt="Four.")

    assert opacities(figure, "j") == [0, 1, 0, 1]
    assert figure.alt.endswith("2 nan, 2 inf.")


@pytest.mark.parametrize("value", SPECIAL)
@pytest.mark.parametrize("place", ["jacobian", "v", "u"])
def test_products_with_nan_and_infinity(value: float, place: str) -> None:
    """Tests v, u and J, whose sums are those of NumPy, without a warning."""
    jacobian, v, u = np.array([[1.0, 2.0], [0.0, 4.0]]), np.ones(2), np.ones(2)
    {"jacobian": jacobian, "v": v, "u": u}[place].flat[0] = value

    rows, both = jacobian_rows(jacobian, v), jacobian_products(jacobian, v, u)

    with np.errstate(all="ignore"):
        sums = [v @ jacobian, jacobian @ u, v @ jacobian @ u]
    listed = [", ".join(f"{one:.4g}" for one in np.atleast_1d(each)) for each in sums]
    assert f"sum to [{listed[0]}]" in rows.alt
    assert f"weighted by u, sum to [{listed[1]}]. Both lead to {listed[2]}." in both.alt
    for figure in (rows, both):
        assert str(value) in words(figure) or (figure is rows and place == "u")
        assert all(0 <= one <= 1 for one in opacities(figure, "j"))
        assert ("aren't finite" in figure.alt) == (place == "jacobian")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_the_largest_numbers_have_a_colour(dtype: torch.dtype) -> None:
    """Tests that no size overflows, nor the smallest ones vanish into NaN."""
    info = torch.finfo(dtype)
    values = torch.tensor([[info.max, info.min, info.tiny]], dtype=dtype)

    figure = heat_map(values, rows=["a"], columns=list("bcd"), alt="Three.")

    assert opacities(figure, "j") == [1, 1, 0]
    assert figure.alt == "Three."
    huge = np.array([[complex(1.5e308, 1.5e308), 1.0]])
    figure = heat_map(huge, rows=["a"], columns=["b", "c"], alt="Two.")
    assert opacities(figure, "j") == [1, 1]


def test_zero_has_no_colour() -> None:
    """Tests matrices of zeros, of integers and of truth values."""
    names = {"rows": ["a"], "columns": ["b", "c"], "alt": "Two."}
    for values in ([[0.0, 0.0]], [[0, 0]], [[False, False]]):
        assert opacities(heat_map(values, **names), "j") == [0, 0]  # type: ignore[arg-type] # the names fit
    smallest = np.array([[-128, 64]], dtype=np.int8)
    assert opacities(heat_map(smallest, **names), "j") == [1, 0.5]  # type: ignore[arg-type] # the names fit
