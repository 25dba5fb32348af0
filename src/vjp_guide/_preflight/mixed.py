"""Which derivatives are silently wrong, by finite differences."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from math import isfinite
from typing import Any

import torch
from torch import Tensor
from torch.func import grad, jvp, vjp

from vjp_guide._directional import randn_like
from vjp_guide._preflight.trial import Trial

_STEP = 1e-6
_NEAR = 1e-3
_ROUNDING = 1e-6
_Function = Callable[..., Tensor]


def wrong_and_right(trial: Trial) -> tuple[list[str], list[str]]:
    """Return the ways to a derivative that give a wrong number, and the others.

    Finite differences tell, if another way agrees with them: next to a kink none does.
    """
    try:
        tries = _tries(trial)
        found = [_apart(*each) for each in tries]
    except Exception:  # noqa: BLE001 (what fails is a blocker, not a wrong number)
        return [], []
    return next((each for each in found if each[0]), ([], []))


def _tries(trial: Trial) -> list[tuple[float, float, dict[str, float]]]:
    """Return what is right, how large it is, and what each way gives: first, second."""
    function, xs = _in_double(trial)
    generator = torch.Generator().manual_seed(0)
    v = randn_like(function(*xs), generator)
    u, along = (list(randn_like(tuple(xs), generator)) for _ in range(2))

    def value(*xs: Tensor) -> Tensor:
        return _inner(function(*xs), v)

    def backward(*xs: Tensor) -> Tensor:
        return _inner(vjp(function, *xs)[1](v), u)

    def forward(*xs: Tensor) -> Tensor:
        return _inner(jvp(function, xs, tuple(u))[1], v)

    firsts = {"reverse mode": backward, "forward mode": forward}
    seconds = {
        "a backward pass through a backward pass": _by_reverse(backward),
        "a backward pass through forward mode": _by_reverse(forward),
        "forward mode of forward mode": _by_forward(forward),
    }
    return [
        (*_difference(value, xs, u), _values(firsts, *xs)),
        (*_difference(backward, xs, along), _values(seconds, xs, along)),
    ]


def _apart(
    truth: float, size: float, values: dict[str, float]
) -> tuple[list[str], list[str]]:
    finite = (abs(value) for value in values.values() if isfinite(value))
    near = _NEAR * max(_ROUNDING * size, abs(truth), *finite, 0.0)
    right = [n for n, value in values.items() if abs(value - truth) <= near]  # no nan
    wrong = [n for n in values if n not in right]
    return (wrong, right) if right else ([], [])


def _in_double(
    trial: Trial,
) -> tuple[Callable[..., tuple[Tensor, ...]], list[Tensor]]:
    """Return the call as a function of what is differentiated, in double precision."""
    values = [_double(argument.copy()) for argument in trial.arguments]
    places = [n for n, each in enumerate(trial.arguments) if each.is_differentiated]

    def function(*xs: Tensor) -> tuple[Tensor, ...]:
        torch.manual_seed(0)  # random numbers are the same in each call
        given = [value.clone() for value in values]
        for place, x in zip(places, xs, strict=True):
            given[place] = x.clone()
        return tuple(trial.outputs(given))

    return function, [values[place] for place in places]


def _double(tensor: Tensor) -> Tensor:
    if not (tensor.is_floating_point() or tensor.is_complex()):
        return tensor
    return tensor.to(torch.promote_types(tensor.dtype, torch.float64))


def _by_reverse(first: _Function) -> _Function:
    def value(xs: list[Tensor], along: list[Tensor]) -> Tensor:
        return _inner(grad(first, tuple(range(len(xs))))(*xs), along)

    return value


def _by_forward(first: _Function) -> _Function:
    def value(xs: list[Tensor], along: list[Tensor]) -> Tensor:
        tangent: Tensor = jvp(first, tuple(xs), tuple(along))[1]
        return tangent

    return value


def _difference(
    function: _Function, xs: list[Tensor], along: list[Tensor]
) -> tuple[float, float]:
    """Return the derivative along a direction, and how large the function is."""
    pairs = [*zip(xs, along, strict=True)]
    ends = [float(function(*(x + h * a for x, a in pairs))) for h in (_STEP, -_STEP)]
    return (ends[0] - ends[1]) / (2 * _STEP), abs(ends[0])


def _values(
    ways: dict[str, _Function],
    *arguments: Any,  # noqa: ANN401 (tensors, or lists of them)
) -> dict[str, float]:
    """Return what the ways give, those that fail aside."""
    found = {}
    for name, way in ways.items():
        with suppress(Exception):
            found[name] = float(way(*arguments))
    return found


def _inner(left: Sequence[Tensor], right: Sequence[Tensor]) -> Tensor:
    pairs = zip(left, right, strict=True)
    return torch.stack([(a.conj() * b).real.sum() for a, b in pairs]).sum()
