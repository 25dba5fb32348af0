"""What a reader does first."""

from playwright.sync_api import Page


def visit(page: Page, path: str) -> None:
    """Open a page, until its scripts have run."""
    page.goto(path)
    page.wait_for_selector(".nav-overlay-icon [role=button]", state="attached")
