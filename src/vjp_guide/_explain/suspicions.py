"""Calls that torch accepts, but that are often a mistake."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import frexp
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge

from vjp_guide._call import Argument, Call, Gradients, is_all
from vjp_guide._contract import Array, as_array
from vjp_guide._explain.check import Check
from vjp_guide._explain.passes import (
    LeftOutError,
    Passes,
    cotangent,
    said,
    sizes,
    values,
    weights,
)
from vjp_guide._explain.rounding import rounding
from vjp_guide._graph import Edge, UnfinishedWalkError, ancestors, edge
from vjp_guide._quiet import plain_settings, plain_torch
from vjp_guide._show import listed, number


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A reason to look at a call again.

    Attributes:
        slug: A short name for the kind, the same in every release.
        reason: What the call does, and what may have been meant; for a kind that
            wasn't looked at, why it wasn't.

    >>> import torch
    >>> from vjp_guide import explain
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> y = x**2
    >>> explain(y, x, grad_outputs=torch.zeros_like(y)).suspicions[0].slug
    'zero-v'
    """

    slug: str
    reason: str


@dataclass(frozen=True)
class _Evidence:
    call: Call
    gradients: Gradients
    check: Check
    passes: Passes

    @property
    def results(self) -> list[tuple[Argument, Tensor]]:
        """Each input that has a gradient, with that."""
        pairs = zip(self.call.inputs, values(self.gradients), strict=True)
        return [(x, gradient) for x, gradient in pairs if gradient is not None]

    @cached_property
    def found(self) -> list[tuple[Argument, Array]]:
        """The entries of each gradient."""
        self._require_time(x for x, _ in self.results)
        return [(x, as_array(f"dL/d{x.name}", result)) for x, result in self.results]

    @cached_property
    def weights(self) -> list[Array]:
        """The entries of each cotangent."""
        self._require_time(self.call.outputs)
        return [weights(y, v) for y, v in self.call.pairs]

    def _require_time(self, read: Iterable[Argument]) -> None:
        if sum(each.size for each in read) > _MANY:
            self.passes.require_time()

    @property
    def one(self) -> tuple[Argument, Argument, Array] | None:
        """The output, the input and v, where there is one of each."""
        call = self.call
        if call.batched or len(call.outputs) != 1 or len(call.inputs) != 1:
            return None
        return call.outputs[0], call.inputs[0], self.weights[0]


def suspect(
    call: Call, gradients: Gradients, check: Check, passes: Passes
) -> tuple[list[Suspicion], list[Suspicion]]:
    """Return what looks like a mistake in a call, and what wasn't looked at."""
    evidence = _Evidence(call, gradients, check, passes)
    found, left_out = [], []
    for slug, look in _LOOKS.items():
        try:
            found += [Suspicion(slug, reason) for reason in look(evidence)]
        except (LeftOutError, UnfinishedWalkError, TypeError) as error:
            # There is no time, or there are no numbers to read.
            left_out.append(Suspicion(slug, str(error)))
        except Exception as error:  # noqa: BLE001 (a look must not stop the rest)
            left_out.append(Suspicion(slug, f"it failed: {said(error)}"))
    return found, left_out


def _extra_cotangents(evidence: _Evidence) -> Iterator[str]:
    used, given = len(evidence.call.outputs), len(evidence.call.cotangents)
    if given > used:
        yield (
            f"grad_outputs has {given} entries for {used} of outputs: torch ignores "
            f"those after the first {used}."
        )


def _repeated_outputs(evidence: _Evidence) -> Iterator[str]:
    same: dict[int, list[str]] = {}
    for y in evidence.call.outputs:
        same.setdefault(id(y.value), []).append(y.name)
    for names in same.values():
        if len(names) > 1:
            count = len(names)
            times = {2: "twice"}.get(count, f"{count} times")
            yield f"{listed(names, ' and ')} are the same tensor: it counts {times}."


def _cast_cotangents(evidence: _Evidence) -> Iterator[str]:
    cast: dict[tuple[object, object], list[tuple[str, str]]] = {}
    for y, v in evidence.call.pairs:
        if v and v.dtype != y.dtype:
            cast.setdefault((v.dtype, y.dtype), []).append((v.name, y.name))
    for (given, needed), names in cast.items():
        vs, ys = (listed(each) for each in zip(*names, strict=True))
        yield (
            f"{vs}: {given}, which torch silently casts to {needed}, the dtype of {ys}."
        )


def _variable_cotangents(evidence: _Evidence) -> Iterator[str]:
    for y, v in evidence.call.pairs:
        if v and v.requires_grad:
            with plain_settings():
                found = ancestors(_tensor(v), until=evidence.passes.half_time)
                xs = [x for x in evidence.call.inputs if _edge(x) in found]
            if xs:
                yield _depends(y, v, xs)


def _edge(x: Argument) -> Edge:
    return edge(_tensor(x))


def _tensor(argument: Argument) -> Tensor | GradientEdge:
    return argument.value  # type: ignore[return-value] # torch has accepted it


def _depends(y: Argument, v: Argument, xs: Sequence[Argument]) -> str:
    return (
        f"{v.name} was computed from {listed([x.name for x in xs])}, but this call "
        f"holds it constant. That is right in a chain, where {v.name} is "
        f"dL/d{y.name}; for the derivative of the whole product write "
        f"torch.autograd.grad(({v.name} * {y.name}).sum(), {xs[0].name})."
    )


def _zero_cotangents(evidence: _Evidence) -> Iterator[str]:
    pairs = evidence.call.pairs
    if pairs and all(v and is_all(v.value, 0) for _, v in pairs):
        yield (
            "All entries of v are 0, so all gradients are 0. v holds the weights of "
            "the sum; it is no buffer for the result."
        )


def _zero_results(evidence: _Evidence) -> Iterator[str]:
    call = evidence.call
    found, v = [entries for _, entries in evidence.found], evidence.weights
    if not any(each.size for each in found) or not any(each.any() for each in v):
        return
    if not any(each.any() for each in found):
        yield f"All results are 0 although v isn't: {_cause(evidence.passes, v)}"
    elif _negligible(call, v, found) and _is_rounding(evidence.passes, v, found):
        yield f"All results are 0 but for rounding, although v isn't: {_CUT}{_LOST}"


def _cause(passes: Passes, v: Sequence[Array]) -> str:
    """Return why results are 0: a larger v shows whether small numbers are lost."""
    ys, largest = passes.call.outputs, sizes(passes.call, v)
    _, exponent = frexp(max(abs(each).max(initial=0) for each in largest))
    factor = 2.0 ** (_EXPONENT - exponent)
    more = [cotangent(y, factor * e) for y, e in zip(ys, largest, strict=True)]
    try:
        found = passes.gradients([y.value for y in ys], more)
    except Exception:  # noqa: BLE001 (whatever a reader's backward raises)
        return _CUT + _LOST
    if not any(np.isfinite(each).all() and each.any() for each in found):
        return f"{_CUT}."
    return (
        f"small numbers are lost on the way, since {factor:,.0f} v has results: by a "
        "dtype (float16 has none below 6e-8: scale the loss), or by a hook or a custom "
        "backward that rounds or drops them."
    )


def _negligible(call: Call, v: Sequence[Array], found: Sequence[Array]) -> bool:
    """Return whether the results are so small that they may be rounding alone."""
    dtypes = [each.dtype for each in (*call.outputs, *call.inputs)]
    largest = max(abs(each).max(initial=0) for each in v)
    limit = _FEW * max(torch.finfo(dtype).eps for dtype in dtypes) * largest
    return all(abs(each).max(initial=0) <= limit for each in found)


def _is_rounding(passes: Passes, v: Sequence[Array], found: Sequence[Array]) -> bool:
    moves = rounding(passes, sizes(passes.call, v))
    largest = max(move.max(initial=0) for move in moves)
    arguments = (*passes.call.outputs, *passes.call.inputs)
    eps = max(torch.finfo(each.dtype).eps for each in arguments)
    times = min(_MOVES, _PART / eps)
    return all(abs(each).max(initial=0) <= times * largest for each in found)


def _infinite_slopes(evidence: _Evidence) -> Iterator[str]:
    if not all(np.isfinite(each).all() for each in evidence.weights):
        return
    for x, entries in evidence.found:
        if bad := int((~np.isfinite(entries)).sum()):
            yield (
                f"dL/d{x.name} has {bad:,} of {entries.size:,} entries that are nan or "
                "infinite, though v is finite: mostly an infinite derivative, 0 times "
                "one (sqrt or a norm at 0, the branch that torch.where didn't take), "
                "or a number too large for float16. vjp_guide.trace names the "
                "operation: first_nonfinite."
            )


def _late_inputs(evidence: _Evidence) -> Iterator[str]:
    """Find inputs that aren't used, and that were made by an operation."""
    call = evidence.call
    pairs = zip(call.inputs, values(evidence.gradients), strict=True)
    late = [x.name for x, gradient in pairs if gradient is None and not _is_leaf(x)]
    if late:
        yield (
            f"{listed(late)}: not used, and the result of an operation. A slice, "
            "reshape or copy made after the outputs isn't what they were computed "
            "from: differentiate by the tensor that was used, and slice its gradient."
        )


def _is_leaf(x: Argument) -> bool:
    with plain_torch():
        return isinstance(x.value, Tensor) and x.value.is_leaf


def _shared_memory(evidence: _Evidence) -> Iterator[str]:
    memory = {_memory(gradient) for _, gradient in evidence.results} - {0}
    names = [v.name for _, v in evidence.call.pairs if v and _memory(v.value) in memory]
    if names:
        yield (
            f"A gradient shares its memory with {listed(names)}: an edit in place of "
            "one changes the other. Edit a clone()."
        )


def _memory(tensor: Any) -> int:  # noqa: ANN401 (torch has checked that it is one)
    try:
        with plain_torch():
            return int(tensor.untyped_storage().data_ptr())
    except (NotImplementedError, RuntimeError):  # it has no memory of its own
        return 0


def _sums_for_diagonals(evidence: _Evidence) -> Iterator[str]:
    if not (one := evidence.one):
        return
    y, x, v = one
    if y.shape != x.shape or y.size in {0, 1} or not _is_constant(v):
        return
    if _couples(evidence, y.shape):
        yield (
            f"v is all {_named(v)} and y has the shape of x, but each entry of y "
            "depends on several of x: the result holds the column sums of the "
            "Jacobian, not its diagonal. (If y is itself a gradient, the Jacobian is a "
            "Hessian.)"
        )


def _coupled_samples(evidence: _Evidence) -> Iterator[str]:
    """Look at axis 0 as a batch if ``x`` has more axes than that one."""
    if not (one := evidence.one):
        return
    y, x, v = one
    axes = y.shape[:1] == x.shape[:1] and len(x.shape) > 1
    if not axes or not y.size or y.shape[0] == 1 or not _is_constant(v):
        return
    if _couples(evidence, y.shape[:1]):
        yield (
            f"v is all {_named(v)}, and axis 0 of y and of x has {y.shape[0]:,} "
            "entries each: if they are samples, they depend on one another, so no "
            "gradient is that of one sample alone. vjp_guide.coupling(y, x) measures "
            "it."
        )


def _is_constant(v: Array) -> bool:
    return bool(v.flat[0]) and bool((v == v.flat[0]).all())


def _named(v: Array) -> str:
    return "ones" if v.flat[0] == 1 else number(v.flat[0])


def _couples(evidence: _Evidence, shape: tuple[int, ...]) -> bool:
    """Return whether parts of y, counted by its first axes, depend on others of x.

    A product with v zero on some of the parts is zero at the same parts of x if
    none depends on another.
    """
    count = int(np.prod(shape))
    dense = evidence.check.jacobian
    if dense is not None and evidence.check.agrees:  # else it may be none
        blocks = dense.reshape(count, evidence.call.outputs[0].size // count, count, -1)
        return bool(blocks.swapaxes(1, 2)[~np.eye(count, dtype=bool)].any())
    masks = _separating(count)
    for tried, mask in enumerate(masks):
        try:
            if _leaks(evidence, mask, shape):
                return True
        except LeftOutError as error:
            if not tried:
                raise
            found = f"{tried} of {len(masks)} products show no coupling"
            raise LeftOutError(f"{found}, and for the others {error}") from error
    return False


def _separating(count: int) -> list[Array]:
    """Return masks of which, for any two places, one holds the first alone.

    They are the bits of each place, then those of how many of its bits are 0 (Berger,
    1961): if one has no bit that the other lacks, it has more zeros.
    """
    places = np.arange(count)
    width = (count - 1).bit_length()
    bits = [(places >> bit) & 1 for bit in range(width)]
    zeros = width - sum(bits, np.zeros_like(places))
    return [
        each.astype(bool)
        for each in (*bits, *((zeros >> bit) & 1 for bit in range(width.bit_length())))
    ]


def _leaks(evidence: _Evidence, mask: Array, shape: tuple[int, ...]) -> bool:
    (y,) = evidence.call.outputs
    random = np.random.default_rng(0).uniform(1, 2, y.shape)
    parts = mask.reshape(shape + (1,) * (len(y.shape) - len(shape)))
    if not _product(evidence, random * parts).reshape(mask.size, -1)[~mask].any():
        return False
    if _product(evidence, np.zeros(y.shape)).any():
        raise LeftOutError("a v of zeros gives a product that isn't zero")
    return True


def _product(evidence: _Evidence, v: Array) -> Array:
    (y,) = evidence.call.outputs
    (product,) = evidence.passes.gradients([y.value], [cotangent(y, v)])
    return product


_LOOKS: dict[str, Callable[[_Evidence], Iterator[str]]] = {
    "extra-grad-outputs": _extra_cotangents,
    "repeated-output": _repeated_outputs,
    "cast-v": _cast_cotangents,
    "v-depends-on-x": _variable_cotangents,
    "zero-v": _zero_cotangents,
    "zero-result": _zero_results,
    "zero-times-inf": _infinite_slopes,
    "made-after-forward": _late_inputs,
    "result-shares-v": _shared_memory,
    "sums-not-diagonal": _sums_for_diagonals,
    "coupled-samples": _coupled_samples,
}
_FEW, _MOVES = 1_000, 32
_EXPONENT = 15  # float16 holds numbers below 2**16
_CUT = (
    "perhaps a factor or the slope is 0 here (LoRA's B at the start, abs or a norm at "
    "0), two sides that both depend on x cancel (detach one), the outputs add up to a "
    "constant (a softmax, normalised values), an operation such as argmax or round "
    "cuts the path, or an activation is saturated"
)
_LOST = ", or float16 lost what is below 6e-8 (scale the loss)."
_PART = 0.02  # of what cancels: more is no rounding, however few digits there are
_MANY = 1_000_000  # so many numbers are read in a few milliseconds
