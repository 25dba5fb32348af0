"""Tests of every page: it loads, fits, reads and is accessible in both themes."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from browser.reader import lay_out, visit
from browser.serve import pages

# axe-core takes seconds for the contrast of each word of code, and styles are few: it
# checks one element of each, unless it is asked for all.
SAMPLE = """() => {
  const seen = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const texts = [...node.childNodes].filter((child) => child.nodeType === 3);
    const text = texts.some((child) => child.data.trim());
    const { color, fontSize, fontWeight, opacity } = getComputedStyle(node);
    const style = [text, color, fontSize, fontWeight, opacity];
    for (let box = node; box; box = box.parentElement)
      style.push(getComputedStyle(box).backgroundColor);
    const key = style.filter((part) => part !== "rgba(0, 0, 0, 0)").join();
    node.toggleAttribute("data-sample", text && !seen.has(key));
    seen.add(key);
  }
}"""
COLOURS = ["color-contrast", "link-in-text-block"]
# Compressed bytes of a page with all that it loads. The landing page and the examples
# have figures, the index of the gallery its thumbnails, the search its index; exercises
# and puzzles compute, and the machine draws as well.
TEXT = 90_000
FIGURES = 120_000
SEARCH = MACHINE = 150_000
WIDTHS = (320, 768, 1024, 1280, 1920)
A4 = 718  # pixels between margins of a centimetre
PHONE_AND_DESK = 390, 1400  # a wide desk, which has the contents beside the article
# The widest thing on the page that no scroll container holds.
OVERFLOWING = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (node) => node && !node.matches("body, .content") &&
    (/auto|scroll|hidden|clip/.test(getComputedStyle(node).overflowX) ||
      scrolls(node.parentElement));
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > width + 1)
    .filter((node) => !scrolls(node.parentElement) && !scrolls(node))
    .filter((node) => node.checkVisibility())
    .map((node) => node.outerHTML.slice(0, 200));
}"""
SCROLLS = """[document.documentElement, document.querySelector(".content")]
  .some((box) => box.scrollWidth > box.clientWidth)"""
# Text on the screen that is hard to read, without indices, which are parts of a word.
SMALL = """() => [...document.querySelectorAll("body *")]
  .filter((node) => [...node.childNodes].some(
    (child) => child.nodeType === Node.TEXT_NODE && child.data.trim()))
  .filter((node) => parseFloat(getComputedStyle(node).fontSize) < 12)
  .filter((node) => !node.closest("sup, sub, math"))
  .filter((node) => node.checkVisibility({ visibilityProperty: true }))
  .map((node) => node.outerHTML.slice(0, 200))"""
# What paper cuts off, for it can't scroll.
CUT = """() => {
  const edge = document.querySelector("[role=main]").getBoundingClientRect().right;
  return [...document.querySelectorAll("[role=main] :is(pre, table, img, svg, math)")]
    .filter((node) => node.checkVisibility())
    .filter((node) => node.getBoundingClientRect().right > edge + 1 ||
      node.matches("pre") && node.scrollWidth > node.clientWidth)
    .map((node) => node.outerHTML.slice(0, 200));
}"""


@dataclass  # without slots: Playwright marks the methods that it calls
class Problems:
    """What a reader's browser complains of, and how many bytes it loads."""

    found: list[str] = field(default_factory=list)
    weight: int = 0

    def watch(self, page: Page, origin: str) -> None:
        """Note the errors of a page, its failed requests and its outside requests."""
        page.on("pageerror", lambda error: self.found.append(str(error)))
        page.on("requestfailed", lambda request: self.found.append(request.url))
        page.on("response", lambda response: self._check(response, origin))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.found.append(message.text)

    def _check(self, response: Response, origin: str) -> None:
        self.weight += int(response.headers["content-length"])
        if not response.ok or not response.url.startswith(origin):
            self.found.append(f"{response.status} {response.url}")


def budget(path: str) -> int:
    """Return how many bytes a page may take."""
    if path in {"search.html", "machine.html"}:
        return SEARCH if path == "search.html" else MACHINE
    large = "index|auto_examples/|tutorials/(exercises|puzzles)"
    return FIGURES if re.match(large, path) else TEXT


@pytest.fixture(scope="module", params=pages())
def opened(
    request: pytest.FixtureRequest, browser: Browser, site: str
) -> Iterator[tuple[str, Page, Problems]]:
    """Open each page once, for all tests, as one who has never been here."""
    problems = Problems()
    with browser.new_page(base_url=site) as page:
        problems.watch(page, site)
        visit(page, request.param)
        lay_out(page)
        yield request.param, page, problems


def test_loads(opened: tuple[str, Page, Problems]) -> None:
    """Tests that a page loads little, from here alone, under the policy."""
    path, _, problems = opened
    assert problems.found == []
    assert problems.weight <= budget(path)


def test_fits(opened: tuple[str, Page, Problems]) -> None:
    """Tests that nothing overflows, from a small phone to a wide screen."""
    _, page, _ = opened
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate(SCROLLS):
            pytest.fail(f"{width} pixels: {page.evaluate(OVERFLOWING)}")


def test_no_small_text(opened: tuple[str, Page, Problems]) -> None:
    """Tests that no text is smaller than 12 pixels."""
    _, page, _ = opened
    for width in PHONE_AND_DESK:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(SMALL) == []


def test_prints(opened: tuple[str, Page, Problems]) -> None:
    """Tests that paper shows all of the code, tables, figures and formulas."""
    _, page, _ = opened
    page.set_viewport_size({"width": A4, "height": 1050})
    page.emulate_media(media="print")
    assert page.evaluate(CUT) == []
    page.emulate_media(media="screen")


def test_axe(opened: tuple[str, Page, Problems], pytestconfig: pytest.Config) -> None:
    """Tests that axe-core finds nothing that shuts a reader out, in either theme."""
    _, page, _ = opened
    contrast = "*" if pytestconfig.getoption("all_contrast") else "[data-sample]"
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    assert violations(page, contrast) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, contrast, runOnly=COLOURS) == []


def violations(page: Page, contrast: str, **options: object) -> list[tuple[str, str]]:
    """Return the rules that axe-core finds broken, each with its element."""
    page.evaluate(SAMPLE)
    rules = json.dumps({"rules": [{"id": "color-contrast", "selector": contrast}]})
    script = "" if page.evaluate("'axe' in globalThis") else AXE_SCRIPT
    axe = Axe(f"{script};axe.configure({rules})")
    options |= {"resultTypes": ["violations"], "preload": False}
    results = axe.run(page, options=options)
    return [
        (rule["id"], node["html"][:200])
        for rule in results.response["violations"]
        for node in rule["nodes"]
        # To this rule a formula is no text; readers of screens read it.
        if rule["id"] != "empty-table-header" or "<math" not in node["html"]
    ]
