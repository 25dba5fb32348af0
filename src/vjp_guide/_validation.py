"""Checks of arguments, with messages that name the likely fix."""

from collections.abc import Iterable

from torch import Tensor


def require_tensor(name: str, value: object) -> Tensor:
    """Return ``value`` if it is a tensor, else raise a :class:`TypeError`."""
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {type(value).__name__}: "
            "autograd follows tensors only, so convert with torch.as_tensor "
            "before the computation"
        )
    return value


def require_input(name: str, value: object) -> Tensor:
    """Return ``value`` if one can differentiate with respect to it, else raise."""
    tensor = require_tensor(name, value)
    if not (tensor.is_floating_point() or tensor.is_complex()):
        raise TypeError(
            f"{name} must have a floating-point or complex dtype, got {tensor.dtype}: "
            f"derivatives need real numbers, so write {name}.double() before the "
            "computation"
        )
    if not tensor.requires_grad:
        raise ValueError(
            f"{name} doesn't require grad: create it with requires_grad=True, or call "
            f"{name}.requires_grad_() before the computation"
        )
    return tensor


def require_graph(name: str, value: object) -> Tensor:
    """Return ``value`` if autograd recorded how it was computed, else raise."""
    tensor = require_tensor(name, value)
    if not tensor.requires_grad:
        raise ValueError(
            f"{name} has no graph: it was computed from tensors that don't require "
            "grad, under torch.no_grad(), after .detach(), or by an operation "
            f"without a derivative (dtype {tensor.dtype}); recompute it from inputs "
            "that require grad"
        )
    return tensor


def require_tensors(name: str, value: object) -> tuple[Tensor, ...]:
    """Return ``value`` as a tuple if it is a tensor or several, else raise."""
    if isinstance(value, Tensor) or not isinstance(value, Iterable):
        return (require_tensor(name, value),)
    return tuple(
        require_tensor(f"{name}[{index}]", item) for index, item in enumerate(value)
    )
