"""What the atlas says of an operator, ready for JSON."""

from dataclasses import dataclass
from typing import Self

from vjp_guide.operators.facts.declare import Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Residuals:
    """How far the checks of one operator are off, relative to the derivative.

    Attributes:
        differences: ``v @ J @ u`` against finite differences along ``u``.
        columns: The rows of ``J`` against columns of finite differences.
        adjoint: ``v @ J @ u`` by reverse mode against that by forward mode, None if the
            operator has no forward mode.
        rows: ``v @ J`` against the contraction of ``v`` with the rows of ``J``.
    """

    differences: float
    columns: float | None
    adjoint: float | None
    rows: float | None

    def within(self, bounds: Self, *, times: float = 1.0) -> bool:
        """Return whether no residual exceeds its bound, which ``times`` raises."""
        pairs = zip(self.values(), bounds.values(), strict=True)
        return all(
            found is None or bound is None or found <= bound * times
            for found, bound in pairs
        )

    def values(self) -> tuple[float | None, ...]:
        """Return the residuals, in the order of the attributes."""
        return (self.differences, self.columns, self.adjoint, self.rows)

    def worst(self, other: Self) -> Self:
        """Return the larger of each two residuals."""
        pairs = zip(self.values(), other.values(), strict=True)
        differences, columns, adjoint, rows = (_larger(a, b) for a, b in pairs)
        return type(self)(
            differences=differences or 0.0,
            columns=columns,
            adjoint=adjoint,
            rows=rows,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An operator with one group of options, and what the checks found.

    Attributes:
        name: Its full name in torch's tests, as ``norm.fro``.
        state: ``"verified"``, or what the variant is instead.
        reason: Why it isn't verified, or what is special about its checks.
        blind: Whether it passes all checks without a named exception.
        calls: How many calls with a product that isn't zero were checked, those with
            noise included.
        skipped: How many calls couldn't be checked.
        residuals: The largest ones, None if no call was checked.
        dtype: What the checks ran in.
        forward: ``"yes"``, ``"no"`` or ``"wrong"``: forward mode; ``"untried"``, here
            and below, where no call could be checked.
        twice: ``"yes"``, ``"constant"``, ``"wrong"``, ``"not implemented"``, ``"no"``,
            ``"untried"`` or ``"depends"``, on the kernel that ran: double backward.
        kernels: The graph node of each kernel that ran, with its answer for ``twice``.
        samples: The dtypes and shapes of each call that was checked.
        variations: Each change of dtype or index that was tried on them, with its
            answer: ``"yes"``, ``"wrong"`` or ``"raises"``.
        complex: ``"yes"``, ``"wrong"`` or ``"untried"``: complex inputs; ``"no"`` if
            torch's tests don't differentiate it for these.
        batched: ``"yes"``, ``"no"``, ``"wrong"`` or ``"untried"``: :func:`torch.vmap`
            runs many products in one pass.
    """

    name: str
    state: str
    reason: str
    blind: bool
    calls: int
    skipped: int
    residuals: Residuals | None
    dtype: str
    forward: str
    twice: str
    complex: str
    batched: str
    kernels: tuple[tuple[str, str], ...]
    samples: tuple[str, ...]
    variations: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A tensor of an example.

    Attributes:
        name: What it is called.
        shape: Its shape.
        values: Its numbers as text, empty if there are many.
    """

    name: str
    shape: tuple[int, ...]
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One call with its vector-Jacobian product.

    Attributes:
        call: The call as Python.
        inputs: All tensors that the call takes.
        outputs: The outputs with a derivative.
        cotangents: Theirs.
        products: The vector-Jacobian products, named ``grad_`` and their input.
        nodes: The ``grad_fn`` nodes that the call makes, each with its count.
        saved: How many numbers the graph keeps for the backward pass.
        operations: The kernels that the backward pass runs, each with its count.
        entries: How many entries the Jacobians have.
        nonzero: How many of them aren't zero here, None if they weren't built.
        pattern: Where they are: one string of 0 and 1 for each output element,
            of the first input and output; empty if it is large.
        lines: The program: its assignments.
        results: The program: one expression for each differentiable input.
        residual: How far the program is from autograd, None if there is no program.
        kernels: The backward operations of torch that the program calls by name.
        problem: Why there is no program.
    """

    call: str
    inputs: tuple[Shown, ...]
    outputs: tuple[Shown, ...]
    cotangents: tuple[Shown, ...]
    products: tuple[Shown, ...]
    nodes: tuple[tuple[str, int], ...]
    saved: int
    operations: tuple[tuple[str, int], ...]
    entries: int
    nonzero: int | None
    pattern: tuple[str, ...]
    lines: tuple[str, ...]
    results: tuple[str, ...]
    residual: float | None
    kernels: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the atlas holds of a public operator.

    Attributes:
        name: The public name, as ``torch.softmax``.
        aliases: Its other names.
        category: The page of the atlas that it is on.
        documented: Whether it has a docstring in the installed torch.
        signature: The call as torch documents it.
        page: The address of torch's own page, empty if its lists leave the name out.
        formulas: Index formulas by hand.
        kinks: What happens at ties and kinks: pairs of an input and the product.
        derivatives: The lines of torch's ``derivatives.yaml``.
        note: What the derivative needs, such as distinct eigenvalues.
        variants: What the checks found.
        example: One call, None if there is none that can be shown.
        missing: Why there is no example with a program, empty if there is one.
    """

    name: str
    aliases: tuple[str, ...]
    category: str
    documented: bool
    signature: str
    page: str
    formulas: tuple[Formula, ...]
    kinks: tuple[tuple[str, str], ...]
    derivatives: tuple[str, ...]
    note: str
    variants: tuple[Variant, ...]
    example: Example | None
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A page of the atlas.

    Attributes:
        slug: The name of its file, and the ``category`` of its entries.
        title: Its title.
    """

    slug: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """An operator for which torch's tests declare no derivative.

    Attributes:
        name: The public name.
        state: ``"not implemented"`` if torch says so; ``"not verifiable"`` if no call
            could be tried; ``"zero everywhere tried"``; or else ``"no derivative"``.
        reason: Why.
    """

    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Atlas:
    """All entries, and what they were computed with.

    Attributes:
        schema: The version of this layout.
        torch: The version of torch.
        tolerances: The largest residuals that pass.
        groups: The pages that the entries are on.
        entries: The operators.
        without: The operators for which torch's tests declare no derivative.
        notice: The copyright notice of the lines of ``derivatives.yaml``.
    """

    schema: int
    torch: str
    tolerances: Residuals
    groups: tuple[Group, ...]
    entries: tuple[Entry, ...]
    without: tuple[Without, ...]
    notice: str


def _larger(first: float | None, second: float | None) -> float | None:
    known = [value for value in (first, second) if value is not None]
    return max(known, default=None)
