"""Tests of every page: it loads, fits, reads and is accessible in both themes."""

from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from browser.serve import pages

# The rules whose result depends on the theme.
CONTRAST = ["color-contrast", "link-in-text-block"]
# Compressed bytes of a page with all that it loads. The landing page has a figure,
# others show thumbnails of the gallery, and the search loads its index.
TEXT = 90_000
BUDGETS = {
    "index.html": 120_000,
    "reference/contract.html": 180_000,
    "search.html": 300_000,
}
GALLERY = 450_000
WIDTHS = (320, 768, 1280, 1920)
# The widest thing on the page that no scroll container holds.
OVERFLOWING = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (node) => node && node !== document.body &&
    (/auto|scroll|hidden|clip/.test(getComputedStyle(node).overflowX) ||
      scrolls(node.parentElement));
  return [...document.querySelectorAll("body *")]
    .filter((node) => node.getBoundingClientRect().right > width + 1)
    .filter((node) => !scrolls(node.parentElement) && !scrolls(node))
    .filter((node) => node.checkVisibility())
    .map((node) => node.outerHTML.slice(0, 200));
}"""
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


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
    return GALLERY if path.startswith("auto_examples/") else BUDGETS.get(path, TEXT)


@pytest.mark.parametrize("path", pages())
def test_loads(browser: Browser, site: str, path: str) -> None:
    """Tests that a page loads little, from here alone, under the policy."""
    problems = Problems()
    with browser.new_page(base_url=site) as page:
        problems.watch(page, site)
        page.goto(path)
    assert problems.found == []
    assert problems.weight <= budget(path)


@pytest.mark.parametrize("path", pages())
def test_fits(shared: Page, path: str) -> None:
    """Tests that nothing overflows, from a small phone to a wide screen."""
    shared.goto(path)
    for width in WIDTHS:
        shared.set_viewport_size({"width": width, "height": 800})
        if shared.evaluate(SCROLLS):
            pytest.fail(f"{width} pixels: {shared.evaluate(OVERFLOWING)}")


@pytest.mark.parametrize("path", pages())
def test_axe(shared: Page, path: str) -> None:
    """Tests that axe-core finds nothing that shuts a reader out, in either theme."""
    shared.emulate_media(color_scheme="light")
    shared.goto(path)
    assert violations(shared, {}) == []
    shared.emulate_media(color_scheme="dark")
    assert violations(shared, {"runOnly": CONTRAST}) == []


def violations(page: Page, options: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return the rules that axe-core finds broken, each with its element."""
    results = Axe().run(page, options={"resultTypes": ["violations"], **options})
    return [
        (rule["id"], node["html"][:200])
        for rule in results.response["violations"]
        for node in rule["nodes"]
        # To this rule a formula is no text; readers of screens read it.
        if rule["id"] != "empty-table-header" or "<math" not in node["html"]
    ]
