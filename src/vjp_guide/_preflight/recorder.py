"""The operations of a forward pass, each with its arguments and where it was called."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from inspect import currentframe, getargvalues, unwrap
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import BackwardCFunction
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from vjp_guide._graph import edge, walk
from vjp_guide._preflight.trial import Argument, Trial, may_carry
from vjp_guide._sources import innermost
from vjp_guide._trace.modules import ModuleNames
from vjp_guide._trace.snapshot import shape_of

_GENERATED = "GeneratedBackwardFor_"  # torch.library makes one for a custom operator


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an operation was called: in which module, and in which line."""

    module: str
    line: str


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation with arguments of one kind.

    Attributes:
        name: What torch calls it.
        trial: The call of it alone.
        spots: Where it was called, each once.
    """

    name: str
    trial: Trial
    spots: dict[Spot, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """A tensor from before the call, and what it was."""

    tensor: Tensor
    values: Tensor
    version: int
    requires_grad: bool

    def restore(self) -> None:
        """Make it what it was."""
        if self.tensor.requires_grad and not self.requires_grad:
            self.tensor.detach_()
        with torch.no_grad():
            self.tensor.copy_(self.values)
        torch._C._autograd._unsafe_set_version_counter(  # noqa: SLF001 (it has no public name)
            (self.tensor,), (self.version,)
        )


class Recorder(TorchDispatchMode):
    """Notes the operations that run, and what they write to from before.

    A custom Function counts as one operation.

    Args:
        names: What knows the modules, None for a function.
    """

    def __init__(self, names: ModuleNames | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch has no types here
        self._names = names
        self._found: dict[object, Operation] = {}
        self._known: set[StorageWeakRef] = set()
        self._mapped: set[StorageWeakRef] = set()
        self._kept: dict[int, _Kept] = {}
        # Not for longer: more that share a forward pass may be defined later.
        self._functions: Callable[[CodeType], list[type[Function]]] = cache(_functions)
        self._applied: FrameType | None = None
        self._ran: set[object] = set()
        self._is_unsure = False

    @property
    def operations(self) -> list[Operation]:
        """The operations in the order of their first calls."""
        return [*self._found.values()]

    def record(self, trial: Trial) -> list[Tensor]:
        """Run a call.

        Returns:
            What it returns, with history.
        """
        outputs = self._run(trial)
        if self._is_unsure:
            nodes = walk([edge(output) for output in outputs if output.requires_grad])
            self._ran = {getattr(type(node), "_forward_cls", None) for node in nodes}
            self.restore()
            self._found.clear()
            outputs = self._run(trial)
        return outputs

    def _run(self, trial: Trial) -> list[Tensor]:
        _, values = trial.tracked()
        for argument, value in zip(trial.arguments, values, strict=True):
            if not argument.is_outer:
                self._known |= _memory(value)
            if argument.is_mapped:
                self._mapped |= _memory(value)
        with self._names or nullcontext(), self:
            return trial.outputs(values)

    def restore(self) -> None:
        """Make the tensors from before what they were."""
        for kept in self._kept.values():
            kept.restore()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spare the first call of a process the import of the compiler, of seconds.

        Returns:
            False.
        """
        return False

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401 (torch's own types are no narrower)
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Note an operation and run it.

        Returns:
            What it returns.
        """
        given = kwargs or {}
        written = _written(func, args, given)
        self._note(func, args, given)
        self._keep(written)
        result = func(*args, **given)
        self._follow(_tensors((args, given)), _tensors(result), written)
        return result

    def _note(
        self,
        func: Any,  # noqa: ANN401 (as above)
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        frames = list(_frames(currentframe()))
        name = str(func)
        # The outermost forward pass of a custom Function: it has the derivative.
        own = (each for each in reversed(frames) if self._functions(each.f_code))
        applied = next(own, None)
        if applied:
            if applied is self._applied:  # what else it runs is a part of it
                return
            self._applied = applied
            frames = frames[frames.index(applied) + 1 :]
            kind, args, kwargs = *self._called(applied), {}
            name, func = kind.__name__, kind.apply
        line = innermost((each.f_code.co_filename, each.f_lineno) for each in frames)
        spot = Spot(self._names.current if self._names else "", line)
        self._operation(name, func, args, kwargs).spots[spot] = None

    def _called(self, frame: FrameType) -> tuple[Any, tuple[Any, ...]]:
        """Return the custom Function of a forward pass that begins, and its arguments.

        Functions may share an inherited forward pass, which then doesn't tell which of
        them was called: the graph of the outputs does.
        """
        names, varargs, _, values = getargvalues(frame)
        given = [*(values[name] for name in names), *values.get(varargs or "", ())]
        if given and isinstance(given[0], BackwardCFunction):
            return given[0]._forward_cls, tuple(given[1:])  # type: ignore[attr-defined] # noqa: SLF001 (it has no public name)
        kinds = self._functions(frame.f_code)
        ran = [kind for kind in kinds if kind in self._ran] or kinds
        self._is_unsure |= len(ran) > 1
        return ran[0], tuple(given)

    def _operation(
        self,
        name: str,
        func: Any,  # noqa: ANN401 (as above)
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Operation:
        leaves, spec = pytree.tree_flatten((args, kwargs))
        key = (name, *map(self._described, leaves))
        if key not in self._found:
            self._found[key] = Operation(name, self._alone(func, leaves, spec))
        return self._found[key]

    def _described(self, value: object) -> object:
        if isinstance(value, Tensor):
            argument = self._argument(value)
            flags = (argument.is_differentiated, argument.is_mapped, argument.is_outer)
            return (shape_of(value), value.dtype, value.layout, *flags)
        if isinstance(value, int | float | str):
            return type(value), value
        return id(value)  # it lives as long as the trial that holds it

    def _alone(
        self,
        func: Any,  # noqa: ANN401 (as above)
        leaves: list[Any],
        spec: pytree.TreeSpec,
    ) -> Trial:
        numbers = [n for n, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]

        def call(values: list[Tensor]) -> object:
            changed = dict(zip(numbers, values, strict=True))
            new = [changed.get(n, leaf) for n, leaf in enumerate(leaves)]
            args, kwargs = pytree.tree_unflatten(new, spec)
            return func(*args, **kwargs)

        return Trial(call, [self._argument(leaves[n]) for n in numbers])

    def _argument(self, tensor: Tensor) -> Argument:
        memory = _memory(tensor)
        is_outer = bool(memory - self._known)
        carries = may_carry(tensor) and tensor.requires_grad and not is_outer
        return Argument(tensor, carries, bool(memory & self._mapped), is_outer)

    def _keep(self, written: Sequence[Tensor]) -> None:
        for tensor in written:
            whole = tensor if tensor._base is None else tensor._base  # noqa: SLF001 (it has no public name)
            if _memory(whole) - self._known and id(whole) not in self._kept:
                values = whole.detach().clone()
                kept = _Kept(whole, values, whole._version, whole.requires_grad)  # noqa: SLF001 (as above)
                self._kept[id(whole)] = kept

    def _follow(
        self, taken: list[Tensor], returned: list[Tensor], written: list[Tensor]
    ) -> None:
        before = _memory(*taken)
        made = _memory(*returned)
        self._known |= made - before
        if before & self._mapped:
            self._mapped |= made | _memory(*written)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of the recorded call, from the inside."""
    while frame and frame.f_code is not Recorder.record.__code__:
        yield frame
        frame = frame.f_back


def _functions(code: CodeType) -> list[type[Function]]:
    """Return the custom Functions whose forward pass this is.

    Newer releases of torch call it from C++, where no frame tells.
    """
    if code.co_name != "forward":
        return []
    return [
        kind
        for kind in _below(Function)
        if getattr(unwrap(kind.forward), "__code__", None) is code
        and not kind.__name__.startswith(_GENERATED)
    ]


def _below(kind: type) -> Iterator[Any]:
    each: type
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _tensors(values: object) -> list[Tensor]:
    return [leaf for leaf in pytree.tree_leaves(values) if isinstance(leaf, Tensor)]


def _written(
    func: Any,  # noqa: ANN401 (as above)
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> list[Tensor]:
    """Return the tensors that an operation writes to."""
    declared = func._schema.arguments  # noqa: SLF001 (it has no public name)
    given = {
        **dict(zip((each.name for each in declared), args, strict=False)),
        **kwargs,
    }
    writes = [each.name for each in declared if each.is_write]
    if "batch_norm" in str(func):  # some don't declare what they write
        writes += ["running_mean", "running_var"]
    return _tensors([given.get(name) for name in writes])


def _memory(*tensors: Tensor) -> set[StorageWeakRef]:
    """Return where the entries of tensors are, nothing for those without storage."""
    found = set()
    for tensor in tensors:
        with suppress(NotImplementedError, RuntimeError):
            found.add(StorageWeakRef(tensor.untyped_storage()))
    return found
