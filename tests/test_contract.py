"""Tests of :func:`vjp_guide.contract`."""

import numpy as np
import pytest
import torch
from torch import Tensor

from vjp_guide import contract
from vjp_guide._contract import as_array


@pytest.mark.parametrize("inputs", [(), (0,), (3,), (2, 5)], ids=str)
@pytest.mark.parametrize("outputs", [(), (0,), (4,), (3, 2)], ids=str)
def test_sums_over_all_output_axes(
    outputs: tuple[int, ...], inputs: tuple[int, ...]
) -> None:
    """Tests that each entry is the sum over output indices, written as loops."""
    generator = np.random.default_rng(0)
    v = generator.standard_normal(outputs)
    dense = generator.standard_normal(outputs + inputs)

    expected = np.zeros(inputs)
    for i in np.ndindex(inputs):
        expected[i] = sum(v[o] * dense[o + i] for o in np.ndindex(outputs))

    np.testing.assert_allclose(contract(v, dense), expected, atol=1e-14)


def test_takes_tensors_that_require_grad_and_conjugate_views() -> None:
    """Tests that a tensor is read by its values, whatever its autograd state."""
    v = torch.tensor([1.0 + 2j], dtype=torch.complex128, requires_grad=True).conj()

    assert contract(v, torch.tensor([[2.0]], dtype=torch.float64)) == [2 - 4j]


def test_refuses_a_jacobian_with_other_output_axes() -> None:
    """Tests that the message holds both shapes and the rule."""
    with pytest.raises(ValueError, match=r"shape \(3, 2\).*those of.*\(2,\).*output"):
        contract(np.ones(2), np.ones((3, 2)))


@pytest.mark.parametrize(
    ("v", "name"), [("ab", "str"), ([[1], [1, 2]], "inhomogeneous"), (None, "NoneType")]
)
def test_refuses_what_is_not_numbers(v: object, name: str) -> None:
    """Tests that the message names the argument and what was got."""
    with pytest.raises(TypeError, match=f"grad_outputs must be.*{name}"):
        contract(v, np.ones((2, 2)))


def dead() -> Tensor:
    """Return a tensor of a transform that is over."""
    kept: list[Tensor] = []

    def keep(row: Tensor) -> Tensor:
        kept.append(row)
        return row

    torch.vmap(keep)(torch.ones(2, 3))
    return kept[0]


READABLE = {
    "complex32": torch.view_as_complex(torch.tensor([[1, 2], [0, -2.0]]).half()),
    "bfloat16": torch.tensor([1.5, 0, -2], dtype=torch.bfloat16),
    "float8": torch.tensor([1.5, 0, -2]).to(torch.float8_e5m2),
    "sparse": torch.tensor([1.5, 0, -2]).to_sparse(),
    "zero": torch._efficientzerotensor((3,)),  # noqa: SLF001 (gradients are such)
    "conjugate": torch.tensor([1.5j, 0, -2]).conj(),
    "negative": torch.tensor([1.5j, 0, -2]).conj().imag,
    "infinite": torch.tensor([float("nan"), float("inf"), 0]),
    "graph": torch.ones(3, requires_grad=True) * 2,
}


WIDE = {"float8": torch.float32, "complex32": torch.complex64}


@pytest.mark.parametrize("kind", READABLE)
def test_reads_every_tensor_that_holds_numbers(kind: str) -> None:
    """Tests the entries one by one."""
    tensor = READABLE[kind]
    array = as_array("v", tensor)

    dense = tensor.to(WIDE[kind]) if kind in WIDE else tensor.detach().to_dense() + 0
    expected = [complex(entry) for entry in dense]
    np.testing.assert_array_equal(array.astype(complex), expected)


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(3, device="meta"),
        torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
        [[torch.ones(3, requires_grad=True)]],
        dead(),
        "ones",
        [[1], [1, 2]],
    ],
    ids=["meta", "nested", "list", "dead", "text", "ragged"],
)
def test_says_which_argument_holds_no_numbers(value: object) -> None:
    """Tests that no other error comes through."""
    with pytest.raises(TypeError, match=r"^v must be an array of numbers"):
        as_array("v", value)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_says_that_a_nested_tensor_is_no_array(layout: torch.layout) -> None:
    """Tests both kinds, for which torch has an internal error."""
    value = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=layout)
    with pytest.raises(TypeError, match="a nested tensor holds arrays of several"):
        as_array("v", value)


def test_adds_up_bools() -> None:
    """Tests that two of bool are counted, which NumPy's product doesn't."""
    v = np.array([True, True, False])

    assert contract(v, np.ones((3, 2), dtype=bool)).tolist() == [2, 2]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_nan_and_infinity_as_autograd(value: float, weight: float) -> None:
    """Tests the contraction against torch's, without a warning."""
    jacobian = torch.tensor([[value, 1.0], [2.0, 3.0]], dtype=torch.float64)
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    v = torch.tensor([weight, 1.0], dtype=torch.float64)
    (expected,) = torch.autograd.grad(jacobian @ x, x, v)

    np.testing.assert_array_equal(contract(v, jacobian), expected.numpy())
