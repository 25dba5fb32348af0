"""Where the computed atlas is kept, and the key that says whether it still holds.

Nothing here imports torch: a build in which the atlas didn't change needs none.
"""

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

_IMPORT = re.compile(r"^\s*from vjp_guide\.([\w.]+) import", re.MULTILINE)


def cached(compute: Callable[[], tuple[str, bool]]) -> str:
    """Return what was computed with the same code and libraries, or compute it.

    Args:
        compute: Returns the text, and whether it is complete and so worth keeping.
    """
    path = folder() / f"operators-{fingerprint()}.json"
    if path.exists():
        return path.read_text(encoding="utf-8")
    text, complete = compute()
    if complete:
        with suppress(OSError):  # a home that can't be written to costs time alone
            _write(path, text)
    return text


def fingerprint() -> str:
    """Return a hash of all that the atlas depends on: our code and its libraries."""
    digest = hashlib.sha256(repr((sys.version, version("numpy"))).encode())
    digest.update((package("torch") / "version.py").read_bytes())
    root = package("vjp_guide")
    for source in sources(root):
        digest.update(source.relative_to(root).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def sources(root: Path) -> list[Path]:
    """Return the modules of the atlas, and those of the package that they import."""
    pending = [*(root / "operators").rglob("*.py")]
    found: set[Path] = set()
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            names = _IMPORT.findall(path.read_text(encoding="utf-8"))
            pending += [_module(root, name) for name in names]
    return sorted(found)


def _module(root: Path, name: str) -> Path:
    """Return the file of a module or a package, by its name within ours."""
    path = root.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def folder() -> Path:
    """Return where results are kept: VJP_GUIDE_CACHE, else the user's cache."""
    chosen = os.environ.get("VJP_GUIDE_CACHE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "vjp-guide"


def package(name: str) -> Path:
    """Return the folder of a package without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the atlas needs the package {name}")
    return Path(spec.origin).parent


def _write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all, for builds that run at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)
