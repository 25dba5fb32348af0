"""A check that each cell that is meant to fail does fail."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)


def check(app: Sphinx, document: nodes.document) -> None:
    """Warn of a cell tagged ``raises-exception`` without an error in its output."""
    if app.config.nb_execution_mode == "off":
        return
    for cell in document.findall(nodes.container):
        if "tag_raises-exception" in cell["classes"]:
            outputs = cell.findall(nodes.literal_block)
            if not any("traceback" in output["classes"] for output in outputs):
                logger.warning("the cell raises nothing", location=cell)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Run the check on each page as it is read."""
    app.connect("doctree-read", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
