"""Where a page comes from: its source, and the torch and commit it was checked with."""

import os
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

EXAMPLES = "auto_examples/"
OPERATORS = "operators/entries/"
FACTS = "src/vjp_guide/operators/facts/__init__.py"
EDIT = "https://github.com/vjp-guide/vjp-guide/edit/main/"


@cache
def checked_with(root: Path) -> str:
    """Return the line on the versions; without git it is the version of torch."""
    line = f"Checked with torch {version('torch').partition('+')[0]}"
    log = _git(root, "log", "-1", "--format=%ct %h", "--abbrev=10")
    if not log:
        return line
    time, commit = log.split()
    time = os.environ.get("SOURCE_DATE_EPOCH", time)
    date = datetime.fromtimestamp(int(time), tz=UTC).date()
    return f"{line} on {date} (commit {commit})"


def _git(root: Path, *arguments: str) -> str:
    try:
        run = subprocess.run(  # noqa: S603 - the arguments are those above
            ["git", *arguments],  # noqa: S607 - it is where the reader has it
            cwd=root,
            capture_output=True,
            check=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return run.stdout.strip()


def add(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Tell the page's template what it was checked with, and an example's source."""
    del templatename, doctree
    context["checked_with"] = checked_with(Path(app.srcdir).parent)
    source = _source(pagename)
    if source:
        context["theme_source_edit_link"] = EDIT + source
        context["theme_source_view_link"] = EDIT.replace("/edit/", "/blob/") + source


def _source(pagename: str) -> str:
    """Return the file that a page of examples or operators is made from."""
    if pagename.startswith(OPERATORS):
        return FACTS
    if not pagename.startswith(EXAMPLES):
        return ""
    name = pagename.removeprefix(EXAMPLES)
    return f"examples/{'GALLERY_HEADER.rst' if name == 'index' else f'{name}.py'}"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the lines as the pages are written."""
    app.connect("html-page-context", add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
