"""What a model allows: the verdict is that of the whole call, for many models."""

import copy
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import Function, forward_ad
from torch.autograd.function import once_differentiable
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint

from vjp_guide import Preflight, preflight

KINDS = ("forward", "twice", "vmap", "func")


class Cube(Function):
    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x**3

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, v: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 3 * x**2 * v


class Bare(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, v: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 3 * x**2 * v


class Once(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, v: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 3 * x**2 * v


class Full(Cube):
    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def jvp(ctx: Any, u: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
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
    return F.ctc_loss(t.log_softmax(-1)[:, None], torch.tensor([[1, 2]]), *lengths)


MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...]]] = {
    **{
        kind.__name__: (
            lambda kind=kind: nn.Sequential(nn.Linear(3, 4), kind(), nn.Linear(4, 2)),
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
    "complex": (lambda: nn.Linear(3, 2, dtype=torch.cfloat), (x(2, 3).cfloat(),)),
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
    "linalg": (lambda: Lambda(lambda t: torch.linalg.svd(t @ t.mT)[0]), (x(2, 3),)),
}


@pytest.mark.parametrize("name", MODELS)
def test_verdict_is_that_of_the_whole_call(name: str) -> None:
    """Each kind is blocked exactly where what a user writes raises."""
    torch.manual_seed(0)
    make, inputs = MODELS[name]
    model = make()
    found = preflight(model, *inputs)
    assert set(found.blocked) == set(whole_call(model, inputs))


def whole_call(model: nn.Module, inputs: tuple[Any, ...]) -> list[str]:
    """Return what fails when it is written by hand."""
    flat, spec = torch.utils._pytree.tree_flatten(inputs)  # noqa: SLF001 (the public one lacks it)
    tries = (by_duals, by_two_passes, by_vmap, by_func)
    failed = []
    for kind, attempt in zip(KINDS, tries, strict=True):
        own = copy.deepcopy(model)

        def call(*leaves: Tensor, own: nn.Module = own) -> Any:
            return own(*torch.utils._pytree.tree_unflatten(list(leaves), spec))  # noqa: SLF001 (as above)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                attempt(own, call, [leaf.clone() for leaf in flat])
            except Exception:  # noqa: BLE001 (any is a failure)
                failed.append(kind)
    return failed


def tensors(result: Any) -> list[Tensor]:
    leaves = torch.utils._pytree.tree_leaves(result)  # noqa: SLF001 (as above)
    return [leaf for leaf in leaves if leaf.is_floating_point() or leaf.is_complex()]


def by_duals(model: nn.Module, call: Callable[..., Any], flat: list[Tensor]) -> None:
    del call
    shapes = {name: p.detach() for name, p in model.named_parameters()}
    with forward_ad.dual_level():
        duals = {
            n: forward_ad.make_dual(p, torch.ones_like(p)) for n, p in shapes.items()
        }
        functional_call(model, duals, tuple(duals_of(flat)))


def duals_of(flat: list[Tensor]) -> list[Tensor]:
    return [
        t if not tensors(t) else forward_ad.make_dual(t, torch.ones_like(t))
        for t in flat
    ]


def by_two_passes(
    model: nn.Module, call: Callable[..., Any], flat: list[Tensor]
) -> None:
    leaves = [t.requires_grad_() for t in tensors(flat)] + [*model.parameters()]
    outputs = tensors(call(*(t.clone() for t in flat)))
    squares = torch.stack([t.abs().square().sum() for t in outputs]).sum()
    grads = torch.autograd.grad(squares, leaves, create_graph=True, allow_unused=True)
    penalty = torch.stack([g.abs().square().sum() for g in grads if g is not None])
    torch.autograd.grad(penalty.sum(), leaves, allow_unused=True)


def by_vmap(model: nn.Module, call: Callable[..., Any], flat: list[Tensor]) -> None:
    del model
    torch.vmap(call)(*(torch.stack([t, t]) for t in flat))


def by_func(model: nn.Module, call: Callable[..., Any], flat: list[Tensor]) -> None:
    del call
    weights = dict(model.named_parameters())
    floats = tensors(flat)

    def loss(weights: dict[str, Tensor], *given: Tensor) -> Tensor:
        rest = iter(given)
        args = [next(rest).clone() if tensors(t) else t for t in flat]
        outputs = tensors(functional_call(model, weights, tuple(args)))
        return torch.stack([t.abs().square().sum() for t in outputs]).sum()

    torch.func.grad(loss, tuple(range(1 + len(floats))))(weights, *floats)


def test_all_blockers_are_named_with_their_places() -> None:
    """Two blockers in two modules are found at once, each with a cure."""
    model = nn.Sequential(Lambda(lambda t: torch.cdist(t, t + 1)), Lambda(Bare.apply))
    found = preflight(model, x(3, 2))
    forward = [each for each in found.blockers if each.kind == "forward"]
    assert [(each.module, each.operation) for each in forward] == [
        ("0", "aten._cdist_forward.default"),
        ("1", "Bare"),
    ]
    assert "test_preflight.py:" in forward[0].line
    assert "two reverse passes" in forward[0].cure
    assert found.device == "cpu"
    assert str(found).startswith("Blocked: forward mode")


def test_answer_of_a_free_model_is_one_sentence() -> None:
    """Nothing else is said where nothing is blocked."""
    found = preflight(nn.Linear(2, 2), x(1, 2))
    text = " ".join(str(found).split())
    assert text == (
        "Nothing blocks forward mode, a second derivative, torch.vmap, torch.func. "
        "Tried on cpu."
    )


def test_places_of_the_same_blocker_are_counted() -> None:
    """The text names the first place, and how many more there are."""
    found = preflight(nn.Sequential(nn.Dropout(), nn.Dropout()), x(2, 3), func=False)
    assert [each.module for each in found.blockers] == ["0", "1"]
    assert "and 1 more" in " ".join(str(found).split())


def test_whole_call_alone_fails() -> None:
    """A function that makes leaves of its tensors has no single blocker."""
    found = preflight(lambda t: t.detach().requires_grad_() * t, x(3), vmap=False)
    assert [(each.kind, each.operation) for each in found.blockers] == [("func", "")]
    assert "no operation alone" in " ".join(str(found).split())


def test_all_that_is_tried_may_be_blocked() -> None:
    """Then nothing is called free."""
    kinds = {"twice": False, "vmap": False, "func": False}
    found = preflight(lambda t: torch.cdist(t, t), x(3, 2), **kinds)
    assert "Free" not in str(found)


def test_control_flow_keeps_its_own_error() -> None:
    """An if is no .item(), though the same operation reads the number."""
    (found,) = preflight(branch, x(3), forward=False, twice=False).blockers
    assert "data-dependent control flow" in found.error


def test_custom_operators_go_by_their_names() -> None:
    """The Function that torch.library makes for one isn't the reader's."""

    @torch.library.custom_op("guide_preflight::cube", mutates_args=())
    def cube(t: Tensor) -> Tensor:
        return t**3

    cube.register_autograd(lambda _, v: v)
    found = preflight(cube, x(3), twice=False, vmap=False)
    assert {each.operation for each in found.blockers} >= {
        "guide_preflight.cube.default"
    }


def test_nothing_changes() -> None:
    """Buffers, attributes, gradients, versions, modes and random states stay."""
    norm = nn.BatchNorm1d(3)
    noise, memory = torch.zeros(3), torch.zeros(2, 3)

    def call(t: Tensor) -> Tensor:
        noise.add_(torch.rand(3))
        memory[0] = t[0]
        return norm(t) + noise  # type: ignore[no-any-return]

    given = x(2, 3)
    state = torch.random.get_rng_state()
    with torch.inference_mode():
        preflight(call, given)
        preflight(norm, given)
        assert torch.is_inference_mode_enabled()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert (norm.num_batches_tracked, norm.running_mean.sum()) == (0, 0)  # type: ignore[union-attr,operator]
    assert (noise.sum(), noise._version, memory.sum()) == (0, 0, 0)  # noqa: SLF001 (it has no public name)
    assert not (memory.requires_grad)
    assert not (given.requires_grad)
    assert norm.weight.grad is None


def test_attributes_stay() -> None:
    """What forward keeps is dropped."""
    layer = nn.Linear(3, 3)

    class Caches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.cache = layer, None

        def forward(self, t: Tensor) -> Tensor:
            self.cache = self.layer(t)
            return self.cache  # type: ignore[return-value]

    model = Caches()
    preflight(model, x(2, 3))
    assert model.cache is None


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: preflight(x(3), x(3)), TypeError, "model must be a module"),
        (lambda: preflight(torch.sin), TypeError, "inputs must hold a tensor"),
        (lambda: preflight(torch.abs, torch.tensor(1)), ValueError, "nothing to diff"),
        (lambda: preflight(nn.Linear(2, 2), x(3)), ValueError, "fails by itself"),
        (lambda: preflight(torch.detach, x(3)), ValueError, "no output"),
        (
            lambda: preflight(
                torch.sin, x(3), forward=False, twice=False, vmap=False, func=False
            ),
            ValueError,
            "nothing is left to try",
        ),
    ],
)
def test_bad_input_is_refused(
    call: Callable[[], Preflight], kind: type[Exception], text: str
) -> None:
    """The message says what is wrong."""
    with pytest.raises(kind, match=text):
        call()
