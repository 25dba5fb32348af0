"""Tests of the answer boxes of the puzzles and the exercises."""

import html
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.reader import visit
from browser.serve import SITE

TUTORIALS = SITE.parents[1] / "tutorials"
PUZZLES = (TUTORIALS / "puzzles.md").read_text(encoding="utf-8")
EXERCISES = (TUTORIALS / "exercises.md").read_text(encoding="utf-8")
SOLUTIONS = re.findall(r"^In the page: `(.+)`\.$", PUZZLES, re.MULTILINE)
CHOICES = re.findall(r"<label data-right>.*?<code>(.*?)</code>", EXERCISES)
# Programs are left out: their answers are names.
ANSWERS = re.findall(r"^>>> check_(\d+)\(([\[(].*)\)$", EXERCISES, re.MULTILINE)


def box(page: Page, number: int | str) -> Locator:
    """Return the form of an exercise."""
    return page.locator("form.answer", has_text=f"check_{number}:")


@pytest.mark.parametrize("number", range(1, 11))
def test_solutions_of_puzzles(page: Page, number: int) -> None:
    """Tests that the solution is right, and that wrong entries are shown."""
    visit(page, "tutorials/puzzles.html")
    form = page.locator(f".puzzle[data-name='puzzle-{number}'] form")
    form.get_by_role("textbox").fill("0.125")
    expect(form.locator("output")).to_contain_text("Not yet: ")
    assert form.locator("td.wrong").count() > 0
    form.get_by_role("textbox").fill(SOLUTIONS[number - 1])
    expect(form.locator("output")).to_contain_text(
        re.compile(r"Right: all \d+ entries")
    )
    assert form.locator("td.wrong").count() == 0
    expect(page.locator(".progress-line")).to_contain_text("1 of 10 solved")


def test_answers_of_exercises(page: Page) -> None:
    """Tests that each answer that a solution passes to its check is right here too."""
    visit(page, "tutorials/exercises.html")
    last = dict(ANSWERS)
    assert len(last) >= 12
    for number, answer in last.items():
        form = box(page, number)
        form.get_by_role("textbox").fill("[0, 1, 2, 3, 4, 5, 6]")
        expect(form.locator("output")).to_contain_text("Not yet")
        form.get_by_role("textbox").fill(answer)
        expect(form.locator("output")).to_have_text("Right.")


def test_shapes_are_clicked(page: Page) -> None:
    """Tests that a shape is put together from cells, by the keyboard too."""
    visit(page, "tutorials/exercises.html")
    form = box(page, 1)
    form.get_by_role("button", name="2", exact=True).click()
    form.get_by_role("button", name="3", exact=True).press("Enter")
    expect(form.get_by_role("textbox")).to_have_value("(2, 3)")
    form.get_by_role("button", name="remove the last").click()
    form.get_by_role("button", name="4", exact=True).click()
    expect(form.locator("output")).to_have_text("Right.")


def test_truths_are_clicked(page: Page) -> None:
    """Tests that booleans are switched one by one."""
    visit(page, "tutorials/exercises.html")
    form = box(page, 6)
    for number in (0, 1, 2, 4):
        form.get_by_role("button", name=f"{number}: False").click()
    expect(form.locator("output")).to_have_text("Right.")


def test_lines_are_chosen(page: Page) -> None:
    """Tests that one line of a choice is right, and that the browser remembers it."""
    visit(page, "tutorials/exercises.html")
    choices = page.locator("fieldset.choice")
    assert choices.count() == len(CHOICES) >= 5
    for choice, code in zip(choices.all(), map(html.unescape, CHOICES), strict=True):
        for label in choice.locator("label").all():
            label.locator("input").check()
            right = label.locator("code").text_content() == code
            answer = "Right." if right else "Not yet"
            expect(choice.locator("output")).to_contain_text(answer)
    solved = f"{len(CHOICES)} of "
    expect(page.locator(".progress-line")).to_contain_text(solved)
    page.reload()
    expect(page.locator(".progress-line")).to_contain_text(solved)
    expect(choices.first.locator("output")).to_have_text("Solved before.")


@pytest.mark.parametrize("number", [5, 17, 22])
def test_a_link_to_an_exercise_stays_there(page: Page, number: int) -> None:
    """Tests that boxes that appear above it don't push an exercise off the screen."""
    visit(page, f"tutorials/exercises.html#exercise-{number:02}")
    expect(box(page, max(dict(ANSWERS), key=int))).to_be_attached()
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    heading = page.locator(f"#exercise-{number:02} > h2")
    top = heading.evaluate("heading => heading.getBoundingClientRect().top")
    assert 0 <= top < 200
