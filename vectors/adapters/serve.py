"""Answer vectors, a line of JSON each, by a function of arrays of NumPy."""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

Json = dict[str, Any]
# Takes the operator, the inputs, the attributes, the places of the inputs that are
# differentiated, and v; returns the value and a product for each of those inputs.
Product = Callable[[str, list[Any], Json, list[int], Any], tuple[Any, list[Any]]]


class UnsupportedError(Exception):
    """The framework has no such operator."""


def find(name: str, own: Json, *places: Any) -> Any:
    """Return the framework's function of a name of the vectors, its own table first."""
    for found in (own.get(name), *(getattr(place, name, None) for place in places)):
        if found is not None:
            return found
    raise UnsupportedError(name)


def of_chosen(f: Callable[..., Any], xs: list[Any], at: list[int]) -> Any:
    """Return a function of the differentiated inputs alone."""

    def chosen(*some: Any) -> Any:
        every = list(xs)
        for n, x in zip(at, some, strict=True):
            every[n] = x
        return f(*every)

    return chosen


def serve(product: Product, dtype: str = "float64") -> None:
    """Read a vector a line, and write what the framework gives, a line each."""
    for line in sys.stdin:
        print(json.dumps(answer(product, json.loads(line), dtype)), flush=True)


def answer(product: Product, vector: Json, dtype: str) -> Json:
    """Return what the framework gives for a vector, or why it gives nothing."""
    xs = [array(x, dtype) for x in vector["inputs"]]
    v = array(vector["v"], dtype)
    names = vector["operator"], xs, vector["attributes"], vector["differentiate"], v
    found: Json = {"id": vector["id"], "dtype": dtype}
    try:
        value, products = product(*names)
        return found | {
            "value": stored(value),
            "products": [
                stored(np.zeros_like(xs[at]) if each is None else each)
                for at, each in zip(vector["differentiate"], products, strict=True)
            ],
        }
    except (UnsupportedError, NotImplementedError) as error:
        return found | {"unsupported": str(error)}
    except Exception as error:
        text = f"{type(error).__name__}: {error}".splitlines()
        return found | {"error": text[0] if text else type(error).__name__}


def array(given: Json, dtype: str) -> Any:
    """Return an array of NumPy; complex numbers are pairs, nan and inf are texts."""
    numbers = np.array(given["data"], dtype=float)
    if given.get("complex"):
        kind = "complex128" if dtype == "float64" else "complex64"
        made = (numbers[..., 0] + 1j * numbers[..., 1]).astype(kind)
    else:
        made = numbers.astype(dtype)
    return made.reshape(given["shape"])


def stored(value: Any) -> Json:
    """Return an array as JSON."""
    found = np.asarray(value)
    flat = found.reshape(-1).tolist()
    made: Json = {"shape": list(found.shape)}
    if np.iscomplexobj(found):
        pairs = [[plain(n.real), plain(n.imag)] for n in flat]
        return made | {"complex": True, "data": pairs}
    return made | {"data": [plain(n) for n in flat]}


def plain(number: float) -> float | str:
    """Return a number, as text where JSON has none for it."""
    return float(number) if np.isfinite(number) else str(float(number))
