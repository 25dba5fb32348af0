"""Tests that :func:`vjp_guide.trace` takes every kind of tensor and setting."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

from vjp_guide import Trace, compare, trace
from vjp_guide._trace.records import Part
from vjp_guide._trace.snapshot import holds_values

Case = tuple[Tensor, Tensor]


class Image(torch.Tensor):
    """A subclass without anything of its own."""


class Closed(torch.Tensor):
    """A subclass that refuses what reads its numbers."""

    @classmethod
    def __torch_function__(
        cls,
        func: Any,  # noqa: ANN401 (torch's own types are no narrower)
        types: Any,  # noqa: ANN401 (likewise)
        args: Any = (),  # noqa: ANN401 (likewise)
        kwargs: Any = None,  # noqa: ANN401 (likewise)
    ) -> Any:  # noqa: ANN401 (likewise)
        if func.__name__ in {"detach", "numpy", "to", "cpu"}:
            raise LookupError(func.__name__)
        return super().__torch_function__(func, types, args, kwargs)  # type: ignore[no-untyped-call] # torch has no types here


class _Twice(torch.autograd.Function):
    @staticmethod
    def forward(_: Any, x: Tensor) -> Tensor:  # noqa: ANN401 (a context)
        return 2 * x

    @staticmethod
    def backward(_: Any, v: Tensor) -> Tensor:  # noqa: ANN401 (a context)
        return 2 * v


def leaf(**options: Any) -> Tensor:  # noqa: ANN401 (handed on)
    """Return a leaf."""
    return torch.tensor([1.0, 2.0], **options).requires_grad_()


def plain() -> Case:
    """Return a square."""
    x = leaf()
    return (x * x).sum(), x


def subclass() -> Case:
    """Return one of a subclass."""
    x = torch.tensor([1.0, 2.0]).as_subclass(Image).requires_grad_()
    return (x * x).sum(), x


def parameter() -> Case:
    """Return one of a parameter."""
    x = nn.Parameter(torch.tensor([1.0, 2.0]))
    return (x * x).sum(), x


def complex_numbers() -> Case:
    """Return the square of an absolute value."""
    x = leaf(dtype=torch.complex64)
    return x.abs().square().sum(), x


def conjugate() -> Case:
    """Return a conjugate view."""
    x = leaf(dtype=torch.complex64)
    return x.conj().real.sum(), x


def half() -> Case:
    """Return numbers of few digits."""
    x = leaf(dtype=torch.bfloat16)
    return (x * x).sum(), x


def zeros_without_storage() -> Case:
    """Return a ZeroTensor on the way."""
    x = leaf()
    return (torch.sgn(x) + x).sum(), x


def changed_in_place() -> Case:
    """Return a view that was written to."""
    x = leaf()
    y = x * 1
    y[0].mul_(3)
    return y.sum(), x


def not_a_leaf() -> Case:
    """Return an input in the middle."""
    x = leaf().exp()
    return (x * x).sum(), x


def one_of_several() -> Case:
    """Return one of the results of a node."""
    x = leaf().unbind()[1]
    return x * x, x


def custom() -> Case:
    """Return what a function of Python computes."""
    x = leaf()
    y: Tensor = _Twice.apply(x)  # type: ignore[no-untyped-call]
    return y.sum(), x


def recomputed() -> Case:
    """Return what a checkpoint computes again."""
    x = leaf()
    y: Tensor = checkpoint(torch.exp, x, use_reentrant=False)
    return y.sum(), x


def sparse_gradient() -> Case:
    """Return a lookup in a table."""
    table = torch.ones(3, 2, requires_grad=True)
    return nn.functional.embedding(
        torch.tensor([1, 1]), table, sparse=True
    ).sum(), table


def coo() -> Case:
    """Return a sparse input."""
    x = torch.eye(2).to_sparse().requires_grad_()
    return torch.sparse.mm(x, torch.ones(2, 2)).sum(), x


def csr() -> Case:
    """Return a compressed input."""
    x = torch.eye(2).to_sparse_csr().requires_grad_()
    return torch.sparse.mm(x, torch.ones(2, 2)).sum(), x


def jagged() -> Case:
    """Return rows of several lengths."""
    rows = [torch.ones(2), torch.ones(3)]
    x = torch.nested.nested_tensor(rows, layout=torch.jagged, requires_grad=True)
    return (x * 2).values().sum(), x


def nested() -> Case:
    """Return the older layout of these."""
    x = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], requires_grad=True)
    return torch.nested.to_padded_tensor(x * 2, 0.0).sum(), x


def fake() -> Case:
    """Return tensors without storage."""
    with FakeTensorMode():
        x = torch.ones(2, requires_grad=True)
        return (x * x).sum(), x


def meta() -> Case:
    """Return tensors of the meta device."""
    x = torch.ones(2, device="meta", requires_grad=True)
    return (x * x).sum(), x


def mkldnn() -> Case:
    """Return a tensor in the layout of oneDNN."""
    x = leaf()
    return x.to_mkldnn().relu().to_dense().sum(), x


def masked() -> Case:
    """Return a tensor of which some entries don't count."""
    x = torch.masked.masked_tensor(
        torch.tensor([1.0, 2.0]), torch.tensor([True, False]), requires_grad=True
    )
    return (x * x).sum(), x


def itself() -> Case:
    """Return an input that is the output."""
    x = torch.tensor(1.0, requires_grad=True)
    return x, x


KINDS: list[Callable[[], Case]] = [
    plain,
    subclass,
    parameter,
    complex_numbers,
    conjugate,
    half,
    zeros_without_storage,
    changed_in_place,
    not_a_leaf,
    one_of_several,
    custom,
    recomputed,
    sparse_gradient,
    coo,
    csr,
    jagged,
    nested,
    fake,
    meta,
    mkldnn,
    masked,
    itself,
]
SETTINGS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "none": nullcontext,
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "device": lambda: torch.device("meta"),
    "anomaly": torch.autograd.detect_anomaly,
    "autocast": lambda: torch.autocast("cpu"),
}


def check(record: Trace, x: Tensor) -> None:
    """Assert that everything can be shown, and no gradient lacks a source."""
    (end,) = record.inputs
    assert end.sources
    assert len(end.shape) == x.dim()
    assert record.gradients[0] is not None
    text, page = str(record), record._repr_html_()
    assert "CONTRADICTION" not in text + page
    assert "not used" not in text + page
    assert compare(record, record).equal
    if holds_values(record.gradients[0]):
        assert record.first_nonfinite is None


@pytest.mark.parametrize("options", [{}, {"max_elements": 0}, {"values": False}])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested:UserWarning")
@pytest.mark.filterwarnings("ignore:The PyTorch API of MaskedTensors:UserWarning")
@pytest.mark.filterwarnings("ignore:It is not recommended to create:UserWarning")
@pytest.mark.filterwarnings("ignore:Sparse invariant:UserWarning")
def test_every_kind_of_tensor(
    kind: Callable[[], Case], options: dict[str, Any]
) -> None:
    """Tests the record and all that shows it, with values, magnitudes or neither."""
    y, x = kind()
    expected = torch.autograd.grad(y, x, retain_graph=True)[0]

    record = trace(y, x, **options)

    assert record.nodes or y is x
    (gradient,) = record.gradients
    assert gradient is not None
    assert gradient.layout == expected.layout
    assert type(gradient) is type(expected)
    if options.get("values", True):
        check(record, x)
    else:
        assert "not used" not in str(record)


@pytest.mark.parametrize("options", [{}, {"max_elements": 0}])
def test_other_cotangents(options: dict[str, Any]) -> None:
    """Tests a v with a graph, one of integers, and gradients without entries."""
    x, empty = leaf(), torch.ones(0, requires_grad=True)
    y = x * x

    for v in (leaf(), torch.tensor([1, 2])):
        record = trace(y, [x, empty], v, materialize_grads=True, **options)
        first, last = record.inputs
        assert first.cotangent
        assert first.cotangent.size == 4 * 2
        assert last.cotangent
        assert last.cotangent.size == 0
        assert str(record).endswith("not used")
        assert record.first_nonfinite is None


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("kind", [plain, subclass, custom, sparse_gradient, not_a_leaf])
@pytest.mark.filterwarnings("ignore:Anomaly Detection:UserWarning")
def test_settings_do_not_matter(kind: Callable[[], Case], setting: str) -> None:
    """Tests modes that the reader set after the forward pass."""
    y, x = kind()
    expected = trace(y, x)

    with SETTINGS[setting]():
        record = trace(y, x)
        check(record, x)
        assert str(record) == str(expected)


class Strict(TorchDispatchMode):
    """A mode that knows the operators of the pass alone."""

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 (torch's own types are no narrower)
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 (torch's own types are no narrower)
        """Run an operator.

        Returns:
            What it returns.

        Raises:
            LookupError: If it's another one.
        """
        name = func.overloadpacket.__name__
        if name in {"clone", "linalg_vector_norm"}:
            raise LookupError(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("most", [0, 16])
def test_under_a_mode_that_refuses_other_operators(most: int) -> None:
    """Tests that the pass is recorded by its shapes."""
    x = torch.tensor([1.0, 2.0], dtype=torch.float16, requires_grad=True)
    y = (x * x).sum()

    with Strict():  # type: ignore[no-untyped-call] # torch has no types here
        record = trace(y, x, max_elements=most)

    assert record.gradients[0] is not None
    assert record.gradients[0].tolist() == [2, 4]
    assert len(record.nodes) == 2
    with pytest.raises(ValueError, match="weren't recorded"):
        _ = record.first_nonfinite


def test_small_values_need_no_operator() -> None:
    """Tests that the numbers of usual dtypes are there under such a mode too."""
    with Strict():  # type: ignore[no-untyped-call] # torch has no types here
        record = trace(*plain())

    assert record.first_nonfinite is None
    assert "[2, 4]" in str(record)


def test_a_subclass_that_refuses_to_be_read() -> None:
    """Tests that its numbers are there all the same."""
    x = torch.tensor([1.0, 2.0]).as_subclass(Closed).requires_grad_()

    record = trace(x * 3, x, torch.ones(2).as_subclass(Closed))

    assert "[3, 3]" in str(record)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_numbers_under_a_mode_without_any(dtype: torch.dtype) -> None:
    """Tests real tensors under a mode whose copies are fake."""
    x = torch.ones(2, dtype=dtype, requires_grad=True)
    y, v = (x * x).sum(), torch.ones((), dtype=dtype)

    with FakeTensorMode(allow_non_fake_inputs=True):
        record = trace(y, x, v)

        assert str(record).startswith("Backward pass of 2 nodes")


def test_under_a_transform() -> None:
    """Tests that batched cotangents are recorded by their shapes, and print later."""
    x = leaf()
    y = x * x
    records = []

    def gradient(v: Tensor) -> Tensor:
        record = trace(y, x, v)
        records.append(record)
        (found,) = record.gradients
        assert found is not None
        return found

    assert torch.vmap(gradient)(torch.eye(2)).tolist() == [[2, 0], [0, 4]]
    assert "MulBackward0" in str(records[0])
    with pytest.raises(ValueError, match="what enters at y weren't recorded"):
        _ = records[0].first_nonfinite


@pytest.mark.parametrize("options", [{}, {"values": False}])
def test_a_contradiction_is_reported_as_such(options: dict[str, Any]) -> None:
    """Tests a record that has lost its nodes, beside an input that isn't used."""
    x, unused = leaf(), leaf()
    record = trace((x * x).sum(), [x, unused], allow_unused=True, **options)
    nowhere = [replace(end, port=None) for end in record.outputs]
    lost = [replace(end, sources=()) for end in record.inputs]
    part = Part((), tuple(nowhere), tuple(lost), record.gradients)
    forged = Trace(record.gradients, lambda: part)

    assert "CONTRADICTION" not in str(record)
    *_, first, second = str(forged).splitlines()
    assert "0 nodes" in str(forged)
    assert "CONTRADICTION: not used, yet the gradient isn't zero" in first
    assert second.endswith("not used")
    assert "CONTRADICTION" in forged._repr_html_()


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested:UserWarning")
def test_nested_shapes_have_minus_one() -> None:
    """Tests both layouts."""
    for kind in (jagged, nested):
        y, x = kind()
        assert trace(y, x).inputs[0].shape == (2, -1)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested:UserWarning")
def test_nested_tensors_that_the_graph_saves_in_inference_mode() -> None:
    """Tests that their size is read, of which inference mode makes no view."""
    _, x = jagged()
    y = (x * 2).to_padded_tensor(0.0)

    with torch.inference_mode():
        record = trace(y, x, torch.ones(2, 3))

    assert (8 * 5 // 2) in {each.nbytes for node in record.nodes for each in node.saved}
