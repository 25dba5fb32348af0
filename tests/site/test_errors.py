"""Tests of the table of errors that the site publishes."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from docs._ext.guide import errors


def test_the_table_is_written_where_the_package_is_newer(tmp_path: Path) -> None:
    """Tests that a build spares the import of torch while nothing changed."""
    app: Any = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    errors.write_table(app)
    data = tmp_path / errors.DATA
    table = data.read_text(encoding="utf-8")
    data.write_text("left alone", encoding="utf-8")

    errors.write_table(app)
    assert data.read_text(encoding="utf-8") == "left alone"

    os.utime(data, (0, 0))
    errors.write_table(app)
    assert data.read_text(encoding="utf-8") == table
