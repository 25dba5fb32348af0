"""A test of the Markdown copies that programs and readers take of the pages."""

from browser.serve import SITE
from tests import pasted


def test_code_runs_as_pasted_and_prints_what_the_page_shows() -> None:
    """Tests the visible code of each page and example, from top to bottom."""
    copies = [
        path
        for path in sorted(SITE.rglob("*.md"))
        if "operators/entries" not in path.as_posix()  # whose tests run each program
    ]
    assert len(copies) > 80
    assert pasted.wrong(copies) == []
