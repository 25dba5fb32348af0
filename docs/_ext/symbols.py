"""The colours of the figures for the four symbols where a text names them as code."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

SYMBOLS = {"v", "x", "y", "J"}


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each one-letter literal the class of its symbol; a link keeps its colour."""
    del app, docname
    for literal in doctree.findall(nodes.literal):
        name = literal.astext()
        if name in SYMBOLS and not isinstance(literal.parent, nodes.reference):
            literal["classes"].append(f"vjp-{name}")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Mark the symbols of a page, but not of the titles in the menus."""
    app.connect("doctree-resolved", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
