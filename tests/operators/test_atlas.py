"""Tests of the whole atlas: its entries, its file, its schema and its counts."""

import dataclasses
import functools
import gc
import json
import operator
import runpy
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

import jsonschema
import pytest
import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import get_proxy_mode

from tests.operators.support import op_of, x_of
from vjp_guide.operators import (
    Atlas,
    Entry,
    UnknownOperatorError,
    atlas,
    compute,
    dump,
    load,
    naming,
    schema,
    summary,
    without,
)
from vjp_guide.operators import entry as entry_module
from vjp_guide.operators.labels import (
    GAUGE,
    NO_DERIVATIVE,
    NOT_IMPLEMENTED,
    UNVERIFIABLE,
    VERIFIED,
    ZERO,
)
from vjp_guide.operators.verify import verdict


def test_an_entry_shows_the_variant_with_a_program() -> None:
    """Tests that a variant without a program makes way for one that has it."""

    def refuse(x: Tensor) -> Tensor:
        if get_proxy_mode() is not None:
            raise RuntimeError("not while tracing")
        return x.exp()

    name = naming.name_of("sin")
    ops = op_of(refuse, x_of(1, 2, 3, 4)), op_of(torch.sin, x_of(1, 2, 3, 4))

    found, missing = entry_module._example(name, [verdict.verify(op) for op in ops])
    alone, why = entry_module._example(name, [verdict.verify(ops[0])])
    unverifiable = dataclasses.replace(verdict.verify(ops[0])[0], reason="No CPU.")
    assert entry_module._example(name, [(unverifiable, None)]) == (None, "No CPU.")

    assert found is not None
    assert found.results == ("v * x.cos()",)
    assert not missing
    assert alone is not None
    assert alone.problem == why
    assert "not while tracing" in why


def test_the_atlas_survives_a_file(entries: tuple[Entry, ...], computed: Atlas) -> None:
    """Tests that it is equal when read, and as the schema says."""
    whole = dataclasses.replace(computed, entries=entries)
    text = dump(whole)

    assert load(text) == whole
    fields = json.loads(text)
    jsonschema.validate(fields, schema.schema())
    named = {entry["name"]: entry for entry in fields["entries"]}
    assert named["torch.sin"]["example"]["results"] == ["v * x.cos()"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("entries", 0, "variants", 0, "state"), "fine"),
        (("entries", 0, "example", "saved"), "many"),
        (("without", 0, "reason"), None),
        (("groups", 0, "more"), 1),
    ],
)
def test_the_schema_refuses_other_data(
    entries: tuple[Entry, ...],
    computed: Atlas,
    path: tuple[str | int, ...],
    value: object,
) -> None:
    """Tests that a wrong word, a wrong type and a field too many are noticed."""
    fields = json.loads(dump(dataclasses.replace(computed, entries=entries)))
    *parents, last = path
    functools.reduce(operator.getitem, parents, fields)[last] = value

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(fields, schema.schema())


def test_the_published_schema_is_that_of_the_records(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests the file beside the pages; run the module schema to renew it."""
    published = Path(__file__).parents[2] / "docs/operators/operators.schema.json"

    monkeypatch.delitem(sys.modules, "vjp_guide.operators.schema")
    runpy.run_module("vjp_guide.operators.schema", run_name="__main__")

    assert published.read_text(encoding="utf-8") == capsys.readouterr().out
    for name, kind in schema.schema()["$defs"].items():
        assert all(field["description"] for field in kind["properties"].values()), name


def test_processes_find_what_one_finds() -> None:
    """Tests that two processes give the same entries, in the same order."""
    counts = []

    def progress(found: Iterator[Entry], count: int) -> Iterable[Entry]:
        counts.append(count)
        return found

    names = ("torch.sin", "torch.neg")
    alone, together = (
        compute(names=names, jobs=jobs, progress=progress) for jobs in (1, 2)
    )

    assert alone == together
    assert [entry.name for entry in together.entries] == list(names)
    assert counts == [2, 2]


def test_a_name_that_no_operator_has_is_refused() -> None:
    """Tests that compute takes the names that find takes, and names what is nearest."""

    def progress(found: Iterator[Entry], _: int) -> Iterable[Entry]:
        return found

    (found,) = compute(names=["neg"], jobs=1, progress=progress).entries
    assert found.name == "torch.neg"
    with pytest.raises(UnknownOperatorError, match=r"did you mean .*\bsigmoid"):
        compute(names=["torch.sigmoit"], jobs=1, progress=progress)


def test_a_process_spares_what_only_debugging_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tests that no stack is noted, and that the collector passes over the tables."""
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)
    known = len(gc.get_objects())
    try:
        atlas._hasten()
        assert not traceback.extract_stack()
        assert len(gc.get_objects()) < known / 2
    finally:
        gc.unfreeze()


def test_an_operator_without_a_derivative_says_why(computed: Atlas) -> None:
    """Tests an operator of each kind."""
    found = {each.name: (each.state, each.reason) for each in computed.without}

    assert found["torch.igamma"][0] == NOT_IMPLEMENTED
    assert "'igamma: input' is not implemented" in found["torch.igamma"][1]
    for name in ("linalg.ldl_factor", "linalg.ldl_factor_ex", "_scaled_mm"):
        assert found[f"torch.{name}"][0] == NOT_IMPLEMENTED
    assert found["torch.ops.aten.cauchy"][0] == ZERO
    assert found["torch.jiterator_unary"][0] == UNVERIFIABLE
    for name, words in {
        "torch.argmax": "isn't a tensor of floating-point numbers",
        "torch.gcd": "doesn't take floating-point numbers",
        "torch.zeros": "takes no tensor",
        "torch.special.airy_ai": "doesn't require grad",
        "torch.Tensor.resize_": "cannot resize",
    }.items():
        assert found[name][0] == NO_DERIVATIVE
        assert words in found[name][1]
    assert "torch.sin" not in found


def test_a_derivative_that_no_test_declares_is_told() -> None:
    """Tests an operator that works, though torch's tests say otherwise."""
    assert without._reason(op_of(torch.sin, x_of(1))) == (
        NO_DERIVATIVE,
        "torch's tests declare no derivative.",
    )


def test_integers_are_left_as_they_are() -> None:
    """Tests a sample in which no tensor can require grad."""
    op = op_of(torch.Tensor.double, torch.tensor([1, 2]))

    assert without._reason(op) == (NO_DERIVATIVE, without._NOTHING)


def test_the_summary_counts(entries: tuple[Entry, ...], computed: Atlas) -> None:
    """Tests the counts of a few entries against counts by hand."""
    bare = dataclasses.replace(entries[0], documented=False)
    found = summary(dataclasses.replace(computed, entries=(bare, *entries[1:])))

    assert found.operators == (11, 10)
    assert found.variants == 11
    assert found.states[VERIFIED] == 7
    assert found.states[GAUGE] == 1
    assert found.programs == (10, 9)
    assert found.formulas == 5
    assert [variant.name for variant in found.excepted] == ["linalg.cholesky"]
    assert {variant.name for variant in found.excluded} == {
        "cfloat",
        "floor",
        "linalg.eig",
        "as_strided_scatter",
    }
    assert [entry.name for entry in found.unprinted] == ["torch.sparse.sampled_addmm"]
    assert found.checks["finite differences along one direction"] == 7
    assert sum(found.without.values()) == len(computed.without)
    assert found.without[NOT_IMPLEMENTED] > 9
    assert "torch.igamma" in dict(found.reasons).values()
