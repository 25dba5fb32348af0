"""Record what the programs of this folder do with the torch that is installed.

It needs the standard library and torch alone, with the folder above on its path;
torch's own tables of operators also need numpy and expecttest.
Each program runs in a process of its own, so that a missing name or a crash is a result
like any other. ``nox -s record -- 2.9.1`` runs it for a release.
"""

import ast
import contextlib
import datetime as dt
import faulthandler
import functools
import gc
import inspect
import io
import json
import multiprocessing
import platform
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from records.reading import programs, rows

SECONDS = 120
TOGETHER = 20
PRELUDE = """
import torch
x = torch.tensor([1.0, 3.0, 6.0], requires_grad=True)
w = torch.tensor([1.0, 1.0], requires_grad=True)
v = torch.tensor([1.0, 10.0])
def f(x):
    return torch.stack([x[0] * x[1], x[2] ** 2])
y = f(x)
"""
# What differs between two runs or two machines, and says nothing about torch.
NOISE = [
    (r"\s*\(Triggered internally at [^)]*\)", ""),
    (r"\s*Traceback of forward call.*?(?=\nRuntimeError|$)", ""),
    (r"\s*Exception raised from .*", ""),
    (r"0x[0-9a-f]+", "0x..."),
    (r"/\S*/(site-packages|lib)/", ""),
    (r"\x1b\[[0-9;]*m", ""),
]
Outcome = functools.partial[str]


def main(path: Path, *names: str) -> None:
    """Run all programs, or those with the given names, and write what they did."""
    torch.set_num_threads(1)
    warm_up()
    chosen = [pair for pair in outcomes() if pair[0] in names or not names]
    record = {
        "torch": torch.__version__.split("+")[0],
        "python": platform.python_version(),
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "results": dict(isolated(chosen)),
        "operators": {} if names else dict(isolated(operators())),
    }
    text = json.dumps(record, indent=0, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def warm_up() -> None:
    """Import once what torch imports at the first use of autograd."""
    x = torch.ones(3, requires_grad=True)
    torch.autograd.grad(x.exp(), x, torch.ones(3))
    torch.func.grad(torch.sum)(torch.vmap(torch.sin)(x.detach()))


def outcomes() -> Iterator[tuple[str, Outcome]]:
    """Yield the name of each program, and the function that runs it."""
    for file in ("errors", "mistakes", "facts"):
        for name, _, code in programs(file):
            yield name, functools.partial(run_program, code)
    # Its first use warns, which is a fact of its own, and is slow; so it comes late.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forward(torch.exp, [torch.ones(1)])
    for operator, call, inputs in rows("kinks"):
        for kind, derivative in DERIVATIVES.items():
            name = f"{kind}: {operator}: {call} at {inputs}"
            yield name, functools.partial(run_kink, derivative, call, inputs)
    for (name,) in rows("names"):
        yield f"name: {name}", functools.partial(run_name, name)


def isolated(named: Iterable[tuple[str, Outcome]]) -> Iterator[tuple[str, str]]:
    """Yield the names with what their functions return, or how their process ended.

    Many share a process; if that ends early, each gets a process of its own.
    """
    context = multiprocessing.get_context("fork")
    gc.freeze()  # what is shared with the processes stays shared
    for part in _parts(list(named)):
        names, runs = zip(*part, strict=True)
        texts, end = _run(context, runs)
        if end and len(part) > 1:
            texts = [_run(context, [run])[0][0] for run in runs]
        yield from zip(names, texts, strict=True)


def _parts(named: list[tuple[str, Outcome]]) -> Iterator[list[tuple[str, Outcome]]]:
    start = 0
    while start < len(named):
        alone = named[start][1].func is run_program
        size = 1 if alone else TOGETHER
        part = [
            pair
            for pair in named[start : start + size]
            if alone or pair[1].func is not run_program
        ]
        yield part
        start += len(part)


def _run(context: Any, runs: Sequence[Outcome]) -> tuple[list[str], str]:
    """Return what functions return in one process, and how that ended if early."""
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(runs, writer))
    process.start()
    writer.close()
    end = ""
    try:
        texts = reader.recv() if reader.poll(SECONDS) else None
        end = "" if texts else f"no end in {SECONDS} s"
    except EOFError:
        process.join()
        code = process.exitcode or 0
        texts, end = None, f"crash: {signal.Signals(-code).name if code < 0 else code}"
    process.kill()
    process.join()
    return texts or [end] * len(runs), end


def _send(runs: Sequence[Outcome], writer: Any) -> None:
    faulthandler.disable()
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        writer.send([clean(run()) for run in runs])


def clean(text: str) -> str:
    """Return a text without what differs between two runs."""
    for pattern, replacement in NOISE:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    return text.strip()


def run_program(code: str) -> str:
    """Return the warnings of a program, and its result or error, a line each."""
    names: dict[str, Any] = {"__name__": "__main__"}
    torch.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(PRELUDE, names)
        result = _result(code, names)
    lines = [f"{each.category.__name__}: {each.message}" for each in caught]
    return "\n".join([*dict.fromkeys(lines), result])


def _result(code: str, names: dict[str, Any]) -> str:
    *statements, last = _split(code)
    try:
        for statement in statements:
            exec(statement, names)
        return repr(eval(last, names))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _split(code: str) -> list[CodeType]:
    """Compile the statements of a program, and its last line as an expression."""
    *body, end = ast.parse(code).body
    if isinstance(end, ast.Expr):
        last = compile(ast.Expression(end.value), "program", "eval")
    else:
        body.append(end)
        last = compile("None", "program", "eval")
    return [compile(ast.Module(body, []), "program", "exec"), last]


def run_kink(derivative: Callable[..., list[Tensor]], call: str, inputs: str) -> str:
    """Return the derivative of a call at a point, or the error."""
    names = {"inf": float("inf"), "nan": float("nan")}
    tensors = [
        torch.tensor(eval(each, names), dtype=torch.float64, requires_grad=True)
        for each in inputs.split("; ")
    ]
    letters = ["x"] if len(tensors) == 1 else ["a", "b"]
    functions = {**vars(torch.linalg), **vars(torch.nn.functional), **vars(torch)}

    def function(*tensors: Tensor) -> Tensor:
        values = dict(zip(letters, tensors, strict=True))
        y: Tensor = eval(call, {**functions, **names, **values})
        return y

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = derivative(function, tensors)
        return "; ".join(str([_short(n) for n in t.flatten().tolist()]) for t in found)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _short(number: float) -> float:
    return float(f"{number:.6g}") + 0.0


def first(function: Callable[..., Tensor], xs: list[Tensor]) -> list[Tensor]:
    """Return the products for v of ones."""
    y = function(*xs)
    found = torch.autograd.grad(y, xs, torch.ones_like(y))
    return [torch.zeros_like(x) + product for x, product in zip(xs, found, strict=True)]


def second(function: Callable[..., Tensor], xs: list[Tensor]) -> list[Tensor]:
    """Return the derivatives of the sum of the products for v of ones."""
    y = function(*xs)
    products = torch.autograd.grad(y, xs, torch.ones_like(y), create_graph=True)
    total = torch.stack([product.sum() for product in products]).sum()
    if not total.requires_grad:
        return [torch.zeros_like(x) for x in xs]
    found: Sequence[Tensor | None] = torch.autograd.grad(total, xs, allow_unused=True)
    return [
        torch.zeros_like(x) if product is None else product
        for x, product in zip(xs, found, strict=True)
    ]


def forward(function: Callable[..., Tensor], xs: list[Tensor]) -> list[Tensor]:
    """Return the product of forward mode for tangents of ones."""
    points = tuple(x.detach() for x in xs)
    return [torch.func.jvp(function, points, tuple(map(torch.ones_like, points)))[1]]


DERIVATIVES = {"first": first, "second": second, "forward": forward}


def run_name(name: str) -> str:
    """Return the parameters of a function, or that there is none."""
    found: Any = torch
    for part in name.split(".")[1:]:
        if not hasattr(found, part):
            with contextlib.suppress(ImportError):
                __import__(name.rsplit(".", 1)[0])
        if not hasattr(found, part):
            return "no"
        found = getattr(found, part)
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return "yes"
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    return "(" + ", ".join(map(str, bare)) + ")"


def operators() -> Iterator[tuple[str, Outcome]]:
    """Yield each operator of torch's own tables, if they can be imported."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from torch.testing._internal.common_methods_invocations import op_db
    except ImportError:
        traceback.print_exc()
        return
    for op in op_db:
        name = f"{op.name}.{op.variant_test_name}".rstrip(".")
        yield name, functools.partial(state, op)


def state(op: Any) -> str:
    """Return whether an operator has a derivative, a second one, and forward mode.

    Each is a letter: ``y`` if a sample of torch has it, ``n`` if torch says that it
    isn't implemented, ``e`` after another error, ``-`` where there is nothing to try.
    """
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    found = [_try(op, sample) for sample in _samples(op)]
    return "".join(
        min(letters, key="yne-".index) for letters in zip(*found, strict=True)
    )


def _samples(op: Any) -> list[Any]:
    for dtype in (torch.float64, torch.float32, torch.complex128):
        if op.supports_dtype(dtype, "cpu"):
            with contextlib.suppress(Exception):
                samples = op.sample_inputs("cpu", dtype, requires_grad=True)
                return [sample for _, sample in zip(range(6), samples, strict=False)]
    return []


def _try(op: Any, sample: Any) -> str:
    leaves: list[Tensor] = []

    def keep(value: Any) -> Any:
        if isinstance(value, Tensor) and value.requires_grad:
            leaves.append(value)
        return value

    def rebuilt(tensors: list[Tensor]) -> list[Tensor]:
        new = iter(tensors)

        def swap(value: Any) -> Any:
            leaf = isinstance(value, Tensor) and value.requires_grad
            return next(new) if leaf else value

        moved = sample.transform(swap)
        y = op(moved.input, *moved.args, **moved.kwargs)
        y = sample.output_process_fn_grad(y)
        flat = tree_flatten(y)[0]
        return [t for t in flat if isinstance(t, Tensor)]

    sample.transform(keep)
    if not leaves:
        return "---"
    copies = [leaf.detach().clone().requires_grad_() for leaf in leaves]
    letters = [_reverse(rebuilt, copies), _twice(rebuilt, copies)]
    return "".join(letters) + _forward(rebuilt, copies)


def _letter(error: Exception) -> str:
    return "n" if "not implemented" in str(error) else "e"


def _products(function: Callable[..., Any], xs: list[Tensor]) -> list[Tensor]:
    ys = [y for y in function(xs) if y.requires_grad]
    v = [torch.rand_like(y) for y in ys]
    options = {"create_graph": True, "allow_unused": True}
    found: Sequence[Tensor | None] = torch.autograd.grad(ys, xs, v, **options)
    return [product for product in found if product is not None]


def _reverse(function: Callable[..., Any], xs: list[Tensor]) -> str:
    try:
        return "y" if _products(function, xs) else "-"
    except Exception as error:
        return _letter(error)


def _twice(function: Callable[..., Any], xs: list[Tensor]) -> str:
    try:
        ys = [p for p in _products(function, xs) if p.requires_grad]
        if not ys:
            return "-"
        w = [torch.rand_like(y) for y in ys]
        torch.autograd.grad(ys, xs, w, allow_unused=True)
    except Exception as error:
        return _letter(error)
    return "y"


def _forward(function: Callable[..., Any], xs: list[Tensor]) -> str:
    from torch.autograd import forward_ad

    try:
        with forward_ad.dual_level():
            duals = [forward_ad.make_dual(x.detach(), torch.rand_like(x)) for x in xs]
            # A tangent makes a tensor part of the graph, as the search for leaves asks.
            ys = function([dual.requires_grad_() for dual in duals])
            tangents = [forward_ad.unpack_dual(y).tangent for y in ys]
        return "y" if any(t is not None for t in tangents) else "-"
    except Exception as error:
        return _letter(error)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
