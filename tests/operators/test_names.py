"""Tests of what operators are called, and of how each is found."""

import pytest

from vjp_guide.operators import entry, lookup, naming
from vjp_guide.operators.categories import CATEGORIES, category
from vjp_guide.operators.numerals import numbers


def test_names_of_operators_resolve() -> None:
    """Tests names with a page of their own, on a page of several, and without."""
    pages = {name: naming.name_of(name).page for name in ("mm", "special.ndtr", "H")}

    assert pages["mm"].endswith("/generated/torch.mm.html")
    assert pages["special.ndtr"].endswith("/special.html#torch.special.ndtr")
    assert pages["H"].endswith("/tensors.html#torch.Tensor.H")
    assert naming.name_of("native_layer_norm").page == ""
    assert naming.name_of("masked.sum").documented
    for unlisted in ("masked.sum", "Tensor.put", "expand_copy", "as_strided_scatter"):
        assert naming.name_of(unlisted).page == ""
    assert naming.name_of("index_copy").page
    assert naming.name_of("nowhere").signature == ""
    assert naming.name_of("slice").public == "torch.ops.aten.slice"


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("softmax", "torch.softmax"),
        ("torch.fft.fft", "torch.fft.fft"),
        ("F.relu", "torch.nn.functional.relu"),
        ("relu()", "torch.nn.functional.relu"),
        ("ger", "torch.outer"),
        ("MulBackward0", "torch.mul"),
        ("LinalgSvdBackward0", "torch.linalg.svd"),
        ("NllLossBackward0", "torch.nn.functional.nll_loss"),
    ],
)
def test_an_operator_is_found_by_each_name(name: str, public: str) -> None:
    """Tests public names, parts, aliases and names of graph nodes."""
    assert lookup.resolve(name) == public


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("softmaxx", "did you mean .*softmax"),
        ("argmax", "has no derivative"),
        ("zzzz", "is called 'zzzz'$"),
    ],
)
def test_an_unknown_name_gets_advice(name: str, message: str) -> None:
    """Tests what the error says of names that no operator has."""
    with pytest.raises(lookup.UnknownOperatorError, match=message):
        lookup.resolve(name)


def test_each_operator_has_a_page() -> None:
    """Tests that every category is used, and that names tell it."""
    used = {category(public).slug for public in entry.groups()}

    assert used == {page.slug for page in CATEGORIES}
    assert category("torch.nn.functional.mse_loss").slug == "loss"


def test_numbers_are_short() -> None:
    """Tests the text of numbers of each kind."""
    assert numbers([1.23456, -0.0, 2 - 3j, True]) == "[1.235, 0, 2 - 3j, True]"
