"""Tests of what machines read of the built site: descriptions, copies, data, links."""

import html
import json
import re
import subprocess
from pathlib import Path

import pytest

SITE = Path(__file__).parents[1] / "docs" / "_build" / "html"
PAGES = [path for path in sorted(SITE.rglob("*.html")) if "_static" not in path.parts]
NAMES = [str(path.relative_to(SITE)) for path in PAGES]
NOTEBOOKS = [path for path in SITE.rglob("*.ipynb") if "_downloads" not in path.parts]
EXECUTED = [path for path in NOTEBOOKS if "auto_examples" not in path.parts]
COLAB = "https://colab.research.google.com/github/vjp-guide/vjp-guide/blob/notebooks/"
EXAMPLES = (Path(__file__).parents[1] / "examples").glob("plot_*.py")
MADE = {"404.html", "genindex.html", "py-modindex.html", "search.html"}
TRACKED = subprocess.check_output(
    ["git", "ls-files"], cwd=Path(__file__).parents[1], encoding="utf-8"
).splitlines()
ADDRESS = "https://vjp-guide.github.io/vjp-guide/"


def attributes(page: str, tag: str, key: str, end: str) -> list[str]:
    """Return one attribute of each tag of a page that has some other attribute."""
    tags = re.findall(rf"<{tag}\b[^>]*{re.escape(key)}[^>]*>", page)
    return [html.unescape(re.findall(f'{end}="([^"]*)"', tag)[0]) for tag in tags]


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_a_title_begins_with_the_heading(path: Path) -> None:
    """Tests what results of a search show first, on the landing page too."""
    page = path.read_text(encoding="utf-8")
    title, heading = (
        re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)[0]
        for tag in ("title", "h1")
    )
    heading = re.sub(r"<a class=\"headerlink.*|<[^>]*>", "", heading)
    assert title.startswith(heading)
    assert title.endswith(" - vjp-guide")


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_a_page_is_described_once(path: Path) -> None:
    """Tests that there is one description, as long as results show, without LaTeX."""
    page = path.read_text(encoding="utf-8")
    (description,) = attributes(page, "meta", 'name="description"', "content")

    assert 15 < len(description) < 210
    assert "\\" not in description


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_texts_for_machines_hold_no_latex(path: Path) -> None:
    """Tests the previews of terms."""
    page = path.read_text(encoding="utf-8")
    previews = re.findall(r' title="([^"]*)"', page)
    assert not re.findall(r"\\[a-z]+", "\n".join(previews))


def test_no_output_is_coloured() -> None:
    """Tests that no page has the classes whose styles are left out."""
    coloured = re.compile(r' class="[^"]*-Color-')
    assert not [path for path in PAGES if coloured.search(path.read_text("utf-8"))]


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_a_page_asks_for_the_policy_itself(path: Path) -> None:
    """Tests what hosts that can't send the header need, before the first style."""
    page = path.read_text(encoding="utf-8")
    policy = page.index(
        '<meta http-equiv="Content-Security-Policy" content="default-src \'self\'">'
    )
    assert policy < page.index('rel="stylesheet"')


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_the_source_of_a_page_is_in_the_repository(path: Path) -> None:
    """Tests that a link to edit a page leads to a file that git has."""
    page = path.read_text(encoding="utf-8")
    addresses = re.findall(r'href="([^"]*/edit/main/[^"]*)" rel="edit"', page)
    assert addresses or path.name in MADE
    for address in addresses:
        assert address.partition("/edit/main/")[2] in TRACKED


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_a_page_has_its_card_and_its_copy(path: Path) -> None:
    """Tests that both are files of the site, and that the copy starts like the page."""
    page = path.read_text(encoding="utf-8")
    for image in attributes(page, "meta", 'property="og:image"', "content"):
        assert (SITE / image.removeprefix(ADDRESS)).is_file()
    for name in attributes(page, "link", 'type="text/markdown"', "href"):
        copy = (path.parent / name).read_text(encoding="utf-8")
        assert copy.startswith("# ")
        assert not re.search(r"<(svg|div|table|style)\b", copy)
        assert "]()" not in copy
        for anchor in re.findall(r"\]\(#([^)]+)\)", copy):
            assert f'id="{anchor}"' in page


def test_the_list_for_machines_leads_to_every_copy() -> None:
    """Tests llms.txt against the files beside it."""
    text = (SITE / "llms.txt").read_text(encoding="utf-8")
    copies = {
        str(path.relative_to(SITE))
        for path in SITE.rglob("*.md")
        if "_downloads" not in path.parts
    }

    linked = set(re.findall(rf"\]\({ADDRESS}([^)]*)\)", text))
    data = {name for name in linked if not name.endswith(".md")}

    assert linked - data == copies
    assert {Path(name).name for name in data} == {
        "llms-full.txt",
        "operators.json",
        "operators.schema.json",
        "errors.json",
    }
    assert all((SITE / name).is_file() for name in data)


def test_the_whole_text_holds_every_page_but_operators() -> None:
    """Tests llms-full.txt against the copies, each there once."""
    whole = (SITE / "llms-full.txt").read_text(encoding="utf-8")
    copies = [
        path.read_text(encoding="utf-8")
        for path in SITE.rglob("*.md")
        if not {"_downloads", "entries"} & set(path.parts)
    ]

    assert all(whole.count(copy) == 1 for copy in copies)
    assert len(whole) == sum(map(len, copies)) + len(copies) - 1


def test_the_errors_are_data() -> None:
    """Tests that each row of errors.json leads to its entry."""
    table = json.loads((SITE / "reference" / "errors.json").read_text("utf-8"))

    for row in table["rows"]:
        page, _, anchor = row["address"].partition("#")
        assert f'id="{anchor}"' in (SITE / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(EXECUTED), ids=lambda path: path.stem)
def test_an_executed_page_is_a_notebook_and_a_script(path: Path) -> None:
    """Tests that the one is JSON and the other compiles."""
    script = path.with_suffix(".py")

    assert json.loads(path.read_text(encoding="utf-8"))["cells"]
    compile(script.read_text(encoding="utf-8"), script.name, "exec")


def test_every_program_opens_in_colab() -> None:
    """Tests that pages with cells and examples link their notebook, which installs."""
    linked = {
        address.removeprefix(COLAB)
        for path in PAGES
        for address in re.findall(
            rf'href="({re.escape(COLAB)}[^"]*)"', path.read_text(encoding="utf-8")
        )
    }
    assert linked == {str(path.relative_to(SITE)) for path in NOTEBOOKS}
    assert {path.stem for path in EXAMPLES} <= {path.stem for path in NOTEBOOKS}
    for path in NOTEBOOKS:
        first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
        assert "".join(first["source"]).startswith("%pip install")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_needs_no_sphinx(path: Path) -> None:
    """Tests that no role, label, directive or address within the site is left."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = [cell["source"] for cell in cells if cell["cell_type"] == "markdown"]
    text = "\n".join("".join(lines) for lines in texts)
    role, label, directive = r"\{[\w:-]+\}`", r"^\([\w-]+\)=", r"^(?:`{3}|:{3})\{"
    rest = rf":[a-z:]+:`|{role}|{label}|{directive}|\[\]\(|\]\((?!http)"
    assert not re.findall(rest, text, re.MULTILINE)
