"""A link to a term of the glossary holds its definition, which hovering shows."""

import re

from descriptions import plain
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

PAGE = "reference/notation"


def definitions(env: BuildEnvironment) -> dict[str, str]:
    """Return the definition of each term, by the anchor of the term."""
    terms = env.get_doctree(PAGE).findall(nodes.term)
    return {term["ids"][0]: _definition(term) for term in terms}


def _definition(term: nodes.term) -> str:
    text = plain(term.parent[-1])
    return re.sub(r"\s+", " ", text).strip()


def add(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each link to a term its definition."""
    del docname
    links = [
        link
        for link in doctree.findall(nodes.reference)
        if any("std-term" in part["classes"] for part in link.findall(nodes.inline))
    ]
    if links:
        known = definitions(app.env)
        for link in links:
            anchor = link.get("refid") or link["refuri"].rpartition("#")[2]
            link["reftitle"] = known[anchor]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the definitions once the links are resolved."""
    app.connect("doctree-resolved", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
