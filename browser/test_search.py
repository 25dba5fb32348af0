"""Tests that the site's search finds pages by the words that people have at hand."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.reader import SCRIPTS_RAN, visit

HERE = Path(__file__).parent
ERRORS = "search_errors.txt", "reference/errors/"
QUESTIONS = "search_questions.txt", "reference/questions/"
# Written by somebody who knew the pages, but neither how the search ranks nor its hits.
WORDS = "search_words.txt", ""
MISMATCH = (
    "Mismatch in shape: grad_output[0] has a shape of torch.Size([4]) "
    "and output[0] has a shape of torch.Size([4, 4])."
)
SEARCH = "query => PartSearch.library.search(query).map(({ entry }) => entry.name)"


@pytest.fixture(scope="module")
def search(shared: Page) -> Page:
    """Open the search page once: the index is large."""
    visit(shared, "search.html")
    shared.wait_for_function("PartSearch.library")
    return shared


def places(search: Page, name: str, folder: str) -> Iterator[tuple[str, int]]:
    """Yield each text of a list with the place, from 0, of a page that treats it."""
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        text, names = line.split("\t")
        found: list[str] = search.evaluate(SEARCH, text)
        pages = [f"{folder}{page}" for page in names.split(",")]
        known = [found.index(page) for page in pages if page in found]
        yield text, min(known, default=len(found))


def rates(
    search: Page, name: str, folder: str, record: Callable[[str, object], None]
) -> tuple[float, float]:
    """Record and return how often the right page is the first, or among three."""
    found = dict(places(search, name, folder))
    first = sum(place == 0 for place in found.values()) / len(found)
    top = sum(place < 3 for place in found.values()) / len(found)
    missed = [text for text, place in found.items() if place > 2]
    record(name, f"{len(found)} texts, first {first:.1%}, top three {top:.1%}")
    for text in missed:
        record("missed", text)
    return first, top


def test_error_texts(
    search: Page, record_property: Callable[[str, object], None]
) -> None:
    """Tests that an error text, pasted whole, leads to its page."""
    first, top = rates(search, *ERRORS, record_property)
    assert first >= 0.95
    assert top == 1


def test_questions(
    search: Page, record_property: Callable[[str, object], None]
) -> None:
    """Tests that the questions of forums, in their words, lead to their page."""
    _, top = rates(search, *QUESTIONS, record_property)
    assert top >= 0.9


def test_words(search: Page, record_property: Callable[[str, object], None]) -> None:
    """Tests that words which the pages may lack lead to the page that treats them."""
    first, top = rates(search, *WORDS, record_property)
    assert first >= 0.6
    assert top >= 0.8


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("grad_outputs", {"explanation/grad-outputs"}),
        ("grad_outputs shape", {"how-to/shape-mismatch", "reference/errors/shapes"}),
        ("vector-Jacobian product", {"explanation/grad-outputs"}),
        ("ones_like", {"how-to/ones-like", "explanation/grad-outputs"}),
        ("MulBackward0", {"operators/entries/arithmetic"}),
        ("what is MulBackward0", {"operators/entries/arithmetic"}),
        ("log_softmax", {"operators/entries/activation"}),
        ("torch.ger", {"operators/entries/products"}),
    ],
)
def test_short_queries(search: Page, text: str, pages: set[str]) -> None:
    """Tests that a term leads to a page that explains it."""
    assert search.evaluate(SEARCH, text)[0] in pages


def test_as_a_reader(page: Page) -> None:
    """Tests the way of a reader: from the menu, by keys, to the section."""
    visit(page, "index.html")
    page.keyboard.press("/")
    page.keyboard.type("RuntimeError: got 2 tensors and 1 gradients")
    page.keyboard.press("Enter")
    hit = page.locator("#search-results li a").first
    expect(hit).to_contain_text("got 2 tensors and 1 gradients")
    hit.click()
    expect(page.locator("#error-number-of-cotangents h2")).to_be_in_viewport()


def test_no_hit(page: Page) -> None:
    """Tests that a word which no page holds finds nothing, and says so."""
    visit(page, "search.html?q=zzzqqq")
    expect(page.locator(".search-summary")).to_contain_text("No page holds")


@pytest.mark.parametrize(
    "text",
    [
        MISMATCH,
        "got 2 tensors and 1 gradients",
        "One of the differentiated Tensors does not require grad",
    ],
)
def test_errors_without_their_kind(search: Page, text: str) -> None:
    """Tests that an error text without "RuntimeError:" leads to the errors."""
    assert search.evaluate(SEARCH, text)[0].startswith("reference/errors/")


def test_hits_are_not_marked(page: Page) -> None:
    """Tests that no page marks the words, or single letters, of an earlier search."""
    visit(page, "search.html?q=f(x) must be scalar")
    page.locator("#search-results li a").first.click()
    expect(page).not_to_have_url(re.compile("search"))
    page.wait_for_selector(SCRIPTS_RAN, state="attached")
    assert page.locator(".highlighted").count() == 0


def test_objects(page: Page) -> None:
    """Tests that a part of a name finds the names of the package."""
    visit(page, "search.html?q=dot_product")
    hits = page.locator("#search-results li a")
    expect(hits.nth(1)).to_contain_text("vjp_guide.dot_product_test")
