"""Tables whose rows have a header, which Markdown has no mark for."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata


def add(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make the first cells headers; two columns may as well be two of a kind."""
    del app, docname
    for group in doctree.findall(nodes.tgroup):
        columns = list(group.findall(nodes.colspec))
        if len(columns) > 2:  # noqa: PLR2004 - see above
            columns[0]["stub"] = 1


def setup(app: Sphinx) -> ExtensionMetadata:
    """Mark the columns before the page is written."""
    app.connect("doctree-resolved", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
