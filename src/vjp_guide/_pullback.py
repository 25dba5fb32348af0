"""Vector-Jacobian products of an existing graph for many cotangents at once."""

import re
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import RLock

import torch
from torch import Tensor
from torch._C._functorch import (
    _add_batch_dim,
    _remove_batch_dim,
    _vmap_decrement_nesting,
    _vmap_increment_nesting,
)
from torch._functorch.predispatch import lazy_load_decompositions
from torch.autograd.graph import _engine_run_backward

from vjp_guide._graph import Edges, edge, walk
from vjp_guide._hooks import any_custom, runs_torch_alone, watched_hooks
from vjp_guide._quiet import RetainedGrads, quiet_randomness

# The rows that torch.vmap gives for these are wrong, without an error.
_WRONG = {
    "AsStridedScatterBackward0": "aten::as_strided_scatter",
    "CdistBackward0": "aten::_cdist_backward",
}
_Gradients = tuple[Tensor | None, ...]
_SLOW = "There is a performance drop"
_ONCE = "selective activation checkpoint"  # in torch's error
# Between a pass and the return of what it wrote to tensors with retain_grad(), another
# thread must not add to it. Code of the reader's could wait for that thread.
_turns = RLock()


class Pullback:
    """The map from cotangents of ``outputs`` to vector-Jacobian products.

    It runs one backward pass for a whole batch of cotangents by :func:`torch.vmap`.
    Where that isn't possible it runs one pass for each cotangent, and remembers why.
    A hook or a custom backward could keep what it gets, which is dead after the pass of
    :func:`torch.vmap`: so with hooks, and where a first pass leaves something behind,
    each cotangent has its own pass.
    """

    def __init__(
        self, outputs: Tensor, inputs: Sequence[Tensor], *, one_by_one: bool = False
    ) -> None:
        self._outputs = outputs
        self._inputs = tuple(inputs)
        self._one_by_one = one_by_one
        edges = {} if one_by_one else walk([edge(outputs)])
        self._looped = _unbatched(outputs) or _wrong_operator(edges)
        self.torch_alone = not one_by_one and runs_torch_alone(edges)
        self._turn = _turns if self.torch_alone else nullcontext()
        self._slow = ""
        self._retained = RetainedGrads(notes_all=any_custom(edges))
        self._known = False

    def quiet(self) -> AbstractContextManager[None]:
        """Let the passes leave random states as they are.

        Returns:
            What does so for a block.
        """
        tensors = (self._outputs, *self._inputs)
        return nullcontext() if self.torch_alone else quiet_randomness(tensors)

    def __call__(self, cotangents: Tensor) -> tuple[Tensor, ...]:
        """Return one product for each cotangent, stacked in front, by input."""
        if self._known or self.torch_alone:
            return self._many(cotangents)
        first = tuple(row[None] for row in self.single(cotangents[0]))
        if len(cotangents) == 1:
            return first
        others = self._many(cotangents[1:])
        return tuple(map(torch.cat, zip(first, others, strict=True)))

    def single(self, cotangent: Tensor) -> tuple[Tensor, ...]:
        """Return the product for one cotangent, by input."""
        if self._known:
            gradients = self._grad(self._own(cotangent))
        else:
            gradients = self._first(cotangent)
        return tuple(gradient.to_dense() for gradient in gradients)

    def _own(self, cotangent: Tensor) -> Tensor:
        """Return a copy where code of the reader's may edit or keep what it gets.

        In a loop as well: as_strided_scatter reads another row of a larger tensor.
        """
        shared = self.torch_alone and not self._looped
        return cotangent if shared else cotangent.clone()

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

    def _first(self, cotangent: Tensor) -> tuple[Tensor, ...]:
        """Return the product for one cotangent, and see what a pass touches."""
        gradients: tuple[Tensor, ...] = ()
        with self._turn:
            try:
                with self._watched() as ran, self._retained:
                    gradients = self._grad(self._own(cotangent))
            finally:
                self._retained.look(gradients)
                self._retained.restore()
        self._known = True
        self._one_by_one |= bool(ran) or self._retained.outlived(gradients)
        return gradients

    def _watched(self) -> AbstractContextManager[Sequence[object]]:
        return nullcontext(()) if self.torch_alone else watched_hooks()

    def _many(self, cotangents: Tensor) -> tuple[Tensor, ...]:
        if len(cotangents) > 1 and not (self._looped or self._one_by_one):
            try:
                return self._vectorized(cotangents)
            except RuntimeError as error:
                self._looped = _operator(error)
        rows = zip(*map(self.single, cotangents), strict=True)
        return tuple(map(torch.stack, rows))

    def _grad(self, cotangent: Tensor) -> tuple[Tensor, ...]:
        with self._turn:
            try:
                # torch.autograd.grad asks what is known here, as long as this takes.
                found: _Gradients = _engine_run_backward(
                    (self._outputs,),
                    (cotangent,),
                    True,  # noqa: FBT003 (keep the graph)
                    False,  # noqa: FBT003 (and make none)
                    self._inputs,
                    True,  # noqa: FBT003 (allow unused inputs)
                    accumulate_grad=False,
                )
            except RuntimeError as error:
                _require_more_than_once(error)
                raise
            finally:
                self._retained.restore()
        pairs = zip(found, self._inputs, strict=True)
        return tuple(torch.zeros_like(x) if g is None else g for g, x in pairs)

    def _vectorized(self, cotangents: Tensor) -> tuple[Tensor, ...]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.filterwarnings("always", _SLOW, UserWarning)
            rows = self._batch(cotangents)
        for warning in caught:
            if str(warning.message).startswith(_SLOW):
                self._slow = _operator(warning.message)
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        return rows

    def _batch(self, cotangents: Tensor) -> tuple[Tensor, ...]:
        """Return what :func:`torch.vmap` does, which takes longer for small rows."""
        lazy_load_decompositions()
        count = len(cotangents)
        level = _vmap_increment_nesting(count, "same")
        try:
            product = self._grad if self._known else self._first
            products = product(_add_batch_dim(cotangents, 0, level))
            return tuple(_remove_batch_dim(each, level, count, 0) for each in products)
        finally:
            _vmap_decrement_nesting()


def _require_more_than_once(error: RuntimeError) -> None:
    if _ONCE in str(error):
        raise ValueError(
            "outputs are computed under a selective activation checkpoint, whose one "
            "backward pass is spent, and this takes more: compute them anew, without "
            "its context_fn"
        ) from error


def _operator(reason: Exception | str) -> str:
    """Return the operator that a message names, else its first sentence."""
    text = str(reason)
    found = re.search(r"aten::\w+(\.\w+)?", text)
    kind = " of sparse tensors" * ("from the 'Sparse" in text)
    return found.group() + kind if found else f"this graph ({text.partition('. ')[0]})"


def _unbatched(outputs: Tensor) -> str:
    """Return the layout of outputs that :func:`torch.vmap` can't batch, or none."""
    sparse = outputs.layout is not torch.strided and not outputs.is_nested
    return f"outputs of layout {outputs.layout}" if sparse else ""


def _wrong_operator(edges: Edges) -> str:
    """Return an operator of the graph whose batching rule is wrong, or none."""
    names = {node.name() for node in edges}
    return next((_WRONG[name] for name in _WRONG if name in names), "")
