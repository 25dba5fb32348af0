"""Tests of derived programs, which are run on sizes that they weren't derived from."""

import functools
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from vjp_guide import Derivation, DeriveError, derive
from vjp_guide._derive import derive as module
from vjp_guide._derive import folds

TARGET = torch.tensor([0, 2, 1])
MASK = torch.arange(15).reshape(3, 5) % 2 == 0


def randn(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return numbers that are the same each time."""
    generator = torch.Generator().manual_seed(sum(shape) + len(shape))
    return torch.randn(shape, dtype=dtype, generator=generator)


def lines(derivation: Derivation) -> list[str]:
    """Return the assignments of a program."""
    return [str(line) for line in (*derivation.forward, *derivation.backward)]


def check(derivation: Derivation, fn: Callable[..., Any], *inputs: Tensor) -> None:
    """Run the printed text on inputs, and compare the products with torch's."""
    leaves = [
        x.clone().requires_grad_(x.is_floating_point() or x.is_complex())
        for x in inputs
    ]
    returned = fn(*leaves)
    outputs = returned if isinstance(returned, tuple) else (returned,)
    kept = [y for y in outputs if y.requires_grad]
    v = [randn(*y.shape, dtype=y.dtype) for y in kept]
    tracked = [x for x in leaves if x.requires_grad]
    expected = torch.autograd.grad(
        kept, tracked, v, allow_unused=True, materialize_grads=True
    )
    given = [*inputs, *v]
    names = [*derivation.inputs, *derivation.cotangents]
    scope = {"torch": torch, "math": math, "TARGET": TARGET, "MASK": MASK}
    scope |= dict(zip(names, given, strict=True))
    exec(derivation.text(), scope)  # noqa: S102 - that it runs is the test

    for name, product in zip(derivation.gradients, expected, strict=True):
        torch.testing.assert_close(scope[name], product, rtol=1e-12, atol=1e-12)


def attention(q: Tensor, k: Tensor, w: Tensor) -> Tensor:
    """Return attention, written in one line."""
    return torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ w


def named_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Return attention with variables, and an argument that has the name of v."""
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    p = torch.softmax(scores, -1)
    return p @ v


def layer(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Return a layer whose variable is bound twice."""
    h = x @ w + b
    h = torch.tanh(h)
    return h * h


def heads(x: Tensor, w: Tensor) -> Tensor:
    """Return attention of two heads."""
    batch, length, width = x.shape
    q = (x @ w).view(batch, length, 2, -1).transpose(1, 2)
    a = (q @ q.mT).softmax(-1)
    return (a @ q).transpose(1, 2).reshape(batch, length, width)


def deep(x: Tensor) -> Tensor:
    """Return what ten layers give."""
    for _ in range(10):
        x = x.tanh()
    return x


def in_place(x: Tensor) -> Tensor:
    """Return what an in-place computation gives."""
    h = x.clone()
    h[0] = 0
    h.mul_(2)
    return h * x


def masked(x: Tensor) -> Tensor:
    """Return what depends on a tensor of the module."""
    return torch.where(MASK, x, 0).exp().sum(-1)


def rms_norm(x: Tensor, g: Tensor) -> Tensor:
    """Return the RMS norm."""
    return x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * g


def entropy(x: Tensor, w: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of a linear layer."""
    logits = x @ w
    return functional.cross_entropy(logits, target, label_smoothing=0.1)


def several(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return several outputs, one of integers, with an argument of the name of one."""
    return x * y, (x > 0).long(), y.sum()


def literal(x: Tensor) -> Tensor:
    """Return what holds literals, few and many."""
    few = torch.tensor([1.0, 2.0, 3.0], dtype=x.dtype)
    return x * few + torch.full(x.shape, 2.0, dtype=x.dtype) * torch.eye(
        x.shape[0], 3, dtype=x.dtype
    )


def complex_product(z: Tensor, w: Tensor) -> Tensor:
    """Return a complex product."""
    return (z @ w.mH).exp() * 1j


CASES: list[tuple[Callable[..., Any], list[Tensor], list[Tensor]]] = [
    (attention, [randn(4, 3), randn(5, 3), randn(5, 2)], [randn(2, 7), randn(3, 7), randn(3, 6)]),
    (named_attention, [randn(2, 4, 3), randn(2, 5, 3), randn(2, 5, 2)], [randn(3, 2, 7), randn(3, 4, 7), randn(3, 4, 6)]),
    (layer, [randn(4, 3), randn(3, 5), randn(5)], [randn(2, 6), randn(6, 7), randn(7)]),
    (layer, [randn(2, 4, 3), randn(3, 5), randn(1)], [randn(6, 2, 4), randn(4, 7), randn(1)]),
    (heads, [randn(2, 5, 4), randn(4, 4)], [randn(3, 4, 6), randn(6, 6)]),
    (in_place, [randn(4, 3)], [randn(2, 5)]),
    (masked, [randn(3, 5)], [randn(3, 5) + 1]),
    (lambda x: (x + torch.zeros_like(MASK, dtype=x.dtype).masked_fill(MASK, -math.inf)).exp(), [randn(3, 5)], [randn(3, 5) + 1]),
    (rms_norm, [randn(4, 3), randn(3)], [randn(2, 6), randn(6)]),
    (entropy, [randn(3, 4), randn(4, 5), TARGET], [randn(5, 2), randn(2, 4), torch.tensor([3, 1, 0, 2, -100])]),
    (several, [randn(2, 3), randn(3)], [randn(5, 4), randn(4)]),
    (literal, [randn(2, 3)], [randn(4, 3)]),
    (complex_product, [randn(2, 3, dtype=torch.complex128), randn(4, 3, dtype=torch.complex128)], [randn(5, 2, dtype=torch.complex128), randn(3, 2, dtype=torch.complex128)]),
    (lambda z: z.real[[0, 0]], [randn(2, 3, dtype=torch.complex128)], [randn(5, 2, dtype=torch.complex128)]),
    (lambda x: x.unfold(0, 3, 2).sum(), [randn(7)], [randn(9)]),
    (lambda x: x.unfold(-1, 3, 1).exp(), [randn(2, 6)], [randn(3, 5)]),
    (lambda x: x[:, TARGET] + x[..., TARGET, TARGET].sum(), [randn(2, 3, 4)], [randn(3, 4, 3)]),
    (lambda x: x[:, [[0, 1], [1, 1]]].exp(), [randn(2, 3)], [randn(4, 3)]),
    (lambda x, w: torch.ops.aten.index_put(x**2, [None, TARGET], w, accumulate=True).exp(), [randn(2, 4), randn(3)], [randn(5, 6), randn(3)]),
    (lambda x, w: torch.ops.aten.index_put(x**2, [None, TARGET], w, accumulate=True).exp(), [randn(2, 4), randn(2, 1)], [randn(5, 6), randn(5, 1)]),
    (lambda a, b: torch.linalg.solve(a.exp(), b), [randn(3, 3), randn(3)], [randn(2, 2), randn(2)]),
    (lambda a, b: torch.linalg.solve(a.exp(), b, left=False), [randn(2, 3, 3), randn(2, 2, 3)], [randn(3, 2, 2), randn(3, 4, 2)]),
    (lambda z: torch.linalg.slogdet(z)[1] + torch.linalg.det(z).abs(), [randn(2, 3, 3, dtype=torch.complex128)], [randn(3, 2, 2, dtype=torch.complex128)]),
    (lambda x, y: torch.outer(x, y) ** 2, [randn(3), randn(4)], [randn(5), randn(2)]),
    (lambda x: x.sum() - x.mean() + 0 * x.max(), [randn(3, 0 + 2)], [randn(4, 3)]),
    (lambda x: x.neg().neg() + x + x, [randn()], [randn()]),
    (lambda x: x.prod(), [randn(0)], [randn(0)]),
    (torch.rsub, [randn(3), randn(2, 3)], [randn(5), randn(4, 5)]),
    (lambda x: x.t().exp(), [randn(3)], [randn(5)]),
    (lambda x, w: (x @ w).reshape(-1).exp(), [randn(2, 3), randn(3, 4)], [randn(3, 5), randn(5, 2)]),
    (lambda x, w: (x @ w).flatten(1).exp(), [randn(2, 5, 3), randn(3, 4)], [randn(3, 4, 5), randn(5, 2)]),
    (lambda x, w, b: functional.linear(x, w, b).exp(), [randn(2, 5, 3), randn(4, 3), randn(4)], [randn(3, 4, 5), randn(2, 5), randn(2)]),
    (lambda x: x.sum(0).unsqueeze(0).exp() + x.sum((0, 1)).exp(), [randn(2, 3)], [randn(4, 5)]),
    (lambda x, w: (x.flatten(0, 1) @ w).unflatten(-1, (-1, 2)).exp(), [randn(2, 5, 3), randn(3, 4)], [randn(3, 4, 5), randn(5, 2)]),
    (lambda x, y: (x.flatten(0, 1) @ y.flatten(0, 1)).flatten(0, 1).exp(), [randn(2, 5, 3, 4), randn(2, 5, 4, 6)], [randn(3, 2, 4, 5), randn(3, 2, 5, 2)]),
    (functional.huber_loss, [randn(2, 3), randn(2, 3)], [randn(5, 4), randn(5, 4)]),
    (lambda a, b: torch.einsum("bij,bkj->bik", a, b).exp(), [randn(2, 5, 3), randn(2, 4, 3)], [randn(3, 2, 5), randn(3, 6, 5)]),
    (lambda a, b: torch.einsum("ij,kj->ki", a, b).exp(), [randn(5, 3), randn(4, 3)], [randn(2, 5), randn(6, 5)]),
    (lambda x: torch.cat([x.diff(), x[:, 1:], x[:, :-1]]), [randn(2, 3)], [randn(4, 5)]),
    (lambda x: functional.pad(x[:, None], (1, 0)).prod(-1) + x[:, 1::2].sum(), [randn(2, 3)], [randn(4, 5)]),
    (lambda x: functional.pad(x, (1, 2), mode="reflect").exp() * torch.full_like(x, 2).sum(), [randn(2, 5)], [randn(2, 5) + 1]),
    (lambda x: x.nanmean() + x.quantile(0.3), [randn(2, 3)], [randn(4, 5)]),
    (lambda x: functional.binary_cross_entropy(x.sigmoid(), torch.ones_like(x)), [randn(2, 3)], [randn(4, 5)]),
    (lambda z: torch.view_as_real(z).mT.flip(0).exp(), [randn(2, 3, dtype=torch.complex128)], [randn(4, 5, dtype=torch.complex128)]),
    (lambda x, c: x * torch.fill(x, c) + x[: x.shape[0] // 2].sum(), [randn(4, 3), randn()], [randn(6, 2), randn()]),
    (lambda x: torch.linalg.inv((x @ x.mT).exp()), [randn(2, 3)], [randn(2, 4)]),
    (lambda x: x.sum(0).unsqueeze(-1).exp(), [randn(2, 3)], [randn(4, 5)]),
    (lambda x, y: x.add(y, alpha=3) - (1 - y), [randn(3), randn(2, 3)], [randn(5), randn(4, 5)]),
    (lambda x, n: x * 2.0**n, [randn(2, 3), torch.tensor([-1, 0, 2])], [randn(3, 2), torch.tensor([[-2], [1], [3]])]),
]  # fmt: skip


@pytest.mark.parametrize(("fn", "inputs", "others"), CASES)
def test_the_text_holds_on_other_sizes(
    fn: Callable[..., Any], inputs: list[Tensor], others: list[Tensor]
) -> None:
    """Tests that the printed text is Python that gives what autograd gives."""
    derivation = derive(fn, *inputs)
    checks = derivation.verification

    assert checks.autograd <= 1e-12
    assert checks.test.passed
    assert checks.differences < 1e-6
    assert checks.identity < 1e-12
    check(derivation, fn, *inputs)
    check(derivation, fn, *others)


@pytest.mark.parametrize("fn", [torch.det, torch.logdet, torch.slogdet])
@pytest.mark.parametrize("given", [randn(3, 3).exp(), randn(3, 3).exp().mT])
def test_a_determinant_is_of_a_matrix_in_any_order(
    fn: Callable[..., Any], given: Tensor
) -> None:
    """Tests matrices row by row and column by column, which torch factors otherwise."""

    def direct(x: Tensor) -> Tensor:
        found = fn(x)
        product: Any = math.prod(found) if isinstance(found, tuple) else found
        assert isinstance(product, Tensor)
        return product

    x = given + 4 * torch.eye(3, dtype=torch.float64)
    derivation = derive(direct, x)
    check(derivation, direct, x)
    check(derivation, direct, x.mT)


def pairs(
    fn: Callable[..., Any], inputs: list[Tensor]
) -> tuple[Callable[..., Any], list[Tensor]]:
    """Return what a function computes of what has a derivative, and these inputs."""
    tracked = [x for x in inputs if x.is_floating_point() or x.is_complex()]
    fixed = {place: x for place, x in enumerate(inputs) if x.dtype == torch.int64}

    def outputs(*xs: Tensor) -> tuple[Tensor, ...]:
        rest = iter(xs)
        places = range(len(inputs))
        returned = fn(*(fixed[at] if at in fixed else next(rest) for at in places))
        ys = returned if isinstance(returned, tuple) else (returned,)
        return tuple(y for y in ys if y.requires_grad)

    return outputs, tracked


def ran(derivation: Derivation, *given: Tensor) -> list[Tensor]:
    """Return the products that a text computes of inputs and cotangents or tangents."""
    names = [*derivation.inputs, *derivation.cotangents, *derivation.tangents]
    scope = {"torch": torch, "math": math, "TARGET": TARGET, "MASK": MASK}
    scope |= dict(zip(names, given, strict=True))
    exec(derivation.text(), scope)  # noqa: S102 - that it runs is the test
    values: dict[str, Any] = scope
    return [values[name] for name in derivation.gradients]


@pytest.mark.parametrize(("fn", "inputs", "others"), CASES[:13:2])
def test_the_product_of_a_product_holds_on_other_sizes(
    fn: Callable[..., Any], inputs: list[Tensor], others: list[Tensor]
) -> None:
    """Tests order 2 against two passes of reverse mode."""
    derivation = derive(fn, *inputs, order=2)
    sizes = inputs if derivation.fixed else others
    outputs, tracked = pairs(fn, sizes)
    xs = [x.clone().requires_grad_() for x in tracked]
    ys = outputs(*xs)
    v = [randn(*y.shape, dtype=y.dtype).requires_grad_() for y in ys]
    kept = torch.autograd.grad(ys, xs, v, create_graph=True)
    u = [randn(*x.shape, dtype=x.dtype) for x in kept]
    options = {"allow_unused": True, "materialize_grads": True}
    expected = torch.autograd.grad(kept, [*xs, *v], u, **options)

    assert derivation.verification.test.passed
    found = ran(derivation, *sizes, *(each.detach() for each in v), *u)
    torch.testing.assert_close(found, list(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("fn", "inputs", "others"), CASES[:13:2])
def test_the_tangents_hold_on_other_sizes(
    fn: Callable[..., Any], inputs: list[Tensor], others: list[Tensor]
) -> None:
    """Tests the product with tangents against the adjoint of reverse mode."""
    derivation = derive(fn, *inputs, jvp=True)
    sizes = inputs if derivation.fixed else others
    outputs, tracked = pairs(fn, sizes)
    u = [randn(*x.shape, dtype=x.dtype) for x in tracked]
    _, expected = torch.autograd.functional.jvp(outputs, tuple(tracked), tuple(u))

    assert derivation.backward == ()
    assert derivation.verification.test.passed
    assert derivation.verification.identity < 1e-12
    found = ran(derivation, *sizes, *u)
    torch.testing.assert_close(found, list(expected), rtol=1e-12, atol=1e-12)


def test_both_products_print_as_one_writes_them() -> None:
    """Tests the texts, with a line for each tangent and for each cotangent."""
    inputs = randn(4, 3), randn(3, 5), randn(5)
    tangents = str(derive(layer, *inputs, jvp=True))
    second = str(derive(lambda x, w: (x @ w).exp(), *inputs[:2], order=2))

    assert tangents.partition("\n\n# forward mode")[0] == (
        "# layer(x (4, 3), w (3, 5), b (5,)) -> y (4, 5)\n"
        "\n"
        "# forward, with tangents u_x (4, 3), u_w (3, 5), u_b (5,)\n"
        "h = x @ w + b                  # (4, 5)\n"
        "u_h = u_x @ w + x @ u_w + u_b  # (4, 5)\n"
        "h_2 = h.tanh()                 # (4, 5)\n"
        "y = h_2 * h_2                  # (4, 5)\n"
        "u_h_2 = u_h * (1 - y)          # (4, 5)\n"
        "u_y = u_h_2 * h_2 * 2          # (4, 5)"
    )
    assert second.partition("\n\n# autograd")[0] == (
        "# lambda__vjp(x (4, 3), w (3, 5), v (4, 5)) -> grad_x (4, 3), grad_w (3, 5)\n"
        "\n"
        "# forward, what the backward pass needs\n"
        "y = (x @ w).exp()  # (4, 5)\n"
        "t1 = v * y         # (4, 5)\n"
        "\n"
        "# backward, from u_x (4, 3), u_w (3, 5)\n"
        "grad2_t1 = x @ u_w + u_x @ w       # (4, 5)\n"
        "grad2_y = grad2_t1 * v             # (4, 5)\n"
        "t2 = grad2_y * y                   # (4, 5)\n"
        "grad2_x = t1 @ u_w.mT + t2 @ w.mT  # (4, 3)\n"
        "grad2_w = u_x.mT @ t1 + x.mT @ t2  # (3, 5)\n"
        "grad2_v = grad2_t1 * y             # (4, 5)"
    )


def test_a_product_whose_program_loses_a_derivative_is_recorded_itself() -> None:
    """Tests what goes on from a factorization that the forward pass keeps."""
    derivation = derive(lambda x: (x @ x.mT).exp().logdet(), randn(3, 4), order=2)

    assert derivation.name == "lambda__vjp"
    assert derivation.verification.test.passed


def test_what_is_of_another_program_is_not_combined() -> None:
    """Tests the errors of arguments that exclude each other."""
    wrong: Any = 3
    with pytest.raises(ValueError, match="order must be 1 or 2, got 3"):
        derive(torch.sin, randn(2), order=wrong)
    with pytest.raises(ValueError, match="order=2 and jvp can't be combined"):
        derive(torch.sin, randn(2), order=2, jvp=True)
    with pytest.raises(ValueError, match="jvp and against can't be combined"):
        derive(torch.sin, randn(2), jvp=True, against=torch.autograd.Function)
    with pytest.raises(ValueError, match="writes a backward pass"):
        derive(torch.sin, randn(2), jvp=True).function()
    with pytest.raises(DeriveError, match="forward AD with _cdist_forward"):
        derive(torch.cdist, randn(2, 3), randn(4, 3), jvp=True)


def test_a_product_is_a_function_as_well() -> None:
    """Tests the class of a product against its double backward."""
    text, scope = function_of(
        derive(layer, randn(4, 3), randn(3, 5), randn(5), order=2)
    )
    xs = [randn(*s).requires_grad_() for s in [(2, 3), (3, 4), (4,), (2, 4)]]

    assert "class LayerVjp(torch.autograd.Function):" in text
    assert torch.autograd.gradcheck(scope["layer_vjp"], xs)


def test_many_outputs_have_numbers() -> None:
    """Tests more outputs than are told by a letter and a number."""
    derivation = derive(lambda x: x.unbind(), randn(40))

    assert list(derivation.outputs)[-1] == "y39"


def test_attention_prints_as_one_writes_it() -> None:
    """Tests the whole text, with the names of arguments and variables."""
    text = str(derive(named_attention, randn(4, 3), randn(5, 3), randn(5, 2)))
    code, _, checks = text.partition("\n# autograd")

    assert code == (
        "# named_attention(q (4, 3), k (5, 3), v (5, 2)) -> y (4, 2)\n"
        "\n"
        "# forward, what the backward pass needs\n"
        "scores = q @ k.mT / math.sqrt(q.shape[-1])  # (4, 5)\n"
        "p = scores.softmax(-1)                      # (4, 5)\n"
        "\n"
        "# backward, from grad_y (4, 2)\n"
        "grad_p = grad_y @ v.mT                           # (4, 5)\n"
        "t1 = grad_p * p                                  # (4, 5)\n"
        "grad_scores = t1 - p * t1.sum(-1, keepdim=True)  # (4, 5)\n"
        "t2 = grad_scores / math.sqrt(q.shape[-1])        # (4, 5)\n"
        "grad_q = t2 @ k                                  # (4, 3)\n"
        "grad_k = t2.mT @ q                               # (5, 3)\n"
        "grad_v = p.mT @ grad_y                           # (5, 2)\n"
    )
    assert "<v, J u> = <J^T v, u>" in checks


@pytest.mark.parametrize(
    ("fn", "inputs", "expected"),
    [
        (lambda x: x.T.T, [randn(2, 3)], ["grad_x = v"]),
        (lambda x: x**1 * 1 / 1, [randn(2)], ["grad_x = v"]),
        (lambda x: 1 - x, [randn(2)], ["grad_x = -v"]),
        (lambda x: (x @ x.T).T, [randn(2, 3)], ["grad_x = v.mT @ x + v @ x"]),
        (lambda x: x.sum(), [randn(2, 3)], ["grad_x = v.expand(x.shape)"]),
        (lambda x: x.sum(0).sum(), [randn(2, 3)], ["grad_x = v.expand(x.shape)"]),
        (lambda x, w: x @ w, [randn(2, 5, 3), randn(3, 4)], ["t1 = x.reshape([x.shape[0] * x.shape[1], x.shape[-1]])", "grad_x = v @ w.mT", "grad_w = t1.mT @ v.reshape([x.shape[0] * x.shape[1], w.shape[-1]])"]),
        (lambda x, y: x * y, [randn(2, 3), randn(3)], ["grad_x = v * y", "grad_y = (v * x).sum(0)"]),
        (lambda x: (x * x).log_softmax(-1), [randn(2, 3)], ["y = (x * x).log_softmax(-1)", "grad_x = (v - y.exp() * v.sum(-1, keepdim=True)) * x * 2"]),
        (functional.gelu, [randn(3)], None),
        (lambda a, b: torch.einsum("bhid,bhjd->bhij", a, b), [randn(2, 3, 4, 5), randn(2, 3, 6, 5)], ["grad_a = v @ b", "grad_b = v.mT @ a"]),
        (lambda a, b: torch.einsum("ij,kj->ik", a, b), [randn(5, 3), randn(4, 3)], ["grad_a = v @ b", "grad_b = v.mT @ a"]),
        (lambda a, b: torch.einsum("i,j->ij", a, b), [randn(3), randn(4)], ["grad_a = (v * b).sum(1)", "grad_b = (v * a.unsqueeze(1)).sum(0)"]),
        (functional.mse_loss, [randn(2, 3), randn(2, 3)], ["grad_input = (input - target) * (2 / input.numel()) * v", "grad_target = (target - input) * (2 / input.numel()) * v"]),
        (lambda x: x.sin() + x.cos(), [randn(3)], ["grad_x = v * x.cos() - v * x.sin()"]),
        (lambda x: (x.sin() - torch.div(-x, 3, rounding_mode="floor")) ** 2, [randn(3)], ["grad_x = v * ((x.sin() - (-x).div(3, rounding_mode='floor')) * 2) * x.cos()"]),
        (functional.softsign, [randn(3)], ["t1 = input.abs() + 1", "y = input / t1", "grad_input = v / t1 - v * (y / t1) * input.sgn()"]),
        (lambda x: x[1:], [randn(3, 2)], ["grad_x = torch.nn.functional.pad(v, [0, 0, 1, 0])"]),
        (lambda x, y: x * 2 - -(x * y), [randn(3), randn(3)], ["grad_x = v * y + v * 2", "grad_y = v * x"]),
        (lambda x, _: x, [randn(3), randn(2)], ["grad_x = v", "grad_x_2 = torch.zeros_like(x_2)"]),
        (lambda x, y: x + y, [randn(3), randn(3)], ["grad_x = v", "grad_y = v"]),
        (lambda x, y: (x + y).exp(), [randn(3), randn(3)], ["out = (x + y).exp()", "grad_x = v * out", "grad_y = grad_x"]),
    ],
)  # fmt: skip
def test_a_program_is_short(
    fn: Callable[..., Any], inputs: list[Tensor], expected: list[str] | None
) -> None:
    """Tests texts from which what says nothing is gone."""
    found = lines(derive(fn, *inputs))

    if expected is not None:
        assert found == expected
    else:
        assert "math.sqrt(0.5)" in "\n".join(found)


@torch.library.custom_op("vjp_guide_tests::ruleless", mutates_args=())
def ruleless(x: Tensor) -> Tensor:
    """Return a copy, without a rule for its derivative."""
    return x.clone()


def branches(x: Tensor) -> Tensor:
    """Return one of two things, by a value."""
    if x.sum() > 0:
        return x
    return 2 * x


def reads(x: Tensor) -> Tensor:
    """Return a tensor times a number that is read from it."""
    return x * x.detach().sum().item()


def selects(x: Tensor) -> Tensor:
    """Return as many numbers as are positive."""
    return x[x > 0]


def drops(x: Tensor) -> Tensor:
    """Return what dropout leaves."""
    return functional.dropout(x)


def calls_ruleless(x: Tensor) -> Tensor:
    """Return what an operation without a rule gives."""
    copy: Tensor = ruleless(x)
    return x * copy


def leaves_torch(x: Tensor) -> Tensor:
    """Return what NumPy computed."""
    return x * torch.from_numpy(x.detach().numpy())


def closes_over_single(x: Tensor) -> Tensor:
    """Return the product with a tensor of single precision."""
    return x @ SINGLE


SINGLE = torch.ones(3, 3)


@pytest.mark.parametrize(
    ("fn", "reason", "line"),
    [
        (branches, "a number is read from a tensor", "if x.sum() > 0:"),
        (reads, "a number is read from a tensor", "return x * x.detach()"),
        (selects, "depends on values", "return x[x > 0]"),
        (drops, "draws random numbers", "return functional.dropout(x)"),
        (
            calls_ruleless,
            "vjp_guide_tests::ruleless is a custom",
            "copy: Tensor = ruleless(x)",
        ),
        (leaves_torch, "values leave torch", "return x * torch.from_numpy"),
    ],
)
def test_what_has_no_program_is_refused(
    fn: Callable[..., Any], reason: str, line: str
) -> None:
    """Tests that the error says why, with the line and what to write instead."""
    with pytest.raises(DeriveError, match=reason) as caught:
        derive(fn, randn(3))

    place, _, code = str(caught.value).partition("\n  ")[2].partition(": ")
    assert place.endswith(f", in {fn.__name__}")
    assert code.startswith(line)


def test_what_torch_calls_is_refused_without_a_line() -> None:
    """Tests a function of torch, which has no line that the reader wrote."""
    with pytest.raises(DeriveError, match=r"draws random numbers[^\n]*$"):
        derive(nn.Dropout(), randn(3))


ROWS = torch.tensor([0, 2, 2])
DENSE_GRADIENT: dict[str, Callable[[Tensor], Tensor]] = {
    "embedding": lambda w: functional.embedding(ROWS, w, sparse=True),
    "bag": lambda w: functional.embedding_bag(ROWS[None], w, sparse=True, mode="sum"),
    "gather": lambda w: w.gather(0, ROWS[:, None], sparse_grad=True),
    "output": lambda w: w.to_sparse(),
    "sum": lambda w: torch.sparse.sum(w.to_sparse()),
    "softmax": lambda w: torch.sparse.softmax(w.to_sparse(), 1).to_dense(),
}


@pytest.mark.parametrize("fn", DENSE_GRADIENT.values(), ids=DENSE_GRADIENT)
def test_sparse_gradients_are_refused(fn: Callable[[Tensor], Tensor]) -> None:
    """Tests that the refusal says what to do, in words of its own."""
    with pytest.raises(DeriveError, match=r"layout torch\.sparse_coo, and") as caught:
        derive(fn, randn(5, 3))

    assert "leave out sparse=True" in str(caught.value)
    assert "backend" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")
def test_a_matrix_in_compressed_rows_is_a_factor() -> None:
    """Tests that a text without simplifications is tried where these fail."""
    found = derive(
        lambda w: torch.eye(5, dtype=w.dtype).to_sparse_csr() @ w, randn(5, 3)
    )

    assert found.verification.autograd < 1e-12


def test_tangents_are_checked_against_a_sparse_gradient() -> None:
    """Tests that the check takes what autograd gives in another layout."""
    derive(DENSE_GRADIENT["embedding"], randn(5, 3), jvp=True)


def test_wrong_arguments_are_named() -> None:
    """Tests what isn't a function of dense tensors with a derivative."""
    sparse: Any = torch.eye(2).to_sparse()
    fn: Any = randn(2)

    with pytest.raises(TypeError, match="fn must be a function of tensors"):
        derive(fn, randn(2))
    with pytest.raises(TypeError, match=r"inputs\[1\] must be a torch.Tensor, got int"):
        derive(torch.add, randn(2), 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"inputs\[0\] must be a dense tensor"):
        derive(torch.sin, sparse)
    with pytest.raises(ValueError, match=r"got .'torch.int64'.: derivatives need"):
        derive(torch.neg, torch.tensor([1]))
    with pytest.raises(ValueError, match="returns nothing that depends on its inputs"):
        derive(lambda x: x.detach(), randn(2))
    with pytest.raises(RuntimeError, match="dtype") as caught:
        derive(closes_over_single, randn(3))
    assert "convert them with .double()" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match="size of tensor") as plain:
        derive(torch.add, randn(2), randn(3))
    assert not hasattr(plain.value, "__notes__")


def test_a_module_has_its_parameters_by_name() -> None:
    """Tests names of parameters and buffers, and lengths that the module fixes."""
    derivation = derive(
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), randn(5, 3).float()
    )

    assert derivation.gradients == (
        "grad_input",
        "grad_m0_weight",
        "grad_m0_bias",
        "grad_m1_weight",
        "grad_m1_bias",
    )
    assert list(derivation.inputs)[-1] == "m1_num_batches_tracked"
    fixed = derive(nn.LayerNorm(3), randn(5, 3)).fixed
    assert fixed["input.shape[1]"] == 3
    assert "input.shape[1] = 3" in str(derive(nn.LayerNorm(3), randn(5, 3)))


@pytest.mark.parametrize(
    ("fn", "expected"),
    [
        (lambda x: x[:5].exp(), ("x.shape[0] < 5",)),
        (lambda x: x[:3].exp(), ("x.shape[0] >= 3",)),
        (lambda x: x.exp().trace(), ()),
        (lambda x: x.exp().diagonal().sum(), ()),
        (lambda x: x.exp() @ torch.ones(len(x.mT)).double() / len(x), ()),
        (functools.partial(lambda power, x: x**power * len(x), 2), ()),
        (lambda x: torch.fft.rfft(x).abs(), ()),
        (lambda x: torch.fft.ifft(x, dim=0, norm="ortho").abs(), ()),
        (lambda x: torch.fft.rfft2(x).abs(), ()),
        (lambda x: torch.fft.ifftn(x + 1j * x).abs(), ()),
        (lambda x: torch.fft.fft(x, n=2).abs(), ("x.shape[-1] > 2",)),
        (lambda x: torch.fft.irfft(torch.fft.rfft(x), n=x.shape[-1]).exp(), ()),
        (lambda x: torch.fft.irfft(x.exp() + 0j, dim=0).exp(), ()),
        (lambda x: torch.linalg.qr(x.mT @ x)[1].exp(), ()),
        (lambda x: x[:, :1].cholesky_solve(x @ x.mT), ()),
        (lambda x: x * 2 if x.shape[0] % 2 else x * 3, ("x.shape[0] % 2 == 0",)),
        (lambda x: x * 2 if x.numel() > 9 else x * 3, ("x.numel() > 9",)),
        (
            lambda x: x * 2 if len(x) != x.shape[1] else x,
            ("x.shape[0] != x.shape[-1]",),
        ),
        (lambda x: x - x[len(x) // 2], ("x.shape[0] // 2 == 2", "x.shape[0] > 2")),
        (
            lambda x: x * 2 if len(x) == x.shape[1] + 1 else x,
            ("x.shape[0] == x.shape[-1] + 1",),
        ),
        (
            lambda x: x * 2 if (x.shape[0] > 3) | (x.shape[1] > 5) else x,
            ("(x.shape[0] > 3) or (x.shape[-1] > 5)",),
        ),
    ],
)
def test_what_lengths_must_meet_is_said(
    fn: Callable[..., Any], expected: tuple[str, ...]
) -> None:
    """Tests functions that take other operations for other lengths, or none."""
    derivation = derive(fn, randn(4, 3))

    assert derivation.conditions == expected
    said = f"holds for lengths with: {', '.join(expected)}"
    assert (said in str(derivation)) == bool(expected)
    assert not derivation.fixed
    check(derivation, fn, randn(4, 3))
    if not expected:
        check(derivation, fn, randn(2, 5))


def test_a_module_that_asks_for_its_length_is_of_any() -> None:
    """Tests ``len`` in the method of a module, of a number too."""

    class Mean(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.sum(0) / len(x) * len([x])

    derivation = derive(Mean(), randn(4, 3))

    assert not derivation.fixed
    check(derivation, Mean(), randn(2, 5))


def test_what_forward_mode_cannot_compare_is_said() -> None:
    """Tests an operation that torch differentiates once, in one direction."""
    target = torch.tensor([[0, 2, -1]])
    text = str(
        derive(lambda x: functional.multilabel_margin_loss(x, target), randn(1, 3))
    )

    assert "# <v, J u> = <J^T v, u>: not compared, since torch has no" in text


def test_a_forward_mode_that_gives_nan_is_named() -> None:
    """Tests the hypotenuse of 0 and 0, whose cotangent is masked."""
    text = str(derive(lambda x: torch.hypot(x.tril(), x.tril()), torch.ones(2, 2)))

    assert "# <v, J u> = <J^T v, u>: not compared, since forward mode gives nan" in text
    assert "# dot-product test: failed: forward mode is wrong" in text


def test_forward_mode_that_fails_on_no_numbers_is_done_without() -> None:
    """Tests a function whose forward mode raises where its reverse mode doesn't."""
    test = derive(lambda x: x.logcumsumexp(0), randn(0)).verification.test

    assert test.passed
    assert test.forward_method != "forward mode"


def test_a_long_program_folds_by_submodule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests the text with lines for submodules, that without, and HTML."""
    monkeypatch.setattr(folds, "_MOST", 12)
    layers = [nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)) for _ in range(2)]
    model = nn.Sequential(*layers, nn.Tanh()).double()
    derivation = derive(model, randn(5, 3))
    short, whole, html = str(derivation), derivation.text(), derivation._repr_html_()
    modules = {line.name: line.module for line in derivation.backward}

    assert modules["grad_m1_0_weight"] == "1.0"
    assert modules["grad_m1_1_bias"] == "1.1"
    assert re.search(r"# 1(\.1)?: \d+ lines\n", short)
    assert short.endswith("# folded by submodule: text() has all lines")
    assert "# 1" not in whole
    assert re.search(r"<details><summary>1(\.1)?: \d+ lines</summary><pre>", html)
    assert all(line.name in html for line in derivation.backward)
    state = [*model.parameters(), *model.buffers()]
    assert len(ran(derivation, randn(5, 3), *state, randn(5, 3))) == 9


def test_only_blocks_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests a program of one block, and one without submodules."""
    monkeypatch.setattr(folds, "_MOST", 2)
    block = nn.Sequential(*(nn.Sequential(nn.Tanh(), nn.Tanh()) for _ in range(2)))

    assert "# 0: 4 lines\n" in str(derive(nn.Sequential(block), randn(2)))
    assert "lines" not in str(derive(block.forward, randn(2)))


def test_functions_of_all_kinds_have_names() -> None:
    """Tests partial functions, objects, functions in C, and names that are taken."""

    class Scale:
        def __call__(self, *values: Tensor) -> Tensor:
            return values[0] * values[1]

    def taken(t1: Tensor, torch: Tensor) -> Tensor:
        v = t1 * torch
        lambda_ = v.exp()
        return lambda_.sin()

    partial = functools.partial(torch.where, MASK)

    assert lines(derive(Scale(), randn(2), randn(2)))[0] == "grad_values0 = v * values1"
    assert derive(partial, randn(3, 5), randn(3, 5)).name == "where"
    assert lines(derive(taken, randn(2), randn(2)))[:2] == [
        "v = t1 * torch_2",
        "lambda_ = v.exp()",
    ]
    assert list(derive(torch.sin, randn(2)).inputs) == ["x0"]


def test_a_wrong_text_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that a program that is off, or doesn't run, is refused."""
    monkeypatch.setattr(module, "EQUAL", -1.0)
    with pytest.raises(DeriveError, match=r"no text of the program.*it is off by 0"):
        derive(torch.neg, randn(2))

    def broken(*_: object) -> None:
        raise SyntaxError("no")

    monkeypatch.setattr(module, "program", broken)
    with pytest.raises(DeriveError, match=r"no text of the program.*SyntaxError: no"):
        derive(torch.neg, randn(2))


def test_a_rule_of_its_own_is_told_by_finite_differences() -> None:
    """Tests a function whose derivative isn't what torch computes."""
    derivation = derive(lambda x: x * x.detach(), randn(3))

    assert derivation.verification.autograd == 0
    assert "# dot-product test: failed" in str(derivation)


def test_a_trace_that_is_tried_again_prints_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Tests an operation that torch can't trace with lengths left open."""
    derivation = derive(lambda x: x.cumprod(0), randn(4, 3))

    assert derivation.fixed["x.shape[0]"] == 4
    assert not capfd.readouterr().err


def test_a_notebook_shows_code_and_drawing() -> None:
    """Tests the HTML, with the figure where there is room for it."""
    small = derive(lambda x: (x < 1) * x, randn(3))._repr_html_()
    large = derive(deep, randn(3))

    assert "(x &lt; 1)" in small
    assert "<svg" in small
    assert "<svg" not in large._repr_html_()
    assert repr(large).startswith("<Derivation of deep, ")


def function_of(derivation: Derivation) -> tuple[str, dict[str, Any]]:
    """Return the text of a function, and what it defines."""
    text = derivation.function()
    scope: dict[str, Any] = {}
    exec(text, scope)  # noqa: S102 - that it runs is the test
    return text, scope


@pytest.mark.parametrize(
    ("fn", "inputs", "others"),
    [case for case in CASES if case[0].__name__ != "<lambda>"],
)
def test_a_function_runs_as_it_is(
    fn: Callable[..., Any], inputs: list[Tensor], others: list[Tensor]
) -> None:
    """Tests the text alone, on other sizes, against autograd; its own test has run."""
    text, scope = function_of(derive(fn, *inputs))
    more = [MASK] if "MASK" in text else []
    tracked = [x.clone().requires_grad_(x.dtype != torch.int64) for x in others]
    floats = [x for x in tracked if x.requires_grad]

    def products(call: Callable[..., Any], *extra: Tensor) -> tuple[Tensor, ...]:
        returned = call(*tracked, *extra)
        ys = returned if isinstance(returned, tuple) else (returned,)
        kept = [y for y in ys if y.requires_grad]
        return torch.autograd.grad(
            kept, floats, [randn(*y.shape, dtype=y.dtype) for y in kept]
        )

    found = products(scope[fn.__name__], *more)
    for mine, theirs in zip(found, products(fn), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("fn", "x"),
    [
        (lambda x: torch.fft.rfft(x).abs(), randn(2, 6)),
        (lambda x: torch.fft.rfft2(x).abs().sum(-1), randn(2, 3, 4)),
        (
            lambda z: torch.view_as_real(z).sum(-1, keepdim=True),
            randn(2, 3, dtype=torch.complex128),
        ),
    ],
    ids=["rfft", "rfft2", "parts"],
)
def test_a_function_counts_numbers_that_kernels_would_refuse(
    fn: Callable[..., Any], x: Tensor
) -> None:
    """Tests axes from the end, and parts that don't lie side by side in memory."""
    _, scope = function_of(derive(fn, x))

    leaf = x.clone().requires_grad_()
    found, expected = scope["lambda_"](leaf), fn(leaf)
    v = randn(*expected.shape)
    mine, theirs = (torch.autograd.grad(y, leaf, v)[0] for y in (found, expected))
    torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-12)


def test_a_function_saves_what_is_smallest() -> None:
    """Tests inputs, outputs and others, and what is computed again."""
    exponential, scope = function_of(derive(torch.exp, randn(3)))
    once, _ = function_of(
        derive(named_attention, randn(4, 3), randn(5, 3), randn(5, 2))
    )
    again, _ = function_of(derive(layer, randn(4, 3), randn(3, 5), randn(5)))
    sizes, _ = function_of(derive(lambda x: x.mean(-1), randn(3, 4)))
    x = randn(3).requires_grad_()

    assert "y = output" in exponential
    assert "Saves y: 3 numbers for the inputs of the test," in exponential
    assert torch.autograd.gradgradcheck(scope["exp"], x)
    assert "return y, p" in once
    assert "Once differentiable" in once
    assert "save_for_backward(x, w, h_2)" in again
    assert "ctx.x_shape = x.shape" not in again
    assert "ctx.x0_shape" not in exponential
    assert "/ x_shape[-1]" in sizes


def test_axes_are_no_shape() -> None:
    """Tests axes that are the numbers of a shape, which no reader would look up."""
    x, w = randn(4, 5, 3), randn(0, 1)

    found = derive(lambda x, w: x.mean((0, 1)) * w.sum(), x, w)

    assert "x.mean([0, 1])" in str(found)


def test_a_function_returns_what_it_is_given() -> None:
    """Tests an output that is an input which the backward pass needs."""
    text, _ = function_of(derive(lambda x: (x.sin(), x.transpose(0, -1)), randn(3)))

    assert "x.view_as(x)" in text


def test_a_function_is_tested_where_it_is_defined() -> None:
    """Tests inputs outside of which there is no value, and no derivative to test."""
    spd = torch.eye(2, dtype=torch.float64) + 0.1
    text, _ = function_of(
        derive(lambda x: torch.linalg.cholesky(x + x.mT).diagonal().log(), spd)
    )
    hidden = derive(lambda x: x * x.detach(), randn(3))

    assert "torch.tensor([[1.1, 0.1]" in text
    with pytest.raises(
        DeriveError, match="the function fails its test: GradcheckError"
    ):
        hidden.function()


def wide(x: Tensor) -> Tensor:
    """Return the covariance of rows, in the units of one and of all."""
    return torch.cov(x) + torch.cov(x, correction=0) + torch.corrcoef(x)


OPENED: dict[str, tuple[Callable[..., Any], list[Tensor], list[Tensor]]] = {
    "kron": (torch.kron, [randn(2, 3), randn(4)], [randn(5, 2), randn(3)]),
    "cov": (wide, [randn(3, 5)], [randn(2, 7)]),
    "multi_dot": (
        lambda a, b, c: torch.linalg.multi_dot([a, b, c]),
        [randn(2, 3), randn(3, 4), randn(4, 5)],
        [randn(3, 2), randn(2, 5), randn(5, 4)],
    ),
    "diag": (lambda x: torch.diag(x).exp(), [randn(4, 4)], [randn(3, 3)]),
    "cholesky": (
        lambda x, b: torch.linalg.solve_triangular(
            torch.linalg.cholesky(x @ x.mT), b, upper=False
        ),
        [randn(3, 5), randn(3, 2)],
        [randn(2, 4), randn(2, 3)],
    ),
    "qr": (lambda x: torch.linalg.qr(x).R, [randn(4, 3)], [randn(5, 2)]),
    "GLU": (nn.GLU(), [randn(5, 6)], [randn(4, 8)]),
    "CircularPad1d": (nn.CircularPad1d(1), [randn(1, 2, 3)], [randn(1, 3, 5)]),
    "cosine": (
        functional.cosine_similarity,
        [randn(3, 4), randn(4)],
        [randn(2, 5), randn(5)],
    ),
    "matrix_exp": (torch.linalg.matrix_exp, [randn(3, 3) / 9], [randn(4, 4) / 9]),
}


@pytest.mark.parametrize("name", OPENED)
def test_lengths_stay_open_where_kernels_read_them(name: str) -> None:
    """Tests functions whose kernels take lengths as numbers, on other sizes."""
    fn, first, other = OPENED[name]
    derivation = derive(fn, *first)

    assert not derivation.fixed
    check(derivation, fn, *other)


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: torch.cov(x[0]) * x,
        lambda x: torch.corrcoef(x[0]) * x,
        lambda x: torch.cov(x, aweights=torch.ones(3)),
    ],
    ids=["cov of a row", "corrcoef of a row", "weights"],
)
def test_covariances_that_read_numbers_are_refused(fn: Callable[..., Any]) -> None:
    """Tests covariances of one row and with weights, which read numbers."""
    with pytest.raises(DeriveError, match="a number is read from a tensor"):
        derive(fn, randn(2, 3))


CONVOLUTIONS: dict[str, tuple[Callable[..., Any], list[Tensor], list[str]]] = {
    "bias": (
        lambda x, w, b: functional.conv2d(x, w, b, stride=(2, 1), padding=1),
        [randn(2, 3, 6, 5), randn(4, 3, 3, 3), randn(4)],
        ["torch.nn.grad.conv2d_input(", "torch.nn.grad.conv2d_weight(", "v.sum("],
    ),
    "groups": (
        lambda x, w: functional.conv1d(x, w, dilation=2, groups=2),
        [randn(2, 4, 7), randn(6, 2, 3)],
        ["conv1d_input(x.shape, w, v, dilation=2, groups=2)"],
    ),
    "transposed": (
        lambda x, w: functional.conv_transpose2d(
            x, w, stride=2, padding=1, output_padding=1
        ),
        [randn(2, 4, 4, 3), randn(4, 3, 3, 3)],
        ["functional.conv2d(v, w, stride=2, padding=1)", "conv2d_weight(v, w.shape, x"],
    ),
    "without a batch": (
        functional.conv1d,
        [randn(3, 7), randn(4, 3, 3)],
        ["torch.nn.grad.conv1d_input("],
    ),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_is_written_by_public_names(name: str) -> None:
    """Tests the products of convolutions, which torch computes by one private name."""
    fn, inputs, names = CONVOLUTIONS[name]
    derivation = derive(fn, *inputs)
    text = "\n".join(lines(derivation))

    assert "torch.ops" not in text
    assert all(each in text for each in names)
    check(derivation, fn, *inputs)
    assert derivation.function()


INDEX = torch.tensor([[1, 2], [0, 2]])


@pytest.mark.parametrize(
    ("index", "options", "expected"),
    [
        (INDEX[0], {}, "v.new_zeros(w.shape).index_add(0, i, v)"),
        (INDEX, {}, ".index_add(0, i.reshape([-1]), "),
        (INDEX, {"padding_idx": 1}, "torch.where((i != 1).unsqueeze(-1), v, 0)"),
        (INDEX, {"scale_grad_by_freq": True}, "aten.embedding_dense_backward("),
    ],
)
def test_an_embedding_sums_over_equal_indices(
    index: Tensor, options: dict[str, Any], expected: str
) -> None:
    """Tests products of embeddings, by public names where there are any."""

    def embed(i: Tensor, w: Tensor) -> Tensor:
        return functional.embedding(i, w, **options)

    derivation = derive(embed, index, randn(5, 3))
    text = str(derivation)

    assert expected in text
    assert ("no public name" in text) == ("torch.ops" in text)
    check(derivation, embed, index, randn(5, 3))


def test_numbers_that_need_many_digits_stay_apart() -> None:
    """Tests that a product isn't folded into a number that the text would round."""
    derivation = derive(lambda x: x * 1.2345678 * 1.7654321, torch.ones(3).double())

    assert lines(derivation) == ["grad_x = v * 1.7654321 * 1.2345678"]


@pytest.mark.parametrize(
    ("fn", "expected"),
    [
        (lambda x, y: -0.5 * (x * x).sum() * y, "grad_x = -(v * y).sum() * x"),
        (lambda x, y: 3 * x * 2 / 4 + y, "grad_x = v * 1.5"),
        (lambda x, y: x * 0.1 * 10 + y, "grad_x = v"),
        (lambda x, y: (x * 1j) * (2 * y), "grad_x"),
    ],
    ids=["sign", "quarter", "one", "complex"],
)
def test_numbers_of_a_product_are_one(fn: Callable[..., Any], expected: str) -> None:
    """Tests products of several numbers, and of one that isn't real."""
    dtype = torch.complex128 if expected == "grad_x" else torch.float64
    inputs = [randn(3, dtype=dtype), randn(3, dtype=dtype)]
    derivation = derive(fn, *inputs)

    assert expected in "\n".join(lines(derivation))
    check(derivation, fn, *inputs)


@pytest.mark.parametrize(
    ("fn", "shape", "expected"),
    [
        (lambda x: functional.silu(x).exp(), [3], "torch.nn.functional.silu(x)"),
        (functional.logsigmoid, [3], "v * (-x0).sigmoid()"),
        (lambda x: torch.fft.rfft(x).abs(), [5], "torch.fft.rfft(x)"),
        (lambda x: torch.fft.fft2(x, norm="ortho").abs(), [4, 3], 'norm="ortho"'),
        (lambda x: torch.fft.irfft(x, n=6), [4], "torch.fft.rfft(v, norm="),
        (lambda x: torch.fft.irfft2(x).exp(), [4, 3], "s=[x.shape[0], 4], dim=[0, 1])"),
        (lambda x: torch.fft.ifft(x).abs(), [4], "torch.fft.ifft("),
        (torch.linalg.svdvals, [4, 3], "torch.linalg.svd("),
        (lambda x: torch.linalg.svd(x)[1], [3, 3], "svd("),
        (lambda x: torch.linalg.eigvalsh(x @ x.mT), [3, 3], "torch.linalg.eigh("),
        (lambda x: torch.cdist(x, x.exp()), [4, 2], "torch.cdist("),
        (lambda x: torch.cdist(x, x.exp(), p=3.0), [4, 2], "p=3"),
        (functional.pdist, [4, 2], "torch.nn.functional.pdist("),
        (
            lambda x: functional.conv1d(x, x[:, :, :2]).exp(),
            [2, 2, 4],
            "functional.conv1d(",
        ),
        (lambda x: x.chunk(2, -1)[0] * x.chunk(2, -1)[1], [3, 4], ".chunk(2, -1)"),
        (lambda x: x.split(2)[0].exp(), [4, 3], "x"),
    ],
)
def test_operations_have_public_names(
    fn: Callable[..., Any], shape: list[int], expected: str
) -> None:
    """Tests operations that torch records by a private name."""
    derivation = derive(fn, randn(*shape))

    assert expected in "\n".join(lines(derivation))
    check(derivation, fn, randn(*shape))


@pytest.mark.parametrize("options", [{}, {"order": 2}, {"jvp": True}])
def test_only_the_function_itself_warns(options: dict[str, Any]) -> None:
    """Tests a norm of nothing, whose program has a variance, which warns; and one."""
    x = randn(0)
    derivation = derive(lambda x: functional.layer_norm(x, x.shape), x, **options)
    assert options.get("jvp") or derivation.function()

    with pytest.warns(UserWarning, match="degrees of freedom") as caught:
        derive(torch.var, x, **options)
    assert len(caught) == 1
