"""Find an operator by any of its names."""

import difflib
import re
from functools import cache

from vjp_guide.operators.entry import aliases, entry, groups
from vjp_guide.operators.naming import name_of
from vjp_guide.operators.records import Entry
from vjp_guide.operators.torch_tables import operator_of, operators


class UnknownOperatorError(LookupError):
    """A name that no operator has."""


def find(name: str) -> Entry:
    """Return the entry of an operator by any of its names, verified now.

    Raises:
        UnknownOperatorError: If no operator has the name.
        OperatorsUnavailableError: If torch's tables of operators can't be imported.
    """
    return entry(resolve(name))


def resolve(name: str) -> str:
    """Return the public name of an operator.

    Args:
        name: The public name, also without ``torch.``; its last part; an alias; or
            the name of a graph node, such as ``MulBackward0``.

    Raises:
        UnknownOperatorError: If no operator has the name; the message says which ones
            are like it.
    """
    wanted = operator_of(name) or name
    wanted = re.sub(r"^(torch\.)?F\.", "nn.functional.", wanted.strip().rstrip("()"))
    for candidate in (wanted, f"torch.{wanted}", wanted.lower(), _plain(wanted)):
        if candidate in _known():
            return _known()[candidate]
    raise UnknownOperatorError(_advice(name))


def names() -> list[str]:
    """Return the names to type: the public ones, and the last parts of them."""
    return sorted({*groups(), *(public.rpartition(".")[2] for public in groups())})


@cache
def _known() -> dict[str, str]:
    """Return the public names by all names; full ones win over parts."""
    known: dict[str, str] = {}
    for public in groups():
        known.setdefault(public, public)
    for public in groups():
        for alias in aliases(public):
            known.setdefault(alias, public)
    for full in sorted(known, key=lambda name: name.count(".")):
        known.setdefault(full.rpartition(".")[2], known[full])
    for full, public in list(known.items()):
        known.setdefault(_plain(full), public)
    return known


def _plain(name: str) -> str:
    """Return a name without what tells a function from its parts: dots and suffixes."""
    short = name.removeprefix("torch.").strip("_").replace(".", "_")
    return re.sub(r"_(forward|ex)$", "", short).removeprefix("native_")


def _advice(name: str) -> str:
    without = {
        name_of(op.name).public for op in operators() if not op.supports_autograd
    }
    if name in without or f"torch.{name}" in without:
        return f"{name} has no derivative in torch"
    close = difflib.get_close_matches(name, _known(), n=5, cutoff=0.6)
    hint = f": did you mean {', '.join(close)}?" if close else ""
    return f"no differentiable operator of torch's tests is called {name!r}{hint}"
