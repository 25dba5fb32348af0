"""The table of known errors: a script for the error doctor in the page, and data."""

import json
from pathlib import Path

from sphinx.application import Sphinx

from .kept import package

NAME = "error-table.js"
DATA = "reference/errors.json"


def write_table(app: Sphinx) -> None:
    """Write the table next to the other scripts, and as data for other programs."""
    targets = Path(app.outdir, f"_static/{NAME}"), Path(app.outdir, DATA)
    if app.builder.format != "html" or _are_newer(targets):
        return
    # A build in which nothing of the package changed spares the import of torch.
    from vjp_guide._explain.error_table import as_records  # noqa: PLC0415 - see above

    table = json.dumps(as_records(), ensure_ascii=False, separators=(",", ":"))
    script = f"globalThis.VJP ??= {{}};\nVJP.errors = {table};\n"
    for target, text in zip(targets, (script, f"{table}\n"), strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _are_newer(targets: tuple[Path, ...]) -> bool:
    """Return whether files are there, and newer than all of the package."""
    if not all(target.exists() for target in targets):
        return False
    sources = package("vjp_guide").rglob("*.py")
    newest = max(source.stat().st_mtime for source in sources)
    return newest < min(target.stat().st_mtime for target in targets)
