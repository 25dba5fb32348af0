"""A search of a Sphinx site that ranks the parts of its pages by their words.

See the README beside this file, also for a comparison with MiniSearch.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, pairwise
from operator import or_, sub
from types import MappingProxyType
from typing import Any, Protocol

from docutils import nodes
from sphinx import addnodes
from sphinx.search.en import SearchEnglish

LANGUAGE = SearchEnglish({})
STOPWORDS = LANGUAGE.stopwords
stem = cache(LANGUAGE.stem)  # takes long, and texts repeat their words
# With its dot, a name as in torch.where says something.
WORD = re.compile(r"\d+\.\d+|\.?\w+")
# 1e-07, a letter, one of many variables, a colour, a hash
MEANINGLESS = re.compile(r"\d\w{2,}|.$|[a-z]\d\d$|(?=.*\d)[\da-f]{6}$")
NUMBER = re.compile(r"\d")
SENTENCE = re.compile(r"(?<=[.?!]) (?=[A-Z])")
DEFINED = re.compile(  # the names that a line of Python makes
    r"^(?:>>> |\.\.\. )?\s*(?:(?:def|class) (\w{2,})|([\w, ()*]+) = )", re.MULTILINE
)
# What examples have only to be tested, or all that fail
OF_DOCTEST = re.compile(r"# doctest: .*|Traceback \(most recent call last\):")
NOT_OF_ANCHORS = re.compile("[^a-z0-9]+")  # as docutils makes them of titles
# The first is British, and the second the spelling that the index knows. What a word
# means isn't a mean.
SPELLINGS = [
    (re.compile(r"is(e[drs]?|ing|ations?)$"), r"iz\1"),
    (re.compile("our"), "or"),
    (re.compile(r"ll(ed|ing)$"), r"l\1"),
    (re.compile("lys(e[drs]?|ing)$"), r"lyz\1"),
    (re.compile("^(cent|met|fib)re(s?)$"), r"\1er\2"),
    (re.compile("^centr(ed|ing)$"), r"center\1"),
    (re.compile("^grey"), "gray"),
    (re.compile("logue(s?)$"), r"log\1"),
    (re.compile(r"^(\d+)\.0+$"), r"\1"),
    (re.compile("^meanings?$"), "meant"),
]
THREAD = re.compile(r"[\w.-]+(/[\w.-]+)?#\d+")  # nobody asks for a thread by its number
ASKED = "asked"
MENTIONED = 5  # of the parts that hold a word, for each that is asked for by it
RARE = 3  # parts hold a word: fewer, and code that has it says where it is
# Much text has them, and says little by it; titles and phrases do.
EVERYDAY = """
add alone another can change code come compute copy differ doesn end entry every false
find first get give go hand hold instead isn keep know large last lead let like look
made make many may must need neither new next nothing number old one other part pass
place point put reach read require respect result return right run say see several show
small start step still take term text thing thread three time true try two unless use
want way well whole without work write wrong
"""
FIRST = 40  # the code of the letter for 0
UNSEARCHED = "unsearched"
UNSEEN = nodes.comment, nodes.math, nodes.math_block, nodes.raw, nodes.system_message


@dataclass(slots=True)
class Part:
    """A place that a search can lead to, with the words of its text and of its title.

    Attributes:
        anchor: Its address on its page.
        title: Its title.
        words: The words of its text.
        names: The words of its title, and of other names that it has.
        asked: The words of each phrase that people ask for it by.
        code: The words of its blocks of code.
    """

    anchor: str
    title: str
    words: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    asked: list[set[str]] = field(default_factory=list)
    code: set[str] = field(default_factory=set)

    def add(self, text: str, *, named: bool = False) -> None:
        """Take the words of a text, as names if it is a title; titles keep numbers."""
        self.words.update(_words(text))
        if named:
            self.names.update(stems(text, whole=True))

    def run(self, text: str) -> None:
        """Take the words of a block of code."""
        self.code.update(_words(text))


class Page(Protocol):
    """What the index holds of a page."""

    @property
    def name(self) -> str:
        """The page's address without the suffix."""

    @property
    def description(self) -> str:
        """What the page is about."""

    @property
    def parts(self) -> Sequence[Part]:
        """The parts of the page, of which the first has its title."""


def stems(text: str, *, whole: bool = False) -> Iterator[str]:
    """Yield the words of a text as the search compares them, and parts of names."""
    for word in WORD.findall(text.lower()):
        parts = word.split("_") if "_" in word and not whole else []
        for part in (word, *parts):
            own = part.removeprefix(".")
            if own and not (part in STOPWORDS or MEANINGLESS.match(own)):
                yield stem(spelt(own))


def _words(text: str) -> Iterator[str]:
    return (word for word in stems(text) if not NUMBER.match(word))


def spelt(word: str) -> str:
    """Return the spelling of a word that the index knows."""
    for own, other in SPELLINGS:
        word = own.sub(other, word)
    return word


def parts(document: nodes.document) -> list[Part]:
    """Return the parts of a page in their order."""
    found, made = [Part("", "")], _made(document)
    for node in document.findall():
        if isinstance(node, nodes.section):
            found.append(Part(node["ids"][0], node[0].astext()))
        elif isinstance(node, addnodes.index):
            found += _entry(node)
        elif isinstance(node, nodes.comment):
            found[-1].asked += _asked(node.astext())
        elif isinstance(node, nodes.Text) and _searched(node):
            _take(found[-1], node, made)
    return found[1:]


def _take(part: Part, text: nodes.Text, made: set[str]) -> None:
    """Take the words of a text of a part, of code without the names that it makes."""
    if isinstance(text.parent, nodes.literal_block):
        code = OF_DOCTEST.sub("", text)
        part.run(" ".join(word for word in WORD.findall(code) if word not in made))
    else:
        above = text.parent, text.parent.parent  # a title may be code
        part.add(text, named=any(isinstance(up, nodes.title) for up in above))


def _made(document: nodes.document) -> set[str]:
    """Return the names that the code of a page makes itself, which nobody asks for."""
    blocks = document.findall(nodes.literal_block)
    code = "\n".join(block.astext() for block in blocks)
    made = " ".join(chain.from_iterable(DEFINED.findall(code)))
    return {name for name in WORD.findall(made) if len(name) > 1}


def _searched(text: nodes.Text) -> bool:
    """Return whether a text is read, and isn't the name of a thread."""
    seen = not isinstance(text.parent, UNSEEN)
    listed = not any(map(_unsearched, _above(text)))
    return seen and listed and not THREAD.fullmatch(text)


def _unsearched(node: nodes.Element) -> bool:
    """Return whether a node isn't read, or is the text of what a notebook draws."""
    is_drawn = node.get("mime_type") == "text/plain" and len(node.parent) > 1
    return UNSEARCHED in node["classes"] or is_drawn


def _above(node: nodes.Node) -> Iterator[nodes.Element]:
    """Yield what holds a node, the innermost first."""
    while node.parent is not None:
        node = node.parent
        yield node


def _asked(comment: str) -> Iterator[set[str]]:
    """Yield the words of each phrase in a comment: ``asked: one way; another``."""
    mark, _, phrases = comment.partition(":")
    for phrase in phrases.split(";") if mark == ASKED else ():
        yield set(stems(phrase, whole=True))


def _entry(node: addnodes.index) -> Iterator[Part]:
    """Yield the part that an entry of the general index leads to."""
    if node["entries"]:
        _, word, anchor, *_ = node["entries"][0]
        part = Part(anchor, word if anchor.startswith("term-") else anchor)
        words = {part.title: True}
        words |= {word: bool(main) for _, word, _, main, _ in node["entries"]}
        for word, named in words.items():
            part.add(word, named=named)
            part.asked += [set(stems(word, whole=True))] if named else []
        yield part


def index(
    pages: Sequence[Page],
    places: Mapping[str, str],
    favours: Sequence[Mapping[str, object]] = (),
    synonyms: Mapping[str, str] = MappingProxyType({}),
    aside: str = "$^",
) -> dict[str, Any]:
    """Return the pages, and which texts hold a word.

    The texts are numbered: what each page is about, then what each part says, then all
    phrases of each, then its names. What parts say is without the words that they
    mention and are hardly asked for by, since these say little, without everyday words
    and those of code that much code has, and without those of their phrases, which the
    browser counts as said. Words that a shown title or description holds are left out:
    a browser has it. Common words come first, with how many parts hold each. A phrase
    is a choice of the words of its part's title and phrases.

    Args:
        pages: The pages in the order of their names.
        places: Where each page stands, by its name.
        favours: Which pages count by how much for which queries; see the README.
        synonyms: What the pages call what others call otherwise.
        aside: The pattern of titles of parts that come after others.
    """
    found = [part for page in pages for part in page.parts]
    texts = _texts(found)
    common = _common(found, texts)
    said = [
        text - _names(part) - common.keys()
        for part, text in zip(found, texts, strict=True)
    ]
    asked = [_untold(part) for part in found]
    names = [part.names.difference(_told(part)) for part in found]
    words = _places([*map(_about, pages), *said, *asked, *names], common)
    order = {word: number for number, word in enumerate(words)}
    choices = chain.from_iterable(_choices(part, order) for part in found)
    return {
        "favours": favours,
        "aside": aside,
        "meanings": [tuple(map(list, map(stems, pair))) for pair in synonyms.items()],
        "pages": [_page(page, places[page.name]) for page in pages],
        "phrases": "".join(_letter(len(_phrases(part))) for part in found),
        "choices": "".join(map(_letter, choices)),
        "words": " ".join(words),
        "common": "".join(_letter(common[word]) for word in words if word in common),
        "numbers": "".join(_letter(len(places)) for places in words.values()),
        "places": "".join(map(_letter, _steps(words.values(), len(common)))),
    }


def script(found: dict[str, Any]) -> str:
    """Return an index as a script, since a page on disk may not read other files."""
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    quoted = text.replace("\\", r"\\").replace("'", r"\'")
    return f"PartSearch.setIndex(JSON.parse('{quoted}'));\n"


def _page(page: Page, place: str) -> list[object]:
    return [page.name, place, _shown(page), *map(_titled, page.parts)]


def _shown(page: Page) -> str:
    """Return the first sentence of a page's description."""
    return SENTENCE.split(page.description)[0]


def _phrases(part: Part) -> list[set[str]]:
    """Return how people ask for a part, each once, without what its title says."""
    found: list[set[str]] = []
    for words in part.asked:
        if words and words not in [part.names, *found]:
            found.append(words)
    return found


def _told(part: Part) -> dict[str, None]:
    """Return the words of a part's title, which the browser has, in their order."""
    return dict.fromkeys(stems(part.title, whole=True))


def _untold(part: Part) -> set[str]:
    """Return the words of a part's phrases that its title doesn't tell."""
    return set[str]().union(*_phrases(part)).difference(_told(part))


def _choices(part: Part, order: Mapping[str, int]) -> Iterator[int]:
    """Yield the phrases of a part as steps through the words of its title and others.

    A step is doubled, and the last one of a phrase is odd. That to the first word is
    from the first of the phrase before.
    """
    known = [*_told(part), *sorted(_untold(part), key=order.__getitem__)]
    chosen = sorted(sorted(map(known.index, phrase)) for phrase in _phrases(part))
    for before, numbers in pairwise([[0], *chosen]):
        *steps, last = map(sub, numbers, [before[0], *numbers])
        yield from (2 * step for step in steps)
        yield 2 * last + 1


def _texts(found: Sequence[Part]) -> list[set[str]]:
    """Return the words of each part, of code those that say where it is.

    These are rare, or no text has them.
    """
    told = Counter(chain.from_iterable(part.words for part in found))
    held = told + Counter(chain.from_iterable(part.code - part.words for part in found))
    common = {word for word in told if held[word] >= RARE}
    return [part.words | (part.code - common) for part in found]


def _common(found: Sequence[Part], texts: Iterable[set[str]]) -> dict[str, int]:
    """Return how many parts hold each word that says little where it is only said.

    These are everyday words, and those that many times as many parts hold as are asked
    for by them.
    """
    names = [*map(_names, found)]
    asked = Counter(chain.from_iterable(names))
    held = Counter(chain.from_iterable(map(or_, texts, names)))
    mentioned = {
        word for word, times in asked.items() if times * MENTIONED < held[word]
    }
    everyday = held.keys() & {*map(stem, EVERYDAY.split())}
    return {word: held[word] for word in sorted(mentioned | everyday)}


def _names(part: Part) -> set[str]:
    """Return the words that a part is asked for by."""
    return part.names.union(*part.asked)


def _about(page: Page) -> set[str]:
    """Return the words of a page's description that aren't shown."""
    title = page.parts[0].title if page.parts else ""
    return {*stems(page.description)} - {*stems(f"{title} {_shown(page)}")}


def _titled(part: Part) -> str | tuple[str, ...]:
    """Return an anchor with its title, or one of them where it gives the other."""
    if part.anchor == NOT_OF_ANCHORS.sub("-", part.title.lower()).strip("-"):
        return part.title
    same = part.title == part.anchor
    return (part.anchor,) if same else (part.anchor, part.title)


def _places(texts: Iterable[set[str]], common: Collection[str]) -> dict[str, list[int]]:
    """Return the texts that hold each word: of common words, then of the others.

    Of each the longest lists come first, then the lowest. Like stands by like, for
    gzip, and words that a text alone holds side by side.
    """
    places: dict[str, list[int]] = defaultdict(list, {word: [] for word in common})
    for number, words in enumerate(texts):
        for word in words:
            places[word].append(number)

    def order(word: str) -> tuple[bool, int, list[int], str]:
        return word not in common, -len(places[word]), places[word], word

    return {word: places[word] for word in sorted(places, key=order)}


def _letter(step: int) -> str:
    """Return a letter that neither JSON nor a quoted script escapes."""
    code = step + FIRST
    return chr(code + (code >= ord("\\")))


def _steps(lists: Iterable[list[int]], split: int) -> Iterator[int]:
    """Yield the step to each number from the one before it.

    That to the first is from the first of the list before, if both are as long and
    both stand before the place ``split``, where the lists of words that aren't common
    begin, or both behind it. A step is a letter in the index, which takes fewer bytes
    than digits and a comma.
    """
    for at, (before, numbers) in enumerate(pairwise([[], *lists])):
        is_like = len(before) == len(numbers) > 0 and at != split
        yield from map(sub, numbers, [before[0] if is_like else 0, *numbers])
