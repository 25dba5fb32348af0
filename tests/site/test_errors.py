"""Tests of the table of errors that the site publishes."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from docs._ext.guide import errors, releases


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


@pytest.mark.parametrize(
    ("release", "name", "text", "when"),
    [
        ("2.15.0", "error-no-inputs", "`inputs` argument", "since 2.13"),
        ("2.15.0", "error-no-implicit-v", "grad can be implicitly created", ""),
        ("2.13.0", "error-all-reduce-average", "all_reduce backward", "since 2.11"),
        ("2.15.0", "error-all-reduce-average", "all_reduce backward", "2.11 to 2.13"),
        ("2.15.0", "error-no-derivative", "the derivative for 'igamma: input'", ""),
        ("2.15.0", "error-older-checkpoint", "Checkpointing is not.", "2.0 to 2.3"),
    ],
)
def test_the_index_says_in_which_releases_an_error_has_its_text(
    monkeypatch: pytest.MonkeyPatch, release: str, name: str, text: str, when: str
) -> None:
    """Tests errors that the newest release raises, raises no more, or words anew."""
    monkeypatch.setattr(releases, "version", {"torch": release}.get)

    assert releases.when_raised(name, text) == when
