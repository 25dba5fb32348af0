"""Derivatives along random directions, by reverse mode and by finite differences."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from vjp_guide._validation import require_tensor

Tensors = tuple[Tensor, ...]
Function = Callable[..., Tensor | Sequence[Tensor]]

_SHORT_STEP, _LONG_STEP = 1e-6, 1e-4


def pull(
    fn: Function, xs: Tensors, v: Tensors, *, create_graph: bool = False
) -> Tensors:
    """Return the vector-Jacobian product by reverse mode."""
    inputs = leaves(xs)
    outputs = zip(call(fn, inputs), v, strict=True)
    tracked = [(y, weight) for y, weight in outputs if y.requires_grad]
    return torch.autograd.grad(
        [y for y, _ in tracked],
        inputs,
        [weight for _, weight in tracked],
        create_graph=create_graph,
        allow_unused=True,
        materialize_grads=True,
    )


def differences(fn: Function, xs: Tensors, u: Tensors, v: Tensors) -> list[float]:
    """Return central differences of order 2 and of order 4, along ``u`` and ``v``."""

    def central(step: float) -> float:
        ahead, behind = (
            inner(v, values(fn, tuple(x + s * t for x, t in zip(xs, u, strict=True))))
            for s in (step, -step)
        )
        return (ahead - behind) / (2 * step)

    fourth = (4 * central(_LONG_STEP) - central(2 * _LONG_STEP)) / 3
    return [central(_SHORT_STEP), fourth]


def randn_like(tensors: Tensors, generator: torch.Generator) -> Tensors:
    """Return random numbers of the same shapes and dtypes."""
    return tuple(
        torch.randn(t.shape, dtype=t.dtype, generator=generator, device="cpu").to(
            t.device
        )
        for t in tensors
    )


def inner(first: Tensors, second: Tensors) -> float:
    """Return the real part of the inner product, summed over the pairs."""
    pairs = zip(map(_flat, first), map(_flat, second), strict=True)
    return sum(float(torch.vdot(a, b).real) for a, b in pairs)


def _flat(tensor: Tensor) -> Tensor:
    return tensor.to_dense().reshape(-1)


def call(fn: Function, xs: Tensors) -> Tensors:
    """Return the outputs of ``fn`` that can have a derivative, with their graph."""
    with torch.enable_grad():
        result = fn(*xs)
    outputs = tuple(result) if isinstance(result, Sequence) else (result,)
    for place, y in enumerate(outputs):
        require_tensor(f"output {place} of fn", y)
    return tuple(y for y in outputs if y.is_floating_point() or y.is_complex())


def values(fn: Function, xs: Tensors) -> Tensors:
    """Return the outputs of ``fn`` without their graph."""
    return detached(call(fn, leaves(xs)))


def leaves(tensors: Tensors) -> Tensors:
    """Return copies that require grad."""
    return tuple(t.clone().requires_grad_() for t in tensors)


def detached(tensors: Tensors) -> Tensors:
    """Return the same tensors without their graph."""
    return tuple(t.detach() for t in tensors)
