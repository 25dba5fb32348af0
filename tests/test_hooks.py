"""Tests of what is known of the code that a pass runs."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from vjp_guide import _hooks
from vjp_guide._graph import edge, walk


class Doubled(torch.autograd.Function):
    """A custom function."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ANN401, ARG004 (torch's signature)
        """Return twice ``x``."""
        return 2 * x

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:  # noqa: ANN401, ARG004 (likewise)
        """Return twice the cotangent."""
        return 2 * grad_outputs[0]


def packed(x: Tensor) -> Tensor:
    """Return a tensor whose graph has hooks on what it saved."""
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        return x.exp()


def freed(x: Tensor) -> Tensor:
    """Return a tensor whose graph was freed, with the list that a node saved."""
    y = x[torch.tensor([0, 1])]
    y.sum().backward()
    return y


def long(x: Tensor) -> Tensor:
    """Return a tensor with more nodes than are looked at."""
    for _ in range(100):
        x = x + 1
    return x


def doubled(x: Tensor) -> Any:  # noqa: ANN401 (torch's own type)
    """Return the custom function's result."""
    return Doubled.apply(x)  # type: ignore[no-untyped-call] # torch has no types here


@pytest.mark.parametrize("function", [torch.exp, lambda x: x[torch.tensor([0, 1])]])
def test_torch_alone_runs(
    function: Callable[[Tensor], Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests operators that save a tensor and several."""
    monkeypatch.setattr(_hooks, "any_hooks", lambda: False)  # of other tests
    y = function(torch.ones(3, requires_grad=True))

    assert _hooks.runs_torch_alone(walk([edge(y)]))


@pytest.mark.parametrize("function", [doubled, packed, freed, long])
def test_other_code_may_run(
    function: Callable[[Tensor], Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests a custom function, unpacking hooks, freed and long graphs."""
    monkeypatch.setattr(_hooks, "any_hooks", lambda: False)
    y = function(torch.ones(3, requires_grad=True))

    assert not _hooks.runs_torch_alone(walk([edge(y)]))


def test_a_hook_anywhere_is_noticed() -> None:
    """Tests a hook of another tensor."""
    nodes = walk([edge(torch.ones(3, requires_grad=True).exp())])
    other = torch.ones(2, requires_grad=True)
    other.register_hook(lambda g: g)

    assert _hooks.any_hooks()
    assert not _hooks.runs_torch_alone(nodes)


def test_watchers_in_threads_leave_the_hooks() -> None:
    """Tests two that overlap: each notes what runs, and the last one clears up."""
    x = torch.ones(2, requires_grad=True)
    y = 2 * x
    handle = y.register_hook(own := (lambda g: 3 * g))
    hooks = handle.hooks_dict_ref()
    first, second = _hooks.watched_hooks(), _hooks.watched_hooks()

    early = first.__enter__()
    late = second.__enter__()
    first.__exit__(None, None, None)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    second.__exit__(None, None, None)

    assert gradient.tolist() == [6, 6]
    assert (early, late) == ([], [own])
    assert list(hooks.values()) == [own]
