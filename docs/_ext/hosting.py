"""The parts of a build that only a hosted site needs.

They take longer than the rest of a rebuild, so live mode leaves them out: its pages
load each style sheet as it was written, and have no cards.
"""

from pathlib import Path

import delivery
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

PARTS = ["notfound.extension", "sphinxext.opengraph", "cards", "self_contained"]


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Make the pages load little."""
    if exception is None and app.builder.format == "html":
        delivery.finish(Path(app.outdir))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Load the parts, unless Sphinx runs with the tag ``live``."""
    if not app.tags.has("live"):
        for part in PARTS:
            app.setup_extension(part)
        # Themes write their style sheets at the same event.
        app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
