"""Small forms of twenty architectures, built from torch.nn."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.preflight_models import Lambda, x


def residual(*layers: nn.Module) -> nn.Module:
    return Lambda(lambda inner, t: t + inner(t), nn.Sequential(*layers))


def resnet() -> nn.Module:
    block = residual(
        nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
    )
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), block, *head)


def unet() -> nn.Module:
    def call(down: nn.Module, middle: nn.Module, up: nn.Module, t: Tensor) -> Tensor:
        h = down(t)
        return torch.cat([up(middle(h)), t], dim=1)

    return Lambda(
        call,
        nn.Conv2d(1, 2, 2, stride=2),
        nn.Sequential(nn.GroupNorm(1, 2), nn.SiLU()),
        nn.ConvTranspose2d(2, 1, 2, stride=2),
    )


def vae() -> nn.Module:
    def call(encoder: nn.Module, decoder: nn.Module, t: Tensor) -> Tensor:
        mean, log_scale = encoder(t).chunk(2, -1)
        return decoder(mean + log_scale.exp() * torch.randn_like(mean))  # type: ignore[no-any-return]

    return Lambda(call, nn.Linear(4, 4), nn.Linear(2, 4))


def gpt() -> nn.Module:
    layer = nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True, norm_first=True)

    def call(embedding: nn.Module, inner: nn.Module, ids: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return inner(embedding(ids), src_mask=mask) @ embedding.weight.mT  # type: ignore[no-any-return]

    return Lambda(call, nn.Embedding(5, 4), layer)


def vit() -> nn.Module:
    patches = (nn.Conv2d(1, 4, 2, stride=2), nn.Flatten(2), Lambda(lambda t: t.mT))
    layer = nn.TransformerEncoderLayer(4, 2, 8, 0.1, batch_first=True)
    return nn.Sequential(*patches, layer, Lambda(lambda t: t.mean(1)), nn.Linear(4, 2))


def mixer() -> nn.Module:
    tokens = Lambda(lambda inner, t: inner(t.mT).mT, nn.Linear(3, 3))
    return nn.Sequential(
        residual(nn.LayerNorm(4), tokens), residual(nn.LayerNorm(4), nn.Linear(4, 4))
    )


def translator() -> nn.Module:
    return nn.Transformer(4, 2, 1, 1, 8, 0.0, batch_first=True)


def language_lstm() -> nn.Module:
    def call(embedding: nn.Module, inner: nn.Module, ids: Tensor) -> Tensor:
        return inner(embedding(ids))[0]  # type: ignore[no-any-return]

    return Lambda(call, nn.Embedding(5, 3), nn.LSTM(3, 4, 2, batch_first=True))


def seq2seq() -> nn.Module:
    def call(encoder: nn.Module, decoder: nn.Module, t: Tensor) -> Tensor:
        return decoder(t, encoder(t)[1])[0]  # type: ignore[no-any-return]

    return Lambda(call, nn.GRU(3, 4), nn.GRU(3, 4))


def critic() -> nn.Module:
    convolution = nn.utils.parametrizations.spectral_norm(nn.Conv2d(1, 2, 3))
    return nn.Sequential(convolution, nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(18, 1))


def deep_sets() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), Lambda(lambda t: t.sum(-2)))


def graph_network() -> nn.Module:
    edges = torch.tensor([[0, 1, 2, 2], [1, 2, 0, 1]])

    def call(layer: nn.Module, t: Tensor) -> Tensor:
        return torch.zeros_like(t).index_add(-2, edges[1], layer(t)[..., edges[0], :])

    return Lambda(call, nn.Linear(3, 3))


def siren() -> nn.Module:
    sine = Lambda(lambda t: torch.sin(30 * t))
    return nn.Sequential(nn.Linear(2, 4), sine, nn.Linear(4, 1))


def coupling_flow() -> nn.Module:
    def call(inner: nn.Module, t: Tensor) -> tuple[Tensor, Tensor]:
        kept, changed = t.chunk(2, -1)
        scale, shift = inner(kept).chunk(2, -1)
        return torch.cat([kept, changed * scale.exp() + shift], -1), scale.sum(-1)

    return Lambda(call, nn.Linear(2, 4))


def temporal() -> nn.Module:
    convolution = nn.utils.parametrizations.weight_norm(nn.Conv1d(2, 2, 3, dilation=2))
    padding = nn.ConstantPad1d((4, 0), 0.0)
    return residual(padding, convolution, nn.ReLU(), nn.Dropout(0.1))


def bag_of_words() -> nn.Module:
    return nn.Sequential(nn.EmbeddingBag(5, 3, mode="mean"), nn.Linear(3, 2))


def perceiver() -> nn.Module:
    def call(attention: nn.Module, latents: nn.Module, t: Tensor) -> Tensor:
        query = latents(t.mean(1, keepdim=True))
        return attention(query, t, t, need_weights=False)[0]  # type: ignore[no-any-return]

    attention = nn.MultiheadAttention(4, 2, batch_first=True)
    return Lambda(call, attention, nn.Linear(4, 4))


def experts() -> nn.Module:
    def call(gate: nn.Module, first: nn.Module, second: nn.Module, t: Tensor) -> Tensor:
        weights, chosen = gate(t).softmax(-1).topk(1)
        outputs = torch.stack([first(t), second(t)], -2)
        picked = outputs.take_along_dim(chosen[..., None], -2).squeeze(-2)
        return weights * picked  # type: ignore[no-any-return]

    return Lambda(call, nn.Linear(3, 2), nn.Linear(3, 3), nn.Linear(3, 3))


def neural_ode() -> nn.Module:
    def call(field: nn.Module, t: Tensor) -> Tensor:
        for _ in range(3):
            t = t + 0.1 * field(t)
        return t

    return Lambda(call, nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3)))


def force_field() -> nn.Module:
    def call(inner: nn.Module, positions: Tensor) -> tuple[Tensor, Tensor]:
        pairs = positions[:, None] - positions
        energy = inner(pairs.square().sum(-1, keepdim=True)).sum()
        (slope,) = torch.autograd.grad(energy, positions, create_graph=True)
        return energy, -slope

    return Lambda(call, nn.Sequential(nn.Linear(1, 4), nn.SiLU(), nn.Linear(4, 1)))


def contrastive() -> nn.Module:
    def call(encoder: nn.Module, first: Tensor, second: Tensor) -> Tensor:
        left, right = (
            functional.normalize(encoder(t), dim=-1) for t in (first, second)
        )
        return functional.cross_entropy(left @ right.mT / 0.1, torch.arange(len(left)))

    return Lambda(call, nn.Linear(3, 2))


_IDS = torch.tensor([[1, 2, 0], [3, 4, 1]])
ARCHITECTURES: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...]]] = {
    "ResNet": (resnet, (x(2, 1, 8, 8),)),
    "U-Net": (unet, (x(2, 1, 4, 4),)),
    "VAE": (vae, (x(2, 4),)),
    "GPT": (gpt, (_IDS,)),
    "ViT": (vit, (x(2, 1, 4, 4),)),
    "MLP-Mixer": (mixer, (x(2, 3, 4),)),
    "Transformer": (translator, (x(2, 3, 4), x(2, 2, 4))),
    "LSTM language model": (language_lstm, (_IDS,)),
    "GRU seq2seq": (seq2seq, (x(4, 2, 3),)),
    "WGAN critic": (critic, (x(2, 1, 5, 5),)),
    "deep sets": (deep_sets, (x(2, 4, 3),)),
    "graph network": (graph_network, (x(3, 3),)),
    "SIREN": (siren, (x(5, 2),)),
    "coupling flow": (coupling_flow, (x(3, 4),)),
    "TCN": (temporal, (x(2, 2, 6),)),
    "EmbeddingBag": (bag_of_words, (_IDS,)),
    "Perceiver": (perceiver, (x(2, 3, 4),)),
    "mixture of experts": (experts, (x(4, 3),)),
    "neural ODE": (neural_ode, (x(2, 3),)),
    "force field": (force_field, (x(4, 3),)),
    "contrastive": (contrastive, (x(4, 3), x(4, 3).flip(0))),
}
