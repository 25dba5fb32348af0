"""The gallery: its groups, and the picture of each example first."""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_gallery.directives import imgsgnode

EXAMPLES = "auto_examples/plot_"
# By the first digit of an example's number.
GROUPS = (
    "The product and its rows",
    "Sums over samples and paths",
    "The geometry of both products",
    "Complex numbers and nan",
    "At work",
)
THUMBNAIL = re.compile(
    r"^\.\. raw:: html\n\n +<div class=\"sphx-glr-thumbcontainer\".*?"
    r":doc:`/auto_examples/plot_(\d)",
    re.MULTILINE | re.DOTALL,
)
BETWEEN = """\
.. raw:: html

    {close}

{title}
{line}

.. raw:: html

    <div class="sphx-glr-thumbnails">

"""


def group_examples(app: Sphinx) -> None:
    """Put the thumbnails of the index under headings; subfolders would move pages."""
    index = Path(app.srcdir, "auto_examples", "index.rst")
    text = index.read_text(encoding="utf-8")
    if GROUPS[0] not in text:
        index.write_text(grouped(text), encoding="utf-8")


def grouped(text: str) -> str:
    """Return an index of sphinx-gallery with a heading above each group."""
    seen: set[str] = set()

    def head(thumbnail: re.Match[str]) -> str:
        digit = thumbnail[1]
        if digit in seen:
            return thumbnail[0]
        seen.add(digit)
        title = GROUPS[int(digit)]
        between = BETWEEN.format(close="</div>", title=title, line="-" * len(title))
        return between + thumbnail[0]

    return THUMBNAIL.sub(head, text)


def show_picture_first(app: Sphinx, document: nodes.document) -> None:
    """Move the picture that ends an example above its code, with what is said of it."""
    pictures = list(document.findall(_is_picture))
    if pictures and app.env.docname.startswith(EXAMPLES):
        picture, page = pictures[-1], next(document.findall(nodes.section))
        if isinstance(picture, imgsgnode):
            picture = captioned(picture)
        picture.parent.remove(picture)
        below = next(page.findall(nodes.section, include_self=False))
        page.insert(page.index(below), picture)


def captioned(picture: nodes.Element) -> nodes.figure:
    """Put the paragraph above the code of a picture below the picture, in a figure."""
    section = picture.parent
    above = section.children[: section.index(picture)]
    words = [node for node in above if isinstance(node, nodes.paragraph)][-1]
    section.remove(words)
    number = nodes.Text("Figure 1. ")  # an example has one
    figure = nodes.figure("", ids=["figure-1"])
    picture.replace_self(figure)
    figure += [picture, nodes.caption("", "", number, *words.children)]
    return figure


def _is_picture(node: nodes.Node) -> bool:
    figure = isinstance(node, nodes.raw) and "vjp-figure" in node.astext()
    return figure or isinstance(node, imgsgnode)
