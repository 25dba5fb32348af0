"""Which module of a model computed what a backward node belongs to."""

from bisect import bisect_right
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

import torch
from torch import nn
from torch.autograd.graph import Node

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

# The stubs don't know it.
_next_number: Callable[[], int] = torch.autograd._get_sequence_nr  # type: ignore[attr-defined] # noqa: SLF001 (it has no public name)


class ModuleNames:
    """Notes which backward nodes belong to which module of a model.

    Autograd numbers the nodes of a thread in the order of the forward pass.
    The hooks that this places on the modules note the numbers at which each module
    begins and ends; they are removed at the end of the ``with`` block.

    Args:
        model: The module whose forward pass runs in the block.

    Give it to :func:`vjp_guide.trace` as ``modules``, and
    :meth:`vjp_guide.Trace.select` finds the nodes of a module by its path, which is
    that of :meth:`~torch.nn.Module.named_modules`.

    >>> import torch
    >>> from vjp_guide import ModuleNames, trace
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    >>> with ModuleNames(model) as names:
    ...     loss = model(torch.ones(1, 2)).sum()
    >>> record = trace(loss, dict(model.named_parameters()), modules=names)
    >>> [(node.operation, node.module) for node in record.nodes[:3]]
    [('SumBackward0', ''), ('ReluBackward0', '1'), ('AddmmBackward0', '0')]
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._paths = [""]
        self._numbers = [0]
        self._names: list[str] = [""]
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        """Begin to note.

        Returns:
            This object.
        """
        for path, module in self._model.named_modules():
            self._handles += [
                module.register_forward_pre_hook(
                    lambda *_, path=path: self._begin(path)
                ),
                module.register_forward_hook(lambda *_: self._end(), always_call=True),
            ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def path(self, node: Node) -> str:
        """Return the path of the innermost module, ``""`` if there is none."""
        number = node._sequence_nr()  # noqa: SLF001 (it has no public name)
        return self._names[bisect_right(self._numbers, number) - 1]

    @property
    def current(self) -> str:
        """The path of the innermost module that runs now, ``""`` if there is none."""
        return self._paths[-1]

    def _begin(self, path: str) -> None:
        self._paths.append(path)
        self._note()

    def _end(self) -> None:
        self._paths.pop()
        self._note()

    def _note(self) -> None:
        self._numbers.append(_next_number())
        self._names.append(self._paths[-1])
