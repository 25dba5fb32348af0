"""Whether a pass runs code of the reader's: hooks, and custom backwards."""

import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from torch.autograd.graph import Node
from torch.utils.hooks import RemovableHandle

from vjp_guide._objects import objects_of

_Hook = Callable[..., object]
_MOST_NODES = 64


def runs_torch_alone(nodes: Collection[Node]) -> bool:
    """Return whether it is sure that a pass runs nothing but torch's own formulas.

    Of a larger graph it isn't known: there the answer spares little.
    """
    return len(nodes) <= _MOST_NODES and not any_hooks() and all(map(_is_own, nodes))


def _is_own(node: Node) -> bool:
    """Return whether a node is torch's, and no hook unpacks what it has saved."""
    kind = type(node)
    if _is_custom(kind):
        return False
    try:
        return not any(_unpacks(getattr(node, name)) for name in _saved(kind))
    except RuntimeError:  # it was freed
        return False


def any_custom(nodes: Iterable[Node]) -> bool:
    """Return whether a node is a custom one, in Python or in C++."""
    return any(map(_is_custom, set(map(type, nodes))))


def _is_custom(kind: type[Node]) -> bool:
    return kind.__module__ != "builtins" or kind.__name__ == "CppFunction"


@cache
def _saved(kind: type[Node]) -> list[str]:
    """Return the names of the saved tensors of a type of node."""
    return [name for name in dir(kind) if name.startswith("_raw_saved_")]


def _unpacks(saved: object) -> bool:
    if isinstance(saved, tuple):
        return any(map(_unpacks, saved))
    return getattr(saved, "unpack_hook", None) is not None


def any_hooks() -> bool:
    """Return whether a hook of anything may be left in the process."""
    return bool(_dictionaries())


@contextmanager
def watched_hooks() -> Iterator[list[_Hook]]:
    """Note which hooks run.

    Python's collector knows the dictionaries that hold them, but not whose they are.
    So each hook has a stand-in meanwhile, which calls it. Watchers in several threads
    share it, and the last one takes it away.

    Yields:
        The hooks that ran.
    """
    ran: list[_Hook] = []
    with _lock:
        _watchers[id(ran)] = ran
        _replaced.extend(_dictionaries())
        for hooks in _replaced:
            _replace(hooks, _stand_in)
    try:
        yield ran
    finally:
        with _lock:
            del _watchers[id(ran)]
            while _replaced and not _watchers:
                _replace(_replaced.pop(), _original)


_lock = Lock()
_watchers: dict[int, list[_Hook]] = {}
_replaced: list[OrderedDict[Any, Any]] = []


def _replace(hooks: OrderedDict[Any, Any], by: Callable[[_Hook], _Hook]) -> None:
    for key, hook in _items(hooks):
        hooks[key] = by(hook)


def _stand_in(hook: _Hook) -> _Hook:
    return hook if isinstance(hook, _StandIn) else _StandIn(hook)


def _original(hook: _Hook) -> _Hook:
    return hook.hook if isinstance(hook, _StandIn) else hook


@dataclass(frozen=True, slots=True, eq=False)
class _StandIn:
    hook: _Hook

    def __call__(self, *args: object, **kwargs: object) -> object:
        for ran in list(_watchers.values()):
            ran.append(self.hook)
        return self.hook(*args, **kwargs)


def _dictionaries() -> list[OrderedDict[Any, Any]]:
    """Return the dictionaries that hold hooks."""
    kept = [reference() for reference in _references(RemovableHandle.next_id)]
    return [each for each in kept if each]


@lru_cache(maxsize=1)
def _references(registered: int) -> list[weakref.ref[OrderedDict[Any, Any]]]:
    """Return where the hooks are of those registered so far, which torch counts.

    To look takes longer than a small pass, and only a new hook makes it necessary.
    """
    del registered
    found: list[Any] = objects_of([OrderedDict])
    return [weakref.ref(each) for each in found if _holds_hooks(each)]


def _holds_hooks(value: OrderedDict[Any, Any]) -> bool:
    """Return whether the keys are numbers of hooks, which torch counts up."""
    return bool(value) and all(
        type(key) is int and key < RemovableHandle.next_id and callable(hook)
        for key, hook in _items(value)
    )


def _items(hooks: OrderedDict[Any, Any]) -> list[tuple[Any, Any]]:
    """Return what a dictionary holds, which another thread may change meanwhile."""
    while True:
        with suppress(RuntimeError):
            return list(hooks.items())
