"""Where the cotangents of a pass are, in the order in which they come to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from vjp_guide._trace.records import Cotangent, End, NodeRecord, Pass


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A cotangent, and where in a backward pass it is.

    Attributes:
        kind: ``"output"`` for an entry of ``grad_outputs``, ``"arriving"`` for the sum
            that a node takes, ``"leaving"`` for what a node computes, and
            ``"input"`` for a gradient.
        number: The step of the node, or the position among the outputs or inputs.
        slot: Which result of the operation it belongs to if it arrives, and which
            operand if it leaves.
        name: What torch calls the node, or the name of the output or input.
        cotangent: The cotangent; ``None`` where there is none.

    >>> import torch
    >>> from vjp_guide import trace
    >>> x = torch.zeros(1, requires_grad=True)
    >>> print(trace(x.sqrt().sum(), x).first_nonfinite)
    what step 1, SqrtBackward0, sends to operand 0
    """

    kind: Literal["output", "arriving", "leaving", "input"]
    number: int
    slot: int
    name: str
    cotangent: Cotangent | None

    @property
    def step(self) -> int | None:
        """The step of the node, ``None`` at an output or input."""
        return self.number if self.kind in {"arriving", "leaving"} else None

    def __str__(self) -> str:
        if self.kind == "output":
            return f"what enters at {self.name}"
        if self.kind == "input":
            return f"the gradient of {self.name}"
        if self.kind == "arriving":
            part = f", for result {self.slot}" if self.slot else ""
            return f"what arrives at step {self.number}, {self.name}{part}"
        return f"what step {self.number}, {self.name}, sends to operand {self.slot}"


def places(trace: Pass) -> Iterator[Place]:
    """Yield all cotangents in the order of the pass."""
    yield from outputs(trace)
    for node in trace.nodes:
        yield from at_node(node)
    yield from gradients(trace)


def outputs(trace: Pass) -> Iterator[Place]:
    """Yield what enters."""
    for number, end in enumerate(trace.outputs):
        yield Place("output", number, 0, end.name, end.cotangent)


def at_node(node: NodeRecord) -> Iterator[Place]:
    """Yield what arrives at a node, and what leaves it."""
    for slot, one in enumerate(node.arriving):
        yield Place("arriving", node.step, slot, node.operation, one)
    for slot, one in enumerate(node.leaving):
        yield Place("leaving", node.step, slot, node.operation, one)


def gradients(trace: Pass) -> list[Place]:
    """Return the gradients in the order in which the pass completes them."""
    ends = [
        Place("input", number, 0, end.name, end.cotangent)
        for number, end in enumerate(trace.inputs)
    ]
    return sorted(ends, key=lambda place: completed(trace.inputs[place.number]))


def completed(end: End) -> int:
    """Return the step that sends the last summand, or that takes it; -1 if none."""
    if end.port and end.port.kind == "node":
        return end.port.number
    return max((port.number for port in end.sources if port.kind == "node"), default=-1)


def first_nonfinite(trace: Pass) -> Place | None:
    """Return the first cotangent with NaN or infinity.

    Raises:
        ValueError: If one before it wasn't looked at.
    """
    finite: dict[Cotangent | None, bool | None] = {None: True}
    for place in places(trace):
        one = place.cotangent
        if one not in finite:  # what leaves one node is mostly what arrives at another
            finite[one] = one.is_finite if one else True
        if finite[one] is None:
            raise ValueError(
                f"the values of {place} weren't recorded, so whether all are finite "
                "is unknown: write trace(..., values=True), with tensors that hold any"
            )
        if not finite[one]:
            return place
    return None
