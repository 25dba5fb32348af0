"""Doctests of the pages: Sybil reads the Markdown, pytest runs what it finds."""

import gc

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
).pytest()


def pytest_collection_finish() -> None:
    """Hide what is there from the search for retained gradients, which takes longer."""
    gc.collect()
    gc.freeze()
