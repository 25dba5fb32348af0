"""Whether the samples of a batch depend on one another."""

from dataclasses import dataclass
from textwrap import fill

import torch
from torch import Tensor

from vjp_guide._pullback import Pullback
from vjp_guide._validation import require_graph, require_input
from vjp_guide.figures import Figure, heat_map

_MOST_CELLS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Coupling:
    r"""How strongly each sample of ``y`` depends on each sample of ``x``.

    Attributes:
        norms: Estimates of the norms of the blocks of ``J``, of shape
            ``(len(samples), batch)``: row by sample of ``y``, column by sample of
            ``x``.
        samples: Which samples of ``y`` the rows are.
        tolerance: The largest ``ratio`` of independent samples, which rounding
            explains.

    >>> import torch
    >>> from vjp_guide import Coupling
    >>> Coupling(torch.tensor([[2.0, 1.0], [0.0, 2.0]]), (0, 1), 1e-6).ratio
    0.5
    """

    norms: Tensor
    samples: tuple[int, ...]
    tolerance: float

    @property
    def ratio(self) -> float:
        """The largest norm off the diagonal, relative to the largest on it."""
        own, others = self.norms[self._own], self._others
        if not others.any():
            return 0.0
        return float(others.max() / own.max())

    @property
    def independent(self) -> bool:
        """Whether each measured sample depends on its own inputs alone."""
        return self.ratio <= self.tolerance

    def figure(self) -> Figure:
        """Draw the norms as a heat map, of the first 16 measured samples.

        Returns:
            The drawing, with a row by sample of ``y`` and a column by sample of ``x``.
        """
        shown = self.samples[:_MOST_CELLS]
        return heat_map(
            self.norms[: len(shown), list(shown)],
            rows=[f"y[{sample}]" for sample in shown],
            columns=[f"x[{sample}]" for sample in shown],
            alt=f"Norms of the blocks of the Jacobian, y by x. {self.verdict}",
        )

    @property
    def _own(self) -> tuple[list[int], list[int]]:
        return list(range(len(self.samples))), list(self.samples)

    @property
    def _others(self) -> Tensor:
        others = self.norms.clone()
        others[self._own] = 0
        return others

    def __str__(self) -> str:
        return fill(self.verdict, width=79)

    @property
    def verdict(self) -> str:
        """The answer as a sentence."""
        measured, batch = self.norms.shape
        if self.independent:
            return (
                f"Independent: each sample of y depends on its own sample of x alone "
                f"(measured for {measured} of {batch}). "
                "grad_outputs=torch.ones_like(y) gives each sample of x the gradient "
                "of the sum of its own outputs."
            )
        others = self._others
        row, column = divmod(int(others.argmax()), batch)
        return (
            f"Coupled: y[{self.samples[row]}] depends on x[{column}], with norm "
            f"{others.max():.2g}; the largest of a sample on itself is "
            f"{self.norms[self._own].max():.2g}. "
            "grad_outputs=torch.ones_like(y) adds up derivatives of several samples: "
            "the gradient of x[b] isn't that of y[b] alone."
        )


def coupling(
    outputs: Tensor,
    inputs: Tensor,
    *,
    max_samples: int = 64,
    probes: int = 1,
    seed: int = 0,
    max_bytes: int = 2**22,
) -> Coupling:
    r"""Measure how samples of ``outputs`` depend on samples of ``inputs``.

    Axis 0 of both counts the samples.
    For sample :math:`b` a random :math:`v`, zero outside of :math:`y_b` and of mean
    square 1 inside, gives

    .. math:: N_{b,c} = \Bigl\lVert \sum_o v_{b,o}\, J_{(b,o),(c,\cdot)} \Bigr\rVert

    for all samples :math:`c` of the input.
    Its mean square is the squared Frobenius norm of the block of ``J``; for one output
    by sample it is that norm.
    A block that isn't zero gives a norm that isn't zero, almost surely.
    This takes one vector-Jacobian product by sample and probe, and never builds ``J``.

    Args:
        outputs: The tensor ``y``, of shape ``(batch, ...)`` and a floating-point or
            complex dtype, computed from ``inputs``.
        inputs: The tensor ``x``, of shape ``(batch, ...)`` and a floating-point or
            complex dtype, that requires grad.
        max_samples: How many samples of ``outputs`` to measure, evenly spaced, all if
            the batch is smaller.
        probes: How many random ``v`` to take for each sample; more make the norms
            more precise, and the verdict no better.
        seed: Seeds ``v``. The global random state is left alone.
        max_bytes: As for :func:`vjp_guide.jacobian`.

    Returns:
        The norms and the verdict; ``print`` answers in a sentence, ``figure()`` draws.

    Raises:
        TypeError: If an argument isn't a tensor, or ``inputs`` is of an integer dtype.
        ValueError: If ``outputs`` has no graph, ``inputs`` doesn't require grad, the
            batch sizes differ, a number isn't positive or a derivative isn't finite.

    Warns:
        UserWarning: As for :func:`vjp_guide.jacobian`.

    The estimate of norms by random probes is Hutchinson's.

    >>> import torch
    >>> from vjp_guide import coupling
    >>> x = torch.zeros(4, 1, requires_grad=True)
    >>> y = x.softmax(0)  # over the batch
    >>> torch.autograd.grad(y, x, torch.ones_like(y), retain_graph=True)[0].flatten()
    tensor([0., 0., 0., 0.])
    >>> coupling(y, x).norms  # of the entries 3/16 and -1/16 of J
    tensor([[0.1875, 0.0625, 0.0625, 0.0625],
            [0.0625, 0.1875, 0.0625, 0.0625],
            [0.0625, 0.0625, 0.1875, 0.0625],
            [0.0625, 0.0625, 0.0625, 0.1875]], dtype=torch.float64)
    >>> coupling(x.exp(), x).independent
    True
    """
    y, x = require_graph("outputs", outputs), require_input("inputs", inputs)
    _require_batch(y, x)
    _require_positive("max_samples", max_samples)
    _require_positive("probes", probes)
    count = min(max_samples, len(y))
    samples = tuple(place * len(y) // count for place in range(count))
    pullback, generator = Pullback(y, (x,)), torch.Generator().manual_seed(seed)
    squares = torch.zeros(count, len(y), dtype=torch.float64)
    for _ in range(probes):
        squares += _squares(pullback, y, samples, generator, max_bytes)
    pullback.warn(stacklevel=2)
    if not squares.isfinite().all():
        raise ValueError(
            "the derivative of outputs by inputs isn't finite: look for NaN or "
            "infinity in outputs, and for points without a derivative, like sqrt at 0"
        )
    tolerance = 10 * max(torch.finfo(t.dtype).eps for t in (x, y))
    return Coupling((squares / probes).sqrt(), samples, tolerance)


def _squares(
    pullback: Pullback,
    y: Tensor,
    samples: tuple[int, ...],
    generator: torch.Generator,
    max_bytes: int,
) -> Tensor:
    """Return the squared norms for one random ``v`` for each sample."""
    step = pullback.rows_within(max_bytes)
    blocks = [y.new_zeros(0, len(y), dtype=torch.float64)]
    for start in range(0, len(samples), step):
        chosen = samples[start : start + step]
        shape = (len(chosen), *y.shape[1:])
        v = y.new_zeros(len(chosen), *y.shape)
        random = _on_sphere(torch.randn(shape, dtype=y.dtype, generator=generator))
        v[range(len(chosen)), chosen] = random.to(y.device)
        (products,) = pullback(v)
        norms = torch.linalg.vector_norm(products.flatten(2), dim=2)
        blocks.append(norms.double().square().cpu())
    return torch.cat(blocks)


def _on_sphere(normal: Tensor) -> Tensor:
    """Return the rows scaled so that the mean square of their entries is 1."""
    rows = normal.flatten(1) if normal.ndim > 1 else normal[:, None]
    means = rows.abs().square().mean(1, keepdim=True)
    return (rows / means.sqrt()).reshape(normal.shape)


def _require_batch(y: Tensor, x: Tensor) -> None:
    if not y.ndim or not x.ndim or len(y) != len(x):
        raise ValueError(
            "axis 0 of outputs and of inputs must count the same samples, got shapes "
            f"{tuple(y.shape)} and {tuple(x.shape)}: a scalar loss has no samples "
            "left, so take the outputs before the reduction"
        )


def _require_positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
