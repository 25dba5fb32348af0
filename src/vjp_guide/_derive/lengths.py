"""The texts of variable lengths, and for which of them a program holds."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sympy  # type: ignore[import-untyped] # it has no types
from torch.utils._sympy.functions import Mod

from vjp_guide._sources import is_own
from vjp_guide.operators.program.nodes import Size
from vjp_guide.operators.program.printer import Printer


def lengths(shapes: dict[str, tuple[Size, ...]]) -> dict[str, str]:
    """Return the text of each variable length, as ``x.shape[-1]``, and of several."""
    found: dict[str, str] = {}
    for name, shape in shapes.items():
        for axis, length in enumerate(shape):
            place = -1 if axis and axis == len(shape) - 1 else axis
            found.setdefault(str(length), f"{name}.shape[{place}]")
        if len(shape) > 1:
            found.setdefault(", ".join(map(str, shape)), f"{name}.shape")
        factors = [sympy.Symbol(n) if isinstance(n, str) else n for n in shape]
        found.setdefault(str(sympy.prod(factors)), f"{name}.numel()")
    return found


def conditions(
    environment: Any, texts: Mapping[str, str], symbols: Mapping[str, str]
) -> Iterator[str]:
    """Yield what torch, or the function itself, asked about lengths, and was true.

    Args:
        environment: What answered.
        texts: The text of each variable length.
        symbols: The same, before lengths became one that turned out to be equal.
    """
    for guard in environment.guards:
        now = environment.replace(guard.expr)
        if now != sympy.true and (_is_asked(guard) or _matters(now)):
            yield _condition(now, texts)
        elif now == sympy.true and _is_asked(guard) and _joins(guard.expr):
            yield _condition(guard.expr, symbols)


def _is_asked(guard: Any) -> bool:
    """Return whether the function itself asked, as by ``if``."""
    place = guard.sloc.framework_loc
    return bool(place) and not is_own(place.filename)


def _joins(relation: Any) -> bool:
    """Return whether two lengths were found to be equal, and are one from then on."""
    return isinstance(relation, sympy.Eq) and len(relation.free_symbols) > 1


def _matters(relation: Any) -> bool:
    """Return whether torch may record another program if a relation doesn't hold.

    It asks besides whether lengths are 0 or 1, and how memory is laid out.
    """
    sides = relation.args
    if isinstance(relation, _INEQUALITIES):
        return all(map(_is_plain, sides))
    if not isinstance(relation, sympy.Eq):
        return False
    divided = all(map(_is_plain, sides[0].args)) or not isinstance(sides[0], Mod)
    return divided and bool(sides[1].is_Integer) and sides[1] != 1


_INEQUALITIES = (sympy.Lt, sympy.Le, sympy.Gt, sympy.Ge)


def _is_plain(side: Any) -> bool:
    """Return whether a side of a comparison is a length or a number."""
    return bool(side.is_Symbol or side.is_Integer)


def _condition(relation: Any, texts: Mapping[str, str]) -> str:
    """Return a relation as Python."""
    if isinstance(relation, sympy.And | sympy.Or):
        word = " and " if isinstance(relation, sympy.And) else " or "
        return word.join(f"({_condition(each, texts)})" for each in relation.args)
    printer = Printer({}, {}, lengths=texts)
    sides = (printer.size(str(side)).code for side in relation.args)
    text = f" {relation.rel_op} ".join(sides)
    return re.sub(r"\bMod\(([^(),]+), (\w+)\)", r"\1 % \2", text)
