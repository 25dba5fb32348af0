"""Whether a pass runs hooks, which the graph doesn't lead to."""

import gc
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import compress
from typing import Any

from torch.utils.hooks import RemovableHandle

_Hook = Callable[..., object]


def any_hooks() -> bool:
    """Return whether a hook of anything may be left in the process."""
    return _any_left(RemovableHandle.next_id)


@contextmanager
def watched_hooks() -> Iterator[list[_Hook]]:
    """Note which hooks run.

    Python's collector knows the dictionaries that hold them, but not whose they are.
    So each hook has a stand-in meanwhile, which calls it.

    Yields:
        The hooks that ran.
    """
    ran: list[_Hook] = []
    watched = [(hooks, dict(hooks)) for hooks in _dictionaries()]
    for hooks, own in watched:
        hooks.update({key: _noting(hook, ran) for key, hook in own.items()})
    try:
        yield ran
    finally:
        for hooks, own in watched:
            hooks.update({key: own[key] for key in hooks if key in own})


def _noting(hook: _Hook, ran: list[_Hook]) -> _Hook:
    def stand_in(*args: object, **kwargs: object) -> object:
        ran.append(hook)
        return hook(*args, **kwargs)

    return stand_in


@lru_cache(maxsize=1)
def _any_left(registered: int) -> bool:
    """Return whether any hook is left of those registered so far.

    To look takes longer than a small pass; where none is left, only a new one, which
    torch counts, can change that.
    """
    return registered > 0 and bool(_dictionaries())


def _dictionaries() -> list[OrderedDict[Any, Any]]:
    objects = gc.get_objects()
    ordered = map({OrderedDict}.__contains__, map(type, objects))
    return [each for each in compress(objects, ordered) if _holds_hooks(each)]


def _holds_hooks(value: OrderedDict[Any, Any]) -> bool:
    """Return whether the keys are numbers of hooks, which torch counts up."""
    return bool(value) and all(
        type(key) is int and key < RemovableHandle.next_id and callable(value[key])
        for key in value
    )
