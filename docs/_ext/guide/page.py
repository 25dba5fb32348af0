"""What the site knows of a page: one record, made once, when the page is read.

Whatever lists, finds or describes pages is written from these records.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment

from docs._tools.part_search import Part, parts

LENGTH = 200
EXERCISE = re.compile(r"(exercise|puzzle)-\d+")
TESTED = re.compile(r"tested by: (.+)")
# A link whose text is the title of a page that may not be read yet.
TITLED = {"doc", "myst", "ref"}
UNREAD = "{title}"  # a sentence with it is left out
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


@dataclass(frozen=True, slots=True)
class Page:
    """A page, as far as others speak of it.

    Attributes:
        name: Its address without the suffix.
        title: The text of its first heading.
        description: Its first whole sentences, which results of a search show.
        parts: The places on it that a search leads to, with their words.
        terms: The definition of each term on it, by the term's anchor.
        formulas: The LaTeX of each formula on it.
        exercises: The title of each exercise on it, by the exercise's anchor.
        tested_by: The anchor of the exercise that tests what the page says.
    """

    name: str
    title: str
    description: str
    parts: tuple[Part, ...]
    terms: dict[str, str]
    formulas: frozenset[str]
    exercises: dict[str, str]
    tested_by: str


class Pages(Domain):
    """Keeps the records from build to build, and between processes that read pages."""

    name = "page"
    label = "Pages"
    initial_data: ClassVar[dict[str, dict[str, Page]]] = {"pages": {}}

    @property
    def pages(self) -> dict[str, Page]:
        """Return the record of each page by the page's name."""
        pages: dict[str, Page] = self.data["pages"]
        return pages

    def process_doc(
        self, env: BuildEnvironment, docname: str, document: nodes.document
    ) -> None:
        """Make the record of a page that was read."""
        self.pages[docname] = record(docname, document, env.config.project)

    def clear_doc(self, docname: str) -> None:
        """Forget a page that changed or is gone."""
        self.pages.pop(docname, None)

    def merge_domaindata(
        self, docnames: AbstractSet[str], otherdata: dict[str, Any]
    ) -> None:
        """Take over the records of the pages that another process read."""
        read: dict[str, Page] = otherdata["pages"]
        self.pages.update({name: read[name] for name in docnames})

    def resolve_any_xref(self, *_: object) -> list[tuple[str, nodes.reference]]:
        """Return nothing: no role leads to a record."""
        return []


def known(env: BuildEnvironment) -> dict[str, Page]:
    """Return the record of each page of the site by its name."""
    domain = env.get_domain(Pages.name)
    assert isinstance(domain, Pages)  # noqa: S101 - for the type checker
    return domain.pages


def shorten_title(app: Sphinx, document: nodes.document) -> None:
    """Let links name a page by its short title; the page itself shows all of it."""
    del document
    titles, name = app.env.titles, app.env.docname
    titles[name] = nodes.title("", "", *short(titles[name]))


def leave_out(app: Sphinx, document: nodes.document) -> None:
    """Leave a page out of Sphinx's search, whose index is slow to make and not read."""
    del document
    app.env.metadata[app.env.docname]["nosearch"] = ""


def short(title: nodes.Element) -> Iterator[nodes.Node]:
    """Yield what stands in a title before its subtitle: a colon outside of code."""
    for child in title.children:
        if isinstance(child, nodes.Text) and ": " in child:
            yield nodes.Text(child.partition(": ")[0])
            return
        yield child.deepcopy()


def exercise_on(env: BuildEnvironment, name: str) -> tuple[str, str, str] | None:
    """Return the page, anchor and title of the exercise that tests a page."""
    anchor = known(env)[name].tested_by
    for tutorial in known(env).values():
        if anchor in tutorial.exercises:
            return tutorial.name, anchor, tutorial.exercises[anchor]
    return None


def place(env: BuildEnvironment, name: str) -> str:
    """Return the titles of the pages above a page, without their subtitles."""
    parents = {
        child: parent
        for parent, children in env.toctree_includes.items()
        for child in children
        if parent != env.config.root_doc
    }
    titles: list[str] = []
    while name in parents:
        name = parents[name]
        titles.insert(0, env.titles[name].astext().partition(":")[0])
    return " > ".join(titles)


def record(name: str, document: nodes.document, project: str) -> Page:
    """Return what is known of a page from its tree."""
    found = parts(document)
    title = found[0].title if found else name
    maths = document.findall(
        lambda node: isinstance(node, nodes.math | nodes.math_block)
    )
    return Page(
        name,
        title=title,
        description=describe(document) or f"{title}, on {project}",
        parts=tuple(found),
        terms=dict(_terms(document)),
        formulas=frozenset(formula.astext() for formula in maths),
        exercises=dict(_exercises(document)),
        tested_by=_tested_by(document),
    )


def describe(document: nodes.document) -> str:
    """Return the first sentences of a page that fit, as plain text.

    sphinxext-opengraph cuts in the middle of a sentence, and shows LaTeX.
    """
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
    if isinstance(node, nodes.comment):
        return ""
    if isinstance(node, addnodes.pending_xref) and not node.get("refexplicit", True):
        return node.astext() if node["reftype"] not in TITLED else UNREAD
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
                sentence = line.strip()
                if sentence and not re.search(r"[\\{]|:$", sentence):
                    yield sentence


def _terms(document: nodes.document) -> Iterator[tuple[str, str]]:
    for term in document.findall(nodes.term):
        if term["ids"]:
            definition = plain(term.parent[-1])
            yield term["ids"][0], re.sub(r"\s+", " ", definition).strip()


def _exercises(document: nodes.document) -> Iterator[tuple[str, str]]:
    for section in document.findall(nodes.section):
        for anchor in filter(EXERCISE.fullmatch, section["ids"]):
            yield anchor, section[0].astext()


def _tested_by(document: nodes.document) -> str:
    """Return the exercise in a comment of the page: ``tested by: exercise-01``."""
    comments = (node.astext() for node in document.findall(nodes.comment))
    return next((found[1] for found in map(TESTED.fullmatch, comments) if found), "")
