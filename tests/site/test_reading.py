"""Tests of what readers meet on each page: openings, titles, formulas, code, words."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests import pasted

ROOT = Path(__file__).parents[2]
MADE = {"_build", "_ext", "_generated", "_tools", "auto_examples", "entries"}
PAGES = {
    path.relative_to(ROOT / "docs").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if not MADE & set(path.parts)
}
EXAMPLES = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "examples").glob("*.py"))
}
README = (ROOT / "README.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src" / "vjp_guide"
# Openings that could stand on any page, and so say nothing about this one.
FORMULA = re.compile(r"(After|With|On|In) this page|This page|The (answer|task|rule)\b")
DISPLAYED = re.compile(r"^\$\$$(.*?)^\$\$$", re.MULTILINE | re.DOTALL)
WORDS = re.compile(r"\\text\w*\{[^}]*[A-Za-z]{2}")
COLOUR = re.compile(
    r"\b(black|white|gr[ae]y|orange|purple|violet|blue|green|red|pink|teal|pale|shaded|"
    r"darker|lighter|(?<!light or )dark|light(?! or dark))\b",
    re.IGNORECASE,
)
MARKS = str.maketrans("", "", "`$*")  # which a list of titles doesn't show
LONGEST_TITLE = 60
# Characters of a line of code that are seen without scrolling: in a small window beside
# the menu; on a phone of 390 pixels, where Chromium shows 44 of pages and the gallery,
# and 42 below a summary; and there of a method's docstring, which is indented twice.
SEEN_BESIDE_MENU = 64
SEEN_ON_PHONE = 42
SEEN_OF_DOCSTRING_ON_PHONE = 35
PROMPT = re.compile(r"(>>>|\.\.\.) ")
AT_END = re.compile(r"(?!\.\.\. +#).*\S {2,}# (?!doctest)")
COMMENT = re.compile(r"(?<!\S)# (?!doctest)(.*)")
LENGTH = r"[\w*][\w*+/ -]*"
TELLS_SHAPE = re.compile(rf"(?<!\w)\((?:|{LENGTH},(?: {LENGTH},?)*)\)|\bshapes?\b")
# Of words: what is longer holds several ideas, which a list, or its next item, shows.
LONGEST_PARAGRAPH = 110
LONGEST_ITEM = 90
UNSEEN = re.compile(r"^(?:[%:#].*|\(\S+\)=)$", re.MULTILINE)
ITEM = r"\s*(?:[-*]|\d+\.)\s"
BETWEEN = re.compile(rf"\n\s*\n|\n(?={ITEM})")


def opening(page: str) -> str:
    """Return the text below a page's title."""
    text = re.sub(r"^% .*\n+", "", page, flags=re.MULTILINE)
    return re.split(r"^# .*\n+", text, maxsplit=1, flags=re.MULTILINE)[1]


def short_title(page: str) -> str:
    """Return what stands in a page's title before a colon outside of code."""
    (title, *_) = re.findall(r"^# (.*)$", page, re.MULTILINE)
    return "".join(re.findall(r"\A(?:`[^`]*`|(?!: ).)*", title))


def sections(name: str) -> list[str]:
    """Return the titles of a page's or an example's sections, in small letters."""
    if name in EXAMPLES:
        titles = re.findall(r"^# (.+)\n# -{3,}$", EXAMPLES[name], re.MULTILINE)
    else:
        text = pasted.FENCE.sub("", PAGES[name])
        titles = re.findall(r"^###? (.+)$", text, re.MULTILINE)
    return [title.lower().translate(MARKS) for title in titles]


def paragraphs(page: str) -> list[str]:
    """Return a page's paragraphs and items of lists, without its code and tables."""
    text = UNSEEN.sub("", pasted.FENCE.sub("\n", page))
    return [part for part in BETWEEN.split(text) if not part.lstrip().startswith("|")]


def is_long(part: str) -> bool:
    """Tell whether a paragraph or an item has more words than its kind may have."""
    most = LONGEST_ITEM if re.match(ITEM, part) else LONGEST_PARAGRAPH
    return len(part.split()) > most


def prose(example: str) -> str:
    """Return the text of an example, without its code."""
    docstring = example.split('"""')[1]
    cells = re.findall(r"^# %%\n((?:#.*\n)*)", example, re.MULTILINE)
    return docstring + "".join(cells)


def written(page: str) -> list[str]:
    """Return the lines of a page's visible code, without the outputs of transcripts."""
    return [
        line
        for block in pasted.blocks(page)
        for line in block.code.splitlines()
        if not block.code.startswith(">>> ") or PROMPT.match(line)
    ]


def unseen_shapes(lines: list[str], *, seen: int) -> list[str]:
    """Return the lines that tell a shape and are longer than what is seen."""
    long = [line for line in lines if len(line) > seen]
    ends = {line: COMMENT.search(line) for line in long}
    return [line for line, end in ends.items() if end and TELLS_SHAPE.search(end[1])]


@pytest.mark.parametrize("name", PAGES)
def test_opening(name: str) -> None:
    """Tests that a page begins with what it says, not with a formula of openings."""
    assert not FORMULA.match(opening(PAGES[name]))


def test_openings_differ() -> None:
    """Tests that no two pages begin with the same five words."""
    first = Counter(" ".join(opening(page).split()[:5]) for page in PAGES.values())
    assert [words for words, times in first.items() if times > 1] == []


@pytest.mark.parametrize("name", PAGES)
def test_short_title(name: str) -> None:
    """Tests that the part of a title that names its page in links is short."""
    assert len(short_title(PAGES[name])) <= LONGEST_TITLE


def test_short_titles_differ() -> None:
    """Tests that a link's text tells which page it leads to."""
    titles = Counter(short_title(page) for page in PAGES.values())
    assert [title for title, times in titles.items() if times > 1] == []


def test_sections_differ() -> None:
    """Tests that the title of a section, alone in a list of hits, is that of one."""
    titles = Counter(title for name in [*PAGES, *EXAMPLES] for title in sections(name))
    assert [title for title, times in titles.items() if times > 1] == []


@pytest.mark.parametrize("name", PAGES)
def test_paragraphs_are_short(name: str) -> None:
    """Tests that who looks for one idea isn't shown many in a row."""
    assert [part for part in paragraphs(PAGES[name]) if is_long(part)] == []


@pytest.mark.parametrize("name", PAGES)
def test_displayed_formulas_have_no_words(name: str) -> None:
    """Tests that what a small screen cuts off is never the sentence."""
    assert [text for text in DISPLAYED.findall(PAGES[name]) if WORDS.search(text)] == []


def test_formulas_of_the_package_have_no_words() -> None:
    """Tests the same of the atlas and of docstrings."""
    sources = (path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    assert [found for text in sources for found in WORDS.findall(text)] == []


@pytest.mark.parametrize("name", PAGES)
def test_comments_are_seen(name: str) -> None:
    """Tests that a comment stands above a line that is long."""
    blocks = [block.code.splitlines() for block in pasted.blocks(PAGES[name])]
    ends = [line for lines in blocks for line in lines if AT_END.match(line)]
    assert [line for line in ends if len(line) > SEEN_BESIDE_MENU] == []


@pytest.mark.parametrize("name", PAGES)
def test_shapes_are_seen_on_a_phone(name: str) -> None:
    """Tests that a shape, which code is hard to follow without, ends on the screen."""
    assert unseen_shapes(written(PAGES[name]), seen=SEEN_ON_PHONE) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_shapes_of_examples_are_seen_on_a_phone(name: str) -> None:
    """Tests the same of the gallery."""
    lines = EXAMPLES[name].splitlines()
    code = [line for line in lines if not line.startswith("#")]
    assert unseen_shapes(code, seen=SEEN_ON_PHONE) == []


def test_shapes_of_readme_are_seen_on_a_phone() -> None:
    """Tests the same of what GitHub and PyPI show first."""
    assert unseen_shapes(written(README), seen=SEEN_ON_PHONE) == []


def test_shapes_of_docstrings_are_seen_on_a_phone() -> None:
    """Tests the same of the examples that the reference shows."""
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    lines = [line.strip() for text in sources for line in text.splitlines()]
    transcripts = [line for line in lines if PROMPT.match(line)]
    assert transcripts
    assert unseen_shapes(transcripts, seen=SEEN_OF_DOCSTRING_ON_PHONE) == []


@pytest.mark.parametrize("name", [*PAGES, *EXAMPLES])
def test_pictures_are_told_without_colours(name: str) -> None:
    """Tests that no text names a colour, which another theme turns around."""
    text = pasted.FENCE.sub("", PAGES[name]) if name in PAGES else prose(EXAMPLES[name])
    assert COLOUR.findall(re.sub(r"`[^`]*`|<[^>]*>", "", text)) == []


def test_code_runs_as_pasted() -> None:
    """Tests that cells need nothing that is hidden; Sybil runs transcripts."""
    executed = [name for name, page in PAGES.items() if pasted.CELL in page]
    assert pasted.wrong(ROOT / "docs" / name for name in executed) == []
