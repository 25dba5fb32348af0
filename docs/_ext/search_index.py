"""The index of the site's search, which ranks the parts of pages by their words.

Sphinx's own index knows which pages hold a word, but not how often, or where. This one
counts the words of each part: a section, an operator, an object of the package, a term
of the glossary. ``search.js`` ranks with it.
"""

import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.search.en import SearchEnglish
from sphinx.util.typing import ExtensionMetadata

LANGUAGE = SearchEnglish({})
stem = cache(LANGUAGE.stem)  # takes long, and texts repeat their words
DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)"')
WORD = re.compile(r"\w+")
MEANINGLESS = re.compile(r"\d\w{2,}|.$")  # 1e-07, a colour, a hash, a letter
MOST = 4  # a word that a part holds more often says no more about it
MARKING = "sphinx_highlight.js"
UNSEEN = nodes.comment, nodes.math, nodes.math_block, nodes.raw, nodes.system_message


@dataclass(slots=True)
class Part:
    """A place that a search can lead to, with how often it holds each word."""

    anchor: str
    title: str
    words: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)

    def add(self, text: str, *, named: bool = False) -> None:
        """Count the words of a text, and those of a title as its names."""
        found = list(stems(text))
        self.words.update(found)
        if named:
            self.names.update(found)


def stems(text: str) -> Iterator[str]:
    """Yield the words of a text as the search compares them, and parts of names."""
    for word in WORD.findall(text.lower()):
        parts = word.split("_") if "_" in word else []
        for part in (word, *parts):
            if part and LANGUAGE.word_filter(part) and not MEANINGLESS.match(part):
                yield stem(part)


def parts(document: nodes.document) -> list[Part]:
    """Return the parts of a page in their order."""
    found = [Part("", "")]
    for node in document.findall():
        if isinstance(node, nodes.section):
            found.append(Part(node["ids"][0], node[0].astext()))
        elif isinstance(node, addnodes.index):
            found += _entry(node)
        elif isinstance(node, nodes.Text) and not isinstance(node.parent, UNSEEN):
            above = node.parent, node.parent.parent  # a title may be code
            found[-1].add(node, named=any(isinstance(up, nodes.title) for up in above))
    return found[1:]


def _entry(node: addnodes.index) -> Iterator[Part]:
    """Yield the part that an entry of the general index leads to."""
    if node["entries"]:
        _, word, anchor, *_ = node["entries"][0]
        part = Part(anchor, word if anchor.startswith("term-") else anchor)
        words = {part.title: True}
        words |= {word: bool(main) for _, word, _, main, _ in node["entries"]}
        for word, named in words.items():
            part.add(word, named=named)
        yield part


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


def description(page: Path) -> str:
    """Return what a built page says of itself."""
    found = DESCRIPTION.search(page.read_text(encoding="utf-8"))
    return html.unescape(found[1]) if found else ""


def index(app: Sphinx) -> dict[str, Any]:
    """Return the pages, and how often which part and which description holds a word."""
    known = sorted(kept(app.env).items())
    found = [part for _, parts in known for part in parts]
    pages = [_page(app, name, parts) for name, parts in known]
    return {
        "most": MOST,
        "pages": pages,
        "words": _places(part.words for part in found),
        "names": _places(part.names for part in found),
        "abouts": _places(_about(page) for page in pages),
    }


def _page(app: Sphinx, name: str, parts: list[Part]) -> dict[str, Any]:
    return {
        "name": name,
        "title": parts[0].title if parts else name,
        "place": place(app.env, name),
        "description": description(Path(app.outdir, f"{name}.html")),
        "parts": [_titled(part) for part in parts],
    }


def _about(page: dict[str, Any]) -> Counter[str]:
    """Return the words of a page's title and description."""
    return Counter(stems(f"{page['title']} {page['description']}"))


def _titled(part: Part) -> tuple[str, ...]:
    """Return an anchor with its title, unless they are the same."""
    same = part.title == part.anchor
    return (part.anchor,) if same else (part.anchor, part.title)


def _places(counts: Iterable[Counter[str]]) -> dict[str, list[int]]:
    """Return for each word the parts that hold it.

    Of each part that is one number: ``MOST`` times the step from the part before, plus
    the word's count less one.
    """
    last: dict[str, int] = defaultdict(int)
    places: dict[str, list[int]] = defaultdict(list)
    for number, words in enumerate(counts):
        for word, count in words.items():
            step = number - last[word]
            places[word].append(MOST * step + min(count, MOST) - 1)
            last[word] = number
    return dict(sorted(places.items()))


def kept(env: BuildEnvironment) -> dict[str, list[Part]]:
    """Return the parts of each page, which last from build to build."""
    pages: dict[str, list[Part]] = env.__dict__.setdefault("search_parts", {})
    return pages


def collect(app: Sphinx, document: nodes.document) -> None:
    """Keep the parts of a page that was read."""
    kept(app.env)[app.env.current_document.docname] = parts(document)


def forget(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Drop the parts of a page that changed or is gone."""
    del app
    kept(env).pop(page, None)


def merge(
    app: Sphinx, env: BuildEnvironment, pages: set[str], other: BuildEnvironment
) -> None:
    """Take over the parts of the pages that another process read."""
    del app
    kept(env).update({page: kept(other)[page] for page in pages})


def unmark(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:  # Sphinx's signature
    """Leave out the script that marks the words of the last query on each page.

    The link that it adds to take the marks away runs against the content policy.
    """
    del app, page, template, doctree
    files = context["script_files"]
    context["script_files"] = [file for file in files if MARKING not in str(file)]


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the index as a script, since a page on disk may not read other files."""
    if exception is None and app.builder.format == "html":
        text = json.dumps(index(app), ensure_ascii=False, separators=(",", ":"))
        quoted = text.replace("\\", r"\\").replace("'", r"\'")
        path = Path(app.outdir, "_static", "search-index.js")
        path.write_text(f"Search.setIndex(JSON.parse('{quoted}'));\n", encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Count words as pages are read; write the index when they are built."""
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("html-page-context", unmark)
    app.connect("build-finished", write)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
