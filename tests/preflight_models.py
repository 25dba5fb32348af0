"""Models of torch.nn and of functions, and what a user writes to differentiate them."""

import copy
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function, forward_ad
from torch.autograd.function import once_differentiable
from torch.func import functional_call
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import _pytree as pytree
from torch.utils.checkpoint import checkpoint

from vjp_guide._preflight.trial import Kind

KINDS: tuple[Kind, ...] = ("forward", "twice", "vmap", "func")


class Cube(Function):
    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x**3

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, v: Tensor) -> Tensor:
        x: Tensor = ctx.saved_tensors[0]
        return 3 * x**2 * v


class Bare(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, v: Tensor) -> Tensor:
        x: Tensor = ctx.saved_tensors[0]
        return 3 * x**2 * v


class Once(Bare):
    @staticmethod
    @once_differentiable
    def backward(ctx: Any, v: Tensor) -> Tensor:
        return Bare.backward(ctx, v)


class Full(Cube):
    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def jvp(ctx: Any, u: Tensor) -> Tensor:
        x: Tensor = ctx.saved_tensors[0]
        return 3 * x**2 * u


class Lambda(nn.Module):
    def __init__(self, function: Callable[..., Any], *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        return self.function(*self.layers, *inputs)


def x(*shape: int) -> Tensor:
    return torch.linspace(-0.7, 1.1, max(1, torch.Size(shape).numel())).reshape(shape)


def attention(kernel: SDPBackend) -> nn.Module:
    def call(layer: nn.Module, q: Tensor) -> Tensor:
        with sdpa_kernel(kernel):
            return layer(q, q, q, need_weights=False)[0]  # type: ignore[no-any-return]

    return Lambda(call, nn.MultiheadAttention(4, 2, batch_first=True))


def branch(t: Tensor) -> Tensor:
    if t.sum() > 0:
        return t * 2
    return t


def losses(t: Tensor) -> Tensor:
    lengths = torch.tensor([4]), torch.tensor([2])
    return functional.ctc_loss(
        t.log_softmax(-1)[:, None], torch.tensor([[1, 2]]), *lengths
    )


def between_layers(kind: type[nn.Module]) -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), kind(), nn.Linear(4, 2))


MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...]]] = {
    **{
        kind.__name__: (
            partial(between_layers, kind),
            (x(2, 3),),
        )
        for kind in (
            nn.ReLU,
            nn.ELU,
            nn.SELU,
            nn.CELU,
            nn.GELU,
            nn.SiLU,
            nn.Mish,
            nn.Tanh,
            nn.Sigmoid,
            nn.Softplus,
            nn.Hardswish,
            nn.Hardtanh,
            nn.LeakyReLU,
            nn.PReLU,
            nn.LogSigmoid,
            nn.Softshrink,
            nn.Hardsigmoid,
            nn.ReLU6,
            nn.Hardshrink,
            nn.Softsign,
            nn.Tanhshrink,
        )
    },
    "rrelu": (lambda: nn.RReLU(), (x(2, 3),)),
    "batch norm": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()),
        (x(2, 1, 5, 5),),
    ),
    "batch norm in eval": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).eval(),
        (x(2, 1, 5, 5),),
    ),
    "group norm": (lambda: nn.GroupNorm(2, 4), (x(2, 4, 3),)),
    "layer norm": (lambda: nn.LayerNorm(4), (x(2, 4),)),
    "pooling": (
        lambda: nn.Sequential(nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)),
        (x(1, 1, 4, 4),),
    ),
    "GRU": (lambda: nn.GRU(3, 4), (x(5, 1, 3),)),
    "LSTM": (lambda: nn.LSTM(3, 4, 2), (x(5, 1, 3),)),
    "LSTM with a state": (
        lambda: Lambda(lambda lstm, t, h, c: lstm(t, (h, c)), nn.LSTM(3, 4)),
        (x(5, 1, 3), x(1, 1, 4), x(1, 1, 4)),
    ),
    "RNN": (lambda: nn.RNN(3, 4), (x(5, 1, 3),)),
    "encoder layer": (
        lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True),
        (x(2, 3, 4),),
    ),
    "encoder layer with dropout": (
        lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
        (x(2, 3, 4),),
    ),
    "flash attention": (partial(attention, SDPBackend.FLASH_ATTENTION), (x(2, 3, 4),)),
    "plain attention": (partial(attention, SDPBackend.MATH), (x(2, 3, 4),)),
    "embedding": (lambda: nn.Embedding(5, 3), (torch.tensor([1, 2]),)),
    "embedding bag": (lambda: nn.EmbeddingBag(5, 3), (torch.tensor([[1, 2], [3, 4]]),)),
    "spectral norm": (
        lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(3, 4)),
        (x(2, 3),),
    ),
    "weight norm": (
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)),
        (x(2, 3),),
    ),
    "checkpoint": (
        lambda: Lambda(partial(checkpoint, use_reentrant=False), nn.Linear(3, 3)),
        (x(2, 3),),
    ),
    "reentrant checkpoint": (
        lambda: Lambda(partial(checkpoint, use_reentrant=True), nn.Linear(3, 3)),
        (x(2, 3),),
    ),
    "complex": (
        lambda: nn.Linear(3, 2, dtype=torch.cfloat),
        (x(2, 3).to(torch.cfloat),),
    ),
    "fft": (lambda: Lambda(lambda t: torch.fft.rfft(t).abs()), (x(2, 5),)),
    "Cube": (lambda: Lambda(Cube.apply), (x(3),)),
    "Bare": (lambda: Lambda(Bare.apply), (x(3),)),
    "Once": (lambda: Lambda(Once.apply), (x(3),)),
    "Full": (lambda: Lambda(Full.apply), (x(3),)),
    "cdist": (lambda: Lambda(lambda t: torch.cdist(t, t + 1)), (x(3, 2),)),
    "ctc_loss": (lambda: Lambda(losses), (x(4, 3),)),
    "in-place relu": (
        lambda: nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 2)),
        (x(2, 3),),
    ),
    "dropout": (lambda: nn.Dropout(), (x(2, 3),)),
    "branch": (lambda: Lambda(branch), (x(3),)),
    "item": (lambda: Lambda(lambda t: t * t.sum().item()), (x(3),)),
    "mask": (lambda: Lambda(lambda t: t[t > 0]), (x(3),)),
    "fill": (lambda: Lambda(lambda t: torch.zeros(4).copy_(t)), (x(4),)),
    "bilinear": (lambda: nn.Bilinear(2, 3, 2), (x(4, 2), x(4, 3))),
    "eig": (lambda: Lambda(lambda t: torch.linalg.eig(t)[1]), (x(3, 3),)),
    "linalg": (lambda: Lambda(lambda t: torch.linalg.svd(t @ t.mT)[0]), (x(2, 3),)),
}


def whole_call(model: nn.Module, inputs: tuple[Any, ...]) -> list[Kind]:
    """Return what fails when it is written by hand."""
    flat, spec = pytree.tree_flatten(inputs)
    tries = (by_duals, by_two_passes, by_vmap, by_func)
    failed: list[Kind] = []
    for kind, attempt in zip(KINDS, tries, strict=True):
        own = copy.deepcopy(model)

        def call(*leaves: Tensor, own: nn.Module = own) -> Any:
            return own(*pytree.tree_unflatten(list(leaves), spec))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                attempt(own, call, [leaf.clone() for leaf in flat])
            except Exception:  # noqa: BLE001 (any is a failure)
                failed.append(kind)
    return failed


def tensors(result: Any) -> list[Tensor]:
    leaves = pytree.tree_leaves(result)
    return [leaf for leaf in leaves if leaf.is_floating_point() or leaf.is_complex()]


def by_duals(model: nn.Module, call: Callable[..., Any], flat: list[Tensor]) -> None:
    del call
    with forward_ad.dual_level():
        weights = {name: dual_of(p) for name, p in model.named_parameters()}
        functional_call(model, weights, tuple(map(dual_of, flat)))


def dual_of(tensor: Tensor) -> Tensor:
    if not tensors(tensor):
        return tensor
    value = tensor.detach().clone().requires_grad_().clone()
    dual: Tensor = forward_ad.make_dual(value, torch.ones_like(value))
    return dual


def by_two_passes(
    model: nn.Module, call: Callable[..., Any], flat: list[Tensor]
) -> None:
    leaves = [t.requires_grad_() for t in tensors(flat)] + [*model.parameters()]
    outputs = tensors(call(*(t.clone() for t in flat)))
    squares = torch.stack([*map(squared, outputs)]).sum()
    grads: tuple[Tensor | None, ...] = torch.autograd.grad(
        squares, leaves, create_graph=True, allow_unused=True
    )
    penalties = [squared(g) for g in grads if g is not None]
    kept = [penalty for penalty in penalties if penalty.requires_grad]
    if kept:  # else the derivative is constant
        torch.autograd.grad(torch.stack(kept).sum(), leaves, allow_unused=True)


def squared(tensor: Tensor) -> Tensor:
    """Return the squared norm, without abs, which has no derivative in ComplexHalf."""
    parts = (tensor.real, tensor.imag) if tensor.is_complex() else (tensor,)
    return torch.stack([part.square().sum() for part in parts]).sum()


def by_vmap(model: nn.Module, call: Callable[..., Any], flat: list[Tensor]) -> None:
    del model
    torch.vmap(call)(*(torch.stack([t, t]) for t in flat))


def by_func(model: nn.Module, call: Callable[..., Any], flat: list[Tensor]) -> None:
    del call
    weights: dict[str, Tensor] = {**dict(model.named_parameters())}
    floats = tensors(flat)

    def loss(weights: dict[str, Tensor], *given: Tensor) -> Tensor:
        rest = iter(given)
        args = [next(rest).clone() if tensors(t) else t for t in flat]
        outputs = tensors(functional_call(model, weights, tuple(args)))
        return torch.stack([*map(squared, outputs)]).sum()

    torch.func.grad(loss, tuple(range(1 + len(floats))))(weights, *floats)
