"""The pages of the operator atlas, computed for the installed torch.

Each category is a page, whose source is written before Sphinx looks for sources.
A build in which nothing of the atlas changed neither renders it nor imports torch.
"""

import filecmp
import json
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

from docs._ext import atlas_cache

PAGES = "operators/entries"
DATA = f"{PAGES}/operators.json"
PUBLISHED = (DATA, "operators/operators.schema.json")
ABOUT = """\
With this page you can look up the vector-Jacobian product of each operator in the \
group "{}": a call with its numbers, the product as Python, and what checks found.
:doc:`../reading` explains the parts of an entry."""

logger = logging.getLogger(__name__)


def write_sources(app: Sphinx) -> None:
    """Write the data, and the source of each category's page, where they differ."""
    source = Path(app.srcdir)
    (source / PAGES).mkdir(parents=True, exist_ok=True)
    data = atlas_cache.cached(_computed)
    _write(source / DATA, data)
    for page in json.loads(data)["groups"]:
        title = f".. title:: {page['title']}: vector-Jacobian products in PyTorch"
        heading = f"{page['title']}\n{'=' * len(page['title'])}"
        about = ABOUT.format(page["title"])
        text = f"{title}\n\n{heading}\n\n{about}\n\n.. operators:: {page['slug']}\n"
        _write(source / PAGES / f"{page['slug']}.rst", text)


def _computed() -> tuple[str, bool]:
    from docs._ext import atlas_nodes  # noqa: PLC0415 - it imports torch

    return atlas_nodes.computed()


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


class Fragment(nodes.General, nodes.Element):
    """HTML that the search doesn't read: it is numbers and code for the most part."""


class AtlasDirective(SphinxDirective):
    """A part of the atlas: its index, its summary or the entries of a category."""

    has_content = False
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes, and render again when the data or its renderer changes."""
        from docs._ext import atlas_nodes  # noqa: PLC0415 - it imports torch

        data = Path(self.env.srcdir) / DATA
        here = Path(__file__).parent
        records = here.parents[1] / "records"
        for path in (data, *here.glob("atlas*"), *records.glob("*.json")):
            self.env.note_dependency(path)
        return atlas_nodes.content(data, self.name, *self.arguments)


def visit_fragment(self: HTML5Translator, node: Fragment) -> None:
    """Write the HTML."""
    self.body.append(node["markup"])
    raise nodes.SkipNode


def skip_fragment(*_: object) -> None:
    """Leave the HTML out of other formats."""
    raise nodes.SkipNode


def publish(app: Sphinx, exception: Exception | None) -> None:
    """Copy the data and its schema beside the page that describes them."""
    if exception is None and app.builder.format == "html":
        for name in PUBLISHED:
            source = Path(app.srcdir) / name
            target = Path(app.outdir) / "operators" / source.name
            if not target.exists() or not filecmp.cmp(source, target, shallow=False):
                shutil.copyfile(source, target)


def add_script(app: Sphinx, pagename: str, *_: object) -> None:
    """Give the index its filter."""
    if pagename == "operators/index":
        app.add_js_file("operators.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives and the steps of the build."""
    skip = (skip_fragment, None)
    app.add_node(Fragment, html=(visit_fragment, None), text=skip, latex=skip)
    for name in ("operators", "operators-index", "operators-summary"):
        app.add_directive(name, AtlasDirective)
    app.connect("builder-inited", write_sources)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", publish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
