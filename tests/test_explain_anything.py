"""Tests that explain never fails where torch succeeds, and leaves no trace."""

import gc
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (its usual name)
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.autograd.graph import get_gradient_edge, saved_tensors_hooks
from torch.overrides import TorchFunctionMode
from torch.testing import assert_close

from tests.clocks import set_clock
from vjp_guide import Explanation, coupling, explain, jacobian, trace
from vjp_guide._explain import diagnosis

Call = tuple[Any, Any, Any]
ONES = torch.ones(3)


@pytest.fixture(autouse=True)
def _frozen() -> Iterator[None]:
    """Keep the many objects of a test run out of the search for tensors."""
    gc.freeze()
    yield
    gc.unfreeze()


def leaf(**options: Any) -> Tensor:
    """Return 1, 2, 3 that requires grad."""
    return torch.tensor([1.0, 2.0, 3.0], requires_grad=True, **options)


class Image(Tensor):
    """A subclass that adds nothing."""


class Closed(Tensor):
    """A subclass that hides its shape and its dtype."""

    shape = property(lambda _: 1 / 0)
    dtype = property(lambda _: 1 / 0)


class Fussy(torch.autograd.Function):
    """Twice the input, with a backward that raises for a v with a zero."""

    error: Exception = KeyError("a zero")

    @staticmethod
    def forward(_ctx: object, x: Tensor) -> Tensor:
        """Return twice the input."""
        return 2 * x

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return twice v."""
        if not vs[0].all():
            raise Fussy.error
        return 2 * vs[0]


class Mute(Exception):  # noqa: N818 (readers name theirs as they like)
    """An error that can't say what it is."""

    def __str__(self) -> str:
        raise ValueError

    __repr__ = __str__


class Noisy(torch.autograd.Function):
    """The identity, with random numbers of NumPy and Python in its backward."""

    forward = staticmethod(lambda _, x: x.clone())

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return v times random numbers."""
        return vs[0] * float(np.random.rand()) * random.random()  # noqa: NPY002, S311


def retained(x: Tensor) -> Call:
    """Return a call whose graph has a tensor that keeps its gradient."""
    h = 2 * x
    h.retain_grad()
    return h.exp(), x, ONES


def fussy(x: Tensor, error: Exception | None = None) -> Call:
    """Return a call whose further passes raise."""
    Fussy.error = error or KeyError("a zero")
    function: Any = Fussy.apply
    return function(x), x, ONES


def hooked(x: Tensor, hook: Callable[[Any], Any]) -> Call:
    """Return a call whose graph has a hook in its middle."""
    middle: Any = x * 2
    middle.register_hook(hook)
    return middle.exp(), x, ONES


def packed(x: Tensor) -> Call:
    """Return a call with hooks on its saved tensors."""
    with saved_tensors_hooks(lambda t: t.numpy(force=True), torch.from_numpy):
        return x.exp(), x, ONES


def nested(layout: torch.layout) -> Call:
    """Return a call whose input is nested."""
    parts = [torch.ones(2), torch.ones(3)]
    x = torch.nested.nested_tensor(parts, layout=layout, requires_grad=True)
    return (x * 2).to_padded_tensor(0.0).sum(), x, None


def embedding() -> Call:
    """Return a call with a sparse gradient."""
    table = nn.Embedding(5, 3, sparse=True)
    return table(torch.tensor([1, 2])).sum(), table.weight, None


def sparse_product(convert: Callable[[Tensor], Tensor]) -> Call:
    """Return the product of a sparse matrix that requires grad."""
    a = convert(torch.eye(3)).requires_grad_()
    return torch.sparse.mm(a, torch.ones(3, 2)).sum(), a, None


def masked() -> Call:
    """Return a call whose input is masked."""
    data, mask = torch.tensor([1.0, 2.0]), torch.tensor([True, False])
    x = torch.masked.masked_tensor(data, mask, requires_grad=True)
    return (x * x).sum(), x, None


def fake() -> Call:
    """Return a call of tensors without numbers."""
    with FakeTensorMode():
        x = leaf()
        return x * 2, x, torch.ones(3)


def many() -> Call:
    """Return a call with 64 outputs and 64 inputs."""
    xs = [leaf() for _ in range(64)]
    return [x * 2 for x in xs], xs, [ONES] * 64


def checkpointed(x: Tensor) -> Call:
    """Return a call that computes its forward pass again."""
    y = torch.utils.checkpoint.checkpoint(torch.exp, x, use_reentrant=False)
    return y, x, ONES


def module_hook() -> Call:
    """Return a call through a module with a backward hook."""
    layer = nn.Linear(3, 3)
    layer.register_full_backward_hook(lambda *_: None)
    x = leaf()
    return layer(x), x, ONES


COLLECTION: dict[str, Callable[[], Call]] = {
    "strided": lambda: (lambda x: (x[::2] * 2, x, torch.ones(2)))(leaf()),
    "expanded v": lambda: (lambda x: (x * 2, x, torch.ones(()).expand(3)))(leaf()),
    "COO v": lambda: (lambda x: (x * 2, x, ONES.to_sparse()))(leaf()),
    "COO input": lambda: sparse_product(Tensor.to_sparse),
    "CSR input": lambda: sparse_product(Tensor.to_sparse_csr),
    "COO output": lambda: (lambda x: (x.to_sparse(), x, ONES.to_sparse()))(leaf()),
    "sparse gradient": embedding,
    "jagged": lambda: nested(torch.jagged),
    "nested": lambda: nested(torch.strided),
    "masked": masked,
    "fake": fake,
    "meta": lambda: (lambda x: (x * 2, x, torch.ones(3, device="meta")))(
        torch.ones(3, device="meta", requires_grad=True)
    ),
    "subclass": lambda: (lambda x: (x * 2, x, x.sin()))(
        torch.ones(3).as_subclass(Image).requires_grad_()
    ),
    "closed subclass": lambda: (lambda x: (x * 2, x, ONES))(
        torch.ones(3).as_subclass(Closed).requires_grad_()
    ),
    "parameter": lambda: (lambda x: (x * 2, x, ONES))(nn.Parameter(torch.ones(3))),
    "zero tensor": lambda: (lambda x: (torch.sgn(x), x, ONES))(leaf()),
    "conjugate v": lambda: (lambda x: (1j * x, x, (1j * ONES).conj()))(leaf()),
    "negative v": lambda: (lambda x: (x, x, (1j * ONES).conj().imag))(leaf()),
    "nan": lambda: (lambda x: ((x - 1).sqrt(), x, torch.tensor([0.0, 1, 1])))(leaf()),
    "infinite v": lambda: (lambda x: (x * 2, x, ONES * torch.inf))(leaf()),
    "bfloat16": lambda: (lambda x: (x.exp(), x, ONES.bfloat16()))(
        leaf(dtype=torch.bfloat16)
    ),
    "float16": lambda: (lambda x: (x.exp(), x, ONES.half()))(leaf(dtype=torch.half)),
    "empty": lambda: (lambda x: (x[:0], x, ONES[:0]))(leaf()),
    "scalar": lambda: (lambda x: (x.sum(), x, None))(leaf()),
    "no outputs": lambda: ((), leaf(), None),
    "edge": lambda: (lambda x: (get_gradient_edge(x * 2), get_gradient_edge(x), ONES))(
        leaf()
    ),
    "many": many,
    "KeyError": lambda: fussy(leaf()),
    "StopIteration": lambda: fussy(leaf(), StopIteration()),
    "AssertionError": lambda: fussy(leaf(), AssertionError()),
    "mute": lambda: fussy(leaf(), Mute()),
    "UserWarning": lambda: fussy(leaf(), UserWarning("mine")),
    "noise": lambda: (lambda x: (Noisy.apply(x), x, ONES))(leaf()),  # type: ignore[no-untyped-call]
    "clip": lambda: hooked(leaf(), lambda v: v.clamp(max=0.5)),
    "append": lambda: hooked(leaf(), [].append),
    "hook on x": lambda: (
        (*(lambda x: (x.register_hook(lambda v: 2 * v), x * 2, x)[1:])(leaf()), ONES)
    ),
    "module hook": module_hook,
    "saved tensors": lambda: packed(leaf()),
    "checkpoint": lambda: checkpointed(leaf()),
    "retained": lambda: retained(leaf()),
}
MODES: dict[str, Callable[[], Any]] = {
    "plain": torch.enable_grad,
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "meta by default": lambda: torch.device("meta"),
    "anomaly": torch.autograd.detect_anomaly,
    "warnings are errors": torch.enable_grad,
}
OPTIONS: dict[str, Any] = {"allow_unused": True}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", COLLECTION)
def test_succeeds_where_torch_does(kind: str, mode: str) -> None:
    """Tests gradients, the text and the HTML, or the very error of torch."""
    call = COLLECTION[kind]()
    with MODES[mode]():
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 (a backward uses it)
        wanted: Any = outcome(lambda: torch_grad(*call))
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 (a backward uses it)
        found: Any = outcome(lambda: explain(*call, **OPTIONS))
        assert_like_torch(found, wanted)


def torch_grad(ys: Any, xs: Any, v: Any) -> Any:
    """Call torch and keep the graph."""
    return torch.autograd.grad(ys, xs, v, retain_graph=True, allow_unused=True)


def outcome(function: Callable[[], object]) -> object:
    """Return what a function returns, or what it raises."""
    try:
        return function()
    except Exception as error:  # noqa: BLE001 (it is compared)
        return error


def numbers(gradient: Tensor | None) -> tuple[object, ...]:
    """Return the type and the layout of a gradient, and its entries as text."""
    if gradient is None:
        return ()
    with torch._C.DisableTorchFunction():
        return type(gradient), gradient.layout, str(gradient)


def assert_like_torch(found: object, wanted: Any) -> None:
    """Check that explain computed, or tells the error of torch."""
    if not isinstance(wanted, Exception):
        assert isinstance(found, Explanation), found
        gradients: Any = found.gradients
        assert list(map(numbers, gradients)) == list(map(numbers, wanted))
        assert "can't be described" not in str(found)
        assert found._repr_html_()
    elif isinstance(found, Explanation):
        assert found.diagnosis
        assert found.diagnosis.message == str(wanted)
    else:
        assert (type(found), str(found)) == (type(wanted), str(wanted))


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("transform", ["vmap", "grad", "jvp", "jacrev"])
def test_runs_inside_transforms(transform: str) -> None:
    """Tests a v, and a whole computation, inside a transform of torch.func."""
    x = leaf()
    y = x * 2

    def pull(v: Tensor) -> Tensor:
        explanation = explain(y, x, v)
        assert str(explanation)
        assert isinstance(explanation.gradients, tuple)
        assert explanation.gradients[0] is not None
        return explanation.gradients[0]

    outer: dict[str, Callable[[], Tensor]] = {
        "vmap": lambda: torch.vmap(pull)(torch.eye(3))[0],
        "grad": lambda: torch.func.grad(lambda v: pull(v).sum() + 0 * v.sum())(ONES),
        "jvp": lambda: torch.func.jvp(lambda v: pull(v) + 0 * v, (ONES,), (ONES,))[0],
        "jacrev": lambda: torch.func.jacrev(lambda v: pull(v) + 0 * v)(ONES)[0],
    }

    zero, row = torch.zeros(3), torch.tensor([2.0, 0.0, 0.0])
    expected = {"vmap": row, "grad": zero, "jvp": 2 * ONES, "jacrev": zero}

    assert_close(outer[transform](), expected[transform])


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("transform", [torch.func.grad, torch.func.jacrev, torch.vmap])
@pytest.mark.parametrize("randomness", ["same", "different"])
def test_other_tools_run_inside_transforms(
    transform: Callable[..., Any], randomness: str
) -> None:
    """Tests a graph from outside, in which all tensors are constants."""
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y, v = x * x, torch.ones(3)

    def inside(a: Tensor) -> Tensor:
        found = trace(y, x, v)
        (gradient,) = found.gradients
        assert gradient is not None
        assert len(found.nodes) == 1
        assert "sum of 2 (from 0, 0)" in str(found)
        assert coupling(y, x).independent
        return (a * gradient).sum() + jacobian(y, x).sum()

    options = {"randomness": randomness} if transform is torch.vmap else {}
    points = torch.ones(2, 3) if transform is torch.vmap else torch.ones(3)
    expected = torch.tensor([24.0, 24.0]) if options else torch.tensor([2.0, 4.0, 6.0])
    assert_close(transform(inside, **options)(points), expected)


def test_coupling_says_that_vmap_leaves_it_nothing_to_decide() -> None:
    """Tests tensors of a batched gradient; those of a plain one are measured."""

    def inside(a: Tensor) -> Tensor:
        assert coupling(a.exp(), a).independent
        return a.sum()

    assert_close(torch.func.grad(inside)(torch.ones(3)), torch.ones(3))
    with pytest.raises(ValueError, match=r"outputs is computed inside of torch\.vmap"):
        torch.vmap(torch.func.grad(inside))(torch.ones(2, 3))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", COLLECTION)
def test_leaves_no_trace(kind: str) -> None:
    """Tests random states, grad mode, versions, and gradients that tensors hold."""
    ys, xs, v = COLLECTION[kind]()
    before = state(xs)

    outcome(lambda: explain(ys, xs, v, allow_unused=True))

    assert state(xs) == before


def state(xs: object) -> tuple[object, ...]:
    """Return what a pass might change."""
    found = [each for each in gc.get_objects() if type(each) is Tensor]
    held = [id(each.grad) for each in found if each.retains_grad]
    return (
        torch.get_rng_state().tolist(),
        str(np.random.get_state()),  # noqa: NPY002 (readers may use it)
        random.getstate(),
        torch.is_grad_enabled(),
        held,
        xs._version if type(xs) is Tensor and not xs.is_inference() else None,
    )


def test_a_retained_gradient_is_as_before() -> None:
    """Tests None, an earlier gradient, another graph, and that backward then works."""
    x = torch.ones(3, requires_grad=True)
    h, far = 2 * x, 3 * x
    for each in (h, far):
        each.retain_grad()
    loss = (h**2).sum()

    explain(loss, x)
    untouched = h.grad
    loss.backward(retain_graph=True)
    earlier: Any = h.grad
    explain(loss, x)

    assert untouched is None
    assert far.grad is None
    assert h.grad is earlier
    assert str(earlier) == "tensor([4., 4., 4.])"


def test_a_stored_argument_is_no_dead_tensor() -> None:
    """Tests that a hook that keeps its argument can use it afterwards."""
    kept: list[Tensor] = []
    ys, x, v = hooked(leaf(), kept.append)

    explanation = explain(ys, x, v)

    assert len(kept) == 1 + explanation.passes
    assert all(torch.isfinite(each + 1).all() for each in kept)


def test_notices_a_hook_that_removes_itself() -> None:
    """Tests that there is no verdict and no example against the result."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y: Any = x * 3
    handle: Any
    handle = y.register_hook(lambda v: (handle.remove(), 10 * v)[1])

    explanation = explain(y, x, torch.ones(2))

    assert "dL/dx = [30., 30.]" in " ".join(str(explanation).split())
    assert explanation.check
    assert "changes from pass to pass" in explanation.check.skipped
    assert "Example" not in str(explanation)
    assert "linear" not in str(explanation)


CANCELLING: dict[str, Callable[[Tensor], Tensor]] = {
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True).sum(),
    "layer_norm": lambda x: F.layer_norm(x, x.shape[1:]).sum(1),
    "group_norm": lambda x: F.group_norm(x, 1).sum(1),
    "instance_norm": lambda x: F.instance_norm(x[None]).sum(2),
    "softmax": lambda x: x.softmax(1).sum(1),
    "softmax over all": lambda x: x.flatten().softmax(0).sum(),
    "softmin": lambda x: F.softmin(x, 1).sum(1),
    "log_softmax": lambda x: x.log_softmax(1).logsumexp(1),
    "normalize": lambda x: F.normalize(x, dim=1).square().sum(1),
    "mean": lambda x: (x - x.mean(1, keepdim=True)).sum(1),
    "trigonometry": lambda x: (x.sin() ** 2 + x.cos() ** 2).sum(1),
    "hyperbolic": lambda x: (x.cosh() ** 2 - x.sinh() ** 2).sum(1),
    "itself": lambda x: ((x.exp() - x.exp()) ** 2).sum(),
    "quotient": lambda x: (x / x).sum(1),
    "log of exp": lambda x: (x.exp().log() - x).sum(1),
    "kl": lambda x: F.kl_div(x.log_softmax(1), x.softmax(1), reduction="sum"),
    "sigmoid": lambda x: (x.sigmoid() + (-x).sigmoid()).sum(1),
    "fft": lambda x: (torch.fft.ifft(torch.fft.fft(x)).real - x).sum(1),
    "inverse": lambda x: (
        torch.linalg.inv(x.T @ x + torch.eye(5)) @ (x.T @ x + torch.eye(5))
    ).sum(1),
    "times three": lambda x: torch.stack(
        [k * F.batch_norm(x, None, None, training=True).sum() for k in (1, 3, 1 / 7)]
    ),
    "large": lambda x: (1e4 * x + 1 - 1e4 * x).sum(1),
    "cosine": lambda x: F.cosine_similarity(x, 2 * x),
    # Here it cancels within a node.
    "pairs": lambda x: F.group_norm(x[:, :4, None].expand(3, 4, 2), 2).sum((1, 2)),
    "determinant": lambda x: torch.linalg.det(torch.linalg.qr(x[:, :3])[0]),
    "two": lambda x: F.batch_norm(x[:2], None, None, training=True),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", CANCELLING)
def test_accuses_nobody_where_terms_cancel(kind: str, dtype: torch.dtype) -> None:
    """Tests that rounding is taken for rounding, for three random points."""
    torch.set_default_dtype(dtype)
    try:
        for seed in range(3):
            torch.default_generator.manual_seed(seed)
            x = torch.randn(3, 5, requires_grad=True)
            y = CANCELLING[kind](x)
            explanation = explain(y, x, torch.rand_like(y), max_seconds=60)
            assert explanation.check
            assert explanation.check.agrees, explanation.check
            assert "hook or a custom" not in str(explanation)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("v", [[1.0, 1.0], [1.0, -1.0], [1e-30, 1.0]])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_accuses_nobody_where_numbers_overflow(
    v: list[float], dtype: torch.dtype
) -> None:
    """Tests that the largest v has no verdict, whatever NumPy and warnings are set to.

    Forty times the largest number is infinite in each dtype.
    """
    x = torch.tensor([2.0, 2.0], dtype=dtype, requires_grad=True)
    y = 10 * (x**2).sum().expand(2)
    largest = torch.tensor(v, dtype=dtype) * torch.finfo(dtype).max

    with np.errstate(all="raise"), warnings.catch_warnings(action="error"):
        explanation = explain(y, x, largest)
        text = str(explanation)

    name = str(dtype).removeprefix("torch.")
    assert explanation.check is not None
    assert explanation.check.skipped == f"the sum of |v||J| is larger than {name} holds"
    assert "a hook" not in text


def test_tells_a_backward_that_is_nan_for_this_v_alone() -> None:
    """Tests that a result of NaN isn't taken for rounding."""
    x = leaf()
    y = x * 2
    y.register_hook(lambda v: v / (v - 2))

    check = explain(y, x, 2 * ONES).check

    assert check is not None
    assert check.difference is not None
    assert not check.agrees


@pytest.mark.parametrize("v", [5e-324, 1e-300])
def test_settings_of_numpy_do_not_matter(v: float) -> None:
    """Tests numbers whose products are too small."""
    x = torch.full((2, 3), 1e-300, dtype=torch.float64, requires_grad=True)
    y = (x**2).cumsum(0)

    with np.errstate(all="raise"):
        explanation = explain(y, x, torch.full_like(y, v))
        texts = str(explanation), explanation._repr_html_()

    assert explanation.check is not None
    assert explanation.check.agrees
    assert all("dL/dx" in text for text in texts)


def test_tells_a_small_fault_in_a_row_of_small_numbers() -> None:
    """Tests that a large entry doesn't hide the fault of a small one."""
    x = leaf()
    middle: Any = x * torch.tensor([1e12, 1.0, 1.0])
    middle.register_hook(lambda v: v.clamp(max=1.5))

    check = explain(middle, x, torch.tensor([1.0, 1.0, 2.0])).check

    assert check
    assert not check.agrees
    assert check.difference == 0.5


class Slow(torch.autograd.Function):
    """A vector of a number, with a slow backward."""

    forward = staticmethod(lambda _, k: k * torch.arange(200.0))

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return the product, after a while of work."""
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
        return vs[0] @ torch.arange(200.0)


@pytest.mark.parametrize("limit", [None, 0.2, 0])
def test_spends_as_much_again_and_one_second(
    limit: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests the passes, and that what is left out is named with its reason."""
    set_clock(monkeypatch, time.thread_time)  # whatever else the machine does
    monkeypatch.delenv("VJP_GUIDE_MAX_SECONDS")
    k = torch.tensor(1.0, requires_grad=True)
    slow: Any = Slow.apply
    y = slow(k)

    explanation = explain(y, k, torch.ones(200), max_seconds=limit)

    allowed = 1.2 if limit is None else limit
    assert explanation.seconds <= allowed
    assert explanation.check
    assert "max_seconds" in explanation.check.skipped


ZEROS: dict[str, Callable[[Tensor], Tensor]] = {
    "difference": lambda x: ((x.exp() - x.exp()) ** 2).sum(),
    "divergence": CANCELLING["kl"],
    "argmax": lambda x: F.one_hot(x.argmax(1), 5).float().sum() + 0 * x.sum(),
    "round": lambda x: x.round().sum(),
    "saturated": lambda x: (1000 * x.abs() + 1000).sigmoid().sum(),
    "dead": lambda x: (-x.abs()).relu().sum(),
    "softmax": lambda x: x.softmax(1).sum(),
    "batch_norm": CANCELLING["batch_norm"],
}


@pytest.mark.parametrize("kind", ZEROS)
@pytest.mark.parametrize("rows", [4, 400])
def test_sees_that_the_result_is_zero(kind: str, rows: int) -> None:
    """Tests small and larger sizes."""
    torch.default_generator.manual_seed(0)
    x = torch.randn(rows, 5, requires_grad=True)

    explanation = explain(ZEROS[kind](x), x, max_seconds=60)

    assert "zero-result" in [each.slug for each in explanation.suspicions]


SMALL: dict[str, tuple[Callable[[Tensor], Tensor], torch.dtype]] = {
    "loss": (lambda x: (x * x).float().sum() * 1e-8, torch.float16),
    "own dtype": (lambda x: (x * x * 1e-4 * 1e-4).sum(), torch.float16),
    "softmax": (lambda x: (x.softmax(1) * 1e-3).float().pow(2).sum() / 1e3, torch.half),
    "autocast": (lambda x: (x.half() * 2).float().sum() * 1e-9, torch.float32),
    "float32": (lambda x: x.sum() * 1e-24 * 1e-24, torch.float32),
}


@pytest.mark.parametrize("v", [1.0, 1e-3])
@pytest.mark.parametrize("kind", SMALL)
def test_tells_lost_numbers_from_zeros(kind: str, v: float) -> None:
    """Tests that a larger v is tried, and that other causes aren't named."""
    function, dtype = SMALL[kind]
    x = torch.linspace(-1, 1, 12, dtype=dtype).reshape(3, 4).requires_grad_()
    y = function(x)

    (found,) = explain(y, x, torch.full_like(y, v), max_seconds=60).suspicions

    assert "(float16 has none below 6e-8: scale the loss)" in found.reason
    assert "perhaps" not in found.reason


class Rounded(torch.autograd.Function):
    """The identity, with a backward without small numbers."""

    forward = staticmethod(lambda _, x: x.clone())

    @staticmethod
    def backward(_ctx: object, *vs: Tensor) -> Tensor:
        """Return a tenth, rounded to a whole number."""
        return (vs[0] / 10).round()


@pytest.mark.parametrize("kind", ["hook", "backward"])
def test_a_dtype_is_not_alone_accused_of_lost_numbers(kind: str) -> None:
    """Tests float32 numbers that a hook drops, or a custom backward rounds."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    rounded: Any = Rounded.apply
    y = x * 1 if kind == "hook" else rounded(x)
    if kind == "hook":
        y.register_hook(lambda g: g * (g.abs() > 2))

    (found,) = explain(y.sum(), x, max_seconds=60).suspicions

    assert "or by a hook or a custom backward that rounds or drops" in found.reason


@pytest.mark.parametrize("kind", ["cut", "argmax"])
def test_names_no_lost_numbers_where_a_larger_v_gives_zeros(kind: str) -> None:
    """Tests float16, and that without further passes all causes are named."""
    x = torch.linspace(-1, 1, 6).half().requires_grad_()
    y = (x * 0).sum() if kind == "cut" else x.round().sum()

    (found,) = explain(y, x, max_seconds=60).suspicions
    (hedged,) = explain(y, x, max_entries=0).suspicions

    assert "float16" not in found.reason
    assert hedged.reason.endswith("float16 lost what is below 6e-8 (scale the loss).")


LIVE: dict[str, Callable[[Tensor], Tensor]] = {
    "likelihood": lambda x: F.nll_loss(x.log_softmax(1), torch.tensor([0, 1, 2, 3])),
    "trained": lambda x: F.cross_entropy(
        0 * x[:, :4] + 4 * torch.eye(4, dtype=x.dtype) + x[:, :4] / 9, torch.arange(4)
    ),
    "slope": lambda x: F.conv1d(x[:, None], x.new_tensor([[[1, -2, 1]]])).sum(),
    "small": lambda x: (0.001 * x).sum(),
    "deep": lambda x: x.tanh().sin().exp().log1p().sum() / 100,
}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("kind", [*LIVE, "softmax", "batch_norm"])
def test_takes_no_gradient_for_rounding(kind: str, dtype: torch.dtype) -> None:
    """Tests results of few digits that aren't zero, and some that are."""
    torch.manual_seed(0)
    x = torch.randn(4, 5).to(dtype).requires_grad_()
    y = LIVE[kind](x) if kind in LIVE else CANCELLING[kind](x).sum()

    explanation = explain(y, x, max_seconds=60)

    slugs = [each.slug for each in explanation.suspicions]
    assert ("zero-result" in slugs) == (kind not in LIVE)
    assert explanation.check
    assert explanation.check.agrees


def test_looks_at_floats_of_eight_bits() -> None:
    """Tests that nothing fails, although they can't be multiplied."""
    x = leaf()
    y = x.to(torch.float8_e5m2)

    assert not explain(y, x, ONES.to(torch.float8_e5m2), max_seconds=60).left_out


def test_a_dtype_without_zero_is_not_checked() -> None:
    """Tests that a row whose v can't have zeros accuses nobody."""
    x = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    explanation = explain((2 * x).to(torch.float8_e8m0fnu), x, torch.ones(3))

    assert explanation.check
    assert explanation.check.skipped == (
        "torch.float8_e8m0fnu has no 0, which the v of a row is made of"
    )
    assert "column sums" not in str(explanation)


COUPLED: dict[str, Callable[[Tensor], Tensor]] = {
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True).prod(1),
    "mean": lambda x: (x - x.mean(0)).prod(1),
    "softmax": lambda x: x.softmax(0),
    "neighbours": lambda x: x + x.roll(1, 0),
    "cumsum": lambda x: x.cumsum(0),
    "sort": lambda x: x.sort(0).values ** 2,
}


@pytest.mark.parametrize("kind", [*COUPLED, "independent"])
@pytest.mark.parametrize("rows", [2, 8, 64, 1000])
def test_sees_coupled_samples_at_any_size(kind: str, rows: int) -> None:
    """Tests that nobody is accused of a coupling that isn't there."""
    torch.default_generator.manual_seed(0)
    x = torch.randn(rows, 8, requires_grad=True)
    y = COUPLED[kind](x) if kind in COUPLED else x.softmax(1).prod(1)

    explanation = explain(y, x, torch.ones_like(y), max_seconds=60)

    slugs = [each.slug for each in explanation.suspicions]
    assert ("coupled-samples" in slugs) == (kind in COUPLED)


def test_names_what_was_not_looked_at() -> None:
    """Tests a call without further passes."""
    x = torch.randn(64, 8, requires_grad=True)
    y = F.batch_norm(x, None, None, training=True)

    explanation = explain(y, x, torch.ones_like(y), max_entries=0)

    slugs = [each.slug for each in explanation.left_out]
    assert slugs == ["zero-result", "sums-not-diagonal", "coupled-samples"]
    assert "Not looked at: zero-result" in str(explanation)
    assert explanation.passes == 0


def test_an_input_made_after_the_outputs() -> None:
    """Tests a slice that allow_unused hides."""
    x = leaf()

    explanation = explain(x.sum(), x[1:], allow_unused=True)

    assert [each.slug for each in explanation.suspicions] == ["made-after-forward"]


def test_a_result_with_nan() -> None:
    """Tests the branch that torch.where didn't take."""
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    y = torch.where(x > 0, x.sqrt(), 0.0)

    explanation = explain(y, x, torch.tensor([1.0, 2.0]))

    assert [each.slug for each in explanation.suspicions] == ["zero-times-inf"]
    assert "1 of 2 entries" in str(explanation)


@pytest.mark.parametrize("several", [True, False])
def test_says_it_briefly(*, several: bool) -> None:
    """Tests 64 outputs, and the parameters of a model."""
    x = torch.ones(64, 3, requires_grad=True)
    model = nn.Sequential(*(nn.Linear(3, 3) for _ in range(41)))
    ys = x.unbind()

    many_ys = explain(ys, x, [ONES] * 64)
    many_xs = explain(model(x).sum(), list(model.parameters()))

    assert len(str(many_ys if several else many_xs)) < 2600
    assert str(many_ys).startswith("torch.autograd.grad(y, x, grad_outputs=v)")


def calls_of_python(count: int) -> int:
    """Return how many functions run to explain so many outputs and inputs."""
    xs = [leaf() for _ in range(count)]
    ys = [x * 2 for x in xs]
    events: list[str] = []
    sys.setprofile(lambda _frame, event, _value: events.append(event))
    try:
        explain(ys, xs, [ONES] * count, max_entries=0)
    finally:
        sys.setprofile(None)
    return len(events)


def test_takes_time_in_proportion_to_outputs_and_inputs() -> None:
    """Tests that no work is done for each pair of an output and an input."""
    calls_of_python(1)

    small, large = map(calls_of_python, (25, 100))

    assert large < 5 * small


def test_prints_where_nothing_can_be_read_any_more() -> None:
    """Tests a mode in which no tensor gives its numbers."""
    x = leaf()
    explanation = explain((x**2).sum(), x)

    assert "Example: dL/dx[0] = 1*2 = 2" in str(explanation)
    with FakeTensorMode():
        text = str(explanation)

    assert "a tensor of shape (3,)" in text
    assert "Example" not in text


def clipped() -> Call:
    """Return a call whose hook isn't linear, with a sparse cotangent on its way."""
    table = nn.Embedding(4, 2, sparse=True)
    rows: Any = table(torch.tensor([1, 2]))
    rows.register_hook(lambda v: v.clamp(max=1.5))
    return rows, table.weight, torch.full((2, 2), 2.0)


def test_measures_rounding_beside_sparse_cotangents() -> None:
    """Tests that a hook that clips is told from rounding."""
    check = explain(*clipped(), max_seconds=60).check

    assert check
    assert check.difference == 0.5
    assert check.tolerance < 1e-3
    assert not check.unmeasured


def test_says_that_rounding_was_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests a limit of time that has no room for it."""
    monkeypatch.setattr("vjp_guide._explain.rounding._PASSES", 10**9)

    explanation = explain(*clipped(), max_seconds=60)

    text = " ".join(str(explanation).split())
    assert "wasn't looked at, since it takes 1000000000 further passes" in text
    assert "If it doesn't, perhaps a hook" in text


def test_notices_a_hook_that_changes_during_the_check() -> None:
    """Tests one that counts to three: the second call still agrees with the first."""
    count: list[int] = []

    def hook(v: Tensor) -> Tensor:
        count.append(1)
        return v * (1 if len(count) <= 3 else 2)

    explanation = explain(*hooked(leaf(), hook))

    assert explanation.check
    assert "the same call after the check" in explanation.check.skipped


def test_a_failure_of_the_diagnosis_masks_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tests that the text alone is then looked up."""
    own = diagnosis.recognise

    def broken(error: Exception, call: object) -> object:
        return 1 / 0 if call else own(error, None)

    monkeypatch.setattr("vjp_guide._explain.explain.recognise", broken)
    x = leaf()

    found = explain(x * 2, x).diagnosis

    assert found
    assert found.slug == "no-implicit-v"


def test_a_failure_of_the_description_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that the gradients are there all the same."""

    def broken(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("vjp_guide._explain.explanation.formulas", broken)
    x = leaf()

    explanation = explain(x.sum(), x)

    assert explanation.gradients is not None
    assert "the call can't be described: ZeroDivisionError()" in str(explanation)
    assert explanation._repr_html_()


@pytest.mark.parametrize("error", [SystemExit, SystemExit(3)])
def test_a_backward_that_ends_the_program_in_a_further_pass(error: Any) -> None:
    """Tests that it's said, since torch's own call came back."""
    explanation = explain(*fussy(leaf(), error))

    assert explanation.check
    assert "SystemExit" in explanation.check.skipped
    assert explanation.gradients


def test_an_interrupt_comes_through() -> None:
    """Tests that a reader can stop a further pass, and that nothing changed."""
    x = leaf()
    h = 2 * x
    h.retain_grad()
    y, _, v = fussy(h, KeyboardInterrupt)  # type: ignore[arg-type] # no Exception

    with pytest.raises(KeyboardInterrupt):
        explain(y, x, v)

    assert h.grad is None


def test_the_end_of_the_program_in_torchs_own_call_comes_through() -> None:
    """Tests that nothing is swallowed that torch would let through."""
    Fussy.error = SystemExit(3)  # type: ignore[assignment]
    function: Any = Fussy.apply
    x = leaf()

    with pytest.raises(SystemExit):
        explain(function(x), x, torch.zeros(3))


class Refusing(TorchFunctionMode):
    """A mode that lets torch's own call through, and nothing else."""

    def __torch_function__(
        self,
        func: Any,
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        """Refuse."""
        if func.__name__ == "grad":
            return func(*args, **(kwargs or {}))
        raise RuntimeError("refused")


@pytest.mark.parametrize("v", [ONES, ONES.double()])
def test_a_mode_that_refuses_every_function(v: Tensor) -> None:
    """Tests that all tools answer as without it, printed inside of it too."""
    x = leaf()
    y = x.exp()
    expected = str(explain(y, x, v)), str(trace(y, x, v)), jacobian(y, x)

    with Refusing():
        text, trace_text = str(explain(y, x, v)), str(trace(y, x, v))
        dense, coupled = jacobian(y, x), coupling(y, x)
        plain = trace(y, x, v, values=False)

    assert (text, trace_text) == expected[:2]
    assert_close(dense, expected[2])
    assert coupled.independent
    assert len(plain.nodes) == 1


def edits(factor: float) -> Callable[[Tensor], None]:
    """Return a hook that edits what it gets in place."""

    def hook(v: Tensor) -> None:
        v.mul_(factor)

    return hook


@pytest.mark.parametrize("size", [3, 1_000_001])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_an_edit_of_v_in_place(factor: float, size: int) -> None:
    """Tests that only one that changes values is told, and of a large v hedged."""
    x, v = torch.ones(size, requires_grad=True), torch.full((size,), 2.0)
    y = x * 2
    y.register_hook(edits(factor))

    text = " ".join(str(explain(y, x, v)).split())

    assert ("v isn't what it was" in text) == (factor != 1 or size > 3)
    assert ("v isn't what it was, it seems" in text) == (size > 3)
    assert v.tolist()[:3] == [2 * factor] * 3


@pytest.mark.parametrize("size", [3, 1_000_001])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_an_edit_of_v_in_inference_mode(factor: float, size: int) -> None:
    """Tests that it's told where values are known, since torch counts no edits."""
    x = torch.ones(size, requires_grad=True)
    y = x * 2
    y.register_hook(edits(factor))

    with torch.inference_mode():
        text = " ".join(str(explain(y, x, torch.full((size,), 2.0))).split())

    assert ("v isn't what it was" in text) == (factor != 1 and size == 3)


class Guarded(Tensor):
    """A subclass that refuses one operator."""

    refused = ""

    @classmethod
    def __torch_dispatch__(  # type: ignore[override] # the stub has no cls
        cls,
        func: Any,
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        """Run the operator on plain tensors."""
        if cls.refused in str(func):
            raise NotImplementedError
        with torch._C._DisableTorchDispatch():
            return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ("detach", "v must be an array of numbers"),
        ("allclose", "v isn't what it was: a hook"),
        ("none", "gives the same"),
    ],
)
def test_a_cotangent_that_refuses_a_look(
    monkeypatch: pytest.MonkeyPatch, refused: str, told: str
) -> None:
    """Tests a v whose copy can't be made, and one that can't be compared."""
    x = leaf()
    y = x * 2
    y.register_hook(torch.autograd.graph.increment_version)
    v: Any = Tensor._make_subclass(Guarded, torch.ones(3))
    monkeypatch.setattr(Guarded, "refused", refused)

    assert told in " ".join(str(explain(y, x, v)).split())
