"""Random calls of the part of torch that the machine knows, with what torch says.

Expressions grow from templates over random operands. What torch computes becomes a case
with its values and derivatives; what torch refuses, a case with the text of the error.
"""

import math
import random
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import torch

SHAPES = ((3,), (4,), (2,), (2, 3), (3, 2), (2, 2), (), (1,), (2, 1, 3), (1, 4), (3, 3))
SMOOTH = """
abs neg negative exp exp2 expm1 sin cos atan arctan sinh cosh tanh asinh arcsinh sigmoid
erf erfc square absolute positive_sqrt positive_rsqrt positive_log positive_log2
positive_log10 positive_log1p positive_reciprocal unit_asin unit_arcsin unit_acos
unit_arccos unit_atanh unit_arctanh unit_logit unit_tan over_acosh over_arccosh
""".split()
STEPS = "sign sgn floor ceil trunc fix round frac".split()
FUNCTIONAL = """
relu relu6 silu mish logsigmoid softsign selu softplus elu leaky_relu hardtanh gelu tanh
sigmoid
""".split()
DOMAINS = {
    "positive": "({} ** 2 + 0.5)",
    "unit": "(torch.sigmoid({}) * 0.9)",
    "over": "({} ** 2 + 1.5)",
}
# a, b, c are operands; l is a leaf, since rounding mustn't move a value over a step;
# d is a dim, D a tuple of dims, n a small number, k a flag.
TEMPLATES = """
a + b|a - b|a * b|a / (b ** 2 + 1)|a @ b|a ** 2|a ** 3|2 ** a|(a ** 2 + 1) ** b|-a|+a
a * n|n - a|n / (a ** 2 + 1)|a + l|a * l|a @ l|l @ a|l @ l|torch.add(a, b, alpha=2)
torch.sub(a, b)|torch.subtract(a, b, alpha=0.5)|a.mul(b)|torch.multiply(a, b)|a.add(n)
torch.div(a, b ** 2 + 1)|torch.divide(a, n)|a.true_divide(2)|a.pow(2)|torch.pow(a, 3)
torch.remainder(l, 2)|l % 3|l % l2|torch.fmod(l, 2)|l.fmod(l2)|a.lerp(b, 0.3)
torch.maximum(a, b)|torch.minimum(l, l2)|torch.maximum(l, l2)|torch.max(a, b)|a.min(b)
torch.atan2(a, b ** 2 + 1)|a.arctan2(b ** 2 + 1)|torch.hypot(a, b ** 2 + 1)|torch.logaddexp(a, b)
torch.lerp(a, b, c)|torch.where(l > 1, a, b)|torch.where(l <= l2, a, n)|a.where(l > 0, b)
torch.where(l == l2, a, 0.0)|torch.where(l != 1, a, b)|torch.where(l >= 0, a, b)
torch.where((l > 0) & (l2 < 2), a, b)|torch.where((l < 0) | (l2 > 1), a, b)
torch.where(~(l > 0), a, b)|torch.where((l > 0) ^ (l2 > 0), a, b)
torch.where(torch.logical_and(l > 0, l2 > 0), a, b)|torch.where((l > 0).logical_not(), a, b)
torch.where(torch.logical_or(l > 0, l2 > 0), a, b)|torch.where(torch.isnan(l), a, b)
torch.where((l > 0).logical_xor(l2 > 0), a, b)|torch.where(torch.isfinite(l), a, b)
torch.where(torch.isinf(l), a, b)|torch.where(torch.eq(l, l2), a, b)|a * (l > 1)
torch.where(torch.ne(l, l2), a, b)|torch.where(l.lt(1), a, b)|torch.where(l.ge(1), a, b)
torch.where(torch.le(l, 1), a, b)|torch.where(torch.gt(l, l2), a, b)
torch.where((l > 0).bitwise_and(l2 > 0), a, b)|torch.where((l > 0).bitwise_or(l2 > 0), a, b)
torch.where(torch.bitwise_xor(l > 0, l2 > 0), a, b)
a.masked_fill(l > 0, n)|torch.masked_fill(a, l > 1, 0.0)|torch.clamp(l, -1, 1)
l.clamp(min=0)|l.clip(max=1)|torch.clamp(l, min=l2)|torch.clip(a, -2.0, 2.0)
l.clamp_min(1)|torch.clamp_max(l, 1)|torch.clamp(a, l, l2)|torch.nan_to_num(a)
a.sum()|a.sum(d)|a.sum(dim=d, keepdim=k)|torch.sum(a, dim=D)|a.sum(D, keepdim=k)
a.mean()|torch.mean(a, d)|a.mean(D)|a.mean(d, keepdim=k)|a.prod()|a.prod(d)
torch.prod(a, dim=d, keepdim=k)|l.prod()|a.var()|a.var(d)|a.std()|torch.std(a, dim=d)
torch.var(a, dim=d, correction=0)|a.var(d, keepdim=k)|a.std(unbiased=False)
torch.logsumexp(a, d)|a.logsumexp(D, keepdim=k)|a.amax(d)|torch.amin(a, d)|l.amax()
l.amax(D)|a.amin(D, keepdim=k)|a.max()|l.max()|l.min()|a.max(d).values|l.min(d)[0]
torch.max(l, dim=d, keepdim=k).values|torch.min(a, d).values|a.norm()|l.norm(1)
a.norm(dim=d)|torch.norm(a, 3, dim=d)|a.norm(p=1, dim=d)|l.norm(float('inf'))
torch.linalg.vector_norm(a, dim=d)|torch.linalg.vector_norm(a, 3)|torch.linalg.norm(a)
torch.linalg.vector_norm(l, ord=float('inf'), dim=d)|torch.linalg.vector_norm(a, dim=D)
a * l.argmax()|a + l.argmin(d)|a * torch.any(l > 0)|a * (l > 0).all(d)
torch.softmax(a, dim=d)|a.softmax(d)|F.softmax(a, dim=d)|F.softmin(a, dim=d)
torch.log_softmax(a, d)|a.log_softmax(dim=d)|F.log_softmax(a, dim=d)|a.cumsum(d)
torch.cumsum(a, dim=d)|a.cumprod(d)|torch.cumprod(l, d)|torch.logcumsumexp(a, d)
a.sort(d).values|torch.sort(l, dim=d, descending=k)[0]|l.sort().values|torch.diff(a)
a.diff(dim=d)|F.normalize(a, dim=d)|a[l.argsort()]
torch.matmul(a, b)|a.matmul(b)|torch.mm(a, b)|torch.mv(a, b)|torch.bmm(a, b)
torch.dot(a, b)|a.dot(a)|torch.vdot(a, b)|torch.outer(a, b)|a.outer(b)|torch.ger(a, b)
torch.inner(a, b)|a.inner(b)|torch.kron(a, b)|torch.tensordot(a, b, dims=1)
torch.tensordot(a, b, dims=([0], [0]))|torch.einsum('i,j->ij', a, b)
torch.einsum('ij,j->i', a, b)|torch.einsum('ij,jk->ik', a, b)|torch.einsum('ij->ji', a)
torch.einsum('ii->i', a)|torch.einsum('ii', a)|torch.einsum('i,i', a, b)
torch.einsum('...i,...i->...', a, b)|torch.einsum('ij,kj->ik', a, b)|torch.einsum('ij->', a)
torch.einsum('...ij->...ji', a)|torch.einsum('i,ij,j->', a, b, a)|torch.einsum('bij,j->bi', a, b)
torch.linalg.det(a + 9 * torch.eye(3))|torch.det(a + 9 * torch.eye(2))|torch.linalg.inv(a + 9 * torch.eye(3))
torch.inverse(a + 9 * torch.eye(2))|a.trace()|torch.trace(a)|torch.diag(a)|a.diag(1)|torch.diagonal(a)
a.diagonal(1)|a.diagonal(-1)|torch.diagonal(a, dim1=1, dim2=2)|torch.tril(a)|a.tril(-1)
torch.triu(a)|a.triu(1)
a.reshape(-1)|a.reshape(2, 3)|a.reshape(3, -1)|torch.reshape(a, (2, 2))|a.reshape(n1, n2)
a.view(-1)|a.view(3, 2)|a.T.view(-1)|a.view_as(l)|a.reshape_as(l)|a.ravel()|a.flatten()
torch.flatten(a, 1)|a.flatten(d, d2)|a.unflatten(d, (n1, n2))|a.unflatten(0, (1, -1))
a.permute(1, 0)|torch.permute(a, (2, 0, 1))|a.permute(d, d2)|a.transpose(d, d2)
torch.transpose(a, 0, 1)|a.swapaxes(d, d2)|torch.swapdims(a, 0, 1)|a.t()|a.T|a.mT
torch.movedim(a, d, d2)|a.moveaxis(0, -1)|a.squeeze()|a.squeeze(d)|torch.squeeze(a, 1)
a.unsqueeze(d)|torch.unsqueeze(a, d2)|a.expand(n1, n2)|a.expand(2, -1, 3)|a.expand(4, n1)
a.expand_as(l)|torch.broadcast_to(a, (2, 3))|torch.broadcast_to(a, (n1, n2))
a.repeat(2)|a.repeat(n1, n2)|a.tile(2)|torch.tile(a, (2, 1))|a.flip(d)|torch.flip(a, (d, d2))
a.roll(1)|torch.roll(a, 1, d)|a.roll((1, 2), (d, d2))|a.narrow(d, n0, n1)
torch.narrow(a, 0, 1, 2)|a.select(d, n0)|torch.select(a, 0, -1)|a.unbind(d)[0]
a.index_select(d, torch.tensor([0, 1, 1]))|torch.index_select(a, 0, torch.tensor([n0]))
a.gather(d, torch.tensor([[0, 1], [1, 0]]))|torch.gather(a, 0, torch.tensor([1, 0, n0]))
a.chunk(2)[0]|torch.chunk(a, 2, d)[1]|a.split(2)[0]|torch.split(a, [1, 2])[1]
a.split(1, dim=d)[0]|torch.unbind(a)[1]
torch.cat([a, b])|torch.cat((a, b), dim=d)|torch.concat([a, a, b], dim=-1)
torch.concatenate([a, b])|torch.stack([a, b])|torch.stack([a, a, b], dim=d)|torch.hstack([a, b])
torch.vstack([a, b])|torch.stack([a[0] * a[1], a[-1] ** 2])|a.clone()|a.contiguous()
a.detach() * a|a.double()|torch.detach(b) * a
a[0]|a[-1]|a[n0]|a[1:]|a[:2]|a[::2]|a[1:3]|a[-2:]|a[None]|a[..., None]|a[..., 0]|a[:, 0]
a[0, 1]|a[:, 1:]|a[:, None]|a[None, :, 0]|a[n0, n0b]|a[[0, 1]]|a[[1, 0, 1]]|a[:, [0, 1]]
a[torch.tensor([0, 2])]|a[torch.tensor([[0, 1], [1, 0]])]|a[[0, 1], [1, 0]]|a[l > 0]
a[l2 > 1]|a[..., n0]|a[n0:n1]|a[:n0]|a[0, None, n0]|a[:, :, n0]|a[0][n0]|a[::n1]|a[...]
a[-n1:]|a[[0], :, [1]]|a[[n0, 1]]|a[:1] * a[1:]|(a[:2] * a[1:]).cumsum(0)|a[1:] - a[:-1]
F.linear(a, b)|F.linear(a, b, c)|F.mse_loss(a, b)|F.mse_loss(a, l, reduction='sum')
F.l1_loss(a, b)|F.l1_loss(a, b, reduction='none')|F.cross_entropy(a, torch.tensor(n0))
F.cross_entropy(a, torch.tensor([0, 1]))|F.cross_entropy(a, torch.tensor([1, 0, n0]))
F.layer_norm(a, (3,))|F.layer_norm(a, (2, 3))|F.layer_norm(a, a.shape)|F.layer_norm(a, (n1,))
F.softplus(a, beta=2)|F.elu(a, 0.5)|F.leaky_relu(l, 0.1)|F.gelu(a, approximate='tanh')
a * torch.zeros(n1)|a + torch.ones(2, 3)|a @ torch.eye(n1)|a * torch.arange(n1)
a + torch.arange(1.0, 4.0)|a * torch.linspace(0, 1, n1)|a - torch.full((n1,), 0.5)
a * torch.ones_like(b)|a + torch.zeros_like(a)|a * torch.full_like(l, 2.0)|a @ torch.ones(3, 2)
a * torch.tensor([1.0, 2.0, 3.0])|a + torch.tensor(2.0)|a * torch.tensor([[1, 2], [3, 4]])
a * a.shape[0]|a / a.numel()|a * a.dim()|a * len(a)|a * math.pi|a.reshape(a.shape)
a * l.item()|a * l.size(d)|abs(a)|sum([a, a, b])|a.reshape(len(a), -1)|a * torch.pi
a if n0 > 1 else b|a * float('inf') * 0 + b
"""


def _templates() -> list[str]:
    lines = TEMPLATES.strip().splitlines()
    found = [template for line in lines for template in re.split(r"(?<! )\|(?! )", line)]
    for name in SMOOTH:
        domain, _, plain = name.rpartition("_")
        operand = DOMAINS[domain].format("a") if domain else "a"
        found += [f"torch.{plain}({operand})", f"({operand}).{plain}()"]
    found += [f"torch.{name}(l) * a" for name in STEPS] + [f"l.{name}()" for name in STEPS]
    found += ["torch.relu(l)", "a.relu()"]
    return found + [f"F.{name}(a)" for name in FUNCTIONAL]


MOST = 48  # elements of y
LIKE_X = 0.5  # how often A has the shape of x
HOLE = re.compile(r"(?<![\w.'])(a|b|c|l2|l|d2|d|D|n0b|n0|n1|n2|n|k)(?![\w'(]|\.\d|=)")


@dataclass(frozen=True)
class Case:
    """A call as the texts of its parts, with what torch makes of it."""

    state: dict[str, str]
    expected: dict[str, object]


def _number(rng: random.Random) -> float:
    return rng.choice(
        [float(rng.randint(-2, 3)), round(rng.uniform(-2, 2), 1), rng.uniform(-2, 2)]
    )


def _values(rng: random.Random, shape: tuple[int, ...]) -> list[object] | float:
    if not shape:
        return _number(rng)
    return [_values(rng, shape[1:]) for _ in range(shape[0])]


def _fill(rng: random.Random, template: str, depth: int) -> str:
    """Return the template with its holes filled by random parts."""
    chosen: dict[str, str] = {}
    for hole in HOLE.findall(template):
        if hole not in chosen:
            chosen[hole] = _part(rng, hole, depth)
    return HOLE.sub(lambda hole: chosen[hole[1]], template)


def _part(rng: random.Random, hole: str, depth: int) -> str:
    if hole in {"a", "b", "c"}:
        if depth > 0 and rng.random() < 0.6:
            return f"({_fill(rng, rng.choice(ALL), depth - 1)})"
        return rng.choice(["x", "x", "x", "A", "B"]) if hole != "a" else "x"
    numbers = {
        "l": ["x", "x", "A"],
        "l2": ["A", "B", "x"],
        "d": ["0", "0", "1", "-1", "-1", "2", "-2"],
        "d2": ["0", "1", "1", "-1"],
        "D": ["(0, 1)", "(0,)", "(-1,)", "(0, -1)", "(1, 2)"],
        "n": ["2", "0.5", "3.0", "-1", "1"],
        "n0": ["0", "1", "2", "3", "-1"],
        "n0b": ["0", "1", "-2", "3"],
        "n1": ["1", "2", "3", "3", "4"],
        "n2": ["1", "2", "3", "-1"],
        "k": ["True", "False"],
    }
    return rng.choice(numbers[hole])


ALL = _templates()


def evaluate(text: str, names: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return what torch computes; the texts are this module's own."""
    scope = {"torch": torch, "F": torch.nn.functional, "math": math, **names}
    return eval(text, scope)  # noqa: S307


def _rows(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Return J, from a call for each entry of y."""
    units = torch.eye(y.numel()).reshape(y.numel(), *y.shape)
    rows = [torch.autograd.grad(y, x, unit, retain_graph=True)[0] for unit in units]
    return torch.stack(rows).reshape(y.shape + x.shape) if rows else x.new_zeros(y.shape + x.shape)


def _stored(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor, with storage where torch knows that all is zero."""
    return torch.zeros(tensor.shape) if tensor._is_zerotensor() else tensor  # noqa: SLF001


def _expected(
    text: str, names: dict[str, torch.Tensor], v: torch.Tensor, u: torch.Tensor
) -> dict[str, object] | None:
    """Return what torch computes; None where its two modes disagree.

    They do at some ties, such as ``clamp`` at a bound that is a tensor.
    """
    x, y = names["x"], evaluate(text, names)
    dense = _rows(y, x)
    _, pushed = torch.func.jvp(
        lambda x: evaluate(text, {**names, "x": x}), (x.detach(),), (u,)
    )
    by_rows = dense.reshape(y.numel(), x.numel()) @ u.reshape(-1)
    if not torch.allclose(by_rows, pushed.reshape(-1), rtol=1e-7, equal_nan=True):
        return None
    (result,) = torch.autograd.grad(y, x, v)
    parts = {"y": y.detach(), "J": dense, "result": result, "Ju": pushed}
    parts = {name: _stored(part) for name, part in parts.items()}
    return {
        "shape": list(y.shape),
        "shapes": {name: list(part.shape) for name, part in parts.items()},
        "printed": {name: str(part) for name, part in parts.items()},
        **{name: part.flatten().tolist() for name, part in parts.items()},
    }


def _refused(text: str, names: dict[str, torch.Tensor]) -> dict[str, object] | None:
    """Return the error, or None if torch computes the text."""
    try:
        evaluate(text, names)
    except (RuntimeError, IndexError, ValueError, NotImplementedError) as error:
        return {"error": str(error), "kind": type(error).__name__}
    return None


def _random_case(rng: random.Random) -> Case | None:
    """Return a call that torch accepts or refuses; None for what no case is made of."""
    shapes = {name: rng.choice(SHAPES) for name in "xAB"}
    if rng.random() < LIKE_X:
        shapes["A"] = shapes["x"]
    text = _fill(rng, rng.choice(ALL), rng.choice([0, 1, 1, 2]))
    state = {"y": text}
    names = {}
    for name, shape in shapes.items():
        if name == "x" or re.search(rf"\b{name}\b", text):
            values = _values(rng, shape)
            state[name], names[name] = repr(values), torch.tensor(values)
    names["x"].requires_grad_()
    try:
        expected = _refused(text, names)
    except TypeError:  # of arguments, which the machine describes in its own words
        return None
    if expected is not None:
        return None if "Exception raised from" in str(expected) else Case(state, expected)
    y = evaluate(text, names)
    if not isinstance(y, torch.Tensor) or not y.requires_grad or y.numel() > MOST:
        return None
    v, u = (torch.tensor(_values(rng, tuple(like.shape))) for like in (y, names["x"]))
    state |= {"v": repr(v.tolist()), "u": repr(u.tolist())}
    if y.numel() == 0:
        state["v"], v = "torch.ones_like(y)", torch.ones_like(y)
    try:
        found = _expected(text, names, v, u)
    except NotImplementedError:  # some operations have no forward mode
        return None
    return found and Case(state, found)


def random_cases(seed: int) -> Iterator[Case]:
    """Yield calls without end.

    Args:
        seed: Of the choices.
    """
    rng = random.Random(seed)  # noqa: S311 - no secret
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while True:
            case = _random_case(rng)
            if case is not None:
                yield case
