"""Tests of the record of :func:`vjp_guide.trace`."""

import gc
import random
from collections.abc import Callable
from threading import Event, Thread, current_thread
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from tests.processes import lines_of
from vjp_guide import Cotangent, Port, Saved, Trace, trace

DTYPE = torch.float64
Graph = tuple[list[Tensor], list[Tensor], list[Tensor]]


def leaf(*shape: int) -> Tensor:
    """Return a random leaf."""
    return torch.randn(shape, dtype=DTYPE, requires_grad=True)


def chain_of_outer() -> Graph:
    """Return outputs, leaves and intermediate tensors of the seed's chain."""
    x = torch.arange(1, 5, dtype=DTYPE, requires_grad=True)
    y = torch.outer(x, x)
    return [y**2], [x], [y]


def broadcast() -> Graph:
    """Add a bias to rows."""
    x, b = leaf(2, 3), leaf(3)
    y = x + b
    return [y.sin()], [x, b], [y]


def joined() -> Graph:
    """Use the input in two branches that join."""
    x = leaf(3)
    s = x.sin()
    y = s * x
    return [y.exp()], [x], [s, y]


def attention() -> Graph:
    """Weigh rows by a softmax, of three inputs."""
    q, k, v = leaf(3, 2), leaf(5, 2), leaf(5, 2)
    scores = q @ k.T
    weights = scores.softmax(-1)
    return [weights @ v], [q, k, v], [scores, weights]


def several_outputs() -> Graph:
    """Return two outputs, one of which the other is computed from."""
    x, w = leaf(2, 3), leaf(3)
    a, b = x.unbind(0)
    y = a * w + b
    return [y, y.cumsum(0), b], [x, w], [a, b]


def residual() -> Graph:
    """Add a small network to its input."""
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4, dtype=DTYPE),
        torch.nn.Tanh(),
        torch.nn.Linear(4, 3, dtype=DTYPE),
    )
    x = leaf(2, 3)
    hidden = net[:2](x)
    return [x + net[2](hidden)], [x, *net.parameters()], [hidden]


def scalars() -> Graph:
    """Compute with tensors of no axes."""
    x = leaf()
    y = x * x
    return [y.exp() * x], [x], [y]


def empty() -> Graph:
    """Compute with no elements."""
    x = leaf(0, 3)
    y = x * 2
    return [y.sum(0)], [x], [y]


GRAPHS = [
    chain_of_outer,
    broadcast,
    joined,
    attention,
    several_outputs,
    residual,
    scalars,
    empty,
]


def values(cotangent: Cotangent | None) -> Tensor:
    """Return recorded values that have to be there."""
    assert cotangent is not None
    assert cotangent.values is not None
    assert cotangent.values.shape == cotangent.shape
    assert cotangent.values.dtype == cotangent.dtype
    return cotangent.values


def sent(record: Trace, source: Port) -> Tensor:
    """Return what a source sends."""
    if source.kind == "output":
        return values(record.outputs[source.number].cotangent)
    return values(record.nodes[source.number].leaving[source.slot])


@pytest.mark.parametrize("graph", GRAPHS)
def test_returns_what_torch_returns(graph: Callable[[], Graph]) -> None:
    """Tests the gradients, bit for bit, and the ends of the record."""
    outputs, leaves, _ = graph()
    v = [torch.randn_like(y) for y in outputs]

    record = trace(outputs, leaves, v)

    expected = torch.autograd.grad(outputs, leaves, v)
    assert_close(record.gradients, expected, rtol=0, atol=0)
    ends = zip(record.inputs, expected, strict=True)
    assert all(torch.equal(values(end.cotangent), gradient) for end, gradient in ends)
    ends = zip(record.outputs, v, strict=True)
    assert all(torch.equal(values(end.cotangent), given) for end, given in ends)


@pytest.mark.parametrize("graph", GRAPHS)
def test_records_the_cotangent_of_each_tensor(graph: Callable[[], Graph]) -> None:
    """Tests intermediate cotangents against a call that ends at the tensor."""
    outputs, leaves, intermediates = graph()
    v = [torch.randn_like(y) for y in outputs]

    record = trace(outputs, [*leaves, *intermediates], v)

    for tensor, end in zip(intermediates, record.inputs[len(leaves) :], strict=True):
        assert end.port is not None
        assert end.port.kind == "node"
        arrived = record.nodes[end.port.number].arriving[end.port.slot]
        assert_close(
            values(arrived),
            torch.autograd.grad(outputs, tensor, v, retain_graph=True)[0],
        )


@pytest.mark.parametrize("graph", GRAPHS)
def test_what_arrives_is_the_sum_of_what_was_sent(graph: Callable[[], Graph]) -> None:
    """Tests that the edges carry all cotangents, to nodes and to inputs."""
    outputs, leaves, _ = graph()

    record = trace(outputs, leaves, [torch.randn_like(y) for y in outputs])

    arrivals = [
        pair
        for node in record.nodes
        for pair in zip(node.arriving, node.sources, strict=True)
    ]
    arrivals += [(end.cotangent, end.sources) for end in record.inputs]
    for arrived, sources in arrivals:
        if arrived is None:
            assert not sources
        else:
            total = sum(sent(record, source) for source in sources)
            assert_close(values(arrived), total)
    assert sum(len(sources) for _, sources in arrivals) == len(record.outputs) + sum(
        target is not None for node in record.nodes for target in node.targets
    )


@pytest.mark.parametrize("graph", GRAPHS)
def test_targets_and_sources_are_the_two_ends_of_edges(
    graph: Callable[[], Graph],
) -> None:
    """Tests that an edge is listed at both ends, and runs forward in time."""
    outputs, leaves, _ = graph()

    record = trace(outputs, leaves, [torch.randn_like(y) for y in outputs])

    for step, node in enumerate(record.nodes):
        assert node.step == step
        for slot, target in enumerate(node.targets):
            if target is None:
                continue
            here = Port("node", step, slot)
            if target.kind == "input":
                assert here in record.inputs[target.number].sources
            else:
                assert target.number > step
                assert here in record.nodes[target.number].sources[target.slot]


def test_numbers_of_the_seed_by_hand() -> None:
    """Tests each cotangent of z = outer(x, x)**2 against NumPy."""
    (z,), (x,), _ = chain_of_outer()
    n = np.arange(1.0, 5)
    gy = 2 * np.outer(n, n)

    record = trace(z, x, torch.ones_like(z))

    power, product, view = record.nodes
    names = [node.operation for node in record.nodes]
    assert names == ["PowBackward0", "MulBackward0", "ViewBackward0"]
    np.testing.assert_array_equal(values(power.leaving[0]), gy)
    np.testing.assert_array_equal(values(product.leaving[0]), gy @ n[:, None])
    np.testing.assert_array_equal(values(product.leaving[1]), n @ gy)
    assert product.summed_back == {0: (4, 1), 1: (4,)}
    np.testing.assert_array_equal(values(view.leaving[0]), gy @ n)
    assert record.inputs[0].sources == (Port("node", 1, 1), Port("node", 2))
    np.testing.assert_array_equal(values(record.inputs[0].cotangent), 120 * n)


def test_summing_back_is_told_from_other_smaller_shapes() -> None:
    """Tests that a bias is summed back, while factors of a product aren't."""
    a, b, c = leaf(4, 1), leaf(1, 4), leaf(4)

    record = trace(torch.addmm(c, a, b), [a, b, c], torch.ones(4, 4, dtype=DTYPE))

    assert record.nodes[0].summed_back == {0: (4,)}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda b: b.expand(2, 3), {0: (3,)}),
        (lambda b: torch.where(torch.ones(2, 3) > 0, b, 0), {0: (3,)}),
        (lambda b: torch.ones(2, 3) * b, {1: (3,)}),
        (lambda b: torch.stack([b, b]), {}),
        (lambda b: b * b, {}),
        (lambda b: b.unbind(0)[1], {}),
    ],
)
def test_summing_back(
    function: Callable[[Tensor], Tensor], expected: dict[int, tuple[int, ...]]
) -> None:
    """Tests operations that repeat an operand, and some that don't."""
    b = torch.ones(3, requires_grad=True)
    y = function(b)

    assert trace(y, b, torch.ones_like(y)).nodes[0].summed_back == expected


class _Context(torch.autograd.function.FunctionCtx):
    factor: int


class _Multiple(torch.autograd.Function):
    @staticmethod
    def forward(ctx: _Context, x: Tensor, factor: int) -> Tensor:
        ctx.save_for_backward(x)  # not needed, so that a second pass runs
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx: _Context, v: Tensor) -> tuple[Tensor, None]:
        return v * ctx.factor, None


class _Broken(torch.autograd.Function):
    @staticmethod
    def forward(_: _Context, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(_: _Context, v: Tensor) -> Tensor:
        raise ZeroDivisionError(v)


def multiple(x: Tensor, factor: int) -> Tensor:
    """Return ``factor * x``, by an operation written in Python."""
    y: Tensor = _Multiple.apply(x, factor)  # type: ignore[no-untyped-call]
    return y


def hooks(tensor: Tensor) -> int:
    """Return how many hooks the node of a tensor has."""
    assert tensor.grad_fn is not None
    handle = tensor.grad_fn.register_hook(lambda *_: None)
    handle.remove()
    found = handle.hooks_dict_ref()
    assert found is not None
    return len(found)


def test_lists_what_nodes_saved() -> None:
    """Tests names, shapes and bytes, of one tensor, of several and of none."""
    x, y = leaf(2, 3), leaf(3)
    index = torch.tensor([1])
    z = torch.index_put(multiple(x, 2) * y, (index,), x[1])

    record = trace(z, [x, y], torch.ones_like(z))

    saved = {node.operation: node.saved for node in record.nodes}
    assert set(saved["MulBackward0"]) == {
        Saved("self", (2, 3), 48),
        Saved("other", (3,), 24),
    }
    assert saved["IndexPutBackward0"] == (Saved("indices[0]", (1,), 8),)
    assert saved["_MultipleBackward"] == (Saved("tensors[0]", (2, 3), 48),)
    assert saved["SelectBackward0"] == ()


def test_lists_nothing_where_what_was_saved_is_freed() -> None:
    """Tests that an earlier pass may have freed what this one doesn't need."""
    x = leaf(3)
    y = -multiple(x, 2)
    torch.autograd.grad(y, x, torch.ones_like(y))

    record = trace(y, x, torch.ones_like(y))

    assert [node.saved for node in record.nodes] == [(), ()]


def test_does_not_call_the_hooks_of_saved_tensors() -> None:
    """Tests that only torch's own backward unpacks."""
    unpacked = []

    def unpack(tensor: Tensor) -> Tensor:
        unpacked.append(tensor)
        return tensor

    x = leaf(3)
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, unpack):
        y = x.sin()

    record = trace(y, x, torch.ones_like(y))

    assert len(unpacked) == 1
    assert record.nodes[0].saved == ()


def test_records_no_values_of_large_cotangents() -> None:
    """Tests the limit, and that there is none without values."""
    x = leaf(4)
    y = x.sin()
    v = torch.ones_like(y)

    def recorded(**options: Any) -> bool:  # noqa: ANN401 (handed on)
        (cotangent,) = trace(y, x, v, **options).nodes[0].arriving
        assert cotangent is not None
        assert cotangent.shape == (4,)
        return cotangent.values is not None

    assert recorded()
    assert recorded(max_elements=4)
    assert not recorded(max_elements=3)
    assert not recorded(values=False)


def test_values_are_copies() -> None:
    """Tests that a later change of v doesn't reach the record."""
    x = leaf(3)
    v = torch.ones(3, dtype=DTYPE)

    record = trace(x.sin(), x, v)
    v.zero_()

    assert torch.equal(values(record.nodes[0].arriving[0]), v + 1)


def test_a_cotangent_equals_itself_alone() -> None:
    """Tests that to compare two asks nothing of their tensors."""
    first, second = Cotangent((), DTYPE, 1.0), Cotangent((), DTYPE, 1.0)

    assert first != second
    assert not first == second  # noqa: SIM201 (tuples have one operator for each)
    assert len({first, second, first}) == 2
    assert values(first).item() == 1


def test_values_of_a_sparse_cotangent_are_dense() -> None:
    """Tests the gradient of an embedding."""
    table = leaf(3, 2)
    rows = torch.nn.functional.embedding(torch.tensor([1, 1]), table, sparse=True)

    record = trace(rows, table, torch.ones_like(rows))

    assert values(record.inputs[0].cotangent).tolist() == [[0, 0], [2, 2], [0, 0]]


def test_takes_inputs_that_have_names() -> None:
    """Tests a mapping, as of a module's parameters."""
    net = torch.nn.Linear(3, 1, dtype=DTYPE)
    y = net(torch.ones(1, 3, dtype=DTYPE))

    record = trace(y, dict(net.named_parameters()))

    assert [end.name for end in record.inputs] == ["weight", "bias"]
    assert_close(record.gradients, torch.autograd.grad(y, tuple(net.parameters())))


def test_takes_inputs_whose_names_are_no_strings() -> None:
    """Tests a mapping that torch takes too."""
    x = leaf(2, 3)
    inputs: Any = {0: x, (1, 2): x}

    record = trace(x.sum(), inputs)

    assert [end.name for end in record.inputs] == ["0", "(1, 2)"]
    assert "(1, 2)  gradient" in str(record)


def test_repeated_outputs_and_inputs() -> None:
    """Tests that cotangents of the same output add up, once for each input."""
    x = leaf(3)
    y = x.sin()
    v = torch.ones_like(y)

    record = trace([y, y], [x, x], [v, 2 * v])

    assert record.nodes[0].sources == ((Port("output", 0), Port("output", 1)),)
    assert_close(values(record.nodes[0].arriving[0]), 3 * v)
    assert [end.port for end in record.inputs] == [Port("input", 0)] * 2
    first, second = (values(end.cotangent) for end in record.inputs)
    assert torch.equal(first, second)


@pytest.mark.parametrize("materialize", [False, True])
def test_an_unused_input(*, materialize: bool) -> None:
    """Tests that it has no source, and a gradient only where torch makes zeros."""
    x, other = leaf(3), leaf(2)
    y = x.sin().sum()

    record = trace(y, [x, other], allow_unused=True, materialize_grads=materialize)

    end = record.inputs[1]
    assert end.sources == ()
    assert (end.cotangent is not None) == materialize
    assert (record.gradients[1] is not None) == materialize


def test_an_output_that_depends_on_no_input() -> None:
    """Tests that its cotangent goes nowhere."""
    x, other = leaf(3), leaf(2)

    record = trace([x.sum(), other.sum()], x)

    assert [end.port is None for end in record.outputs] == [False, True]
    assert len(record.nodes) == 1


def test_an_output_that_is_the_input() -> None:
    """Tests that no node runs."""
    x = leaf(3)
    v = torch.ones_like(x)

    record = trace(x, x, v)

    assert record.nodes == ()
    assert record.gradients[0] is v
    assert record.outputs[0].port == record.inputs[0].port == Port("input", 0)


def test_stops_at_an_input_that_is_no_leaf() -> None:
    """Tests that what comes before it doesn't run."""
    (z,), _, (y,) = chain_of_outer()

    record = trace(z, y, torch.ones_like(z))

    assert [node.operation for node in record.nodes] == ["PowBackward0"]
    assert record.inputs[0].port == Port("input", 0)


def test_an_undefined_cotangent_is_none() -> None:
    """Tests that of two results one may have none."""
    x = leaf(2, 3)
    first, _ = x.unbind(0)

    record = trace(first, x, torch.ones_like(first))

    assert record.nodes[0].arriving[1] is None
    assert record.nodes[0].sources == ((Port("output", 0),), ())
    assert record.nodes[0].summed_back == {}


def test_leaves_everything_as_it_was() -> None:
    """Tests the graph, .grad, random state and hooks, of nodes and of tensors."""
    (z,), (x,), (y,) = chain_of_outer()
    v = torch.ones_like(z)
    seen = []
    assert y.grad_fn is not None
    y.grad_fn.register_hook(lambda *_: seen.append("node"))
    x.register_hook(lambda _: seen.append("tensor"))
    state = torch.get_rng_state()

    trace(z, x, v)

    assert sorted(seen) == ["node", "tensor"]
    assert x.grad is None
    assert torch.equal(torch.get_rng_state(), state)
    assert hooks(y) == 1
    z.backward(v)
    assert_close(x.grad, torch.arange(120, 481, 120, dtype=DTYPE))


def test_sees_what_hooks_make_of_a_cotangent() -> None:
    """Tests that the record is of what flows, not of what would without hooks."""
    x = leaf(3)
    y = x * 2
    y.register_hook(lambda gradient: gradient * 5)
    z = y.sin()
    v = torch.ones_like(z)

    record = trace(z, x, v)

    assert_close(values(record.nodes[1].arriving[0]), 5 * y.detach().cos())


def test_sees_a_cotangent_before_and_after_it_changes_in_place() -> None:
    """Tests that what was sent isn't taken for what arrives, nor the reverse."""
    x = leaf(3)
    y = x.exp()
    y.register_hook(lambda gradient: (gradient.mul_(5), None)[1])
    v = torch.ones(3, dtype=DTYPE)

    record = trace(y * 2, x, v)

    product, exponential = record.nodes
    assert_close(values(product.leaving[0]), 2 * v)
    assert_close(values(exponential.arriving[0]), 10 * v)
    assert_close(record.gradients[0], 10 * x.detach().exp())


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("other", ["inside", "beside", "before"])
def test_lists_the_nodes_of_its_own_pass(*, other: str, values: bool) -> None:
    """Tests passes through the same nodes, of a hook's and of another thread's."""
    x = leaf(2, 3)
    y = x.sin().exp()
    loss, v = y.sum(), torch.ones(2, 3, dtype=DTYPE)
    alone = str(trace(y, x, v, values=values))
    entered, go_on = Event(), Event()

    def wait(_: Tensor) -> None:
        if current_thread() is thread:
            entered.set()
            go_on.wait()

    def during(_: Tensor) -> None:
        if current_thread() is thread or not others:
            return
        others.pop()
        if other == "inside":
            torch.autograd.grad(loss, x, retain_graph=True)
            return
        if other == "beside":
            thread.start()
        go_on.set()
        thread.join()

    others = [other]
    thread = Thread(target=torch.autograd.grad, args=(loss, x, None, True))
    loss.register_hook(wait)
    y.register_hook(during)
    if other == "before":
        thread.start()
        entered.wait()

    assert str(trace(y, x, v, values=values)) == alone
    assert not others


def test_restores_random_states() -> None:
    """Tests a hook that draws random numbers."""
    x = leaf(3)
    y = x.sin()
    y.register_hook(lambda v: v * torch.rand(3) * np.random.rand() * random.random())  # noqa: NPY002, S311 (as readers do)

    def drawn() -> list[float]:
        return [float(torch.rand(())), np.random.rand(), random.random()]  # noqa: NPY002, S311 (likewise)

    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 (likewise)
    random.seed(0)
    expected = drawn()
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 (likewise)
    random.seed(0)
    trace(y, x, torch.ones(3, dtype=DTYPE))

    assert drawn() == expected


def test_an_error_on_the_way_leaves_no_hook() -> None:
    """Tests that the hooks are removed, and garbage collection goes on."""
    x = leaf(3)
    y = x.sin()
    z: Tensor = _Broken.apply(y)  # type: ignore[no-untyped-call]

    with pytest.raises(ZeroDivisionError):
        trace(z, x, torch.ones_like(y))

    assert gc.isenabled()
    assert hooks(y) == 0


def test_does_not_turn_on_a_collector_that_is_off() -> None:
    """Tests that garbage collection is as before, whichever it was."""
    x = leaf(3)
    gc.disable()
    try:
        trace(x.sum(), x)
        assert not gc.isenabled()
    finally:
        gc.enable()


def refused() -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Return calls that torch refuses."""
    x, other = leaf(3), leaf(2)
    y, constant = x.sin(), torch.ones(3)
    freed = x.exp().sum()
    torch.autograd.grad(freed, x)
    changed = x.exp()
    stale = changed.exp().sum()
    changed.detach().add_(1)
    return [
        ("no v", (y, x), {}),
        ("shape of v", (y, x, torch.ones(2, dtype=DTYPE)), {}),
        ("number", (y, x, 1.0), {}),
        ("list of numbers", (y, x, [1.0]), {}),
        ("too few", ([y, y], x, [y]), {}),
        ("unused", (y.sum(), other), {}),
        ("input without grad", (y.sum(), constant), {}),
        ("output without graph", (constant.sum(), x), {}),
        ("second output without graph", ([y.sum(), constant.sum()], x), {}),
        ("no inputs", (y.sum(), []), {}),
        ("no outputs", ([], x), {}),
        (
            "contradiction",
            (y.sum(), x),
            {"allow_unused": False, "materialize_grads": True},
        ),
        ("freed", (freed, x), {}),
        ("in place", (stale, x), {}),
    ]


@pytest.mark.parametrize("number", range(14))
def test_refuses_with_torchs_own_error(number: int) -> None:
    """Tests type and text against those of torch.autograd.grad."""
    plain: Callable[..., object] = torch.autograd.grad
    _, arguments, options = refused()[number]

    with pytest.raises(Exception) as expected:  # noqa: PT011 (compared below)
        plain(*arguments, **options, retain_graph=True)

    with pytest.raises(expected.type) as got:
        trace(*arguments, **options)
    assert str(got.value) == str(expected.value)


@pytest.mark.parametrize(
    ("outputs", "inputs", "message"),
    [
        (1.0, torch.ones(1), "outputs must be a torch.Tensor, got float"),
        (torch.nn.ReLU(), torch.ones(1), r"call the module, .* as model\(x\)"),
        (lambda x: x, torch.ones(1), r"call the function, .* as f\(x\)"),
        (torch.ones(1), torch.nn.ReLU(), "inputs must .*, got ReLU: pass its param"),
        ([torch.ones(1), 2], torch.ones(1), r"outputs\[1\] must be.*got int"),
        (torch.ones(1), [[1.0]], r"inputs\[0\] must be.*got list"),
    ],
)
def test_refuses_what_is_no_tensor(
    outputs: Tensor, inputs: Tensor, message: str
) -> None:
    """Tests that the message names the argument."""
    with pytest.raises(TypeError, match=message):
        trace(outputs, inputs)


@pytest.mark.parametrize(
    ("most", "error"), [(-1, ValueError), (1.5, TypeError), ("a", TypeError)]
)
def test_refuses_a_limit_that_is_no_number(most: Any, error: type[Exception]) -> None:  # noqa: ANN401 (of several types)
    """Tests that the message names the argument."""
    x = leaf(2)

    with pytest.raises(error, match="max_elements must be"):
        trace(x.sum(), x, max_elements=most)


def test_two_long_branches() -> None:
    """Tests that each branch is followed to its end, and that they meet in x."""
    x = leaf(2)
    y, z = x, x
    for _ in range(1_200):
        y, z = y * 1, z * 2**0.001

    record = trace(y + z, x, torch.ones(2, dtype=DTYPE), values=False)

    assert len(record.nodes) == 2_401
    assert len(record.inputs[0].sources) == 2
    assert_close(record.gradients[0], torch.full((2,), 1 + 2**1.2, dtype=DTYPE))


FREE_IN_A_SMALL_STACK = """
import threading
import torch
from vjp_guide import trace

def run():
    x = torch.ones(2, requires_grad=True)
    tensors = [x]
    for _ in range(20_000):
        tensors.append(tensors[-1] * 1)
    y, middle = tensors[-1], tensors[15_500]
    del tensors
    trace(y, x, torch.ones(2), values=False)
    del y
    del middle
    print("freed")

threading.stack_size(2**20)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def test_a_deep_graph_can_be_freed() -> None:
    """Tests in a small stack, and a process of its own, which a failure would end."""
    assert lines_of(FREE_IN_A_SMALL_STACK) == ["freed"]


SURVIVE = """
import torch
from vjp_guide import trace

def chain(y):
    for _ in range(200_000):
        y = y * 1
    return y

x, w = (torch.ones(2, requires_grad=True) for _ in range(2))
y, v = chain(x), chain(w)
record = trace(y, x, v)
assert len(record.nodes) == 200_000
assert record.gradients[0].tolist() == [1, 1]
assert "199,960 more nodes" in str(record)
assert "199,976 more nodes" in record.figure().alt
assert len(record.select(operation="mul").nodes) == 200_000
del y, v
del record
print("freed")
"""


def test_a_chain_of_200_000_nodes() -> None:
    """Tests default options, and a v with a graph as deep, in a process of its own."""
    assert lines_of(SURVIVE) == ["freed"]


def test_a_long_chain() -> None:
    """Tests that nothing recurses, and each node runs once."""
    x = leaf(2)
    y = x
    for _ in range(5_000):
        y = y * 1.0001
    v = torch.ones_like(y)

    record = trace(y, x, v, values=False)

    assert len(record.nodes) == 5_000
    assert_close(record.gradients[0], torch.full((2,), 1.0001**5_000, dtype=DTYPE))
    assert {node.arriving[0] for node in record.nodes} == {record.outputs[0].cotangent}


@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr])
@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
def test_sparse_saved_tensors_have_a_size(layout: torch.layout) -> None:
    """Tests that the elements that are stored are counted."""
    a, w = torch.eye(4).to_sparse(layout=layout), torch.randn(4, 2, requires_grad=True)

    record = trace(torch.sparse.mm(a, w), w, torch.ones(4, 2))

    assert 16 in [saved.nbytes for node in record.nodes for saved in node.saved]


def test_a_subclass_has_nodes() -> None:
    """Tests that the type doesn't hide the graph."""

    class Image(torch.Tensor):
        pass

    x = torch.tensor([1.0, 2.0]).as_subclass(Image).requires_grad_()

    record = trace((x * x).sum(), x)

    assert "MulBackward0" in [node.operation for node in record.nodes]
    assert record.inputs[0].sources
    assert record.gradients[0] is not None
    assert record.gradients[0].tolist() == [2, 4]
    assert "not used" not in str(record)
