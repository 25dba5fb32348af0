"""Nodes of a trace, chosen by the name of their operation or module."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import accumulate

from vjp_guide._trace.figure import draw
from vjp_guide._trace.operations import forward_name
from vjp_guide._trace.records import NodeRecord, Pass, Port
from vjp_guide._trace.text import html, summary, table
from vjp_guide.figures import Figure


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Selection(Pass):
    """Nodes that :meth:`vjp_guide.Trace.select` chose.

    ``print`` shows them as a table; a notebook shows the table and the figure.

    Attributes:
        nodes: The nodes, in the order of execution, with the steps of the trace.
        outputs: The outputs whose cotangents enter at these nodes.
        inputs: The inputs to whose gradients these nodes send, or that they take.
        gradients: The gradients of these inputs.
        trace: What they were chosen from.

    >>> import torch
    >>> from vjp_guide import trace
    >>> x = torch.zeros(2, requires_grad=True)
    >>> print(trace((x.exp() + x).sum(), x).select(operation="exp"))
    Backward pass of 1 of 3 nodes
    step  operation     cotangents in  cotangents out    notes
       2  ExpBackward0  (2,) [1, 1]    (2,) [1, 1] to x  saves result (2,)
       x  gradient      (2,) [2, 2]                      sum of 2 (from 1, 2)
    """

    trace: Pass

    def figure(self) -> Figure:
        """Draw the nodes, with the nodes between them as one box each time.

        Returns:
            The drawing.

        >>> import torch
        >>> from vjp_guide import trace
        >>> x = torch.ones(2, requires_grad=True)
        >>> figure = trace((x.exp() * x).sum(), x).select(operation="exp").figure()
        >>> figure.alt.partition(".")[0]
        'Forward: x (2,), t2 (2,) by exp of x, 2 more nodes from t2 and x'
        """
        return draw(self, self.trace)

    def __repr__(self) -> str:
        return f"<Selection of {summary(self, self.trace)}>"

    def __str__(self) -> str:
        return table(self, self.trace)

    def _repr_html_(self) -> str:
        return html(self.figure(), self, self.trace)


def select(trace: Pass, operation: str | None, module: str | None) -> Selection:
    """Return the nodes that match both patterns, as far as they are given."""
    _require_patterns(operation, module)
    if module is not None and not any(node.module for node in trace.nodes):
        raise ValueError(
            "the trace knows no modules: run the forward pass in "
            "`with vjp_guide.ModuleNames(model) as names:`, and write "
            "trace(..., modules=names)"
        )
    found = (
        node
        for node in trace.nodes
        if _matches(operation, (node.operation, forward_name(node.operation)))
        and _matches(module, _paths(node.module))
    )
    chosen = part(trace, tuple(found))
    return Selection(
        chosen.nodes, chosen.outputs, chosen.inputs, chosen.gradients, trace
    )


def part(trace: Pass, nodes: tuple[NodeRecord, ...]) -> Pass:
    """Return some nodes of a trace, with the outputs and inputs that touch them."""
    steps = {node.step for node in nodes}
    pairs = zip(trace.inputs, trace.gradients, strict=True)
    touched = [pair for pair in pairs if steps & _steps(pair[0].port, *pair[0].sources)]
    return Pass(
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
