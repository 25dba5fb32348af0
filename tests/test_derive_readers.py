"""Tests of functions of physics, finance, graphics and statistics, on other sizes."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.test_derive_random import assert_equal, holds_for, products, run
from vjp_guide import derive


def option_price(
    s: Tensor, strike: Tensor, r: Tensor, vol: Tensor, t: Tensor
) -> Tensor:
    """Return the price of a call by Black and Scholes."""
    d1 = ((s / strike).log() + (r + vol**2 / 2) * t) / (vol * t.sqrt())
    d2 = d1 - vol * t.sqrt()
    discount = torch.exp(-r * t)
    p1: Tensor = torch.special.ndtr(d1)
    p2: Tensor = torch.special.ndtr(d2)
    return s * p1 - strike * discount * p2


def energy(x: Tensor, p: Tensor, m: Tensor) -> Tensor:
    """Return the energy of bodies that attract each other, each pair seen twice."""
    r = x[:, None] - x[None, :]
    distance = torch.sqrt((r * r).sum(-1) + 1e-2)
    others = 1 - torch.eye(len(m), dtype=m.dtype)
    potential = -(others * torch.outer(m, m) / distance).sum() / 2
    return potential + ((p * p).sum(-1) / (2 * m)).sum()


def barycentric(nodes: Tensor, weights: Tensor, values: Tensor, x: Tensor) -> Tensor:
    """Return the polynomial through values at nodes."""
    c = weights / (x[:, None] - nodes)
    return (c * values).sum(-1) / c.sum(-1)


def scene(p: Tensor, centers: Tensor, radii: Tensor, box: Tensor) -> Tensor:
    """Return the signed distance to spheres and a box, joined smoothly."""
    spheres = torch.linalg.vector_norm(p[:, None] - centers, dim=-1) - radii
    q = p.abs() - box
    inside = q.amax(-1).clamp(max=0)
    corner = torch.linalg.vector_norm(q.clamp(min=0), dim=-1) + inside
    distances = torch.cat([spheres, corner[:, None]], -1)
    return -torch.logsumexp(-8 * distances, -1) / 8


def garch(r: Tensor, omega: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Return the negative logarithm of the likelihood of returns."""
    variance = r.var()
    total = torch.zeros_like(variance)
    for each in r:
        total = total + torch.log(variance) + each**2 / variance
        variance = omega + alpha * each**2 + beta * variance
    return total / 2


def kalman(
    m: Tensor, a: Tensor, root: Tensor, h: Tensor, noise: Tensor, y: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return one step of a filter, with the logarithm of the likelihood."""
    mean, p = a @ m, a @ root @ root.mT @ a.mT + torch.eye(len(m), dtype=m.dtype)
    s = h @ p @ h.mT + noise**2 * torch.eye(len(y), dtype=m.dtype)
    gain = torch.linalg.solve(s, h @ p).mT
    innovation = y - h @ mean
    misfit = innovation @ torch.linalg.solve(s, innovation)
    likelihood = -(misfit + torch.logdet(s) + len(y) * math.log(2 * math.pi)) / 2
    return mean + gain @ innovation, p - gain @ s @ gain.mT, likelihood


def sinkhorn(cost: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Return the cost of transport after three iterations."""
    f, g = torch.zeros_like(a), torch.zeros_like(b)
    for _ in range(3):
        f = -torch.logsumexp(g - cost + b.log(), -1)
        g = -torch.logsumexp(f[:, None] - cost + a.log()[:, None], 0)
    plan = torch.exp(f[:, None] + g - cost) * torch.outer(a, b)
    return (plan * cost).sum()


def mixture(x: Tensor, logits: Tensor, means: Tensor, log_scales: Tensor) -> Tensor:
    """Return the logarithm of the likelihood of a mixture of Gaussians."""
    z = (x[:, None] - means) * torch.exp(-log_scales)
    log_prob = -0.5 * (z**2).sum(-1) - log_scales.sum(-1)
    return torch.logsumexp(torch.log_softmax(logits, -1) + log_prob, -1).sum()


def rotate(q: Tensor, x: Tensor) -> Tensor:
    """Return points rotated by quaternions, which needn't have length 1."""
    q = q / torch.linalg.vector_norm(q, dim=-1, keepdim=True)
    w, u = q[..., :1], q[..., 1:]
    t: Tensor = 2 * torch.linalg.cross(u, x)
    turned: Tensor = x + w * t + torch.linalg.cross(u, t)
    return turned


def advect(u: Tensor, a: Tensor, courant: Tensor) -> Tensor:
    """Return a step of a finite-volume method with the minmod limiter."""
    left, right = u - u.roll(1, -1), u.roll(-1, -1) - u
    smaller = torch.where(left.abs() < right.abs(), left, right)
    slope = torch.where(left * right > 0, smaller, torch.zeros_like(u))
    flux = a * (u + 0.5 * (1 - courant) * slope)
    return u - courant / a * (flux - flux.roll(1, -1))


def diffuse(u: Tensor, rate: Tensor) -> Tensor:
    """Return the heat after a time, mode by mode."""
    modes = torch.fft.rfft(u)
    decay = torch.exp(-rate * torch.arange(modes.shape[-1], dtype=rate.dtype) ** 2)
    after: Tensor = torch.fft.irfft(modes * decay, n=u.shape[-1])
    return after


SHAPES: dict[Callable[..., Any], Callable[[int], list[tuple[int, ...]]]] = {
    option_price: lambda n: [(n,), (n,), (), (n,), (n,)],
    energy: lambda n: [(n, 3), (n, 3), (n,)],
    barycentric: lambda n: [(n,), (n,), (n,), (n + 2,)],
    scene: lambda n: [(n, 3), (n + 1, 3), (n + 1,), (3,)],
    garch: lambda n: [(n,), (), (), ()],
    kalman: lambda n: [(n,), (n, n), (n, n), (n - 1, n), (), (n - 1,)],
    sinkhorn: lambda n: [(n, n + 1), (n,), (n + 1,)],
    mixture: lambda n: [(n, 2), (n + 1,), (n + 1, 2), (n + 1, 2)],
    rotate: lambda n: [(n, 4), (n, 3)],
    advect: lambda n: [(2, n + 2), (), ()],
    diffuse: lambda n: [(3, 2 * n), ()],
}


@pytest.mark.parametrize("fn", SHAPES)
def test_a_function_of_a_reader_is_derived(fn: Callable[..., Any]) -> None:
    """Tests the text on other sizes than those it was derived from."""
    generator = torch.Generator().manual_seed(0)
    first, other = (
        [
            torch.rand(shape, dtype=torch.float64, generator=generator) + 0.5
            for shape in SHAPES[fn](n)
        ]
        for n in (4, 6)
    )
    derivation = derive(fn, *first)

    assert derivation.verification.test.passed
    assert holds_for(derivation, other) == (fn is not garch)  # it loops over the first
    for inputs in (first, first if fn is garch else other):
        v, expected = products(fn, inputs)
        assert_equal(run(derivation, inputs, v), expected)


def resized(x: Tensor) -> Tensor:
    """Return a grid of twice the lengths, and one of fixed lengths, added up."""
    twice = functional.interpolate(x, scale_factor=2, mode="bilinear")
    return twice.sum() + functional.interpolate(x, size=(3, 5), mode="nearest")


def resized_otherwise(x: Tensor) -> Tensor:
    """Return a grid whose lengths torch rounds."""
    return functional.interpolate(x, scale_factor=1.5)


def slopes(x: Tensor) -> Tensor:
    """Return slopes along both axes, and along one of them by torch itself."""
    rows, columns = torch.gradient(x, spacing=0.5)
    (last,) = torch.gradient(x, dim=-1)
    (wider,) = torch.gradient(x, dim=(0,), edge_order=2)
    return rows * columns + last + wider


def gates(count: int) -> Callable[[int], list[tuple[int, ...]]]:
    """Return the shapes of a cell's input, state, weights and offset."""
    return lambda n: [(n, 2), (n, n), (count * n, 2), (count * n, n), (count * n,)]


OPEN: dict[Callable[..., Any], Callable[[int], list[tuple[int, ...]]]] = {
    resized: lambda n: [(2, n, n, n + 1)],
    torch.linalg.pinv: lambda n: [(n + 1, n)],
    torch.polar: lambda n: [(n,), (n,)],
    torch.block_diag: lambda n: [(n, n + 1), (n,)],
    functional.bilinear: lambda n: [(n, 2), (n, n + 1), (3, 2, n + 1), (3,)],
    partial(functional.bilinear, bias=None): lambda n: [(n, 2), (n, 3), (n, 2, 3)],
    lambda x: torch.lerp(x, 1 - x, x.mean()): lambda n: [(n, n + 1)],
    lambda x: functional.pad(x, (1, 2), mode="reflect"): lambda n: [(2, n)],
    lambda x: torch.gradient(x, spacing=0.5, dim=0)[0]: lambda n: [(n, 2)],
    lambda x: torch.gradient(x)[1]: lambda n: [(n, n + 1)],
    lambda x, h, w, u, b: torch.lstm_cell(x, (h, h.cos()), w, u, b, b): gates(4),
    lambda x, h, w, u, b: torch.gru_cell(x, h, w, u, b, b): gates(3),
    lambda x, h, w, u, b: torch.rnn_tanh_cell(x, h / 9, w, u, b, b): gates(1),
    lambda x, h, w, u, b: torch.rnn_relu_cell(x, h, w, u, b, b): gates(1),
}


@pytest.mark.parametrize("fn", OPEN, ids=map(str, range(len(OPEN))))
def test_lengths_that_a_kernel_reads_stay_open(fn: Callable[..., Any]) -> None:
    """Tests functions that run as others, on other sizes."""
    generator = torch.Generator().manual_seed(0)
    first, other = (
        [
            torch.rand(shape, dtype=torch.float64, generator=generator)
            for shape in OPEN[fn](n)
        ]
        for n in (4, 6)
    )
    derivation = derive(fn, *first)

    assert not derivation.fixed
    assert holds_for(derivation, other)
    v, expected = products(fn, other)
    assert_equal(run(derivation, other, v), expected)


@pytest.mark.parametrize("fn", [resized_otherwise, slopes])
def test_a_kernel_that_reads_lengths_says_so(fn: Callable[..., Any]) -> None:
    """Tests functions whose text holds for the lengths of the sample alone."""
    shape = (2, 3, 4, 5) if fn is resized_otherwise else (4, 5)
    derivation = derive(fn, torch.rand(shape, dtype=torch.float64))

    assert derivation.verification.test.passed
    assert derivation.fixed
