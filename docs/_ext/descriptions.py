"""What search engines and link previews show of a page: its first whole sentences."""

import html
import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

LENGTH = 200
# Pages open with these; what follows says the same.
OPENING = re.compile(r"^(?:After|With) this page you can (\w)")
SYMBOLS = {
    r"^\top": "ᵀ",
    r"\partial ": "∂",
    r"\langle ": "⟨",
    r" \rangle": "⟩",
    r"\rangle": "⟩",
    r"\to": "→",
    r"\mapsto": "↦",
    r"\,": " ",
    r"\sum": "Σ",
    r"\cdot": "·",
    r"\infty": "∞",
    r"\overline": "conj",
    "^2": "²",
}


def describe(document: nodes.document) -> str:
    """Return the first sentences of a page that fit, as plain text."""
    text = ""
    for sentence in _sentences(document):
        if text and len(f"{text} {sentence}") > LENGTH:
            break
        text = f"{text} {sentence}".strip()
    if len(text) > LENGTH:
        text = text[:LENGTH].rpartition(" ")[0].rstrip(",;:") + " …"
    return text


def plain(node: nodes.Node) -> str:
    """Return the text of a node, with its formulas as far as characters go."""
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.math | nodes.math_block):
        return _formula(node.astext())
    return "".join(plain(child) for child in node.children)


def _formula(latex: str) -> str:
    for command, symbol in SYMBOLS.items():
        latex = latex.replace(command, symbol)
    return re.sub(r"\s+", " ", latex)


def _sentences(document: nodes.document) -> Iterator[str]:
    """Yield the sentences above the first heading; the source has one on each line."""
    page = next(document.findall(nodes.section), document)
    for paragraph in page.children:
        if isinstance(paragraph, nodes.paragraph):
            for line in plain(paragraph).split("\n"):
                sentence = OPENING.sub(_first_letter, line.strip())
                if sentence and not re.search(r"[\\{]|:$", sentence):
                    yield sentence


def _first_letter(opening: re.Match[str]) -> str:
    return opening[1].upper()


def add(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give a page its description, before the preview tags are made of it."""
    del templatename
    title = re.sub(r"<[^>]*>", "", context.get("title", pagename.capitalize()))
    described = html.escape(describe(doctree)) if doctree else ""
    description = described or f"{title}, on {app.config.project}"
    tag = f'\n<meta name="description" content="{description}">'
    context["metatags"] = context.get("metatags", "") + tag
    context["meta"] = {
        **(context.get("meta") or {}),
        "og:description": description,
        "og:image:alt": f"A card with the title: {title}",
    }


def setup(app: Sphinx) -> ExtensionMetadata:
    """Describe each page."""
    app.connect("html-page-context", add, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
