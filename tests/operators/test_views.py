"""Tests of an entry as text, and of the command that prints it."""

import dataclasses
import runpy
import sys

import pytest
import torch

from records.changes import now
from tests.operators.support import LARGE, described, x_of
from vjp_guide.__main__ import main
from vjp_guide.operators import Entry, as_text
from vjp_guide.operators.facts import FACTS
from vjp_guide.operators.views.text import residuals, twice
from vjp_guide.operators.views.unicode import unicode


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

    at_bounds = now("first: clamp: clamp(x, -1, 1) at [-1.0, 1.0]", torch.__version__)
    assert at_bounds is not None

    assert main(["sin"]) == 0
    assert "grad_x = v * x.cos()" in capsys.readouterr().out
    for part in (
        "torch.clamp\n===========",
        "also torch.clip",
        "At ties and kinks",
        f"torch.clamp(x, -1, 1) at x = [-1, 1]: {at_bounds.text.replace('.0', '')}",
        "- name: clamp(Tensor self",
        "convolution_backward",
        "signs of R's diagonal",
        "zero everywhere tried",
        "no program: torch can't trace it",
        "Graph nodes: ClampBackward1",
        "x̄ᵢ = vᵢ [l ≤ xᵢ ≤ u]",
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


def test_formulas_are_unicode() -> None:
    """Tests that no command of LaTeX is left, and the text of three formulas."""
    texts = [unicode(f.latex) for each in FACTS.values() for f in each.formulas]

    assert not [text for text in texts if set("\\&~$") & set(text)]
    assert (
        unicode(r"\bar x_{ij} = \frac{v_i}{n}, \; A^{-\mathsf{T}}") == "x̄ᵢⱼ = vᵢ/n, A⁻ᵀ"
    )
    assert (
        unicode(r"\bigl( \frac{2}{\sqrt\pi} \bigr)^2_{i,\,n-1}") == "(2/(√π))²_(i, n-1)"
    )
    assert unicode(r"v_U\, [\, i = j \,]") == "v_U [i = j]"


def test_the_kernel_is_named_where_it_decides(entries: tuple[Entry, ...]) -> None:
    """Tests the words for an operator that one kernel differentiates twice."""
    variant = dataclasses.replace(
        entries[0].variants[0],
        twice="depends",
        kernels=(("AB0", "yes"), ("CD0", "not implemented")),
    )

    assert twice(variant) == "yes through AB0; not implemented through CD0"
    assert twice(dataclasses.replace(variant, twice="constant")) == "constant"


def test_a_variant_without_checked_calls_has_no_residuals(
    entries: tuple[Entry, ...],
) -> None:
    """Tests the word in place of numbers."""
    variant = dataclasses.replace(entries[0].variants[0], residuals=None)

    assert residuals(variant) == "none"
