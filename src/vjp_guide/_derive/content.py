"""What a derivation holds, however it is shown."""

from dataclasses import dataclass, field

from torch import Tensor

from vjp_guide._derive.verification import Verification

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One assignment of a derived program.

    Attributes:
        name: What it assigns to.
        code: The expression.
        shape: The shape of the value for the inputs that were given, None if it isn't
            one tensor.
        module: The path of the submodule that the line belongs to, forward or back,
            empty for one of the function itself.

    >>> from vjp_guide import Line
    >>> print(Line(name="grad_x", code="v * x.cos()", shape=(2,)))
    grad_x = v * x.cos()
    """

    name: str
    code: str
    shape: tuple[int, ...] | None
    module: str = ""

    def __str__(self) -> str:
        return f"{self.name} = {self.code}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Departure:
    """The first line in which a hand-written backward pass is wrong.

    Attributes:
        place: The file and the number of the line.
        code: The line, ``return`` for a product that no operation computed, or
            ``forward`` if the outputs are others.
        found: Its value; what isn't a tensor if such a thing is returned.
        right: The derived line in its place, None for an output.
        expected: What the value should be, of that line or a part of it.
        mistake: The usual mistake with which the derived line gives the same, empty
            if there is none.
    """

    place: str
    code: str
    found: object
    right: Line | None
    expected: Tensor
    mistake: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Content:
    """The parts of a derivation."""

    name: str
    inputs: Shapes
    outputs: Shapes
    cotangents: Shapes
    forward: tuple[Line, ...]
    backward: tuple[Line, ...]
    gradients: tuple[str, ...]
    fixed: dict[str, int]
    verification: Verification
    conditions: tuple[str, ...] = ()
    tangents: Shapes = field(default_factory=dict)
    against: str = ""
    departure: Departure | None = None
