"""What programs read: a Markdown copy of each page, and the lists of all pages.

People who paste a page into a program take the copy too. sphinx-llm, which writes such
copies, loses the outputs of cells.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docutils import nodes
from selectolax.lexbor import LexborHTMLParser
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_markdown_builder.translator import MarkdownTranslator

from docs._tools import part_search

from .errors import DATA
from .page import Page, place
from .synonyms import SYNONYMS

LANGUAGES = {"ipython3": "python", "myst-ansi": "text", "none": "text"}
CODE = {"literal_block", "code_links_block"}  # the latter are the gallery's
NOISE = {"only-dark", "sphx-glr-download-link-note", "sphx-glr-footer"}
SILENT = nodes.target | nodes.comment | addnodes.index
ADMONITIONS = {"note", "tip", "warning", "important", "seealso"}
# What ends with an element in the HTML of an output, as text.
ENDS = {"dt": ": ", "td, th": "  ", "tr, p, pre, caption, dd": "\n"}
# A node's name alone wants its operator, and more than three words often a question.
# Names in code that calls and indexes are seldom those of operators.
FAVOURS = [
    {"under": "operators/", "pattern": r"Backward\d", "most": 1, "times": 2.5},
    {"under": "operators/", "pattern": r"\w\[|\)\.\w", "times": 0.4},
    {"under": "reference/questions/", "least": 4, "times": 1.1},
    {"under": "explanation/", "times": 1.1},
    {
        "under": "auto_examples/",
        "pattern": "plot|picture|figure|heat ?map|scatter|visuali|demo|notebook",
        "times": 1.25,
    },
    # Of other frameworks, in the words of the pages on torch, which come first.
    {"under": "reference/elsewhere", "times": 0.7},
]
# What programs can take instead of a page, and what it holds.
WHOLE = "llms-full.txt"
FILES = {
    WHOLE: "All pages in one file, but for the entries of operators.",
    "operators/operators.json": "The operator atlas: for each of torch's operators "
    "its formula, an example with numbers, and what checks found.",
    "operators/operators.schema.json": "The JSON Schema of operators.json.",
    DATA: "The known errors: a pattern for each text, its cause, its fix, and the "
    "address of its entry.",
}
ENTRIES = "operators/entries/"
OLDER = r"^(Before|Until|In) (torch )?\d"  # sections on what torch no longer does
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def write(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write the copy beside the page, and link to it."""
    del templatename
    if doctree:
        path = Path(app.outdir) / f"{pagename}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(markdown(app, doctree), encoding="utf-8")
        context["markdown_copy"] = path.name
        link = f'\n<link rel="alternate" type="text/markdown" href="{path.name}">'
        context["metatags"] += link


def markdown(app: Sphinx, document: nodes.document) -> str:
    """Return a page as Markdown."""
    copy = document.deepcopy()
    for node in list(copy.findall(nodes.Element)):
        if node.parent is not None:
            _simplify(node, node.parent)
    translator = MarkdownTranslator(copy, app.builder)
    copy.walkabout(translator)
    return str(translator.astext())


def _simplify(node: nodes.Element, parent: nodes.Element) -> None:
    """Leave what Markdown can say: a figure is its description."""
    if isinstance(node, nodes.raw):
        parent.replace(node, _block(_text(node.astext())))
    elif node.tagname in CODE:
        language = node.get("language", "python")
        parent.replace(node, _code(node.astext(), LANGUAGES.get(language, language)))
    elif isinstance(node, nodes.reference) and "refid" in node:
        # the translator drops a target within the page
        node["refuri"] = f"#{node['refid']}"
    elif isinstance(node, nodes.caption):
        parent.replace(node, nodes.paragraph("", "", *node.children))
    elif isinstance(node, nodes.abbreviation):  # a mark in a signature
        parent.replace(node, node.children)
    elif isinstance(node, SILENT) or NOISE.intersection(node["classes"]):
        parent.remove(node)
    elif "alt" in node:
        parent.replace(node, nodes.inline("", f"Figure: {node['alt']}"))
    elif isinstance(node, nodes.title) and parent.tagname in ADMONITIONS:
        parent.remove(node)  # the copy names the kind itself


def _text(markup: str) -> str:
    """Return what the HTML of an output says, as lines of text."""
    tree = LexborHTMLParser(markup)
    for drawing in tree.css("svg[aria-label]"):
        drawing.replace_with(f"\nFigure: {drawing.attributes['aria-label']}\n")
    for silent in tree.css("style, script, figcaption"):
        silent.decompose()
    for elements, text in ENDS.items():
        for element in tree.css(elements):
            element.insert_after(text)
    text = tree.root.text() if tree.root else ""
    return re.sub(r" *\n\s*", "\n", text).strip()


def _block(text: str) -> nodes.Element:
    return _code(text, "text") if "\n" in text else nodes.paragraph("", text)


def _code(text: str, language: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language=language)


def write_list(app: Sphinx, pages: dict[str, Page]) -> None:
    """Write llms.txt: what the site is, and each copy with its description."""
    text = "\n".join(_list(app, pages)) + "\n"
    (Path(app.outdir) / "llms.txt").write_text(text, encoding="utf-8")


def _list(app: Sphinx, pages: dict[str, Page]) -> Iterator[str]:
    root = app.config.root_doc
    yield f"# {app.config.project}"
    yield f"\n> {pages[root].description}"
    yield (
        "\nEvery output on these pages comes from a run: "
        "the build computed it, or a test compares it with what torch prints.\n"
    )
    yield _entry(app, pages[root])
    for part in app.env.toctree_includes[root]:
        yield f"\n## {pages[part].title}\n"
        for name in _below(app.env, part):
            yield _entry(app, pages[name])
    yield "\n## Whole text and data\n"
    for name, what in FILES.items():
        yield f"- [{name}]({app.config.html_baseurl}{name}): {what}"


def write_whole(app: Sphinx, exception: Exception | None) -> None:
    """Write llms-full.txt: the copies one after another, in the order of the menu.

    It takes them from their files: several processes write pages, and after an edit
    those alone that it touches.
    """
    if exception is None and app.builder.format == "html":
        root = app.config.root_doc
        below = [n for n in _below(app.env, root) if not n.startswith(ENTRIES)]
        texts = (Path(app.outdir, f"{name}.md").read_text("utf-8") for name in below)
        whole = "\n".join(texts)
        Path(app.outdir, WHOLE).write_text(whole, encoding="utf-8")


def _below(env: BuildEnvironment, name: str) -> Iterator[str]:
    yield name
    for child in env.toctree_includes.get(name, []):
        yield from _below(env, child)


def _entry(app: Sphinx, page: Page) -> str:
    address = f"{app.config.html_baseurl}{page.name}.md"
    return f"- [{page.title}]({address}): {page.description}"


def write_sitemap(app: Sphinx, pages: Iterable[str]) -> None:
    """Write the list of all pages that search engines read.

    sphinx-sitemap lists them as processes happen to write them, in another order in
    each build, and after a rebuild those alone that were written again.
    """
    addresses = (escape(f"{app.config.html_baseurl}{name}.html") for name in pages)
    lines = [f"<url><loc>{address}</loc></url>" for address in addresses]
    text = "\n".join([f'<urlset xmlns="{SITEMAP}">', *lines, "</urlset>\n"])
    (Path(app.outdir) / "sitemap.xml").write_text(text, encoding="utf-8")


def write_search_index(app: Sphinx, pages: dict[str, Page]) -> None:
    """Write the index of the site's search."""
    places = {name: place(app.env, name) for name in pages}
    index = part_search.index(
        list(pages.values()), places, FAVOURS, synonyms=SYNONYMS, aside=OLDER
    )
    target = Path(app.outdir, "_static", "search-index.js")
    target.write_text(part_search.script(index), encoding="utf-8")
