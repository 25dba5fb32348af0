"""The records of a backward pass."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from vjp_guide._quiet import plain_torch
from vjp_guide._trace.magnitude import magnitude
from vjp_guide._trace.operations import broadcasts, expands


class Cotangent(NamedTuple):
    """A cotangent that passed along an edge of the graph.

    Two of them compare equal only if they are one object.

    Attributes:
        shape: Its shape, that of the tensor it belongs to; -1 for an axis of a nested
            tensor that has no single length.
        dtype: Its dtype.
        kept: What ``values`` is made of: numbers, as ``tolist()`` gives them,
            or a tensor. ``None`` where the values weren't recorded.
        magnitude: Where only the values weren't recorded, the largest absolute value,
            a tensor of no axes: NaN if any entry is.
        values: A dense copy, which may be made anew each time; ``None`` where the
            values weren't recorded.

    >>> import torch
    >>> from vjp_guide import Cotangent
    >>> Cotangent(shape=(2, 3), dtype=torch.float64).shape
    (2, 3)
    """

    shape: tuple[int, ...]
    dtype: torch.dtype
    kept: Tensor | list[Any] | float | None = None
    magnitude: Tensor | None = None

    @property
    def values(self) -> Tensor | None:
        """A dense copy, or ``None`` where the values weren't recorded."""
        if self.kept is None or isinstance(self.kept, Tensor):
            return self.kept
        with plain_torch():
            made = torch.tensor(self.kept, dtype=self.dtype, device="cpu")
            return made.reshape(self.shape)

    @property
    def size(self) -> Tensor | None:
        """The largest absolute value, a tensor of no axes; ``None`` if unknown."""
        values = self.values
        return self.magnitude if values is None else magnitude(values)

    @property
    def is_finite(self) -> bool | None:
        """Whether all entries are finite; ``None`` if unknown."""
        size = self.size
        return None if size is None else bool(size.isfinite())

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same one, since tensors have no one answer."""
        return self is other

    def __ne__(self, other: object) -> bool:
        """Return whether it is another one."""
        return self is not other

    def __hash__(self) -> int:
        """Return a number of this one."""
        return id(self)


class Port(NamedTuple):
    """A place where cotangents arrive and are summed.

    Attributes:
        kind: ``"node"``, or ``"input"`` where the pass ends.
            Where a cotangent comes from, also ``"output"``.
        number: The step of the node, or the position among the inputs or outputs.
        slot: Which result of the forward operation the cotangent belongs to;
            where a cotangent comes from, which operand.

    >>> from vjp_guide import Port
    >>> Port("node", 3).slot
    0
    """

    kind: Literal["output", "node", "input"]
    number: int
    slot: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """A tensor that the forward pass kept for a backward node.

    Attributes:
        name: What torch calls it.
        shape: Its shape.
        nbytes: The size of its elements in bytes.

    >>> from vjp_guide import Saved
    >>> Saved(name="self", shape=(2, 3), nbytes=24).nbytes
    24
    """

    name: str
    shape: tuple[int, ...]
    nbytes: int


class NodeRecord(NamedTuple):
    r"""A backward node that ran: one vector-Jacobian product.

    For an operation :math:`y = f(a, b)` the node takes the cotangent :math:`v` of
    :math:`y` and computes one for each operand,

    .. math:: \bar a = v^\top \frac{\partial f}{\partial a} \qquad
              \bar b = v^\top \frac{\partial f}{\partial b}

    Attributes:
        step: Its place in the order of execution, from 0.
        operation: What torch calls the node, such as ``"MulBackward0"``.
        arriving: The cotangents of the results of the operation, already summed;
            ``None`` where none arrived.
        leaving: The cotangents of its operands; ``None`` where none is needed.
        sources: For each of ``arriving``, where the summands came from.
        targets: For each of ``leaving``, where it goes; ``None`` if nowhere.
        saved: The tensors kept from the forward pass.
        module: The path of the module that computed the result, such as
            ``"encoder.0"``, where :class:`vjp_guide.ModuleNames` noted it.

    >>> import torch
    >>> from vjp_guide import trace
    >>> x = torch.ones(3, requires_grad=True)
    >>> trace((x * x).sum(), x).nodes[1].operation
    'MulBackward0'
    """

    step: int
    operation: str
    arriving: tuple[Cotangent | None, ...]
    leaving: tuple[Cotangent | None, ...]
    sources: tuple[tuple[Port, ...], ...]
    targets: tuple[Port | None, ...]
    saved: tuple[Saved, ...]
    module: str = ""

    @property
    def summed_back(self) -> dict[int, tuple[int, ...]]:
        """The positions in ``leaving`` of operands that were broadcast; their shapes.

        The cotangent of such an operand is summed over the axes along which the
        forward pass repeated it.
        """
        result = self.arriving[0]
        if result is None or len(self.arriving) > 1:
            return {}
        return {
            slot: operand.shape
            for slot, operand in enumerate(self.leaving)
            if operand is not None
            and expands(operand.shape, result.shape)
            and broadcasts(self.operation, slot)
        }


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """An output, where a cotangent enters, or an input, where one is returned.

    Attributes:
        name: ``"y"`` or ``"x"``, numbered if there are several, or a key of
            ``inputs``.
        shape: The shape of the tensor.
        cotangent: The entry of ``grad_outputs``, or the gradient; ``None`` for an
            input that wasn't used.
        port: Where ``grad_outputs`` enters, or where the gradient is taken; ``None``
            for an output that depends on no input.
        sources: Where the cotangents that are summed there come from.

    >>> import torch
    >>> from vjp_guide import trace
    >>> x = torch.ones(3, requires_grad=True)
    >>> len(trace((x * x).sum(), x).inputs[0].sources)
    2
    """

    name: str
    shape: tuple[int, ...]
    cotangent: Cotangent | None
    port: Port | None
    sources: tuple[Port, ...]


class Pass(Protocol):
    """What a trace and a choice of its nodes have."""

    @property
    def nodes(self) -> tuple[NodeRecord, ...]:
        """The nodes, in the order of execution."""

    @property
    def outputs(self) -> tuple[End, ...]:
        """The outputs that touch them."""

    @property
    def inputs(self) -> tuple[End, ...]:
        """The inputs that touch them."""

    @property
    def gradients(self) -> tuple[Tensor | None, ...]:
        """The gradients of these inputs."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Part:
    """The records of a pass, or of a choice of its nodes."""

    nodes: tuple[NodeRecord, ...]
    outputs: tuple[End, ...]
    inputs: tuple[End, ...]
    gradients: tuple[Tensor | None, ...]
