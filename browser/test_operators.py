"""Tests of the operator atlas: its index, by keys and without scripts, and its data."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from playwright.sync_api import Browser, Page, expect

from browser.reader import visit
from browser.serve import SITE

INDEX = "operators/index.html"
ROWS = "#op-table tbody tr"
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
FILTERABLE = "() => document.querySelector('.op-filter output').textContent"
TRIES = 20  # since other work on the machine delays some
SECOND = 1000
DATA = json.loads((SITE / "operators/operators.json").read_text(encoding="utf-8"))
OPERATORS = len(DATA["entries"]) + len(DATA["without"])


def shown(page: Page) -> int:
    """Return how many rows are shown, which the count must tell too."""
    rows = page.locator(f"{ROWS}:visible").count()
    expect(page.locator(".op-filter output")).to_have_text(
        f"{rows} of {OPERATORS} operators"
    )
    return rows


def test_name_filter(page: Page) -> None:
    """Tests that typing narrows the table, by part, alias and several words."""
    visit(page, INDEX)
    assert shown(page) == OPERATORS
    field = page.get_by_label("Name")
    field.fill("softmax")
    assert 1 < shown(page) < 12
    field.fill("ger")
    expect(page.locator(f"{ROWS}:visible", has_text="outer")).to_have_count(1)
    field.fill("nn.functional relu")
    assert 1 < shown(page) < 12
    field.fill("zzz")
    assert shown(page) == 0


@pytest.mark.parametrize(
    ("typed", "first"),
    [("softmax", "softmax"), ("relu", "nn.functional.relu"), ("ger", "outer")],
)
def test_exact_names_come_first(page: Page, typed: str, first: str) -> None:
    """Tests that what somebody typed in full stands above what contains it."""
    visit(page, INDEX)
    page.get_by_label("Name").fill(typed)
    expect(page.locator(f"{ROWS}:visible a").first).to_have_text(first)


def test_chips_say_what_they_mean(page: Page) -> None:
    """Tests that each word of the last column tells its meaning."""
    visit(page, INDEX)
    chip = page.locator(ROWS).get_by_text("twice", exact=True).first
    chip.hover()
    expect(chip).to_have_attribute("title", re.compile("differentiated"))


def test_contents_at_the_side(page: Page) -> None:
    """Tests that the entries of a long page are listed beside it."""
    page.set_viewport_size({"width": 1600, "height": 800})
    visit(page, "operators/entries/activation.html")
    contents = page.get_by_role("navigation", name="On this page")
    contents.get_by_role("link", name="softmax", exact=True).click()
    expect(page.locator('[id="torch.softmax"]')).to_be_in_viewport()


def test_all_rows_on_a_phone(page: Page) -> None:
    """Tests that the rows which a phone leaves out at first come when they are due."""
    page.set_viewport_size({"width": 390, "height": 800})
    visit(page, INDEX)
    rows = page.locator(f"{ROWS}:visible")
    assert 40 < rows.count() < 60
    rows.nth(30).scroll_into_view_if_needed()
    expect(rows).to_have_count(OPERATORS)
    visit(page, INDEX)
    page.get_by_label("Name").fill("softmax")
    assert 1 < shown(page) < 12


@pytest.mark.parametrize(
    ("label", "column", "key"),
    [("Group", 1, "F"), ("Inputs", 2, "3"), ("State", 3, "g"), ("More", 4, "f")],
)
def test_choices_by_keys(page: Page, label: str, column: int, key: str) -> None:
    """Tests that each choice is reached by Tab, made by a letter and undone."""
    visit(page, INDEX)
    page.get_by_label("Name").focus()
    choice = page.get_by_label(label)
    for _ in range(column):
        page.keyboard.press("Tab")
    expect(choice).to_be_focused()
    page.keyboard.press(key)
    value = choice.input_value()
    assert value.lower().startswith(key.lower())
    rows = page.locator(f"{ROWS}:visible td:nth-child({column + 1})").all_inner_texts()
    assert len(rows) == shown(page)
    assert 0 < len(rows) < OPERATORS
    assert all(value in row for row in rows)
    page.keyboard.press("Home")
    assert shown(page) == OPERATORS


def test_enter_opens_the_first(page: Page) -> None:
    """Tests that the entry that was looked for is opened, at its heading."""
    visit(page, INDEX)
    page.get_by_label("Name").fill("einsum")
    page.keyboard.press("Enter")
    page.wait_for_url("**/operators/entries/*.html#torch.einsum")
    heading = page.locator('[id="torch.einsum"]')
    expect(heading).to_be_in_viewport()
    expect(heading).to_contain_text("torch.einsum")


def test_table_without_scripts(browser: Browser, site: str) -> None:
    """Tests that the table is whole, and that each link has a target."""
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(INDEX)
        expect(page.locator(f"{ROWS}:visible")).to_have_count(OPERATORS)
        expect(page.locator(".op-filter")).to_be_hidden()
        page.locator(ROWS).get_by_role("link", name="softmax", exact=True).click()
        expect(page.locator('[id="torch.softmax"]')).to_be_in_viewport()


def test_opening_time(
    browser: Browser, site: str, record_property: Callable[[str, object], None]
) -> None:
    """Tests that the index opens in less than a second."""
    loaded = filterable = math.inf
    for _ in range(TRIES):
        if loaded >= SECOND:
            loaded, filterable = opening_times(browser, site)
    record_property("ms until the index of the operators is loaded", round(loaded))
    record_property("ms until its filter works", round(filterable))
    assert 0 < loaded < SECOND


def opening_times(browser: Browser, site: str) -> tuple[float, float]:
    """Return the milliseconds until a new reader has the index, and can filter it."""
    with browser.new_page(base_url=site) as page:
        page.goto(INDEX, wait_until="load")
        loaded = page.evaluate(LOADED)
        page.wait_for_function(FILTERABLE)
        return loaded, page.evaluate("performance.now()")


def test_data_fits_its_schema() -> None:
    """Tests the file that readers download with the schema beside it."""
    path: Path = SITE / "operators/operators.schema.json"
    jsonschema.validate(DATA, json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted((SITE / "operators").rglob("*.html")))
def test_size(path: Path) -> None:
    """Tests that no page of the atlas is over 200 kB."""
    assert path.stat().st_size < 200_000
