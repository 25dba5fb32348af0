"""The vector-Jacobian product as a short program, traced and then run."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.func import functionalize
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx

from vjp_guide.operators.case import (
    Case,
    Tensors,
    kept,
    leaves,
    seeded,
    tensor_places,
    tracked,
)
from vjp_guide.operators.program.nodes import is_mutable
from vjp_guide.operators.program.printer import Printer
from vjp_guide.operators.program.run import execute, residual
from vjp_guide.operators.torch_tables import backward_rules

EQUAL = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that computes vector-Jacobian products.

    Attributes:
        lines: Its assignments.
        results: One expression for each differentiable input.
        residual: How far the results are from autograd's, relative to them.
        kernels: The backward operations of torch that it calls by name.
    """

    lines: tuple[str, ...]
    results: tuple[str, ...]
    residual: float
    kernels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the tensors of a call are called.

    Attributes:
        tensors: All tensors among the arguments, in their order.
        outputs: The outputs with a derivative.
        cotangents: Theirs.
    """

    tensors: tuple[str, ...]
    outputs: tuple[str, ...]
    cotangents: tuple[str, ...]


class UntraceableError(RuntimeError):
    """A call that can't be traced, or whose printed program doesn't run."""


def program(
    case: Case, names: Names, v: Tensors, products: Sequence[Tensor | None]
) -> Program:
    """Trace a vector-Jacobian product, print it, run the text and compare.

    Args:
        case: The call.
        names: What its tensors are called.
        v: The cotangents.
        products: What autograd returns, without tracing.

    Returns:
        The program.

    Raises:
        UntraceableError: If torch can't trace the call, or no text of it runs.
    """
    problems = []
    for options in _ATTEMPTS:
        try:
            traced = _traced(case, v, names, options)
            found = _printed(traced, products, plain=options.plain)
        except Exception as error:  # noqa: BLE001 - private parts of torch raise anything
            problems.append(f"{type(error).__name__}: {error}".splitlines()[0])
            continue
        if found.residual <= EQUAL:
            return found
        problems.append(f"the printed program is off by {found.residual:.1g}")
    raise UntraceableError(problems[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """How to trace and print.

    Attributes:
        every: Whether the program is a function of all tensors; if not, those that
            aren't differentiated are constants, whose numbers the call may read.
        functional: Whether to replace operations that change a tensor in place.
        rules: Whether to replace backward operations by simpler ones.
        plain: Whether to write each operation as a call of ``torch.ops``.
    """

    every: bool = True
    functional: bool = True
    rules: bool = True
    plain: bool = False


_ATTEMPTS = (
    _Options(),
    _Options(every=False),
    _Options(functional=False),
    _Options(every=False, functional=False),
    _Options(rules=False),
    _Options(every=False, rules=False, plain=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traced:
    """A graph with what its inputs and outputs are called, and are."""

    module: GraphModule
    names: dict[Node, str]
    values: dict[str, Any]
    gradients: Sequence[Node | None]


def _traced(case: Case, v: Tensors, names: Names, options: _Options) -> _Traced:
    """Return the graph of the outputs and of their product with ``v``."""
    named = dict(zip(tensor_places(case), names.tensors, strict=True))
    places = [place for place in named if options.every or place in case.places]
    keep = kept(case)

    def product(*arguments: Tensor) -> list[Tensor | None]:
        leaves = list(case.leaves)
        for place, value in zip(places, arguments[len(v) :], strict=True):
            leaves[place] = value.detach()
        inputs = [leaves[place].requires_grad_() for place in case.places]
        y = replace(case, leaves=tuple(leaves))(*inputs)
        outputs = [y[place] for place in keep]
        weights = arguments[: len(v)]
        grad = torch.autograd.grad(outputs, inputs, weights, allow_unused=True)
        return [*outputs, *grad]

    tensors = [case.leaves[place].detach().clone() for place in places]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rules = backward_rules() if options.rules else {}
        module = _recorded(product, rules)(*v, *tensors)
        if options.functional and any(map(is_mutable, module.graph.nodes)):
            module = _recorded(functionalize(module), {})(*v, *tensors)
    called = [*names.cotangents, *(named[place] for place in places)]
    results: Any = module.graph.output_node().args[0]
    y = tracked(case)(*leaves(case.inputs))
    return _Traced(
        module=module,
        names=_named(module, called, results[: len(v)], names.outputs),
        values=dict(zip(called, (*v, *tensors), strict=True))
        | dict(zip(names.outputs, (t.detach() for t in y), strict=True)),
        gradients=results[len(v) :],
    )


def _recorded(function: Any, rules: dict[Any, Any]) -> Any:
    """Return a function that returns the graph of another one.

    Calls may look at numbers, to check them; the branch that they take is recorded.
    """
    return make_fx(
        function, decomposition_table=rules, _error_on_data_dependent_ops=False
    )


def _named(
    module: GraphModule,
    called: Sequence[str],
    outputs: Sequence[Node],
    output_names: Sequence[str],
) -> dict[Node, str]:
    inputs = [node for node in module.graph.nodes if node.op == "placeholder"]
    return dict(zip(outputs, output_names, strict=True)) | dict(
        zip(inputs, called, strict=True)
    )


def _printed(
    traced: _Traced, products: Sequence[Tensor | None], *, plain: bool
) -> Program:
    """Return the printed graph, run and compared."""
    graph = traced.module.graph
    constants = {
        str(node.target).strip("_"): getattr(traced.module, str(node.target))
        for node in graph.nodes
        if node.op == "get_attr"
    }
    printer = Printer(dict(traced.names), constants, plain=plain)
    results = printer.results(graph, traced.gradients)
    text = "\n".join([*printer.lines, f"results = [{', '.join(results)}]"])
    values = run(text, constants | traced.values)
    return Program(
        lines=tuple(printer.lines),
        results=tuple(results),
        residual=residual(values, products),
        kernels=tuple(
            sorted(set(re.findall(r"torch\.ops\.aten\.(\w*backward\w*)", text)))
        ),
    )


def run(text: str, values: dict[str, Any]) -> list[Tensor | None]:
    """Return the ``results`` of a printed program, run in double precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with seeded():
            scope = execute(text, {**values, "device": torch.device})
    finally:
        torch.set_default_dtype(before)
    results: list[Tensor | None] = scope["results"]
    return results
