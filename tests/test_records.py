"""Tests of the records of torch's releases, and of what is read from them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from records.changes import (
    FILES,
    Change,
    Record,
    changes,
    notes,
    now,
    number,
    of_operator,
    one_line,
    operators,
    records,
    spans,
    texts,
)
from records.reading import programs
from vjp_guide import diagnose
from vjp_guide._explain.error_table import ROWS

ROOT = Path(__file__).parent.parent
NAMES = [name for file in FILES for name, _, _ in programs(file)]
# The oldest release that the project supports.
OLDEST = re.findall(r'"torch>=([\d.]+)', (ROOT / "pyproject.toml").read_text("utf-8"))[
    0
]
NEWEST = records()[-1].torch
# From Python 3.14 on these warn in other words, that it isn't supported.
JIT = {"history-jit-script", "history-jit-trace"}
PAGES = sorted(
    path.relative_to(ROOT / "docs").as_posix()
    for part in ("*.md", "[!_]*/**/*.md")
    for path in (ROOT / "docs").glob(part)
    if "auto_examples" not in path.parts
)


def test_each_program_has_a_name_of_its_own() -> None:
    """Tests that no result hides another."""
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("record", records(), ids=lambda record: record.torch)
def test_each_release_ran_every_program(record: Record) -> None:
    """Tests that none ended early; only the oldest records may lack newer programs."""
    missing = set(NAMES) - set(record.results)

    assert not missing or number(record.torch) < number(OLDEST)
    assert records()[-1].results.keys() - record.results.keys() <= set(NAMES)
    assert record.operators
    assert all(record.results.values())


def test_a_change_that_the_release_notes_know() -> None:
    """Tests the gradient of clamp at its bounds, which pytorch#191142 changed."""
    (change,) = (each for each in changes() if each.name == "history-clamp")

    assert change == Change(
        "history-clamp",
        "the gradient of clamp at its bounds",
        "2.14",
        "(tensor([1., 1., 1.]),)",
        "(tensor([0., 1., 0.]),)",
    )
    assert sorted(texts("history-clamp").values(), key=number) == ["2.0", "2.14"]
    assert list(of_operator({"clamp"}))[-1].since == "2.14"


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("2.13.0+cpu", [("From torch 2.14 on:", "(tensor([0., 1., 0.]),)")]),
        (
            "2.14.1",
            [
                ("So since torch 2.14.", ""),
                ("In torch 2.0 to 2.13:", "(tensor([1., 1., 1.]),)"),
            ],
        ),
    ],
)
def test_a_note_says_what_other_releases_do(
    release: str, words: list[tuple[str, str]]
) -> None:
    """Tests the note with either of two releases, and with those between records."""
    assert list(notes("history-clamp", release)) == words
    assert now("history-clamp", "2.14.0.dev20260701") == spans("history-clamp")[1]
    assert now("history-clamp", "1.13") == spans("history-clamp")[0]
    assert now("no such program", release) is None


def test_what_never_changed_has_no_release() -> None:
    """Tests a text that is the same in all releases."""
    ((words, outcome),) = notes("error-no-implicit-v", NEWEST)

    assert words == f"So in each recorded release, 2.0 to {records()[-1].minor}."
    assert not outcome


def test_an_operator_became_twice_differentiable() -> None:
    """Tests the states of operators on cdist."""
    assert Change("cdist", "a second derivative", "2.14", "no", "yes") in operators()


def test_a_long_outcome_is_cut() -> None:
    """Tests the one line of a table."""
    assert one_line("a\n  b") == "a b"
    assert one_line("abcdef", 4) == "abc…"


SLUGS = {row.slug for row in ROWS if not row.generic}
# What an older release lacks altogether, and so says nothing about a derivative; the
# last is of checkpointing without the check of what is recomputed.
ABSENT = (
    *("unexpected keyword", "has no attribute 'get_", "has no attribute 'custom_op'"),
    *("not yet supported for torch", "Cannot use ReduceOp.AVG", "No module named"),
    "size of tensor a (3) must match the size of tensor b (2)",
)
PROVOKING = [
    (name, text)
    for name in NAMES
    if name.removeprefix("error-").partition(".")[0] in SLUGS
    for text in texts(name)
    if "Error: " in text and not any(sign in text for sign in ABSENT)
]


@pytest.mark.parametrize(("name", "text"), PROVOKING)
def test_diagnose_knows_the_text_of_each_release(name: str, text: str) -> None:
    """Tests that a text is recognised whichever release raised it."""
    assert diagnose(text), name


def _quoted() -> set[str]:
    """Return the programs that pages show or name."""
    pages = (ROOT / "docs" / path for path in PAGES)
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    found = re.findall(r"\{recorded\} (\S+)|\{since\}`(.+?)`", text)
    return {shown or named for shown, named in found}


def test_pages_quote_programs_that_exist() -> None:
    """Tests that no name is misspelt."""
    assert _quoted() <= set(NAMES)


@pytest.mark.skipif(sys.platform != "linux", reason="the records are of Linux")
def test_the_installed_torch_does_what_is_recorded(tmp_path: Path) -> None:
    """Tests the programs that pages show, and those that newer releases changed."""
    changed = {each.name for each in changes() if number(each.since) > number(OLDEST)}
    other = JIT if sys.version_info >= (3, 14) else set()
    names = sorted((_quoted() | changed & set(NAMES)) - other)
    path = tmp_path / "record.json"

    subprocess.run(  # noqa: S603 (this project's own module)
        [sys.executable, "records/record.py", str(path), *names],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )

    found = json.loads(path.read_text(encoding="utf-8"))["results"]
    spans_now = {name: now(name, torch.__version__) for name in names}
    assert found == {name: span.text for name, span in spans_now.items() if span}


@pytest.mark.parametrize("path", PAGES)
def test_no_page_names_a_release_by_hand(path: str) -> None:
    """Tests that the releases which pages name come from the records."""
    text = (ROOT / "docs" / path).read_text(encoding="utf-8")
    older = r"^\((error-[\w-]+)\)=\n## Before torch ([\d.]+):"

    for name, release in re.findall(older, text, re.MULTILINE):
        assert release == spans(name)[-1].first
    rest = re.sub(older, "", text, flags=re.MULTILINE)
    assert not re.findall(r"(?i)torch 2\.\d+.*|(?<![\d.])2\.1\d(?![\d.]).*", rest)
