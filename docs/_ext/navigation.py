"""A short menu: the pages around the current one, by what stands before the colon.

All pages would be up to a third of a page's bytes.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

# A colon within code or a formula is no end of a title.
TITLE = r"(?:[^<:]|:(?! )|<(code|math)\b.*?</\2>)*"
SUBTITLE = re.compile(rf'(<a class="[^"]*\breference[^>]*>{TITLE}): .*?(?=</a>)')


def shorten(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the theme, which asks for all pages, a menu that is short."""
    del app, pagename, templatename, doctree
    whole = context["toctree"]

    def menu(**options: object) -> str:
        return SUBTITLE.sub(r"\1", whole(**{**options, "collapse": True}))

    context["toctree"] = menu


def setup(app: Sphinx) -> ExtensionMetadata:
    """Act after the menu of the 404 page is made, and before the theme uses it."""
    app.connect("html-page-context", shorten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
