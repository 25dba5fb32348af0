"""A search of a Sphinx site that ranks the parts of its pages by their words.

See the README beside this file. MiniSearch, which ranks alike, needs Node to make its
index, or makes it in the browser of each reader.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

from docutils import nodes
from sphinx import addnodes
from sphinx.search.en import SearchEnglish

LANGUAGE = SearchEnglish({})
STOPWORDS = LANGUAGE.stopwords
stem = cache(LANGUAGE.stem)  # takes long, and texts repeat their words
WORD = re.compile(r"\d+\.\d+|\w+")
MEANINGLESS = re.compile(r"\d\w{2,}|.$")  # 1e-07, a colour, a hash, a letter
NUMBER = re.compile(r"\d")
# The first is British, and the second the spelling that the index knows.
SPELLINGS = [
    (re.compile(r"is(e[drs]?|ing|ations?)$"), r"iz\1"),
    (re.compile("our"), "or"),
    (re.compile(r"ll(ed|ing)$"), r"l\1"),
    (re.compile(r"^(\d+)\.0+$"), r"\1"),
]
MOST = 4  # a word that a part holds more often says no more about it
UNSEEN = nodes.comment, nodes.math, nodes.math_block, nodes.raw, nodes.system_message


@dataclass(slots=True)
class Part:
    """A place that a search can lead to, with how often it holds each word."""

    anchor: str
    title: str
    words: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)

    def add(self, text: str, *, named: bool = False, is_code: bool = False) -> None:
        """Count the words of a text, and those of a title as its names."""
        found = [word for word in stems(text) if not is_code or not NUMBER.match(word)]
        self.words.update(found)
        if named:
            self.names.update(found)


class Page(Protocol):
    """What the index holds of a page."""

    @property
    def name(self) -> str:
        """The page's address without the suffix."""

    @property
    def title(self) -> str:
        """The page's title."""

    @property
    def description(self) -> str:
        """What the page is about."""

    @property
    def parts(self) -> Sequence[Part]:
        """The parts of the page."""


def stems(text: str) -> Iterator[str]:
    """Yield the words of a text as the search compares them, and parts of names."""
    for word in WORD.findall(text.lower()):
        parts = word.split("_") if "_" in word else []
        for part in filter(None, (word, *parts)):
            if not (part in STOPWORDS or MEANINGLESS.match(part)):
                yield stem(spelt(part))


def spelt(word: str) -> str:
    """Return the spelling of a word that the index knows."""
    for own, other in SPELLINGS:
        word = own.sub(other, word)
    return word


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
            named = any(isinstance(up, nodes.title) for up in above)
            is_code = isinstance(node.parent, nodes.literal_block)  # or its output
            found[-1].add(node, named=named, is_code=is_code)
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


def index(
    pages: Sequence[Page],
    places: Mapping[str, str],
    favours: Sequence[Mapping[str, object]] = (),
    synonyms: Mapping[str, str] = MappingProxyType({}),
    aside: str = "$^",
) -> dict[str, Any]:
    """Return the pages, and how often which part and which description holds a word.

    Args:
        pages: The pages in the order of their names.
        places: Where each page stands, by its name.
        favours: Which pages count by how much for which queries; see the README.
        synonyms: What the pages call what others call otherwise.
        aside: The pattern of titles of parts that come after others.
    """
    found = [part for page in pages for part in page.parts]
    return {
        "most": MOST,
        "favours": favours,
        "aside": aside,
        "meanings": [tuple(map(list, map(stems, pair))) for pair in synonyms.items()],
        "pages": [_page(page, places[page.name]) for page in pages],
        "words": _places(part.words for part in found),
        "names": _places(part.names for part in found),
        "abouts": _places(_about(page) for page in pages),
    }


def script(found: dict[str, Any]) -> str:
    """Return an index as a script, since a page on disk may not read other files."""
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    quoted = text.replace("\\", r"\\").replace("'", r"\'")
    return f"PartSearch.setIndex(JSON.parse('{quoted}'));\n"


def _page(page: Page, place: str) -> dict[str, Any]:
    return {
        "name": page.name,
        "title": page.title,
        "place": place,
        "description": page.description,
        "parts": [_titled(part) for part in page.parts],
    }


def _about(page: Page) -> Counter[str]:
    """Return the words of a page's title and description."""
    return Counter(stems(f"{page.title} {page.description}"))


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
