"""The one walk over the graph that autograd recorded."""

import gc
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import inf
from time import perf_counter
from typing import Any, cast

import torch
from torch import Tensor
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch.autograd.graph import GradientEdge, Node, get_gradient_edge

Edge = tuple[Node | None, int]
"""A node and which of its results: what stands for a tensor in the graph."""
Edges = dict[Node, tuple[Edge, ...]]
"""The outgoing edges of each node, which lead to its operands."""

_APART = 200
_HELD = "vjp_guide"


class UnfinishedWalkError(Exception):
    """The graph is too large for the time that a walk has; the message says so."""


def edge(tensor: Tensor | GradientEdge) -> Edge:
    """Return where the cotangent of a tensor arrives, without a node if nowhere."""
    if isinstance(tensor, GradientEdge):
        return tensor.node, tensor.output_nr
    # A subclass answers with its own type, and inference mode makes no graph.
    with torch._C.DisableTorchFunction(), _no_inference():  # noqa: SLF001 (no public way exists)
        if node := tensor.grad_fn:
            return node, tensor.output_nr
        if not tensor.requires_grad:
            return None, 0
        try:
            found = get_gradient_edge(tensor)
        except RuntimeError:  # it views a leaf, which nested tensors refuse
            return cast("Node", tensor.clone().grad_fn).next_functions[0]
        except AttributeError:  # a transform is active, to which it is a constant
            with temporarily_clear_interpreter_stack():
                found = get_gradient_edge(tensor)
    return found.node, found.output_nr


def _no_inference() -> AbstractContextManager[object]:
    """Return what leaves inference mode, which takes longer than to ask for it."""
    active = torch.is_inference_mode_enabled()
    return torch.inference_mode(mode=False) if active else nullcontext()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep Python from going through many new objects again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@collector_paused()
def walk(starts: Iterable[Edge], *, until: float = inf) -> Edges:
    """Return the outgoing edges of all nodes, each after those it leads to.

    It never recurses, and the graph can be freed afterwards however deep it is.

    Args:
        starts: Where to begin.
        until: When to give up, by :func:`time.perf_counter`. What was opened must then
            still be closed, which takes less time than it took so far.

    Raises:
        UnfinishedWalkError: If it gave up.
    """
    late, timed = False, until < inf
    edges: Edges = {}
    depths: dict[Node | None, int] = {None: 0}
    stack: list[Any] = [node for node, _ in starts]  # what to open and what to close
    while stack:
        if timed and not late and perf_counter() > until:
            late, stack = True, [each for each in stack if isinstance(each, tuple)]
            continue
        node = stack.pop()
        if isinstance(node, tuple):  # all that this one leads to is done
            last, outgoing = node
            edges[last], depth = outgoing, 1
            for target, _ in outgoing:
                below = depths.get(target, 1)
                if below >= depth:
                    depth = below + 1
            depths[last] = depth if depth < _APART else _hold(last, outgoing)
        elif node not in depths:
            outgoing = node.next_functions
            stack.append((node, outgoing))
            for target, _ in outgoing:
                if target not in depths:
                    stack.append(target)
    if late:
        raise UnfinishedWalkError("the walk over its graph takes longer")
    return edges


def between(
    starts: Iterable[Edge], stops: Iterable[Edge], *, until: float = inf
) -> Edges:
    """Return the part of the walk that a pass from ``starts`` to ``stops`` runs."""
    leading: set[Node | None] = {node for node, _ in stops}
    needed: Edges = {}
    for node, outgoing in walk(starts, until=until).items():
        for target, _ in outgoing:
            if target in leading:
                leading.add(node)
                needed[node] = outgoing
                break
    return needed


def ancestors(*tensors: Tensor | GradientEdge, until: float = inf) -> set[Edge]:
    """Return what the tensors were computed from, and themselves, as edges."""
    starts = list(map(edge, tensors))
    edges = walk(starts, until=until)
    return {*starts, *(one for outgoing in edges.values() for one in outgoing)}


def _hold(node: Node, outgoing: tuple[Edge, ...]) -> int:
    """Let a node hold those it leads to, see :class:`_Held`.

    Torch frees nodes that Python has seen one inside the other, which would overflow
    the stack on a long path.

    Returns:
        How many it frees below this one, one inside the other, afterwards.
    """
    # The stub says that it's a method.
    metadata = cast("dict[str, _Held]", node.metadata)
    if _HELD not in metadata:
        metadata[_HELD] = _Held(target for target, _ in outgoing)
    return 0


class _Pending(threading.local):
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.freeing = False


class _Held(list[Any]):
    """Nodes that are let go of after the one that holds them, not inside of it.

    The holder reaches them by edges too, so nothing lives longer.
    """

    _pending = _Pending()

    def __del__(self) -> None:
        pending = self._pending
        pending.nodes.extend(self)
        self.clear()
        if pending.freeing:
            return
        pending.freeing = True
        while pending.nodes:
            pending.nodes.pop()
        pending.freeing = False
