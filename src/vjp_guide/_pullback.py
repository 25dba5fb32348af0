"""Vector-Jacobian products of an existing graph for many cotangents at once."""

import re
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from vjp_guide._graph import edge, walk

# The rows that torch.vmap gives for these are wrong, without an error (torch 2.13).
_WRONG = {
    "AsStridedScatterBackward0": "aten::as_strided_scatter",
    "CdistBackward0": "aten::_cdist_backward",
}
_SLOW = "There is a performance drop"


class Pullback:
    """The map from cotangents of ``outputs`` to vector-Jacobian products.

    It runs one backward pass for a whole batch of cotangents by :func:`torch.vmap`.
    Where that isn't possible it runs one pass for each cotangent, and remembers why.
    """

    def __init__(self, outputs: Tensor, inputs: Sequence[Tensor]) -> None:
        self._outputs = outputs
        self._inputs = inputs
        self._looped = _wrong_operator(outputs)
        self._slow = ""

    def __call__(self, cotangents: Tensor) -> tuple[Tensor, ...]:
        """Return one product for each cotangent, stacked in front, by input."""
        if not self._looped:
            try:
                return self._vectorized(cotangents)
            except RuntimeError as error:
                self._looped = _operator(error)
        rows = zip(*map(self.single, cotangents), strict=True)
        return tuple(map(torch.stack, rows))

    def single(self, cotangent: Tensor) -> tuple[Tensor, ...]:
        """Return the product for one cotangent, by input."""
        return tuple(grad.to_dense() for grad in self._grad(cotangent))

    def rows_within(self, max_bytes: int) -> int:
        """Return how many cotangents fit into ``max_bytes`` with their products."""
        row = sum(t.numel() * t.element_size() for t in (self._outputs, *self._inputs))
        return max(1, max_bytes // max(1, row))

    def warn(self, *, stacklevel: int) -> None:
        """Warn if a pass wasn't vectorized, naming the operator."""
        if self._looped:
            message = (
                "one backward pass ran for each cotangent, which is slow: torch.vmap "
                f"can't be used for {self._looped}"
            )
        elif self._slow:
            message = f"torch.vmap has no batching rule for {self._slow} and is slow"
        else:
            return
        warnings.warn(message, UserWarning, stacklevel=stacklevel + 1)

    def _grad(self, cotangent: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(
            self._outputs,
            self._inputs,
            cotangent,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )

    def _vectorized(self, cotangents: Tensor) -> tuple[Tensor, ...]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("always", _SLOW, UserWarning)
            vectorized = torch.vmap(self._grad, randomness="same")
            rows: tuple[Tensor, ...] = vectorized(cotangents)
        for warning in caught:
            if str(warning.message).startswith(_SLOW):
                self._slow = _operator(warning.message)
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        return rows


def _operator(reason: Exception | str) -> str:
    """Return the operator that a message names, else its first sentence."""
    text = str(reason)
    found = re.search(r"aten::\w+(\.\w+)?", text)
    return found.group() if found else f"this graph ({text.partition('. ')[0]})"


def _wrong_operator(outputs: Tensor) -> str:
    """Return the first operator of the graph whose batching rule is wrong, or none."""
    names = {node.name() for node in walk([edge(outputs)])}
    return next((_WRONG[name] for name in _WRONG if name in names), "")
