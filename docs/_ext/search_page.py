"""What the search page says of a hit: where its page stands and what that is about.

Sphinx would fetch each page that it lists to show some lines of it.
"""

import html
import json
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)"')


def place(env: BuildEnvironment, page: str) -> str:
    """Return the titles of the pages above a page, without their subtitles."""
    parents = {
        child: parent
        for parent, children in env.toctree_includes.items()
        for child in children
        if parent != env.config.root_doc
    }
    titles: list[str] = []
    while page in parents:
        page = parents[page]
        titles.insert(0, env.titles[page].astext().partition(":")[0])
    return " > ".join(titles)


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the place and the description of each page, from its built form."""
    if exception is not None or app.builder.format != "html":
        return
    root = Path(app.outdir)
    hits: dict[str, tuple[str, str]] = {}
    for page in sorted(app.env.found_docs):
        text = (root / f"{page}.html").read_text(encoding="utf-8")
        description = DESCRIPTION.search(text)
        shown = html.unescape(description[1]) if description else ""
        hits[page] = place(app.env, page), shown
    script = f"const PAGES = {json.dumps(hits, ensure_ascii=False)};\n"
    (root / "_static" / "pages.js").write_text(script, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write the file when the pages are built."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
