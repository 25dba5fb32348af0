"""Tests of the records of torch's releases, and of what is read from them."""

import pytest

from records.changes import (
    Change,
    Record,
    changes,
    one_line,
    operators,
    records,
    since,
    texts,
)
from records.record import programs, read
from vjp_guide import diagnose
from vjp_guide._explain.error_table import ROWS

NAMES = [
    name
    for file in ("errors", "mistakes", "facts")
    for name, _, _ in programs(read(file))
]


def test_each_program_has_a_name_of_its_own() -> None:
    """Tests that no result hides another."""
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("record", records(), ids=lambda record: record.torch)
def test_each_release_ran_every_program(record: Record) -> None:
    """Tests that no record is of older programs, and that no program ended early."""
    assert set(NAMES) <= set(record.results)
    assert record.results.keys() == records()[-1].results.keys()
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
    assert since("history-clamp") == "2.14"
    assert list(texts("history-clamp").values()) == ["2.0", "2.14"]


def test_what_never_changed_has_no_release() -> None:
    """Tests a text that is the same in all releases."""
    assert since("error-no-implicit-v") == ""
    assert list(texts("error-no-implicit-v").values()) == ["2.0"]


def test_an_operator_became_twice_differentiable() -> None:
    """Tests the states of operators on cdist."""
    assert Change("cdist", "a second derivative", "2.14", "no", "yes") in operators()


def test_a_long_outcome_is_cut() -> None:
    """Tests the one line of a table."""
    assert one_line("a\n  b") == "a b"
    assert one_line("abcdef", 4) == "abc…"


SLUGS = {row.slug for row in ROWS if not row.generic}
ABSENT = ("unexpected keyword", "has no attribute 'get_", "not yet supported for torch")
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
