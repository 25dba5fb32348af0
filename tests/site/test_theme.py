"""Tests of what changes the theme's markup."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from docs._ext.guide.head import cell_styles, swapped
from docs._ext.guide.operators import DATA, list_entries


def test_swapped() -> None:
    """Tests that each text is replaced."""
    assert swapped("a b a", {"a": "c", "b": "d"}) == "c d c"


def test_a_text_that_is_gone_is_an_error() -> None:
    """Tests that a build fails, rather than leave a page as the theme has it."""
    with pytest.raises(ValueError, match="no longer holds 'b'"):
        swapped("a", {"b": "c"})


def test_styles_of_cells_know_no_colours_of_terminals() -> None:
    """Tests that the rest of the style sheet is whole."""
    styles = cell_styles()
    assert "-Color" not in styles
    assert ".cell_output" in styles
    assert styles.count("{") == styles.count("}") > 20


def test_a_category_lists_its_entries(tmp_path: Path) -> None:
    """Tests the names beside the text, on the pages of categories alone."""
    entries = [
        {"name": "torch.det", "category": "linalg"},
        {"name": "torch.sin", "category": "arithmetic"},
        {"name": "Tensor.a<b", "category": "linalg"},
    ]
    (tmp_path / DATA).parent.mkdir(parents=True)
    (tmp_path / DATA).write_text(json.dumps({"entries": entries}), encoding="utf-8")
    app: Any = SimpleNamespace(srcdir=tmp_path)
    page: dict[str, Any] = {"title": "Linear algebra"}
    others: dict[str, Any] = {}

    list_entries(app, "operators/entries/linalg", "page.html", page, None)
    for name in ("operators/index", "operators/entries/losses", "linalg"):
        list_entries(app, name, "page.html", others, None)

    link = '<li><a class="reference internal" href="#{}">{}</a></li>'
    rows = link.format("torch.det", "det") + link.format(*["Tensor.a&lt;b"] * 2)
    own = '<a class="reference internal" href="#">Linear algebra</a>'
    toc = f"<ul><li>{own}<ul>{rows}</ul></li></ul>"
    assert page == {"title": page["title"], "toc": toc, "furo_hide_toc": False}
    assert not others
