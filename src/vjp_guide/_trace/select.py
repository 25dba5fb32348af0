"""Nodes of a trace, chosen by the name of their operation or module."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import accumulate

from vjp_guide._trace.operations import forward_name
from vjp_guide._trace.records import NodeRecord, Part, Pass, Port


def select(
    trace: Pass, operation: str | None, module: str | None
) -> tuple[NodeRecord, ...]:
    """Return the nodes that match both patterns, as far as they are given."""
    _require_patterns(operation, module)
    if module is not None and not any(node.module for node in trace.nodes):
        raise ValueError(
            "the trace knows no modules: run the forward pass in "
            "`with vjp_guide.ModuleNames(model) as names:`, and write "
            "trace(..., modules=names)"
        )
    return tuple(
        node
        for node in trace.nodes
        if _matches(operation, (node.operation, forward_name(node.operation)))
        and _matches(module, _paths(node.module))
    )


def part(trace: Pass, nodes: tuple[NodeRecord, ...]) -> Part:
    """Return some nodes of a trace, with the outputs and inputs that touch them."""
    steps = {node.step for node in nodes}
    pairs = zip(trace.inputs, trace.gradients, strict=True)
    touched = [pair for pair in pairs if steps & _steps(pair[0].port, *pair[0].sources)]
    return Part(
        nodes,
        tuple(end for end in trace.outputs if steps & _steps(end.port)),
        tuple(end for end, _ in touched),
        tuple(gradient for _, gradient in touched),
    )


def _steps(*ports: Port | None) -> set[int]:
    return {port.number for port in ports if port and port.kind == "node"}


def _require_patterns(operation: object, module: object) -> None:
    if operation is None and module is None:
        raise TypeError('select takes operation, module or both, such as "addmm"')
    for name, value in (("operation", operation), ("module", module)):
        if value is not None and not isinstance(value, str):
            raise TypeError(
                f"{name} must be a str, got {type(value).__name__}: "
                'write a name or a pattern, such as "addmm" or "encoder.*"'
            )


def _matches(pattern: str | None, names: Iterable[str]) -> bool:
    return pattern is None or any(fnmatchcase(name, pattern) for name in names)


def _paths(module: str) -> Iterator[str]:
    """Return the paths of those that hold a module, and its own."""
    return accumulate(module.split("."), "{}.{}".format)
