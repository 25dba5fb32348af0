"""Random functions of tensors as text, with inputs of two sets of sizes."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from tests.error_programs import warned_always

# Lengths that are left open, when derived and when run; 1 and 0 stay what they are.
SIZES = ({"a": 3, "b": 4, "c": 2}, {"a": 5, "b": 2, "c": 6})
AXES = ["a", "b", "c", "a", "b", "1", "0"]
MOST, LARGEST, SMALLEST = 200, 50.0, 1e-3
# Expressions in one or two tensors. Arguments are kept where functions are smooth.
REAL = [
    *("{x}.sin()", "{x}.cos()", "{x}.tanh()", "{x}.sigmoid()", "{x}.atan()"),
    *("{x}.asinh()", "{x}.erf()", "{x}.exp()", "{x}.expm1()", "{x}.sinh()"),
    *("({x} * {x} + 1).log()", "({x} * {x}).log1p()", "({x} * {x} + 1).sqrt()"),
    *("({x} * {x} + 1).rsqrt()", "({x} * {x} + 1).reciprocal()", "{x}.cosh()"),
    *("{x}.abs()", "{x}.relu()", "{x}.square()", "-{x}", "{x} ** 3", "{x} ** 2"),
    *("2 * {x}", "{x} / 3", "{x} - 1", "1 - {x}", "1 / ({x} * {x} + 2)"),
    *("F.softplus({x})", "F.silu({x})", "F.gelu({x})", "F.logsigmoid({x})"),
    *("F.elu({x})", "F.selu({x})", "F.leaky_relu({x})", "F.hardtanh({x})"),
    *("F.mish({x})", "F.softsign({x})", "F.tanhshrink({x})", "{x}.clamp(-1, 1)"),
    *("{x}.softmax(-1)", "{x}.log_softmax(0)", "{x}.softmax(0)", "F.normalize({x})"),
    *("{x}.sum()", "{x}.sum(0)", "{x}.sum(-1, keepdim=True)", "{x}.mean(-1)"),
    *("{x}.mean()", "{x}.mean(0, keepdim=True)", "{x}.amax(-1)", "{x}.amin(0)"),
    *("{x}.logsumexp(-1)", "{x}.prod(-1)", "{x}.var(0)", "{x}.std(-1)", "{x}.norm()"),
    *("{x}.cumsum(0)", "{x}.max()", "{x}.max(-1).values", "{x}.sort(-1).values"),
    *("torch.maximum({x}, {y})", "torch.minimum({x}, {y})", "torch.hypot({x}, {y})"),
    *("torch.atan2({x}, {y})", "torch.where({x} > {y}, {x}, {y} * {y})"),
    *("torch.lerp({x}, {y}, 0.3)", "{x} / ({y} * {y} + 1)", "F.mse_loss({x}, {y})"),
    *("F.smooth_l1_loss({x}, {y})", "F.layer_norm({x}, {x}.shape[-1:])"),
    *("F.cosine_similarity({x}, {y})", "torch.cdist({x}, {y})", "{x}.xlogy({y}.exp())"),
    *("({x} @ {x}.mT).exp().logdet()", "torch.linalg.inv(({x} @ {x}.mT).exp())"),
    *("torch.linalg.cholesky(({x} @ {x}.mT).exp())", "torch.linalg.solve({x}, {y})"),
    *("torch.linalg.vector_norm({x}, dim=-1)", "F.glu({x}, 0)", "{x}.logcumsumexp(0)"),
    *("torch.complex({x}, {x}.cos())", "torch.polar({x}.exp(), {x})"),
]  # fmt: skip
ANY = [
    *("{x} + {y}", "{x} - {y}", "{x} * {y}", "{x} @ {y}", "{x} @ {y}.mT", "{x} * {y}"),
    *("{x}.mT @ {y}", "torch.outer({x}, {y})", "{x}.mT", "{x}.flatten()", "{x} + {x}"),
    *("{x}.unsqueeze(0)", "{x}.unsqueeze(-1)", "{x}.reshape(-1)", "{x}[0]", "{x}[1:]"),
    *("{x}[..., 0]", "{x}[..., :2]", "{x}[None]", "{x}.flip(0)", "{x}.roll(1, 0)"),
    *("torch.cat([{x}, {y}])", "torch.stack([{x}, {y}])", "{x}.transpose(0, -1)"),
    *("{x}.tril()", "{x}.triu(1)", "{x}.diagonal()", "{x}.diag_embed()"),
    *("{x}.expand(2, *{x}.shape)", "{x}.movedim(0, -1)", "{x}.sum(0)", "{x}.mean(-1)"),
    *("torch.einsum('...i,...i->...', {x}, {y})", "torch.kron({x}, {y})"),
    *("torch.einsum('ij,jk->ki', {x}, {y})", "{x}.repeat(2, 1)", "{x}.trace()"),
    *("torch.addmm({x} @ {y}, {x}, {y})", "F.linear({x}, {y})"),
    *("{x}.squeeze()", "torch.bmm({x}, {y}.mT)"),
    *("torch.tensordot({x}, {y}, 1)", "{x}.addcmul({x}, {y})", "F.pad({x}, (1, 0))"),
    *("{x}.narrow(0, 0, 1)", "{x}.index_select(0, torch.tensor([0, 0]))"),
]  # fmt: skip
COMPLEX = [
    *("{x}.conj()", "{x} * 1j", "{x}.abs()", "{x}.real", "{x}.imag", "{x}.exp()"),
    *("{x}.sin()", "{x} ** 2", "{x}.mH", "{x} @ {y}.mH", "{x}.square().real"),
    *("{x} * {y}.conj()", "torch.view_as_real({x})", "{x}.sum(-1, keepdim=True)"),
]
_SCOPE = {"torch": torch, "F": torch.nn.functional}


@dataclass(frozen=True)
class Program:
    """A function as text, with inputs of both sets of sizes."""

    text: str
    inputs: list[list[Tensor]]
    operations: list[str]

    @property
    def function(self) -> Callable[..., Any]:
        """The function."""
        scope: dict[str, Any] = dict(_SCOPE)
        exec(self.text, scope)  # noqa: S102 - the text is our own
        function: Callable[..., Any] = scope["f"]
        return function


@dataclass
class _Writer:
    """The values so far for both sets of sizes, and the lines that compute them."""

    values: list[list[Tensor]]
    lines: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)

    def add(self, template: str, start: int) -> None:
        """Write one more line, of the first values after ``start`` that it takes."""
        count = len(self.values[0])
        names = [f"t{(start + step) % count}" for step in range(count)]
        others = names if "{y}" in template else names[:1]
        for x, y in product(names, others):
            if self._tried(template, template.format(x=x, y=y)):
                return

    def _tried(self, template: str, code: str) -> bool:
        """Return whether a line is defined for both sizes, with usual numbers."""
        try:
            results = [_evaluated(code, values) for values in self.values]
        except (IndexError, RuntimeError, TypeError, ValueError, UserWarning):
            return False
        if not all(map(_is_usual, results)) or results[0].ndim != results[1].ndim:
            return False
        self.lines.append(f"    t{len(self.values[0])} = {code}")
        self.operations.append(template)
        for values, result in zip(self.values, results, strict=True):
            values.append(result)
        return True


def _evaluated(code: str, values: list[Tensor]) -> Tensor:
    """Return what a line computes; what torch warns of is an error each time."""
    scope = _SCOPE | {f"t{place}": x for place, x in enumerate(values)}
    with warned_always(), warnings.catch_warnings():
        warnings.simplefilter("error")
        found: Tensor = eval(code, scope)  # noqa: S307 - the text is our own
        return found


def _is_usual(value: Tensor) -> bool:
    """Return whether numbers are neither large nor many, and have a derivative."""
    largest = float(value.detach().abs().max()) if value.numel() else 1.0
    return (
        value.requires_grad and value.numel() <= MOST and SMALLEST < largest < LARGEST
    )


def shapes(count: int) -> st.SearchStrategy[list[list[str]]]:
    """Return lists of shapes, whose lengths are names or 1 or, rarely, 0."""
    shape = st.lists(st.sampled_from(AXES), max_size=3)
    return st.lists(shape, min_size=1, max_size=count)


def tensors(
    found: list[list[str]], seed: int, dtype: torch.dtype
) -> Iterator[list[Tensor]]:
    """Yield inputs for each set of sizes."""
    for place, sizes in enumerate(SIZES):
        generator = torch.Generator().manual_seed(seed + place)
        yield [
            torch.randn(
                [sizes[axis] if axis in sizes else int(axis) for axis in shape],
                dtype=dtype,
                generator=generator,
            )
            for shape in found
        ]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Return random programs."""
    real = draw(st.integers(0, 4)) > 0
    dtype = torch.float64 if real else torch.complex128
    inputs = list(tensors(draw(shapes(3)), draw(st.integers(0, 999)), dtype))
    count = len(inputs[0])
    writer = _Writer([[x.clone().requires_grad_() for x in xs] for xs in inputs])
    table = REAL + ANY if real else ANY + 3 * COMPLEX
    step = st.tuples(st.sampled_from(table), st.integers(0, 99))
    for template, start in draw(st.lists(step, min_size=5, max_size=14)):
        writer.add(template, start)
    last = draw(st.integers(1, 3))
    made = [f"t{i}" for i in range(count, len(writer.values[0]))][-last:] or ["t0 + t0"]
    arguments = ", ".join(f"t{i}" for i in range(count))
    lines = [f"def f({arguments}):", *writer.lines, f"    return {', '.join(made)}"]
    return Program("\n".join(lines) + "\n", inputs, writer.operations)
