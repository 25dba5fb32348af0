"""Tests of the programs in other frameworks, and of the records of what they print."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from elsewhere.check import unknown
from elsewhere.reading import (
    COLUMNS,
    FRAMEWORKS,
    KINDS,
    Outcome,
    agree,
    differences,
    outcome,
    program,
    records,
)
from elsewhere.run import numbers, run, versions
from vectors.run import SILENT

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "elsewhere" / "programs"
REQUIREMENTS = ROOT / "elsewhere" / "requirements"
CASES = list(records()["torch"].programs)
PAGE = (ROOT / "docs" / "reference" / "elsewhere.md").read_text(encoding="utf-8")


def test_every_framework_has_its_folder_and_its_pins() -> None:
    """Tests that none is listed in one place alone."""
    assert {path.name for path in PROGRAMS.iterdir()} == FRAMEWORKS.keys()
    assert {path.stem for path in REQUIREMENTS.iterdir()} == COLUMNS.keys()


@pytest.mark.parametrize("framework", COLUMNS)
def test_every_program_is_recorded_as_pinned(framework: str) -> None:
    """Tests that a record belongs to the programs and the versions of the sources."""
    record = records()[framework]
    text = (REQUIREMENTS / f"{framework}.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==(.*)$", text, re.MULTILINE))

    assert list(record.programs) == CASES
    assert record.versions == pins
    assert all(
        bool(each.prints) != bool(each.raises) for each in record.programs.values()
    )


@pytest.mark.parametrize("framework", COLUMNS)
def test_every_difference_is_known(framework: str) -> None:
    """Tests that the numbers are torch's, but where the page says otherwise."""
    assert list(unknown(records()[framework])) == []


def test_a_new_difference_is_noticed() -> None:
    """Tests the check on another number, an error, and a difference that is gone."""
    record = records()["jax"]
    wrong = {
        "seed": replace(record.programs["seed"], r=(20.0, 20.0, 20.0, 21.0)),
        "shape": Outcome(raises="TypeError: no"),
        "unused": records()["torch"].programs["unused"],
    }
    found = unknown(replace(record, programs=record.programs | wrong))

    assert sorted(line.split(" torch")[0] for line in found) == [
        "jax, seed: differs from",
        "jax, shape: differs from",
        "jax, unused: agrees with",
    ]
    assert next(unknown(replace(record, programs={}))).startswith("jax has other cases")


def test_a_new_defect_is_noticed() -> None:
    """Tests a vector that is wrong, one that isn't any more, one without an answer."""
    record = records()["jax"]
    agrees = {"status": "agrees", "r": "0"}
    changed = {
        "regular/exp/1": {"status": "defect", "r": "0"},
        "regular/pow/2": agrees,
        "regular/sin/1": agrees,
        "regular/tan/1": {"status": "raises", "why": SILENT},
    }
    found = unknown(replace(record, vectors=record.vectors | changed))

    assert [line.partition(": ")[0] for line in found] == [
        "jax, regular/exp/1",
        "jax, regular/tan/1",
        "jax, regular/pow/2",
    ]


def test_kinds_of_differences_are_those_of_the_page() -> None:
    """Tests that none has a kind without words."""
    assert {known.kind for known in differences().values()} == KINDS.keys()


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_a_section(case: str) -> None:
    """Tests that the page shows what was run."""
    assert f"\n(elsewhere-{case})=\n" in PAGE
    assert f"```{{elsewhere}} {case}\n" in PAGE


@pytest.mark.parametrize("case", CASES)
def test_torch_does_what_its_record_says(case: str) -> None:
    """Tests the record with the torch that is installed."""
    made = run(program("torch", case))
    recorded = records()["torch"].programs[case]

    assert outcome(made) == recorded
    assert agree(recorded, recorded)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("case", CASES)
def test_programs_are_short(framework: str, case: str) -> None:
    """Tests that each fits a glance, and ends in what it prints."""
    lines = [line for line in program(framework, case).splitlines() if line]

    assert len(lines) <= 12
    assert lines[-1].startswith("print(")


def test_numbers_of_nested_arrays() -> None:
    """Tests what a record holds of arrays, complex numbers and nothing."""
    nested = (torch.tensor([[1.0], [2.0]]), [None, 3], torch.tensor([1 + 2j]))

    assert list(numbers(nested)) == [1.0, 2.0, None, 3.0, 1.0, 2.0]
    assert versions("torch")["torch"] == torch.__version__.partition("+")[0]
