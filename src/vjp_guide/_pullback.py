"""Vector-Jacobian products of an existing graph for many cotangents at once."""

import gc
import re
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import compress
from typing import Any

import torch
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from vjp_guide._graph import Edges, edge, walk
from vjp_guide._quiet import RetainedGrads, plain_modes, quiet_randomness

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
    A hook could keep what it gets, which is dead after the pass of :func:`torch.vmap`:
    so with hooks, too, each cotangent has its own pass.
    """

    def __init__(
        self, outputs: Tensor, inputs: Sequence[Tensor], *, one_by_one: bool = False
    ) -> None:
        self._outputs = outputs
        self._inputs = inputs
        edges = walk([edge(outputs)])
        self._one_by_one = one_by_one or _has_hooks(edges)
        self._looped = "" if one_by_one else _wrong_operator(edges)
        self._slow = ""
        self._retained = RetainedGrads()
        self._seen = False

    @contextmanager
    def passes(self) -> Iterator[None]:
        """Let the passes leave no trace, and depend on no setting."""
        try:
            with quiet_randomness((self._outputs, *self._inputs)), plain_modes():
                yield
        finally:
            self._retained.restore()

    def __call__(self, cotangents: Tensor) -> tuple[Tensor, ...]:
        """Return one product for each cotangent, stacked in front, by input."""
        if not (self._looped or self._one_by_one):
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
        if self._seen or self._retained.found:
            return self._pass(cotangent)
        with self._retained:
            gradients = self._pass(cotangent)
        self._seen = True
        return gradients

    def _pass(self, cotangent: Tensor) -> tuple[Tensor, ...]:
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


def _wrong_operator(edges: Edges) -> str:
    """Return an operator of the graph whose batching rule is wrong, or none."""
    names = {node.name() for node in edges}
    return next((_WRONG[name] for name in _WRONG if name in names), "")


def _has_hooks(edges: Edges) -> bool:
    """Return whether a tensor of the graph may have a hook.

    The graph doesn't lead to them; Python's collector knows the dictionaries that hold
    them. One that only C++ holds may be of any graph; one that another object of
    Python holds, such as a module, is of none.
    """
    if not _any_left(RemovableHandle.next_id):
        return False
    kept = _dictionaries_of_hooks()
    owners = [each for each in gc.get_referrers(*kept) if each is not kept]
    tensors = [owner for owner in owners if isinstance(owner, Tensor)]
    held = {id(each) for owner in owners for each in gc.get_referents(owner)}
    return any(edge(tensor)[0] in edges for tensor in tensors) or any(
        id(hooks) not in held for hooks in kept
    )


@lru_cache(maxsize=1)
def _any_left(registered: int) -> bool:
    """Return whether any hook is left of those registered so far in the process.

    To look takes longer than a small pass; where none is left, only a new one, which
    torch counts, can change that.
    """
    return registered > 0 and bool(_dictionaries_of_hooks())


def _dictionaries_of_hooks() -> list[OrderedDict[Any, Any]]:
    objects = gc.get_objects()
    ordered = map({OrderedDict}.__contains__, map(type, objects))
    return [each for each in compress(objects, ordered) if _holds_hooks(each)]


def _holds_hooks(value: OrderedDict[Any, Any]) -> bool:
    """Return whether the keys are numbers of hooks, which torch counts up."""
    return bool(value) and all(
        type(key) is int and key < RemovableHandle.next_id and callable(value[key])
        for key in value
    )
