"""The table of known errors as a script, for the error doctor in the page."""

import json
from pathlib import Path

from sphinx.application import Sphinx

from vjp_guide._explain.error_table import as_records

NAME = "error-table.js"


def write_table(app: Sphinx) -> None:
    """Write the table next to the other scripts."""
    if app.builder.format != "html":
        return
    table = json.dumps(as_records(), ensure_ascii=False, separators=(",", ":"))
    target = Path(app.outdir, "_static", NAME)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = f"globalThis.VJP ??= {{}};\nVJP.errors = {table};\n"
    target.write_text(text, encoding="utf-8")
