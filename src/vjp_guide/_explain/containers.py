"""Tensors in the containers that readers pass to torch.autograd.grad, by name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import partial

import numpy as np
from torch import Tensor, nn

from vjp_guide._call import Argument, Call, is_tensor

_LITERALS = (str, int, bytes, bool)


def unpacked(call: Call) -> Call:
    """Return the call with tensors in place of the containers that hold them.

    What can't be differentiated, such as an integer output, is left out where
    something else remains, with its cotangent.
    """
    ys = _found("y", call.given[0], call.outputs)
    xs = _found("x", call.given[1], call.inputs)
    kept = [y for y in ys if _is_differentiable(y)]
    kept = kept or [y for y in ys if is_continuous(y)] or ys
    given = call.given[1] if _is_sequence(call.given[1]) else [x.value for x in xs]
    return replace(
        call,
        given=(call.given[0], given, call.given[2]),
        outputs=tuple(kept),
        inputs=tuple(_without_constants(call, xs)),
        cotangents=_kept_cotangents(call, kept),
    )


def _found(letter: str, value: object, named: Sequence[Argument]) -> list[Argument]:
    """Return the tensors that a container holds, at any depth."""
    if _is_sequence(value) or is_tensor(value):
        return [found for each in named for found in within(each.name, each.value)]
    return [*within(letter, value)]


def _is_sequence(value: object) -> bool:
    is_one = isinstance(value, list | tuple | nn.ParameterList)
    return is_one and not hasattr(value, "_fields")


def within(
    name: str,
    value: object,
    around: tuple[object, ...] = (),
    is_leaf: Callable[[object], bool] = is_tensor,
) -> Iterator[Argument]:
    """Yield the tensors that a value is or holds, each with an expression for it."""
    if is_leaf(value):
        yield Argument(name, value)
    elif not any(value is each for each in around):  # it doesn't hold itself
        entries = _entries(name, value) or ([] if around else _attributes(name, value))
        for expression, each in entries:
            yield from within(expression, each, (*around, value), is_leaf)


def _entries(name: str, value: object) -> Iterable[tuple[str, object]]:
    """Return what a container holds, each with an expression for it."""
    if isinstance(value, str | bytes | nn.Module) or _is_numeric(value):
        return []
    if isinstance(value, Mapping):
        return _items(name, value)
    if is_dataclass(value) and not isinstance(value, type):
        return [
            (f"{name}.{each.name}", getattr(value, each.name)) for each in fields(value)
        ]
    if isinstance(value, Sequence):
        return [(f"{name}[{place}]", each) for place, each in enumerate(value)]
    if isinstance(value, Iterable) and not isinstance(value, Iterator):
        return [(f"[*{name}][{place}]", each) for place, each in enumerate(value)]
    return []


def _is_numeric(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype != object


def _attributes(name: str, value: object) -> Iterable[tuple[str, object]]:
    """Return the attributes of a plain object, such as an optimizer."""
    if callable(value) or isinstance(value, Iterable):
        return []
    slots = [key for kind in type(value).__mro__ for key in _slots(kind)]
    keys = [*getattr(value, "__dict__", {}), *filter(partial(hasattr, value), slots)]
    return [(f"{name}.{key}", getattr(value, key)) for key in keys]


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _items(name: str, value: Mapping[object, object]) -> list[tuple[str, object]]:
    if all(isinstance(key, _LITERALS) for key in value):
        return [(f"{name}[{key!r}]", each) for key, each in value.items()]
    return _entries_of_values(name, value)


def _entries_of_values(
    name: str, value: Mapping[object, object]
) -> list[tuple[str, object]]:
    entries = enumerate(value.values())
    return [(f"[*{name}.values()][{place}]", each) for place, each in entries]


def _is_differentiable(y: Argument) -> bool:
    return not isinstance(y.value, Tensor) or y.requires_grad


def is_continuous(each: Argument) -> bool:
    """Return whether a tensor has a dtype that can be differentiated."""
    return each.dtype.is_floating_point or each.dtype.is_complex


def _without_constants(call: Call, xs: Sequence[Argument]) -> Sequence[Argument]:
    """Return the inputs, those that require grad where other things are among them.

    These are integers, such as buffers of a model, and what a container holds.
    """
    given = all(is_tensor(x.value) for x in call.inputs)
    if given and all(map(is_continuous, xs)):
        return xs
    return [x for x in xs if _is_differentiable(x)] or xs


def _held(cotangents: Sequence[Argument]) -> list[Argument]:
    """Return the tensors that cotangents hold, if one is a container of any."""
    containers = [v for v in cotangents if isinstance(v.value, list | tuple | Mapping)]
    if not any(any(within(*v)) for v in containers):
        return []
    return [found for v in cotangents for found in within(*v)]


def _kept_cotangents(call: Call, kept: Sequence[Argument]) -> tuple[Argument, ...]:
    """Return the cotangents of the outputs that are kept, if they are known."""
    held = {v.name[1:]: v for v in _held(call.cotangents)}
    places = [y.name[1:] for y in kept]
    if held and held.keys() >= set(places):
        return tuple(held[place] for place in places)
    if held and len(held) == len(kept):
        return tuple(held.values())
    pairs = zip(call.outputs, call.cotangents, strict=False)
    given = {y.name: v for y, v in pairs}
    if all(y.name in given for y in kept):
        return tuple(given[y.name] for y in kept)
    return call.cotangents if len(call.cotangents) == len(kept) else ()
