"""The pages of the operator atlas, computed for the installed torch.

Each category is a page, whose source is written before Sphinx looks for sources.
A build in which nothing of the atlas changed neither renders it nor imports torch.
"""

import filecmp
import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.display import status_iterator
from sphinx.util.docutils import SphinxDirective

from . import kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vjp_guide.operators import Entry

JOBS = 2
PAGES = "operators/entries"
DATA = f"{PAGES}/operators.json"
PUBLISHED = (DATA, "operators/operators.schema.json")
ASKED = "derivative", "gradient", "backward", "layer"
SOURCE = """\
.. title:: {title}: vector-Jacobian products in PyTorch

{title}
{line}

.. asked: {asked}

The vector-Jacobian product of each operator in the group "{title}": a call with its \
numbers, the product as Python, and what checks found.
:doc:`../reading` explains the parts of an entry.

.. operators:: {slug}
"""

logger = logging.getLogger(__name__)


def write_sources(app: Sphinx) -> None:
    """Write the data, and the source of each category's page, where they differ."""
    source = Path(app.srcdir)
    (source / PAGES).mkdir(parents=True, exist_ok=True)
    data = kept.cached(_computed)
    _write(source / DATA, data)
    for page in json.loads(data)["groups"]:
        made = {"line": "=" * len(page["title"]), "asked": _asked(page["title"])}
        text = SOURCE.format(**made, **page)
        _write(source / PAGES / f"{page['slug']}.rst", text)


def _asked(title: str) -> str:
    """Return how people ask for the derivatives of the kinds that a title names."""
    kinds = re.split(": |, | and ", title)
    return "; ".join(f"{kind} {word}" for kind in kinds for word in ASKED)


def _computed() -> tuple[str, bool]:
    """Return the data, and whether torch has the tables that it comes from."""
    from vjp_guide import operators  # noqa: PLC0415 - it imports torch

    try:
        found = operators.compute(jobs=JOBS, progress=_progress)
    except operators.OperatorsUnavailableError as error:
        logger.info("%s: the pages of the operators stay empty", error)
        return operators.dump(operators.empty()), False
    return operators.dump(found), True


def _progress(entries: "Iterator[Entry]", count: int) -> "Iterable[Entry]":
    words = "verifying operators... "
    return status_iterator(entries, words, "darkgreen", count, stringify_func=_name)


def _name(entry: "Entry") -> str:
    return entry.name


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


class Operators(SphinxDirective):
    """A part of the atlas: its index, its summary or the entries of a category."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes, and render again when the data or its renderer changes."""
        from . import entries  # noqa: PLC0415 - it imports torch

        data = Path(self.env.srcdir) / DATA
        here, root = Path(__file__).parent, Path(__file__).parents[3]
        watched = [*here.glob("entries.*"), *(root / "records").glob("*.json")]
        for path in (data, *watched):
            self.env.note_dependency(path)
        return entries.content(data, self.name, *self.arguments)


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


def list_entries(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Let a category's page list its entries, no sections, beside the text."""
    group = pagename.removeprefix(f"{PAGES}/")
    names = _names(Path(app.srcdir) / DATA, group) if group != pagename else ()
    if names:
        item = Markup('<li><a class="reference internal" href="#{}">{}</a></li>')
        items = (item.format(name, name.removeprefix("torch.")) for name in names)
        # The theme leaves out the first link, which is the page's own.
        whole = Markup('<ul><li><a class="reference internal" href="#">{}</a>')
        whole += Markup("<ul>{}</ul></li></ul>")
        context["toc"] = whole.format(context["title"], Markup("").join(items))
        context["furo_hide_toc"] = False


@cache
def _names(data: Path, group: str) -> tuple[str, ...]:
    entries = json.loads(data.read_text(encoding="utf-8"))["entries"]
    return tuple(each["name"] for each in entries if each["category"] == group)
