"""Tests of the figures of traces."""

from xml.etree import ElementTree as ET

import torch
from torch import Tensor

from vjp_guide import trace
from vjp_guide.figures import Figure, Stage, chain

SVG = "{http://www.w3.org/2000/svg}"


def leaf(*shape: int) -> Tensor:
    """Return a leaf of ones."""
    return torch.ones(shape, dtype=torch.float64, requires_grad=True)


def texts(figure: Figure, kind: str = "") -> list[str]:
    """Return the texts of a figure, all or of one class."""
    return [
        mark.text or ""
        for mark in ET.fromstring(figure.svg).iter(f"{SVG}text")
        if kind in (mark.get("class") or "")
    ]


def test_a_chain_looks_as_the_figures_of_chains() -> None:
    """Tests the drawing against one from names and shapes."""
    x = leaf(4)

    figure = trace(x.exp().cumsum(0).sum(), x).figure()

    stages = [Stage("x", (4,)), Stage("t2", (4,)), Stage("t1", (4,)), Stage("y", ())]
    assert figure == chain(stages, ["exp", "cumsum", "sum"])


def test_a_sum_has_a_plus_and_edges_have_shapes() -> None:
    """Tests the seed, where x is used twice."""
    x = leaf(4)
    y = torch.outer(x, x)

    figure = trace(y, x, torch.ones_like(y)).figure()

    assert texts(figure).count("+") == 1
    assert sorted(texts(figure, "label")) == ["(4,)", "sum to (4, 1)", "sum to (4,)"]
    assert {"x", "t1 = view", "y = mul", "dL/dt1", "v"} <= {*texts(figure)}
    assert figure.alt == (
        "Forward: x (4,), t1 (4, 1) by view of x, y (4, 4) by mul of t1 and x. "
        "Backward: dL/dy receives v; dL/dt1 receives sum to (4, 1) from y; "
        "dL/dx is the sum of sum to (4,) from y and (4,) from t1."
    )


def test_an_operand_that_is_used_twice_has_two_arrows() -> None:
    """Tests x * x, of one node."""
    x = leaf(3)

    figure = trace(x * x, x, torch.ones(3)).figure()

    assert texts(figure, "label") == ["(3,)", "(3,)"]
    assert figure.alt.endswith("dL/dx is the sum of (3,) from y and (3,) from y.")


def test_colours_follow_the_roles() -> None:
    """Tests inputs, also in the middle, other tensors, and cotangents."""
    x = leaf(3)
    y = x.sin() * x

    figure = trace(y.exp(), [x, y], torch.ones(3)).figure()

    kinds = [
        (mark.get("class") or "").split()[0]
        for mark in ET.fromstring(figure.svg).iter(f"{SVG}rect")
    ]
    assert kinds.count("x") == 2
    assert kinds.count("y") == 2
    assert kinds.count("v") == 4 + 1


def test_shows_where_each_cotangent_enters() -> None:
    """Tests an output in the middle, an output twice, and a node of two results."""
    x = leaf(2, 3)
    first, second = x.unbind(0)
    z = first * second
    v = torch.ones(3, dtype=torch.float64)

    figure = trace([z, z, second], x, [v, v, v]).figure()

    assert list(texts(figure, "v name")) == ["v2", "v0 + v1"]
    assert "y2 = unbind" in texts(figure)
    assert texts(figure).count("2 results") == 2
    assert "dL/dy0, y1 is the sum of v0 and v1" in figure.alt


def test_an_unused_input_receives_none() -> None:
    """Tests that the box has no shape below."""
    x, other = leaf(3), leaf(2)

    outputs = [(x * 2).sum(), leaf(1).sum()]
    figure = trace(outputs, [x, other], allow_unused=True).figure()

    assert texts(figure).count("(2,)") == texts(figure).count("none") == 1
    assert "x1" not in figure.alt.partition("Backward")[2]


def test_an_input_that_is_the_output_is_one_box() -> None:
    """Tests that the cotangent enters and is returned there."""
    x = leaf(3)

    figure = trace(x, x, torch.ones(3)).figure()

    assert figure.alt == "Forward: y, x (3,). Backward: dL/dy, x (3,)."


def test_the_middle_of_a_long_trace_is_one_box() -> None:
    """Tests which nodes, edges and inputs are left out."""
    x = leaf(2)
    weights = [leaf(2) for _ in range(100)]
    y = x
    for weight in weights:
        y = (y * weight).tanh()

    figure = trace(y, [x, *weights], torch.ones(2)).figure()

    names = texts(figure)
    assert names.count("176 more nodes") == 2
    assert {"x0", "x1", "x6", "x95", "x100"} <= set(names)
    assert not {"x7", "x94"} & set(names)
    assert "176 more nodes from t188" in figure.alt
    assert "dL/dt188 receives (2,) from 176 more nodes" in figure.alt


def test_counts_what_goes_in_and_out_of_the_folded_middle() -> None:
    """Tests an input that all nodes use, and an output at each node."""
    x = leaf()
    outputs = [x * x]
    for _ in range(99):
        outputs.append(outputs[-1] * x)

    figure = trace(outputs, x).figure()

    assert "76 more nodes receives 76 cotangents and () from y88" in figure.alt
    assert "and 76 cotangents from 76 more nodes" in figure.alt
