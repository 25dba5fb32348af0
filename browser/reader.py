"""What a reader does first."""

from playwright.sync_api import Page

SCRIPTS_RAN = ".nav-overlay-icon [role=button]"
LAY_OUT = """document.querySelectorAll("section")
  .forEach((section) => { section.style.contentVisibility = "visible"; })"""


def visit(page: Page, path: str) -> None:
    """Open a page, until its scripts have run."""
    page.goto(path)
    page.wait_for_selector(SCRIPTS_RAN, state="attached")


def lay_out(page: Page) -> None:
    """Lay out what is far away, which isn't in the accessibility tree yet."""
    page.evaluate(LAY_OUT)
