"""Tests of the choice of nodes by operation and module."""

import pytest
import torch
from torch import Tensor, nn

from vjp_guide import ModuleNames, Selection, Trace, compare, trace


class Block(nn.Module):
    """A residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.norm = nn.LayerNorm(3)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` and what the layers make of it.

        Returns:
            The sum.
        """
        y: Tensor = x + self.norm(self.linear(x)).relu()
        return y


class Model(nn.Module):
    """Two blocks and a head, which is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(Block(), Block())
        self.head = nn.Linear(3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return one number for each row.

        Returns:
            The numbers.
        """
        h = self.encoder(x).tanh()
        y: Tensor = self.head(h) * self.head(-h)
        return y


def record() -> Trace:
    """Return the trace of a model, with the names of its modules."""
    model = Model()
    with ModuleNames(model) as names:
        y = model(torch.ones(2, 3))
    return trace(y.sum(), dict(model.named_parameters()), modules=names)


def operations(chosen: Selection) -> list[str]:
    """Return the names of the nodes."""
    return [node.operation for node in chosen.nodes]


def test_each_node_belongs_to_the_innermost_module() -> None:
    """Tests a model with nested modules, and one that is called twice."""
    found = {
        (node.operation, node.module)
        for node in record().nodes
        if node.operation != "TBackward0"
    }

    assert found == {
        ("SumBackward0", ""),
        ("MulBackward0", ""),
        ("NegBackward0", ""),
        ("TanhBackward0", ""),
        ("AddmmBackward0", "head"),
        *(
            (operation, f"encoder.{number}{module}")
            for number in range(2)
            for operation, module in [
                ("AddBackward0", ""),
                ("ReluBackward0", ""),
                ("NativeLayerNormBackward0", ".norm"),
                ("AddmmBackward0", ".linear"),
            ]
        ),
    } - {("AddBackward0", "")}


@pytest.mark.parametrize(
    ("module", "count"),
    [
        ("head", 4),
        ("encoder", 10),
        ("encoder.*", 10),
        ("encoder.1", 5),
        ("encoder.?.norm", 2),
        ("*.linear", 4),
        ("encoder.[1-9]*", 5),
        ("linear", 0),
        ("", 4),
        ("*", 18),
    ],
)
def test_selects_by_module(module: str, count: int) -> None:
    """Tests names, those that hold others, and patterns."""
    assert len(record().select(module=module).nodes) == count


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("addmm", 4 * ["AddmmBackward0"]),
        ("AddmmBackward0", 4 * ["AddmmBackward0"]),
        ("add*", ["AddmmBackward0"] * 2 + ["AddBackward0", "AddmmBackward0"] * 2),
        ("native_layer_norm", 2 * ["NativeLayerNormBackward0"]),
        ("Addmm", []),
    ],
)
def test_selects_by_operation(operation: str, expected: list[str]) -> None:
    """Tests the name of the operation, that of the node, and patterns."""
    assert operations(record().select(operation=operation)) == expected


def test_selects_by_both() -> None:
    """Tests that both have to match, and that steps stay."""
    whole = record()

    chosen = whole.select(operation="addmm", module="encoder.0")

    (node,) = chosen.nodes
    assert node is whole.nodes[node.step]
    assert (node.operation, node.module) == ("AddmmBackward0", "encoder.0.linear")
    assert [end.name for end in chosen.inputs] == ["encoder.0.linear.bias"]
    assert chosen.outputs == ()
    assert chosen.trace is whole
    names = [end.name for end in whole.inputs]
    assert chosen.gradients == (whole.gradients[names.index("encoder.0.linear.bias")],)


def test_prints_the_rows_alone() -> None:
    """Tests head, steps, module and the ends that touch the nodes."""
    chosen = record().select(module="head")

    head, _, *rows = str(chosen).splitlines()

    assert head == "Backward pass of 4 of 18 nodes"
    assert repr(chosen) == "<Selection of 4 of 18 nodes>"
    starts = [row.split()[:2] for row in rows]
    assert sorted(name for _, name in starts) == [
        *("AddmmBackward0", "AddmmBackward0", "TBackward0", "TBackward0"),
        *("gradient", "gradient"),
    ]
    assert all("in head" in row for row in rows[:4])
    page = chosen._repr_html_()
    assert "Backward pass of 4 of 18 nodes" in page
    assert chosen.figure().svg in page


def test_prints_outputs_where_they_enter() -> None:
    """Tests that what isn't touched is left out."""
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    whole = trace([y, y.sin()], x, [torch.ones(2), torch.ones(2)])

    assert [end.name for end in whole.select(operation="exp").outputs] == ["y0"]
    assert [end.name for end in whole.select(operation="sin").outputs] == ["y1"]
    assert whole.select(operation="sin").inputs == ()


def test_draws_the_nodes_with_the_others_folded() -> None:
    """Tests the runs of hidden nodes before, between and after."""
    x = torch.ones(2, requires_grad=True)
    y: Tensor = x
    for number in range(60):
        y = y.cos() if number in {10, 11, 40} else y.sin()

    figure = trace(y, x, torch.ones(2)).select(operation="cos").figure()

    assert figure.alt.partition(". ")[0] == (
        "Forward: 10 more nodes, t49 (2,) by cos of 10 more nodes, t48 (2,) by cos of "
        "t49, 28 more nodes from t48, t19 (2,) by cos of 28 more nodes, 19 more nodes "
        "from t19"
    )
    assert "19 more nodes receives v" in figure.alt


def test_draws_the_first_and_last_of_many_nodes() -> None:
    """Tests a selection that is folded itself."""
    x = torch.ones(2, requires_grad=True)
    y: Tensor = x
    for _ in range(60):
        y = y.cos().sin()

    figure = trace(y, x, torch.ones(2)).select(operation="cos").figure()

    assert figure.alt.count(" by cos of 1 more node,") == 24 - 2
    assert "73 more nodes from" in figure.alt


def test_nothing_selected() -> None:
    """Tests that no match is an empty table, and one box."""
    x = torch.ones(2, requires_grad=True)

    chosen = trace((x * 2).sum(), x).select(operation="conv*")

    assert chosen.nodes == ()
    assert str(chosen).splitlines()[0] == "Backward pass of 0 of 2 nodes"
    assert chosen.figure().alt == (
        "Forward: 2 more nodes. Backward: 2 more nodes receives v."
    )


def test_refuses_what_is_no_pattern() -> None:
    """Tests that the message names argument and fix."""
    x = torch.ones(2, requires_grad=True)
    whole = trace(x.sum(), x)

    with pytest.raises(TypeError, match="select takes operation, module or both"):
        whole.select()
    with pytest.raises(TypeError, match="operation must be a str, got type"):
        whole.select(operation=nn.Linear)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="module must be a str, got int"):
        whole.select(module=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"ModuleNames\(model\) as names"):
        whole.select(module="encoder")


def test_module_names_leave_nothing_on_the_model() -> None:
    """Tests hooks, also after an error, and results."""
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh())

    with pytest.raises(RuntimeError), ModuleNames(model) as names:
        model(torch.ones(2, 4))
    hooks = [
        value
        for module in model.modules()
        for name, value in vars(module).items()
        if "hooks" in name
    ]
    assert not any(hooks)
    with names:
        y = model(torch.ones(2, 3)).sum()

    record = trace(y, dict(model.named_parameters()), modules=names)
    assert [node.module for node in record.nodes] == ["", "1", "0", "0"]


def test_nodes_from_outside_have_no_module() -> None:
    """Tests what ran before and after, and another model."""
    model, other = nn.Tanh(), nn.Sigmoid()
    x = torch.ones(2, requires_grad=True)
    before = model(x).exp()
    with ModuleNames(model) as names:
        inside = other(model(before))
    after = model(inside).sum()

    record = trace(after, x, modules=names)

    # A model's own path is empty, so that of its parts is told from what isn't in it.
    assert {node.module for node in record.nodes} == {""}
    with ModuleNames(nn.Sequential(model)) as names:
        inside = other(model(before))
    record = trace(model(inside).sum(), x, modules=names)
    assert [node.module for node in record.nodes] == ["", "", "", "0", "", ""]


def test_a_comparison_draws_around_the_difference() -> None:
    """Tests that compare works for models with names."""
    torch.default_generator.manual_seed(0)
    one, two = record(), record()

    found = compare(one, two)

    assert not found.equal
    assert found.step is not None
    assert "more node" in found.figure().alt
