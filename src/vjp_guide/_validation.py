"""Checks of arguments, with messages that name the likely fix."""

import math
import operator
import sys
from collections.abc import Iterable
from contextlib import suppress
from numbers import Real

import torch
from torch import Tensor, nn
from torch._C._functorch import is_legacy_batchedtensor
from torch._subclasses import FakeTensor
from torch.autograd.graph import GradientEdge
from torch.nn.parameter import is_lazy


def require_tensor(name: str, value: object) -> Tensor:
    """Return ``value`` if it is a tensor, else raise a :class:`TypeError`."""
    if isinstance(value, GradientEdge):
        raise TypeError(
            f"{name} must be a torch.Tensor, got a GradientEdge, which holds no "
            "numbers: pass the tensor whose edge it is; explain takes edges too"
        )
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {type(value).__name__}: "
            f"{_tensor_instead(name, value)}"
        )
    require_shape(name, value)
    return value


def _tensor_instead(name: str, value: object) -> str:
    """Return what to pass in place of a value that is no tensor."""
    is_model = isinstance(value, nn.Module)
    if is_model and name.startswith("inputs"):
        return "pass its parameters, or the tensor that it takes"
    if is_model or (callable(value) and not isinstance(value, type)):
        kind, called = ("module", "model(x)") if is_model else ("function", "f(x)")
        return f"call the {kind}, and pass the tensor that it returns, as {called}"
    return (
        "autograd follows tensors only, so convert with torch.as_tensor before the "
        "computation"
    )


def require_shape(name: str, value: object) -> None:
    """Raise if ``value`` is a parameter of a lazy module that hasn't run yet."""
    if isinstance(value, Tensor) and is_lazy(value):
        raise ValueError(
            f"{name} is an {type(value).__name__}, which has no shape yet: run its "
            "module once on data, as model(data), before the computation"
        )


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
        _require_no_batch(name, tensor)
        raise ValueError(
            f"{name} doesn't require grad: create it with requires_grad=True, or call "
            f"{name}.requires_grad_() before the computation"
        )
    return tensor


def _require_no_batch(name: str, tensor: Tensor) -> None:
    """Raise if a tensor doesn't show whether it has a graph."""
    if is_legacy_batchedtensor(tensor):
        raise ValueError(
            f"{name} holds a batch of v, of a pass with is_grads_batched=True, and "
            "whether it has a graph can't be seen: run the pass for one v, without "
            "is_grads_batched"
        )


def require_graph(name: str, value: object) -> Tensor:
    """Return ``value`` if autograd recorded how it was computed, else raise."""
    tensor = require_tensor(name, value)
    if not tensor.requires_grad:
        _require_no_batch(name, tensor)
        raise ValueError(
            f"{name} has no graph: it was computed from tensors that don't require "
            "grad, under torch.no_grad(), after .detach(), or by an operation "
            f"without a derivative (dtype {tensor.dtype}); recompute it from inputs "
            "that require grad"
        )
    return tensor


def require_rectangular(name: str, tensor: Tensor) -> Tensor:
    """Return ``tensor`` if each axis has one length, else raise."""
    if tensor.is_nested:
        raise ValueError(
            f"{name} is a nested tensor, whose Jacobian has no shape: take the "
            f"tensors that it was made of, or {name}.values()"
        )
    if type(tensor).__torch_dispatch__ is not Tensor.__torch_dispatch__:
        _require_local(name, tensor)
        _require_operations(name, tensor)
    return tensor


def _require_local(name: str, tensor: Tensor) -> None:
    """Raise if the entries of a tensor are spread over processes."""
    module = sys.modules.get("torch.distributed.tensor")  # it takes long to import
    if module is None or not isinstance(tensor, module.DTensor):
        return
    placements = ", ".join(map(repr, tensor.placements))
    cure = (
        "compute from a plain tensor x, as DTensor.from_local(x, mesh, placements), "
        "and pass that x"
        if name.startswith("inputs")
        else f"pass {name}.full_tensor(), on all processes, or {name}.to_local() for "
        "the part of this one"
    )
    raise TypeError(
        f"{name} is a DTensor placed {placements}, whose entries are spread over "
        f"processes: {cure}"
    )


def _require_operations(name: str, tensor: Tensor) -> None:
    """Raise if a subclass refuses what the rows of a Jacobian are built with."""
    try:
        tensor.new_zeros(1)
    except Exception as error:
        kind = type(tensor).__name__
        raise TypeError(
            f"{name} is a {kind}, which refuses operations that a Jacobian needs: "
            "compute with the plain tensor that it wraps, as get_data() of a "
            "MaskedTensor"
        ) from error


def require_dense(name: str, tensor: Tensor) -> Tensor:
    """Return ``tensor`` if its entries are stored one by one, else raise."""
    if not holds_numbers(tensor):
        raise ValueError(
            f"{name} has a shape but no entries, as on the meta device: compute it on "
            "a device that holds numbers"
        )
    if tensor.layout != torch.strided or tensor.is_nested:
        kind = "nested" if tensor.is_nested else f"of layout {tensor.layout}"
        dense = ".values()" if tensor.is_nested else ".to_dense()"
        cure = f"let fn return its {dense}"
        if name.startswith("inputs"):
            cure = f"pass its {dense}, and let fn convert it"
        raise TypeError(
            f"{name} is {kind}, and random directions and differences need a dense "
            f"tensor: {cure}"
        )
    return require_rectangular(name, tensor)


def holds_numbers(tensor: Tensor) -> bool:
    """Return whether a tensor has entries, and not only a shape and a dtype."""
    return not (tensor.is_meta or isinstance(tensor, FakeTensor))


def require_tensors(name: str, value: object) -> tuple[Tensor, ...]:
    """Return ``value`` as a tuple if it is a tensor or several, else raise."""
    if isinstance(value, Tensor | GradientEdge) or not isinstance(value, Iterable):
        return (require_tensor(name, value),)
    return tuple(
        require_tensor(f"{name}[{index}]", item) for index, item in enumerate(value)
    )


def require_count(name: str, value: object, *, least: int = 1) -> int:
    """Return ``value`` if it is a whole number of at least ``least``, else raise."""
    number = _whole(name, value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    return number


def require_seed(value: object) -> int:
    """Return ``value`` if torch can seed a generator with it, else raise."""
    seed = _whole("seed", value)
    if not -(2**63) <= seed < 2**64:
        raise ValueError(
            f"seed must be at least -2**63 and less than 2**64, got {seed}: write "
            "seed % 2**64"
        )
    return seed


def _whole(name: str, value: object) -> int:
    with suppress(TypeError, RuntimeError):
        if not isinstance(value, bool):
            return operator.index(value)  # type: ignore[arg-type] # it tells
    raise TypeError(
        f"{name} must be a whole number, got {_described(value)}: write "
        f"int({name}) if it is one"
    )


def require_seconds(name: str, value: object) -> float:
    """Return ``value`` if it is a time, ``inf`` for no limit, else raise."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(
            f"{name} must be a number of seconds, got {_described(value)}: "
            "math.inf means no limit"
        )
    if math.isnan(value) or value < 0:
        raise ValueError(f"{name} must not be negative or nan, got {value}")
    return float(value)


def require_tolerance(name: str, value: object) -> float:
    """Return ``value`` if it is a real number of at least 0, else raise."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(
            f"{name} must be a number, got {_described(value)}: write float({name}) "
            "if it is one"
        )
    if math.isnan(value) or value < 0:
        raise ValueError(
            f"{name} must not be negative or nan, got {value}: 0 asks for equality"
        )
    return float(value)


def _described(value: object) -> str:
    kind = type(value).__name__
    return f"{kind} {value}" if isinstance(value, Real | str) else kind
