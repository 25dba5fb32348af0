"""The lines of a derived program: forward ones, backward ones and the products."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.fx import Node

from vjp_guide._derive.capture import Captured
from vjp_guide._derive.lengths import lengths
from vjp_guide._derive.modules import module_of
from vjp_guide._derive.subject import Subject, unlike
from vjp_guide._show import names
from vjp_guide.operators.program.printer import Printer

FEW = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What the tensors of a program are called.

    Attributes:
        inputs: The inputs, which have their own names.
        outputs: ``y``, or ``y0`` and ``y1``, unless an input has that name; ``grad_x``
            for a product.
        cotangents: ``v`` likewise, None for an output without a derivative; ``u_x`` for
            what has the shape of an input ``x``.
        gradients: ``grad_x`` for an input ``x``, ``grad2_x`` if the outputs are
            products; ``u_y`` for the tangent of an output ``y``.
        prefix: What stands before the name of a variable in that of its cotangent.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    cotangents: tuple[str | None, ...]
    gradients: tuple[str, ...]
    prefix: str

    @property
    def weights(self) -> tuple[str, ...]:
        """The cotangents of the outputs with a derivative, or the tangents."""
        return tuple(name for name in self.cotangents if name is not None)


def naming(captured: Captured, subject: Subject) -> Naming:
    """Return names that don't meet those of the function's own tensors."""
    parts = captured.parts
    taken = [*subject.inputs, *subject.constants, *parts.variables]
    ys = subject.results or _outputs(len(parts.outputs), taken)
    vs = _weights(subject, ys, [*taken, *ys])
    taken += [*ys, *vs]
    prefix = _PREFIXES[subject.kind]
    products: Iterable[str] = subject.differentiated
    if subject.kind == "jvp":
        tangents = zip(ys, parts.gradients, strict=True)
        products = (y for y, node in tangents if node is not None)
    pairs = zip(vs, parts.cotangents, strict=True)
    return Naming(
        inputs=tuple(subject.inputs),
        outputs=ys,
        cotangents=tuple(name if node is not None else None for name, node in pairs),
        gradients=tuple(unlike((f"{prefix}{name}" for name in products), taken)),
        prefix=prefix,
    )


_PREFIXES = {"vjp": "grad_", "second": "grad2_", "jvp": "u_"}


def _outputs(count: int, taken: Sequence[str]) -> tuple[str, ...]:
    called = (_free(letter, count, taken) for letter in ("y", "out", "result"))
    numbered = unlike((f"y{place}" for place in range(count)), taken)
    return next((each for each in called if each), tuple(numbered))


def _weights(
    subject: Subject, outputs: Sequence[str], taken: Sequence[str]
) -> tuple[str, ...]:
    """Return the names of the cotangents, or of the tangents."""
    if subject.kind == "vjp":
        found = _free("v", len(outputs), taken)
        return found or tuple(unlike((f"grad_{y}" for y in outputs), taken))
    like = [y.removeprefix("grad_") for y in outputs]
    xs = subject.differentiated if subject.kind == "jvp" else like
    return tuple(unlike((f"u_{x}" for x in xs), taken))


def _free(letter: str, count: int, taken: Sequence[str]) -> tuple[str, ...]:
    found = names(letter, count)
    usable = all(name.isidentifier() and name not in taken for name in found)
    return found if usable else ()


class Names:
    """The nodes of a graph with what each is called."""

    def __init__(self, captured: Captured, subject: Subject, named: Naming) -> None:
        parts = captured.parts
        self.given = {node: name for name, node in captured.inputs.items()}
        self.cotangents = {
            node: name
            for node, name in zip(parts.cotangents, named.cotangents, strict=True)
            if node is not None and name is not None
        }
        self.labels: dict[Node, str] = {}
        fixed = [*subject.inputs, *named.weights, *subject.constants]
        gradients: list[Node | None] = parts.gradients
        if subject.kind == "jvp":
            gradients = [node for node in gradients if node is not None]
        self._label(gradients, named.gradients)
        self._label(parts.outputs, named.outputs)
        taken = {*fixed, *named.gradients, *named.outputs}
        prefix = named.prefix
        flowing = {f"{prefix}{name}": node for name, node in parts.flowing.items()}
        for found in (parts.variables, flowing):
            free = list(unlike(found, taken))
            self._label(found.values(), free)
            taken.update(free)

    def _label(self, nodes: Iterable[Node | None], called: Iterable[str]) -> None:
        for node, name in zip(nodes, called, strict=True):
            known = node in self.given or node in self.cotangents
            if node is not None and not known:
                self.labels.setdefault(node, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The assignments of a derived program.

    Attributes:
        forward: What the backward pass needs of the forward pass.
        backward: What depends on the cotangents; the last are the products.
        literals: The tensors of the function that have no name in it.
        modules: The path of the submodule that each name belongs to.
    """

    forward: tuple[str, ...]
    backward: tuple[str, ...]
    literals: dict[str, Tensor]
    modules: dict[str, str]


def program(captured: Captured, subject: Subject, named: Naming) -> Program:
    """Return the graph of a function as lines of Python."""
    graph = captured.module.graph
    found = Names(captured, subject, named)
    constants = held(captured, subject)
    printer = Printer(
        {**found.given, **found.cotangents, **constants.named},
        constants.unnamed,
        labels=found.labels,
        lengths=lengths(captured.shapes),
        like=subject.differentiated[0],
    )
    if subject.kind == "jvp":
        return _pushed(captured, named, printer, constants)
    gradients = captured.parts.gradients
    results = printer.results(graph, gradients)
    place = {node: at for at, node in enumerate(graph.nodes)}
    start = min(place[node] for node in found.cotangents)
    lines = list(zip(printer.placed, printer.lines, strict=True))
    known = {line.partition(" = ")[0] for line in printer.lines}
    more = [
        f"{name} = {f'torch.zeros_like({x})' if node is None else text}"
        for x, name, node, text in zip(
            subject.differentiated, named.gradients, gradients, results, strict=True
        )
        if name not in known
    ]
    return Program(
        forward=tuple(line for node, line in lines if place[node] < start),
        backward=(*(line for node, line in lines if place[node] > start), *more),
        literals=constants.literals,
        modules=_modules(printer) | dict(_own(named, gradients)),
    )


def _pushed(
    captured: Captured, named: Naming, printer: Printer, constants: "Held"
) -> Program:
    """Return the lines of a pass with tangents, among those of what they are of."""
    parts = captured.parts
    nodes = [*parts.outputs, *(n for n in parts.gradients if n is not None)]
    results = printer.results(captured.module.graph, nodes)
    known = {line.partition(" = ")[0] for line in printer.lines}
    pairs = zip([*named.outputs, *named.gradients], results, strict=True)
    more = [f"{name} = {text}" for name, text in pairs if name not in known]
    return Program(
        forward=(*printer.lines, *more),
        backward=(),
        literals=constants.literals,
        modules=_modules(printer),
    )


def _modules(printer: Printer) -> dict[str, str]:
    """Return the submodule of each name that a line assigns to."""
    pairs = zip(printer.lines, printer.placed, strict=True)
    return {line.partition(" = ")[0]: module_of(node) for line, node in pairs}


def _own(named: Naming, gradients: Sequence[Node | None]) -> Iterator[tuple[str, str]]:
    """Yield the submodule of each product."""
    for name, node in zip(named.gradients, gradients, strict=True):
        yield name, "" if node is None else module_of(node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The tensors that a graph holds: those with a name in the function, and others."""

    named: dict[Node, str]
    unnamed: dict[str, Tensor]

    @property
    def literals(self) -> dict[str, Tensor]:
        """Those that are too long to print."""
        return {n: t for n, t in self.unnamed.items() if t.numel() > FEW}


def held(captured: Captured, subject: Subject) -> Held:
    """Return the tensors that a graph holds."""
    names_ = {id(tensor): name for name, tensor in subject.constants.items()}
    named: dict[Node, str] = {}
    unnamed: dict[str, Tensor] = {}
    for node in captured.module.graph.nodes:
        if node.op == "get_attr":
            tensor = getattr(captured.module, str(node.target))
            tensor = getattr(tensor, "constant", None) or tensor
            if id(tensor) in names_:
                named[node] = names_[id(tensor)]
            else:
                unnamed[str(node.target).strip("_")] = tensor
    return Held(named=named, unnamed=unnamed)
