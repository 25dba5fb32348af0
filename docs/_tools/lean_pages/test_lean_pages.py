"""Tests of the last step of a build, which no test in a browser sees fail."""

import re
from pathlib import Path

import pytest
from pygments.styles import get_style_by_name
from pygments.token import Name, Punctuation, Text, Whitespace

from docs._tools.lean_pages import finish

HEAD = '<head><link rel="stylesheet" href="_static/a.css?v=1"/></head>'


def delivered(
    root: Path, css: str, body: str = "", script: str = ""
) -> tuple[str, str]:
    """Return the page and the style sheet that a site of one page ends with."""
    static = root / "_static"
    static.mkdir()
    (static / "a.css").write_text(css, encoding="utf-8")
    (static / "a.js").write_text(script, encoding="utf-8")
    page = root / "index.html"
    scripts = '<script src="_static/a.js"></script>'
    page.write_text(f"{HEAD}<body>{body}{scripts}</body>", encoding="utf-8")
    finish(root)
    html = page.read_text(encoding="utf-8")
    (name,) = re.findall(r'rel="stylesheet" href="([^"]*)"', html)
    return html, (root / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "selectors",
    [
        "p",
        ".used",
        "p.used > a",
        ".unused, .used",
        ".unused, p",
        ".used:not(.unused)",
        "body:not(.unused) .used",
        '[data-theme="dark"] .used',
        ".scripted",
    ],
)
def test_a_rule_in_use_stays(tmp_path: Path, selectors: str) -> None:
    """Tests that a rule stays if pages or scripts name the classes of a selector."""
    rule = f"{selectors}{{color: red}}"
    _, css = delivered(tmp_path, rule, '<p class="used">', 'add("scripted")')

    assert css == rule


@pytest.mark.parametrize(
    "selectors",
    [".unused", ".used .unused", ".unused, .used.unused", ".use", ".used-2"],
)
def test_a_rule_without_use_goes(tmp_path: Path, selectors: str) -> None:
    """Tests that a rule goes if nothing names a class of each selector."""
    css = f"{selectors}{{color: red}}p{{color: blue}}"
    _, css = delivered(tmp_path, css, '<p class="used">')

    assert css == "p{color: blue}"


def test_rules_of_a_query_are_weighed_alone(tmp_path: Path) -> None:
    """Tests that the query stays around the rules in use, and comments go."""
    css = "@media print{.unused{color: red}.used{color: blue}}/* .used{} */"
    _, css = delivered(tmp_path, css, '<p class="used">')

    assert css == "@media print{.used{color: blue}}"


def test_fonts_and_motions_stay(tmp_path: Path) -> None:
    """Tests that no rule without a class is lost."""
    rules = "@font-face{src: url(a.woff2)}@keyframes k{from{top: 0}to{top: 1px}}"
    _, css = delivered(tmp_path, rules)

    assert css == rules


def test_a_drawing_moves_to_a_file(tmp_path: Path) -> None:
    """Tests that no address of a style sheet holds data, which the policy refuses."""
    address = "data:image/svg+xml;utf8,%3Csvg id='a'/%3E"
    _, css = delivered(tmp_path, f'p{{mask: url("{address}")}}')
    (name,) = re.findall(r'url\("(\w+\.svg)"\)', css)

    assert (tmp_path / "_static" / name).read_text(encoding="utf-8") == '<svg id="a"/>'


def test_what_stood_in_the_page_moves_to_files(tmp_path: Path) -> None:
    """Tests that neither styles nor scripts are left in a page, and none is lost."""
    body = '<style>b{top: 0}</style><p class="a" style="top: 1px">'
    html, css = delivered(tmp_path, "", f"{body}<script>start()</script>", "run()")
    scripts = [
        (tmp_path / name).read_text(encoding="utf-8")
        for name in re.findall(r'(?:src|data-script)="([^"]*\.js)"', html)
    ]
    (name,) = re.findall(r'class="(s-\w+) a"', html)

    assert "run()" in scripts
    assert any(script.startswith("start()") for script in scripts)
    assert "<style" not in html
    assert "style=" not in html
    assert "b{top: 0}" in css
    assert f".{name} {{top: 1px}}" in css


def test_a_finished_page_stays_as_it_is(tmp_path: Path) -> None:
    """Tests that the step leaves alone what the last build finished."""
    html, _ = delivered(tmp_path, "p{color: red}", '<p style="top: 0">')
    finish(tmp_path)

    assert (tmp_path / "index.html").read_text(encoding="utf-8") == html


def test_plain_code(tmp_path: Path) -> None:
    """Tests that words of code without a style of their own are no elements."""
    code = '<pre><span class="n">x</span><span class="w"> </span>'
    code += '<span class="o">=</span> <span class="mi">1</span></pre>'
    html, _ = delivered(tmp_path, "", code)
    assert '<pre>x <span class="o">=</span> <span class="mi">1</span></pre>' in html


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
