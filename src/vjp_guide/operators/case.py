"""One call of an operator as a function of the tensors to differentiate."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from vjp_guide.operators.facts.declare import NONE, Special

Tensors = tuple[Tensor, ...]

_SEED = 42  # that of the random operators in torch's tests
_JITTER = 0.3


@dataclass(frozen=True, slots=True)
class Case:
    """An operator with its arguments.

    Attributes:
        call: Takes the arguments, and returns what the operator returns.
        leaves: The flattened arguments.
        spec: How to build the arguments from ``leaves``.
        places: Where ``leaves`` holds the tensors to differentiate.
    """

    call: Callable[..., Any]
    leaves: tuple[Any, ...]
    spec: Any
    places: tuple[int, ...]

    @property
    def inputs(self) -> Tensors:
        """The tensors to differentiate with respect to."""
        return tuple(self.leaves[place].detach().clone() for place in self.places)

    @property
    def size(self) -> int:
        """How many numbers there are to differentiate with respect to."""
        return sum(self.leaves[place].numel() for place in self.places)

    def __call__(self, *inputs: Tensor) -> Tensors:
        """Return the outputs that can have a derivative, dense, with their graph."""
        return tuple(map(_dense, filter(_is_numeric, self.outputs(*inputs))))

    def outputs(self, *inputs: Tensor) -> list[Any]:
        """Return all outputs, flattened."""
        args, kwargs = self.arguments(*inputs)
        with seeded():
            return pytree.tree_leaves(self.call(*args, **kwargs))

    def arguments(self, *inputs: Tensor) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of the call, positional and by name."""
        given = dict(zip(self.places, inputs, strict=True))
        leaves = [
            given[place] if place in given else _fresh(leaf)
            for place, leaf in enumerate(self.leaves)
        ]
        args, kwargs = pytree.tree_unflatten(leaves, self.spec)
        return args, kwargs

    def jittered(self) -> "Case":
        """Return the call with noise added to its inputs."""
        generator = torch.Generator().manual_seed(99)
        leaves = list(self.leaves)
        for place, x in zip(self.places, self.inputs, strict=True):
            noise = torch.randn(x.shape, dtype=x.dtype, generator=generator)
            leaves[place] = x + _JITTER * noise
        return replace(self, leaves=tuple(leaves))

    def cropped(self) -> "Case":
        """Return the call with matrices cut to two rows and three columns."""
        cut = (
            leaf.detach()[:2, :3].clone().requires_grad_(leaf.requires_grad)
            if isinstance(leaf, Tensor) and leaf.ndim == 2  # noqa: PLR2004 - a matrix
            else leaf
            for leaf in self.leaves
        )
        return replace(self, leaves=tuple(cut))

    def arguments_text(self) -> str:
        """Return the dtype and the shape of each tensor, in the order of the call."""
        tensors = (leaf for leaf in self.leaves if isinstance(leaf, Tensor))
        return ", ".join(
            f"{str(t.dtype).removeprefix('torch.')} {list(t.shape)}" for t in tensors
        )

    def nodes(self) -> str:
        """Return the graph nodes of the outputs, which tell what kernel ran."""
        outputs = self(*leaves(self.inputs))
        names = (y.grad_fn.name() for y in outputs if y.grad_fn)
        return ", ".join(dict.fromkeys(names))

    def kind(self) -> str:
        """Return what tells the call from others: shapes, options, what is tracked."""
        parts = [
            tuple(leaf.shape) if isinstance(leaf, Tensor) else leaf
            for leaf in self.leaves
        ]
        return f"{parts} {self.spec} {self.places}"


def case_of(op: Any, sample: Any, special: Special = NONE) -> Case:
    """Return the call that a sample of torch's tests describes.

    Args:
        op: The description of the operator.
        sample: Its arguments.
        special: What is special about the operator.
    """
    call = as_tested(op, sample) if special.symmetric else op.get_op()
    arguments = (sample.input, *sample.args), dict(sample.kwargs)
    return call_of(call, *arguments, fixed=special.fixed)


def call_of(
    call: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    fixed: frozenset[int] = frozenset(),
) -> Case:
    """Return a call; ``fixed`` tells which inputs that require grad stay constant."""
    leaves, spec = pytree.tree_flatten((args, kwargs))
    tracked = [place for place, leaf in enumerate(leaves) if _is_tracked(leaf)]
    places = tuple(p for order, p in enumerate(tracked) if order not in fixed)
    return Case(call, tuple(leaves), spec, places)


def as_tested(op: Any, sample: Any = None) -> Callable[..., Any]:
    """Return the operator between what torch's tests put before and after it."""

    def call(*args: Any, **kwargs: Any) -> Any:
        result = op.gradcheck_wrapper(op.get_op(), *args, **kwargs)
        return sample.output_process_fn_grad(result) if sample else result

    return call


def tracked(case: Case) -> Callable[..., Tensors]:
    """Return the function of the inputs that yields the outputs with a derivative."""
    keep = kept(case)

    def function(*inputs: Tensor) -> Tensors:
        outputs = case(*inputs)
        return tuple(outputs[place] for place in keep)

    return function


def kept(case: Case) -> list[int]:
    """Return which of the outputs have a derivative."""
    outputs = case(*leaves(case.inputs))
    return [place for place, y in enumerate(outputs) if y.requires_grad]


def tensor_places(case: Case) -> list[int]:
    """Return where the flattened arguments hold tensors."""
    return [p for p, leaf in enumerate(case.leaves) if isinstance(leaf, Tensor)]


def leaves(tensors: Tensors) -> Tensors:
    """Return copies that require grad."""
    return tuple(t.detach().clone().requires_grad_() for t in tensors)


@contextmanager
def seeded() -> Iterator[None]:
    """Give random operators the same numbers each time, and hush torch's warnings."""
    # torch.manual_seed also asks the other devices, which takes longer than the call.
    state = torch.default_generator.get_state()
    torch.default_generator.manual_seed(_SEED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.default_generator.set_state(state)


def _is_numeric(value: object) -> bool:
    return isinstance(value, Tensor) and (
        value.is_floating_point() or value.is_complex()
    )


def _is_tracked(leaf: object) -> bool:
    return (
        isinstance(leaf, Tensor)
        and leaf.requires_grad
        and leaf.layout == torch.strided
        and _is_numeric(leaf)
    )


def _fresh(leaf: Any) -> Any:
    return leaf.detach().clone() if isinstance(leaf, Tensor) else leaf


def _dense(tensor: Tensor) -> Tensor:
    strided = tensor.layout == torch.strided
    return tensor if strided else tensor.to_dense()
