"""Tests of :func:`vjp_guide.jacobian`."""

import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, distributed
from torch._subclasses import FakeTensorMode
from torch.autograd.graph import get_gradient_edge
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Placement, Replicate, Shard
from torch.masked import masked_tensor
from torch.testing import assert_close

from vjp_guide import contract, coupling, explain, jacobian, trace

FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[[Tensor], Tensor]]] = {
    "outer": ((4,), lambda x: torch.outer(x, x)),
    "cumsum": ((3,), lambda x: x.cumsum(0)),
    "wide": ((2, 3), lambda x: (x @ x.new_tensor([[1.0], [2.0], [4.0]])).sin()),
    "tall": ((3,), lambda x: torch.stack([x, x**2, x.exp()])),
    "to scalar": ((2, 3), lambda x: x.prod()),
    "from scalar": ((), lambda x: x * torch.arange(3)),
    "scalar": ((), lambda x: x.exp()),
    "empty input": ((0,), lambda x: x.sum()),
    "empty output": ((3,), lambda x: x[:0] * 2),
    "identity": ((2,), lambda x: x),
}


@pytest.mark.parametrize(("shape", "function"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_agrees_with_finite_differences(
    shape: tuple[int, ...], function: Callable[[Tensor], Tensor]
) -> None:
    """Tests each column against a central difference, which uses no autograd."""
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    y = function(x)

    dense = jacobian(y, x)

    assert dense.shape == y.shape + x.shape
    assert not dense.requires_grad
    for column in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=torch.float64)
        step[column] = 1e-6
        step = step.reshape(shape)
        with torch.no_grad():
            slope = (function(x + step) - function(x - step)) / 2e-6
        assert_close(dense.flatten(y.ndim)[..., column] if shape else dense, slope)


@pytest.mark.parametrize(("shape", "function"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_contracts_to_what_autograd_returns(
    shape: tuple[int, ...], function: Callable[[Tensor], Tensor]
) -> None:
    """Tests that the contraction with a random v is torch's VJP."""
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    y = function(x)
    v = torch.randn_like(y)

    contracted = torch.from_numpy(contract(v, jacobian(y, x)))

    assert_close(contracted, torch.autograd.grad(y, x, v)[0])


def test_leaves_the_graph_and_grad_alone() -> None:
    """Tests that the graph can be used again and .grad stays empty."""
    x = torch.ones(2, requires_grad=True)
    y = x.exp()

    jacobian(y, x)
    torch.autograd.backward(y.sum())

    assert_close(x.grad, x.detach().exp())


def test_is_zero_for_an_input_that_was_not_used() -> None:
    """Tests that an unused input gives zeros, which is its derivative."""
    x = torch.ones(2, requires_grad=True)
    other = torch.ones(3, requires_grad=True)

    assert_close(jacobian(x * 2, other), torch.zeros(2, 3))


@pytest.mark.parametrize(
    ("outputs", "inputs", "error", "message"),
    [
        (torch.ones(1), [1.0], TypeError, r"inputs\[0\] must.*got float"),
        (torch.ones(1), torch.ones(1).int(), TypeError, "inputs.*torch.int32"),
        (torch.ones(1), torch.ones(1), ValueError, "inputs doesn't require grad"),
        (
            torch.ones(1),
            torch.ones(1, requires_grad=True),
            ValueError,
            "outputs has no graph",
        ),
        (
            torch.ones(1, requires_grad=True).argmax(),
            torch.ones(1, requires_grad=True),
            ValueError,
            "dtype torch.int64",
        ),
        (1.0, torch.ones(1, requires_grad=True), TypeError, "outputs must.*float"),
        (torch.ones(1), iter([]), TypeError, r"got list_iterator: write tuple\(inputs"),
    ],
)
def test_refuses_what_has_no_derivative(
    outputs: Tensor, inputs: Tensor, error: type[Exception], message: str
) -> None:
    """Tests that the message names the argument and the fix."""
    with pytest.raises(error, match=message):
        jacobian(outputs, inputs)


def complex_input() -> Tensor:
    """Return a complex vector that requires grad."""
    return torch.randn(3, dtype=torch.complex128, requires_grad=True)


def test_sequences_nest_by_output_and_then_by_input() -> None:
    """Tests the structure of torch's functional Jacobian, and its numbers."""
    a = torch.randn(2, dtype=torch.float64, requires_grad=True)
    b = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    unused = torch.ones((), dtype=torch.float64, requires_grad=True)

    def function(a: Tensor, b: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        return (b @ a).sin(), a.exp() + 0 * a.detach()

    y, z = function(a, b, unused)
    expected = torch.autograd.functional.jacobian(function, (a, b, unused))

    assert_close(jacobian([y, z], (a, b, unused)), expected)
    assert_close(jacobian(y, (a, b, unused)), expected[0])
    assert_close(jacobian([y, z], b), (expected[0][1], expected[1][1]))
    assert jacobian((), b) == ()


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - {"empty input"}))
@pytest.mark.parametrize("transform", [torch.func.jacrev, torch.func.jacfwd])
def test_agrees_with_the_function_transforms(
    transform: Callable[[Callable[[Tensor], Tensor]], Callable[[Tensor], Tensor]],
    name: str,
) -> None:
    """Tests against torch.func, of which jacfwd never runs a backward pass."""
    shape, function = FUNCTIONS[name]
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)

    assert_close(jacobian(function(x), x), transform(function)(x.detach()))


@pytest.mark.parametrize("max_bytes", [1, 100, 2**22])
def test_chunks_do_not_change_the_result(max_bytes: int) -> None:
    """Tests one row at a time, a last chunk that is shorter, and all at once."""
    x = torch.randn(3, requires_grad=True)

    dense = jacobian(torch.outer(x, x), x, max_bytes=max_bytes)

    assert_close(dense, jacobian(torch.outer(x, x), x))


def test_max_bytes_sets_the_number_of_backward_passes() -> None:
    """Tests that ten rows of 50 float32 outputs and 50 inputs fill 4000 bytes."""
    passes: list[Tensor] = []

    def counted(v: Tensor) -> Tensor:
        passes.append(v)
        return v

    x = torch.randn(50, requires_grad=True)

    jacobian(through(counted)(x).cumsum(0), x, max_bytes=4099)

    assert 5 <= len(passes) <= 6  # a row alone shows whether hooks run, if any exist


def test_takes_other_dtypes_of_outputs() -> None:
    """Tests that J has the dtype of the inputs."""
    x = torch.randn(2, requires_grad=True)

    assert_close(jacobian(x.double().exp(), x), x.detach().exp().diag())


def test_makes_sparse_gradients_dense() -> None:
    """Tests the row of an embedding that is looked up twice."""
    table = torch.nn.Embedding(3, 1, sparse=True)
    y = table(torch.tensor([2, 2, 0])).flatten()

    with pytest.warns(UserWarning, match=r"used for aten::view of sparse tensors$"):
        dense = jacobian(y, table.weight)

    assert_close(dense.flatten(1), torch.tensor([[0.0, 0, 1], [0, 0, 1], [1, 0, 0]]))


@pytest.mark.filterwarnings("ignore:one backward pass")
def test_sparse_gradients_behind_a_custom_backward() -> None:
    """Tests that gradients without memory of their own aren't taken for kept ones."""
    table = torch.nn.Embedding.from_pretrained(
        torch.ones(3, 1), freeze=False, sparse=True
    )
    y = through(torch.clone)(table(torch.tensor([2, 2, 0]))).flatten()

    dense = jacobian(y, table.weight)

    assert_close(dense.flatten(1), torch.tensor([[0.0, 0, 2], [0, 0, 2], [2, 0, 0]]))


def test_holomorphic_functions_give_the_conjugate_derivative() -> None:
    """Tests against the derivative by hand, and against torch's VJP."""
    x = complex_input()
    y = torch.stack([x[0] * x[1], x[2].exp()])
    v = torch.randn_like(y)

    dense = jacobian(y, x)

    zero = torch.zeros_like(x[0])
    by_hand = torch.stack([x[1], x[0], zero, zero, zero, x[2].exp()]).reshape(2, 3)
    assert_close(dense, by_hand.conj().resolve_conj().detach())
    assert_close(torch.from_numpy(contract(v, dense)), torch.autograd.grad(y, x, v)[0])


def test_real_outputs_of_complex_inputs_give_both_partial_derivatives() -> None:
    """Tests the real and imaginary parts by finite differences along each."""
    x = complex_input()

    def function(x: Tensor) -> Tensor:
        return torch.stack([x.abs().sum(), (x[0] * x[1].conj()).imag])

    dense = jacobian(function(x), x)

    for column in range(3):
        step = torch.zeros_like(x)
        step[column] = 1e-6
        with torch.no_grad():
            real = (function(x + step) - function(x - step)) / 2e-6
            imaginary = (function(x + 1j * step) - function(x - 1j * step)) / 2e-6
        assert_close(dense[:, column], torch.complex(real, imaginary))


def test_refuses_complex_outputs_that_one_matrix_cannot_describe() -> None:
    """Tests that the message leads to the real view, which works."""
    z, x = complex_input(), torch.randn(3, dtype=torch.float64, requires_grad=True)

    with pytest.raises(ValueError, match=r"come from real inputs.*view_as_real"):
        jacobian(torch.fft.fft(x), x)
    with pytest.raises(ValueError, match=r"aren't holomorphic in.*view_as_real"):
        jacobian(z.conj() * z, z)

    dense = jacobian(torch.view_as_real(torch.fft.fft(x)), x)
    matrix = torch.fft.fft(torch.eye(3, dtype=torch.float64))
    assert_close(torch.view_as_complex(dense.transpose(1, 2).contiguous()), matrix)


def test_names_the_output_without_a_graph() -> None:
    """Tests that the place in the sequence is part of the message."""
    x = torch.ones(2, requires_grad=True)

    with pytest.raises(ValueError, match=r"outputs\[1\] has no graph"):
        jacobian([x * 2, x.detach()], x)
    with pytest.raises(ValueError, match=r"inputs\[1\] doesn't require grad"):
        jacobian(x * 2, [x, x.detach()])


class _Context(torch.autograd.function.FunctionCtx):
    rule: Callable[[Tensor], Tensor]


class _Identity(torch.autograd.Function):
    @staticmethod
    def forward(ctx: _Context, x: Tensor, rule: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.rule = rule
        return x.clone()

    @staticmethod
    def backward(ctx: _Context, v: Tensor) -> tuple[Tensor, None]:
        return ctx.rule(v), None


def through(rule: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the square with ``rule`` in its backward pass."""
    apply: Callable[..., Tensor] = _Identity.apply
    return lambda x: apply(x, rule) ** 2


UNBATCHED: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    # torch.vmap gives wrong rows here, and no error
    "cdist": (
        "slow: .*aten::_cdist_backward",
        lambda x: torch.cdist(x[:, None], x[:2, None] + 1),
    ),
    # and here of rows that aren't copies
    "as_strided_scatter": (
        "slow: .*aten::as_strided_scatter",
        lambda x: torch.as_strided_scatter(
            torch.zeros(3, 3, dtype=x.dtype), x.flatten()[:2], (2,), (4,), 1
        ),
    ),
    # has no batching rule, raises
    "out": (
        "aten::mul.out",
        through(lambda v: torch.mul(v, 1.0, out=torch.empty_like(v))),
    ),
    "item": ("calling .item", through(lambda v: v * (v.sum().item() >= 0))),
    "numpy": ("data pointer", through(lambda v: torch.from_numpy(v.numpy() * 1))),
    # has none either, goes slowly
    "put": (
        "no batching rule for aten::put",
        lambda x: x.take(torch.tensor([2, 0, 1])),
    ),
    "cummax": ("aten::cummaxmin_backward", lambda x: x.cummax(0).values),
}


@pytest.mark.parametrize(("message", "function"), UNBATCHED.values(), ids=UNBATCHED)
def test_falls_back_and_names_the_operator(
    message: str, function: Callable[[Tensor], Tensor]
) -> None:
    """Tests that the rows are right, with one warning that points here."""
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)

    with pytest.warns(UserWarning, match=message) as caught:
        dense = jacobian(function(x), x, max_bytes=200)

    assert [Path(warning.filename) for warning in caught] == [Path(__file__)]
    expected = torch.autograd.functional.jacobian(function, x.detach())
    assert_close(dense, expected)


def test_the_fallback_masks_no_error() -> None:
    """Tests that errors of the graph itself come through, without a warning."""
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y.sum().backward()

    with pytest.raises(RuntimeError, match="a second time"):
        jacobian(y, x)


def test_warnings_of_the_backward_pass_come_through() -> None:
    """Tests that a hook's own warning is shown."""
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda _: warnings.warn("from a hook", stacklevel=1))

    with pytest.warns(UserWarning, match="from a hook"):
        dense = jacobian(y, x)

    assert_close(dense, 2 * torch.eye(2))


def test_warnings_of_a_custom_backward_come_through() -> None:
    """Tests one that runs for all rows at once, inside of torch.vmap."""

    def rule(v: Tensor) -> Tensor:
        warnings.warn("from a backward", stacklevel=1)
        return v

    x = torch.ones(2, requires_grad=True)

    with pytest.warns(UserWarning, match="from a backward"):
        jacobian(through(rule)(x), x)


def test_what_a_pass_does_not_touch_stays_as_it_is() -> None:
    """Tests a retained gradient of another graph."""
    x = torch.ones(3, requires_grad=True)
    near, far = 2 * x, 3 * x
    for each in (near, far):
        each.retain_grad()
    far.sum().backward()
    before = far.grad

    jacobian(near**2, x)

    assert far.grad is before
    assert near.grad is None


def test_random_states_stay_where_saved_tensors_run_code() -> None:
    """Tests the generators of torch, NumPy and Python, NumPy's of any kind."""

    def unpack(saved: Tensor) -> Tensor:
        torch.rand(1), np.random.rand(), random.random()  # noqa: NPY002, S311 (as readers do)
        return saved

    def states() -> str:
        numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002 (likewise)
        return f"{torch.get_rng_state().tolist()} {numpy_state} {random.getstate()}"

    x = torch.ones(3, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, unpack):
        y = x.exp()
    numpy_random: Any = np.random  # its types leave the two functions out
    own = numpy_random.get_bit_generator()
    for generator in (own, np.random.PCG64(0)):
        numpy_random.set_bit_generator(generator)
        before = states()
        jacobian(y, x)
        coupling(y, x)
        explain(y, x, torch.ones(3))
        assert states() == before
    numpy_random.set_bit_generator(own)


def test_a_freed_list_of_saved_tensors_masks_no_error() -> None:
    """Tests an operator that saves several, which can't be looked at once freed."""
    x = torch.ones(3, requires_grad=True)
    y = x[torch.tensor([0, 2])]
    y.sum().backward(retain_graph=True)
    assert_close(jacobian(y, x), torch.eye(3)[[0, 2]])
    y.sum().backward()

    with pytest.raises(RuntimeError, match="a second time"):
        jacobian(y, x)


def test_tensors_without_numbers_have_a_shape() -> None:
    """Tests complex tensors on the meta device, and fake ones with a hook."""
    z = torch.ones(3, dtype=torch.complex64, device="meta", requires_grad=True)
    assert jacobian(z * z, z).shape == (3, 3)
    with FakeTensorMode():
        x = torch.ones(2, 3, requires_grad=True)
        y = x.sum(0)
        y.register_hook(lambda v: v)
        assert jacobian(y, x).shape == (3, 2, 3)
        with pytest.raises(ValueError, match="nothing can be measured"):
            coupling(x * 2, x)


@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
def test_sparse_outputs_have_a_dense_jacobian(layout: torch.layout) -> None:
    """Tests rows by strided cotangents, and the warning, which no release changes."""
    x = torch.arange(1.0, 5.0).reshape(2, 2).requires_grad_()
    y = (x * x).to_sparse(layout=layout)

    with pytest.warns(UserWarning, match=f"used for outputs of layout {layout}$"):
        dense = jacobian(y, x)

    expected = torch.diag(2 * x.detach().flatten()).reshape(2, 2, 2, 2)
    assert_close(dense, expected)


@pytest.mark.parametrize("max_bytes", [1, 2**22])
@pytest.mark.parametrize("place", ["between", "input", "twice"])
def test_retained_gradients_stay_as_they_are(place: str, max_bytes: int) -> None:
    """Tests none, and one from before, where rows run at once and one by one."""
    x = torch.ones(3, requires_grad=True)
    h = 2 * x
    h.retain_grad()
    y = h * h if place == "twice" else h**2
    inputs = h if place == "input" else x

    dense = jacobian(y, inputs, max_bytes=max_bytes)
    assert h.grad is None
    y.sum().backward(retain_graph=True)
    before = h.grad
    again = jacobian(y, inputs, max_bytes=max_bytes)

    assert h.grad is before
    assert_close(before, torch.full((3,), 4.0))
    assert_close(dense, again)
    assert_close(dense, (4.0 if place == "input" else 8.0) * torch.eye(3))


@pytest.mark.parametrize("max_bytes", [8, 2**22])
def test_says_that_a_hook_went_away_between_the_passes(max_bytes: int) -> None:
    """Tests a hook that removes itself, whose rows would belong to two graphs."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3

    def once(g: Tensor) -> Tensor:
        handle.remove()
        return 10 * g

    handle = y.register_hook(once)

    with pytest.raises(ValueError, match=r"hook or a custom backward.*changed"):
        jacobian(y, x, max_bytes=max_bytes)


def test_says_that_saved_tensors_changed_between_the_passes() -> None:
    """Tests an unpacking hook that draws: it runs once for all rows but the first."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: t, lambda t: t + torch.rand_like(t)
    ):
        y = x.exp()

    with pytest.raises(ValueError, match=r"hook or a custom backward.*changed"):
        jacobian(y, x)


@pytest.mark.parametrize("place", ["tensor", "unreachable", "node"])
def test_what_a_hook_keeps_stays_usable(place: str) -> None:
    """Tests hooks that store what they get, which torch.vmap would leave dead."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    kept: list[Tensor] = []
    y = x * 3
    if place == "node":
        y.grad_fn.register_hook(lambda _, arriving: kept.append(arriving[0]))  # type: ignore[union-attr] # it has one
    else:
        y.register_hook(kept.append)
    if place == "unreachable":
        y = y.sum().expand(2)

    jacobian(y, x)

    assert len(kept) == 3
    assert all(torch.isfinite(each).all() for each in kept)


def test_hooks_elsewhere_do_not_matter() -> None:
    """Tests hooks of another graph, and of a module: few passes run, hooks stay."""
    passes: list[torch.Size] = []
    seen: list[Tensor] = []

    def doubled(v: Tensor) -> Tensor:
        passes.append(v.shape)
        return 2 * v

    x = torch.ones(9, requires_grad=True)
    other = x.exp()
    other.register_hook(seen.append)
    module = torch.nn.Linear(2, 2)
    module.register_forward_hook(lambda *_: None)

    assert_close(jacobian(through(doubled)(x), x), 4 * torch.eye(9))
    assert len(passes) == 2
    other.sum().backward()
    assert len(seen) == 1


def test_runs_inside_of_vmap() -> None:
    """Tests a graph with a hook, whose test of the rows may draw no random numbers."""
    x = torch.ones(3, requires_grad=True)
    y = x**2
    y.register_hook(lambda g: g)

    scaled = torch.vmap(lambda scale: scale * jacobian(y, x))(torch.tensor([1.0, 2.0]))

    assert_close(scaled, torch.stack([2 * torch.eye(3), 4 * torch.eye(3)]))


@pytest.mark.parametrize(
    "function",
    [
        lambda z: torch.fft.ifft(torch.fft.fft(z)) - z,
        lambda z: z / z,
        lambda z: z.sin() ** 2 + z.cos() ** 2,
        lambda z: z.log().exp() - z,
        lambda z: z.cosh() ** 2 - z.sinh() ** 2,
        lambda z: z - z,
    ],
    ids=["fft", "quotient", "sin and cos", "log", "cosh and sinh", "difference"],
)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_accepts_what_is_zero_but_for_rounding(
    function: Callable[[Tensor], Tensor], dtype: torch.dtype
) -> None:
    """Tests holomorphic functions whose derivative cancels."""
    z = torch.randn(4, dtype=dtype, requires_grad=True)

    dense = jacobian(function(z), z)

    assert dense.abs().max() < 1e3 * torch.finfo(dtype).eps


@pytest.mark.parametrize(
    "function",
    [
        lambda z: torch.stack([1e12 * z[0], z[1].conj()]),
        lambda z: torch.stack([z[0], 1e12 * z[0] + z[1].conj()]),
        lambda z: torch.stack([z[0] / z[0], z[1].conj()]),
        lambda z: torch.stack([float("nan") * z[0], z[1].conj()]),
        lambda z: torch.stack([z[0] - z[0], 1e-20 * z[1].conj()]),
        lambda z: z.real + 0j,
    ],
    ids=["large", "large in the row", "noise", "nan", "zero", "real part"],
)
def test_looks_at_each_row_for_itself(function: Callable[[Tensor], Tensor]) -> None:
    """Tests rows that aren't holomorphic beside large, zero and NaN ones."""
    z = torch.randn(3, dtype=torch.complex128, requires_grad=True)

    with pytest.raises(ValueError, match="aren't holomorphic"):
        jacobian(function(z), z)


@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
@pytest.mark.filterwarnings("ignore:one backward pass ran:UserWarning")
def test_sparse_inputs_have_a_dense_jacobian(layout: torch.layout) -> None:
    """Tests the product with a vector, by the same product of a dense matrix."""
    matrix = torch.eye(3).to_sparse(layout=layout).requires_grad_()
    vector = torch.tensor([1.0, 2.0, 3.0])

    dense = jacobian(torch.mv(matrix, vector), matrix)

    assert_close(dense.diagonal(dim1=0, dim2=1), vector[:, None].expand(3, 3))
    assert dense.count_nonzero() == 9


def test_refuses_nested_inputs() -> None:
    """Tests that a Jacobian without a shape isn't tried."""
    x = torch.nested.nested_tensor(
        [torch.ones(2), torch.ones(3)], layout=torch.jagged, requires_grad=True
    )

    with pytest.raises(ValueError, match="inputs is a nested tensor"):
        jacobian((x * 2).values().sum(), x)


@pytest.mark.filterwarnings("ignore:.*torch.vmap")
@pytest.mark.parametrize("tool", [jacobian, coupling])
def test_refuses_nested_outputs(tool: Callable[..., object]) -> None:
    """Tests that the message says which tensors to take, and that these work."""
    x = torch.ones(5, 2, requires_grad=True)
    y = torch.nested.nested_tensor_from_jagged(x * 2, torch.tensor([0, 2, 5]))

    with pytest.raises(ValueError, match=r"outputs is a nested.*outputs\.values\(\)"):
        tool(y, x)

    assert tool(y.values(), x) is not None


@pytest.fixture
def mesh() -> Iterator[DeviceMesh]:
    """Yield a mesh of this process alone."""
    distributed.init_process_group(
        "gloo",
        store=distributed.HashStore(),  # type: ignore[attr-defined] # it is there
        rank=0,
        world_size=1,
    )
    yield init_device_mesh("cpu", (1,))
    distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:.*torch.vmap")
@pytest.mark.parametrize("placement", [Shard(0), Replicate(), Partial()])
@pytest.mark.parametrize("tool", [jacobian, coupling])
def test_refuses_distributed_outputs(
    tool: Callable[..., object], placement: Placement, mesh: DeviceMesh
) -> None:
    """Tests that the message says which tensors to take, and that these work."""
    x = torch.ones(5, 2, requires_grad=True)
    y = DTensor.from_local(x, mesh, [placement]) * 2
    assert isinstance(y, DTensor)

    with pytest.raises(TypeError, match=r"outputs is a DTensor placed .*\.full_tensor"):
        tool(y, x)

    assert tool(y.full_tensor(), x) is not None
    assert tool(y.to_local(), x) is not None


@pytest.mark.filterwarnings("ignore:.*torch.vmap")
@pytest.mark.parametrize("tool", [jacobian, coupling])
def test_refuses_distributed_inputs(
    tool: Callable[..., object], mesh: DeviceMesh
) -> None:
    """Tests that the message says where to take the plain tensor, and that it works."""
    local = torch.ones(5, 2, requires_grad=True)
    x = DTensor.from_local(local, mesh, [Shard(0)])
    y = 2 * x.full_tensor()

    with pytest.raises(TypeError, match=r"inputs is a DTensor .* DTensor\.from_local"):
        tool(y, x)

    assert tool(y, local) is not None


@pytest.mark.parametrize("tool", [coupling, jacobian, trace])
def test_refuses_edges_with_what_to_pass(tool: Callable[..., object]) -> None:
    """Tests what torch takes in place of a tensor, and is a tuple besides."""
    x = torch.ones(2, requires_grad=True)
    y = x**2
    fix = r"got a GradientEdge, which holds no numbers: pass the tensor"

    with pytest.raises(TypeError, match=rf"^outputs must.*{fix}"):
        tool(get_gradient_edge(y), x)
    with pytest.raises(TypeError, match=rf"^inputs must.*{fix}"):
        tool(y, get_gradient_edge(x))


def test_refuses_no_inputs() -> None:
    """Tests an empty list, such as the parameters of an activation."""
    with pytest.raises(ValueError, match="inputs must hold at least one tensor"):
        jacobian(torch.ones(2, requires_grad=True) * 2, [])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"max_bytes": 0}, ValueError, "max_bytes must be at least 1, got 0"),
        ({"max_bytes": -1}, ValueError, "max_bytes must be at least 1, got -1"),
        ({"max_bytes": 2.5}, TypeError, "max_bytes must be a whole.*got float 2.5"),
        ({"max_bytes": True}, TypeError, "max_bytes must be a whole.*got bool True"),
        ({"rows": 2}, TypeError, "rows must be a slice or None, got int"),
    ],
)
def test_refuses_arguments_out_of_range(
    options: dict[str, int], error: type[Exception], message: str
) -> None:
    """Tests that the message names the argument and the value."""
    x = torch.ones(2, requires_grad=True)

    with pytest.raises(error, match=message):
        jacobian(x * 2, x, **options)  # type: ignore[call-overload] # on purpose


@pytest.mark.parametrize(
    "rows", [slice(1, 3), slice(None, None, -1), slice(-2, None), slice(0, 0)]
)
def test_takes_a_block_of_rows(rows: slice) -> None:
    """Tests rows of the flattened output."""
    x = torch.randn(2, 3, requires_grad=True)
    y = x @ torch.randn(3, 2)

    block = jacobian(y, x, rows=rows)

    assert_close(block, jacobian(y, x).flatten(0, 1)[list(range(4)[rows])])


def test_no_setting_matters() -> None:
    """Tests modes and defaults, under which torch's own call may do otherwise."""
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = x @ torch.randn(2, 2)
    expected = jacobian(y, x)

    with torch.no_grad():
        assert torch.equal(jacobian(y, x), expected)
    with torch.inference_mode():
        found = jacobian(y, x)
    assert torch.equal(found, expected)
    assert not found.is_inference()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(jacobian(y, x), expected)
    with torch.device("meta"):
        assert torch.equal(jacobian(y, x), expected)


@pytest.mark.filterwarnings("ignore:The PyTorch API of MaskedTensors")
@pytest.mark.parametrize("tool", [jacobian, coupling])
def test_a_subclass_that_refuses_what_rows_need(tool: Callable[..., object]) -> None:
    """Tests that the error says what to take instead of a MaskedTensor."""
    mask = torch.tensor([True, False])
    x = masked_tensor(torch.tensor([1.0, 2.0]), mask, requires_grad=True)

    with pytest.raises(TypeError, match=r"MaskedTensor, which refuses .* get_data\(\)"):
        tool(x * x, x)
