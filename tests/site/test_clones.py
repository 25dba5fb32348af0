"""Tests that the site builds wherever a clone may lie: a part of it, strictly."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from docs._ext.guide import kept

ROOT = Path(__file__).parents[2]
PLACES = {
    "spaces": ("a folder with spaces", {}),
    "accent": ("une clé", {"LC_ALL": "C"}),
    "archive": ("archive", {"GIT_DIR": os.devnull}),  # git knows nothing here
    "home": ("home", {"HOME": f"{os.devnull}/home", "XDG_CACHE_HOME": ""}),
    "ci": ("ci", {"CI": "true"}),
    "core": ("core", {"OMP_NUM_THREADS": "1"}),
}
PAGE = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
  language: python
---

# A page

```{toctree}
:hidden:

auto_examples/index
how-to/systems/pipeline
operators/index
```

$v$ has the shape of $y$.

```{code-cell} python
import torch
from vjp_guide.figures import Stage, chain

chain([Stage("x", (4,)), Stage("y", (4, 4))], ["outer(x, x)"])
```
"""
EXAMPLE = "plot_40_pipeline_two_processes.py"  # it writes files, and starts processes
COPIED = ["README.md", "docs/_*", "docs/*.py", "docs/*.txt", "docs/operators/*.json"]
COPIED += [
    "src",
    "records/*",
    "elsewhere/*",
    "vectors/*",
    "pyproject.toml",
    "examples/GALLERY_HEADER.rst",
    f"examples/{EXAMPLE}",
]


def clone(folder: Path, *, git: bool) -> None:
    """Make a repository that holds a part of the site."""
    for pattern in COPIED:
        for source in ROOT.glob(pattern):
            target = folder / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(source, target)
    pages = {
        "index.md": PAGE,
        "how-to/systems/pipeline.md": "# Pipeline\n\nWhat **crosses** the wire.\n",
        "operators/index.md": "# Operators\n\nThere are **none** here.\n",
    }
    for name, text in pages.items():
        path = folder / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if git:
        _commit(folder)


def _copy(source: Path, target: Path) -> None:
    if source.name in {"_build", "_generated", "__pycache__"}:
        return
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=ignored)
    else:
        shutil.copyfile(source, target)


def _commit(folder: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Début"]):
        subprocess.run([*git, *command], cwd=folder, check=True)  # noqa: S603 - ours


def build(folder: Path, environment: Mapping[str, str], *, cores: int) -> None:
    """Build the site as ``nox -s docs`` does, with an atlas of no operators."""
    cache, temporary = folder / "cache", folder / "tmp"  # nox has them in the clone too
    cache.mkdir()
    temporary.mkdir()
    atlas = cache / f"operators-{kept.fingerprint()}.json"
    atlas.write_text('{"groups": []}', encoding="utf-8")
    own = {"PYTHONPATH": str(folder / "src"), "VJP_GUIDE_CACHE": str(cache)}
    own |= {"TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": ""}
    options = ["-n", "-W", "--keep-going", "-T", "-q", "-j", "auto"]
    command = [sys.executable, "-m", "sphinx", *options, "docs", "out"]
    if cores == 1:
        command = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), *command]
    run = subprocess.run(  # noqa: S603 - ours
        command,
        cwd=folder,
        env={**os.environ, **own, **environment},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("place", PLACES)
def test_the_site_builds(place: str, tmp_path: Path) -> None:
    """Tests that the pages are there, with what their programs printed."""
    if place == "core" and shutil.which("taskset") is None:
        pytest.skip("only Linux gives a process one core")
    name, environment = PLACES[place]
    folder = tmp_path / name
    clone(folder, git=place != "archive")
    build(folder, environment, cores=1 if place == "core" else 2)
    example = folder / "out" / "auto_examples" / f"{Path(EXAMPLE).stem}.html"

    assert "<svg" in (folder / "out" / "index.html").read_text(encoding="utf-8")
    assert "[110.0, 25.0]" in example.read_text(encoding="utf-8")
