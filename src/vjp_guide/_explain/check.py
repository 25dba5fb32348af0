"""The same gradients a second way: dense Jacobians, contracted in NumPy."""

import warnings
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from vjp_guide._call import Argument, Call, Gradients, is_readable
from vjp_guide._contract import Array, as_array, contract
from vjp_guide._jacobian import unchecked


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """A comparison of torch's gradients with the contraction of dense Jacobians.

    Attributes:
        difference: The largest absolute difference over all gradients, or None if the
            check was skipped.
        tolerance: What rounding can explain, for the dtypes at hand.
        skipped: Why there is no difference, else empty.
        jacobian: ``J`` in double precision if there is one output and one input and
            both are real, else None.
        grad_outputs: ``v`` likewise, with the shape of the output.

    >>> import torch
    >>> from vjp_guide import explain
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> check = explain((x**2).sum(), x).check
    >>> check.difference, check.jacobian
    (0.0, array([2., 4.]))
    """

    difference: float | None = None
    tolerance: float = 0.0
    skipped: str = ""
    jacobian: Array | None = None
    grad_outputs: Array | None = None

    @property
    def agrees(self) -> bool:
        """Whether the check ran and the difference is no more than rounding."""
        return self.difference is not None and self.difference <= self.tolerance


def entries(call: Call) -> int:
    """Return the number of entries of all Jacobians of a call."""
    return sum(y.size * x.size for y in call.outputs for x in call.inputs)


def check(call: Call, gradients: Gradients, max_entries: int) -> Check:
    """Return how torch's gradients compare with those from dense Jacobians."""
    if reason := _reason_to_skip(call, max_entries):
        return Check(skipped=reason)
    try:
        return _compare(call, gradients)
    except RuntimeError as error:
        return Check(skipped=f"a further pass through the graph failed: {error}")


def _reason_to_skip(call: Call, max_entries: int) -> str:
    if not max_entries or entries(call) > max_entries:
        return f"the Jacobian has {entries(call)} entries, max_entries is {max_entries}"
    cotangents = [v for _, v in call.pairs if v]
    for each in (*call.outputs, *call.inputs, *cotangents):
        if not is_readable(each.value):
            return f"{each.name} holds no dense array of numbers"
    return ""


def _compare(call: Call, gradients: Gradients) -> Check:
    values = gradients.values() if isinstance(gradients, dict) else gradients
    parts = [[p for y, v in call.pairs for p in _parts(y, v, x)] for x in call.inputs]
    if not all(np.isfinite(array).all() for each in parts for p in each for array in p):
        # A row has a v of zeros and a one, and autograd computes 0 * inf = nan.
        return Check(skipped="v or the Jacobian has entries that are infinite or nan")
    results = [
        _difference(call, x, each, gradient)
        for x, each, gradient in zip(call.inputs, parts, values, strict=True)
    ]
    differences, tolerances = np.transpose(results)
    dense, weights = _single(call, parts)
    return Check(
        difference=float(differences.max()),
        tolerance=float(tolerances.max()),
        jacobian=dense,
        grad_outputs=weights,
    )


def _parts(y: Argument, v: Argument | None, x: Argument) -> list[tuple[Array, Array]]:
    """Return weights with the Jacobians that they are contracted with.

    The gradient is linear in v over the real numbers only, so a complex output has two
    Jacobians: those of its real and of its imaginary part.
    """
    output = _tensor(y)
    weights = wide(_tensor(v).to(output.dtype) if v else torch.ones_like(output))
    if not output.is_complex():
        return [(weights, _dense(output, x))]
    with torch.inference_mode(mode=False), torch.enable_grad():
        real, imaginary = output.real, output.imag
    return [(weights.real, _dense(real, x)), (weights.imag, _dense(imaginary, x))]


def _dense(output: Tensor, x: Argument) -> Array:
    with warnings.catch_warnings():
        # The slow way is fine for the few entries here.
        warnings.simplefilter("ignore", UserWarning)
        return wide(unchecked(output, _tensor(x)))


def _difference(
    call: Call, x: Argument, parts: list[tuple[Array, Array]], gradient: Tensor | None
) -> tuple[float, float]:
    start = np.zeros(x.shape)
    total = sum((_contract(call, v, dense) for v, dense in parts), start)
    scale = sum((_contract(call, abs(v), abs(dense)) for v, dense in parts), start)
    found = np.zeros(x.shape) if gradient is None else wide(gradient)
    dtypes = [x.dtype, *(y.dtype for y in call.outputs)]
    epsilon = max(torch.finfo(dtype).eps for dtype in dtypes)
    return abs(total - found).max(initial=0), epsilon**0.5 * scale.max(initial=0)


def _contract(call: Call, v: Array, dense: Array) -> Array:
    if call.batched:
        return np.stack([contract(each, dense) for each in v])
    return contract(v, dense)


def _single(
    call: Call, parts: list[list[tuple[Array, Array]]]
) -> tuple[Array, Array] | tuple[None, None]:
    real = not any(each.dtype.is_complex for each in (*call.outputs, *call.inputs))
    if real and not call.batched and len(call.outputs) == len(call.inputs) == 1:
        weights, dense = parts[0][0]
        return dense, weights
    return None, None


def _tensor(argument: Argument) -> Tensor:
    return cast("Tensor", argument.value)


def wide(tensor: Tensor) -> Array:
    """Return a tensor as an array in double precision."""
    dtype = torch.complex128 if tensor.is_complex() else torch.float64
    return as_array("tensor", tensor.detach().cpu().to(dtype))
