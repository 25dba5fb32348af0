"""Which submodule of a model each node of a graph is recorded in."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.fx import Graph, Interpreter, Node
from torch.fx.experimental.proxy_tensor import get_proxy_mode

from vjp_guide._graph import edge, walk
from vjp_guide._trace.modules import ModuleNames

_KEY = "vjp_guide_module"


def module_of(node: Node) -> str:
    """Return the path of the innermost module that a node belongs to."""
    return str(node.meta.get(_KEY, ""))


def move(new: Node, old: Node) -> None:
    """Let a node belong to the module of the one in whose place it is."""
    new.meta[_KEY] = module_of(old)


class Marks(ModuleNames):
    """Notes with each node of the graph that is recorded where it belongs.

    Those of the backward pass belong to the module whose forward pass they undo.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self._graph = _recorded()
        self._now = ""

    def mark(self, path: str) -> None:
        """Let what is recorded from now on belong to a module."""
        for node in reversed(self._graph.nodes):
            if _KEY in node.meta:
                break
            node.meta[_KEY] = self._now
        self._now = path

    def follow(self, outputs: Sequence[Tensor]) -> None:
        """Let the backward pass of outputs say which module it is in."""
        for node in walk(map(edge, outputs)):
            node.register_prehook(partial(self._reached, self.path(node)))

    def _reached(self, path: str, *_: object) -> None:
        self.mark(path)

    def _note(self) -> None:
        super()._note()
        self.mark(self._paths[-1])


def _recorded() -> Graph:
    """Return the graph that is being recorded."""
    mode: Any = get_proxy_mode()
    graph: Graph = mode.tracer.graph
    return graph


class Repeated(Interpreter):
    """Runs a graph, so that what is recorded of it belongs where its nodes do."""

    def run(self, *args: Any, **options: Any) -> Any:
        """Return what the graph returns."""
        self._marks = Marks(nn.Module())
        found = super().run(*args, **options)
        self._marks.mark("")
        return found

    def run_node(self, n: Node) -> Any:
        """Return what a node computes."""
        self._marks.mark(module_of(n))
        return super().run_node(n)
