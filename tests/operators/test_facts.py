"""Tests of what is declared of each operator."""

from collections import Counter
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from records.changes import records
from tests.operators.products import CALLS, PRODUCTS
from tests.operators.verify import expected
from vjp_guide.operators.facts import FACTS, FAMILIES, facts
from vjp_guide.operators.facts.declare import NONE, Limit, Operator, Special, kink
from vjp_guide.operators.torch_tables import differentiable
from vjp_guide.operators.verify.kinks import evaluate


@pytest.mark.parametrize("key", PRODUCTS)
def test_a_formula_by_hand_equals_autograd(key: str) -> None:
    """Tests the code of each formula against autograd, for a random cotangent."""
    name = key.partition(" ")[0]
    sample = CALLS.get(key, FACTS[name].sample)
    assert sample is not None
    args, kwargs = sample()
    tensors = (leaf for leaf in pytree.tree_leaves((args, kwargs)))
    xs = [t for t in tensors if isinstance(t, Tensor) and t.requires_grad]
    y = differentiable()[name].get_op()(*args, **kwargs)
    ys = [t for t in pytree.tree_leaves(y) if t.requires_grad]
    v = tuple(torch.randn(t.shape, dtype=t.dtype) for t in ys)

    expected = torch.autograd.grad(ys, xs, v)
    with torch.no_grad():
        found = PRODUCTS[key](v if v[1:] else v[0], y, *args, **kwargs)

    torch.testing.assert_close(found, expected)


def test_each_formula_has_a_test() -> None:
    """Tests that no formula is without its code above."""
    tested = Counter(key.partition(" ")[0] for key in PRODUCTS)

    assert tested == Counter({n: len(each.formulas) for n, each in FACTS.items()})


def test_each_operator_is_declared_once_and_exists() -> None:
    """Tests that no name is misspelt, and that reasons are sentences."""
    every = [each for family in FAMILIES for each in family.OPERATORS]
    known = {name for record in records() for name in record.operators}

    assert len(every) == len(FACTS)
    assert set(FACTS) <= known | expected("2.13").keys()
    assert FACTS.keys() & expected().keys() <= differentiable().keys()
    specials = [special for each in every for special in each.specials]
    assert all(special.reason.endswith(".") for special in specials)
    assert facts("nothing") == Operator("nothing")


def test_a_kink_is_evaluated() -> None:
    """Tests two choices of torch."""
    assert evaluate(kink("torch.threshold(x, 1, 0)", [1.0, 2.0])) == (
        "torch.threshold(x, 1, 0) at x = [1, 2]",
        "[0, 1]",
    )
    assert evaluate(kink("torch.maximum(a, b)", [1.0], [1.0]))[1] == "[0.5], [0.5]"
    assert evaluate(kink("x ** 3", [2.0], order=2)) == (
        "x ** 3 at x = [2], second derivative",
        "[12]",
    )


@pytest.mark.parametrize(
    ("release", "state"),
    [("2.13.0+cpu", "first"), ("2.14.1", "second"), ("2.15.0", "verified")],
)
def test_what_is_special_depends_on_the_release(
    release: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests that the first declaration that holds in a release of torch counts."""
    specials = [
        Special(state="first", until="2.14"),
        Special(state="second", since="2.14.1", until="2.15.0"),
    ]
    stand_in = SimpleNamespace(__version__=release)
    monkeypatch.setattr("vjp_guide.operators.facts.declare.torch", stand_in)

    assert Operator("any", specials=specials).special.state == state
    assert Operator("any").special is NONE
    limits = [Limit("int64", state="known defect", reason="Wrong.", until="2.14")]
    held = Operator("any", limits=limits).limit("int64")
    assert (held is not None) == (release == "2.13.0+cpu")
    assert Operator("any", limits=limits).limit("bool") is None
