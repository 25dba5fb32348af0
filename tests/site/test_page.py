"""Tests of the record of a page."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from sphinx import addnodes

from docs._ext.guide import page

ROOT = Path(__file__).parents[2]
# Where each page has an idea that an exercise tests. An index is left out: it has none
# of its own, and lists pages.
TESTED = [
    path
    for pattern in (
        "docs/explanation/*.md",
        "docs/how-to/**/*.md",
        "docs/reference/backwards/*.md",
        "docs/reference/errors/*.md",
        "docs/reference/questions/*.md",
        "docs/reference/silent-mistakes.md",
        "examples/plot_*.py",
    )
    for path in sorted(ROOT.glob(pattern))
    if path.name != "index.md"
]
NAMED = re.compile(r"^(?:%|\.\.) tested by: (.*)$", re.MULTILINE)
SOURCES = [
    path
    for path in sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*.py")])
    if not path.is_relative_to(ROOT / "docs/_build")
    and NAMED.search(path.read_text(encoding="utf-8"))
]


def names(paths: list[Path]) -> list[str]:
    """Return how tests on files are called."""
    return [str(path.relative_to(ROOT)) for path in paths]


def document(text: str, title: str = "A title") -> nodes.document:
    """Return the tree of a page in reStructuredText."""
    tree = publish_doctree(
        f"{title}\n{'=' * len(title)}\n\n{text}",
        settings_overrides={"doctitle_xform": False},
    )
    assert isinstance(tree, nodes.document)
    return tree


def test_description_is_the_first_sentences_that_fit() -> None:
    """Tests that whole sentences are taken, and none below the next heading."""
    text = f"One.\nTwo.\n{'Three ' * 40}.\n\nBelow\n-----\n\nFour."
    assert page.describe(document(text)) == "One. Two."


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Chaining: one step", "Chaining"),
        ("Fix it: ``Mismatch: a and b``", "Fix it"),
        ("``Mismatch: a and b`` and more: what", "Mismatch: a and b and more"),
        ("Notation", "Notation"),
    ],
)
def test_short_title(title: str, short: str) -> None:
    """Tests that a title ends at its colon, unless that is in code."""
    tree = document("One.", title)
    kept = page.short(next(tree.findall(nodes.title)))
    assert "".join(node.astext() for node in kept) == short


def test_description_has_no_latex() -> None:
    """Tests that symbols are characters; other commands leave a sentence out."""
    text = (
        r"The product :math:`v^\top J` is a row." + "\n" + r"And :math:`\frac{a}{b}`."
    )
    assert page.describe(document(text)) == "The product vᵀ J is a row."


def test_description_without_titles_of_other_pages() -> None:
    """Tests that a sentence whose link waits for a title is left out."""
    tree = document("One.\nSee x.")
    paragraph = next(tree.findall(nodes.paragraph))
    link = addnodes.pending_xref("", nodes.Text("x"), reftype="doc", refexplicit=False)
    paragraph.children = [nodes.Text("One.\nSee "), link, nodes.Text(".")]
    assert page.describe(tree) == "One."


def test_comments_are_no_text() -> None:
    """Tests that how people ask for a part stands in no description and definition."""
    asked = nodes.comment("", "asked: why two")
    assert page.describe(document("One.\n\n.. asked: why two\n\nTwo.")) == "One. Two."
    definition = nodes.definition("", nodes.paragraph("", "One."), asked)
    assert page.plain(definition) == "One."


def test_a_page_without_sentences_has_its_title_as_description() -> None:
    """Tests what lists and searches show of an index."""
    found = page.record("x", document("Below\n-----\n\nFour."), "site")
    assert found.description.endswith(", on site")


def test_formulas() -> None:
    """Tests that each formula is known, since the font holds their characters alone."""
    found = page.record("x", document(":math:`a` :math:`b` :math:`a`"), "site")
    assert found.formulas == {"a", "b"}


EXERCISES = """
.. tested by: exercise-02

.. _exercise-01:

1. One
------

Text.

Below
-----
"""


def pages(*records: page.Page) -> Any:  # noqa: ANN401 - it stands for Sphinx's own
    """Return an environment that knows these pages."""
    domain = page.Pages.__new__(page.Pages)
    domain.data = {"pages": {known.name: known for known in records}}
    return SimpleNamespace(get_domain=lambda _: domain)


def test_the_exercise_that_a_page_names() -> None:
    """Tests that it is found by its anchor, where the site has it."""
    tutorial = page.record("tutorial", document(EXERCISES), "site")
    tested = page.record("x", document(".. tested by: exercise-01"), "site")
    other = page.record("y", document(".. asked: exercise-01"), "site")
    known = pages(tutorial, tested, other)
    assert tutorial.exercises == {"exercise-01": "1. One"}
    assert page.exercise_on(known, "x") == ("tutorial", "exercise-01", "1. One")
    assert page.exercise_on(known, "y") is None
    assert page.exercise_on(known, "tutorial") is None


@pytest.mark.parametrize("path", TESTED, ids=names(TESTED))
def test_a_page_names_the_exercise_that_tests_it(path: Path) -> None:
    """Tests that each page with an idea of its own names one."""
    assert len(NAMED.findall(path.read_text(encoding="utf-8"))) == 1


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_an_exercise_that_is_named_exists(path: Path) -> None:
    """Tests that no page names an exercise that is gone."""
    tutorials = (ROOT / "docs/tutorials").glob("*.md")
    text = "".join(tutorial.read_text(encoding="utf-8") for tutorial in tutorials)
    for anchor in NAMED.findall(path.read_text(encoding="utf-8")):
        assert page.EXERCISE.fullmatch(anchor)
        assert f"\n({anchor})=\n" in text
