"""How a family of operators declares what is known of each: one call an operator.

The samples are ours where those of torch's tests are degenerate or too tame.
"""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import torch
from torch import Tensor

from vjp_guide.operators.labels import CONDITIONAL, VERIFIED

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Formula:
    """A vector-Jacobian product by hand.

    Attributes:
        latex: The formula.
        why: One sentence on it.
    """

    latex: str
    why: str


@dataclass(frozen=True, slots=True)
class Kink:
    """A point where a function isn't differentiable, or its slope is infinite.

    Attributes:
        call: The call as Python, of ``x``, or of ``a`` and ``b``.
        inputs: The point.
        order: Which derivative to show.
    """

    call: str
    inputs: tuple[list[float], ...]
    order: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """How the checks of one operator differ from those of the others, and why.

    Attributes:
        state: What the operator is if it passes with the settings below.
        reason: Why it is special, as a sentence.
        symmetric: Whether to check the result as torch's tests do: of an input made
            symmetric, triangular or normalised, and without its free signs or phases.
        fixed: Which of the differentiable inputs to hold constant.
        chosen: Whether to check with our sample alone.
        forward: Whether to compare with forward mode.
        loosened: By which factor to raise the tolerances.
        since: The release of torch from which on this holds, empty for all.
        until: The first release in which it no longer does, empty for none.
    """

    state: str = VERIFIED
    reason: str = ""
    symmetric: bool = False
    fixed: frozenset[int] = frozenset()
    chosen: bool = False
    forward: bool = True
    loosened: float = 1.0
    since: str = ""
    until: str = ""

    def holds(self, release: str) -> bool:
        """Return whether it is so in a release of torch, such as ``"2.13.0+cpu"``."""
        return _within(release, self.since, self.until)


NONE = Special()


@dataclass(frozen=True, slots=True)
class Limit:
    """A change of the samples under which an operator isn't right any more.

    Attributes:
        change: Its name: a dtype, ``"repeated"``, ``"fewer"``, ``"complex"``, ...
        state: What that makes of the operator.
        reason: The condition, or what is wrong, as a sentence.
        since: The release of torch from which on this holds, empty for all.
        until: The first release in which it no longer does, empty for none.
    """

    change: str
    state: str
    reason: str
    since: str = ""
    until: str = ""

    def holds(self, release: str) -> bool:
        """Return whether it is so in a release of torch."""
        return _within(release, self.since, self.until)


REPEATED = Limit(
    "repeated",
    CONDITIONAL,
    "Where indices repeat, one of the writes wins, but each source gets the weight of "
    "the place: the product is right for indices that don't repeat (pytorch#146299).",
)


@dataclass(frozen=True, slots=True)
class Operator:
    """What is known of an operator beyond what torch tells.

    Attributes:
        name: Its full name in torch's tests, as ``norm.fro``.
        sample: Makes our arguments for it.
        formulas: Its vector-Jacobian products by hand.
        kinks: Where its derivative is a choice.
        specials: How its checks differ; the first that holds in a release counts.
        limits: Changes of its samples under which it isn't right.
        condition: The condition for a derivative where the operator leaves a choice.
        note: What the derivative needs besides.
        swapped: Whether torch's tests pass the first two arguments in the other order.
        factored: Whether torch's tests pass two factors of the first argument.
        first: Whether the example has a cotangent for the first output alone.
    """

    name: str
    _: KW_ONLY
    sample: Callable[[], Arguments] | None = None
    formulas: Sequence[Formula] = ()
    kinks: Sequence[Kink] = ()
    specials: Sequence[Special] = ()
    limits: Sequence[Limit] = ()
    condition: str = ""
    note: str = ""
    swapped: bool = False
    factored: bool = False
    first: bool = False

    @property
    def special(self) -> Special:
        """What is special in the installed torch."""
        held = (each for each in self.specials if each.holds(torch.__version__))
        return next(held, NONE)

    def limit(self, change: str) -> Limit | None:
        """Return what a change makes of the operator in the installed torch."""
        held = (each for each in self.limits if each.holds(torch.__version__))
        return next((each for each in held if each.change == change), None)


def slope(latex: str, why: str) -> Formula:
    """Return the formula of a function that acts on each element by itself."""
    return Formula(rf"\bar x_i = v_i\,{latex}", why)


def kink(call: str, *inputs: list[float], order: int = 1) -> Kink:
    """Return a point at which the entry shows what torch returns."""
    return Kink(call, inputs, order)


def call(*args: Any, **kwargs: Any) -> Arguments:
    """Return the arguments of a call."""
    return args, kwargs


def values(*shape: int, start: float = 1.0) -> Tensor:
    """Return numbers of both signs that aren't symmetric, to one digit."""
    count = torch.Size(shape).numel()
    numbers = torch.arange(count, dtype=torch.float64)
    waves = ((1.7 * numbers + start) * 1.3).sin() * 2
    return waves.round(decimals=1).reshape(shape).requires_grad_()


def positive(*shape: int) -> Tensor:
    """Return positive numbers, at least 0.5."""
    return (values(*shape).detach().abs() + 0.5).requires_grad_()


def index(*places: Any) -> Tensor:
    """Return a tensor of integers."""
    return torch.tensor(places)


def square(size: int) -> Tensor:
    """Return a well-conditioned matrix."""
    identity = torch.eye(size, dtype=torch.float64)
    return (values(size, size).detach() + 3 * identity).requires_grad_()


def symmetric() -> Tensor:
    """Return a positive definite matrix of three rows."""
    root = square(3).detach()
    return (root @ root.mT).requires_grad_()


def factors() -> Tensor:
    """Return two lower triangular matrices of two rows."""
    return torch.stack([square(2), 2 * square(2)]).detach().tril().requires_grad_()


def _within(release: str, since: str, until: str) -> bool:
    now = _numbers(release)
    started = not since or _numbers(since) <= now
    return started and (not until or now < _numbers(until))


def _numbers(release: str) -> tuple[int, ...]:
    """Return a release as numbers that compare: 2.13.0+cpu is (2, 13, 0)."""
    parts = release.partition("+")[0].split(".")[:3]
    return tuple(int(part) for part in parts if part.isdigit())
