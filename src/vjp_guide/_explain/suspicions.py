"""Calls that torch accepts, but that are often a mistake."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import cast

import numpy as np
from torch import Tensor
from torch.autograd.graph import GradientEdge, Node, get_gradient_edge

from vjp_guide._call import Argument, Call, Gradients, is_all, is_readable
from vjp_guide._explain.check import Check


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A reason to look at a call again.

    Attributes:
        slug: A short name for the kind, the same in every release.
        reason: What the call does, and what may have been meant.

    >>> import torch
    >>> from vjp_guide import explain
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> y = x**2
    >>> explain(y, x, grad_outputs=torch.zeros_like(y)).suspicions[0].slug
    'zero-v'
    """

    slug: str
    reason: str


def suspect(call: Call, gradients: Gradients, check: Check) -> tuple[Suspicion, ...]:
    """Return what looks like a mistake in a call that torch accepted."""
    values = gradients.values() if isinstance(gradients, dict) else gradients
    results = [value for value in values if value is not None]
    return (
        *_extra_cotangents(call),
        *_repeated_outputs(call),
        *_cast_cotangents(call),
        *_variable_cotangents(call),
        *_zero_cotangents(call),
        *_shared_memory(call, results),
        *_sums_for_diagonals(check),
        *_coupled_samples(check),
    )


def _extra_cotangents(call: Call) -> Iterator[Suspicion]:
    used, given = len(call.outputs), len(call.cotangents)
    if given > used:
        yield Suspicion(
            "extra-grad-outputs",
            f"grad_outputs has {given} entries for {used} of outputs: torch ignores "
            f"those after the first {used}.",
        )


def _repeated_outputs(call: Call) -> Iterator[Suspicion]:
    for first, second in combinations(call.outputs, 2):
        if first.value is second.value:
            yield Suspicion(
                "repeated-output",
                f"{first.name} and {second.name} are the same tensor: it counts twice.",
            )


def _cast_cotangents(call: Call) -> Iterator[Suspicion]:
    for y, v in call.pairs:
        if v and v.dtype != y.dtype:
            yield Suspicion(
                "cast-v",
                f"{v.name} is {v.dtype}, and torch silently casts it to {y.dtype}, the "
                f"dtype of {y.name}.",
            )


def _variable_cotangents(call: Call) -> Iterator[Suspicion]:
    for y, v in call.pairs:
        if v and isinstance(v.value, Tensor) and v.value.requires_grad:
            found = _ancestors(v.value)
            yield from _depends(y, v, [x for x in call.inputs if _edge(x) in found])


def _depends(y: Argument, v: Argument, inputs: list[Argument]) -> Iterator[Suspicion]:
    for x in inputs:
        yield Suspicion(
            "v-depends-on-x",
            f"{v.name} was computed from {x.name}, but this call holds it constant. "
            f"That is right in a chain, where {v.name} is dL/d{y.name}; for the "
            f"derivative of the whole product write "
            f"torch.autograd.grad(({v.name} * {y.name}).sum(), {x.name}).",
        )


def _ancestors(tensor: Tensor) -> set[tuple[Node, int]]:
    """Return all tensors that ``tensor`` was computed from, as (node, output)."""
    edge = get_gradient_edge(tensor)
    found: set[tuple[Node, int]] = set()
    stack: list[tuple[Node | None, int]] = [(edge.node, edge.output_nr)]
    while stack:
        node, number = stack.pop()
        if node is not None and (node, number) not in found:
            found.add((node, number))
            stack.extend(node.next_functions)
    return found


def _edge(x: Argument) -> tuple[Node, int]:
    if isinstance(x.value, GradientEdge):
        return x.value.node, x.value.output_nr
    edge = get_gradient_edge(cast("Tensor", x.value))
    return edge.node, edge.output_nr


def _zero_cotangents(call: Call) -> Iterator[Suspicion]:
    if call.pairs and all(v and is_all(v.value, 0) for _, v in call.pairs):
        yield Suspicion(
            "zero-v",
            "All entries of v are 0, so all gradients are 0. v holds the weights of "
            "the sum; it is no buffer for the result.",
        )


def _shared_memory(call: Call, results: list[Tensor]) -> Iterator[Suspicion]:
    for _, v in call.pairs:
        if v and any(_shares(v.value, result) for result in results):
            yield Suspicion(
                "result-shares-v",
                f"A gradient shares its memory with {v.name}: an edit in place of one "
                "changes the other. Edit a clone().",
            )


def _shares(v: object, result: Tensor) -> bool:
    return is_readable(v) and v.numel() > 0 and _memory(v) == _memory(result) != 0


def _memory(tensor: Tensor) -> int:
    try:
        return tensor.untyped_storage().data_ptr()
    except (NotImplementedError, RuntimeError):  # it has no memory of its own
        return 0


def _sums_for_diagonals(check: Check) -> Iterator[Suspicion]:
    dense, v = check.jacobian, check.grad_outputs
    if dense is None or v is None or dense.shape != v.shape + v.shape:
        return
    elsewhere = dense.reshape(v.size, v.size)[~np.eye(v.size, dtype=bool)]
    if np.all(v == 1) and np.any(elsewhere):
        yield Suspicion(
            "sums-not-diagonal",
            "v is all ones and y has the shape of x, but each entry of y depends on "
            "several of x: the result holds the column sums of the Jacobian, not its "
            "diagonal. (If y is itself a gradient, the Jacobian is a Hessian.)",
        )


def _coupled_samples(check: Check) -> Iterator[Suspicion]:
    """Look at axis 0 as a batch if ``x`` has more axes than that one."""
    dense, v = check.jacobian, check.grad_outputs
    if dense is None or v is None or not v.ndim or dense.ndim < v.ndim + 2:
        return
    batch, outputs = len(v), dense.shape[: v.ndim]
    if dense.shape[v.ndim] != batch or dense.shape == outputs + outputs:
        return
    blocks = np.moveaxis(dense, v.ndim, 1)[~np.eye(batch, dtype=bool)]
    if np.all(v == 1) and np.any(blocks):
        yield Suspicion(
            "coupled-samples",
            f"v is all ones, and axis 0 of y and of x has {batch} entries each: if "
            "they are samples, they depend on one another, so no gradient is that of "
            "one sample alone. vjp_guide.coupling(y, x) measures it.",
        )
