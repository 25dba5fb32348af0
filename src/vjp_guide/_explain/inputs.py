"""Code that makes tensors of what was passed as inputs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, groupby
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from vjp_guide._call import Argument, Call, is_tensor
from vjp_guide._contract import as_array
from vjp_guide._explain.containers import is_continuous, within


def in_transform() -> bool:
    """Return whether a transform of torch.func is active."""
    interpreters: object = torch._C._functorch.peek_interpreter_stack()  # noqa: SLF001 (no public way exists)
    return interpreters is not None


def module_of(call: Call) -> tuple[str, nn.Module] | None:
    """Return the module that was passed in place of its parameters, and its name."""
    value = call.given[1]
    if isinstance(value, nn.Module):
        return "x", value
    if isinstance(owner := getattr(value, "__self__", None), nn.Module):
        return "x.__self__", owner
    first = call.inputs[0] if len(call.inputs) == 1 else Argument("", None)
    if "x" in call.consumed or not isinstance(first.value, nn.Module):
        return None
    return first.name, first.value


def function_of(call: Call) -> Callable[..., object] | None:
    """Return the module or function that was passed in place of what it returns."""
    given = call.given[0]
    if isinstance(given, list | tuple) and len(given) == 1:
        (given,) = given
    return given if _is_function(given) else None


def _is_function(value: object) -> TypeGuard[Callable[..., object]]:
    if isinstance(value, nn.Module):
        # ModuleList has none of its own, and a compiled module has it in the instance.
        own = type(value).forward is not nn.Module.forward
        return own or "forward" in vars(value)
    return callable(value) and not isinstance(value, type)


def parameters(name: str, model: nn.Module) -> str:
    """Return code for the parameters of a model that require grad, if any does."""
    if len({each.requires_grad for each in model.parameters()}) <= 1:
        return f"list({name}.parameters())"
    return f"[each for each in {name}.parameters() if each.requires_grad]"


def holds(model: nn.Module) -> bool:
    """Return whether a model has parameters."""
    return any(True for _ in model.parameters())


def lazy_within(arguments: Iterable[Argument]) -> bool:
    """Return whether they hold a parameter or buffer that has no shape yet."""
    found = [each for one in arguments for each in within(*one, is_leaf=_may_be_lazy)]
    return any(_is_lazy(each.value) for each in found)


def _may_be_lazy(value: object) -> bool:
    return is_tensor(value) or isinstance(value, nn.Module)


def _is_lazy(value: object) -> bool:
    if isinstance(value, nn.Module):
        return any(map(is_lazy, chain(value.parameters(), value.buffers())))
    return isinstance(value, Tensor) and is_lazy(value)


def is_pair(value: object) -> bool:
    """Return whether it is a name and a value, as named_parameters() yields them."""
    return (
        isinstance(value, tuple)
        and len(value) == 2  # noqa: PLR2004 (a name and a tensor)
        and isinstance(value[0], str)
    )


def has_metadata(value: object) -> bool:
    """Return whether it is what state_dict() returns."""
    return isinstance(value, Mapping) and hasattr(value, "_metadata")


def every(*arguments: Argument) -> str:
    """Return code for a list of the tensors and of the parameters that they hold.

    What has no derivative is left out, unless there is nothing else.
    """
    found = [each for one in arguments for each in within(*one, is_leaf=has_tensors)]
    kept = [each for each in found if _is_input(each)] or found
    terms = []
    for is_one, group in groupby(kept, lambda each: is_tensor(each.value)):
        if is_one:
            terms.append(f"[{', '.join(each.name for each in group)}]")
        else:
            terms += [_list_of(each) for each in group]
    return " + ".join(terms)


def has_tensors(value: object) -> bool:
    """Return whether it is a tensor, or something that yields a model's."""
    if isinstance(value, nn.Module):
        return holds(value)
    return is_tensor(value) or isinstance(value, Iterator)


def _is_input(each: Argument) -> bool:
    if not isinstance(each.value, Tensor):
        return True
    return is_continuous(each) and (each.requires_grad or in_transform())


def _list_of(each: Argument) -> str:
    if isinstance(each.value, nn.Module):
        return parameters(each.name, each.value)
    return f"list({each.name})"


def new(x: Argument) -> str:
    """Return code that makes a tensor of what was passed."""
    require = "" if in_transform() else ".requires_grad_()"
    kind = _kind(x)
    if not kind:
        return f"{x.name} = torch.ones(2){require}  # what y is computed from"
    dtype = "" if kind in "fc" else ", dtype=torch.get_default_dtype()"
    return f"{x.name} = torch.tensor({x.name}{dtype}){require}"


def _kind(x: Argument) -> str:
    """Return the kind of the numbers that were passed, "" if there are none."""
    with suppress(TypeError):
        numbers = as_array(x.name, x.value)
        return numbers.dtype.kind * bool(numbers.size)
    return ""


def requiring(x: Argument) -> str:
    """Return code that makes a tensor require grad, as torch.func does by itself."""
    tensor, name = x.value, x.name
    require = "" if in_transform() else ".requires_grad_()"
    if not is_continuous(x):
        return f"{name} = {name}.to(torch.get_default_dtype()){require}"
    if isinstance(tensor, Tensor) and tensor.is_inference():
        return f"{name} = {name}.clone(){require}"
    return require and f"{name}{require}"


def constants(call: Call) -> list[Argument]:
    """Return the inputs that are tensors and don't require grad."""
    return [
        x for x in call.inputs if isinstance(x.value, Tensor) and not x.requires_grad
    ]
