"""Tests of the index of parts; how well it ranks is tested in a browser."""

import json
from collections import Counter
from dataclasses import dataclass

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from sphinx import addnodes

from docs._tools.part_search import MOST, Part, index, parts, script, stems

TEXT = """
A title
=======

Apples and apples.

.. raw:: html

   <b>hidden</b>

Below
-----

A :math:`hidden` `pear_tree`.
"""


@dataclass(frozen=True)
class Page:
    """A page of which the index is made."""

    name: str
    title: str
    description: str
    parts: list[Part]


def found() -> list[Part]:
    """Return the parts of the text."""
    return parts(publish_doctree(TEXT, settings_overrides={"doctitle_xform": False}))


def test_words_belong_to_the_section_that_they_stand_in() -> None:
    """Tests the anchors, and that neither raw markup nor formulas are read."""
    top, below = found()

    assert (top.anchor, top.title) == ("a-title", "A title")
    assert top.words["appl"] == 2
    assert top.names == Counter(["titl"])
    assert below.anchor == "below"
    assert {"pear_tre", "pear", "tree"} <= below.words.keys()
    assert "hidden" not in top.words | below.words


def test_words_are_compared_by_their_stems() -> None:
    """Tests that numbers, letters and words that say nothing are left out."""
    assert list(stems("The 1000 of a Running x")) == ["run"]


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("normalisation", "normalization"),
        ("linearise", "linearize"),
        ("behaviour", "behavior"),
        ("labelled", "labeled"),
        ("1.0", "1.00"),
    ],
)
def test_spellings_are_one(british: str, american: str) -> None:
    """Tests words that two kinds of English, or two programs, write differently."""
    assert list(stems(british)) == list(stems(american))


def test_numbers_count_in_text_alone() -> None:
    """Tests that a title or a sentence can be found by its numbers, not an output."""
    part = Part("", "")
    part.add("[0.1, 1.0, 0.0001] gives 20, not 3", named=True)
    assert {"0.1", "0.0001", "20"} <= part.names.keys()
    assert "3" not in part.names
    part.add("0.7 and 20 again", is_code=True)
    assert part.words["20"] == 1
    assert "0.7" not in part.words


def test_an_entry_of_the_index_is_a_part() -> None:
    """Tests that words that mean it alone count as its names."""
    section = nodes.section("", nodes.title("", "Top"), ids=["top"])
    entries = [("single", "fruit", "apple", "main", None)]
    entries += [("single", "food", "apple", "", None)]
    section += addnodes.index(entries=entries)
    document = publish_doctree("")
    document += section

    _, entry = parts(document)

    assert entry.anchor == entry.title == "apple"
    assert set(entry.names) == {"appl", "fruit"}
    assert set(entry.words) == {"appl", "fruit", "food"}


def test_the_index_tells_where_each_word_is() -> None:
    """Tests that the numbers give back the part and the count."""
    pages = [Page("a", "A", "Pears.", found()), Page("b", "B", "", found())]
    made = index(pages, {"a": "", "b": "a"}, synonyms={"Old name": "pears"})
    places, part = [], 0
    for number in made["words"]["appl"]:
        part += number // MOST
        places.append((part, number % MOST + 1))

    assert places == [(0, 2), (2, 2)]
    assert made["meanings"] == [(["old", "name"], ["pear"])]
    assert made["abouts"] == {"pear": [0]}
    assert made["pages"][1]["place"] == "a"
    assert made["pages"][1]["parts"] == [("a-title", "A title"), ("below", "Below")]


def test_the_script_is_quoted() -> None:
    """Tests that a title may hold quotes and backslashes."""
    made = index([Page("a", '"It\'s" \\n', "", [])], {"a": ""})
    text = script(made).removeprefix("PartSearch.setIndex(JSON.parse('")
    text = text.removesuffix("'));\n").replace(r"\'", "'").replace(r"\\", "\\")

    assert json.loads(text)["pages"][0]["title"] == '"It\'s" \\n'
