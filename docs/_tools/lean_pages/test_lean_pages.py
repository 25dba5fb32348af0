"""Tests of lean pages, of which no test in a browser sees each fail."""

import re
from pathlib import Path

import pytest
from pygments.styles import get_style_by_name
from pygments.token import Name, Punctuation, Text, Whitespace

from docs._tools.lean_pages import Site

HEAD = '<head><link rel="stylesheet" href="_static/a.css?v=1"/></head>'
SCRIPT = '<script src="_static/a.js"></script>'


def lean(
    root: Path, css: str, body: str = "", *, needed_for: dict[str, str] | None = None
) -> tuple[str, str]:
    """Return a page, and the style sheet that it ends with."""
    static = root / "_static"
    static.mkdir()
    (static / "a.css").write_text(css, encoding="utf-8")
    (static / "a.js").write_text("run()", encoding="utf-8")
    site = Site(root, needed_for or {}, {})
    html = site.lean(f"<html>{HEAD}<body>{body}{SCRIPT}</body></html>")
    (name,) = re.findall(r'rel="stylesheet" href="([^"]*)"', html)
    return html, (root / name).read_text(encoding="utf-8")


def test_comments_and_spaces_go(tmp_path: Path) -> None:
    """Tests that rules stay as they are, but for what browsers don't read."""
    _, css = lean(tmp_path, "/* said */ @media print { .a > b { top: 0 } }")
    assert css == "@media print{.a>b{top:0}}"


def test_a_drawing_moves_to_a_file(tmp_path: Path) -> None:
    """Tests that no address of a style sheet holds data, which the policy refuses."""
    address = "data:image/svg+xml;utf8,%3Csvg id='a'/%3E"
    _, css = lean(tmp_path, f'p{{mask: url("{address}")}}')
    (name,) = re.findall(r'url\("(\w+\.svg)"\)', css)

    assert (tmp_path / "_static" / name).read_text(encoding="utf-8") == '<svg id="a"/>'


def test_what_stood_in_the_page_moves_to_files(tmp_path: Path) -> None:
    """Tests that neither styles nor scripts are left in a page, and none is lost."""
    body = '<style>b{top: 0}</style><p class="a" style="top: 1px">'
    theme = "<script>theme()</script>"
    html, css = lean(tmp_path, "", f"{theme}{body}<script>start()</script>")
    scripts = [
        (tmp_path / name).read_text(encoding="utf-8")
        for name in re.findall(r'(?:src|data-script)="([^"]*\.js)"', html)
    ]
    (name,) = re.findall(r'class="(s-\w+) a"', html)

    assert "run()" in scripts
    assert "start()" in scripts
    assert any(script.startswith("theme()/* Loads") for script in scripts)
    assert "<style" not in html
    assert "style=" not in html
    assert "b{top: 0}" in css
    assert f".{name} {{top: 1px}}" in css


@pytest.mark.parametrize("body", ['<p class="a">', "<p>"])
def test_a_part_is_loaded_where_it_is_needed(tmp_path: Path, body: str) -> None:
    """Tests that a page loads what it has a use for, and nothing else of that name."""
    html, css = lean(tmp_path, "p{top:0}", body, needed_for={"a.": ".a"})
    (name,) = re.findall(r'data-script="([^"]*)"', html)
    script = (tmp_path / name).read_text(encoding="utf-8")
    assert (css, script) == (("p{top:0}", "run()") if "class" in body else ("", ""))


def test_a_page_without_style_sheets_stays_as_it_is(tmp_path: Path) -> None:
    """Tests that what isn't a page of the theme is left alone."""
    assert Site(tmp_path, {}, {}).lean("<p>text") == "<p>text"


def test_plain_code(tmp_path: Path) -> None:
    """Tests that what needs no style of its own in code is no element."""
    code = '<pre><span class="n">x</span><span class="w"> </span>'
    code += '<span class="o">=</span> <span class="mi">1</span></pre>'
    html, _ = lean(tmp_path, "", code)
    assert '<pre>x = <span class="mi">1</span></pre>' in html


def test_drawings_and_formulas_stay_as_they_are(tmp_path: Path) -> None:
    """Tests that names with capitals, which HTML itself has none of, are kept."""
    drawing = '<svg viewBox="0 0 1 1"><linearGradient id="a"></linearGradient></svg>'
    formula = '<math><mi mathvariant="normal">v</mi></math>'
    html, _ = lean(tmp_path, "", drawing + formula)
    assert drawing + formula in html


@pytest.mark.parametrize("name", ["default", "github-dark"])
def test_plain_styles(name: str) -> None:
    """Tests that the styles of the site show names and punctuation as other text."""
    style = get_style_by_name(name)
    shown = style.style_for_token(Text)
    assert style.style_for_token(Name) == shown
    assert style.style_for_token(Punctuation) == shown
    # A space has no colour to be seen, but could have a line or a background.
    space = style.style_for_token(Whitespace)
    assert {**space, "color": None} == {**shown, "color": None}
