"""The objects of a kind that Python's collector knows."""

import gc
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, groupby, starmap

from vjp_guide._graph import collector_paused


@collector_paused()
def objects_of(kinds: Collection[type]) -> list[object]:
    """Return the objects of exactly these types.

    While a list of all objects lives, no other thread can finish a tuple that it
    builds from an iterator. So it is read and dropped in one call, within which no
    code of Python's runs, and no other thread.
    """
    others: dict[type, Iterable[object]] = dict.fromkeys(map(type, _every()), ())
    for kind in kinds:
        others.pop(kind, None)
    found = list(chain.from_iterable(starmap(others.get, groupby(_every(), type))))
    return [each for each in found if type(each) in kinds]  # no type is new since


def _every() -> Iterator[object]:
    """Return an iterator over all objects, which asks for them when it is read."""
    return chain.from_iterable(starmap(gc.get_objects, [()]))
