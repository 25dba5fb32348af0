"""Further passes through the graph of a call, within a limit of time."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vjp_guide._call import Argument, Call
from vjp_guide._clock import run_time
from vjp_guide._contract import Array, as_array
from vjp_guide._quiet import plain_torch


class LeftOutError(Exception):
    """A look that wasn't taken; the message is the reason."""


@dataclass
class Passes:
    """Passes from the outputs of a call to its inputs.

    They run under the reader's settings, as torch's own call did. The limit counts
    all that is done between them, too.

    Attributes:
        call: The call.
        refusal: Why there may be none, else empty.
        seconds: How long all of it together may take.
        last: How long the last pass took, torch's own to begin with.
        start: When the time began to count, by :func:`vjp_guide._clock.run_time`.
        took: How long the passes took.
        count: How many there were.
    """

    call: Call
    refusal: str
    seconds: float
    last: float
    start: float
    took: float = 0.0
    count: int = 0

    @property
    def left(self) -> float:
        """How many seconds are left, 0 if none are."""
        return max(0.0, self.seconds - (run_time() - self.start))

    @property
    def half_time(self) -> float:
        """When half of what is left now will have passed, by the usual clock."""
        return perf_counter() + self.left / 2

    def require(self, count: int) -> None:
        """Raise unless there is time for so many passes."""
        if self.refusal:
            raise LeftOutError(self.refusal)
        if count * self.last > self.left:
            raise LeftOutError(
                f"it takes {count} further passes of {self.last:.2g} s, and of "
                f"max_seconds={self.seconds:.2g} there are {self.left:.2g} s left"
            )

    def require_time(self) -> None:
        """Raise if the time is over."""
        if not self.left:
            raise LeftOutError(f"max_seconds={self.seconds:.2g} have passed")

    def again(self) -> list[Array]:
        """Return the gradients of the same call, once more."""
        return self._timed(self.call.given, self.call.options)

    def gradients(
        self, outputs: Sequence[object], cotangents: Sequence[Tensor | None]
    ) -> list[Array]:
        """Return the gradients of all inputs, zeros where they aren't used."""
        return self._timed((outputs, self.call.given[1], cotangents), {})

    def _timed(
        self, arguments: tuple[Any, Any, Any], options: dict[str, Any]
    ) -> list[Array]:
        self.require(1)
        kept = {"retain_graph": True, "create_graph": False, "allow_unused": True}
        start = run_time()
        try:
            found = torch.autograd.grad(*arguments, **{**options, **kept})
            return numbers(self.call, values(found))
        except SystemExit as error:  # only torch's own call may end the program
            raise RuntimeError(f"it raised SystemExit({error.code!r})") from error
        finally:
            self.last = run_time() - start
            self.took += self.last
            self.count += 1


def values(gradients: object) -> list[Tensor | None]:
    """Return the gradients in the order of the inputs."""
    found: Sequence[Tensor | None]
    found = gradients.values() if isinstance(gradients, dict) else gradients  # type: ignore[assignment]
    return list(found)


def numbers(call: Call, gradients: Sequence[Tensor | None]) -> list[Array]:
    """Return gradients in double precision, zeros for None."""
    return [
        np.zeros(x.shape) if gradient is None else wide(f"dL/d{x.name}", gradient)
        for x, gradient in zip(call.inputs, gradients, strict=True)
    ]


def weights(y: Argument, v: Argument | None) -> Array:
    """Return a cotangent in double precision, as torch casts it; ones for None."""
    if v is None:
        return np.ones(y.shape)
    value = v.value
    if isinstance(value, Tensor) and v.dtype != y.dtype:
        with plain_torch():
            value = value.detach().to(y.dtype)
    return wide(v.name, value)


def sizes(call: Call, v: Sequence[Array]) -> list[Array]:
    """Return one cotangent for each output, of batches the largest absolute values."""
    return [abs(each).max(axis=0) for each in v] if call.batched else list(v)


def wide(name: str, value: object) -> Array:
    """Return numbers in double precision."""
    array = as_array(name, value)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def said(error: Exception) -> str:
    """Return what an error of a reader's says, its type if it can't be asked."""
    with suppress(Exception):
        return str(error) or repr(error)
    return type(error).__name__


def cotangent(y: Argument, entries: Array) -> Tensor:
    """Return a cotangent for an output, with these entries."""
    with plain_torch():
        return torch.tensor(entries, dtype=y.dtype, device=y.device)
