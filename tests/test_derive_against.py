"""Tests of where hand-written backward passes depart from derived ones."""

import math
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import Function

from vjp_guide import Departure, derive


def randn(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return numbers that are the same each time."""
    generator = torch.Generator().manual_seed(sum(shape) + len(shape))
    return torch.randn(shape, dtype=dtype, generator=generator)


def attention(q: Tensor, k: Tensor, w: Tensor) -> Tensor:
    """Return attention."""
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    p = torch.softmax(scores, -1)
    return p @ w


def layer(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """Return a layer with a bias."""
    z = x @ w + b
    h = torch.tanh(z)
    return h**3 / x.shape[-1]


def phase(z: Tensor, c: Tensor) -> Tensor:
    """Return a complex product."""
    return (z * c).exp()


def halves(x: Tensor, w: Tensor) -> Tensor:
    """Return the halves of rows, weighted."""
    return (x.view(x.shape[0], 2, x.shape[-1] // 2) * w).exp()


def norm(x: Tensor, g: Tensor) -> Tensor:
    """Return rows divided by a root of their mean squares, and scaled."""
    r = torch.rsqrt((x * x).mean(-1, keepdim=True) + 1)
    return x * r * g


def solve(a: Tensor, b: Tensor) -> Tensor:
    """Return the solution of a linear system."""
    found: Tensor = torch.linalg.solve(a, b)
    return found


def rows(x: Tensor) -> Tensor:
    """Return scaled means of rows."""
    return -x.mean(-1, keepdim=True) * x


ATTENTION = """\
q, k, w, p, scores = ctx.saved_tensors
dp = v @ w.T
ds = p * (dp - (dp * p).sum(-1, keepdim=True))
ds = ds / math.sqrt(q.shape[-1])
return ds @ k, ds.T @ q, p.T @ v
"""
LAYER = """\
x, w, z, h = ctx.saved_tensors
grad_h = 3 * h**2 * v / x.shape[-1]
grad_z = grad_h * (1 - h * h)
grad_b = grad_z.sum(0)
return grad_z @ w.T, x.T @ grad_z, grad_b
"""
PHASE = """\
z, c, y = ctx.saved_tensors
t = v * y.conj()
return t * c.conj(), (t * z.conj()).sum(0)
"""
HALVES = """\
x, w, y = ctx.saved_tensors
t = v * y
return (t * w).flatten(1), (t * x.view(t.shape)).sum((0, 1))
"""
ROWS = """\
x, = ctx.saved_tensors
s = (v * x).sum(-1, keepdim=True)
return -s / x.shape[-1] - v * x.mean(-1, keepdim=True)
"""
NORM = """\
x, g, r = ctx.saved_tensors
h = v * g
grad_g = (v * x * r).sum(0)
m = (h * x).mean(-1, keepdim=True)
return r * (h - x * r**2 * m), grad_g
"""
SOLVE = """\
a, y = ctx.saved_tensors
grad_b = torch.linalg.solve(a.mT, v)
return -grad_b @ y.mT, grad_b
"""
TEXT = """\
import math
import torch

class Written(torch.autograd.Function):
    @staticmethod
    def forward(ctx, {inputs}):
        {lines}
        ctx.save_for_backward({saved})
        return y

    @staticmethod
    def backward(ctx, v):
"""
PASSES: dict[Callable[..., Tensor], tuple[str, str, str, str]] = {
    attention: ("q, k, w", "scores = q @ k.mT / math.sqrt(q.shape[-1]); p = scores.softmax(-1); y = p @ w", "q, k, w, p, scores", ATTENTION),
    layer: ("x, w, b", "z = x @ w + b; h = z.tanh(); y = h**3 / x.shape[-1]", "x, w, z, h", LAYER),
    phase: ("z, c", "y = (z * c).exp()", "z, c, y", PHASE),
    halves: ("x, w", "y = (x.view(x.shape[0], 2, -1) * w).exp()", "x, w, y", HALVES),
    rows: ("x", "y = -x.mean(-1, keepdim=True) * x", "x", ROWS),
    norm: ("x, g", "r = ((x * x).mean(-1, keepdim=True) + 1).rsqrt(); y = x * r * g", "x, g, r", NORM),
    solve: ("a, b", "y = torch.linalg.solve(a, b)", "a, y", SOLVE),
}  # fmt: skip
INPUTS = {
    attention: [randn(4, 3), randn(5, 3), randn(5, 2)],
    layer: [randn(3, 4), randn(4, 5), randn(5)],
    phase: [randn(4, 3, dtype=torch.complex128), randn(3, dtype=torch.complex128)],
    halves: [randn(4, 6), randn(3)],
    rows: [randn(4, 3)],
    norm: [randn(4, 3), randn(3)],
    solve: [randn(3, 3), randn(3, 2)],
}
SQUARE = [randn(4, 4), randn(4, 4) + 1, randn(4, 4) + 2]


def written(
    folder: Path, fn: Callable[..., Tensor], old: str = "", new: str = ""
) -> Any:
    """Return a function from a file, with a part of its backward pass replaced."""
    inputs, lines, saved, backward = PASSES[fn]
    assert old in backward
    body = "".join(f"        {line}\n" for line in backward.splitlines())
    text = TEXT.format(inputs=inputs, lines=lines, saved=saved)
    file = folder / f"written_{fn.__name__}.py"
    file.write_text(text + (body.replace(old, new) if old else body), encoding="utf-8")
    return runpy.run_path(str(file))["Written"]


def departure(fn: Callable[..., Any], against: Any, *inputs: Tensor) -> Departure:
    """Return where a function departs, which it must."""
    found = derive(fn, *(inputs or INPUTS[fn]), against=against)
    assert found.departure
    return found.departure


@pytest.mark.parametrize("fn", PASSES)
def test_a_right_pass_agrees(fn: Callable[..., Tensor], tmp_path: Path) -> None:
    """Tests passes that are written in another way, and that the text says so."""
    found = derive(fn, *INPUTS[fn], against=written(tmp_path, fn))

    assert found.departure is None
    assert "# against Written: agrees" in str(found)


@pytest.mark.parametrize("fn", PASSES)
def test_a_derived_pass_agrees(fn: Callable[..., Tensor]) -> None:
    """Tests the function that is derived, which returns what it saves besides."""
    scope: dict[str, Any] = {}
    exec(derive(fn, *INPUTS[fn]).function(), scope)  # noqa: S102 - our own text
    against = scope[fn.__name__.title()]

    assert derive(fn, *INPUTS[fn], against=against).departure is None


@pytest.mark.parametrize(
    ("fn", "old", "new", "line", "mistake"),
    [
        (attention, "p * (dp", "(dp", "ds = (dp", "the factor p is missing"),
        (attention, "* p).sum(-1", "* p).sum(0", "ds = p", "the sum is over axis 0"),
        (attention, "* p).sum(-1, keepdim=True)", "* p).sum()", "ds = p", "the sum is over all axes"),
        (attention, "dp - (", "dp + (", "ds = p", "the sign of p * t1.sum(-1, keepdim=True) is wrong"),
        (attention, "(dp * p)", "(dp * scores)", "ds = p", "scores stands in the place of p"),
        (attention, "p.T @ v", "scores.T @ v", "return", "scores stands in the place of p"),
        (attention, "ds / math", "ds * math", "ds = ds", "it is multiplied by 3, as q.shape[1]"),
        (attention, "ds / math.sqrt(q.shape[-1])", "ds", "return", "the division by math.sqrt(q.shape[-1]) is missing"),
        (attention, "v @ w.T", "2 * v @ w.T", "dp = 2", "it is multiplied by 2"),
        (attention, "v @ w.T", "v @ w.T * 0.1", "dp = v", "it is multiplied by 0.1"),
        (attention, "ds @ k, ds.T @ q", "ds.T @ q, ds @ k", "return", "grad_k is returned in its place"),
        (attention, "p.T @ v\n", "None\n", "return", "no tensor is returned for it"),
        (attention, ", p.T @ v\n", "\n", "return", "no tensor is returned for it"),
        (attention, "dp = v @", "dp = v.exp() @", "dp = v.exp()", ""),
        (attention, "v @ w.T", "v.exp() @ w.T.cos()", "dp = v.exp()", ""),
        (attention, "p.T @ v\n", "w.exp()\n", "return", ""),
        (norm, "h - x", "h + x", "return", "is wrong"),
        (norm, "r**2", "r", "return", "the exponent isn't 3"),
        (norm, "return r * (", "return (", "return", "the factor r is missing"),
        (norm, "(v * x * r)", "(v * x)", "grad_g", "the factor r is missing"),
        (solve, "(a.mT, v)", "(a, v)", "grad_b", "a isn't transposed"),
        (solve, "-grad_b @ y.mT", "-y @ grad_b.mT", "return", "it is transposed"),
        (solve, "-grad_b", "grad_b", "return", "the minus sign is missing"),
        (layer, "grad_z.sum(0)", "grad_z", "grad_z = grad_h", "isn't summed over 0, along which it was broadcast"),
        (layer, "1 - h * h", "1 - z * z", "grad_z = grad_h", "z stands in the place of h"),
        (layer, "1 - h * h", "1 - h", "grad_z = grad_h", "the factor h is missing"),
        (layer, "1 - h * h", "1 + h * h", "grad_z = grad_h", "the sign of h * h is wrong"),
        (layer, "1 - h * h", "h * h", "grad_z = grad_h", "the term 1 is missing"),
        (layer, "h**2", "h", "grad_h = 3", "the exponent isn't 2"),
        (layer, "3 * h**2", "h**2", "grad_h = h", "the factor 3 is missing"),
        (layer, " / x.shape[-1]", "", "grad_h = 3", "the division by x.shape[-1] is missing"),
        (layer, "grad_h = 3", "grad_h = z * 3", "grad_h = z", "the factor z is one too many"),
        (layer, "x.T @ grad_z", "x.T @ grad_z + w", "return", "the term w is one too many"),
        (layer, "x.T @ grad_z", "x.T @ grad_z - w", "return", "the term w is missing"),
        (phase, "t * c.conj()", "(t * c.conj()).real", "return", ""),
        (phase, "y.conj()", "y", "t = v", "y isn't conjugated"),
        (phase, "t * c.conj()", "t * c", "return t", "c isn't conjugated"),
        (phase, "v * y", "v.conj() * y", "t = v", "v is conjugated"),
        (rows, "(v * x)", "(v.exp() * x.cos())", "return", ""),
        (halves, "x.view(t.shape)", "x.view(t.shape).cos()", "return", ""),
        (rows, "return -s", "return s", "return s", "is wrong"),
        (rows, " / x.shape[-1]", "", "return -s", "the division by x.shape[-1] is missing"),
        (rows, " - v * x.mean(-1, keepdim=True)", "", "return -s", "is missing"),
    ],
)  # fmt: skip
def test_a_usual_mistake_is_recognised(
    fn: Callable[..., Tensor],
    old: str,
    new: str,
    line: str,
    mistake: str,
    tmp_path: Path,
) -> None:
    """Tests the first line that is wrong, and what is wrong in it."""
    found = departure(fn, written(tmp_path, fn, old, new))

    assert found.place.startswith(f"written_{fn.__name__}.py:")
    assert found.code.startswith(line)
    assert found.mistake.endswith(mistake)
    assert bool(found.mistake) == bool(mistake)


def test_a_value_of_another_shape_cures_nothing() -> None:
    """Tests an explanation with which the lines after it can't be run."""

    class Over1(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, b: Tensor) -> Tensor:
            ctx.save_for_backward(x, b)
            return x * b

        @staticmethod
        def backward(ctx: Any, v: Tensor) -> tuple[Tensor, Tensor]:
            x, b = ctx.saved_tensors
            t = (v * x).sum(1)
            return v * b, t.view(2)[:1].expand(3)

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, dtype=torch.float64, generator=generator)
    found = departure(torch.mul, Over1, x, x[0] + 1)

    assert found.code.startswith("t = (v * x).sum(1)")
    assert found.mistake == "the sum is over axis 1"


def test_the_text_says_what_the_line_should_be(tmp_path: Path) -> None:
    """Tests the comments, with the numbers or the shapes that differ."""
    against = written(tmp_path, attention, "p * (dp", "(dp")
    text = str(derive(attention, *INPUTS[attention], against=against))
    broadcast = written(tmp_path, layer, "grad_z.sum(0)", "grad_z")
    shapes = str(derive(layer, *INPUTS[layer], against=broadcast))
    nothing = written(tmp_path, rows, "return -s", "return None, -s")
    none = str(derive(rows, *INPUTS[rows], against=nothing))

    assert text.splitlines()[-4:-1] == [
        "# against Written: departs at written_attention.py:15, ds = (dp - (dp * p).sum(-1, keepdim=True))",
        "# derived: grad_scores = t1 - p * t1.sum(-1, keepdim=True)",
        "# mistake: the factor p is missing",
    ]
    assert text.splitlines()[-1].startswith("# values: at [")
    assert "# values: shape (3, 5), and should be (5,)" in shapes
    assert "# values: None, and should be a tensor of shape (4, 3)" in none


def test_a_forward_pass_departs_first(tmp_path: Path) -> None:
    """Tests functions that compute something else, or less."""

    class Less(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            del ctx
            return -x

    found = departure(layer, written(tmp_path, attention), *SQUARE)
    less = departure(lambda x: (-x, x), Less, randn(3))

    assert (found.code, found.right) == ("forward", None)
    assert found.place == "written_attention.py:5"
    assert "the output is another one" in found.mistake
    assert less.found is None


def test_what_is_no_function_is_named() -> None:
    """Tests what can't be compared."""

    class Constant(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            y = -x
            ctx.mark_non_differentiable(y)
            return y

    with pytest.raises(TypeError, match="against must be a subclass of torch"):
        derive(torch.neg, randn(3), against=torch.neg)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Constant marks all that it returns"):
        derive(torch.neg, randn(3), against=Constant)
