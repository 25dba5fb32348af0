"""Tests of the choices in the exercises: one line alone mends each program."""

import doctest
import html
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path("docs/tutorials/exercises.md").read_text(encoding="utf-8")
SECTIONS = {
    name: section
    for name, section in re.findall(
        r"^\((exercise-\d+)\)=\n(.*?)(?=^\(exercise-|\Z)",
        PAGE,
        re.MULTILINE | re.DOTALL,
    )
    if 'class="choice"' in section
}
FIRST = PAGE.partition("(exercise-01)=")[0]
LABEL = re.compile(r"<label( data-right)?>.*?<code>(.*?)</code>")


def programs(text: str) -> list[str]:
    """Return the sources of the examples that come before a solution."""
    examples = doctest.DocTestParser().get_examples(
        text.partition("Solution</summary>")[0]
    )
    return [example.source for example in examples]


def passes(section: str, line: str, choice: str) -> bool:
    """Tell whether the exercise's check takes the program with the chosen line."""
    names: dict[str, Any] = {}
    for source in [*programs(FIRST), *programs(section)]:
        if re.match(r"(def|class|import|from|\w+(, \w+)* =)", source):
            exec(source, names)  # noqa: S102 - the page's own program
    (faulty,) = [source for source in programs(section) if line in source]
    exec(faulty.replace(line, choice), names)  # noqa: S102
    (mended,) = re.findall(r"^(?:def|class) (\w+)", faulty)
    (check,) = [names[name] for name in names if re.fullmatch(r"check_\d+", name)]
    try:
        return bool(check(names[mended]) == "right")
    except (RuntimeError, IndexError):
        return False


@pytest.mark.parametrize("name", SECTIONS)
def test_one_choice_is_right(name: str) -> None:
    """Tests each line with the exercise's own check, and what the page says of it."""
    section = SECTIONS[name]
    (line,) = re.findall(r'data-line="(.*?)"', section)
    labels = LABEL.findall(section)
    marked = [bool(right) for right, _ in labels]
    found = [
        passes(section, html.unescape(line), html.unescape(code)) for _, code in labels
    ]
    assert found == marked
    assert sum(marked) == 1
    assert len(labels) >= 3


def test_programs_have_choices() -> None:
    """Tests that the page has several such exercises."""
    assert len(SECTIONS) >= 5
