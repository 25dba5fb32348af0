"""Tests of the index of parts; how well it ranks is tested in a browser."""

import json
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from sphinx import addnodes

from docs._tools.part_search import (
    FIRST,
    Part,
    _letter,
    _places,
    _steps,
    index,
    parts,
    script,
    stems,
)

TEXT = """
A title
=======

Apples and apples.

.. raw:: html

   <b>hidden</b>

.. class:: unsearched

Hidden, *hidden*.

Below
-----

.. asked: green fruits; why no plums

.. a remark: hidden

A :math:`hidden` `pear_tree`, as in `hidden/tree#12 <https://example.org>`_.
"""


@dataclass(frozen=True)
class Page:
    """A page of which the index is made."""

    name: str
    description: str
    parts: list[Part]


def found() -> list[Part]:
    """Return the parts of the text."""
    return parts(publish_doctree(TEXT, settings_overrides={"doctitle_xform": False}))


def test_names_that_code_makes_are_not_collected() -> None:
    """Tests assignments, functions and classes, in transcripts and programs."""
    lines = [
        ">>> apple, (pears, *plums) = torch.unbind(fruits)",
        ">>> def peel(banana):",
        "...     core = banana[0]",
        "...     return banana.softmax() == apple",
        "class Basket(list):",
        "    x = cherry",
    ]
    block = nodes.literal_block("", "\n".join(lines))
    other = nodes.literal_block("", "peel(banana) + kiwi")
    title = nodes.title("", "Apple in a title")
    section = nodes.section("", title, other, block, ids=["fruit"])
    document = publish_doctree("")
    document += section

    (part,) = parts(document)

    gone = {"pears", "plums", "peel", "core", "basket"}
    assert {*stems("torch.unbind fruits cherry list kiwi")} <= part.code
    assert part.words == {*stems("apple title")}
    assert not part.code & {*stems(" ".join(gone))}


def test_what_examples_have_to_be_tested_is_not_collected() -> None:
    """Tests an option of doctest, and the first line of each traceback."""
    lines = "fig  # doctest: +ELLIPSIS\nTraceback (most recent call last):\nplum"
    block = nodes.literal_block("", lines)
    document = publish_doctree("")
    document += nodes.section("", nodes.title("", "Fruit"), block, ids=["fruit"])

    (part,) = parts(document)

    assert part.code == {"fig", "plum"}


def test_the_text_of_a_drawing_is_not_collected() -> None:
    """Tests an output of a notebook in two formats, and one in text alone."""

    def output(**texts: str) -> nodes.container:
        shown = [
            nodes.container("", nodes.paragraph("", text), mime_type=f"text/{kind}")
            for kind, text in texts.items()
        ]
        return nodes.container("", *shown)

    drawn, plain = output(html="pear", plain="hidden"), output(plain="plum")
    section = nodes.section("", nodes.title("", "Fruit"), drawn, plain, ids=["fruit"])
    document = publish_doctree("")
    document += section

    (part,) = parts(document)

    assert part.words == {"fruit", "pear", "plum"}


def listed(made: dict[str, Any]) -> dict[str, list[int]]:
    """Return the places of each word: common ones first, of each the longest lists."""
    counts = [ord(number) - FIRST for number in made["numbers"]]
    letters = iter(made["places"])
    places: dict[str, list[int]] = {}
    before: list[int] = []
    for word, count in zip(made["words"].split(" "), counts, strict=True):
        steps = [ord(letter) - FIRST for letter in islice(letters, count)]
        if len(before) == count > 0 and len(places) != len(made["common"]):
            steps[0] += before[0]
        places[word] = before = list(accumulate(steps))
    assert list(letters) == []
    return places


def test_words_belong_to_the_section_that_they_stand_in() -> None:
    """Tests the anchors, and that raw markup, formulas and a class are unread."""
    top, below = found()

    assert (top.anchor, top.title) == ("a-title", "A title")
    assert top.words == {"appl", "titl"}
    assert top.names == {"titl"}
    assert below.anchor == "below"
    assert below.words == {"pear_tre", "pear", "tree"}


def test_a_comment_says_how_people_ask_for_its_part() -> None:
    """Tests that each phrase is one, and that other comments say nothing."""
    top, below = found()

    assert top.asked == []
    assert below.asked == [{"green", "fruit"}, {"plum"}]


def test_a_name_after_a_dot_says_something() -> None:
    """Tests that torch.where is found by its own name, and a question not by where."""
    assert list(stems("torch.where: where are x.all_of?")) == [
        "torch",
        "where",
        "all_of",
        "all",
    ]


def test_words_are_compared_by_their_stems() -> None:
    """Tests that numbers, letters and words that say nothing are left out."""
    assert list(stems("The 1000 of a Running x, t10 in #f59e0b")) == ["run"]


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("normalisation", "normalization"),
        ("linearise", "linearize"),
        ("behaviour", "behavior"),
        ("analyse centres", "analyze centers"),
        ("centred grey catalogue", "centered gray catalog"),
        ("labelled", "labeled"),
        ("1.0", "1.00"),
    ],
)
def test_spellings_are_one(british: str, american: str) -> None:
    """Tests words that two kinds of English, or two programs, write differently."""
    assert list(stems(british)) == list(stems(american))


def test_numbers_count_in_titles_alone() -> None:
    """Tests that a title can be found by its numbers, not a text or an output."""
    part = Part("", "")
    part.add("[0.1, 1.0, 0.0001] gives 20, not 3", named=True)
    part.add("0.7 and 20 again")

    assert {"0.1", "0.0001", "20"} <= part.names
    assert part.words == {"give"}


def test_a_title_has_its_names_whole() -> None:
    """Tests that the parts of a name are words of the part, not of its title."""
    part = Part("", "")
    part.add("Why pear_tree", named=True)

    assert part.names == {"pear_tre"}
    assert part.words == {"pear_tre", "pear", "tree"}


def test_an_entry_of_the_index_is_a_part() -> None:
    """Tests that words that mean it alone are its names, and phrases each."""
    section = nodes.section("", nodes.title("", "Top"), ids=["top"])
    entries = [("single", "fruit", "apple", "main", None)]
    entries += [("single", "food", "apple", "", None)]
    section += addnodes.index(entries=entries)
    document = publish_doctree("")
    document += section

    _, entry = parts(document)

    assert entry.anchor == entry.title == "apple"
    assert entry.names == {"appl", "fruit"}
    assert entry.words - entry.names == {"food"}
    assert entry.asked == [{"appl"}, {"fruit"}]


def test_the_index_tells_where_each_word_is() -> None:
    """Tests the order: descriptions, all parts, their phrases, then their names."""
    pages = [Page("a", "Plums. Pears.", found()), Page("b", "", found())]
    pages[0].parts[0].names.add("fig")
    made = index(pages, {"a": "", "b": "a"}, synonyms={"Old name": "pears"})
    places = listed(made)

    assert places["appl"] == [2, 4]
    assert "titl" not in places
    assert places["plum"] == [7, 9]
    assert places["pear"] == [0, 3, 5]
    assert places["fig"] == [10]
    assert [ord(letter) - FIRST for letter in made["phrases"]] == [0, 2, 0, 2]
    assert made["meanings"] == [(["old", "name"], ["pear"])]
    assert made["pages"][0] == ["a", "", "Plums.", "A title", "Below"]
    assert made["pages"][1][:3] == ["b", "a", ""]


def test_a_word_of_a_phrase_is_told_once() -> None:
    """Tests that what a part says is without it, since the browser adds it there."""
    part = Part("fruit", "Fruit", {"fruit", "pear", "plum"}, {"fruit"}, [{"pear"}])
    made = index([Page("a", "", [part])], {"a": ""})

    assert listed(made) == {"plum": [1], "pear": [2]}


def test_phrases_are_steps_through_the_words_of_their_part() -> None:
    """Tests words of the title, which come first, and others in the index's order."""
    asked = [{"ripe", "plum"}, {"fig", "pear"}, {"pear"}, {"fig", "plum"}]
    part = Part("fruit", "Pear plum", set(), {"pear", "plum"}, asked)
    made = index([Page("a", "", [part])], {"a": ""})

    known = ["pear", "plum", *made["words"].split(" ")]
    steps = [divmod(ord(letter) - FIRST, 2) for letter in made["choices"]]
    ends = [0, *(at for at, (_, last) in enumerate(steps, 1) if last)]
    phrases, first = [], 0
    for start, end in pairwise(ends):
        numbers = [*accumulate((step for step, _ in steps[start:end]), initial=first)]
        phrases.append({known[number] for number in numbers[1:]})
        first = numbers[1]

    assert made["phrases"] == _letter(len(asked))
    assert sorted(map(sorted, phrases)) == sorted(map(sorted, asked))


@pytest.mark.parametrize(
    ("part", "row"),
    [
        (Part("why-pear-trees", "Why pear_trees?"), "Why pear_trees?"),
        (Part("question-1", "Why?"), ("question-1", "Why?")),
        (Part("pear.tree", "pear.tree"), ("pear.tree",)),
    ],
)
def test_an_address_is_kept_where_the_title_does_not_give_it(
    part: Part, row: str | tuple[str, ...]
) -> None:
    """Tests that of an address and a title no more is kept than is needed."""
    assert index([Page("a", "", [part])], {"a": ""})["pages"][0][3] == row


def test_a_word_that_is_mentioned_everywhere_finds_what_is_asked_for_by_it() -> None:
    """Tests that such a word is looked for in titles and phrases alone."""
    names = {"0": {"plum"}, "1": {"fig"}, "2": {"fig"}}
    found = [
        Part(name, name, {"plum", "fig"}, names.get(name, set()))
        for name in map(str, range(10))
    ]
    made = index([Page("a", "", found)], {"a": ""})
    places = listed(made)

    assert made["common"] == _letter(10)
    assert places["plum"] == [21]
    assert places["fig"] == [1, *range(4, 11), 22, 23]


def test_an_everyday_word_is_found_in_titles_alone() -> None:
    """Tests such a word beside another, in a text and in a title."""
    found = [
        Part("first", "Fig", {"one", "fig", "plum"}, {"fig"}),
        Part("next", "Another", {"one", "fig"}, asked=[{"one", "fig"}]),
    ]
    made = index([Page("a", "", found)], {"a": ""})
    answer = listed(made)

    assert made["common"] == _letter(2)
    assert answer["one"] == [4]  # of the phrase
    assert answer["fig"] == [4]
    assert answer["plum"] == [1]


def test_a_word_that_much_code_has_is_found_in_texts_alone() -> None:
    """Tests words of much code, of which a text has one and no text the other."""
    found = [
        Part(name, name, code={"plum", "fig"} if name != "9" else {"plum"})
        for name in map(str, range(10))
    ]
    found.append(Part("10", "10", {"plum"}))
    places = listed(index([Page("a", "", found)], {"a": ""}))

    assert places["plum"] == [11]
    assert places["fig"] == [*range(1, 10)]


def test_words_of_the_same_texts_stand_together() -> None:
    """Tests the order, and that a step from another list is never negative."""
    texts = [{"b", "c", "e"}, {"b", "a"}, {"b", "d", "a"}]
    places = _places(texts, {"d", "f"})
    assert list(places) == ["d", "f", "b", "a", "c", "e"]
    assert list(_steps(places.values(), 2)) == [2, 0, 1, 1, 1, 1, 0, 0]


def test_a_list_of_another_kind_is_not_followed() -> None:
    """Tests the step to the first list that isn't of a common word: it is from 0."""
    assert list(_steps([[5], [6], [2], [4]], 2)) == [5, 1, 2, 2]


def test_letters_need_no_escape() -> None:
    """Tests that each step has a letter of its own, and none is a quote or escaped."""
    letters = [_letter(step) for step in range(10_000)]
    assert len(set(letters)) == len(letters)
    assert not {"'", '"', "\\"}.intersection(letters)


def test_the_script_is_quoted() -> None:
    """Tests that a title may hold quotes and backslashes."""
    made = index([Page("a", '"It\'s" \\n', [])], {"a": ""})
    text = script(made).removeprefix("PartSearch.setIndex(JSON.parse('")
    text = text.removesuffix("'));\n").replace(r"\'", "'").replace(r"\\", "\\")

    assert json.loads(text)["pages"][0][2] == '"It\'s" \\n'
