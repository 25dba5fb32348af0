"""Tests of what readers do with a page: keys, copying, menus, themes, printing."""

import re

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from browser.reader import SCRIPTS_RAN, visit

PROSE = "explanation/grad-outputs.html"
ERRORS = "reference/errors/missing-v.html"
PHONE: ViewportSize = {"width": 375, "height": 700}
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  const box = document.activeElement.getBoundingClientRect();
  return {
    html: document.activeElement.outerHTML.slice(0, 120),
    outlined: style.outlineStyle !== "none" && style.outlineWidth !== "0px",
    onScreen: box.right > 0 && box.left < innerWidth && box.bottom > 0,
  };
}"""


def test_skip_link(page: Page) -> None:
    """Tests that the first key press leads past the menus."""
    visit(page, PROSE)
    page.keyboard.press("Tab")
    expect(page.locator(".skip-to-content")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**#furo-main-content")


@pytest.mark.parametrize("path", ["index.html", PROSE, ERRORS])
def test_focus_is_visible(page: Page, path: str) -> None:
    """Tests that each element reached by Tab is outlined and on the screen."""
    page.emulate_media(reduced_motion="reduce")
    visit(page, path)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        focus = page.evaluate(FOCUS)
        assert focus["outlined"], focus["html"]
        assert focus["onScreen"], focus["html"]


def test_phone_menu(page: Page) -> None:
    """Tests that the menu opens and closes by touch."""
    page.set_viewport_size(PHONE)
    visit(page, PROSE)
    link = page.locator(".sidebar-tree a").first
    expect(link).not_to_be_in_viewport()
    page.locator(".nav-overlay-icon").click()
    expect(link).to_be_in_viewport()
    page.locator(".sidebar-overlay").click(position={"x": 360, "y": 300})
    expect(link).not_to_be_in_viewport()


def test_phone_menu_by_keys(page: Page) -> None:
    """Tests that the menu opens by keys, and is skipped while it is closed."""
    page.set_viewport_size(PHONE)
    visit(page, PROSE)
    menu = page.get_by_role("button", name="Toggle site navigation sidebar")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".sidebar-tree a").first).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator(".sidebar-drawer")).to_be_hidden()


def test_theme(page: Page) -> None:
    """Tests that the theme follows the system until the reader chooses one."""
    page.emulate_media(color_scheme="dark")
    visit(page, PROSE)
    dark = page.evaluate(BACKGROUND)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(BACKGROUND)
    assert light != dark
    page.locator(".theme-toggle-content button").click()
    assert page.evaluate("localStorage.theme") == "dark"
    assert page.evaluate(BACKGROUND) == dark
    visit(page, ERRORS)
    assert page.evaluate(BACKGROUND) == dark


def test_copy_without_prompts(browser: Browser, site: str) -> None:
    """Tests that a copied transcript is its code alone."""
    with browser.new_context(base_url=site) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        visit(page, ERRORS)
        block = page.locator("div.highlight", has_text="Traceback").first
        code = block.locator("pre").inner_text()
        block.hover()
        block.locator("button.copybtn").click()
        copied = page.evaluate("navigator.clipboard.readText()")
    typed = [line[4:] for line in code.splitlines() if line[:4] in {">>> ", "... "}]
    assert typed
    assert copied.splitlines() == typed


def test_reading_without_scripts(browser: Browser, site: str) -> None:
    """Tests that text, formulas and tables need no JavaScript."""
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(PROSE)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("article math").first).to_be_visible()
        expect(page.locator("article table").first).to_be_visible()
        expect(page.locator(".sidebar-tree a").first).to_be_visible()


def test_printing(page: Page) -> None:
    """Tests that paper shows the article alone, dark on light."""
    page.emulate_media(media="print", color_scheme="dark")
    visit(page, PROSE)
    expect(page.locator("article")).to_be_visible()
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    figure = page.locator(".vjp-figure").first
    expect(figure).to_have_css("background-color", "rgb(255, 255, 255)")
    for part in (".sidebar-drawer", ".toc-drawer", ".mobile-header", ".related-pages"):
        expect(page.locator(part)).to_be_hidden()
    expect(page.locator(".skip-to-content")).to_be_hidden()
    expect(page.locator("button.copybtn").first).to_be_hidden()


def test_a_worksheet_prints_its_answers_overleaf(page: Page) -> None:
    """Tests that the questions fill one sheet and the answers the next."""
    visit(page, "tutorials/worksheet.html")
    assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A4"))) == 2


@pytest.mark.parametrize("path", ["plot_31_where_nan.html", "index.html"])
def test_dark_pictures(page: Page, path: str) -> None:
    """Tests that a dark screen has pictures of its own, and paper has not."""
    page.emulate_media(color_scheme="dark")
    visit(page, f"auto_examples/{path}")
    dark = page.locator("article img[src*=where_nan][src$='-dark.png']")
    light = page.locator("article img[src*=where_nan]:not([src$='-dark.png'])")
    dark.scroll_into_view_if_needed()
    expect(light).to_be_hidden()
    drawn = "(node) => node.decode().then(() => node.naturalWidth > 0)"
    assert dark.evaluate(drawn)
    page.emulate_media(color_scheme="dark", media="print")
    expect(light).to_be_visible()
    expect(dark).to_be_hidden()
    page.emulate_media(color_scheme="light", media="screen")
    expect(light).to_be_visible()
    page.locator(".theme-toggle-content button").click()
    expect(dark).to_be_visible()


def test_examples_show_their_picture_first(page: Page) -> None:
    """Tests that a picture is on the first screen, and that the code can be hidden."""
    visit(page, "auto_examples/plot_04_rows_and_columns.html")
    expect(page.locator("article .vjp-figure").first).to_be_in_viewport()
    code = page.locator("article .highlight").first
    expect(code).to_be_visible()
    page.get_by_label("Hide the code").check()
    expect(code).to_be_hidden()


def test_figures_have_captions(page: Page) -> None:
    """Tests that a figure has a number, a legend and a file, and uses the column."""
    page.set_viewport_size({"width": 1280, "height": 800})
    visit(page, PROSE)
    figure = page.locator("#figure-2")
    expect(figure.locator("figcaption")).to_contain_text("Figure 2. Jacobian of y")
    expect(figure.locator("figcaption code")).to_have_text(["v", "J", "r"])
    file = figure.get_by_role("link", name="SVG").get_attribute("href")
    assert page.request.get(f"explanation/{file}").text().startswith("<svg")
    width = "(node) => node.getBoundingClientRect().width"
    drawing = figure.locator(".vjp-figure").evaluate(width)
    assert drawing > figure.evaluate(width) / 2


def test_pictures_of_examples_have_captions(page: Page) -> None:
    """Tests that the words above a picture's code stand below the picture alone."""
    words = "the two paths add up to the number above the bar"
    visit(page, "auto_examples/plot_11_total_and_partial.html")
    caption = page.locator("#figure-1:has(img) figcaption")
    expect(caption).to_contain_text(f"Figure 1. For each element of x, {words}")
    assert page.locator("article").inner_text().count(words) == 1
    copy = page.request.get("auto_examples/plot_11_total_and_partial.md").text()
    assert copy.count(words) == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_thumbnails_are_as_large_as_their_cards_allow(page: Page, width: int) -> None:
    """Tests that a drawing and a picture fill the card, or what is large enough."""
    page.set_viewport_size({"width": width, "height": 800})
    visit(page, "auto_examples/index.html")
    for name in ("plot_01", "plot_05"):
        shown = page.locator(f"article img[src*={name}]:visible")
        assert shown.evaluate("(node) => node.clientWidth") > 200


def test_pages_lead_on(page: Page) -> None:
    """Tests that a page links to where it runs, to its source and to its exercise."""
    visit(page, PROSE)
    for name in ("Run in Colab", "Notebook", "Script", "Source on GitHub"):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    page.locator(".tested-by a").click()
    page.wait_for_url("**/tutorials/exercises.html#exercise-*")


def test_nothing_covers_the_text_of_a_phone(page: Page) -> None:
    """Tests that the way back to the top isn't offered over the text."""
    page.set_viewport_size(PHONE)
    visit(page, PROSE)
    page.mouse.wheel(0, 3000)
    page.mouse.wheel(0, -400)
    expect(page.locator(".back-to-top")).to_be_hidden()


def test_phone_pictures(page: Page) -> None:
    """Tests that a wide picture scrolls rather than shrinks on a phone."""
    page.set_viewport_size(PHONE)
    visit(page, "auto_examples/plot_31_where_nan.html")
    box = page.locator(".vjp-scroll:has(> img)")
    expect(box).to_have_attribute("tabindex", "0")
    assert box.evaluate("(node) => node.scrollWidth") > 2 * PHONE["width"]


def test_header_before_the_article(page: Page) -> None:
    """Tests that a header that arrives alone is at the top of a phone."""
    page.set_viewport_size(PHONE)
    visit(page, PROSE)
    page.locator(".main").evaluate("(node) => node.remove()")
    top = page.locator(".mobile-header").evaluate(
        "(node) => node.getBoundingClientRect().top"
    )
    assert top == 0


def test_scripts_without_the_font(page: Page) -> None:
    """Tests that a font which never arrives doesn't keep the scripts from running."""
    page.route("**/*.woff2", lambda _: None)
    page.goto("index.html", wait_until="domcontentloaded")
    page.wait_for_selector(SCRIPTS_RAN, state="attached", timeout=8000)


def test_reduced_motion(page: Page) -> None:
    """Tests that nothing moves for a reader who asked for that."""
    page.emulate_media(reduced_motion="reduce")
    visit(page, PROSE)
    moving = """[...document.querySelectorAll("*")].filter((node) =>
      getComputedStyle(node).transitionDuration !== "0s" ||
      getComputedStyle(node).scrollBehavior === "smooth").length"""
    assert page.evaluate(moving) == 0


@pytest.mark.parametrize(
    "path",
    [
        "tutorials/exercises.html#exercise-17",
        "reference/questions/samples-and-argmax.html#question-672",
        "reference/elsewhere.html#elsewhere-second",
    ],
)
def test_a_reload_stays_at_its_section(page: Page, path: str) -> None:
    """Tests that a section far down is where a link and a reload look for it."""

    def top() -> float:
        section = page.locator(f"[id='{path.partition('#')[2]}']")
        page.wait_for_timeout(1000)
        return float(section.evaluate("section => section.getBoundingClientRect().top"))

    visit(page, path)
    linked = top()
    assert 0 <= linked < 200
    page.reload()
    assert abs(top() - linked) < 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cut-graphs.html#question-249", "samples-and-argmax.html#question-249"),
        (
            "second-derivatives.html#question-490",
            "losses-on-derivatives.html#question-490",
        ),
        ("custom-functions-and-hooks.html#question-231", "hooks.html#question-231"),
        ("cut-graphs.html#question-265", "training.html#question-265"),
        ("cut-graphs.html#question-432", "policies.html#question-432"),
        ("systems.html#question-168", "distributed.html#question-168"),
        ("systems.html#question-312", "compiled-models.html#question-312"),
        ("jacobians-and-vmap.html#question-294", "jacobians-in-use.html#question-294"),
        ("cut-graphs.html#question-241", "cut-graphs.html#question-241"),
    ],
)
def test_an_old_address_leads_to_its_question(page: Page, old: str, new: str) -> None:
    """Tests that a question that moved to another page is found by its old address."""
    page.goto(f"reference/questions/{old}")
    page.wait_for_url(f"**/reference/questions/{new}")
    assert page.locator(f"[id='{new.partition('#')[2]}']").count() == 1


def test_a_link_within_a_new_page_leads_to_its_section(page: Page) -> None:
    """Tests that sections that weren't laid out yet don't push it off the screen."""
    visit(page, "reference/questions/cut-graphs.html")
    assert page.locator("html.unread").count() == 1
    link = page.locator(".toc-tree a").last
    link.evaluate("link => link.click()")
    target = page.locator(
        f"[id='{(link.get_attribute('href') or '#').removeprefix('#')}']"
    )
    page.wait_for_timeout(1000)
    top = target.evaluate("section => section.getBoundingClientRect().top")
    left = "document.documentElement.scrollHeight - scrollY - innerHeight"
    assert 0 <= top < 200 or page.evaluate(left) < 2
    assert page.locator("html.unread").count() == 0
