"""A model and its inputs as a call of tensors."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call
from torch.utils import _pytree as pytree

from vjp_guide._preflight.trial import Argument, Trial, may_carry

_CONTAINERS = (list, dict, set)


def whole(
    model: Callable[..., object],
    inputs: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> Trial:
    """Return the call of a model as one of its inputs, parameters and buffers.

    Raises:
        TypeError: If the model can't be called, or the inputs hold no tensor.
        ValueError: If there is nothing to differentiate with respect to.
    """
    leaves, spec = pytree.tree_flatten((inputs, dict(kwargs)))
    numbers = [n for n, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
    _require_call(model, leaves, numbers)
    state = _state(model)

    def call(values: list[Tensor]) -> object:
        changed = dict(zip(numbers, values, strict=False))
        new = [changed.get(n, leaf) for n, leaf in enumerate(leaves)]
        args, given = pytree.tree_unflatten(new, spec)
        if not isinstance(model, nn.Module):
            return model(*args, **given)
        rest = dict(zip(state, values[len(numbers) :], strict=True))
        return functional_call(model, rest, args, given)

    arguments = [
        *(Argument(leaves[n], may_carry(leaves[n]), is_mapped=True) for n in numbers),
        *map(_of_state, state.values()),
    ]
    _require_differentiated(arguments)
    return Trial(call, arguments)


def _require_call(model: object, leaves: list[object], numbers: list[int]) -> None:
    if not callable(model):
        raise TypeError(
            f"model must be a module or function, got {type(model).__name__}: pass the "
            "model and its inputs, as preflight(model, x) and not preflight(model(x))"
        )
    if not numbers:
        raise TypeError(
            f"inputs must hold a tensor, got {len(leaves)} values without one: pass "
            "all arguments of the model, as preflight(model, x)"
        )


def _require_differentiated(arguments: list[Argument]) -> None:
    if not any(argument.is_differentiated for argument in arguments):
        dtypes = ", ".join(sorted({str(each.tensor.dtype) for each in arguments}))
        raise ValueError(
            "there is nothing to differentiate with respect to: inputs must hold a "
            f"tensor of floating-point or complex dtype, got {dtypes}, or the model a "
            "parameter that requires grad"
        )


def _state(model: object) -> dict[str, Tensor]:
    if not isinstance(model, nn.Module):
        return {}
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _of_state(tensor: Tensor) -> Argument:
    carries = tensor.requires_grad and may_carry(tensor)
    return Argument(tensor, carries, is_mapped=False, is_outer=not carries)


@contextmanager
def kept_attributes(model: object) -> Iterator[None]:
    """Give the modules of a model the attributes back that they had.

    So are the items of lists, dicts and sets among them.
    """
    modules = [*model.modules()] if isinstance(model, nn.Module) else []
    held: list[Any] = [vars(module) for module in modules]
    held += [v for each in held for v in each.values() if isinstance(v, _CONTAINERS)]
    before = [each.copy() for each in held]
    try:
        yield
    finally:
        for each, items in zip(held, before, strict=True):
            each.clear()
            each.extend(items) if isinstance(each, list) else each.update(items)
