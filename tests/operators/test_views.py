"""Tests of an entry as text, and of the command that prints it."""

import dataclasses
import runpy
import sys

import pytest
import torch

from tests.operators.support import LARGE, described, x_of
from vjp_guide.__main__ import main
from vjp_guide.operators import Entry, as_text


def test_an_entry_prints_in_the_terminal(
    entries: tuple[Entry, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests that the text holds each part, and that the command prints it."""
    example = described(torch.sin, x_of(1, 2))
    broken = dataclasses.replace(example, results=(), problem="torch can't trace it")
    first = dataclasses.replace(entries[0], example=broken)
    large = dataclasses.replace(entries[0], example=described(torch.sin, LARGE))
    bare = dataclasses.replace(entries[0], example=None, derivatives=())
    text = "\n".join(map(as_text, (first, large, bare, *entries)))

    assert main(["sin"]) == 0
    assert "x: v * x.cos()" in capsys.readouterr().out
    for part in (
        "torch.clamp\n===========",
        "also torch.clip",
        "At ties and kinks",
        "clamp(x, -1, 1) at x = [-1, 1]: [1, 1]",
        "- name: clamp(Tensor self",
        "convolution_backward",
        "signs of R's diagonal",
        "zero everywhere tried",
        "no program: torch can't trace it",
        "Graph nodes: ClampBackward1",
    ):
        assert part in text


def test_an_unknown_name_exits_with_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests the exit code of the module run as a script."""
    monkeypatch.setattr("sys.argv", ["vjp_guide", "softmaxx"])
    monkeypatch.delitem(sys.modules, "vjp_guide.__main__")
    with pytest.raises(SystemExit, match="1"):
        runpy.run_module("vjp_guide", run_name="__main__")

    assert "did you mean" in capsys.readouterr().err
