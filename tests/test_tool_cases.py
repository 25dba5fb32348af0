"""Programs on which the tools once failed, to the letter, with the right values.

They are those that no collection of another module holds.
"""

import types
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from tests.processes import lines_of
from vjp_guide import Explanation, coupling, diagnose, explain, jacobian, trace


@pytest.mark.parametrize("max_entries", [0, 1024])
def test_values_of_a_jagged_tensor(max_entries: int) -> None:
    """Tests that a shape without numbers can be named."""
    j = torch.nested.nested_tensor(
        [torch.ones(2), torch.ones(3)], layout=torch.jagged, requires_grad=True
    )

    explanation = explain((j * 2).values().sum(), j, max_entries=max_entries)

    assert isinstance(explanation.gradients, tuple)
    (gradient,) = explanation.gradients
    assert gradient is not None
    assert_close(gradient.values(), torch.full((5,), 2.0))
    assert "(2, -1)" in str(explanation)


def test_nested_lists_of_cotangents() -> None:
    """Tests that torch's own error is told."""
    x = torch.ones(3, requires_grad=True)

    diagnosis = explain(x * 2, x, [[x, x]]).diagnosis  # type: ignore[list-item]

    assert diagnosis
    assert diagnosis.error_type == "TypeError"
    assert diagnosis.message == (
        "gradients can be either Tensors or None, but got list"
    )


@pytest.mark.parametrize(
    ("outputs", "cotangents"),
    [
        ("{'a': a, 'b': [b]}", "{'b': [b], 'a': a}"),
        ("(a, b)", "[[a, b]]"),
        ("{'a': a, 'b': b}", "[(a, b)]"),
        ("[[a, b]]", "[[a], [b]]"),
    ],
)
def test_cotangents_in_containers(outputs: str, cotangents: str) -> None:
    """Tests that those given are used, not replaced by ones."""
    x = torch.ones(3, requires_grad=True)
    y = eval(outputs, {"a": 2 * x, "b": 3 * x})  # noqa: S307 (the table holds containers)
    v = eval(cotangents, {"a": torch.ones(3), "b": torch.full((3,), 5.0)})  # noqa: S307 (likewise)

    diagnosis = explain(y, x, v).diagnosis

    assert diagnosis
    names = {"y": y[0] if len(y) == 1 else y, "v": v, "x": x, "torch": torch}
    names |= dict(zip(("y0", "y1", "v0", "v1"), [*y, *v], strict=False))
    (found,) = eval(diagnosis.code, names)  # noqa: S307 (that it computes is the claim)
    assert found.tolist() == [17, 17, 17]


@pytest.mark.filterwarnings("ignore:one backward pass ran:UserWarning")
def test_the_jacobian_of_a_sparse_product() -> None:
    """Tests against a dense matrix; torch gives the stored entries alone."""
    matrix, d = torch.eye(3), torch.arange(6.0).reshape(3, 2)
    s, dense = matrix.to_sparse().requires_grad_(), matrix.clone().requires_grad_()

    found = jacobian(torch.sparse.mm(s, d), s)

    assert_close(found, jacobian(dense @ d, dense) * matrix)


@pytest.mark.parametrize(
    "tool", [explain, trace, jacobian, coupling], ids=lambda tool: tool.__name__
)
def test_backward_works_after_each_tool(tool: Callable[..., object]) -> None:
    """Tests that a retained gradient is no dead tensor, and is what it was."""
    x = torch.ones(3, requires_grad=True)
    h = 2 * x
    h.retain_grad()
    y = h**2

    tool(y, x, *([torch.ones(3)] if tool in {explain, trace} else []))

    untouched: Tensor | None = h.grad
    y.sum().backward()
    assert untouched is None
    assert str(h.grad) == "tensor([4., 4., 4.])"


class Keeping(torch.autograd.Function):
    """Twice the input, with a backward that keeps what it gets."""

    kept: list[Tensor]

    @staticmethod
    def forward(_ctx: object, x: Tensor) -> Tensor:
        """Return twice the input."""
        return 2 * x

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return twice v."""
        Keeping.kept.append(vs[0])
        return 2 * vs[0]


class Editing(torch.autograd.Function):
    """Twice the input, with a backward that edits what it gets."""

    @staticmethod
    def forward(_ctx: object, x: Tensor) -> Tensor:
        """Return twice the input."""
        return 2 * x

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return twice v, which is v now."""
        return vs[0].mul_(2)


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize(
    "tool", [explain, trace, jacobian, coupling], ids=lambda tool: tool.__name__
)
def test_what_a_custom_backward_keeps_is_alive(
    tool: Callable[..., object], *, last: bool
) -> None:
    """Tests that it holds numbers, which what torch.vmap made doesn't."""
    apply: Any = Keeping.apply
    x = torch.ones(3, 2, requires_grad=True)
    y = apply(x) if last else apply(x).exp()
    Keeping.kept = []

    tool(y, x, *([torch.ones(3, 2)] if tool in {explain, trace} else []))

    assert Keeping.kept
    assert all(torch.isfinite(each).all() for each in Keeping.kept)


def test_a_backward_that_edits_what_it_gets_changes_v_no_further() -> None:
    """Tests that torch's own call alone edits v, and that this is said."""
    apply: Any = Editing.apply
    x, v = torch.ones(3, requires_grad=True), torch.ones(3)

    explanation = explain(apply(x), x, v)

    assert v.tolist() == [2, 2, 2]
    assert explanation.check
    assert "v isn't what it was" in explanation.check.skipped
    assert explanation.passes == 0


def test_a_backward_that_edits_what_it_gets_has_a_jacobian() -> None:
    """Tests that no row is that of an edited v."""
    apply: Any = Editing.apply
    x = torch.ones(3, 2, requires_grad=True)

    assert_close(jacobian(apply(x), x).reshape(6, 6), 2 * torch.eye(6))
    assert coupling(apply(x), x).independent


@pytest.mark.parametrize("outputs", [0.5, [torch.ones(()), torch.ones(())], []])
def test_diagnose_with_outputs_of_any_kind(outputs: object) -> None:
    """Tests a number that ``item()`` made, a list of losses, and none."""
    x = torch.ones(2, requires_grad=True)
    text = "element 0 of tensors does not require grad and does not have a grad_fn"

    diagnosis = diagnose(RuntimeError(text), outputs, x)

    assert diagnosis
    assert diagnosis.slug == "output-without-graph"
    assert str(diagnosis)


class Image(Tensor):
    """A subclass that adds nothing."""


def test_a_subclass_whose_v_depends_on_x() -> None:
    """Tests that the type doesn't hide the graph of v."""
    x = torch.tensor([1.0, 2.0]).as_subclass(Image).requires_grad_()

    slugs = [each.slug for each in explain(x * 2, x, x.sin()).suspicions]

    assert "v-depends-on-x" in slugs


@pytest.mark.parametrize("rows", [8, 64])
def test_a_batch_norm_in_training(rows: int) -> None:
    """Tests that its samples are said to be coupled, whatever their number."""
    x, layer = torch.randn(rows, 8, requires_grad=True), nn.BatchNorm1d(8)

    explanation = explain(layer(x), x, torch.ones(rows, 8))

    assert "coupled-samples" in [each.slug for each in explanation.suspicions]


@pytest.mark.parametrize(
    ("outputs", "inputs", "code"),
    [
        ("{'logits': x * 2}", "x", "torch.autograd.grad(y['logits'], x"),
        ("[x * 2, x.argmax()]", "x", "torch.autograd.grad(y0, x"),
        ("m(x).sum()", "m", "list(model.parameters())"),
        ("m(x).sum()", "m.named_parameters()", "dict(model.named_parameters())"),
        ("m(x).sum()", "m.children()", "list(model.parameters())"),
        ("m(x).sum()", "(m, m)", "list(x0.parameters()) + list(x1.parameters())"),
        ("m(x).sum() + x.sum()", "[x, m]", "[x0] + list(x1.parameters())"),
        ("types.SimpleNamespace(loss=x.sum())", "x", "torch.autograd.grad(y.loss, x)"),
    ],
)
def test_the_fix_names_what_was_meant(outputs: str, inputs: str, code: str) -> None:
    """Tests the part of the suggestion that was circular."""
    names: dict[str, Any] = {"x": torch.ones(3, requires_grad=True), "types": types}
    names["m"] = nn.Sequential(nn.Linear(3, 2))

    explanation = explain(eval(outputs, names), eval(inputs, names))  # noqa: S307

    assert isinstance(explanation, Explanation)
    assert explanation.diagnosis
    assert code in explanation.diagnosis.code


class Measuring(torch.autograd.Function):
    """Twice the input, with a backward that looks at a function of v."""

    tool: Callable[..., object]

    @staticmethod
    def forward(_ctx: object, x: Tensor) -> Tensor:
        """Return twice the input."""
        return 2 * x

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return twice v."""
        Measuring.tool(vs[0].sin(), vs[0])
        return 2 * vs[0]


@pytest.mark.parametrize("tool", [jacobian, coupling], ids=["jacobian", "coupling"])
def test_a_batch_of_v_isn_t_said_to_have_no_graph(tool: Callable[..., object]) -> None:
    """Tests what depends on v inside a backward that vmap batches."""
    apply: Any = Measuring.apply
    x, v = torch.ones(3, requires_grad=True), torch.eye(3, requires_grad=True)
    Measuring.tool = tool
    y = apply(x)

    torch.autograd.grad(y, x, v[0], retain_graph=True, create_graph=True)
    with pytest.raises(ValueError, match=r"puts holds a batch of v.*run the pass for"):
        torch.autograd.grad(y, x, v, is_grads_batched=True, create_graph=True)


DEEP = """
import torch
from vjp_guide import coupling, diagnose, explain, jacobian

def chain(x):
    for _ in range(200_000):
        x = x * 1.0000001
    return x

x, w = (torch.ones(2, requires_grad=True) for _ in range(2))
y = chain(x)
print(jacobian(y, x).shape, flush=True)
print(coupling(y, x).independent, flush=True)
print(explain(y, x, torch.ones(2)).gradients[0].shape, flush=True)
edit = "has been modified by an inplace operation: [torch.FloatTensor [2]], which"
print(diagnose(edit, y, x).slug, flush=True)
del y
v = chain(w)
print(explain(x * 2, x, v).gradients[0].requires_grad, flush=True)
del v
print("freed")
"""


def test_survives_any_depth() -> None:
    """Tests in a process of its own, which a full stack would end."""
    assert lines_of(DEEP) == [
        "torch.Size([2, 2])",
        "True",
        "torch.Size([2])",
        "in-place",
        "False",
        "freed",
    ]
