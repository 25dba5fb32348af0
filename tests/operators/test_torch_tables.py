"""Tests of the door to the private tables of torch."""

from typing import Any

import pytest
import torch

from vjp_guide.__main__ import main
from vjp_guide.operators import entry, lookup, torch_tables


def test_the_table_of_derivatives_is_found_by_node() -> None:
    """Tests the entries of two nodes, and of one that isn't there."""
    (softmax,) = torch_tables.derivatives(["SoftmaxBackward0", "NoneBackward0"])

    assert softmax.startswith("- name: _softmax(Tensor self")
    assert "  self: _softmax_backward_data(grad, result" in softmax
    assert torch_tables.operator_of("MulBackward1") == "mul"


def test_missing_private_parts_of_torch_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests that the command says what to install, and that a table may be missing."""
    monkeypatch.setattr(torch_tables, "_OPERATORS", "no_such_module")
    monkeypatch.setattr(torch_tables, "_PACKAGE", "no_such_package")
    caches: tuple[Any, ...] = (
        torch_tables.operators,
        torch_tables.differentiable,
        entry.groups,
        lookup._known,
        torch_tables._derivatives,
    )
    for cached in caches:
        cached.cache_clear()
    try:
        assert main(["softmax"]) == 1
        assert "with its dependencies" in capsys.readouterr().err
        assert torch_tables.derivatives(["MulBackward0"]) == ()
    finally:
        for cached in caches:
            cached.cache_clear()


def test_an_operation_of_a_library_has_a_rule_where_it_has_a_kernel() -> None:
    """Tests one that is written in operations with rules, and one that isn't."""
    library = torch.library.Library("vjp_guide_tables", "DEF")
    for name, key in (("composed", "CompositeImplicitAutograd"), ("opaque", "CPU")):
        library.define(f"{name}(Tensor x) -> Tensor")
        library.impl(name, torch.sin, key)
    operations = torch.ops.vjp_guide_tables

    assert torch_tables.has_rule(operations.composed.default)
    assert not torch_tables.has_rule(operations.opaque.default)
