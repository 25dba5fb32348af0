"""The contraction of a call in index notation and with numbers."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from vjp_guide._call import Argument, Call, is_all
from vjp_guide._contract import Array, contract
from vjp_guide._show import folded, number

Pair = tuple[Argument, Argument | None]

_Item = TypeVar("_Item")

_LETTERS = "ijklmnopqrst"
_MOST_TERMS, _MOST_OUTPUTS = 8, 4


def formulas(call: Call) -> tuple[str, ...]:
    """Return each gradient as sums over the outputs, a line for each."""
    pairs = call.pairs
    batch = ["b"] if call.batched else []
    return tuple(_formula(pairs, x, batch) for x in call.inputs)


def _formula(pairs: Sequence[Pair], x: Argument, batch: list[str]) -> str:
    inner = _letters(0, len(x.shape))
    left = _indexed(f"dL/d{x.name}", [*batch, *inner])
    terms = _some(pairs, lambda pair: _term(*pair, x, batch))
    joint = "\n" + " " * len(left) + " + "
    return f"{left} = {joint.join(terms) or '0'}"


def example(dense: Array, weights: Array) -> str:
    """Return the sum for the first entry of the gradient, empty if all terms are 0."""
    if not dense.size:
        return ""
    column = dense.reshape(weights.size, -1)[:, 0]
    pairs = zip(weights.reshape(-1), column, strict=True)
    terms = [f"{_number(v)}*{_number(d)}" for v, d in pairs if v and d]
    if not terms:
        return ""
    shown = terms[:_MOST_TERMS] + ["..."] * (len(terms) > _MOST_TERMS)
    name = _indexed("dL/dx", ["0"] * (dense.ndim - weights.ndim))
    return f"{name} = {' + '.join(shown)} = {first_total(dense, weights):.6g}"


def first_total(dense: Array, weights: Array) -> float:
    """Return the first entry of the gradient."""
    return float(contract(weights, dense).reshape(-1)[0])


def scalar(call: Call) -> str:
    """Return the scalar ``L`` whose gradients a call computes."""
    if call.batched:
        terms = _some(call.pairs, lambda pair: _summand(*pair, "[b]"))
        return f"L[b] = {' + '.join(terms)}"
    terms = _some(call.pairs, lambda pair: _summand(*pair, ""))
    ones = all(v is None or is_all(v.value, 1) for _, v in call.pairs)
    sums = _some(call.outputs, lambda y: _summand(y, None, ""))
    equal = [terms, sums] if ones and sums != terms else [terms]
    return " = ".join(["L", *(" + ".join(each) or "0" for each in equal)])


def _some(items: Sequence[_Item], term: Callable[[_Item], str]) -> list[str]:
    """Return the terms of a sum, the middle of many left out."""
    first, more, last = folded(items, _MOST_OUTPUTS)
    between = [f"... ({more} terms more)"] if more else []
    return [*map(term, first), *between, *map(term, last)]


def _summand(y: Argument, v: Argument | None, batch: str) -> str:
    real = ".real" if y.dtype.is_complex else ""
    if v is None:
        return (y.name if y.shape == () else f"{y.name}.sum()") + real
    weight = v.name + batch + (".conj()" if real else "")
    return f"({weight} * {y.name}).sum()" + real


def _term(y: Argument, v: Argument | None, x: Argument, batch: list[str]) -> str:
    inner = _letters(0, len(x.shape))
    outer = _letters(len(inner), len(y.shape))
    weight = _indexed(v.name, [*batch, *outer]) if v else "1"
    over = f"sum over {','.join(outer)} of " if outer else ""
    a, b = (_indexed(name + y.name[1:], [*outer, *inner]) for name in "AB")
    if y.dtype.is_complex:
        return f"{over}Re({weight}) * {a} + Im({weight}) * {b}"
    if x.dtype.is_complex:
        return f"{over}{weight} * {a}"
    entry = f"{_indexed(f'd{y.name}', outer)}/{_indexed(f'd{x.name}', inner)}"
    return f"{over}{weight} * {entry}"


def _letters(start: int, count: int) -> list[str]:
    numbers = range(start, start + count)
    return [_LETTERS[k] if k < len(_LETTERS) else f"i{k}" for k in numbers]


def _indexed(name: str, letters: Sequence[str]) -> str:
    return f"{name}[{','.join(letters)}]" if letters else name


def _number(value: np.floating) -> str:
    text = number(float(value))
    return f"({text})" if value < 0 else text
