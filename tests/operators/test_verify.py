"""Tests of the checks of an operator, on a fixed sample and on wrong ones."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.operators import verify as baseline
from tests.operators.support import Wrong, op_of, x_of
from tests.operators.verify import expected
from vjp_guide.operators import compute, entry, naming, torch_tables
from vjp_guide.operators.case import Case, call_of, leaves
from vjp_guide.operators.facts import facts
from vjp_guide.operators.labels import DEFECT, GAUGE, STATES, VERIFIED
from vjp_guide.operators.verify import checks, verdict

SAMPLE = """
__rpow__ angle as_strided_scatter cat cdist cfloat cholesky_solve cumprod einsum floor
fft.fft fft.ihfft2 gather imag index_put linalg.cholesky linalg.eig linalg.qr linalg.svd
logcumsumexp logsumexp matmul max.reduction_no_dim mul native_group_norm
nn.functional.conv2d nn.functional.ctc_loss nn.functional.hinge_embedding_loss
nn.functional.dropout nn.functional.hardsigmoid nn.functional.layer_norm
nn.functional.max_unpool1d nn.functional.one_hot normal.number_mean prod softmax sort
sparse.mm.reduce triangular_solve where
""".split()


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_operators_is_in_its_state(name: str) -> None:
    """Tests that the checks find what the committed list says."""
    variant, _ = verdict.verify(torch_tables.differentiable()[name])

    assert variant.state == expected()[name]
    if variant.state in {VERIFIED, GAUGE}:
        times = facts(name).special.loosened if not variant.blind else 1
        assert variant.residuals is not None
        assert variant.residuals.within(checks.TOLERANCES, times=times)


def test_the_sample_has_forty_operators_and_most_states() -> None:
    """Tests that the sample is as large as promised, and holds what is special."""
    states = {expected()[name] for name in SAMPLE}

    assert len(set(SAMPLE)) == 40
    assert states == set(STATES) - {"failed"}
    assert "failed" not in expected().values()


def test_a_wrong_derivative_fails() -> None:
    """Tests that half the derivative is noticed, by finite differences."""
    variant, case = verdict.verify(op_of(Wrong.apply, x_of(1, 2, 3, 4)))

    assert variant.state == "failed"
    assert not variant.blind
    assert variant.residuals is not None
    assert variant.residuals.differences > 0.4
    assert case is not None


def test_a_call_that_raises_is_skipped() -> None:
    """Tests that the reason is told where no call can be checked."""

    def fail(x: Tensor) -> Tensor:
        raise RuntimeError(f"out of the domain for {len(x)} numbers")

    variant, case = verdict.verify(op_of(fail, x_of(1, 2, 3, 4)))

    assert variant.state == "not verifiable"
    assert "out of the domain for 4 numbers" in variant.reason
    assert variant.skipped == 2
    assert {variant.forward, variant.twice, variant.batched} == {"untried"}
    assert case is not None
    assert entry._example(naming.name_of("sin"), [(variant, case)]) == (
        None,
        "RuntimeError: out of the domain for 4 numbers",
    )


def test_an_operator_without_calls_says_so() -> None:
    """Tests the reason where torch's tests hold no call."""
    op = op_of(torch.sin, x_of(), supported_backward_dtypes=lambda _: {torch.float32})

    assert "none for the CPU" in verdict.verify(op)[0].reason


def test_a_value_that_is_not_finite_is_not_checked() -> None:
    """Tests that values and outputs without a derivative are refused."""
    log = call_of(torch.log, (x_of(0, 1),), {})
    constant = call_of(torch.zeros_like, (x_of(0, 1),), {})
    infinite = call_of(lambda x: torch.log(x).cumsum(0), (x_of(0, 1),), {})

    for case in (log, constant):
        with pytest.raises(checks.UnusableError):
            checks.check(case)
    flat = call_of(lambda x: 0 * x, (x_of(0, 1),), {})
    for case in (constant, infinite, flat):
        with pytest.raises(checks.UnusableError):
            checks.check_complex(case)


def test_a_wrong_second_derivative_is_told() -> None:
    """Tests that double backward is compared with finite differences."""
    hidden = call_of(lambda x: (x.detach() * x * x).sum(), (x_of(1, 2),), {})
    half = call_of(lambda x: x * (x * x.detach()), (x_of(1, 2),), {})

    assert {checks.check_twice(hidden), checks.check_twice(half)} == {"wrong"}


def test_rounding_in_zeros_is_no_wrong_second_derivative() -> None:
    """Tests a constant whose second derivative is rounding alone."""
    constant = call_of(torch.corrcoef, (x_of(3.1, -0.7),), {})

    assert checks.check_twice(constant) == "yes"


def test_a_large_jacobian_is_not_built() -> None:
    """Tests that the checks with a Jacobian are left out where it is large."""
    large = torch.randn(600, dtype=torch.float64, requires_grad=True)

    found = checks.check(call_of(torch.sin, (large,), {}))

    assert found.residuals.columns is None
    assert found.residuals.differences < 1e-7
    assert found.batched == "yes"


def _through_numpy(x: Tensor) -> Tensor:
    y = x.exp()
    y.register_hook(lambda v: torch.from_numpy(v.numpy()))
    return y


@pytest.mark.parametrize(
    ("call", "dtype", "answer"),
    [
        (torch.sin, torch.float64, "yes"),
        (torch.sin, torch.complex128, "yes"),
        (lambda x: x.take(torch.arange(9)), torch.complex128, "no"),  # it is slow
        (_through_numpy, torch.float64, "no"),  # it raises
        (lambda x: torch.cdist(x[:4, None], x[:5, None]), torch.float64, "wrong"),
    ],
)
def test_many_products_at_once_are_tried(
    call: Callable[..., Tensor], dtype: torch.dtype, answer: str
) -> None:
    """Tests that torch.vmap is compared with single passes, for complex inputs too."""
    x = torch.linspace(1, 2, 600, dtype=dtype, requires_grad=True)

    assert checks.check_batched(call_of(call, (x,), {})) == answer


def test_leaves_are_new() -> None:
    """Tests that a case hands out copies of its tensors."""
    case = Case(torch.sin, (x_of(1.0),), None, (0,))
    (copy,) = leaves(case.inputs)

    assert copy is not case.leaves[0]


@pytest.mark.parametrize(
    ("name", "change", "answer"),
    [
        ("ldexp", "int64", "wrong" if expected()["ldexp"] == DEFECT else "yes"),
        ("mul", "complex128", "yes"),
        ("scatter", "repeated", "wrong"),
        ("scatter_add", "fewer", "raises"),
        ("index_put", "repeated", "wrong"),
        ("gather", "reversed", "yes"),
    ],
)
def test_other_dtypes_and_indices_are_tried(
    name: str, change: str, answer: str
) -> None:
    """Tests changes of the samples that torch's tests leave out."""
    variant, _ = verdict.verify(torch_tables.differentiable()[name])

    assert variant.state == expected()[name]
    assert dict(variant.variations)[change] == answer
    assert all("float64" in sample for sample in variant.samples)
    if answer == "raises":
        assert "but the backward pass raises" in variant.reason


@pytest.mark.parametrize(
    ("name", "shown"), [("ldexp", 2), ("lerp", 2), ("lu_solve", 2)]
)
def test_the_call_with_most_inputs_is_differentiated_twice(
    name: str, shown: int
) -> None:
    """Tests products that are linear in some inputs, of which a call may have these."""
    variant, case = verdict.verify(torch_tables.differentiable()[name])

    assert variant.twice == "yes"
    assert case is not None
    assert len(case.places) == shown


def test_a_change_without_a_declaration_fails() -> None:
    """Tests that an operator which is wrong with integers is noticed."""

    def scaled(x: Tensor, by: Tensor) -> Tensor:
        return x * (by if by.is_floating_point() else by.detach() + 0 * x.detach()) + (
            0 if by.is_floating_point() else x - x.detach()
        )

    variant, _ = verdict.verify(op_of(scaled, x_of(1, 2, 3), x_of(2, 3, 4)))

    assert variant.state == "failed"
    assert "int64" in variant.reason


def test_the_kernel_that_ran_decides() -> None:
    """Tests an operator that a fused kernel doesn't differentiate twice."""
    name = "nn.functional.scaled_dot_product_attention"
    variant, _ = verdict.verify(torch_tables.differentiable()[name])

    kernels = dict(variant.kernels)
    assert variant.twice == "depends"
    assert kernels["ScaledDotProductFlashAttentionForCpuBackward0"] == "not implemented"


def test_an_axis_for_a_batch_hides_no_kernel() -> None:
    """Tests the node of a call that puts an axis on and takes it off, and of a view."""
    batched = call_of(lambda x: x[None].exp().squeeze(0), (x_of(1, 2),), {})
    view = call_of(lambda x: x.squeeze(0), (x_of(1),), {})

    assert batched.nodes() == "ExpBackward0"
    assert view.nodes() == "SqueezeBackward1"


def test_piecewise_constant_functions_have_both_modes() -> None:
    """Tests that a product of zeros doesn't hide forward mode and double backward."""
    variant, _ = verdict.verify(torch_tables.differentiable()["floor"])

    assert (variant.forward, variant.twice) == ("yes", "constant")


@pytest.mark.parametrize("name", ["half", "zero_"])
def test_complex_inputs_without_a_test_are_untried(name: str) -> None:
    """Tests an output that can't be checked, and a product that is zero."""
    variant, _ = verdict.verify(torch_tables.differentiable()[name])

    assert variant.complex == "untried"


def test_a_newer_release_has_the_states_that_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests the files of states: one changed, one is new, one is gone."""
    monkeypatch.setattr(baseline, "STATES", tmp_path)
    old = {"a": "verified", "b": "known defect", "c": "verified"}
    new = {"a": "verified", "b": "verified", "d": "verified"}

    baseline.write(old, "2.13.0+cpu")
    baseline.write(new, "2.14.1")

    assert (tmp_path / "2.14.txt").read_text(encoding="utf-8").count("\n") == 3
    assert baseline.expected("2.13.1") == old
    assert baseline.expected("2.15.0") == baseline.expected("2.14.0") == new


def test_parts_give_what_one_process_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the parts that a dead process didn't write are all that is computed again."""
    monkeypatch.setattr(baseline, "PARTS", 4)
    names = ("abs", "cumsum", "sinc", "std")
    assert baseline.share(tmp_path, names, 1, 2) == {}  # the other died
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(written) == 2
    states = baseline.share(tmp_path, names, 0, 1)
    assert states == baseline.states_of(
        compute(jobs=1, progress=lambda entries, _: entries, names=names)
    )
    assert (
        written.items()
        <= {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}.items()
    )
    monkeypatch.setattr(baseline, "compute", None)
    assert baseline.share(tmp_path, names, 2, 3) == states
