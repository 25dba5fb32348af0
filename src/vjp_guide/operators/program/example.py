"""One call of an operator with its numbers, its graph and its program."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from vjp_guide._graph import edge, walk
from vjp_guide._jacobian import jacobian
from vjp_guide.operators.case import (
    Case,
    Tensors,
    leaves,
    tensor_places,
    tracked,
)
from vjp_guide.operators.facts import facts
from vjp_guide.operators.naming import Name
from vjp_guide.operators.numerals import numbers
from vjp_guide.operators.program.trace import Names, Program, UntraceableError, program
from vjp_guide.operators.records import Example, Shown

_FEW = 12
_PATTERN = 24
_ENTRIES = 100_000


def example(case: Case, name: Name, full_name: str) -> Example:
    """Return the description of a call and its backward pass."""
    known = facts(full_name)
    swapped, factored = known.swapped, known.factored
    if factored:
        name = replace(name, parameters=())
    names = _names(case, name, swapped)
    xs = leaves(case.inputs)
    kept, y = saved(tracked(case), xs)
    v = _cotangents(y)
    if known.first:
        v = (v[0], *map(torch.zeros_like, v[1:]))
    operations, products = _products(y, xs, v)
    entries, nonzero, pattern = _jacobian_facts(y, xs)
    found, problem = _program(case, names, v, products)
    inputs = dict(zip(tensor_places(case), names.tensors, strict=True))
    return Example(
        call=_call(case, name, names, swapped=swapped, factored=factored),
        inputs=tuple(_shown(n, case.leaves[place]) for place, n in inputs.items()),
        outputs=_all_shown(names.outputs, y),
        cotangents=_all_shown(names.cotangents, v),
        products=tuple(
            _shown(
                _gradient(inputs.values(), inputs[place]),
                torch.zeros_like(x) if product is None else product,
            )
            for place, x, product in zip(case.places, xs, products, strict=True)
        ),
        nodes=tuple(sorted(_nodes(y).items())),
        saved=kept,
        operations=operations,
        entries=entries,
        nonzero=nonzero,
        pattern=pattern,
        lines=found.lines if found else (),
        results=found.results if found else (),
        residual=found.residual if found else None,
        kernels=found.kernels if found else (),
        problem=problem,
    )


class _Recorder(TorchDispatchMode):
    """Counts the kernels that run, by name; the values come from other calls."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        del types
        name = func.__name__.partition(".")[0]
        self.names.update([] if name == "detach" else [name])
        return func(*args, **(kwargs or {}))


def saved(function: Callable[..., Tensors], xs: Tensors) -> tuple[int, Tensors]:
    """Return how many numbers the graph keeps for the backward pass, and ``y``."""
    sizes: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        place = tensor.data_ptr() if tensor.layout == torch.strided else id(tensor)
        sizes[place] = max(tensor.numel(), sizes.get(place, 0))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        y = function(*xs)
    return sum(sizes.values()), y


def _cotangents(y: Tensors) -> Tensors:
    """Return cotangents with one decimal, none of them zero."""
    generator = torch.Generator().manual_seed(3)
    found = []
    for output in y:
        v = torch.randn(output.shape, dtype=output.dtype, generator=generator)
        real = torch.view_as_real(v) if v.is_complex() else v
        real.round_(decimals=1).masked_fill_(real == 0, 0.5)
        found.append(v)
    return tuple(found)


def _products(
    y: Tensors, xs: Tensors, v: Tensors
) -> tuple[tuple[tuple[str, int], ...], tuple[Tensor | None, ...]]:
    """Return the kernels that the backward pass runs, and what it gives."""

    def product() -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(y, xs, v, retain_graph=True, allow_unused=True)

    products = product()
    with _Recorder() as recorder:
        product()
    return tuple(recorder.names.items()), products


def _jacobian_facts(y: Tensors, xs: Tensors) -> tuple[int, int | None, tuple[str, ...]]:
    """Return the number of entries of the Jacobians, that of non-zeros, and where."""
    entries = sum(t.numel() for t in y) * sum(x.numel() for x in xs)
    complex_ = any(t.is_complex() for t in (*y, *xs))
    if entries > _ENTRIES or complex_:
        return entries, None, ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        rows = jacobian(y, xs)
    nonzero = sum(int(dense.count_nonzero()) for row in rows for dense in row)
    first = rows[0][0].reshape(y[0].numel(), xs[0].numel())
    if not 1 < max(first.shape) <= _PATTERN:
        return entries, nonzero, ()
    marks = ("".join("1" if entry else "0" for entry in row) for row in first.tolist())
    return entries, nonzero, tuple(marks)


def _nodes(y: Tensors) -> Counter[str]:
    """Return how often each node is in the graph, leaves apart."""
    found = walk(map(edge, y))
    names = Counter(str(node.name()).rpartition("::")[2] for node in found)
    del names["AccumulateGrad"]
    return names


def _program(
    case: Case, names: Names, v: Tensors, products: Sequence[Tensor | None]
) -> tuple[Program | None, str]:
    try:
        return program(case, names, v, products), ""
    except UntraceableError as error:
        return None, str(error)


def _names(case: Case, name: Name, swapped: bool) -> Names:  # noqa: FBT001 - private
    outputs = len(tracked(case)(*leaves(case.inputs)))
    return Names(
        tensors=_tensor_names(case, name, swapped=swapped),
        outputs=_numbered("y", outputs),
        cotangents=_numbered("v", outputs),
    )


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return (letter,) if count == 1 else tuple(f"{letter}{i}" for i in range(count))


def _tensor_names(case: Case, name: Name, *, swapped: bool) -> tuple[str, ...]:
    """Return names of the tensors: those of the parameters, else letters."""
    parameters = list(name.parameters)
    if name.public.startswith("torch.Tensor.") and parameters[:1] != ["self"]:
        parameters.insert(0, "self")
    if swapped:
        parameters[:2] = reversed(parameters[:2])
    args, kwargs = case.arguments(*case.inputs)
    found: list[str] = []
    for place, arg in enumerate(args):
        known = parameters[place] if place < len(parameters) else ""
        found.extend(_names_within(arg, known))
    for key, value in kwargs.items():
        found.extend(_names_within(value, key))
    found = ["x" if n in {"self", "input"} else n for n in found]
    usable = len(set(found)) == len(found) and not _TAKEN & set(found)
    return tuple(found) if usable and all(found) else _letters(len(found))


_TAKEN = {"y", "v", "t", "torch", "math", "device", "results", "float"}


def _names_within(value: Any, name: str) -> list[str]:
    if isinstance(value, Tensor):
        return [name]
    inside = [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, Tensor)]
    return list(_letters(len(inside)))


def _letters(count: int) -> tuple[str, ...]:
    letters = tuple("abcdefghijklm")
    few = letters[:count] if count > 1 else ("x",)[:count]
    return few if count <= len(letters) else tuple(f"x{i}" for i in range(count))


def _call(
    case: Case, name: Name, names: Names, *, swapped: bool, factored: bool
) -> str:
    """Return the call as Python."""
    leaves_ = list(case.leaves)
    for place, called in zip(tensor_places(case), names.tensors, strict=True):
        leaves_[place] = _Code(called)
    args, kwargs = pytree.tree_unflatten(leaves_, case.spec)
    texts = [repr(arg) for arg in args]
    if swapped:
        texts[:2] = reversed(texts[:2])
    if factored:
        texts[:2] = [f"{texts[0]} @ {texts[1]}.mT"]
    texts += [f"{key}={value!r}" for key, value in kwargs.items()]
    short = name.public.removeprefix("torch.Tensor.")
    if short == name.public:
        return f"{short}({', '.join(texts)})"
    if short in _PROPERTIES:
        return f"{texts[0]}.{short}"
    return f"{texts[0]}.{short}({', '.join(texts[1:])})"


_PROPERTIES = {"H", "T", "mH", "mT"}


class _Code(str):
    """Text that prints as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _gradient(taken: Iterable[str], name: str) -> str:
    """Return what the product for an input is called, unlike any input."""
    called = f"grad_{name}"
    return f"{called}_" if called in taken else called


def _all_shown(names: Sequence[str], tensors: Tensors) -> tuple[Shown, ...]:
    return tuple(_shown(n, t) for n, t in zip(names, tensors, strict=True))


def _shown(name: str, tensor: Tensor) -> Shown:
    dense = tensor.detach().to_dense()
    values = numbers(dense.tolist()) if dense.numel() <= _FEW else ""
    return Shown(name=name, shape=tuple(dense.shape), values=values)
