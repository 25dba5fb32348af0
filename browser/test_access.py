"""Tests of what readers of screens and users of keys alone are told and can reach."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from browser.reader import lay_out, visit

PROSE = "explanation/grad-outputs.html"
TERMS = "explanation/jvp-and-adjoint.html"
PHONE: ViewportSize = {"width": 375, "height": 700}
MENU = "Toggle site navigation sidebar", ".sidebar-drawer"
CONTENTS = "Toggle table of contents sidebar", ".toc-drawer"
ICONS = ".nav-overlay-icon", ".toc-header-icon"
INSIDE = """(drawer) => document.activeElement === document.body ||
  drawer.contains(document.activeElement)"""
LINKS = """[...document.querySelectorAll("article a[href]:not(.headerlink)")]
  .map((link) => [link.ariaLabel ?? link.textContent, link.href])"""
SCROLLS = re.compile("(Code|Table|Formula|Output), scrolls")
COLOUR = "e => getComputedStyle(e).color"
TOP = "e => e.getBoundingClientRect().top"
DEFINITION = "e => getComputedStyle(e, '::after').content"


def told(page: Page, role: str) -> Iterator[str]:
    """Yield the names of a role as the browser tells them, with those of drawings."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    for node in tree["nodes"]:
        if not node["ignored"] and node["role"]["value"] == role:
            yield node["name"]["value"]


@pytest.mark.parametrize(("name", "drawer"), [MENU, CONTENTS])
def test_drawer_by_keys(page: Page, name: str, drawer: str) -> None:
    """Tests that an open drawer holds the focus, and that Escape gives it back."""
    page.set_viewport_size(PHONE)
    visit(page, PROSE)
    button = page.get_by_role("button", name=name).locator("visible=true")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    links = page.locator(f"{drawer} a").locator("visible=true")
    expect(links.first).to_be_focused()
    for _ in range(links.count() + 5):
        page.keyboard.press("Tab")
        assert page.locator(drawer).evaluate(INSIDE)
    page.keyboard.press("Escape")
    expect(page.locator(drawer)).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Tab")
    assert page.locator(drawer).evaluate("e => !e.contains(document.activeElement)")


def test_drawer_closes_behind_its_links(page: Page) -> None:
    """Tests that a section chosen from the contents isn't covered by them."""
    page.set_viewport_size(PHONE)
    visit(page, PROSE)
    page.locator(ICONS[1]).click()
    page.locator(".toc-drawer a").last.click()
    expect(page.locator(".toc-drawer")).to_be_hidden()
    expect(page.locator("section:target")).to_be_in_viewport()


@pytest.mark.parametrize("label", ICONS)
def test_drawer_of_a_turned_screen(page: Page, label: str) -> None:
    """Tests that the page is free again where the screen has room for both."""
    page.set_viewport_size(PHONE)
    visit(page, PROSE)
    page.locator(label).click()
    expect(page.locator(".content[inert]")).to_be_attached()
    page.set_viewport_size({"width": 1600, "height": 800})
    expect(page.locator("[inert]")).to_have_count(0)


def test_drawers_without_scripts(browser: Browser, site: str) -> None:
    """Tests that keys open the drawers where no script helps."""
    with browser.new_context(
        base_url=site, java_script_enabled=False, viewport=PHONE
    ) as context:
        page = context.new_page()
        page.goto(PROSE)
        for icon, (_, drawer) in zip(ICONS, (MENU, CONTENTS), strict=True):
            page.keyboard.press("Tab")
            expect(page.locator(icon)).to_have_css("outline-style", "solid")
            page.keyboard.press("Space")
            expect(page.locator(drawer)).to_be_visible()
            page.keyboard.press("Space")
            expect(page.locator(drawer)).to_be_hidden()


def test_submenu_by_keys(page: Page) -> None:
    """Tests that a part of the menu closes and opens by keys."""
    visit(page, PROSE)
    toggle = page.get_by_role("button", name="Toggle navigation of Explanation")
    page.locator(".sidebar-tree .has-children > a").focus()
    page.keyboard.press("Tab")
    expect(toggle).to_be_focused()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".sidebar-tree .toctree-l2").first).to_be_hidden()
    page.keyboard.press("Space")
    expect(page.locator(".sidebar-tree .toctree-l2").first).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_definition_on_focus(page: Page, width: int) -> None:
    """Tests that the definition of a term moves nothing, fits and can be dismissed."""
    page.set_viewport_size({"width": width, "height": 800})
    visit(page, TERMS)
    page.keyboard.press("Tab")
    following = page.locator("article section").last
    for link in page.locator("article a:has(> .std-term)").all():
        link.scroll_into_view_if_needed()
        before = following.evaluate(TOP)
        link.focus()
        assert len(link.evaluate(DEFINITION)) > len('"a few words"')
        assert following.evaluate(TOP) == before
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.keyboard.press("Escape")
        assert link.evaluate(DEFINITION) == "none"
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        assert link.evaluate(DEFINITION) != "none"


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("key", ["/", "Control+k", "Meta+k"])
def test_search_by_keys(page: Page, key: str, width: int) -> None:
    """Tests that keys lead to the search, on a phone too."""
    page.set_viewport_size({"width": width, "height": 800})
    visit(page, PROSE)
    page.keyboard.press(key)
    field = page.locator(".search-dialog textarea")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    page.keyboard.type("a/b")
    expect(field).to_have_value("a/b")


def test_names_of_next_and_previous(page: Page) -> None:
    """Tests that the arrows add no words to the links."""
    visit(page, "tutorials/first-vjp.html")
    names = [name for name in told(page, "link") if re.match("Next|Previous", name)]
    titles = page.locator(".related-pages .title").all_inner_texts()
    assert names == [f"Next {titles[0]}", f"Previous {titles[1]}"]


def test_landmarks(page: Page) -> None:
    """Tests that the menu and the contents are navigation, each with a name."""
    page.set_viewport_size({"width": 1600, "height": 800})
    visit(page, PROSE)
    assert {"Site", "On this page"} <= set(told(page, "navigation"))
    assert not list(told(page, "complementary"))


@pytest.mark.parametrize(
    "path", ["operators/entries/linalg.html", "tutorials/exercises.html"]
)
def test_a_name_leads_to_one_place(page: Page, path: str) -> None:
    """Tests that no two links, and no two boxes that open, have the same name."""
    visit(page, path)
    lay_out(page)
    places = defaultdict(set)
    for name, address in page.evaluate(LINKS):
        places[name].add(address)
    assert {name for name, found in places.items() if len(found) > 1} == set()
    boxes = Counter(told(page, "DisclosureTriangle"))
    assert boxes.total() > 20
    assert max(boxes.values()) == 1


def test_row_headers(page: Page) -> None:
    """Tests that the first cell of a row names it."""
    visit(page, "operators/index.html")
    expect(page.get_by_role("rowheader", name="einsum")).to_have_count(1)
    visit(page, "reference/names.html")
    expect(page.get_by_role("rowheader", name="torch.func.vjp")).to_have_count(1)


def test_boxes_that_scroll_have_names(page: Page) -> None:
    """Tests that what Tab stops at in the text tells what it is."""
    page.set_viewport_size(PHONE)
    visit(page, "reference/names.html")
    stops = page.locator("article [tabindex='0']")
    expect(stops.first).to_be_attached()
    for stop in stops.all():
        expect(stop).to_have_role("group")
        expect(stop).to_have_accessible_name(
            re.compile(r"(Code|Table|Formula|Output), scrolls")
        )


def test_the_theme_is_told(page: Page) -> None:
    """Tests that the button's name tells the mode, also after a press."""
    visit(page, PROSE)
    button = page.locator(".theme-toggle-content button")
    expect(button).to_have_accessible_name(re.compile("auto$"))
    button.click()
    expect(button).to_have_accessible_name(re.compile("dark$"))


def test_copying_is_told(browser: Browser, site: str) -> None:
    """Tests that a reader of screens hears that the code is copied."""
    with browser.new_context(base_url=site) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        visit(page, "reference/names.html")
        page.locator("button.copybtn").first.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Copied")
        expect(page.get_by_role("status")).to_have_text("")


def test_search_without_scripts(browser: Browser, site: str) -> None:
    """Tests that the search page leads to the lists of what it would find."""
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("search.html")
        for form in page.locator("article form").all():
            expect(form).to_be_hidden()
        links = page.locator("article .search-lists a")
        addresses = [link.get_attribute("href") for link in links.all()]
        assert len(addresses) >= 3
        for address in addresses:
            assert page.request.get(f"{site}{address}").ok


def test_lost_readers_find_the_search(page: Page) -> None:
    """Tests that the page for a wrong address links to the search."""
    page.goto("no/such/page.html")
    page.locator("article").get_by_role("link", name="search").click()
    expect(page.get_by_role("heading", name="Search")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_symbols_have_one_colour(page: Page, theme: Literal["light", "dark"]) -> None:
    """Tests that text and formulas agree on the colour of a symbol."""
    page.emulate_media(color_scheme=theme)
    visit(page, "reference/notation.html")
    letters = {name: page.locator(f"math mi:text-is('{name}')") for name in "xyvJV"}
    formulas = {name: mi.first.evaluate(COLOUR) for name, mi in letters.items()}
    assert formulas["V"] == formulas["v"]
    assert len(set(formulas.values())) == 4
    visit(page, "reference/jacobian.html")
    for name in "xyvJ":
        word = page.locator(f"article :not(a) > code:text-is('{name}')").first
        assert word.evaluate(COLOUR) == formulas[name]


def test_an_accent_makes_another_symbol(page: Page) -> None:
    """Tests that a name of v isn't in the colour of y, nor a tangent in that of x."""
    visit(page, "reference/names.html")
    letters = page.locator("mover mi")
    expect(letters).to_have_count(3)
    plain = page.locator("math mi:text-is('r')").first.evaluate(COLOUR)
    assert {letter.evaluate(COLOUR) for letter in letters.all()} == {plain}
    visit(page, "operators/entries/decompositions.html")
    assert page.locator("math mi:text-is('V')").count() > 1
    expect(page.locator("math .vjp-V")).to_have_count(0)


def test_variables_of_the_gallery_are_no_links(page: Page) -> None:
    """Tests that code has a Tab stop for each function and none for each variable."""
    visit(page, "auto_examples/plot_30_complex_gradient.html")
    links = page.locator("article pre a").all_inner_texts()
    assert any("torch." in text for text in links)
    assert all(len(text) > 1 for text in links)
