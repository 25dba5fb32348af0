"""Marks in the text that its source doesn't hold: symbols, row headers, terms."""

from docutils import nodes
from sphinx.application import Sphinx

from . import page

SYMBOLS = {"v", "x", "y", "J"}
GLOSSARY = "reference/notation"


def colour_symbols(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each of the four symbols, named as code, the colour that figures give it.

    A link keeps its own colour, and titles in the menus aren't marked.
    """
    del app, docname
    for literal in doctree.findall(nodes.literal):
        name = literal.astext()
        if name in SYMBOLS and not isinstance(literal.parent, nodes.reference):
            literal["classes"].append(f"vjp-{name}")


def head_rows(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make the first cells of rows headers, for which Markdown has no mark.

    Two columns may as well be two of a kind.
    """
    del app, docname
    for group in doctree.findall(nodes.tgroup):
        columns = list(group.findall(nodes.colspec))
        if len(columns) > 2:  # noqa: PLR2004 - see above
            columns[0]["stub"] = 1


def define_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each link to a term of the glossary its definition, which hovering shows."""
    del docname
    for link in doctree.findall(nodes.reference):
        if any("std-term" in part["classes"] for part in link.findall(nodes.inline)):
            anchor = link.get("refid") or link["refuri"].rpartition("#")[2]
            link["reftitle"] = page.known(app.env)[GLOSSARY].terms[anchor]
