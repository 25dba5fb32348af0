"""What a reader does first."""

from playwright.sync_api import Page

SCRIPTS_RAN = ".nav-overlay-icon [role=button]"


def visit(page: Page, path: str) -> None:
    """Open a page, until its scripts have run."""
    page.goto(path)
    page.wait_for_selector(SCRIPTS_RAN, state="attached")
