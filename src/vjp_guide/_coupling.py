"""Whether the samples of a batch depend on one another."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import reduce
from textwrap import fill
from typing import cast

import torch
from torch import _C, Tensor
from torch._C._functorch import (
    get_unwrapped,
    is_batchedtensor,
    is_functorch_wrapped_tensor,
)
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack

from vjp_guide._pullback import Pullback
from vjp_guide._quiet import plain_modes
from vjp_guide._validation import (
    holds_numbers,
    require_count,
    require_graph,
    require_input,
    require_rectangular,
    require_seed,
)
from vjp_guide.figures import Figure, heat_map

_MOST_CELLS = 16
_FEW = 4
# Powers of two scale without rounding: what is independent scales exactly.
_SCALES = (1.0, -1.0, 2.0, -2.0, 4.0, -4.0, 0.5, -0.5)
_MEAN_SQUARE = sum(scale**2 for scale in _SCALES) / len(_SCALES)
_MOST_DIGITS = 3
_BLOCK = 2**14  # entries in double precision at once
_SLIGHT = 0.05  # of the change: then it is coupling for the most part


@dataclass(frozen=True, slots=True, eq=False)
class Coupling:
    r"""How strongly each sample of ``y`` depends on each sample of ``x``.

    Attributes:
        norms: Estimates of the norms of the blocks of ``J``, of shape
            ``(len(samples), batch)``: row by sample of ``y``, column by sample of
            ``x``. It has no rows where they weren't measured.
        samples: Which samples of ``y`` the rows are.
        tolerance: The largest ``ratio`` of independent samples, which rounding
            explains.
        received: For each sample of ``x`` the norm of a random product, of shape
            ``(batch,)``; None if ``norms`` holds all rows.
        others: What part of it comes from other samples of ``y``, likewise: an
            estimate of the norm of a column of ``norms``, its own block apart.

    >>> import torch
    >>> from vjp_guide import Coupling
    >>> Coupling(torch.tensor([[2.0, 1.0], [0.0, 2.0]]), (0, 1), 1e-6).ratio
    0.5
    """

    norms: Tensor
    samples: tuple[int, ...]
    tolerance: float
    received: Tensor | None = None
    others: Tensor | None = None

    @property
    def ratio(self) -> float:
        """How strong the coupling is, relative to the largest block or product.

        Of measured rows it is the largest norm off the diagonal by the largest on it;
        of a trial of all samples the largest of ``others`` by that of ``received``.
        """
        return max(self._ratio_of_rows, self._ratio_of_trial)

    @property
    def independent(self) -> bool:
        """Whether each sample depends on its own inputs alone."""
        return self.ratio <= self.tolerance

    def figure(self) -> Figure:
        """Draw the norms as a heat map, of the first 16 measured samples.

        Returns:
            The drawing, with a row by sample of ``y`` and a column by sample of ``x``.
            Where no rows were measured it has two: ``received`` and ``others``.
        """
        if self.received is not None and self.others is not None and not self.samples:
            columns = range(min(_MOST_CELLS, len(self.others)))
            return heat_map(
                torch.stack([self.received, self.others])[:, : len(columns)],
                rows=["received", "of others"],
                columns=[f"x[{sample}]" for sample in columns],
                alt=f"Norms of what each sample of x receives. {self.verdict}",
            )
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
    def _off_diagonal(self) -> Tensor:
        others = self.norms.clone()
        others[self._own] = 0
        return others

    @property
    def _ratio_of_rows(self) -> float:
        return _ratio(self._off_diagonal, self.norms[self._own])

    @property
    def _ratio_of_trial(self) -> float:
        if self.others is None or self.received is None:
            return 0.0
        return _ratio(self.others, self.received)

    def __str__(self) -> str:
        return fill(self.verdict, width=79)

    @property
    def verdict(self) -> str:
        """The answer as a sentence."""
        if self.independent:
            return (
                f"Independent: each sample of y depends on its own sample of x alone "
                f"({self._extent}). "
                "grad_outputs=torch.ones_like(y) gives each sample of x the gradient "
                "of the sum of its own outputs."
            )
        return (
            f"Coupled: {self._where}. "
            "grad_outputs=torch.ones_like(y) adds up derivatives of several samples: "
            "the gradient of x[b] isn't that of y[b] alone."
        )

    @property
    def _extent(self) -> str:
        measured, batch = self.norms.shape
        if self.others is None:
            return f"measured for {measured} of {batch}"
        rows = f", norms measured for {measured}" if measured else ""
        return f"tried for all {batch} at once{rows}"

    @property
    def _where(self) -> str:
        if self._ratio_of_rows > self.tolerance:
            others = self._off_diagonal
            row, column = divmod(int(others.argmax()), self.norms.shape[1])
            return (
                f"y[{self.samples[row]}] depends on x[{column}], with norm "
                f"{others.max():.2g}; the largest of a sample on itself is "
                f"{self.norms[self._own].max():.2g}"
            )
        received, others = (t for t in (self.received, self.others) if t is not None)
        column = int(others.argmax())
        return (
            f"other samples of y depend on x[{column}], with norm about "
            f"{others.max():.2g} in all; x[{column}] receives {received[column]:.2g} "
            "from a random v"
        )


def _ratio(others: Tensor, own: Tensor) -> float:
    return float(others.max() / own.max()) if others.any() else 0.0


def coupling(
    outputs: Tensor,
    inputs: Tensor,
    *,
    max_samples: int | None = None,
    probes: int = 1,
    seed: int = 0,
    max_bytes: int = 2**22,
) -> Coupling:
    r"""Measure how samples of ``outputs`` depend on samples of ``inputs``.

    Axis 0 of both counts the samples.
    With one weight :math:`s_b` for each sample and a random :math:`v`, the products
    :math:`r(v)` for :math:`v` and for :math:`s v` tell whether samples are coupled:

    .. math:: r(s v)_c - s_c\, r(v)_c = \sum_{b \ne c} (s_b - s_c) \sum_o v_{b,o}\,
        J_{(b,o),(c,\cdot)}

    is zero for all :math:`c` if they are independent.
    The weights are powers of two of either sign, which scale without rounding.
    Two samples have different weights in at least one of up to three trials if the
    batch has at most 512 samples; above, one pair alone is missed once in 512.
    So at most five products, one after the other, answer for any batch: one for
    :math:`v`, up to three trials, and one more that tests whether products add up, as
    those of a hook that clips don't, if samples seem coupled or were measured one by
    one.

    For one measured sample :math:`b` a random :math:`v`, zero outside of :math:`y_b`
    and of mean square 1 inside, gives a row of norms,

    .. math:: N_{b,c} = \Bigl\lVert \sum_o v_{b,o}\, J_{(b,o),(c,\cdot)} \Bigr\rVert

    Its mean square is the squared Frobenius norm of the block of ``J``; for one output
    by sample it is that norm.
    A block that isn't zero gives a norm that isn't zero, almost surely.
    This takes one vector-Jacobian product by sample and probe, and never builds ``J``.

    Args:
        outputs: The tensor ``y``, of shape ``(batch, ...)`` and a floating-point or
            complex dtype, computed from ``inputs``.
        inputs: The tensor ``x``, of shape ``(batch, ...)`` and a floating-point or
            complex dtype, that requires grad.
        max_samples: How many samples of ``outputs`` to measure one by one, evenly
            spaced, all if the batch is smaller. None measures all of at most 4 samples,
            and none of a larger batch.
        probes: How many random ``v`` to take for each measured sample; more make the
            norms more precise, and the verdict no better.
        seed: Seeds ``v`` and the weights. The global random state is left alone.
        max_bytes: As for :func:`vjp_guide.jacobian`; only for a given ``max_samples``,
            whose products run several at a time.

    Returns:
        The norms and the verdict; ``print`` answers in a sentence, ``figure()`` draws.

    Raises:
        TypeError: If an argument isn't a tensor, ``inputs`` is of an integer dtype, a
            tensor has floats of 8 bits, or a number isn't whole.
        ValueError: If ``outputs`` has no graph, ``inputs`` doesn't require grad, the
            batch sizes differ, a number isn't positive, a derivative isn't finite, the
            tensors belong to :func:`torch.vmap`, the products of several ``v`` don't
            add up to that of their sum where that was tried, or a selective activation
            checkpoint allows one pass.

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
    with plain_modes():
        y = require_rectangular("outputs", require_graph("outputs", outputs))
        x = require_rectangular("inputs", require_input("inputs", inputs))
        _require_batch(y, x)
        _require_arithmetic(y, x)
        count = _measured(len(y), max_samples)
        require_count("probes", probes)
        max_bytes = require_count("max_bytes", max_bytes)
        seed = require_seed(seed)
        pullback = Pullback(y, (x,), one_by_one=max_samples is None)
        with _apart_from_transforms(y, x), pullback.quiet():
            measurement = _Measurement(pullback, y, x, seed)
            at_once = 1 if max_samples is None else pullback.rows_within(max_bytes)
            found = measurement.coupling(count, probes, at_once)
        pullback.warn(stacklevel=2)
        return found


def _measured(batch: int, max_samples: int | None) -> int:
    if max_samples is None:
        return batch if batch <= _FEW else 0
    return min(require_count("max_samples", max_samples), batch)


class _Measurement:
    """Products of random ``v`` that lie in parts of the batch."""

    def __init__(self, pullback: Pullback, y: Tensor, x: Tensor, seed: int) -> None:
        self._pullback, self._y, self._x = pullback, y, x
        self._generator = torch.Generator(device="cpu").manual_seed(seed)
        self._tolerance = 10 * max(torch.finfo(t.dtype).eps for t in (x, y))

    def coupling(self, count: int, probes: int, at_once: int) -> Coupling:
        """Return the norms of ``count`` samples, and the trial if some are left."""
        batch = len(self._y)
        samples = tuple(place * batch // count for place in range(count))
        squares = torch.zeros(count, batch, dtype=torch.float64, device="cpu")
        if count:
            self._sum, self._product_of_sum = (
                _zeros(t, t.shape) for t in (self._y, self._x)
            )
        for _ in range(probes):
            squares += self._squares(samples, at_once)
        norms = _finite((squares / probes).sqrt())
        measured = Coupling(norms, samples, self._tolerance)
        if count and (count == batch or not measured.independent):
            self._require_linear(self._sum, self._product_of_sum, norms.max())
        if count == batch:
            return measured
        return Coupling(norms, samples, self._tolerance, *self._trial())

    def _trial(self) -> tuple[Tensor, Tensor]:
        """Return what each sample of ``x`` receives, and how much from others."""
        v = self._random(len(self._y))
        product = self._product(v)
        received = _finite(_norms(product))
        others = torch.zeros_like(received)
        for scales in self._weights():
            scaled = v * _beside(v, scales)
            other = self._product(scaled)
            weights = _beside(product, scales)
            change = _norms(torch.addcmul(other, product, weights, value=-1))
            spread = (scales.square() + _MEAN_SQUARE).sqrt()
            others = torch.maximum(others, _finite(change) / spread)
            if _ratio(others, received) > self._tolerance:
                # Not in place: a product may be of the graph, or a view of v.
                v, product = v + scaled, product + other
                del scaled, other  # else a pass has them beside it
                self._require_linear(v, product, change.max())
                break
        return received, others

    def _weights(self) -> Iterator[Tensor]:
        """Return weights of each sample, which tell any two apart if they can."""
        batch, base = len(self._y), len(_SCALES)
        order = torch.randperm(batch, generator=self._generator, device="cpu")
        table = torch.tensor(_SCALES, dtype=torch.float64, device="cpu")
        digits = 1
        while base**digits < batch and digits < _MOST_DIGITS:
            digits += 1
        return (table[order // base**digit % base] for digit in range(digits))

    def _require_linear(self, v: Tensor, products: Tensor, change: Tensor) -> None:
        """Raise unless the product of a sum is the sum of the products."""
        error = _norms(self._product(v) - products).max()
        rounding = self._tolerance * _norms(products).max()
        if error > max(rounding, _SLIGHT * change):
            raise ValueError(
                "the products of several v don't add up to that of their sum: a hook "
                "or a custom backward of outputs isn't linear in v, changed between "
                "the passes, or draws random numbers, so that coupling can't be "
                "measured"
            )

    def _product(self, v: Tensor) -> Tensor:
        return self._pullback.single(v.to(self._y))[0]

    def _squares(self, samples: tuple[int, ...], at_once: int) -> Tensor:
        """Return the squared norms for one random ``v`` for each sample."""
        blocks = [torch.zeros(0, len(self._y), dtype=torch.float64, device="cpu")]
        starts = range(0, len(samples), at_once)
        blocks += (self._norms_of(samples[start : start + at_once]) for start in starts)
        return torch.cat(blocks).square()

    def _norms_of(self, samples: tuple[int, ...]) -> Tensor:
        """Return the norms of the products, and add ``v`` and products to the sums."""
        (products,) = self._pullback(self._apart(samples))
        for sample, product in zip(samples, products, strict=True):
            self._product_of_sum += _scale(sample) * product
        return torch.stack(list(map(_norms, products)))

    def _apart(self, samples: tuple[int, ...]) -> Tensor:
        """Return random ``v``, each zero outside of its sample, and add them up."""
        v = _zeros(self._y, (len(samples), *self._y.shape))
        for row, sample in zip(v, samples, strict=True):
            row[sample] = self._random(1)[0]
            self._sum[sample] += _scale(sample) * row[sample]
        return v

    def _random(self, count: int) -> Tensor:
        """Return random samples of ``y``, the mean square of whose entries is 1."""
        v = _zeros(self._y, (count, *self._y.shape[1:]))
        for rows in _blocks(_rows(v)):
            for part in torch.split(rows, _BLOCK, dim=1):
                normal = torch.randn(
                    part.shape,
                    dtype=_double(part),
                    generator=self._generator,
                    device="cpu",
                )
                normal /= _norms(normal)[:, None] / math.sqrt(max(1, part.shape[1]))
                part.copy_(normal)
        return v


def _scale(sample: int) -> float:
    """Return a weight that no clip and no sign lets through."""
    return _SCALES[-1 - sample % len(_SCALES)]


def _zeros(like: Tensor, shape: tuple[int, ...] | None = None) -> Tensor:
    shape = like.shape if shape is None else shape
    return like.new_zeros(shape, layout=torch.strided)


def _rows(tensor: Tensor) -> Tensor:
    return tensor.flatten(1) if tensor.ndim > 1 else tensor[:, None]


def _blocks(rows: Tensor) -> tuple[Tensor, ...]:
    """Return blocks of rows that take little memory in double precision."""
    return torch.split(rows, max(1, _BLOCK // max(1, rows.shape[1])))


def _norms(tensor: Tensor) -> Tensor:
    """Return the norm of each sample, in double precision."""
    return torch.cat(list(map(_norms_of_block, _blocks(_rows(tensor))))).cpu()


def _norms_of_block(rows: Tensor) -> Tensor:
    parts = [
        torch.linalg.vector_norm(part.to(_double(part)), dim=1)
        for part in torch.split(rows, _BLOCK, dim=1)
    ]
    norms: Tensor = reduce(torch.hypot, parts)
    return norms


def _double(tensor: Tensor) -> torch.dtype:
    return torch.complex128 if tensor.is_complex() else torch.float64


def _beside(tensor: Tensor, scales: Tensor) -> Tensor:
    """Return one number for each sample, to multiply a tensor with."""
    shape = (-1, *[1] * (tensor.ndim - 1))
    return scales.to(tensor.device, tensor.real.dtype).reshape(shape)


def _finite(norms: Tensor) -> Tensor:
    if not norms.isfinite().all():
        raise ValueError(
            "the derivative of outputs by inputs isn't finite: look for NaN or "
            "infinity in outputs, and for points without a derivative, like sqrt at 0"
        )
    return norms


def _apart_from_transforms(y: Tensor, x: Tensor) -> AbstractContextManager[object]:
    """Leave active transforms of torch.func, unless the tensors are theirs.

    Returns:
        What does so for a block.
    """
    names = {"outputs": y, "inputs": x}
    wrapped = [name for name in names if is_functorch_wrapped_tensor(names[name])]
    for name in wrapped:
        _require_unbatched(name, names[name])
    return nullcontext() if wrapped else _no_transforms()


@contextmanager
def _no_transforms() -> Iterator[None]:
    """Leave those of torch.func, and the vmap of ``is_grads_batched``."""
    key = cast("_C.DispatchKey", _C._parse_dispatch_key("VmapMode"))  # noqa: SLF001 (it has no public name)
    vmap = _C.DispatchKeySet(key)
    with _C._ExcludeDispatchKeyGuard(vmap), temporarily_clear_interpreter_stack():  # noqa: SLF001 (likewise)
        yield


def _require_unbatched(name: str, tensor: Tensor) -> None:
    inner = tensor
    while is_functorch_wrapped_tensor(inner):
        if is_batchedtensor(inner):
            raise ValueError(
                f"{name} is computed inside of torch.vmap, for which coupling can't "
                "decide anything example by example: call it outside, with the batch"
            )
        inner = get_unwrapped(inner)


def _require_arithmetic(y: Tensor, x: Tensor) -> None:
    for name, tensor in {"outputs": y, "inputs": x}.items():
        if tensor.is_floating_point() and tensor.dtype.itemsize == 1:
            raise TypeError(
                f"{name} has dtype {tensor.dtype}, in which torch doesn't add: compute "
                "from a float32 x, and take the outputs before they are rounded"
            )


def _require_batch(y: Tensor, x: Tensor) -> None:
    if not y.ndim or not x.ndim or len(y) != len(x):
        raise ValueError(
            "axis 0 of outputs and of inputs must count the same samples, got shapes "
            f"{tuple(y.shape)} and {tuple(x.shape)}: a scalar loss has no samples "
            "left, so take the outputs before the reduction"
        )
    if not (holds_numbers(y) and holds_numbers(x)):
        raise ValueError(
            "outputs and inputs have shapes but no entries, as on the meta device, so "
            "that nothing can be measured: compute them on a device that holds numbers"
        )
