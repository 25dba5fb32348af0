"""Tests of the pages of famous backward passes."""

import re
from pathlib import Path

from tests import pasted
from vjp_guide.operators.lookup import resolve

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "reference" / "backwards"
PAGES = [path for path in sorted(FOLDER.glob("*.md")) if path.stem != "index"]


def test_all_pages_check_by_the_same_code() -> None:
    """Tests that the code that compares and counts doesn't differ from page to page."""
    texts = [path.read_text(encoding="utf-8") for path in PAGES]
    assert len({next(pasted.blocks(text)).code for text in texts}) == 1


def test_each_product_by_hand_is_checked() -> None:
    """Tests that each function whose name says that it is a product is compared."""
    for path in PAGES:
        code = "\n".join(block.code for block in pasted.blocks(path.read_text("utf-8")))
        for definition in code.split("\ndef ")[1:]:
            name = definition.partition("(")[0]
            if name.endswith("_vjp"):
                assert code.count(name) > 1, f"{path.name}: {name}"


def test_the_index_names_each_entry() -> None:
    """Tests that each section of a page with a product has its link in the index."""
    index = (FOLDER / "index.md").read_text(encoding="utf-8")
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for section in text.split("\n(backward-")[1:]:
            name = section.partition(")=")[0]
            if not name.endswith("-check"):
                assert f"{path.name}#backward-{name})" in index


def test_compound_operators_are_in_the_atlas() -> None:
    """Tests that each operator that is rebuilt from primitives has an entry."""
    text = (DOCS / "explanation" / "few-rules.md").read_text(encoding="utf-8")
    listed = text.partition("OPERATORS = {")[2].partition("\n}")[0]
    names = re.findall(r'^    "(\w+)": ', listed, re.MULTILINE)
    *operators, lstm, gru = names
    assert (lstm, gru) == ("lstm_cell", "gru_cell")
    assert all(map(resolve, operators))
