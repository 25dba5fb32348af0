"""Tests of what stays as it was around a pass."""

import weakref
from typing import Any

import pytest
import torch
from torch import Tensor

from vjp_guide import _quiet, coupling, trace


class Refusing:
    """An object that refuses every question, as tensors of dead transforms may."""

    def __getattr__(self, name: str) -> object:
        """Raise what torch may raise."""
        raise RuntimeError(name)


class Keeping(Refusing):
    """An object that refuses to show the gradient that it keeps."""

    retains_grad = True


@pytest.mark.parametrize("kind", [Refusing, Keeping])
def test_an_object_that_refuses_a_question_is_left_alone(
    kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests that the others are found, and are what they were."""
    y = torch.ones(2, requires_grad=True) * 2
    y.retain_grad()
    monkeypatch.setattr(_quiet, "objects_of", lambda _: [kind(), y])

    with _quiet.kept_grads():
        y.sum().backward()
        assert y.grad is not None
    assert y.grad is None


def test_a_custom_backward_may_run_a_pass_through_another_graph() -> None:
    """Tests that what this one keeps is found, though no output leads to it."""
    h = torch.ones(2, requires_grad=True) * 2
    h.retain_grad()
    other = h.sum()

    class Through(torch.autograd.Function):
        @staticmethod
        def forward(_: object, x: Tensor) -> Tensor:
            return x.clone()

        @staticmethod
        def backward(_: object, v: Tensor) -> Tensor:
            other.backward()
            return v

    x = torch.ones(2, requires_grad=True)
    apply: Any = Through.apply  # torch has no types here
    trace(apply(x), x, torch.ones(2))

    assert h.grad is None


def test_sums_of_a_custom_backward_are_neither_kept_nor_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tests the first pass, which else takes the memory and time of many."""
    left: list[int] = []

    class Sums(torch.autograd.Function):
        @staticmethod
        def forward(_: object, x: Tensor) -> Tensor:
            return x.clone()

        @staticmethod
        def backward(_: object, v: Tensor) -> Tensor:
            sums = []
            for _step in range(3):
                v = v + torch.zeros(())
                sums.append(weakref.ref(v))
            left.append(sum(each() is not None for each in sums))
            return v

    monkeypatch.setattr(_quiet, "objects_of", lambda _: pytest.fail("looks for more"))
    x = torch.ones(8, 1, requires_grad=True)
    apply: Any = Sums.apply  # torch has no types here
    coupling(apply(x), x)

    assert set(left) == {1}
