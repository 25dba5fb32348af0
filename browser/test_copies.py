"""A test of the Markdown copies that programs and readers take of the pages."""

from browser.serve import SITE
from tests import pasted

ELSEWHERE = (
    "operators/entries",  # whose tests run each program
    "reference/elsewhere.md",  # nox -s elsewhere runs those of other frameworks
    "reference/vectors.md",  # likewise
)


def test_code_runs_as_pasted_and_prints_what_the_page_shows() -> None:
    """Tests the visible code of each page and example, from top to bottom."""
    copies = [
        path
        for path in sorted(SITE.rglob("*.md"))
        if not any(name in path.as_posix() for name in ELSEWHERE)
    ]
    assert len(copies) > 80
    assert pasted.wrong(copies) == []
