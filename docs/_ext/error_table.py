"""The table of known errors as a script, for the error doctor in the page."""

import json
import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from vjp_guide._explain.error_table import ROWS

NAME = "error-table.js"
LINK = re.compile(r"\((errors/[\w-]+)\.md#error-([\w-]+)\)")


def entries(source: Path) -> dict[str, str]:
    """Return the address of the entry of each kind of error, from the index."""
    index = (source / "reference" / "errors.md").read_text(encoding="utf-8")
    return {
        slug: f"reference/{page}.html#error-{slug}" for page, slug in LINK.findall(index)
    }


def write(app: Sphinx) -> None:
    """Write the table next to the other scripts."""
    if app.builder.format != "html":
        return
    found = entries(Path(app.srcdir))
    rows = [
        {
            "slug": row.slug,
            "pattern": row.pattern,
            "cause": row.cause,
            "fix": row.fix,
            "code": row.code,
            "generic": row.generic,
            "entry": found.get(row.slug, ""),
        }
        for row in ROWS
    ]
    table = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    text = f"globalThis.VJP ??= {{}};\nVJP.errors = {table};\n"
    (static / NAME).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write the table before any page is."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
