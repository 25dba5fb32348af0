"""Tests of the sources of the site: nothing on it goes unchecked."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import vjp_guide

ROOT = Path(__file__).parents[2]
GENERATED = {"_build", "_generated", "auto_examples"}
PAGES = [
    path
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
    if not GENERATED & set(path.parts)
]
PAGE_NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
MODULES = sorted(
    module.name for module in pkgutil.iter_modules(vjp_guide.__path__, "vjp_guide.")
)
SOURCES = sorted(
    path
    for folder in (
        "src",
        "docs/_ext",
        "docs/_tools",
        "examples",
        "benchmarks",
        "browser",
    )
    for path in (ROOT / folder).rglob("*.py")
)
FENCE = re.compile(r"^(`{3,}|:{3,})(.*?)\n(.*?)^\1", re.MULTILINE | re.DOTALL)
FRONT_MATTER = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
  language: python
---
"""


def untested_prompts(page: str) -> list[str]:
    """Return the prompts outside the blocks that the doctest runner reads."""
    rest = FENCE.sub(lambda fence: "" if fence[2] == "python" else fence[0], page)
    return re.findall(r"^[ \t>]*>>> .*", rest, re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_every_prompt_of_a_page_is_tested(path: Path) -> None:
    """Tests that each >>> stands in a fence that Sybil runs, and isn't skipped."""
    page = path.read_text(encoding="utf-8")

    assert not untested_prompts(page)
    assert "+SKIP" not in page


@pytest.mark.parametrize(
    "fence", ["```pycon", "```", "```{doctest}", "```{code-cell} python", "> ```python"]
)
def test_a_prompt_that_no_runner_reads_is_noticed(fence: str) -> None:
    """Tests the test above on the fences that are easy to write by mistake."""
    assert untested_prompts(f"{fence}\n>>> 1 + 1\n3\n```\n")


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_every_column_has_a_head(path: Path) -> None:
    """Tests that no table leaves a head empty, which a screen reader would skip."""
    page = path.read_text(encoding="utf-8")

    assert not re.findall(r"^\|(?:.*\|)? *\|.*\n\| *:?---", page, re.MULTILINE)


@pytest.mark.parametrize("name", MODULES)
def test_every_prompt_of_a_module_is_tested(name: str) -> None:
    """Tests that each >>> of the sources is an example that doctest finds."""
    module = importlib.import_module(name)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    found = doctest.DocTestFinder().find(module)

    assert source.count(">>> ") == sum(len(test.examples) for test in found)
    assert "+SKIP" not in source


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").iterdir()), ids=lambda path: path.name
)
def test_an_example_shows_live_output_alone(path: Path) -> None:
    """Tests that no example holds a transcript, and that each asserts something."""
    if path.is_file():
        text = path.read_text(encoding="utf-8")
        assert ">>>" not in text
        assert path.suffix != ".py" or "\nassert " in text


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_an_executed_page_has_the_front_matter_and_a_check(path: Path) -> None:
    """Tests that its cells are run, and that one of them checks the others."""
    page = path.read_text(encoding="utf-8")

    if "{code-cell}" in page:
        assert page.startswith(FRONT_MATTER)
        assert re.search(
            r"^\s*(assert|torch.testing.assert_close\()", page, re.MULTILINE
        )


@pytest.mark.parametrize("name", vjp_guide.__all__)
def test_every_public_name_has_a_reference_page(name: str) -> None:
    """Tests that the API reference holds what the package exports."""
    pages = (ROOT / "docs" / "reference").glob("*.md")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)

    assert re.search(rf"^\.\. auto\w+:: vjp_guide\.{name}(\(\))?$", text, re.MULTILINE)


@pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_every_noqa_has_a_reason(path: Path) -> None:
    """Tests that the codes of a noqa are followed by words."""
    source = path.read_text(encoding="utf-8")
    rest = re.findall(r"# noqa:? ?([A-Z]+\d+(?:, [A-Z]+\d+)*)?(.*)", source)

    assert all(codes and re.search(r"[a-z]{3}", reason) for codes, reason in rest)
