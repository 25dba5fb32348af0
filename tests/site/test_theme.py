"""Tests of what changes the theme's markup."""

import pytest

from docs._ext.guide.head import swapped


def test_swapped() -> None:
    """Tests that each text is replaced."""
    assert swapped("a b a", {"a": "c", "b": "d"}) == "c d c"


def test_a_text_that_is_gone_is_an_error() -> None:
    """Tests that a build fails, rather than leave a page as the theme has it."""
    with pytest.raises(ValueError, match="no longer holds 'b'"):
        swapped("a", {"b": "c"})
