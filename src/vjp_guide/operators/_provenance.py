"""The lines of torch's own table of derivatives, found by the name of a graph node."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

# The table is a part of PyTorch, whose notice goes with each copy of a part of it.
NOTICE = (
    "The lines are from derivatives.yaml of PyTorch, Copyright (c) 2016- Facebook, Inc "
    "(Adam Paszke) and the other authors that its LICENSE file names; PyTorch has a "
    "BSD-style licence."
)
_PACKAGE, _FILE = "torchgen.packaged.autograd", "derivatives.yaml"
_ENTRY = re.compile(
    r"^- name: (\w+)(?:\.\w+)?\((.*)\) ->.*\n(?:(?!- name).*\n)*", re.MULTILINE
)


def derivatives(nodes: Iterable[str]) -> tuple[str, ...]:
    """Return the entries of the table that made the nodes of a graph, verbatim."""
    table = _table()
    return tuple(table[node] for node in nodes if node in table)


def operator_of(node: str) -> str:
    """Return the operator that makes a graph node, empty if the table has no such."""
    found = _ENTRY.match(_table().get(node, "") + "\n")
    return found[1] if found else ""


@cache
def _table() -> dict[str, str]:
    """Return the entries by the name of the node that torch generates from each."""
    try:
        text = files(_PACKAGE).joinpath(_FILE).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return {}
    counts: Counter[str] = Counter()
    table = {}
    for entry in _ENTRY.finditer(text):
        if _is_differentiable(entry):
            prefix = _prefix(entry[1])
            table[f"{prefix}{counts[prefix]}"] = _without_comments(entry[0])
            counts[prefix] += 1
    return table


def _is_differentiable(entry: re.Match[str]) -> bool:
    parameters = set(re.findall(r"(\w+)(?:=[^,]*)?(?:,|$)", entry[2]))
    rules = re.findall(r"^\s+([\w, ]+): *(.*)$", entry[0], re.MULTILINE)
    return any(
        rule != "non_differentiable"
        and parameters & set(re.split(r",\s*", names.strip()))
        for names, rule in rules
    )


def _prefix(name: str) -> str:
    """Return how torch names the node of an operator, without its number."""
    camel = "".join(part.title() for part in name.split("_"))
    return f"{camel}Backward".replace("ForwardBackward", "Backward")


def _without_comments(entry: str) -> str:
    lines = (line for line in entry.splitlines() if not line.lstrip().startswith("#"))
    return "\n".join(line for line in lines if line.strip())
