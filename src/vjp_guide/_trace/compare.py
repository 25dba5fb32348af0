"""The first cotangent in which two backward passes differ."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import zip_longest

from torch import Tensor

from vjp_guide._quiet import plain_settings
from vjp_guide._trace.figure import draw
from vjp_guide._trace.gaps import Gap, gap, tolerance
from vjp_guide._trace.places import Place, at_node, completed, gradients, outputs
from vjp_guide._trace.records import Cotangent, NodeRecord, Pass
from vjp_guide._trace.select import part
from vjp_guide._trace.snapshot import holds_values
from vjp_guide._trace.text import counted
from vjp_guide._trace.trace import Trace
from vjp_guide._validation import require_tolerance
from vjp_guide.figures import Figure

_Pair = tuple[Place | None, Place | None]

_AROUND = 3


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparison:
    """What :func:`vjp_guide.compare` found; ``print`` shows it as a sentence.

    Attributes:
        first: The first pass.
        difference: The first difference in words, ``""`` if there is none.
        step: The step of the first difference, or the last step before it; ``None`` if
            there is none.
        places: The two cotangents that differ, ``None`` where a pass has none there;
            empty if no cotangents differ.
        gap: How far they are apart; ``None`` where values weren't compared.
        maybe_rounding: Whether the gap is as small as the rounding of what arrives at
            the node, as where terms cancel.
        entries: How many cotangents agree entry by entry.
        magnitudes: How many agree in shape and largest absolute value, of which the
            values weren't recorded.
        shapes: How many agree in shape, of which nothing else was recorded.
        max_elements: What to give to :func:`vjp_guide.trace` to compare all of these by
            entries.

    >>> import torch
    >>> from vjp_guide import compare, trace
    >>> x = torch.ones(3, requires_grad=True)
    >>> compare(trace(x.sum(), x), trace(x.sum(), x))
    <Comparison: no difference in 4 cotangents>
    """

    first: Trace
    difference: str
    step: int | None
    places: tuple[Place | None, ...]
    gap: Gap | None
    maybe_rounding: bool
    entries: int
    magnitudes: int
    shapes: int
    max_elements: int

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.difference

    def figure(self) -> Figure:
        """Draw the first pass around the difference, or all of it if there is none.

        Returns:
            The drawing.

        >>> import torch
        >>> from vjp_guide import compare, trace
        >>> x = torch.ones(3, requires_grad=True)
        >>> one, two = trace(x.exp().sum(), x), trace(x.sin().sum(), x)
        >>> compare(one, two).figure().alt.partition(".")[0]
        'Forward: x (3,), t1 (3,) by exp, y () by sum'
        """
        if self.step is None:
            return draw(self.first)
        start = max(self.step - _AROUND, 0)
        around = self.first.nodes[start : self.step + _AROUND + 1]
        return draw(part(self.first, around), self.first)

    def __str__(self) -> str:
        found = self._found()
        rounding = ", which may be rounding: it is small beside what arrives there"
        end = (rounding if self.maybe_rounding else "") + self._unseen()
        return f"{found[0].upper()}{found[1:]}{end}."

    def __repr__(self) -> str:
        return f"<Comparison: {self._found()}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>{self.figure()._repr_html_()}"

    def _found(self) -> str:
        seen = self.entries + self.magnitudes + self.shapes
        return self.difference or f"no difference in {counted(seen, 'cotangent')}"

    def _unseen(self) -> str:
        parts = [
            (self.magnitudes, "shape and largest absolute value"),
            (self.shapes, "shape"),
        ]
        words = [f"{number:,} by {how} alone" for number, how in parts if number]
        if not words:
            return ""
        before = "" if self.equal else " before it"
        return (
            f"; cotangents{before} were compared {' and '.join(words)}: "
            f"values=True, max_elements={self.max_elements} records more"
        )


def compare(
    first: Trace,
    second: Trace,
    *,
    rtol: float | None = None,
    atol: float = 0.0,
    inputs_only: bool = False,
) -> Comparison:
    r"""Find the first cotangent in which two backward passes differ.

    In the order of the pass, that is the first pair :math:`a, b` of cotangents with

    .. math:: \max_i |a_i - b_i| > \alpha + \rho \max_i \max(|a_i|, |b_i|)

    where :math:`\alpha` is ``atol`` and :math:`\rho` is ``rtol``.

    NaN equals NaN, and an infinity itself; the maximum on the right is of finite
    entries.
    Another operation at a step, another shape and a missing cotangent are differences
    too; another dtype or device is none.

    Args:
        first: The record of a pass, from :func:`vjp_guide.trace`.
        second: Another one, such as of a reference.
        rtol: The relative tolerance.
            ``None`` stands for :math:`\varepsilon^{3/4}` of the coarser of the two
            dtypes: 6.4e-6 for float32, 1.8e-12 for float64.
        atol: The absolute tolerance, in the unit of the cotangents.
        inputs_only: Whether to compare the cotangents of the inputs alone, in the order
            in which the first pass completes them.
            It works for programs with different operations: give both traces
            the same intermediate tensors as inputs, such as
            ``trace(y, {"h": h, "x": x})``.

    Returns:
        The first difference, and how much was compared.

    Raises:
        TypeError: If an argument isn't a trace, or a tolerance isn't a number.
        ValueError: If a tolerance is negative or NaN.

    Inputs are paired by name where both passes have the same names, by position
    otherwise.
    Gradients are compared entry by entry.
    Of other cotangents whose values weren't recorded, the shapes and the largest
    absolute values are compared, and the result says of how many.

    The order is that of the autograd engine, as its `autograd notes
    <https://docs.pytorch.org/docs/stable/notes/autograd.html>`_ describe.

    >>> import torch
    >>> from vjp_guide import compare, trace
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> v = torch.tensor([1.0, 10.0])
    >>> found = compare(trace(x**2, x, v), trace(x**3, x, v))
    >>> print(found.places[0])
    what step 0, PowBackward0, sends to operand 0
    >>> print(found.gap)
    by 80 (relative 0.667): 40 and 120 at [1]
    """
    _require_trace("first", first)
    _require_trace("second", second)
    given = None if rtol is None else require_tolerance("rtol", rtol)
    comparer = _Comparer(first, second, given, require_tolerance("atol", atol))
    with plain_settings():
        return comparer.run(inputs_only=inputs_only)


class _Comparer:
    """Goes through two passes side by side, until they differ."""

    def __init__(
        self, first: Trace, second: Trace, rtol: float | None, atol: float
    ) -> None:
        self._first, self._second = first, second
        self._rtol, self._atol = rtol, atol
        self._entries = self._magnitudes = self._shapes = self._most = 0

    def run(self, *, inputs_only: bool) -> Comparison:
        """Return the first difference, or that there is none."""
        found = next(self._found(inputs_only=inputs_only), None)
        return found or self._result("", None)

    def _found(self, *, inputs_only: bool) -> Iterator[Comparison]:
        first, second = self._first, self._second
        if not inputs_only:
            yield from self._checked(zip_longest(outputs(first), outputs(second)))
            for one, two in zip_longest(first.nodes, second.nodes):
                yield from self._nodes(one, two)
        yield from self._checked(_paired(first, second))

    def _nodes(
        self, one: NodeRecord | None, two: NodeRecord | None
    ) -> Iterator[Comparison]:
        if one and two and _signature(one) == _signature(two):
            yield from self._checked(zip(at_node(one), at_node(two), strict=True))
        else:
            step = one.step if one else len(self._first.nodes) - 1
            yield self._result(_other_node(one, two), step)

    def _checked(self, pairs: Iterable[_Pair]) -> Iterator[Comparison]:
        for one, two in pairs:
            a, b = (place.cotangent if place else None for place in (one, two))
            if one and two and a and b and a.shape == b.shape:
                yield from self._values(one, two, a, b)
            elif a or b:
                (place, *_) = filter(None, (one, two))
                words = f"{place} {_other_form(a, b)}"
                yield self._result(words, self._near(one), (one, two))

    def _values(
        self, one: Place, two: Place, a: Cotangent, b: Cotangent
    ) -> Iterator[Comparison]:
        """Compare what is known of both, and count it if it agrees."""
        rtol = tolerance(a.dtype, b.dtype) if self._rtol is None else self._rtol
        x, y = _entries(self._first, one), _entries(self._second, two)
        exactly = x is not None and y is not None
        if not exactly:
            x, y = a.size, b.size
        found = None
        if x is not None and y is not None:
            found = gap(x, y, rtol=rtol, atol=self._atol, exactly=exactly)
        if found:
            near, words = self._near(one), f"{one} differs {found}"
            small = found.absolute <= rtol * self._arriving(one)
            yield self._result(words, near, (one, two), found, maybe_rounding=small)
        elif exactly:
            self._entries += 1
        else:
            self._magnitudes += x is not None and y is not None
            self._shapes += x is None or y is None
            self._most = max(self._most, abs(math.prod(a.shape)))

    def _arriving(self, place: Place) -> float:
        """Return the largest finite absolute value that arrives where it is made."""
        if place.kind != "leaving":
            return 0.0
        arriving = self._first.nodes[place.number].arriving
        sizes = [float(one.size) for one in arriving if one and one.size is not None]
        return max(filter(math.isfinite, sizes), default=0.0)

    def _near(self, place: Place | None) -> int:
        """Return the step of a place, or one beside it."""
        if place is None or place.kind == "output":
            return 0
        if place.kind == "input":
            return max(completed(self._first.inputs[place.number]), 0)
        return place.number

    def _result(
        self,
        difference: str,
        step: int | None,
        pair: tuple[Place | None, ...] = (),
        found: Gap | None = None,
        *,
        maybe_rounding: bool = False,
    ) -> Comparison:
        return Comparison(
            self._first,
            difference,
            step,
            pair,
            found,
            maybe_rounding,
            self._entries,
            self._magnitudes,
            self._shapes,
            self._most,
        )


def _require_trace(name: str, value: object) -> None:
    if not isinstance(value, Trace):
        raise TypeError(
            f"{name} must be what vjp_guide.trace returns, got "
            f"{type(value).__name__}: write trace(y, x, v)"
        )


def _paired(first: Pass, second: Pass) -> Iterable[_Pair]:
    ones, twos = gradients(first), list(gradients(second))
    others = {place.name: place for place in twos}
    if {place.name for place in ones} == {*others}:
        return [(one, others[one.name]) for one in ones]
    by_number = sorted(twos, key=lambda place: place.number)
    numbered = {place.number: place for place in by_number}
    pairs = [(one, numbered.pop(one.number, None)) for one in ones]
    return [*pairs, *((None, place) for place in numbered.values())]


def _signature(node: NodeRecord) -> tuple[str, int, int]:
    return node.operation, len(node.arriving), len(node.leaving)


def _other_node(one: NodeRecord | None, two: NodeRecord | None) -> str:
    """Return how the nodes of one step differ, or which pass has none."""
    if one and two:
        brief = one.operation != two.operation
        first, second = (_described(node, brief=brief) for node in (one, two))
        return f"step {one.step} is {first} in the first pass, {second} in the second"
    (node,) = filter(None, (one, two))
    over = "second" if one else "first"
    return f"step {node.step} is {node.operation}, where the {over} pass is over"


def _described(node: NodeRecord, *, brief: bool) -> str:
    results, operands = len(node.arriving), len(node.leaving)
    sizes = f" of {counted(operands, 'operand')} and {counted(results, 'result')}"
    return node.operation + ("" if brief else sizes)


def _other_form(a: Cotangent | None, b: Cotangent | None) -> str:
    """Return that one is missing, or that the shapes differ."""
    if a and b:
        return f"has shape {a.shape} in the first pass, {b.shape} in the second"
    return f"is missing in the {'second' if a else 'first'} pass"


def _entries(trace: Pass, place: Place) -> Tensor | None:
    """Return the values of a cotangent, all of a gradient's."""
    values = place.cotangent.values if place.cotangent else None
    if place.kind != "input" or values is not None:
        return values
    gradient = trace.gradients[place.number]
    if gradient is None or gradient.is_nested or not holds_values(gradient):
        return None
    return gradient
