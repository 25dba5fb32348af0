"""A Markdown copy of each page, with the outputs of its cells, and their list llms.txt.

Who reads them are programs, and people who paste a page into one.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata
from sphinx_markdown_builder.translator import MarkdownTranslator

LANGUAGES = {"ipython3": "python", "myst-ansi": "text", "none": "text"}
CODE = {"literal_block", "code_links_block"}  # the latter are the gallery's
NOISE = {"sphx-glr-download-link-note", "sphx-glr-footer"}
SILENT = nodes.target | nodes.comment | addnodes.index
ADMONITIONS = {"note", "tip", "warning", "important", "seealso"}
# What the HTML of an output says, as lines of text.
MARKUP = [
    (r"<(style|script)\b.*?</\1>", ""),
    (r'<svg\b[^>]*?aria-label="([^"]*)".*?</svg>', r"\nFigure: \1\n"),
    ("</dt>", ": "),
    ("</t[dh]>", "  "),
    ("</(tr|p|pre|caption|dd)>", "\n"),
    (r"<[^>]*>", ""),
    (r" *\n\s*", "\n"),
]
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)"')


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
    elif "markup" in node:  # the atlas writes HTML of its own
        parent.replace(node, _block(_text(node["markup"])))
    elif node.tagname in CODE:
        language = node.get("language", "python")
        parent.replace(node, _code(node.astext(), LANGUAGES.get(language, language)))
    elif isinstance(node, nodes.abbreviation):  # a mark in a signature
        parent.replace(node, node.children)
    elif "alt" in node:
        parent.replace(node, nodes.inline("", f"Figure: {node['alt']}"))
    elif isinstance(node, SILENT) or NOISE.intersection(node["classes"]):
        parent.remove(node)
    elif isinstance(node, nodes.title) and parent.tagname in ADMONITIONS:
        parent.remove(node)  # the copy names the kind itself


def _text(markup: str) -> str:
    for pattern, text in MARKUP:
        markup = re.sub(pattern, text, markup, flags=re.DOTALL)
    return html.unescape(markup).strip()


def _block(text: str) -> nodes.Element:
    return _code(text, "text") if "\n" in text else nodes.paragraph("", text)


def _code(text: str, language: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language=language)


def write_list(app: Sphinx, exception: Exception | None) -> None:
    """Write llms.txt: what the site is, and each copy with its description."""
    if exception is None and app.builder.format == "html":
        text = "\n".join(_list(app)) + "\n"
        (Path(app.outdir) / "llms.txt").write_text(text, encoding="utf-8")


def _list(app: Sphinx) -> Iterator[str]:
    root = app.config.root_doc
    yield f"# {app.config.project}"
    yield f"\n> {_description(app, root)}"
    yield "\nEvery output on these pages was computed when they were built.\n"
    yield _entry(app, root)
    for part in app.env.toctree_includes[root]:
        yield f"\n## {app.env.titles[part].astext()}\n"
        for page in _pages(app.env, part):
            yield _entry(app, page)


def _pages(env: BuildEnvironment, page: str) -> Iterator[str]:
    yield page
    for child in env.toctree_includes.get(page, []):
        yield from _pages(env, child)


def _entry(app: Sphinx, page: str) -> str:
    title = app.env.titles[page].astext()
    address = f"{app.config.html_baseurl}{page}.md"
    return f"- [{title}]({address}): {_description(app, page)}"


def _description(app: Sphinx, page: str) -> str:
    text = (Path(app.outdir) / f"{page}.html").read_text(encoding="utf-8")
    found = DESCRIPTION.search(text)
    return html.unescape(found[1]) if found else ""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write the copies as the pages are written, and the list at the end."""
    app.setup_extension("sphinx_markdown_builder")
    app.connect("html-page-context", write)
    app.connect("build-finished", write_list)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
