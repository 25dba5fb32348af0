"""The same gradients a second way: dense Jacobians, contracted in NumPy."""

from dataclasses import dataclass

import numpy as np
import torch

from vjp_guide._call import Argument, Call, Gradients
from vjp_guide._contract import Array, contract
from vjp_guide._explain.passes import (
    LeftOutError,
    Passes,
    cotangent,
    numbers,
    said,
    sizes,
    values,
    weights,
)
from vjp_guide._explain.rounding import rounding
from vjp_guide._quiet import plain_torch

Parts = list[tuple[Array, list[Array]]]
"""For each real Jacobian of an output: weights, and the Jacobian by input."""

_FEWEST_TERMS, _MOVES = 8, 64
_HALF = 0.5  # scales without rounding, and exceeds no limit that v keeps


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """A comparison of torch's gradients with the contraction of dense Jacobians.

    Attributes:
        difference: The absolute difference, at the entry of the gradients where it is
            largest; if some differ by more than rounding, at that of those. None if
            the check was skipped.
        tolerance: What rounding can explain there: the sum of ``|v||J|`` times the
            epsilon of the dtype and the number of terms. Where the difference is
            larger, also what rounding at each node was seen to change.
        skipped: Why there is no difference, else empty.
        unmeasured: Why the effect of rounding at each node wasn't measured for a
            difference larger than expected, else empty.
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
    unmeasured: str = ""
    jacobian: Array | None = None
    grad_outputs: Array | None = None

    @property
    def agrees(self) -> bool:
        """Whether the check ran and the difference is no more than rounding."""
        return self.difference is not None and self.difference <= self.tolerance


def entries(call: Call) -> int:
    """Return the number of entries of all Jacobians of a call."""
    return sum(y.size for y in call.outputs) * sum(x.size for x in call.inputs)


def check(call: Call, gradients: Gradients, passes: Passes, max_entries: int) -> Check:
    """Return how torch's gradients compare with those from dense Jacobians."""
    if not max_entries or entries(call) > max_entries:
        size = f"the Jacobian has {entries(call):,} entries"
        return Check(skipped=f"{size}, max_entries is {max_entries:,}")
    try:
        return _compare(call, gradients, passes)
    except (LeftOutError, TypeError) as error:
        return Check(skipped=str(error))
    except Exception as error:  # noqa: BLE001 (whatever a reader's backward raises)
        reason = f"a further pass through the graph failed: {said(error)}"
        return Check(skipped=reason)


def _compare(call: Call, gradients: Gradients, passes: Passes) -> Check:
    found = numbers(call, values(gradients))
    v = [weights(y, given) for y, given in call.pairs]
    if not all(np.isfinite(each).all() for each in v):
        return Check(skipped="v has entries that are infinite or nan")
    if without := [y.dtype for y in call.outputs if _lacks_zero(y.dtype)]:
        return Check(skipped=f"{without[0]} has no 0, which the v of a row is made of")
    if reason := _changed(found, passes.again(), "a second, identical call"):
        return Check(skipped=reason)
    passes.require(sum(_units(y) * y.size for y in call.outputs))
    parts = [
        part
        for y, each in zip(call.outputs, v, strict=True)
        for part in _parts(passes, y, each)
    ]
    if not all(np.isfinite(each).all() for _, dense in parts for each in dense):
        # A row has a v of zeros and a one, and autograd computes 0 * inf = nan.
        return Check(skipped="the Jacobian has entries that are infinite or nan")
    return _judged(call, passes, v, parts, found)


def _lacks_zero(dtype: torch.dtype) -> bool:
    with plain_torch():
        return bool(torch.zeros((), dtype=dtype, device="cpu").to(torch.float64))


def _changed(found: list[Array], again: list[Array], what: str) -> str:
    """Return that the graph doesn't do the same each time, else nothing."""
    pairs = zip(found, again, strict=True)
    largest = max((_largest(old, new) for old, new in pairs), default=0.0)
    if not largest:
        return ""
    return (
        f"{what} returns something else (largest difference {largest:.2g}): it seems "
        "that a hook or a custom backward changes from pass to pass, by removing "
        "itself, counting or drawing random numbers, so no Jacobian describes it"
    )


def _largest(old: Array, new: Array) -> float:
    same = np.isclose(old, new, rtol=1e-3, atol=0, equal_nan=True)
    with np.errstate(invalid="ignore"):
        return float(np.where(same, 0, abs(old - new)).max(initial=0))


def _units(y: Argument) -> int:
    return 2 if y.dtype.is_complex else 1


def _parts(passes: Passes, y: Argument, v: Array) -> Parts:
    """Return weights with the Jacobians that they are contracted with.

    The gradient is linear in v over the real numbers only, so a complex output has two
    Jacobians: for a v of 1 and of 1j.
    """
    parts = [(v.real, _rows(passes, y, v.real, 1.0))]
    imaginary = y.dtype.is_complex
    return [*parts, (v.imag, _rows(passes, y, v.imag, 1j))] if imaginary else parts


def _rows(passes: Passes, y: Argument, v: Array, unit: complex) -> list[Array]:
    """Return rows, each by a number that a hook on v wouldn't have met.

    For ones a hook that clips, or keeps what is positive, gives the same as without.
    """
    batch = tuple(range(v.ndim - len(y.shape)))
    scales = np.where((v > 0).any(axis=batch), -_HALF, _HALF)
    rows = []
    for place in np.ndindex(y.shape):
        one_hot = np.zeros(y.shape, dtype=type(unit))
        one_hot[place] = scales[place] * unit
        rows.append(passes.gradients([y.value], [cotangent(y, one_hot)]))
    columns = zip(*rows, strict=True) if rows else ([] for _ in passes.call.inputs)
    dense = [np.asarray(column) for column in columns]
    return [
        _scaled(each.reshape(y.shape + x.shape), scales)
        for x, each in zip(passes.call.inputs, dense, strict=True)
    ]


def _scaled(dense: Array, scales: Array) -> Array:
    inner = (1,) * (dense.ndim - scales.ndim)
    return dense / scales.reshape(scales.shape + inner) + 0.0  # -0. is printed


def _judged(
    call: Call, passes: Passes, v: list[Array], parts: Parts, found: list[Array]
) -> Check:
    differences = [
        abs(_total(call, k, x, parts) - found[k]) for k, x in enumerate(call.inputs)
    ]
    sums = [_sum_of_sizes(call, k, x, parts) for k, x in enumerate(call.inputs)]
    bounds = [_bound(call, x, each) for x, each in zip(call.inputs, sums, strict=True)]
    unmeasured = ""
    if _exceeds(differences, bounds):
        if reason := _overflow(call, sums):
            return Check(skipped=reason)
        if reason := _changed(found, passes.again(), "the same call after the check"):
            return Check(skipped=reason)
        try:
            bounds = _moved(bounds, rounding(passes, sizes(call, v)))
        except Exception as error:  # noqa: BLE001 (it is said)
            unmeasured = said(error)
    difference, tolerance = _worst(differences, bounds)
    dense, single = _single(call, parts)
    return Check(difference, tolerance, "", unmeasured, dense, single)


def _total(call: Call, k: int, x: Argument, parts: Parts) -> Array:
    start = np.zeros(x.shape)
    return sum((_contract(call, v, dense[k]) for v, dense in parts), start)


def _sum_of_sizes(call: Call, k: int, x: Argument, parts: Parts) -> Array:
    start = np.zeros(x.shape)
    return sum((_contract(call, abs(v), abs(dense[k])) for v, dense in parts), start)


def _overflow(call: Call, sums: list[Array]) -> str:
    """Return that a dtype may not hold what torch adds up, else nothing."""
    infos = [torch.finfo(each.dtype) for each in (*call.inputs, *call.outputs)]
    least = min(infos, key=lambda info: info.max)
    if all((each <= least.max).all() for each in sums):
        return ""
    return f"the sum of |v||J| is larger than {least.dtype} holds"


def _bound(call: Call, x: Argument, sizes: Array) -> Array:
    """Return eps times the number of terms times the sum of |v||J|, for each entry."""
    infos = [torch.finfo(each.dtype) for each in (x, *call.outputs)]
    terms = max(_FEWEST_TERMS, sum(y.size for y in call.outputs))
    smallest = max(info.tiny for info in infos)
    return max(info.eps for info in infos) * terms * sizes + smallest


def _exceeds(differences: list[Array], bounds: list[Array]) -> bool:
    pairs = zip(differences, bounds, strict=True)
    return not all((difference <= bound).all() for difference, bound in pairs)


def _moved(bounds: list[Array], moves: list[Array]) -> list[Array]:
    pairs = zip(bounds, moves, strict=True)
    return [bound + _MOVES * move for bound, move in pairs]


def _worst(differences: list[Array], bounds: list[Array]) -> tuple[float, float]:
    """Return the largest difference with its bound, among excesses if there are any."""
    difference, bound = _flat(differences), _flat(bounds)
    if not difference.size:
        return 0.0, 0.0
    excess = difference > bound
    place = np.argmax(np.where(excess, difference, -1) if excess.any() else difference)
    return float(difference[place]), float(bound[place])


def _flat(arrays: list[Array]) -> Array:
    return np.concatenate([np.zeros(0), *(each.reshape(-1) for each in arrays)])


def _contract(call: Call, v: Array, dense: Array) -> Array:
    if call.batched:
        return np.stack([contract(each, dense) for each in v])
    return contract(v, dense)


def _single(call: Call, parts: Parts) -> tuple[Array, Array] | tuple[None, None]:
    real = not any(each.dtype.is_complex for each in (*call.outputs, *call.inputs))
    if real and not call.batched and len(call.outputs) == len(call.inputs) == 1:
        v, (dense,) = parts[0]
        return dense, v
    return None, None
