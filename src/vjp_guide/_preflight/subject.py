"""A model and its inputs as a call of tensors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.func import functional_call
from torch.utils import _pytree as pytree

from vjp_guide._preflight.trial import Argument, Trial, may_carry


def whole(model: Callable[..., object], inputs: tuple[object, ...]) -> Trial:
    """Return the call of a model as one of its inputs, parameters and buffers.

    Raises:
        TypeError: If the model can't be called, or the inputs hold no tensor.
        ValueError: If there is nothing to differentiate with respect to.
    """
    if not callable(model):
        raise TypeError(
            f"model must be a module or function, got {type(model).__name__}: pass the "
            "model and its inputs, as preflight(model, x) and not preflight(model(x))"
        )
    leaves, spec = pytree.tree_flatten(inputs)
    numbers = [n for n, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
    if not numbers:
        raise TypeError(
            f"inputs must hold a tensor, got {len(inputs)} without one: pass all "
            "arguments of the model, as preflight(model, x)"
        )
    state = _state(model)

    def call(values: list[Tensor]) -> object:
        changed = dict(zip(numbers, values, strict=False))
        new = [changed.get(n, leaf) for n, leaf in enumerate(leaves)]
        args = pytree.tree_unflatten(new, spec)
        if not isinstance(model, nn.Module):
            return model(*args)
        rest = dict(zip(state, values[len(numbers) :], strict=True))
        return functional_call(model, rest, args)

    arguments = [
        *(Argument(leaves[n], may_carry(leaves[n]), is_mapped=True) for n in numbers),
        *map(_of_state, state.values()),
    ]
    _require_differentiated(arguments)
    return Trial(call, arguments)


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
    """Give the modules of a model the attributes back that they had."""
    modules = [*model.modules()] if isinstance(model, nn.Module) else []
    before = [vars(module).copy() for module in modules]
    try:
        yield
    finally:
        for module, attributes in zip(modules, before, strict=True):
            vars(module).clear()
            vars(module).update(attributes)
