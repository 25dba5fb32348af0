"""Random calls of the part of torch that the machine knows, with what torch says.

Expressions grow from templates over random operands. What torch computes becomes a case
with its values and derivatives; what torch refuses, a case with the text of the error.
"""

import math
import random
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

SHAPES = (
    *((3,), (4,), (2,), (2, 3), (3, 2), (2, 2), (), (1,), (2, 1, 3), (1, 4), (3, 3)),
    *((3, 1), (1, 3), (2, 3, 2), (0,), (2, 0)),
)
# a, b, c are operands; l and l2 are leaves, since rounding mustn't move a value over a
# step; d is a dim, D a tuple of dims, n a number, n0 to n2 are small ints, k is a flag.
ALL = (
    Path(__file__)
    .with_name("machine_templates.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)
MOST = 48  # elements of y
LIKE_X = 0.5  # how often A has the shape of x
HOLE = re.compile(r"(?<![\w.'])(a|b|c|l2|l|d2|d|D|n0b|n0|n1|n2|n|k)(?![\w'(]|\.\d|=)")


@dataclass(frozen=True)
class Case:
    """A call as the texts of its parts, with what torch makes of it."""

    state: dict[str, str]
    expected: dict[str, Any]


def _number(rng: random.Random) -> float:
    return rng.choice(
        [float(rng.randint(-2, 3)), round(rng.uniform(-2, 2), 1), rng.uniform(-2, 2)]
    )


def _values(rng: random.Random, shape: tuple[int, ...]) -> list[object] | float:
    if not shape:
        return _number(rng)
    return [_values(rng, shape[1:]) for _ in range(shape[0])]


def _fill(rng: random.Random, template: str, depth: int) -> str:
    """Return the template with its holes filled by random parts."""
    chosen: dict[str, str] = {}
    for hole in HOLE.findall(template):
        if hole not in chosen:
            chosen[hole] = _part(rng, hole, depth)
    return HOLE.sub(lambda hole: chosen[hole[1]], template)


def _part(rng: random.Random, hole: str, depth: int) -> str:
    if hole in {"a", "b", "c"}:
        if depth > 0 and rng.random() < 0.6:
            return f"({_fill(rng, rng.choice(ALL), depth - 1)})"
        return rng.choice(["x", "x", "x", "A", "B"]) if hole != "a" else "x"
    numbers = {
        "l": ["x", "x", "A"],
        "l2": ["A", "B", "x"],
        "d": ["0", "0", "1", "-1", "-1", "2", "-2"],
        "d2": ["0", "1", "1", "-1"],
        "D": ["(0, 1)", "(0,)", "(-1,)", "(0, -1)", "(1, 2)"],
        "n": ["2", "0.5", "3.0", "-1", "1"],
        "n0": ["0", "1", "2", "3", "-1"],
        "n0b": ["0", "1", "-2", "3"],
        "n1": ["1", "2", "3", "3", "4"],
        "n2": ["1", "2", "3", "-1"],
        "k": ["True", "False"],
    }
    return rng.choice(numbers[hole])


def evaluate(text: str, names: dict[str, torch.Tensor]) -> object:
    """Return what torch computes; the texts are this module's own."""
    scope = {"torch": torch, "F": torch.nn.functional, "math": math, **names}
    result: object = eval(text, scope)  # noqa: S307 - our text
    return result


def _rows(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return J, from a call for each entry of y."""
    units = torch.eye(y.numel()).reshape(y.numel(), *y.shape)
    rows = [torch.autograd.grad(y, x, unit, retain_graph=True)[0] for unit in units]
    return (
        torch.stack(rows).reshape(y.shape + x.shape)
        if rows
        else x.new_zeros(y.shape + x.shape)
    )


def _stored(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor, with storage where torch knows that all is zero."""
    without = tensor._is_zerotensor()  # noqa: SLF001 - torch has no public name for it
    return torch.zeros(tensor.shape) if without else tensor


def _expected(
    text: str,
    names: dict[str, torch.Tensor],
    y: torch.Tensor,
    v: torch.Tensor,
    u: torch.Tensor,
) -> dict[str, Any] | None:
    """Return what torch computes; None where its two modes disagree.

    They do at some ties, such as ``clamp`` at a bound that is a tensor.
    """
    x = names["x"]
    dense = _rows(y, x)
    pushed: torch.Tensor = torch.func.jvp(
        lambda x: evaluate(text, {**names, "x": x}), (x.detach(),), (u,)
    )[1]
    by_rows = dense.reshape(y.numel(), x.numel()) @ u.reshape(-1)
    if not torch.allclose(by_rows, pushed.reshape(-1), rtol=1e-7, equal_nan=True):
        return None
    (result,) = torch.autograd.grad(y, x, v)
    parts = {"y": y.detach(), "J": dense, "result": result, "Ju": pushed}
    parts = {name: _stored(part) for name, part in parts.items()}
    return {
        "shape": list(y.shape),
        "shapes": {name: list(part.shape) for name, part in parts.items()},
        "printed": {name: str(part) for name, part in parts.items()},
        **{name: part.flatten().tolist() for name, part in parts.items()},
    }


def _refused(text: str, names: dict[str, torch.Tensor]) -> dict[str, Any] | None:
    """Return the error, or None if torch computes the text."""
    try:
        evaluate(text, names)
    except (RuntimeError, IndexError, ValueError, NotImplementedError) as error:
        return {"error": str(error), "kind": type(error).__name__}
    return None


def _random_case(rng: random.Random) -> Case | None:
    """Return a call that torch accepts or refuses; None for what no case is made of."""
    shapes = {name: rng.choice(SHAPES) for name in "xAB"}
    if rng.random() < LIKE_X:
        shapes["A"] = shapes["x"]
    text = _fill(rng, rng.choice(ALL), rng.choice([0, 1, 1, 2]))
    state = {"y": text}
    names = {}
    for name, shape in shapes.items():
        if name == "x" or re.search(rf"\b{name}\b", text):
            values = _values(rng, shape)
            state[name], names[name] = repr(values), torch.tensor(values)
    names["x"].requires_grad_()
    try:
        expected = _refused(text, names)
    except TypeError:  # of arguments, which the machine describes in its own words
        return None
    if expected is not None:
        return (
            None if "Exception raised from" in str(expected) else Case(state, expected)
        )
    y = evaluate(text, names)
    if not isinstance(y, torch.Tensor) or not y.requires_grad or y.numel() > MOST:
        return None
    v, u = (torch.tensor(_values(rng, tuple(like.shape))) for like in (y, names["x"]))
    state |= {"v": repr(v.tolist()), "u": repr(u.tolist())}
    if y.numel() == 0:
        state["v"], v = "torch.ones_like(y)", torch.ones_like(y)
    try:
        found = _expected(text, names, y, v, u)
    except RuntimeError:  # no forward mode, or torch's clamp by a wider bound
        return None
    return None if found is None else Case(state, found)


def random_cases(seed: int) -> Iterator[Case]:
    """Yield calls without end.

    Args:
        seed: Of the choices.
    """
    rng = random.Random(seed)  # noqa: S311 - no secret
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while True:
            case = _random_case(rng)
            if case is not None:
                yield case
