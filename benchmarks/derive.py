"""Derive each module of ``torch.nn``, or say why it is refused.

Run ``python benchmarks/derive.py``, or ``python benchmarks/derive.py GRU Linear``;
``--growth`` prints how the time grows with the number of recorded operations instead.
The modules, their arguments and inputs are those of torch's own tests, in training mode
where there is one.
The times are CPU times, with one thread.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin
from torch.testing._internal.common_modules import ModuleInfo, module_db
from torch.utils import _pytree as pytree

from vjp_guide import Derivation, derive

CALLS = 3


class Bound(nn.Module):
    """A module as a function of its tensors alone.

    Args:
        module: The module.
        arguments: The arguments and keywords of a call.
        most: How many of its tensors, at most, are inputs; the others are fixed.
    """

    def __init__(
        self, module: nn.Module, arguments: tuple[Any, Any], *, most: int | None = None
    ) -> None:
        super().__init__()
        self.module = module
        self._leaves, self._spec = pytree.tree_flatten(arguments)
        places = [at for at, x in enumerate(self._leaves) if isinstance(x, Tensor)]
        self._places = places[:most]

    @property
    def inputs(self) -> list[Tensor]:
        """The tensors of the call."""
        return [self._leaves[place] for place in self._places]

    def forward(self, *inputs: Tensor) -> object:
        """Return what the call returns."""
        leaves = list(self._leaves)
        for place, x in zip(self._places, inputs, strict=True):
            leaves[place] = x
        args, kwargs = pytree.tree_unflatten(leaves, self._spec)
        return self.module(*args, **kwargs)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of the calls of a module.

    Attributes:
        name: Its class.
        refused: Why calls can't be derived.
        lines: How many each program has that could.
        operations: How many operations of a graph each program is of.
        seconds: What each derivation took.
    """

    name: str
    refused: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    operations: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Whether all, some or no calls are derived."""
        if not self.refused:
            return "derived"
        return "partly" if self.lines else "refused"

    def __str__(self) -> str:
        parts = [f"{self.name:26} {self.kind:8}"]
        if self.lines:
            parts.append(
                f"{max(self.lines):4} lines of {max(self.operations):4} operations, "
                f"{max(self.seconds):.2f} s"
            )
        return "  ".join([*parts, *sorted(set(self.refused))])


def calls(info: ModuleInfo) -> Iterator[tuple[nn.Module, tuple[Any, Any]]]:
    """Yield modules with the arguments of a call."""
    build = partial(info.module_inputs_func, info, device="cpu", dtype=torch.float64)
    for each in build(requires_grad=False, training=True)[:CALLS]:
        if each.forward_input is None:
            continue
        made = each.constructor_input
        module: Any = info.module_cls(*made.args, **made.kwargs).double().train()
        args, kwargs = each.forward_input.args, each.forward_input.kwargs
        if issubclass(info.module_cls, LazyModuleMixin):
            module(*args, **kwargs)  # its parameters get their shapes
        yield module, (args, kwargs)


def derived(module: nn.Module, arguments: tuple[Any, Any]) -> Derivation:
    """Derive a call, by its first tensor alone where the others are fixed.

    These are the targets of losses that aren't differentiable by them.
    """
    bound = Bound(module, arguments)
    try:
        return derive(bound, *bound.inputs)
    except RuntimeError as error:
        if "target" not in str(error):
            raise
    bound = Bound(module, arguments, most=1)
    return derive(bound, *bound.inputs)


def operations(derivation: Derivation) -> int:
    """Return how many operations the graph of a derivation has, simplified."""
    graph = derivation._source.captured.module.graph  # noqa: SLF001 - a count
    return sum(node.op == "call_function" for node in graph.nodes)


def row(info: ModuleInfo) -> Row:
    """Derive the calls of a module."""
    found = Row(name=info.module_cls.__name__)
    for module, arguments in calls(info):
        start = time.process_time()
        try:
            derivation = derived(module, arguments)
        except (TypeError, ValueError, RuntimeError) as error:
            found.refused.append(str(error).splitlines()[0])
            continue
        found.seconds.append(time.process_time() - start)
        found.lines.append(len(derivation.forward) + len(derivation.backward))
        found.operations.append(operations(derivation))
    return found


def chain(depth: int) -> nn.Module:
    """Return linear layers with activations."""
    layers = (layer for _ in range(depth) for layer in (nn.Linear(3, 3), nn.Tanh()))
    return nn.Sequential(*layers)


def transformer(depth: int) -> nn.Module:
    """Return layers with attention and a perceptron."""
    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)
    return nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)


GROWING: dict[Callable[[int], nn.Module], tuple[list[int], list[int]]] = {
    chain: ([5, 3], [2, 4, 8, 16, 32, 64]),
    transformer: ([2, 3, 4], [1, 2, 4, 8]),
}


def print_growth() -> None:
    """Print the time of models of growing depth, by their recorded operations."""
    derive(torch.tanh, torch.rand(2))  # imports what it needs
    for build, (shape, depths) in GROWING.items():
        for depth in depths:
            start = time.process_time()
            derivation = derive(build(depth), torch.rand(shape))
            seconds = time.process_time() - start
            count = operations(derivation)
            sys.stdout.write(
                f"{build.__name__:12} {depth:3} deep  {count:5} operations  "
                f"{seconds:6.2f} s  {1000 * seconds / count:5.1f} ms an operation\n"
            )
            sys.stdout.flush()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="MODULE", help="all by default")
    parser.add_argument("--growth", action="store_true", help="print the time by size")
    parsed = parser.parse_args()
    wanted = set(parsed.names)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if parsed.growth:
        print_growth()
        return
    kinds: Counter[str] = Counter()
    for info in module_db:
        if not wanted or info.module_cls.__name__ in wanted:
            found = row(info)
            kinds[found.kind] += 1
            sys.stdout.write(f"{found}\n")
            sys.stdout.flush()
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    sys.stdout.write(f"{kinds.total()} modules: {counts}\n")


if __name__ == "__main__":
    main()
