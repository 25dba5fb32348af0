"""Doctests of the pages: Sybil reads the Markdown, pytest runs what it finds."""

import gc

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

# Sphinx loads these by path, or makes them.
collect_ignore_glob = [
    "docs/conf.py",
    "docs/_ext/*",
    "docs/_build/*",
    "docs/_generated/*",
    "docs/auto_examples/*",
]

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["*.md"],
    excludes=["docs/_build/**", "docs/_generated/**", "docs/auto_examples/**"],
    fixtures=["_busy_machine"],
).pytest()


def pytest_collection_finish() -> None:
    """Hide what is there from the search for retained gradients, which takes longer."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set no limit of time, so that a busy machine leaves no check out."""
    monkeypatch.setenv("VJP_GUIDE_MAX_SECONDS", "inf")
