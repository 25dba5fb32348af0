"""Tests of the record of a page."""

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from sphinx import addnodes

from docs._ext.guide import page


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
