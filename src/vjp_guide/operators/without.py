"""The operators for which torch's tests declare no derivative, and why."""

from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from vjp_guide.operators.case import seeded
from vjp_guide.operators.labels import (
    NO_DERIVATIVE,
    NOT_IMPLEMENTED,
    UNVERIFIABLE,
    ZERO,
)
from vjp_guide.operators.naming import name_of
from vjp_guide.operators.records import Without
from vjp_guide.operators.torch_tables import differentiable, operators, samples

_INTEGERS = "It doesn't take floating-point numbers."
_NOTHING = "It takes no tensor of floating-point numbers in the calls of torch's tests."
_DISCRETE = "Its output isn't a tensor of floating-point numbers."
_UNTRACKED = "Its output doesn't require grad, even if its inputs do."
_UNDECLARED = "torch's tests declare no derivative."
_UNCALLED = "No call could be tried"


def without() -> tuple[Without, ...]:
    """Return them in the order of their names; a name with a derivative isn't here."""
    taken = {name_of(op.name).public for op in differentiable().values()}
    found: dict[str, Without] = {}
    for op in operators():
        public = name_of(op.name).public
        if not op.supports_autograd and public not in taken | found.keys():
            state, reason = _reason(op)
            found[public] = Without(name=public, state=state, reason=reason)
    return tuple(found[public] for public in sorted(found, key=str.lower))


def _reason(op: Any) -> tuple[str, str]:
    """Return what calling the operator, and then its derivative, shows."""
    try:
        with seeded():
            sample = next(samples(op, torch.float64))
            arguments = (sample.input, *sample.args), sample.kwargs
            inputs, (args, kwargs) = _tracked(arguments)
            result = op.get_op()(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - private parts of torch raise anything
        return _of_error(error)
    return _of_result(result, inputs)


def _tracked(arguments: Any) -> tuple[list[Tensor], Any]:
    """Return the tensors that require grad, and the arguments that hold them.

    Where the sample has none, those of floating-point numbers do, and the call gets
    copies, which it may change.
    """
    given = [t for t in pytree.tree_leaves(arguments) if isinstance(t, Tensor)]
    inputs = [t for t in given if t.requires_grad]
    if inputs:
        return inputs, arguments

    def track(tensor: Tensor) -> Tensor:
        if not tensor.is_floating_point():
            return tensor
        inputs.append(tensor.clone().requires_grad_())
        return inputs[-1].clone()

    return inputs, pytree.tree_map_only(Tensor, track, arguments)


def _of_error(error: Exception) -> tuple[str, str]:
    text = str(error).partition("\n")[0].rstrip(".")
    if "not implemented for 'Double'" in text or "integer" in text:
        return NO_DERIVATIVE, _INTEGERS
    if "not implemented" in text and "derivative" in text:
        return NOT_IMPLEMENTED, f"torch says: {text}."
    if "require grad" in text:
        return NO_DERIVATIVE, f"torch says: {text}."
    return UNVERIFIABLE, f"{_UNCALLED}: {text or type(error).__name__}."


def _of_result(result: Any, inputs: list[Tensor]) -> tuple[str, str]:
    tensors = [t for t in pytree.tree_leaves(result) if isinstance(t, Tensor)]
    numeric = [t for t in tensors if t.is_floating_point() or t.is_complex()]
    if not numeric:
        return NO_DERIVATIVE, _DISCRETE
    if not inputs:
        return NO_DERIVATIVE, _NOTHING
    tracked = [t for t in numeric if t.requires_grad]
    if not tracked:
        return NO_DERIVATIVE, _UNTRACKED
    return _of_backward(tracked, inputs)


def _of_backward(outputs: list[Tensor], inputs: list[Tensor]) -> tuple[str, str]:
    v = [torch.ones_like(y) for y in outputs]
    try:
        products = torch.autograd.grad(
            outputs, inputs, v, allow_unused=True, materialize_grads=True
        )
    except RuntimeError as error:
        return _of_error(error)
    zero = not any(product.any() for product in products)
    return ZERO if zero else NO_DERIVATIVE, _UNDECLARED
