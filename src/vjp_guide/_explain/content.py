"""What an explanation holds, without how it is shown."""

from dataclasses import dataclass, field

from vjp_guide._call import Gradients
from vjp_guide._explain.check import Check
from vjp_guide._explain.diagnosis import Diagnosis
from vjp_guide._explain.suspicions import Suspicion


@dataclass(frozen=True, slots=True)
class Operand:
    """A tensor that takes part in a call, or what was passed in its place.

    Attributes:
        role: ``"outputs"``, ``"grad_outputs"``, ``"inputs"`` or ``"result"``.
        name: What it is called in the explanation.
        shape: Its shape, or None if it isn't a tensor.
        dtype: Its dtype without ``torch.``, or the type of what isn't a tensor.
        note: What to know about it.

    >>> import torch
    >>> from vjp_guide import explain
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> operand = explain((x**2).sum(), x).operands[-1]
    >>> operand.role, operand.name, operand.shape
    ('result', 'dL/dx', (2,))
    """

    role: str
    name: str
    shape: tuple[int, ...] | None
    dtype: str
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Content:
    """The fields of an explanation, which describes them."""

    call: str
    operands: tuple[Operand, ...]
    gradients: Gradients | None = None
    formulas: tuple[str, ...] = ()
    scalar: str = ""
    jacobian_shape: tuple[int, ...] | None = None
    jacobian_entries: int = 0
    jacobian_bytes: int = 0
    check: Check | None = None
    suspicions: tuple[Suspicion, ...] = ()
    left_out: tuple[Suspicion, ...] = ()
    passes: int = 0
    seconds: float = field(default=0.0, repr=False)  # else notebooks differ
    diagnosis: Diagnosis | None = None
