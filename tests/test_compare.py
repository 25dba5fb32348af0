"""Tests of the comparison of two traces, and of where one stops being finite."""

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vjp_guide import Gap, Trace, compare, trace

INF, NAN = math.inf, math.nan
DTYPES = [torch.float32, torch.float64, torch.complex128, torch.bfloat16, torch.float16]
SHAPES: list[tuple[int, ...]] = [(), (0,), (0, 3), (2,), (2, 3), (3, 1, 2)]


def leaf(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return a leaf with different entries."""
    count = math.prod(shape)
    values = torch.arange(1, count + 1, dtype=torch.float64).reshape(shape)
    return values.to(dtype).requires_grad_()


class _Context(torch.autograd.function.FunctionCtx):
    added: Tensor


class _Skewed(torch.autograd.Function):
    """The identity, whose backward adds something to the cotangent."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, added: Tensor) -> Tensor:
        ctx.added = added
        return x.clone()

    @staticmethod
    def backward(ctx: _Context, v: Tensor) -> tuple[Tensor, None]:
        return v + ctx.added, None


def skewed(x: Tensor, added: Tensor | float) -> Tensor:
    """Return ``x``, whose cotangent isn't right by ``added``."""
    y: Tensor = _Skewed.apply(x, torch.as_tensor(added, dtype=x.dtype))  # type: ignore[no-untyped-call]
    return y


def passed(x: Tensor, added: Tensor | float = 0.0, **options: Any) -> Trace:  # noqa: ANN401 (handed on)
    """Return the trace of three operations, of which the middle may be wrong."""
    y = skewed(x * 2, added) * 3
    return trace(y, x, torch.ones_like(y), **options)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", [{}, {"max_elements": 1}, {"values": False}])
def test_a_pass_equals_itself(
    dtype: torch.dtype, shape: tuple[int, ...], options: dict[str, Any]
) -> None:
    """Tests every dtype and shape, with all values, few or none."""
    x = leaf(*shape, dtype=dtype)

    found = compare(passed(x, **options), passed(x, **options), rtol=0)

    assert found.equal
    assert found.entries + found.magnitudes + found.shapes == 1 + 6 + 1
    assert (found.step, found.places, found.gap) == (None, (), None)
    assert str(found).startswith("No difference in 8 cotangents")


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
@pytest.mark.parametrize("dtype", [torch.complex32, torch.float8_e4m3fn])
def test_dtypes_that_torch_compares_not(dtype: torch.dtype) -> None:
    """Tests cotangents for which :func:`torch.equal` isn't implemented."""
    x = leaf(3)
    y = x.to(torch.complex64 if dtype.is_complex else torch.float32).to(dtype)

    first, second = (trace(y, x, torch.full((3,), c).to(dtype)) for c in (1.0, 2.0))

    assert compare(first, first).equal
    assert not compare(first, second).equal


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (3, 1, 2)])
def test_finds_where_it_begins_and_by_how_much(
    dtype: torch.dtype, shape: tuple[int, ...]
) -> None:
    """Tests step, operand, entry and size of one wrong entry."""
    x = leaf(*shape, dtype=dtype)
    added = torch.zeros_like(x)
    added.view(-1)[-1] = 1

    found = compare(passed(x), passed(x, added))

    assert not found.equal
    last = tuple(size - 1 for size in shape)
    assert found.gap == Gap(1.0, 0.25, last, 3, 4)
    assert found.step == 1
    one, two = found.places
    assert one
    assert two
    assert str(one) == "what step 1, _SkewedBackward, sends to operand 0"
    assert (one.kind, one.number, one.slot) == (two.kind, two.number, two.slot)
    where = f" at [{', '.join(map(str, last))}]" if shape else ""
    values = "3+0j and 4+0j" if dtype.is_complex else "3 and 4"
    assert str(found) == (
        f"What step 1, _SkewedBackward, sends to operand 0 differs by 1 "
        f"(relative 0.25): {values}{where}."
    )
    assert repr(found) == f"<Comparison: w{str(found)[1:-1]}>"


def test_is_symmetric() -> None:
    """Tests that the order of the passes only swaps the entries."""
    x = leaf(3)

    one, two = compare(passed(x), passed(x, 1)), compare(passed(x, 1), passed(x))

    assert one.gap
    assert two.gap
    assert one.gap.relative == two.gap.relative == 0.25
    assert (one.gap.first, one.gap.second) == (two.gap.second, two.gap.first)


@pytest.mark.parametrize(
    ("one", "two", "absolute"),
    [
        (NAN, NAN, None),
        (INF, INF, None),
        (-INF, -INF, None),
        (NAN, 0.0, NAN),
        (NAN, INF, NAN),
        (INF, -INF, INF),
        (INF, 0.0, INF),
        (1e308, -1e308, INF),
    ],
)
@pytest.mark.parametrize("options", [{}, {"max_elements": 0}])
def test_nan_and_infinity(
    one: float, two: float, absolute: float | None, options: dict[str, Any]
) -> None:
    """Tests that each equals itself alone, also where others are finite."""
    x = leaf(3)
    first, second = (torch.tensor([0.0, value, 0.0]) for value in (one, two))
    if options and abs(one) == abs(two):
        absolute = None  # the largest absolute values don't tell

    found = compare(passed(x, first, **options), passed(x, second, **options))

    if absolute is None:
        assert found.equal or (found.places[0] and found.places[0].kind == "input")
        return
    assert found.gap
    assert repr(found.gap.absolute) == repr(absolute)
    assert not found.gap.relative <= 1
    assert found.gap.index == (None if options else (1,))
    assert found.step == 1


def test_an_infinity_does_not_hide_a_finite_difference() -> None:
    """Tests that the scale is that of finite entries."""
    x = leaf(3)
    first, second = torch.tensor([INF, 0.0, 0.0]), torch.tensor([INF, 0.0, 1e-3])

    found = compare(passed(x, first), passed(x, second))

    assert found.gap
    assert found.gap.index == (2,)
    assert found.gap.absolute == pytest.approx(1e-3)


def test_two_infinities_of_complex_numbers() -> None:
    """Tests that each part counts, also beside a part that is NaN."""
    z = leaf(1, dtype=torch.complex128)

    def record(value: complex) -> Trace:
        return trace(z * 1, z, torch.tensor([value], dtype=torch.complex128))

    values = [complex(*pair) for pair in product((INF, -INF, NAN, 1), repeat=2)]
    for one, two in product(values, values):
        assert compare(record(one), record(two)).equal == (repr(one) == repr(two))
    x = leaf(1)
    found = compare(trace(x * 1, x, torch.ones(1)), trace(z * 1, z, torch.ones_like(z)))
    assert found.equal


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_default_tolerance_knows_the_dtype(dtype: torch.dtype) -> None:
    """Tests a rounding error, and one of half of the digits."""
    eps = torch.finfo(dtype).eps
    x = leaf(4, dtype=dtype)

    assert compare(passed(x), passed(x, 3 * eps)).equal
    assert not compare(passed(x), passed(x, 3 * eps), rtol=0).equal
    assert not compare(passed(x), passed(x, 6 * eps**0.5)).equal


def test_sums_in_another_order_agree() -> None:
    """Tests a network in float32, with the rows of the batch permuted."""
    torch.default_generator.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(64, 256), nn.Tanh(), nn.Linear(256, 256), nn.Tanh(), nn.Linear(256, 9)
    )
    rows, order = torch.randn(512, 64), torch.randperm(512)
    parameters = dict(model.named_parameters())

    traces = [
        trace(model(batch).square().mean(), parameters) for batch in (rows, rows[order])
    ]

    assert compare(*traces, inputs_only=True).equal
    assert not compare(*traces, inputs_only=True, rtol=0).equal


def test_dtype_and_device_are_no_difference() -> None:
    """Tests float32 beside float64, with the coarser tolerance."""
    x = leaf(3)
    single = x.detach().float().requires_grad_()

    assert compare(passed(single), passed(x, 1e-6)).equal
    assert not compare(passed(x), passed(x, 1e-6)).equal


def test_absolute_tolerance() -> None:
    """Tests that it is added to the other."""
    x = leaf(3)

    assert compare(passed(x), passed(x, 0.5), atol=0.51).step == 2
    assert not compare(passed(x), passed(x, 0.5), atol=0.49).equal
    assert compare(passed(x), passed(x, 0.5), rtol=1).equal
    assert compare(passed(x), passed(x, 0.5), atol=INF).equal


def test_an_exact_zero_has_no_size() -> None:
    """Tests that the relative gap is infinite where both sides aren't comparable."""
    x = leaf(2)

    found = compare(passed(x, -3), passed(x, torch.tensor([-3.0, NAN])))

    assert found.gap
    assert math.isnan(found.gap.absolute)
    assert not found.gap.relative <= 1


def test_says_where_it_may_be_rounding() -> None:
    """Tests terms that cancel in a node: what arrives is large, what leaves isn't."""
    torch.default_generator.manual_seed(0)
    x = torch.randn(3, 5, requires_grad=True)
    doubled = x.detach().double().requires_grad_()

    found = compare(
        trace(x.softmax(1).sum(), x), trace(doubled.softmax(1).sum(), doubled)
    )

    assert found.maybe_rounding
    assert "SoftmaxBackward0" in str(found)
    assert str(found).endswith(
        ", which may be rounding: it is small beside what arrives there."
    )
    assert compare(
        trace(x.softmax(1).sum(), x),
        trace(doubled.softmax(1).sum(), doubled),
        atol=1e-6,
    ).equal
    assert not compare(passed(leaf(3)), passed(leaf(3), 1)).maybe_rounding


def test_other_operations() -> None:
    """Tests the names of both, and the step."""
    x = leaf(3)

    found = compare(trace(x.sin().sum(), x), trace(x.cos().sum(), x))

    assert str(found) == (
        "Step 1 is SinBackward0 in the first pass, CosBackward0 in the second."
    )
    assert (found.step, found.places, found.gap) == (1, (), None)


def test_other_numbers_of_operands() -> None:
    """Tests one operation with two operands and with three."""
    x = leaf(3)

    found = compare(
        trace(torch.cat([x, x]).sum(), x), trace(torch.cat([x, x, x])[:6].sum(), x)
    )
    assert found.step == 0 or "SliceBackward" in str(found)

    v = torch.ones(6, dtype=torch.float64)
    first = trace(torch.cat([x, x]), x, v)
    second = trace(torch.cat([x, x[:1], x[1:]]), x, v)
    assert str(compare(first, second)) == (
        "Step 0 is CatBackward0 of 2 operands and 1 result in the first pass, "
        "CatBackward0 of 3 operands and 1 result in the second."
    )


@pytest.mark.parametrize("turned", [False, True])
def test_one_pass_is_over_before_the_other(*, turned: bool) -> None:
    """Tests which, and at which step."""
    x = leaf(3)
    v = torch.ones(3, dtype=torch.float64)
    traces = [trace(x.sin(), x, v), trace(x.sin().sin(), x, v)]
    if turned:
        traces.reverse()

    found = compare(*traces, atol=INF)

    over = "second" if turned else "first"
    assert str(found) == f"Step 1 is SinBackward0, where the {over} pass is over."
    assert found.figure().alt.startswith("Forward: x (3,)")


def test_another_shape() -> None:
    """Tests what is given, and what a node sends."""
    x, row = leaf(2, 3), leaf(1, 3)

    given = compare(passed(leaf(2)), passed(leaf(3)))
    sent = compare(trace((x + x).sum(), x), trace((x + row).sum(), [x, row]))

    assert str(given) == (
        "What enters at y has shape (2,) in the first pass, (3,) in the second."
    )
    assert given.step == 0
    assert str(sent) == (
        "What step 1, AddBackward0, sends to operand 1 has shape (2, 3) in the first "
        "pass, (1, 3) in the second."
    )


def test_a_cotangent_that_only_one_has() -> None:
    """Tests operands, outputs and inputs."""
    x, w = leaf(3), leaf(3)
    both, one = trace((x * w).sum(), [x, w]), trace((x * w).sum(), x)
    unused = trace(x.sum(), [x, w], allow_unused=True)

    assert str(compare(both, one)) == (
        "What step 1, MulBackward0, sends to operand 1 is missing in the second pass."
    )
    assert str(compare(trace(x.sum(), x), trace([x.sum(), x.sum()], x))) == (
        "What enters at y1 is missing in the first pass."
    )
    assert str(compare(trace(x.sum(), x), trace(x.sum(), [x, x]))) == (
        "The gradient of x1 is missing in the first pass."
    )
    assert str(compare(trace(x.sum(), [x, x]), unused)) == (
        "The gradient of x1 is missing in the second pass."
    )
    assert compare(unused, unused).equal


def test_inputs_are_paired_by_name_if_they_can_be() -> None:
    """Tests another order, and other names."""
    x, w = leaf(3), leaf(3)
    y = (x * w.sin()).sum()

    named = trace(y, {"x": x, "w": w})

    assert compare(named, trace(y, {"w": w, "x": x})).equal
    assert compare(named, trace(y, {"a": x, "b": w})).equal
    assert not compare(named, trace(y, {"a": w, "b": x})).equal


def test_other_programs_by_their_inputs() -> None:
    """Tests the tensors between, in the order of the pass, whatever the operations."""
    x = leaf(3)

    def record(factor: float, *, roundabout: bool = False) -> Trace:
        a = x.sin()
        b = a.square() if roundabout else a * a
        c = b.exp() if roundabout else 1 / (-b).exp()
        d = c * factor
        return trace(d.sum(), {"x": x, "a": a, "b": b, "c": c})

    assert not compare(record(2), record(2, roundabout=True)).equal
    same = compare(record(2), record(2, roundabout=True), inputs_only=True)
    other = compare(record(2), record(3, roundabout=True), inputs_only=True)

    assert same.equal
    assert same.entries == 4
    assert str(other).startswith("The gradient of c differs by 1 (relative 0.333)")
    assert other.step == 2
    assert "c" in other.figure().alt


def test_says_what_was_not_compared() -> None:
    """Tests how many, by what, and what records all of them."""
    x = leaf(20)

    large = compare(passed(x), passed(x))
    none = compare(passed(x, values=False), passed(x))

    assert (large.entries, large.magnitudes, large.shapes) == (1, 7, 0)
    assert str(large) == (
        "No difference in 8 cotangents; cotangents were compared 7 by shape and "
        "largest absolute value alone: values=True, max_elements=20 records more."
    )
    assert (none.entries, none.magnitudes, none.shapes) == (1, 0, 7)
    assert "7 by shape alone" in str(none)
    assert compare(passed(x, max_elements=20), passed(x, max_elements=20)).entries == 8


def test_large_cotangents_by_their_largest_entry() -> None:
    """Tests that the first difference is found, and said to be a bound."""
    x = leaf(20)

    found = compare(passed(x), passed(x, 1))
    hidden = compare(passed(x), passed(x, torch.tensor([-1.0] + 19 * [0.0])))

    assert found.step == 1
    assert str(found) == (
        "What step 1, _SkewedBackward, sends to operand 0 differs by at least 1 "
        "(relative 0.25): 3 and 4 at the largest; cotangents before it were compared "
        "4 by shape and largest absolute value alone: values=True, max_elements=20 "
        "records more."
    )
    assert str(hidden).startswith("The gradient of x differs by 2 (relative 0.333)")
    assert hidden.magnitudes == 7


def test_in_a_notebook() -> None:
    """Tests the sentence, and the drawing of what is around."""
    x = y = leaf(2)
    for _ in range(30):
        y = y.sin()
    right = trace(y, x, torch.ones(2, dtype=torch.float64))

    found = compare(right, trace(y, x, torch.ones(2, dtype=torch.float64) * 2))
    same = compare(right, right)

    assert found.places[0]
    assert found.places[0].kind == "output"
    page = found._repr_html_()
    assert page.startswith("<p>What enters at y differs by 1 (relative 0.5)")
    assert found.figure().svg in page
    assert "26 more nodes" in found.figure().alt
    assert same.figure() == right.figure()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (["x"], {}, TypeError, "second must be what vjp_guide.trace returns, got str"),
        ([1.0], {}, TypeError, "second must be"),
        ([None], {"rtol": "a"}, TypeError, "rtol must be a number, got str a"),
        ([None], {"rtol": -1}, ValueError, "rtol must not be negative or nan, got -1"),
        ([None], {"atol": NAN}, ValueError, "atol must not be negative or nan"),
        ([None], {"atol": True}, TypeError, "atol must be a number, got bool"),
        ([None], {"atol": None}, TypeError, "atol must be a number, got NoneType"),
    ],
)
def test_refuses_other_arguments(
    arguments: list[Any],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """Tests that the message names the argument."""
    record = passed(leaf(2))
    others = [record if value is None else value for value in arguments]

    with pytest.raises(error, match=message):
        compare(record, *others, **options)
    with pytest.raises(TypeError, match="first must be"):
        compare(torch.ones(1), record)  # type: ignore[arg-type]


def test_under_other_settings() -> None:
    """Tests that modes, devices and types of the reader don't matter."""
    x = leaf(3)
    one, two = passed(x), passed(x, 1)

    with torch.inference_mode(), torch.device("meta"):
        assert compare(one, one).equal
        assert compare(one, two).step == 1


MAKERS: dict[str, Callable[[Tensor], Tensor]] = {
    "sqrt": lambda x: x.sqrt().sum(),
    "zero times log": lambda x: (x.log() * 0).sum(),
    "norm": lambda x: x.norm(),
    "x / x": lambda x: (x / x).sum(),
    "nan": lambda x: (x * NAN).sum(),
    "exp": lambda x: x.exp().sum(),
    "where": lambda x: torch.where(x > 0, x.sqrt(), 0).sum(),
}
FOUND = {
    "sqrt": "what step 1, SqrtBackward0, sends to operand 0",
    "zero times log": "what step 2, LogBackward0, sends to operand 0",
    "norm": None,
    "x / x": "what step 1, DivBackward0, sends to operand 0",
    "nan": "what step 1, MulBackward0, sends to operand 0",
    "exp": None,
    "where": "what step 2, SqrtBackward0, sends to operand 0",
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("length", [2, 100])
def test_the_first_that_is_not_finite(name: str, length: int) -> None:
    """Tests small and large cotangents, against each recorded with all values."""
    x = torch.zeros(length, dtype=torch.float64, requires_grad=True)

    function = MAKERS[name]

    found = trace(function(x), x).first_nonfinite

    assert (None if found is None else str(found)) == FOUND[name]
    full = trace(function(x), x, max_elements=length)
    bad = [
        node.step
        for node in full.nodes
        for one in node.leaving
        if one and one.values is not None and not one.values.isfinite().all()
    ]
    assert (found.step if found else None) == (bad[0] if bad else None)


def test_where_it_is_given_summed_or_made_by_a_hook() -> None:
    """Tests each kind of place, in one of two results too."""
    x = leaf(2, 3)
    a, b = x.unbind(0)
    v = torch.ones(3, dtype=torch.float64)

    given = trace(a, x, v * INF).first_nonfinite
    huge = torch.finfo(torch.float64).max * v
    summed = trace([b, b * 1], x, [huge, huge]).first_nonfinite
    y = leaf(2)
    y.register_hook(lambda v: v * NAN)
    hooked = trace((y * 2).sum(), {"y": y}).first_nonfinite

    assert str(given) == "what enters at y"
    assert str(summed) == "what arrives at step 1, UnbindBackward0, for result 1"
    assert str(hooked) == "the gradient of y"
    steps = [place.step for place in (given, summed, hooked) if place]
    assert steps == [None, 1, None]


def test_a_gradient_is_looked_at_however_large() -> None:
    """Tests NaN from a hook on the input, with and without values."""
    x = leaf(100)
    x.register_hook(lambda v: v * NAN)

    assert str(trace((x * 2).sum(), x).first_nonfinite) == "the gradient of x"
    with pytest.raises(ValueError, match="the values of what enters at y weren't"):
        _ = trace((x * 2).sum(), x, values=False).first_nonfinite


@pytest.mark.parametrize(
    "dtype", [torch.bfloat16, torch.float16, torch.float32, torch.complex64]
)
def test_the_largest_number_is_finite(dtype: torch.dtype) -> None:
    """Tests that no sum or square overflows on the way."""
    x = torch.ones(300, dtype=dtype, requires_grad=True)
    v = torch.full_like(x, torch.finfo(dtype).max / 2)

    assert trace(x * 1, x, v).first_nonfinite is None
    v[-1] = NAN
    assert str(trace(x * 1, x, v).first_nonfinite) == "what enters at y"


@pytest.mark.parametrize("length", [2, 100])
def test_sparse_gradients(length: int) -> None:
    """Tests that stored entries are looked at, and compared."""
    table = leaf(length, 3)
    rows = torch.tensor([1, 1])

    def record(factor: float) -> Trace:
        y = nn.functional.embedding(rows, table, sparse=True)
        return trace(y, table, torch.full_like(y, factor))

    assert record(1).first_nonfinite is None
    assert compare(record(1), record(1)).equal
    assert str(compare(record(1), record(2))).startswith("What enters at y differs")
    assert compare(record(1), record(2), inputs_only=True).gap == Gap(
        2.0, 0.5, (1, 0), 2.0, 4.0
    )
    assert record(NAN).first_nonfinite
