"""Write the vectors: values and products by mpmath, with 100 digits and no framework.

``python vectors/generate.py`` writes the files beside this one.
A product is v times a Jacobian of finite differences: of fourth order where the
function is smooth, one-sided at a kink, and towards the point where it is singular.
With a hundred digits their error is far below that of a double.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mpmath import mp

HERE = Path(__file__).parent
VERSION = "1.1"
mp.dps = 100
STEP = mp.mpf(10) ** -20  # the error of fourth order is its fourth power: 1e-80
NEAR = mp.mpf(10) ** -12
FAR = mp.mpf(10) ** 4  # a slope that is larger beside a singular point has no limit
# Sums of 1/8 are exact in float32 too, so each precision gets the same numbers.
WEIGHTS = [1.0, -0.5, 2.0, 0.25, -1.5, 3.0]
TOLERANCE = {"float64": 1e-12, "float32": 2e-5}

# What a row says to this script, not to the operator.
OWN = {"differentiate", "kink", "singular"}

Array = Any  # of numbers of mpmath, as objects
Function = Callable[..., Array]


def each(function: Callable[..., Any], count: int = 1) -> Function:
    """Return a function of numbers as one of arrays, which broadcasts."""
    made = np.frompyfunc(function, count, 1)
    return lambda *arrays: np.asarray(made(*arrays), dtype=object)


def whole(function: Callable[..., Any]) -> Function:
    """Return a function of matrices of mpmath as one of arrays."""

    def called(*arrays: Array) -> Array:
        found = function(*(mp.matrix(array.tolist()) for array in arrays))
        made = found.tolist() if hasattr(found, "tolist") else found
        return np.array(made, dtype=object)

    return called


def solve(a: Array, b: Array) -> Array:
    """Return the solution of a linear system."""
    return np.array(list(mp.lu_solve(mp.matrix(a.tolist()), mp.matrix(b.tolist()))))


def mean(x: Array, axis: int | None = None) -> Array:
    """Return the mean of some elements."""
    total = np.sum(x, axis=axis)
    return total / (x.size if axis is None else x.shape[axis])


def var(x: Array, correction: int = 0) -> Array:
    """Return the variance of all elements."""
    return np.sum((x - mean(x)) ** 2) / (x.size - correction)


def softmax(x: Array, axis: int) -> Array:
    """Return the exponentials, divided by their sum."""
    powers = EXP(x)
    return powers / np.sum(powers, axis=axis, keepdims=True)


def sinc(x: Any) -> Any:
    """Return sin(pi x) / (pi x)."""
    return mp.sinc(mp.pi * x)


def sign(x: Any) -> Any:
    """Return -1, 0 or 1."""
    return mp.sign(x)


def power(x: Any, y: Any) -> Any:
    """Return a power, with 0 to the power 0 as 1."""
    return mp.mpf(1) if y == 0 else mp.power(x, y)


EXP, LOG, SQRT = each(mp.exp), each(mp.log), each(mp.sqrt)
FUNCTIONS: dict[str, Function] = {
    # Of each element
    "abs": each(abs),
    "acos": each(mp.acos),
    "acosh": each(mp.acosh),
    "asin": each(mp.asin),
    "asinh": each(mp.asinh),
    "atan": each(mp.atan),
    "atanh": each(mp.atanh),
    "ceil": each(mp.ceil),
    "cos": each(mp.cos),
    "cosh": each(mp.cosh),
    "erf": each(mp.erf),
    "exp": EXP,
    "expm1": each(mp.expm1),
    "floor": each(mp.floor),
    "log": LOG,
    "log10": each(mp.log10),
    "log1p": each(mp.log1p),
    "log2": each(lambda x: mp.log(x, 2)),
    "negative": each(lambda x: -x),
    "reciprocal": each(lambda x: mp.inf if x == 0 else 1 / x),
    "relu": each(lambda x: max(x, mp.mpf(0))),
    "round": each(mp.nint),
    "sigmoid": each(lambda x: 1 / (1 + mp.exp(-x))),
    "sign": each(sign),
    "silu": each(lambda x: x / (1 + mp.exp(-x))),
    "sin": each(mp.sin),
    "sinc": each(sinc),
    "sinh": each(mp.sinh),
    "softplus": each(lambda x: mp.log1p(mp.exp(x))),
    "sqrt": SQRT,
    "square": each(lambda x: x * x),
    "tan": each(mp.tan),
    "tanh": each(mp.tanh),
    "trunc": each(lambda x: mp.sign(x) * mp.floor(abs(x))),
    # Of two
    "add": each(lambda x, y: x + y, 2),
    "atan2": each(mp.atan2, 2),
    "copysign": each(lambda x, y: abs(x) * (1 if y >= 0 else -1), 2),
    "divide": each(lambda x, y: x / y, 2),
    "hypot": each(mp.hypot, 2),
    "logaddexp": each(lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), 2),
    "maximum": each(max, 2),
    "minimum": each(min, 2),
    "multiply": each(lambda x, y: x * y, 2),
    "pow": each(power, 2),
    "remainder": each(lambda x, y: x - y * mp.floor(x / y), 2),
    "subtract": each(lambda x, y: x - y, 2),
    # Reductions
    "cumulative_prod": lambda x, axis: np.cumprod(x, axis=axis),
    "cumulative_sum": lambda x, axis: np.cumsum(x, axis=axis),
    "logsumexp": lambda x: mp.log(np.sum(EXP(x))),
    "max": np.max,
    "mean": mean,
    "min": np.min,
    "prod": np.prod,
    "std": lambda x, correction=0: mp.sqrt(var(x, correction)),
    "sum": np.sum,
    "var": var,
    # Matrices
    "cross": np.cross,
    "det": whole(mp.det),
    "diagonal": np.diagonal,
    "inv": whole(mp.inverse),
    "matmul": np.matmul,
    "matrix_norm": lambda x: mp.sqrt(np.sum(x * x)),
    "matrix_transpose": lambda x: np.swapaxes(x, -1, -2),
    "outer": np.outer,
    "solve": solve,
    "tensordot": np.tensordot,
    "trace": np.trace,
    "vecdot": lambda x, y: np.sum(x * y, axis=-1),
    "vector_norm": lambda x: mp.sqrt(np.sum(x * x)),
    # Shapes and places
    "broadcast_to": lambda x, shape: np.broadcast_to(x, shape),
    "clip": lambda x, min, max: each(lambda n: sorted([min, n, max])[1])(x),
    "concat": lambda *xs, axis: np.concatenate(xs, axis=axis),
    "diff": np.diff,
    "expand_dims": lambda x, axis: np.expand_dims(x, axis),
    "flip": lambda x, axis: np.flip(x, axis),
    "permute_dims": lambda x, axes: np.transpose(x, axes),
    "repeat": lambda x, repeats, axis: np.repeat(x, repeats, axis=axis),
    "reshape": lambda x, shape: np.reshape(x, shape),
    "roll": lambda x, shift, axis: np.roll(x, shift, axis=axis),
    "sort": lambda x: np.array(sorted(x), dtype=object),
    "squeeze": lambda x, axis: np.squeeze(x, axis),
    "stack": lambda *xs, axis: np.stack(xs, axis=axis),
    "take": lambda x, indices, axis: np.take(x, indices, axis=axis),
    "tile": lambda x, repetitions: np.tile(x, repetitions),
    "tril": np.tril,
    "triu": np.triu,
    "where": lambda x, y, condition: np.where(condition, x, y),
    # Networks, and a trap
    "log_softmax": lambda x, axis: LOG(softmax(x, axis)),
    "softmax": softmax,
    "where_sqrt": each(lambda x: mp.sqrt(x) if x > 0 else mp.mpf(0)),
    # Complex numbers
    "angle": each(mp.arg),
    "conj": each(mp.conj),
    "imag": each(mp.im),
    "real": each(mp.re),
}


# An operator, its inputs, and its attributes.
Row = tuple[str, list[Any], dict[str, Any]]
X = [-1.25, 0.5, 2.0]
SMALL = [-0.5, 0.25, 0.75]
POSITIVE = [0.5, 1.25, 3.0]
ABOVE = [1.25, 2.0, 3.5]
A = [[1.0, -0.5, 2.0], [0.25, 3.0, -1.5]]
B = [[2.0, 0.5], [-1.0, 1.5], [0.75, -2.0]]
SQUARE = [[2.0, 0.5], [-1.0, 1.5]]
Z = [1 + 2j, -0.5 + 0.25j]

AT = {
    **dict.fromkeys(("acos", "asin", "atanh"), SMALL),
    **dict.fromkeys(("log", "log10", "log1p", "log2", "sqrt"), POSITIVE),
    "acosh": ABOVE,
    "where_sqrt": POSITIVE,
}
UNARY = """
abs acos acosh asin asinh atan atanh ceil cos cosh erf exp expm1 floor log log10 log1p
log2 negative reciprocal relu round sigmoid sign silu sin sinc sinh softplus sqrt square
tan tanh trunc where_sqrt
""".split()
BINARY = """add atan2 copysign divide hypot logaddexp maximum minimum multiply pow
subtract""".split()

REGULAR: list[Row] = [
    *((name, [AT.get(name, [-1.25, 0.75, 2.25])], {}) for name in UNARY),
    *((name, [POSITIVE, [2.25, 0.75, -1.5]], {}) for name in BINARY),
    ("remainder", [[0.5, 1.25, 3.25], [2.25, 0.75, -1.5]], {}),
    ("relu", [[[0.5, -2.0], [1.0, -0.25]]], {}),
    ("expm1", [[0.0009765625]], {}),
    ("log1p", [[0.0009765625]], {}),
    ("sigmoid", [[-40.0, 40.0]], {}),
    ("softplus", [[-40.0, 40.0]], {}),
    ("silu", [[-40.0, 40.0]], {}),
    ("tanh", [[-20.0, 20.0]], {}),
    ("logaddexp", [[1000.0], [999.0]], {}),
    ("sinc", [[0.0]], {}),
    ("square", [[0.0]], {}),
    ("pow", [[0.0], [0.0]], {"differentiate": [0]}),
    ("pow", [[0.0], [1.0]], {"differentiate": [0]}),
    ("pow", [[0.0], [2.0]], {"differentiate": [0]}),
    ("pow", [[-2.0], [3.0]], {"differentiate": [0]}),
    ("exp", [0.5], {}),
    ("multiply", [0.5, -3.0], {}),
    ("sum", [A], {}),
    ("sum", [A], {"axis": 0}),
    ("mean", [A], {}),
    ("mean", [A], {"axis": 1}),
    ("prod", [[2.0, -0.5, 3.0]], {}),
    ("prod", [[0.0, 2.0, 3.0]], {}),
    ("prod", [[0.0, 0.0, 3.0]], {}),
    ("max", [X], {}),
    ("max", [A], {"axis": 1}),
    ("min", [X], {}),
    ("min", [A], {"axis": 0}),
    ("std", [X], {}),
    ("std", [X], {"correction": 1}),
    ("var", [X], {}),
    ("var", [X], {"correction": 1}),
    ("logsumexp", [X], {}),
    ("logsumexp", [[1000.0, 999.0]], {}),
    ("cumulative_sum", [X], {"axis": 0}),
    ("cumulative_prod", [[2.0, -0.5, 3.0]], {"axis": 0}),
    ("cumulative_prod", [[2.0, 0.0, 3.0]], {"axis": 0}),
    ("matmul", [A, B], {}),
    ("matmul", [A, X], {}),
    ("matmul", [X, B], {}),
    ("matmul", [X, POSITIVE], {}),
    ("tensordot", [A, B], {"axes": 1}),
    ("tensordot", [X, SMALL], {"axes": 0}),
    ("vecdot", [A, [[0.5, 1.0, -2.0], [1.5, -1.0, 0.25]]], {}),
    ("outer", [X, [0.5, -1.0]], {}),
    ("cross", [X, POSITIVE], {}),
    ("trace", [SQUARE], {}),
    ("diagonal", [A], {}),
    ("det", [SQUARE], {}),
    ("det", [[[1.0, 2.0], [2.0, 4.0]]], {}),
    ("det", [[[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [4.0, 5.0, 7.0]]], {}),
    ("inv", [SQUARE], {}),
    ("solve", [SQUARE, [1.0, -2.0]], {}),
    ("matrix_norm", [A], {}),
    ("vector_norm", [X], {}),
    ("matrix_transpose", [A], {}),
    ("reshape", [A], {"shape": [3, 2]}),
    ("permute_dims", [A], {"axes": [1, 0]}),
    ("broadcast_to", [X], {"shape": [2, 3]}),
    ("expand_dims", [X], {"axis": 0}),
    ("squeeze", [[X]], {"axis": 0}),
    ("flip", [X], {"axis": 0}),
    ("roll", [X], {"shift": 1, "axis": 0}),
    ("concat", [X, [4.0, 5.0]], {"axis": 0}),
    ("stack", [X, SMALL], {"axis": 1}),
    ("take", [X], {"indices": [2, 0, 2], "axis": 0}),
    ("repeat", [X], {"repeats": 2, "axis": 0}),
    ("tile", [X], {"repetitions": [2]}),
    ("tril", [SQUARE], {}),
    ("triu", [A], {}),
    ("diff", [X], {}),
    ("sort", [[0.5, -1.25, 2.0]], {}),
    ("clip", [X], {"min": -1.0, "max": 1.0}),
    ("where", [X, SMALL], {"condition": [True, False, True]}),
    ("softmax", [A], {"axis": 1}),
    ("log_softmax", [A], {"axis": 1}),
    ("softmax", [[1000.0, 999.0]], {"axis": 0}),
]
BROADCAST: list[Row] = [
    ("add", [A, X], {}),
    ("add", [[[1.0], [2.0]], X], {}),
    ("subtract", [A, 0.5], {}),
    ("multiply", [[[0.5], [-2.0]], X], {}),
    ("divide", [A, [[2.0], [-0.5]]], {}),
    ("pow", [[[0.5], [2.0]], [2.0, 3.0]], {}),
    ("maximum", [A, 0.5], {}),
    ("atan2", [POSITIVE, 0.5], {}),
    ("hypot", [[[3.0], [1.0]], [4.0, 2.0]], {}),
    ("matmul", [[SQUARE, [[1.0, 0.0], [0.5, -1.0]]], [[1.0], [2.0]]], {}),
]
EMPTY: list[Row] = [
    ("exp", [[]], {}),
    ("sum", [[]], {}),
    ("prod", [[]], {}),
    ("multiply", [[], []], {}),
    ("matmul", [[[], []], np.zeros((0, 3))], {}),
    ("concat", [[], X], {"axis": 0}),
    ("reshape", [np.zeros((0, 2))], {"shape": [2, 0]}),
    ("cumulative_sum", [[]], {"axis": 0}),
    ("vector_norm", [[]], {}),
    ("sort", [[]], {}),
]
KINK: list[Row] = [
    ("abs", [[0.0]], {}),
    ("relu", [[0.0]], {}),
    ("clip", [[0.0]], {"min": 0.0, "max": 1.0}),
    ("clip", [[1.0]], {"min": 0.0, "max": 1.0}),
    ("maximum", [[1.0], [1.0]], {}),
    ("minimum", [[1.0], [1.0]], {}),
    ("max", [[1.0, 1.0]], {}),
    ("max", [[1.0, 1.0]], {"axis": 0}),
    ("min", [[1.0, 1.0]], {}),
    ("sort", [[1.0, 1.0]], {}),
    ("vector_norm", [[0.0, 0.0]], {}),
    ("matrix_norm", [[[0.0, 0.0], [0.0, 0.0]]], {}),
    ("hypot", [[0.0], [0.0]], {}),
    ("std", [[2.0, 2.0]], {}),
]
# With the side from which the point is reached.
SINGULAR: list[tuple[str, list[Any], int, dict[str, Any]]] = [
    ("sqrt", [[0.0]], 1, {}),
    ("log", [[0.0]], 1, {}),
    ("reciprocal", [[0.0]], 1, {}),
    ("acos", [[1.0]], -1, {}),
    ("asin", [[1.0]], -1, {}),
    ("acosh", [[1.0]], 1, {}),
    ("atanh", [[1.0]], -1, {}),
    ("log1p", [[-1.0]], 1, {}),
    ("pow", [[0.0], [0.5]], 1, {"differentiate": [0]}),
    ("where_sqrt", [[0.0]], -1, {}),
    ("sign", [[0.0]], 1, {}),
    ("floor", [[1.0]], 1, {}),
]
COMPLEX: list[Row] = [
    *((name, [Z], {}) for name in ("exp", "sin", "cos", "tanh", "log", "sqrt")),
    *((name, [Z], {}) for name in ("square", "reciprocal", "abs", "angle", "conj")),
    *((name, [Z], {}) for name in ("real", "imag", "negative", "sum", "prod")),
    *((name, [Z, [0.5 - 1j, 2 + 1j]], {}) for name in ("add", "multiply", "divide")),
    ("pow", [Z, [2 + 0j, 2 + 0j]], {"differentiate": [0]}),
    ("matmul", [[Z, [2j, 1 + 0j]], Z], {}),
    ("abs", [[0j]], {"kink": True}),
    ("angle", [[0j]], {"singular": True}),
]


def main() -> None:
    """Write the file of each class."""
    made = {
        "regular": [regular("regular", *row) for row in REGULAR],
        "broadcast": [regular("broadcast", *row) for row in BROADCAST],
        "empty": [regular("empty", *row) for row in EMPTY],
        "kink": [kink(*row) for row in KINK],
        "singular": [singular(*row) for row in SINGULAR],
        "complex": [complex_(*row) for row in COMPLEX],
    }
    for name, vectors in made.items():
        lines = ",\n".join(json.dumps(each, allow_nan=False) for each in named(vectors))
        text = f'{{"version": "{VERSION}", "vectors": [\n{lines}\n]}}\n'
        (HERE / f"{name}.json").write_text(text, encoding="utf-8")


def named(vectors: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the vectors with a name of each."""
    counts = {vector["operator"]: itertools.count(1) for vector in vectors}
    for vector in vectors:
        number = next(counts[vector["operator"]])
        yield {"id": f"{vector['class']}/{vector['operator']}/{number}", **vector}


def regular(kind: str, name: str, inputs: list[Any], options: dict[str, Any]) -> Any:
    """Return a vector of a smooth function, or of one that is smooth at the point."""
    f, xs, made = begin(kind, name, inputs, options)
    v = made.pop("weights")
    jacobians = [central(f, xs, at) for at in made["differentiate"]]
    shapes = [xs[at].shape for at in made["differentiate"]]
    products = [
        (v.reshape(-1) @ j if v.size else zeros(j.shape[1])).reshape(shape)
        for j, shape in zip(jacobians, shapes, strict=True)
    ]
    made["products"] = [stored(product) for product in products]
    return made | {"patterns": [pattern(j) for j in jacobians]}


def kink(name: str, inputs: list[Any], options: dict[str, Any]) -> Any:
    """Return a vector at a kink: between the one-sided products all are right."""
    f, xs, made = begin("kink", name, inputs, options)
    v = made.pop("weights")
    bounds, patterns = [], []
    for at in made["differentiate"]:
        sides = [one_sided(f, xs, at, side) for side in (1, -1)]
        ends = [v.reshape(-1, 1) * side for side in sides]
        low, high = (np.sum(pick(*ends), axis=0) for pick in (np.minimum, np.maximum))
        shape = xs[at].shape
        bounds.append([stored(low.reshape(shape)), stored(high.reshape(shape))])
        patterns.append(pattern(abs(sides[0]) + abs(sides[1])))
    return made | {"products": None, "bounds": bounds, "patterns": patterns}


def singular(
    name: str, inputs: list[Any], side: int, options: dict[str, Any]
) -> dict[str, Any]:
    """Return a vector where a slope has no bound: its limit from one side."""
    f, xs, made = begin("singular", name, inputs, options)
    v = made.pop("weights")
    beside = [xs[0] + side * NEAR, *xs[1:]]
    slopes = np.array(
        [
            mp.inf * mp.sign(n) if abs(n) > FAR else mp.nint(n)
            for n in np.diagonal(central(f, beside, 0))
        ]
    )
    made |= {"products": [stored(v * slopes)], "side": side}
    return made | {"patterns": [pattern(np.diag(slopes))]}


def complex_(name: str, inputs: list[Any], options: dict[str, Any]) -> Any:
    """Return a vector of complex numbers, with the products of both conventions.

    The first is that for which Re(conj(v) dy) = Re(conj(r) dx); the second, without a
    conjugate, is v times the complex derivative of a holomorphic function.
    """
    f, xs, made = begin("complex", name, inputs, options)
    v = made.pop("weights")
    made |= {"products": None}
    if "singular" in options:
        return made
    if "kink" in options:
        disc = [stored(np.array([s * (1 + 1j) * mp.mpf(1)])) for s in (-1, 1)]
        return made | {"bounds": [disc]}
    numbers = made["differentiate"]
    first = [conjugate(f, xs, at, v) for at in numbers]
    second = [CONJ(conjugate(f, xs, at, CONJ(v))) for at in numbers]
    made["products"] = [stored(product) for product in first]
    return made | {"transposed": [stored(product) for product in second]}


CONJ = each(mp.conj)


def begin(
    kind: str, name: str, inputs: list[Any], options: dict[str, Any]
) -> tuple[Function, list[Array], dict[str, Any]]:
    """Return the function, its inputs, and what all vectors hold."""
    attributes = {key: n for key, n in options.items() if key not in OWN}
    xs = [exact(x) for x in inputs]

    def f(*arrays: Array) -> Array:
        return np.asarray(FUNCTIONS[name](*arrays, **attributes), dtype=object)

    value = f(*xs)
    v = np.array(
        [mp.mpf(n) for n in itertools.islice(itertools.cycle(WEIGHTS), value.size)],
        dtype=object,
    ).reshape(value.shape)
    # With equal parts conj(v) would be v but for a phase, and would hide a mistake.
    if kind == "complex" and any(isinstance(n, mp.mpc) for n in value.reshape(-1)):
        v = np.asarray(v * mp.mpc(1, 2), dtype=object)
    made = {
        "operator": name,
        "class": kind,
        "inputs": [stored(x) for x in xs],
        "attributes": attributes,
        "differentiate": options.get("differentiate", list(range(len(xs)))),
        "v": stored(v),
        "value": stored(value),
        "tolerance": TOLERANCE,
        "weights": v,
    }
    return f, xs, made


def exact(x: Any) -> Array:
    """Return numbers as objects of mpmath."""
    array = np.asarray(x)
    return each(mp.mpmathify)(array.astype(object)) if array.ndim else wrap(x)


def wrap(x: Any) -> Array:
    """Return a number as an array without axes."""
    return np.array(mp.mpmathify(x), dtype=object)


def zeros(*shape: int) -> Array:
    """Return zeros of mpmath."""
    return np.array([mp.mpf(0)] * int(np.prod(shape)), dtype=object).reshape(shape)


def moved(xs: list[Array], at: int, place: int, by: Any) -> list[Array]:
    """Return the inputs with one number moved."""
    flat = xs[at].reshape(-1).copy()
    flat[place] = flat[place] + by
    return [*xs[:at], flat.reshape(xs[at].shape), *xs[at + 1 :]]


def columns(xs: list[Array], at: int, rows: int, made: Iterator[Array]) -> Array:
    """Return the columns of a Jacobian as a matrix."""
    found = list(made)
    return np.stack(found, axis=1) if found else zeros(rows, xs[at].size)


def central(f: Function, xs: list[Array], at: int) -> Array:
    """Return the Jacobian by differences of fourth order."""

    def column(place: int) -> Array:
        def y(times: int) -> Array:
            return f(*moved(xs, at, place, times * STEP)).reshape(-1)

        return (y(-2) - 8 * y(-1) + 8 * y(1) - y(2)) / (12 * STEP)

    made = (column(place) for place in range(xs[at].size))
    return columns(xs, at, f(*xs).size, made)


def one_sided(f: Function, xs: list[Array], at: int, side: int) -> Array:
    """Return the Jacobian by differences to one side, exact for pieces of lines."""
    y = f(*xs).reshape(-1)
    made = (
        (f(*moved(xs, at, place, side * STEP)).reshape(-1) - y) / (side * STEP)
        for place in range(xs[at].size)
    )
    return columns(xs, at, y.size, made)


def conjugate(f: Function, xs: list[Array], at: int, v: Array) -> Array:
    """Return the product whose real inner products are those of real numbers."""

    def slope(place: int, unit: Any) -> Any:
        def y(times: int) -> Array:
            return f(*moved(xs, at, place, times * unit * STEP)).reshape(-1)

        dy = (y(-2) - 8 * y(-1) + 8 * y(1) - y(2)) / (12 * STEP)
        return mp.re(np.sum(CONJ(v).reshape(-1) * dy))

    one, i = mp.mpf(1), mp.mpc(0, 1)
    made = [mp.mpc(slope(n, one), slope(n, i)) for n in range(xs[at].size)]
    return np.array(made, dtype=object).reshape(xs[at].shape)


def pattern(jacobian: Array) -> list[str]:
    """Return where a Jacobian isn't zero, an ``x`` for each such place of a row."""
    small = mp.mpf(10) ** -15
    return ["".join("x" if abs(n) > small else "." for n in row) for row in jacobian]


def stored(array: Array) -> dict[str, Any]:
    """Return an array as JSON: the shape, and the numbers in the order of C."""
    flat = list(array.reshape(-1))
    made: dict[str, Any] = {"shape": list(array.shape)}
    if any(isinstance(n, mp.mpc) for n in flat):
        pairs = [[plain(mp.re(n)), plain(mp.im(n))] for n in flat]
        return made | {"complex": True, "data": pairs}
    return made | {"data": [plain(n) for n in flat]}


def plain(number: Any) -> float | str:
    """Return the nearest double, as text where JSON has no number for it."""
    double = float(number)
    if abs(double) < float(NEAR) ** 3:
        return 0.0
    finite = np.isfinite(double)
    return double if finite else str(double)


if __name__ == "__main__":
    main()
