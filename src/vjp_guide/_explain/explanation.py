"""Explanations of calls that torch accepts or refuses."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.parameter import is_lazy

from vjp_guide._call import Argument, Call, Gradients, is_all, is_tensor
from vjp_guide._explain.as_html import as_html
from vjp_guide._explain.as_text import as_text
from vjp_guide._explain.check import Check, entries
from vjp_guide._explain.content import Content, Operand
from vjp_guide._explain.diagnosis import Diagnosis
from vjp_guide._explain.notation import formulas, scalar
from vjp_guide._explain.passes import Passes, said
from vjp_guide._explain.suspicions import Suspicion


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Explanation(Content):
    r"""What a call of :func:`torch.autograd.grad` computes, or why torch refuses it.

    Print it, or show it as the last expression of a notebook cell.

    Attributes:
        call: The call as Python, with the names used in the explanation.
        operands: What takes part: each output followed by its cotangent ``v``, then
            each input followed by its gradient.
        gradients: What torch returns, None if it refuses.
        formulas: The contraction in index notation, one for each input. Outputs that
            are complex have two Jacobians: ``A`` holds the gradients for a ``v`` that
            is 1 at one entry and 0 elsewhere, ``B`` those for 1j.
        scalar: The scalar ``L`` that the gradients belong to, with ``v`` constant.
        jacobian_shape: The shape of ``J`` if there is one output and one input.
        jacobian_entries: The entries of all Jacobians, which torch doesn't build.
        jacobian_bytes: Their memory in the dtype of the inputs.
        check: The comparison with the dense Jacobian, None if torch refuses.
        suspicions: Reasons why the call may not be what was meant.
        left_out: The kinds of suspicions that weren't looked at, each with the reason.
        passes: How many passes ran besides torch's own.
        seconds: How long these took; what is done between them counts for
            ``max_seconds`` too.
        diagnosis: The error, its cause and the corrected call, None if torch computes.

    >>> import torch
    >>> from vjp_guide import explain
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> explanation = explain((x**2).sum(), x)
    >>> explanation.scalar, explanation.jacobian_shape
    ('L = y', (2,))
    """

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)


def failed(call: Call, diagnosis: Diagnosis) -> Explanation:
    """Return the explanation of a call that torch refuses."""
    inputs = [_operand("inputs", x) for x in call.inputs]
    operands = (*_output_operands(call, "must have"), *inputs)
    return Explanation(call=call.code(), operands=operands, diagnosis=diagnosis)


def succeeded(
    call: Call,
    gradients: Gradients,
    check: Check,
    suspicions: list[Suspicion],
    left_out: list[Suspicion],
    passes: Passes,
) -> Explanation:
    """Return the explanation of a call that torch accepts."""
    return Explanation(
        call=call.code(),
        operands=(*_output_operands(call, "has"), *_input_operands(call, gradients)),
        gradients=gradients,
        formulas=formulas(call),
        scalar=scalar(call),
        jacobian_shape=_shape(call),
        jacobian_entries=entries(call),
        jacobian_bytes=_bytes(call),
        check=check,
        suspicions=tuple(suspicions),
        left_out=tuple(left_out),
        passes=passes.count,
        seconds=passes.took,
    )


def unexplained(gradients: Gradients, error: Exception) -> Explanation:
    """Return torch's gradients where nothing can be said about them."""
    check = Check(skipped=f"the call can't be described: {said(error)}")
    return Explanation(
        call="torch.autograd.grad(y, x)", operands=(), gradients=gradients, check=check
    )


def _output_operands(call: Call, has: str) -> list[Operand]:
    operands = []
    axes = "a batch axis and " if call.batched else ""
    for y, v in call.pairs:
        operands.append(_operand("outputs", y))
        if v:
            ones = ", all 1" if is_all(v.value, 1) else ""
            note = f"{has} {axes}the shape of {y.name}: its weights{ones}"
            operands.append(_operand("grad_outputs", v, note))
        elif is_tensor(y.value) and y.size == 1 and has == "has":
            note = f"implied: {y.name} has a single entry"
            operands.append(Operand("grad_outputs", "1", y.shape, _short(y), note))
    return operands


def _input_operands(call: Call, gradients: Gradients) -> list[Operand]:
    values = gradients.values() if isinstance(gradients, dict) else gradients
    axes = "the batch axis and " if call.batched else ""
    operands: list[Operand] = []
    for x, gradient in zip(call.inputs, values, strict=True):
        result = Argument(f"dL/d{x.name}", gradient)
        note = f"has {axes}the shape of {x.name}"
        operands += [_operand("inputs", x), _result(result, note)]
    return operands


def _result(result: Argument, note: str) -> Operand:
    if result.value is None:
        note = "not part of the graph: the derivative is 0"
        return Operand("result", result.name, None, "", note)
    return _operand("result", result, note)


def _operand(role: str, argument: Argument, note: str = "") -> Operand:
    lazy = isinstance(argument.value, Tensor) and is_lazy(argument.value)
    if is_tensor(argument.value) and not lazy:
        shape, dtype = argument.shape, _short(argument)
        return Operand(role, argument.name, shape, dtype, note)
    kind = type(argument.value).__name__
    return Operand(role, argument.name, None, kind, note)


def _short(argument: Argument) -> str:
    return str(argument.dtype).removeprefix("torch.")


def _shape(call: Call) -> tuple[int, ...] | None:
    """Return the shape of the Jacobian, None if there are several."""
    if len(call.outputs) != 1 or len(call.inputs) != 1:
        return None
    return call.outputs[0].shape + call.inputs[0].shape


def _bytes(call: Call) -> int:
    rows = sum((2 if y.dtype.is_complex else 1) * y.size for y in call.outputs)
    return rows * sum(x.size * x.dtype.itemsize for x in call.inputs)
