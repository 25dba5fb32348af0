"""Tests of the check that no page asks another site for anything."""

from pathlib import Path

import pytest

from docs._ext.guide.checks import outside_requests


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://x.y/1">',
        '<video poster="//x.y/1" src="_static/1"></video>',
        '<link rel="icon" href="HTTPS://x.y/1">',
        '<svg><use href="http://x.y/1"/></svg>',
        '<object data="https://x.y/1"></object>',
        '<a href="#"><img srcset="https://x.y/1 2x" src="_static/1"></a>',
    ],
)
def test_a_request_is_found(tmp_path: Path, markup: str) -> None:
    """Tests each kind of element, once."""
    page = tmp_path / "page.html"
    page.write_text(f"<body><p>{markup}</p></body>", encoding="utf-8")
    assert len(outside_requests(page)) == 1


def test_links_are_no_requests(tmp_path: Path) -> None:
    """Tests what a browser loads from the site, or if a reader asks."""
    page = tmp_path / "page.html"
    page.write_text(
        '<link rel="canonical" href="https://x.y/"><a href="https://x.y/">x</a>'
        '<img src="_static/1"><script src="a.js"></script>',
        encoding="utf-8",
    )
    assert outside_requests(page) == []


def test_style_sheets_load_too(tmp_path: Path) -> None:
    """Tests imports and addresses of a style sheet."""
    sheet = tmp_path / "sheet.css"
    sheet.write_text(
        '@import "https://x.y/1"; p {mask: url(//x.y/2)} b {mask: url("a.svg")}',
        encoding="utf-8",
    )
    assert outside_requests(sheet) == ["https://x.y/1", "//x.y/2"]
