"""A derived program as the text of a complete :class:`torch.autograd.Function`."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Any

import torch
from torch import Tensor
from torch.fx import Graph, Node

from vjp_guide._derive.capture import Captured, plain_attention
from vjp_guide._derive.lengths import lengths
from vjp_guide._derive.program import FEW, Names, Naming, held
from vjp_guide._derive.refusal import DeriveError
from vjp_guide._derive.subject import Subject, unlike
from vjp_guide._directional import leaves
from vjp_guide._show import counted
from vjp_guide.operators.program.example import saved
from vjp_guide.operators.program.nodes import name_of, tensor_of
from vjp_guide.operators.program.printer import Printer, needed

# Operations that take less time to repeat than to read what they gave.
_CHEAP = {
    *("permute", "reshape", "view", "unsqueeze", "squeeze", "expand", "select"),
    *("slice", "add", "sub", "mul", "div", "neg", "eq", "ne", "lt", "le", "gt", "ge"),
    *("where", "relu", "abs", "sgn", "reciprocal", "_conj", "zeros_like"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """What the backward pass reads: inputs, outputs and other tensors."""

    inputs: list[Node]
    outputs: list[Node]
    others: list[Node]

    @property
    def nodes(self) -> list[Node]:
        """All of them."""
        return [*self.inputs, *self.outputs, *self.others]


def function_text(captured: Captured, subject: Subject, named: Naming) -> str:
    """Return the text of a function with its backward pass, and of a test for it.

    Args:
        captured: The graph.
        subject: The function.
        named: What its tensors are called.

    Returns:
        The text, whose test passes.

    Raises:
        DeriveError: If it doesn't.
    """
    problem = ""
    for random in (True, False):
        text = _Writer(captured, subject, named, random=random).text()
        scope: dict[str, Any] = {}
        exec(text, scope)  # noqa: S102 - the text is our own, and running it is the check
        try:
            with plain_attention():
                scope[f"test_{subject.name}"]()
        except Exception as error:  # noqa: BLE001 - outside of its domain it may raise anything
            problem = f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            return text
    raise DeriveError(f"the function fails its test: {problem}")


class _Writer:
    """Writes the parts of the text."""

    def __init__(
        self, captured: Captured, subject: Subject, named: Naming, *, random: bool
    ) -> None:
        self._random = random
        self._captured = captured
        self._subject = subject
        self._named = named
        self._graph = captured.module.graph
        self._names = Names(captured, subject, named)
        self._held = held(captured, subject)
        self._outputs = list(captured.parts.outputs)
        self._gradients = captured.parts.gradients
        self._numbers = _numbers(self._graph)
        self._chosen = self._choice(self._smallest())
        taken = {*self._names.labels.values(), *subject.inputs, *named.weights}
        others = [n for n in self._chosen.others if n not in self._names.labels]
        called = unlike((f"s{place}" for place in range(1, len(others) + 1)), taken)
        self._names.labels.update(zip(others, called, strict=True))

    # What is saved.

    def _smallest(self) -> set[Node]:
        """Return what to save of the forward pass, with the fewest numbers."""
        place = {node: at for at, node in enumerate(self._graph.nodes)}
        start = min(place[node] for node in self._names.cotangents)
        backward = needed(self._gradients, set(self._names.cotangents))
        read = {
            operand
            for node in backward
            if place[node] > start
            for operand in node.all_input_nodes
            if place[operand] < start and self._is_kept(operand)
        }
        for node in sorted(read, key=lambda n: -place[n]):
            operands = {n for n in node.all_input_nodes if self._is_kept(n)}
            other = (read - {node}) | operands
            cheap = name_of(node) in _CHEAP
            if cheap and self._cost(other) <= self._cost(read):
                read = other
        return read

    def _is_kept(self, node: Node) -> bool:
        """Return whether a node is a tensor that is computed from others."""
        computed = any(n in self._numbers for n in node.all_input_nodes)
        return node.op == "call_function" and computed and node in self._numbers

    def _choice(self, kept: set[Node]) -> _Choice:
        read = needed(self._gradients, {*kept, *self._names.cotangents})
        constants = [*self._names.given, *self._held.named]
        return _Choice(
            inputs=[n for n in constants if n in read],
            outputs=[n for n in dict.fromkeys(self._outputs) if n in kept & read],
            others=[
                n
                for n in self._graph.nodes
                if n in kept & read and n not in self._outputs
            ],
        )

    def _cost(self, kept: set[Node]) -> int:
        chosen = self._choice(kept).nodes
        return sum(self._numbers[node] for node in chosen)

    # The names of what is passed.

    @property
    def _arguments(self) -> list[str]:
        unnamed = [name for name, t in self._held.unnamed.items() if t.numel() > FEW]
        return [
            *self._named.inputs,
            *dict.fromkeys(self._held.named.values()),
            *unnamed,
        ]

    def _name(self, node: Node) -> str:
        named = self._names.given | self._held.named | self._names.labels
        return named[node]

    # The text.

    def text(self) -> str:
        """Return the module."""
        once = bool(self._chosen.others)
        imports = ["import math", "", "import torch"]
        imports += [_ONCE] if once else []
        parts = ["\n".join(imports), self._class(once=once), self._wrapper()]
        return "\n\n\n".join([*parts, self._test()]) + "\n"

    def _class(self, *, once: bool) -> str:
        parts = [
            self._docstring(once=once),
            *(f"@staticmethod\n{part}" for part in (self._forward(), self._setup())),
            "@staticmethod\n"
            + ("@once_differentiable\n" if once else "")
            + self._backward(),
        ]
        body = indent("\n\n".join(parts), "    ")
        return f"class {self._title}(torch.autograd.Function):\n{body}"

    @property
    def _title(self) -> str:
        words = self._subject.name.strip("_").split("_")
        title = "".join(word[:1].upper() + word[1:] for word in words)
        return f"{title}Function" if title == self._subject.name else title

    def _docstring(self, *, once: bool) -> str:
        names = ", ".join(map(self._name, self._chosen.nodes)) or "nothing"
        mine = sum(self._numbers[node] for node in self._chosen.nodes)
        xs = tuple(self._subject.inputs[n] for n in self._subject.differentiated)
        theirs, _ = saved(self._subject.outputs, leaves(xs))
        order = (
            "Once differentiable: it saves more than inputs and outputs."
            if once
            else "Twice differentiable: it saves inputs and outputs only."
        )
        call = f"{self._subject.name}({', '.join(self._named.inputs)})"
        return (
            f'"""{call}, with a backward pass that vjp-guide derived.\n\n'
            f"Saves {names}: {counted(mine, 'number')} for the inputs of the test,\n"
            f"where torch's own graph keeps {theirs:,}.\n{order}\n"
            '"""'
        )

    def _forward(self) -> str:
        nodes = [*self._outputs, *self._chosen.others]
        printer = self._printer(self._names.given, self._captured.shapes)
        found = printer.results(self._graph, nodes)
        # What is returned as it is can't be saved too.
        given = {*self._arguments}
        results = [
            f"{text}.view_as({text})" if text in given else text for text in found
        ]
        lines = [*printer.lines, f"return {', '.join(results)}"]
        return _def("forward", self._arguments, lines)

    def _setup(self) -> str:
        others = [self._name(n) for n in self._chosen.others]
        outputs = [*self._named.outputs, *others]
        fixed = [
            name
            for name, v in zip(self._named.outputs, self._named.cotangents, strict=True)
            if v is None
        ]
        lines = [f"{', '.join(self._arguments)}{self._comma(self._arguments)} = inputs"]
        reads = bool(self._chosen.outputs or others or fixed)
        lines += [f"{', '.join(outputs)} = output"] * reads
        if fixed or others:
            lines.append(f"ctx.mark_non_differentiable({', '.join([*fixed, *others])})")
        kept = ", ".join(map(self._name, self._chosen.nodes))
        lines.append(f"ctx.save_for_backward({kept})")
        lines += [f"ctx.{name}_shape = {name}.shape" for name in self._shapes()]
        return _def("setup_context", ["ctx", "inputs", "output"], lines)

    def _backward(self) -> str:
        kept = [self._name(node) for node in self._chosen.nodes]
        printer = self._backward_printer()
        found = printer.results(self._graph, self._gradients)
        results = dict(zip(self._subject.differentiated, found, strict=True))
        read = f"{', '.join(kept)}{self._comma(kept)} = ctx.saved_tensors"
        lines = [
            *([read] if kept else []),
            *(f"{name}_shape = ctx.{name}_shape" for name in self._shapes()),
            *printer.lines,
            f"return {', '.join(results.get(n, 'None') for n in self._arguments)}",
        ]
        cotangents = [v or "_" for v in self._named.cotangents]
        extra = ["*_"] if self._chosen.others else []
        return _def("backward", ["ctx", *cotangents, *extra], lines)

    @staticmethod
    def _comma(names: Sequence[str]) -> str:
        return "," if len(names) == 1 else ""

    def _backward_printer(self) -> Printer:
        given = {node: self._name(node) for node in self._chosen.nodes}
        return self._printer(
            given | self._names.cotangents, self._shapes_known(), self._named.weights[0]
        )

    def _shapes_known(self) -> dict[str, tuple[int | str, ...]]:
        """Return the shapes that the backward pass can read, by what they are of."""
        kept = {self._name(node) for node in self._chosen.inputs}
        shapes = self._captured.shapes
        first = {name: shape for name, shape in shapes.items() if name in kept}
        return first | {n: s for n, s in shapes.items() if n not in kept}

    def _shapes(self) -> list[str]:
        """Return the inputs of which the backward pass needs the shape alone."""
        printer = self._backward_printer()
        found = printer.results(self._graph, self._gradients)
        text = "\n".join([*printer.lines, *found])
        kept = {self._name(node) for node in self._chosen.inputs}
        return [
            n
            for n in self._named.inputs
            if n not in kept and re.search(rf"\b{n}_shape\b", text)
        ]

    def _printer(
        self,
        given: dict[Node, str],
        shapes: dict[str, tuple[int | str, ...]],
        like: str = "",
    ) -> Printer:
        kept = {self._name(node) for node in self._chosen.inputs}
        texts = lengths(shapes)
        if like:
            texts = {
                length: text
                if text.partition(".")[0] in kept
                else text.replace(".shape", "_shape", 1).replace(
                    ".numel", "_shape.numel"
                )
                for length, text in texts.items()
            }
        return Printer(
            given | self._held.named,
            self._held.unnamed,
            labels=self._names.labels,
            lengths=texts,
            like=like or self._subject.differentiated[0],
        )

    def _wrapper(self) -> str:
        count = len(self._outputs)
        first = "[0]" if count == 1 else f"[:{count}]"
        part = first if self._chosen.others else ""
        call = f"{self._title}.apply({', '.join(self._arguments)})"
        return _def(self._subject.name, self._arguments, [f"return {call}{part}"])

    def _test(self) -> str:
        """Return a test at the inputs, or at random ones of their shapes."""
        tensors = self._values()
        xs = ", ".join(self._subject.differentiated)
        call = f"{self._subject.name}({', '.join(self._arguments)})"
        lines = [
            "from vjp_guide import dot_product_test",
            "",
            f"generator = torch.Generator().manual_seed({_SEED})",
            *(f"{name} = {self._literal(t)}" for name, t in tensors.items()),
            "",
            f"def fn({xs}):",
            *(f"    {line}" for line in self._differentiable(call)),
            "",
            f"inputs = [{xs}]",
            "tracked = [x.clone().requires_grad_() for x in inputs]",
            "assert torch.autograd.gradcheck(fn, tracked)",
            "assert dot_product_test(fn, *inputs).passed",
        ]
        return _def(f"test_{self._subject.name}", [], lines)

    def _differentiable(self, call: str) -> list[str]:
        """Return lines that return the outputs with a derivative, for the test."""
        pairs = zip(self._named.outputs, self._named.cotangents, strict=True)
        names = [name if v else "_" for name, v in pairs]
        if "_" not in names:
            return [f"return {call}"]
        kept = ", ".join(name for name in names if name != "_")
        return [f"{', '.join(names)} = {call}", f"return {kept}"]

    def _values(self) -> dict[str, Tensor]:
        """Return the tensors that the function takes."""
        known = self._subject.inputs | self._subject.constants | self._held.unnamed
        return {name: known[name] for name in self._arguments}

    def _literal(self, tensor: Tensor) -> str:
        """Return an expression for a tensor, random if that may be."""
        if self._random and (tensor.is_floating_point() or tensor.is_complex()):
            shape = list(tensor.shape)
            return f"torch.randn({shape}, generator=generator, dtype={tensor.dtype})"
        plain = f"torch.tensor({tensor.tolist()}, dtype={tensor.dtype})"
        return plain if tensor.numel() else f"{plain}.reshape({list(tensor.shape)})"


_SEED = 0
_ONCE = "from torch.autograd.function import once_differentiable"


def _def(name: str, arguments: Iterable[str], lines: Iterable[str]) -> str:
    body = indent("\n".join(lines), "    ")
    return f"def {name}({', '.join(arguments)}):\n{body}"


def _numbers(graph: Graph) -> dict[Node, int]:
    """Return how many numbers each tensor of a graph holds, for the given lengths."""
    tensors = {node: tensor_of(node) for node in graph.nodes}
    return {
        n: math.prod(map(_given, t.shape)) for n, t in tensors.items() if t is not None
    }


def _given(length: Any) -> int:
    """Return a length as it was given; to ask a variable itself would fix it."""
    return int(length.node.hint if isinstance(length, torch.SymInt) else length)
