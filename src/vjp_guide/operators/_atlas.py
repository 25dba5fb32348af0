"""The whole atlas, computed in parallel processes and kept in a file."""

import dataclasses
import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import torch

from vjp_guide.operators._checks import TOLERANCES
from vjp_guide.operators._entry import entry, groups
from vjp_guide.operators._opinfo import operators
from vjp_guide.operators._provenance import NOTICE
from vjp_guide.operators._records import Atlas, Entry

SCHEMA = 1
Progress = Callable[[Iterator[Entry], int], Iterable[Entry]]


def atlas(*, jobs: int, progress: Progress, folder: Path | None = None) -> Atlas:
    """Return the atlas for the installed torch, from the cache if it is there.

    Args:
        jobs: How many processes to use.
        progress: Passes entries through, and shows how many there are of how many.
        folder: Where to keep the result; :func:`cache_folder` by default.
    """
    path = (folder or cache_folder()) / f"operators-{fingerprint()}.json"
    if path.exists():
        return from_json(path.read_text(encoding="utf-8"))
    found = compute(tuple(groups()), jobs=jobs, progress=progress)
    _write(path, to_json(found))
    return found


def compute(names: tuple[str, ...], *, jobs: int, progress: Progress) -> Atlas:
    """Return the atlas of some operators, verified now."""
    entries = tuple(progress(_entries(names, jobs), len(names)))
    return Atlas(
        schema=SCHEMA,
        torch=torch.__version__,
        tolerances=TOLERANCES,
        entries=entries,
        without=tuple(
            sorted({op.name for op in operators() if not op.supports_autograd})
        ),
        notice=NOTICE,
    )


def _entries(names: tuple[str, ...], jobs: int) -> Iterator[Entry]:
    """Yield the entries in order; one job stays in this process."""
    if jobs == 1:
        yield from map(entry, names)
        return
    # Not forked: torch's threads don't survive that.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        yield from pool.map(entry, names, chunksize=4)


def fingerprint() -> str:
    """Return a hash of all that the atlas depends on: our code and its libraries."""
    versions = (
        sys.version,
        torch.__version__,
        torch.version.git_version,
        np.__version__,
    )
    digest = hashlib.sha256(repr(versions).encode())
    for source in sorted(_sources(), key=lambda path: path.as_posix()):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    return Path(str(files("vjp_guide"))).rglob("*.py")


def cache_folder() -> Path:
    """Return where results are kept: VJP_GUIDE_CACHE, else the user's cache."""
    chosen = os.environ.get("VJP_GUIDE_CACHE")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "vjp-guide"


def _write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all, for builds that run at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)


def to_json(found: Atlas) -> str:
    """Return the atlas as JSON, one entry a line."""
    fields = dataclasses.asdict(found)
    entries = ",\n".join(
        json.dumps(each, ensure_ascii=False, allow_nan=False)
        for each in fields.pop("entries")
    )
    head = json.dumps(fields, ensure_ascii=False)
    return f'{head[:-1]}, "entries": [\n{entries}\n]}}\n'


def from_json(text: str) -> Atlas:
    """Return the atlas that :func:`to_json` wrote."""
    found: Atlas = _record(Atlas, json.loads(text))
    return found


def _record(kind: Any, fields: dict[str, Any]) -> Any:
    hints = get_type_hints(kind)
    return kind(**{key: _restored(hints[key], fields[key]) for key in hints})


def _restored(hint: Any, value: Any) -> Any:
    """Return a value of JSON as the type that it was written from."""
    if isinstance(hint, UnionType) and value is not None:
        hint = get_args(hint)[0]
    if dataclasses.is_dataclass(hint) and value is not None:
        return _record(hint, value)
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        hints = inner if inner[-1] is not Ellipsis else inner[:1] * len(value)
        return tuple(map(_restored, hints, value))
    return value
