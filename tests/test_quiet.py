"""Tests of what stays as it was around a pass."""

import pytest
import torch

from vjp_guide import _quiet


class Dead:
    """An object that refuses the question, as tensors of dead transforms may."""

    @property
    def retains_grad(self) -> bool:
        """Raise what torch may raise."""
        raise RuntimeError


def test_an_object_that_refuses_the_question_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tests that the others are found, and are what they were."""
    y = torch.ones(2, requires_grad=True) * 2
    y.retain_grad()
    monkeypatch.setattr(_quiet, "objects_of", lambda _: [Dead(), y])

    with _quiet.kept_grads():
        y.sum().backward()
        assert y.grad is not None
    assert y.grad is None
