"""The whole atlas, computed in parallel processes, and as JSON."""

import gc
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, is_dataclass, replace
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import torch

from vjp_guide.operators.categories import CATEGORIES
from vjp_guide.operators.entry import entry, groups
from vjp_guide.operators.lookup import resolve
from vjp_guide.operators.records import Atlas, Entry, Group
from vjp_guide.operators.torch_tables import NOTICE
from vjp_guide.operators.verify.checks import TOLERANCES
from vjp_guide.operators.without import without

SCHEMA = 4
Progress = Callable[[Iterator[Entry], int], Iterable[Entry]]


def compute(
    *, jobs: int, progress: Progress, names: Sequence[str] | None = None
) -> Atlas:
    """Return the atlas of the installed torch, verified now.

    Args:
        jobs: How many processes to use.
        progress: Takes the entries as they come and their number, and returns them.
        names: Names of the operators, as :func:`find` takes them; all by default.

    Raises:
        UnknownOperatorError: If no operator has one of the names.
        OperatorsUnavailableError: If torch's tables of operators can't be imported.
    """
    wanted = tuple(groups()) if names is None else tuple(map(resolve, names))
    entries = tuple(progress(_entries(wanted, jobs), len(wanted)))
    return replace(empty(), entries=entries, without=without())


def empty() -> Atlas:
    """Return an atlas without operators, for a torch whose tables can't be read."""
    return Atlas(
        schema=SCHEMA,
        torch=torch.__version__,
        tolerances=TOLERANCES,
        groups=tuple(Group(slug=page.slug, title=page.title) for page in CATEGORIES),
        entries=(),
        without=(),
        notice=NOTICE,
    )


def _entries(names: tuple[str, ...], jobs: int) -> Iterator[Entry]:
    """Yield the entries in order; one job stays in this process."""
    if jobs == 1:
        yield from map(entry, names)
        return
    # Not forked: torch's threads don't survive that.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_hasten) as pool:
        yield from pool.map(entry, names, chunksize=4)


def _hasten() -> None:
    """Spare this process what takes longer than the operators: a third of the time."""
    torch.set_num_threads(1)
    sys.tracebacklimit = 0  # torch notes the whole stack each time that it seeds
    groups()
    gc.freeze()  # a Jacobian looks through what the collector knows


def dump(atlas: Atlas) -> str:
    """Return an atlas as JSON, one entry a line."""
    fields = asdict(atlas)
    entries = ",\n".join(
        json.dumps(each, ensure_ascii=False, allow_nan=False)
        for each in fields.pop("entries")
    )
    head = json.dumps(fields, ensure_ascii=False)
    return f'{head[:-1]}, "entries": [\n{entries}\n]}}\n'


def load(text: str) -> Atlas:
    """Return the atlas that :func:`dump` wrote."""
    found: Atlas = _record(Atlas, json.loads(text))
    return found


def _record(kind: Any, fields: dict[str, Any]) -> Any:
    hints = _hints(kind)
    return kind(**{key: _restored(hints[key], fields[key]) for key in hints})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _restored(hint: Any, value: Any) -> Any:
    """Return a value of JSON as the type that it was written from."""
    if isinstance(hint, UnionType) and value is not None:
        hint = get_args(hint)[0]
    if is_dataclass(hint) and value is not None:
        return _record(hint, value)
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        hints = inner if inner[-1] is not Ellipsis else inner[:1] * len(value)
        return tuple(map(_restored, hints, value))
    return value
