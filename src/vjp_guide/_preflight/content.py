"""What a preflight found, and how it is said."""

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import fill, shorten

from vjp_guide._preflight.trial import Kind

_NAMES: dict[Kind, str] = {
    "forward": "forward mode",
    "twice": "a second derivative",
    "vmap": "torch.vmap",
    "func": "torch.func",
    "compile": "torch.compile",
}
_WIDTH = 79
_LONGEST = 230


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """An operation that doesn't allow what was tried.

    Attributes:
        kind: What it blocks: ``"forward"``, ``"twice"``, ``"vmap"``, ``"func"`` or
            ``"compile"``.
        operation: The kernel that ran, such as ``"aten._cdist_forward.default"``, or
            the name of a custom Function. Empty where the whole call fails and no
            single operation does, and where the graph of torch.compile breaks.
        module: The path of the module, as in
            :meth:`~torch.nn.Module.named_modules`; empty outside of any.
        line: The line of your code that called it, such as ``"model.py:12"``, or
            torch's where a module of torch did.
        error: What torch raises, with its type.
        cure: What to do about it.

    >>> import torch
    >>> from vjp_guide import preflight
    >>> def distances(x):
    ...     return torch.cdist(x, x)
    >>> (found,) = preflight(distances, torch.ones(3, 2), kinds=["forward"]).blockers
    >>> found.kind, found.operation
    ('forward', 'aten._cdist_forward.default')
    """

    kind: Kind
    operation: str
    module: str
    line: str
    error: str
    cure: str

    @property
    def place(self) -> str:
        """The module and the line, as far as they are known."""
        module = f"module {self.module}" if self.module else ""
        return ", ".join(filter(None, (module, self.line)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """What a model allows, and all that blocks the rest.

    Attributes:
        blockers: What blocks, in the order of ``tried`` and then of the call, one for
            each place in which an operation is called.
        tried: What was tried.
        device: Where: ``"cpu"``, ``"cuda:0"``, or several. Another device has other
            kernels.
        silent: Operations of which a derivative is a wrong number, without an error.

    >>> import torch
    >>> from vjp_guide import preflight
    >>> preflight(torch.sin, torch.ones(2), kinds=["twice"]).blocked
    ()
    """

    blockers: tuple[Blocker, ...]
    silent: tuple[Blocker, ...]
    tried: tuple[Kind, ...]
    device: str

    @property
    def blocked(self) -> tuple[Kind, ...]:
        """What of ``tried`` the whole call fails at."""
        kinds = {blocker.kind for blocker in self.blockers}
        return tuple(kind for kind in self.tried if kind in kinds)

    def __str__(self) -> str:
        parts = [*map(_paragraph, _alike(self.blockers))]
        silent = [_paragraph(each, "silently wrong") for each in _alike(self.silent)]
        return "\n\n".join([fill(self._answer, _WIDTH), *parts, *silent])

    @property
    def _answer(self) -> str:
        free = _listed(kind for kind in self.tried if kind not in self.blocked)
        device = f"Tried on {self.device}."
        if not self.blocked:
            return f"Nothing blocks {free}. {device}"
        rest = f" Free: {free}." if free else ""
        return f"Blocked: {_listed(self.blocked)}.{rest} {device}"


def _alike(blockers: Iterable[Blocker]) -> list[list[Blocker]]:
    """Return the same in different places together."""
    groups: dict[object, list[Blocker]] = {}
    for each in blockers:
        groups.setdefault((each.kind, each.operation, each.error), []).append(each)
    return [*groups.values()]


def _listed(kinds: Iterable[Kind]) -> str:
    return ", ".join(_NAMES[kind] for kind in kinds)


def _paragraph(alike: list[Blocker], head: str = "") -> str:
    first = alike[0]
    whole = "a graph break" if first.kind == "compile" else "the whole call"
    more = f" and {len(alike) - 1} more" if len(alike) > 1 else ""
    place = f" in {first.place}" if first.place else ""
    lines = [
        f"{head or _NAMES[first.kind]}: {first.operation or whole}{place}{more}",
        f"  {shorten(first.error, _LONGEST, placeholder=' ...')}",
        f"  Cure: {first.cure}",
    ]
    return "\n".join(fill(line, _WIDTH, subsequent_indent="  ") for line in lines)
