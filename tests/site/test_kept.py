"""Tests of the file that keeps the computed atlas."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs._ext.guide import kept


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VJP_GUIDE_CACHE", str(tmp_path / "kept"))


def test_a_complete_result_is_computed_once() -> None:
    """Tests that what was kept is returned, and that what is incomplete isn't kept."""
    calls: list[bool] = []

    def compute(*, complete: bool) -> tuple[str, bool]:
        calls.append(complete)
        return f"result {len(calls)}", complete

    texts = [
        kept.cached(functools.partial(compute, complete=complete))
        for complete in (False, True, True)
    ]

    assert texts == ["result 1", "result 2", "result 2"]
    (path,) = kept.folder().iterdir()
    assert path.name == f"operators-{kept.fingerprint()}.json"


def test_the_key_changes_with_our_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tests a change in a module of the atlas, in one it imports, and in neither."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text("one", encoding="utf-8")
    package = tmp_path / "vjp_guide"
    (package / "operators").mkdir(parents=True)
    (package / "operators" / "_a.py").write_text(
        "from vjp_guide._b import b\n", encoding="utf-8"
    )
    for name in ("_b", "_c"):
        (package / f"{name}.py").write_text(f"{name[1]} = 1\n", encoding="utf-8")
    monkeypatch.setattr(kept, "package", tmp_path.joinpath)

    keys = [kept.fingerprint()]
    for path in ("vjp_guide/_c.py", "vjp_guide/_b.py", "torch/version.py"):
        (tmp_path / path).write_text("changed = 1\n", encoding="utf-8")
        keys.append(kept.fingerprint())

    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_the_key_needs_no_torch() -> None:
    """Tests that a build in which nothing changed doesn't wait for the import."""
    code = "import sys, kept; kept.fingerprint(); print(*sys.modules)"
    run = subprocess.run(  # noqa: S603 - the command is our own
        [sys.executable, "-c", code],
        cwd=Path(kept.__file__).parent,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert {"torch", "numpy", "vjp_guide"}.isdisjoint(run.stdout.split())


def test_a_package_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests the error of the key."""
    monkeypatch.setattr(kept, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match="torch"):
        kept.fingerprint()


def test_the_folder_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests the three places, in their order."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setenv("VJP_GUIDE_CACHE", "/chosen")
    assert kept.folder() == Path("/chosen")
    monkeypatch.delenv("VJP_GUIDE_CACHE")
    assert kept.folder() == Path("/somewhere/vjp-guide")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert kept.folder() == Path.home() / ".cache" / "vjp-guide"


def test_a_home_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that the atlas is computed each time where nothing can be kept."""
    monkeypatch.setenv("VJP_GUIDE_CACHE", f"{os.devnull}/cache")
    assert kept.cached(lambda: ("text", True)) == "text"
    assert kept.cached(lambda: ("other", True)) == "other"
