"""Tests of the notebooks beside the pages, for what happens in few builds only."""

import runpy
from pathlib import Path

import pytest

from docs._ext.guide import notebooks


@pytest.mark.parametrize("pieces", [["a\n"], ["a\n", "a\n"], ["a\n", "b\n", "c\n"]])
def test_pieces(pieces: list[str]) -> None:
    """Tests that a stream, which myst-nb joins in its first piece, is there once."""
    streams = [
        {"output_type": "stream", "name": "stdout", "text": [piece]} for piece in pieces
    ]
    streams[0]["text"] = pieces
    value = {"output_type": "execute_result", "data": {"text/plain": ["1"]}}
    drawing = {"output_type": "display_data", "data": {"image/svg+xml": ["<svg/>"]}}
    found = notebooks.merged([*streams, drawing, value])
    assert found == [streams[0], drawing, value]


def test_comments_stay_out() -> None:
    """Tests that a notebook doesn't tell how people ask for a section."""
    text = "# Title\n\n% asked: one way; another\n\n5 % in all.\n\n% asked: last"
    assert notebooks.COMMENT.sub("", text) == "# Title\n\n5 % in all.\n\n"
    of_the_gallery = "Text ..\n\n.. tested by: exercise-01"
    assert notebooks.COMMENT.sub("", of_the_gallery) == "Text ..\n\n"


def test_a_script_writes_the_files_of_its_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests that a cell that is a file, and not code, is written by the script too."""
    text = "raise ValueError(\"not 'run'\")\n"
    cells = [
        {"cell_type": "code", "metadata": {}, "source": [f"%%writefile a.py\n{text}"]},
        {"cell_type": "code", "metadata": {}, "source": ["%load_ext vjp_guide\n"]},
    ]
    path = tmp_path / "page.py"
    path.write_text(notebooks.script({"cells": cells}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(path))
    assert Path("a.py").read_text(encoding="utf-8") == text
