"""The table of known errors: a script for the error doctor in the page, and data."""

import json
from pathlib import Path

from sphinx.application import Sphinx

from vjp_guide._explain.error_table import as_records

NAME = "error-table.js"
DATA = "reference/errors.json"


def write_table(app: Sphinx) -> None:
    """Write the table next to the other scripts, and as data for other programs."""
    if app.builder.format != "html":
        return
    table = json.dumps(as_records(), ensure_ascii=False, separators=(",", ":"))
    script = f"globalThis.VJP ??= {{}};\nVJP.errors = {table};\n"
    for name, text in ((f"_static/{NAME}", script), (DATA, f"{table}\n")):
        target = Path(app.outdir, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
