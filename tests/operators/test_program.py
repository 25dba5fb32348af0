"""Tests of the printed programs, which are run and compared with autograd."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import get_proxy_mode
from torch.nn import functional

from tests.operators.support import LARGE, described, shown, x_of
from vjp_guide.operators.program import run, trace


@pytest.mark.parametrize(
    ("name", "call", "program"),
    [
        (
            "softmax",
            "torch.softmax(x, 1)",
            ["t1 = v * y", "t1 - y * t1.sum(1, keepdim=True)"],
        ),
        ("mm", "torch.mm(x, mat2)", ["v @ mat2.mT", "x.mT @ v"]),
        (
            "outer",
            "torch.outer(x, vec2)",
            ["(v * vec2).sum(1)", "(v * x.reshape([3, 1])).sum(0)"],
        ),
        ("cat", "torch.cat([a, b], 0)", ["v[:1]", "v[1:3]"]),
        ("expand", "x.expand((2, 3))", ["v.sum(1, keepdim=True)"]),
        ("mT", "x.mT", ["v.mT"]),
        ("pow", "torch.pow(x, exponent)", []),
        ("einsum", "torch.einsum('ij,jk->ki', [a, b])", []),
        ("where", "torch.where(condition, x, other)", []),
        ("svd_lowrank", "torch.svd_lowrank(a @ b.mT, q=2", []),
    ],
)
def test_an_example_prints_the_program(
    name: str, call: str, program: list[str]
) -> None:
    """Tests the call and the text, which were compared with autograd when printed."""
    example = shown(name)

    assert example.call.startswith(call)
    assert example.residual <= trace.EQUAL
    if program:
        assert [*example.lines, *example.results] == program


def test_an_absent_argument_is_not_printed() -> None:
    """Tests a weight that is None, as by default, and one that must be given."""
    absent = shown("nn.functional.multi_margin_loss")
    given = described(lambda x: functional.nll_loss(x, torch.tensor([0])), LARGE[None])

    assert absent.results[0].endswith("_backward(v, x, target, 1, 1)")
    assert ", None, " in "".join(given.lines)


def test_the_program_of_an_untraceable_call_is_missing() -> None:
    """Tests that the reason is kept where torch can't trace the call."""
    calls: list[int] = []

    def drift(x: Tensor) -> Tensor:
        calls.append(1)
        return x * len(calls)

    def refuse(x: Tensor) -> Tensor:
        if get_proxy_mode() is not None:
            raise RuntimeError("not while tracing")
        return x * x

    assert "off by" in described(drift, x_of(1, 2)).problem
    assert "not while tracing" in described(refuse, x_of(1, 2)).problem


def test_a_large_example_has_shapes_alone() -> None:
    """Tests that neither its numbers nor its Jacobian are shown."""
    found = described(torch.sin, torch.zeros(400, dtype=torch.float64).requires_grad_())

    assert (found.products[0].values, found.nonzero, found.pattern) == ("", None, ())
    assert found.entries == 160_000
    assert described(torch.sin, torch.cat([LARGE, LARGE])).pattern == ()


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x * x.detach().reciprocal(), "v * (1 / x)"),
        (lambda x: x * (x.detach() * 1).softmax(0), "v * x.softmax(0)"),
        (lambda x: x * x.detach().log_softmax(0), "v * x.log_softmax(0)"),
        (lambda x: x * x.detach()[[1, 0]], "v * x[torch.tensor([1, 0])]"),
        (lambda x: x * x.detach().view(2), "v * x"),
        (lambda x: x * x.new_zeros(2).copy_(x.detach()), "v * x"),
        (
            lambda x: (x * x.new_zeros(2, 2).copy_(x.detach())).sum(0),
            "torch.ops.aten.copy(x.new_zeros([2, 2]), x)",
        ),
        (
            lambda x: x * functional.pad(x.detach()[1:], [0, 1], value=2.0),
            "v * torch.nn.functional.pad(x[1:], [0, 1], value=2)",
        ),
        (
            lambda x: x * x.detach().masked_fill(x > 5, math.inf),
            'v * x.masked_fill(x > 5, float("inf"))',
        ),
        (lambda x: (x * x.detach()[::2])[:1].repeat(3), "slice_scatter"),
        (
            lambda x: x * LARGE.detach().view(2, 2, 5).transpose(0, 1)[0, :, 0],
            ".transpose(0, 1)",
        ),
        (lambda x: x * LARGE.detach()[:2], "v * tensor_constant0[:2]"),
        (
            lambda x: (
                x * x.detach().outer(x).detach().sum(1, keepdim=True).view(1, 2)[0]
            ),
            ".sum(1, keepdim=True).reshape([1, 2])",
        ),
    ],
    ids=range(13),
)
def test_an_operation_prints_as_one_writes_it(
    function: Callable[..., Tensor], text: str
) -> None:
    """Tests the notation of single operations, in programs that were run."""
    found = described(function, x_of(1, 2))

    assert not found.problem
    assert text in "\n".join([*found.lines, *found.results])


def test_a_program_falls_back_to_plain_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests the text that names each operation by torch's own name."""
    monkeypatch.setattr(trace, "_ATTEMPTS", trace._ATTEMPTS[-1:])

    assert described(torch.sin, x_of(1, 2)).results == (
        "torch.ops.aten.mul.Tensor(v, torch.ops.aten.cos.default(x))",
    )


def test_unused_and_empty_inputs_have_products() -> None:
    """Tests an input that has no influence, and one without numbers."""
    found = described(lambda a, _, c: a * a + c.sum(), x_of(1, 2), x_of(3), x_of())

    assert found.results == ("v * a + v * a", "None", "v.sum().expand([0])")
    assert [shown.values for shown in found.products][1:] == ["[0]", "[]"]


def test_a_program_with_another_shape_is_refused() -> None:
    """Tests that the comparison doesn't broadcast."""
    with pytest.raises(ValueError, match=r"shape \(2,\), not \(1,\)"):
        run.residual([torch.ones(2)], [torch.ones(1)])


def test_the_pattern_of_a_jacobian_marks_its_entries() -> None:
    """Tests the pattern of a running sum, a lower triangle in each row."""
    example = shown("cumsum")

    assert example.pattern[:3] == ("100000", "110000", "111000")
    assert (example.entries, example.nonzero) == (36, 12)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: torch.clamp(x, -1, math.inf), 'float("inf")'),
        (torch.log2, "math.log(2)"),
        (functional.rrelu, "(1 / 8 + 1 / 3) / 2"),
    ],
)
def test_numbers_are_printed_as_people_write_them(
    function: Callable[[Tensor], Tensor], text: str
) -> None:
    """Tests a bound that is infinite, and a constant."""
    example = described(function, LARGE[None] + 1)

    assert text in "".join([*example.lines, *example.results])
