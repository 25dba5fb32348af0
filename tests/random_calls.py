"""Random calls of :func:`torch.autograd.grad`: right, wrong, and at the edges."""

import warnings
from collections.abc import Callable, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

SHAPES = [(), (0,), (1,), (2,), (3,), (2, 3), (3, 1), (2, 0), (1, 1, 2), (2, 1, 2)]
DTYPES = [
    *[torch.float32] * 3,
    *[torch.float64] * 3,
    torch.bfloat16,
    torch.float16,
    torch.complex64,
    torch.complex128,
]
SPECIAL = [torch.nan, torch.inf, -torch.inf, 0.0, -0.0, 1e30, 1e-40]

FUNCTIONS: list[Callable[[Tensor], Any]] = [
    lambda x: x * x,
    lambda x: x.exp() - 1,
    lambda x: x.sum(),
    lambda x: x.prod(),
    lambda x: x.mean(),
    lambda x: x.flatten().sin(),
    lambda x: x.reshape(-1, 1) * x.flatten()[:2],
    lambda x: torch.stack([x, 2 * x]),
    lambda x: x.cumsum(0),
    lambda x: x.flatten().softmax(0),
    lambda x: x.abs().sqrt(),
    lambda x: 1 / x,
    lambda x: x - x,
    lambda x: torch.where(x.abs() > 1, x, x.sqrt()),
    lambda x: x.sort(0).values,
    lambda x: x[..., :1] + x,
    lambda x: x[:0],
    lambda x: x.unsqueeze(0).expand(2, *x.shape),
    lambda x: x.transpose(0, -1),
    lambda x: x * (1 + 2j),
    lambda x: x.conj(),
    lambda x: (x * 1j).real,
    lambda x: x.abs(),
    torch.view_as_real,
    lambda x: x.angle(),
    lambda x: x.to(torch.float64),
    lambda x: x.to(torch.bfloat16),
    lambda x: x.to(torch.complex64),
    torch.linalg.vector_norm,
    lambda x: x @ x.mT,
    lambda x: x.clamp(min=0),
    lambda x: x.round(),
    lambda x: x.sign(),
    lambda x: x.to_sparse(),
    lambda x: x,
    lambda x: x.view_as(x),
    lambda x: x.detach(),
    lambda x: x.argmax(),
    lambda x: x.isnan(),
    lambda x: x.clone().zero_(),
    lambda x: x.clone().mul_(x),
    lambda x: torch.zeros_like(x).index_put_((), x) if not x.ndim else x.flip(0),
    lambda x: x.unbind(),
    lambda x: x.split(1),
    lambda x: x.max(0),
]
COTANGENTS: list[Callable[[Tensor], Any]] = [
    *[torch.ones_like] * 3,
    *[torch.randn_like] * 6,
    lambda _: None,
    torch.zeros_like,
    lambda y: special(torch.randn_like(y), 1),
    lambda y: torch.randn(y.shape, dtype=torch.float64),
    lambda y: torch.randn(y.shape).bfloat16(),
    lambda y: torch.ones(y.shape, dtype=torch.int64),
    lambda y: torch.ones(y.shape, dtype=torch.bool),
    lambda y: torch.randn(y.shape, dtype=torch.complex64),
    lambda y: torch.randn(y.shape[1:], dtype=y.dtype),
    lambda y: torch.randn(y.shape[::-1], dtype=y.dtype),
    lambda y: torch.ones(y.numel(), dtype=y.dtype),
    lambda y: torch.ones((2, *y.shape), dtype=y.dtype),
    lambda y: torch.randn((0, *y.shape), dtype=y.dtype),
    lambda y: torch.randn((), dtype=y.dtype).expand(y.shape),
    lambda y: torch.randn(y.shape, dtype=y.dtype).to_sparse(),
    lambda y: torch.ones(y.shape, dtype=y.dtype, device="meta"),
    lambda y: torch.randn(y.shape, dtype=y.dtype, requires_grad=True),
    lambda _: torch.ones(()),
    lambda _: 1.5,
    lambda _: [1.0, 2.0],
    lambda _: "v",
    lambda y: y.detach().numpy(),
    lambda y: y,
]


class Drawn(NamedTuple):
    """A call of :func:`torch.autograd.grad`."""

    outputs: Any
    inputs: Any
    cotangents: Any
    options: dict[str, Any]


def special(tensor: Tensor, count: int) -> Tensor:
    """Put NaN, infinity and the like at the first entries."""
    flat = tensor.detach().reshape(-1)
    for place in range(min(count, len(flat))):
        flat[place] = SPECIAL[int(torch.randint(len(SPECIAL), ()))]
    return flat.reshape(tensor.shape)


def draw_input(random: Random) -> Tensor:
    """Return a small tensor, which mostly requires grad."""
    options: dict[str, Any] = {
        "dtype": random.choice(DTYPES),
        "device": "meta" if random.random() < 0.03 else "cpu",
    }
    x = torch.randn(random.choice(SHAPES), **options)
    if random.random() < 0.15:
        x = special(x, random.randint(1, 3))
    if random.random() < 0.03:
        return x.real.to(torch.int64)
    return x.requires_grad_(random.random() < 0.95)


def draw_output(random: Random, x: Tensor) -> Any:
    """Return what one of the functions computes of ``x``."""
    while True:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return random.choice(FUNCTIONS)(x)
        except (IndexError, NotImplementedError, RuntimeError, TypeError):
            continue  # not for this shape, dtype or device


def draw_cotangent(random: Random, y: object) -> Any:
    """Return a cotangent for ``y``, which may not fit."""
    if not isinstance(y, Tensor):
        return random.choice([None, 1.0, torch.ones(())])
    while True:
        try:
            return random.choice(COTANGENTS)(y)
        except (NotImplementedError, RuntimeError, TypeError):
            continue  # likewise


def draw_call(random: Random) -> Drawn:
    """Return any call: some are right, some wrong in one way or in several."""
    x = draw_input(random)
    xs = [x, *[draw_input(random) for _ in range(random.choice([0, 0, 0, 1]))]]
    if random.random() < 0.1 and x.is_floating_point():
        x = xs[0] = x * 2  # not a leaf
    sources = [random.choice(xs) for _ in range(random.choice([1, 1, 1, 2]))]
    ys = [draw_output(random, each) for each in sources]
    vs = [draw_cotangent(random, y) for y in ys]
    if random.random() < 0.04:
        free(ys)
    given = Drawn(contained(random, ys), draw_inputs(random, xs), vs, options(random))
    return given._replace(cotangents=draw_cotangents(random, vs))


def free(ys: Sequence[Any]) -> None:
    """Free the graph of outputs, as a first call does."""
    try:
        torch.autograd.grad(ys, ys, ys)
    except (AssertionError, RuntimeError, TypeError):
        return


def contained(random: Random, values: list[Any]) -> Any:
    """Return tensors in one of the containers that readers pass."""
    first = values[0]
    forms: list[Callable[[], Any]] = [
        *[lambda: first if len(values) == 1 else values] * 6,
        lambda: values,
        lambda: tuple(values),
        lambda: iter(values),
        lambda: [values],
        lambda: {"a": first},
        lambda: SimpleNamespace(loss=first),
        list,
        lambda: None,
        lambda: [first, first],
        lambda: [get_gradient_edge(each) for each in values],
        lambda: get_gradient_edge(first),
    ]
    try:
        return random.choice(forms)()
    except (AssertionError, AttributeError, RuntimeError, TypeError, ValueError):
        return values  # it has no edge


def draw_inputs(random: Random, xs: list[Tensor]) -> Any:
    """Return the inputs, mostly as they are."""
    if random.random() < 0.1:
        return {f"x{place}": x for place, x in enumerate(xs)}
    return contained(random, xs)


def draw_cotangents(random: Random, vs: list[Any]) -> Any:
    """Return the cotangents, mostly as they are."""
    forms = [*[vs] * 12, tuple(vs), vs[0], None, [*vs, vs[0]], vs[:-1], [vs], iter(vs)]
    alone = vs[0] if len(vs) == 1 and random.random() < 0.7 else None
    return random.choice(forms) if alone is None else alone


def options(random: Random) -> dict[str, Any]:
    """Return some of the options of torch."""
    found: dict[str, Any] = {}
    if random.random() < 0.3:
        found["allow_unused"] = random.choice([True, True, False, None])
    if random.random() < 0.15:
        found["materialize_grads"] = True
    if random.random() < 0.15:
        found["create_graph"] = True
    if random.random() < 0.15:
        found["is_grads_batched"] = True
    return found
