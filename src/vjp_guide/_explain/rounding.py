"""How far rounding alone moves the result of a pass."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor

from vjp_guide._call import Call
from vjp_guide._contract import Array
from vjp_guide._explain.passes import Passes, cotangent
from vjp_guide._graph import Edges, between, edge
from vjp_guide._quiet import plain_settings

_REPEATS, _PASSES = 5, 13
_STEPS, _DIGITS = (3, 5, 9), 8
_SCALE, _LARGEST = 1024.0, 0.125  # rounding alone is too coarse to measure

Cotangents = tuple[Tensor | None, ...]


def rounding(passes: Passes, v: list[Array]) -> list[Array]:
    """Return by how much each gradient moves when each cotangent is off by rounding.

    At each node each cotangent, as it arrives and as it leaves, is multiplied by a
    random number near 1, so that what cancels in exact arithmetic no longer does.
    A pass is linear, so the moves are scaled to factors of 1 plus or minus up to the
    epsilon of the dtype. This is Monte Carlo arithmetic (Parker, 1997).

    What cancels inside a node isn't reached so. There ``v`` is scaled by a few epsilons
    more than 1, so that each intermediate number is rounded elsewhere. What this moves
    beyond the digits of an entry may fall on any other entry.

    Args:
        passes: The passes to spend.
        v: The cotangents of the call, one for each output.

    Returns:
        The largest move of each entry, over a few passes.
    """
    passes.require(_PASSES)
    call = passes.call
    with plain_settings():
        edges = _between(call, passes.half_time)
    ys = [y.value for y in call.outputs]
    cotangents = [cotangent(y, each) for y, each in zip(call.outputs, v, strict=True)]
    still = passes.gradients(ys, cotangents)
    scale = _scale(call)
    with _shaken(edges, passes, scale):
        moved = [passes.gradients(ys, cotangents) for _ in range(_REPEATS)]
    inside = _inside(passes, v, still)
    return [
        np.max([abs(each[place] - old) for each in moved], axis=0) / scale + most
        for place, (old, most) in enumerate(zip(still, inside, strict=True))
    ]


def _inside(passes: Passes, v: list[Array], still: Sequence[Array]) -> list[float]:
    """Return by how much rounding inside the nodes moves an entry of each gradient."""
    outputs = passes.call.outputs
    eps = _coarsest(passes.call)
    most = [0.0] * len(still)
    for factor in (1 + step * eps for step in _STEPS):
        pairs = zip(outputs, v, strict=True)
        scaled = [cotangent(y, factor * each) for y, each in pairs]
        found = passes.gradients([y.value for y in outputs], scaled)
        for place, (old, new) in enumerate(zip(still, found, strict=True)):
            beyond = abs(new / factor - old) - _DIGITS * eps * abs(old)
            most[place] = max(most[place], float(beyond.max(initial=0)))
    return most


def _scale(call: Call) -> float:
    """Return by how much rounding is enlarged: less for few digits.

    Factors far from 1 would add up to more than the sum of what each of them moves.
    """
    return min(_SCALE, _LARGEST / _coarsest(call))


def _coarsest(call: Call) -> float:
    arguments = (*call.outputs, *call.inputs)
    return max(torch.finfo(each.dtype).eps for each in arguments)


def _between(call: Call, until: float) -> Edges:
    starts = [edge(y.value) for y in call.outputs]  # type: ignore[arg-type]
    stops = [edge(x.value) for x in call.inputs]  # type: ignore[arg-type]
    return between(starts, stops, until=until)


@contextmanager
def _shaken(edges: Edges, passes: Passes, scale: float) -> Iterator[None]:
    """Shake what arrives at each node and leaves it, which takes long for many."""

    def shake(cotangents: Cotangents, _: object = None) -> Cotangents:
        passes.require_time()
        return _shake(cotangents, scale)

    with ExitStack() as stack:
        for node in edges:
            stack.callback(node.register_prehook(shake).remove)
            stack.callback(node.register_hook(shake).remove)
        yield


def _shake(cotangents: Cotangents, scale: float) -> Cotangents:
    with plain_settings(), torch.no_grad():
        return tuple(
            each if each is None else _moved(each, scale) for each in cotangents
        )


def _moved(cotangent: Tensor, scale: float) -> Tensor:
    if cotangent.layout != torch.strided or cotangent.is_nested:
        return cotangent
    eps = torch.finfo(cotangent.dtype).eps
    draw = 2 * torch.rand(cotangent.shape, device=cotangent.device) - 1
    # Floats of 8 bits can be converted alone.
    wide = cotangent if cotangent.dtype.itemsize > 1 else cotangent.float()
    return (wide + wide * (draw * (scale * eps))).to(cotangent.dtype)
