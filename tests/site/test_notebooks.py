"""Tests of the notebooks beside the pages, for what happens in few builds only."""

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
