"""Tests of the walk over a graph."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from tests.processes import lines_of
from vjp_guide._graph import ancestors, between, edge, walk


class Labelled(torch.Tensor):
    """A subclass without anything of its own."""


def test_each_node_comes_after_those_it_leads_to() -> None:
    """Tests the order on a graph with a diamond and an unused branch."""
    x, w = (torch.ones(2, requires_grad=True) for _ in range(2))
    y = (x.exp() * x.sin() + w.cos()).sum()

    edges = walk([edge(y)])

    places = {node: place for place, node in enumerate(edges)}
    assert [node.name() for node in edges][-2:] == ["AddBackward0", "SumBackward0"]
    assert len(edges) == 8
    for node, outgoing in edges.items():
        assert node.next_functions == outgoing
        assert all(places[target] < places[node] for target, _ in outgoing if target)
    kept = {node.name() for node in between([edge(y)], [edge(w)])}
    assert kept == {"SumBackward0", "AddBackward0", "CosBackward0"}


def test_ancestors_are_edges_and_hold_the_tensor_itself() -> None:
    """Tests a result that isn't the first of its node, an edge and a constant."""
    x = torch.ones(4, requires_grad=True)
    first, second = x.exp().split(2)
    y = second * 2

    found = ancestors(get_gradient_edge(y), torch.ones(1))

    assert {edge(y), edge(second), edge(x), (None, 0)} <= found
    assert edge(first) not in found


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_edge_of_a_subclass_in_any_mode(mode: Callable[[], object]) -> None:
    """Tests that neither the type nor the mode hides where the cotangent arrives."""
    x = torch.ones(2).as_subclass(Labelled).requires_grad_()
    node, number = edge(x)
    with mode():  # type: ignore[attr-defined] # both are context managers
        assert edge(x) == (node, number)
    assert node is not None
    assert node.name() == "torch::autograd::AccumulateGrad"


SHAPES = """
def chain(x, n):
    y = x
    for _ in range(n):
        y = y * 1.00001
    return y

def leaves(x, n):  # each node leads to a leaf first
    y = x
    for _ in range(n // 2):
        y = torch.ones((), requires_grad=True) * y
    return y * 2

def diamonds(x, n):
    y = x
    for _ in range(n // 3):
        y = y.cos() + y.sin()
    return y

def pairs(x, n):
    y = z = x
    for _ in range(n // 2):
        y, z = (y * z).tanh(), z + y
    return y + z

def custom(x, n):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x
        @staticmethod
        def backward(ctx, v):
            return 2 * v
    y = x
    for _ in range(n // 10):
        y = Twice.apply(y)
    return y

def in_place(x, n):
    y = x * 1
    for _ in range(n):
        y.mul_(1.00001)
    return y

def parts(x, n):
    return torch.stack([chain(x, n // 50) for _ in range(50)])
"""
PROGRAM = """
import sys, threading, torch
from vjp_guide._graph import edge, walk
{shapes}
def run():
    x = torch.ones(2, requires_grad=True)
    y = {shape}(x, 30_000)
    # Some survive, and are freed one by one afterwards.
    middle = [*reversed(walk([edge(y)]))][::777]
    del y
    while middle:
        middle.pop(0)
    print("freed")

threading.stack_size(2**20)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


@pytest.mark.parametrize(
    "shape", ["chain", "leaves", "diamonds", "pairs", "custom", "in_place", "parts"]
)
def test_what_was_walked_can_be_freed_in_a_small_stack(shape: str) -> None:
    """Tests in a process of its own, which a failure would end."""
    program = PROGRAM.format(shapes=SHAPES, shape=shape)

    assert lines_of(program) == ["freed"]


def test_a_deep_graph_is_freed_here_too() -> None:
    """Tests that nothing is left waiting, also where one free starts another."""
    x = torch.ones(1, requires_grad=True)
    y: Tensor = x
    for _ in range(2_000):
        y = y.sin() + y.cos()
    edges = walk([edge(y)])
    assert walk([edge(y)]).keys() == edges.keys()
    freed: list[int] = []

    class Mark:
        def __del__(self) -> None:
            freed.append(1)

    (last,) = [node for node in edges if not edges[node]]
    metadata: dict[str, Mark] = last.metadata  # type: ignore[assignment] # see _graph
    metadata["mark"] = Mark()
    del edges, y, last, metadata, x
    assert freed == [1]
