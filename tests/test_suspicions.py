"""Tests of the suspicions of :func:`vjp_guide.explain`."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge
from torch.testing import assert_close

from vjp_guide import explain, trace
from vjp_guide._explain.suspicions import _separating

X = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
ONES = torch.ones(3, dtype=torch.float64)


def slugs(outputs: object, inputs: object, v: object, **options: bool) -> list[str]:
    """Return the kinds of warnings of a call."""
    explanation = explain(outputs, inputs, v, **options)  # type: ignore[arg-type]
    assert explanation.diagnosis is None
    for suspicion in explanation.suspicions:
        assert "Look again" in str(explanation)
        assert suspicion.reason
    return [suspicion.slug for suspicion in explanation.suspicions]


def test_is_silent_about_a_call_like_any_other() -> None:
    """Tests no warning, for outputs of another and of the same shape."""
    assert slugs(torch.outer(X, X), X, torch.ones(3, 3).double()) == []
    assert slugs(X**2, X, ONES) == []
    assert slugs(X.sum(), X, None) == []
    assert slugs(X.cumsum(0), X, torch.tensor([1.0, 2.0, 3.0]).double()) == []


def test_extra_cotangents() -> None:
    """Tests that torch ignores them: the gradient is that of the first alone."""
    explanation = explain(X**2, X, (ONES, "no tensor"))  # type: ignore[arg-type]

    assert [each.slug for each in explanation.suspicions] == ["extra-grad-outputs"]
    assert isinstance(explanation.gradients, tuple)
    assert_close(explanation.gradients[0], 2 * X.detach())


def test_a_repeated_output_counts_twice() -> None:
    """Tests the gradient against twice that of one."""
    y = X**2
    explanation = explain((y, y), X, (ONES, ONES))

    assert [each.slug for each in explanation.suspicions] == ["repeated-output"]
    assert isinstance(explanation.gradients, tuple)
    assert_close(explanation.gradients[0], 4 * X.detach())


@pytest.mark.parametrize("dtype", [torch.int64, torch.float32, torch.bool])
def test_a_cotangent_of_another_dtype(dtype: torch.dtype) -> None:
    """Tests that it is named."""
    assert slugs(X**2, X, ONES.to(dtype)) == ["cast-v"]


def leaf_and_inner() -> list[Tensor]:
    """Return an input that is a leaf, and one that isn't."""
    return [X, X.exp()]


@pytest.mark.parametrize("number", [0, 1])
def test_a_cotangent_that_depends_on_the_input(number: int) -> None:
    """Tests that v is held constant, and that the code in the warning isn't so."""
    x = leaf_and_inner()[number]
    y = x**2
    v = y.sin()
    explanation = explain(y, x, v)
    assert isinstance(explanation.gradients, tuple)

    assert [each.slug for each in explanation.suspicions] == ["v-depends-on-x"]
    code = "torch.autograd.grad((v * y).sum(), x)"
    assert code in explanation.suspicions[0].reason
    (whole,) = torch.autograd.grad((v * y).sum(), x, retain_graph=True)
    (other,) = torch.autograd.grad(v, x, y)
    assert isinstance(explanation.gradients[0], Tensor)
    assert_close(whole, explanation.gradients[0] + other)


def test_a_cotangent_that_is_the_input() -> None:
    """Tests v = x, also with an edge of the graph for x."""
    assert slugs(X**2, X, X) == ["v-depends-on-x"]
    assert slugs(X**2, get_gradient_edge(X), X) == ["v-depends-on-x"]


def test_a_cotangent_with_a_graph_of_its_own() -> None:
    """Tests that a v to differentiate by later is no mistake."""
    v = torch.ones(3, dtype=torch.float64, requires_grad=True)

    assert slugs(X**2, X, v * 2, create_graph=True) == []


def test_a_cotangent_of_zeros() -> None:
    """Tests that one zero v among several is fine, and an empty one too."""
    assert slugs(X**2, X, 0 * ONES) == ["zero-v"]
    assert slugs((X**2, X**3), X, (ONES, 0 * ONES)) == []
    assert slugs(X[:0] * 2, X, ONES[:0]) == []


def test_a_result_that_shares_the_memory_of_v() -> None:
    """Tests that an edit of the result shows in v."""
    v = 2 * ONES
    explanation = explain(X + 1, X, v)
    assert isinstance(explanation.gradients, tuple)

    explanation.gradients[0].mul_(10)  # type: ignore[union-attr]

    assert [each.slug for each in explanation.suspicions] == ["result-shares-v"]
    assert_close(v, 20 * ONES)


def test_ones_for_the_diagonal_of_a_hessian() -> None:
    """Tests that the result is the row sums, by the Hessian written out."""
    y = X[0] ** 2 * X[1] + X[2] ** 2
    (gradient,) = torch.autograd.grad(y, X, create_graph=True)
    hessian = torch.tensor([[4.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 2.0]]).double()

    explanation = explain(gradient, X, ONES)

    assert [each.slug for each in explanation.suspicions] == ["sums-not-diagonal"]
    assert isinstance(explanation.gradients, tuple)
    assert_close(explanation.gradients[0], hessian.sum(1))


def test_ones_over_samples_that_are_coupled() -> None:
    """Tests a mean over the batch, against samples that stand alone."""
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    alone, coupled = (x**2).sum(1), (x - x.mean(0)).prod(1)

    assert slugs(alone, x, torch.ones_like(alone)) == []
    assert slugs(coupled, x, torch.ones_like(coupled)) == ["coupled-samples"]
    assert slugs(coupled, x, torch.randn_like(coupled)) == []


def test_axis_0_is_no_batch_if_its_sizes_differ() -> None:
    """Tests that a matrix product of another height is left alone."""
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    y = torch.ones(2, 4, dtype=torch.float64) @ x

    assert slugs(y, x, torch.ones_like(y)) == []


@pytest.mark.parametrize(("row", "column"), [(17, 19), (19, 17), (0, 63), (999, 0)])
def test_one_coupled_pair_in_a_thousand_samples(row: int, column: int) -> None:
    """Tests a dependence in one direction, of two places that share most bits."""
    x = torch.randn(1000, 2, dtype=torch.float64, requires_grad=True)
    y = x.square().sum(1).index_add(0, torch.tensor([row]), x[column, :1])
    ones = torch.ones_like(y)

    assert slugs(y, x, ones) == ["coupled-samples"]
    assert slugs(x.square().sum(1), x, ones) == []


@pytest.mark.parametrize("count", [*range(2, 40), 255, 256, 257])
def test_the_products_tell_any_two_samples_apart(count: int) -> None:
    """Tests each ordered pair of places: one mask holds the first alone."""
    masks = np.array(_separating(count))

    tells = (masks[:, :, None] & ~masks[:, None, :]).any(0)

    assert (tells | np.eye(count, dtype=bool)).all()


@pytest.mark.parametrize(("value", "name"), [(2.0, "2"), (-0.5, "-0.5"), (1.0, "ones")])
def test_a_constant_other_than_one(value: float, name: str) -> None:
    """Tests that any constant v adds up what is coupled."""
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    coupled = (x - x.mean(0)).prod(1)

    explanation = explain(coupled, x, torch.full_like(coupled, value))

    (suspicion,) = explanation.suspicions
    assert suspicion.slug == "coupled-samples"
    assert f"v is all {name}, and axis 0" in suspicion.reason


@pytest.mark.parametrize("value", [1.0, float("nan")])
def test_a_product_that_ignores_v_tells_nothing_of_coupling(value: float) -> None:
    """Tests a hook that returns the same for any v, as for a derivative of NaN."""
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.register_hook(lambda v: torch.full_like(v, value))

    explanation = explain(y, x, torch.ones(3), max_entries=1)

    assert explanation.suspicions == () or value != 1
    (left_out,) = explanation.left_out
    assert left_out.slug == "sums-not-diagonal"
    assert left_out.reason == "a v of zeros gives a product that isn't zero"


def test_infinity_is_named_by_a_trace() -> None:
    """Tests what anomaly detection doesn't see, as a number too large for float16."""
    x = torch.full((2,), 300.0, dtype=torch.float16, requires_grad=True)
    y = x**3

    reason = explain(y, x, torch.ones_like(y)).suspicions[0].reason

    assert "float16" in reason
    assert "vjp_guide.trace names the operation: first_nonfinite" in reason
    with torch.autograd.set_detect_anomaly(True):
        torch.autograd.grad(y, x, torch.ones_like(y), retain_graph=True)
    place = trace(y, x, torch.ones_like(y)).first_nonfinite
    assert "PowBackward0" in str(place)


def test_a_hook_that_adds_a_number_couples_nothing() -> None:
    """Tests samples that only seem to depend on one another in the Jacobian."""
    x = torch.ones(4, 3, requires_grad=True)
    y = x.sum(1)
    y.register_hook(lambda v: v + 0.1)

    explanation = explain(y, x, torch.ones(4))

    assert not explanation.suspicions
    assert [each.slug for each in explanation.left_out] == ["coupled-samples"]
