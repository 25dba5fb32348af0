"""The pages of questions as data that search engines read: schema.org's FAQPage."""

import json
from typing import Any

from descriptions import plain
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

PAGES = "reference/questions/"
# The links below an answer are no part of it, and its code is for the page.
LINKS = ("More:", "Thread")
CODE = nodes.literal_block, nodes.doctest_block


def faq(document: nodes.document) -> dict[str, Any]:
    """Return the questions of a page, each with its answer."""
    sections = document.findall(nodes.section)
    questions = [
        _question(section)
        for section in sections
        if any(name.startswith("question-") for name in section["ids"])
    ]
    return {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": questions,
    }


def _question(section: nodes.section) -> dict[str, Any]:
    title, *parts = section.children
    texts = [plain(part).strip() for part in parts if not isinstance(part, CODE)]
    answer = "\n\n".join(text for text in texts if text and not text.startswith(LINKS))
    return {
        "@type": "Question",
        "name": plain(title),
        "acceptedAnswer": {"@type": "Answer", "text": answer},
    }


def add(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Add the data to a page of questions."""
    del app, templatename
    if doctree and pagename.startswith(PAGES):
        data = faq(doctree)
        if data["mainEntity"]:
            text = json.dumps(data, ensure_ascii=False).replace("</", r"<\/")
            script = f'\n<script type="application/ld+json">{text}</script>'
            context["metatags"] += script


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the data as the pages are written."""
    app.connect("html-page-context", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
