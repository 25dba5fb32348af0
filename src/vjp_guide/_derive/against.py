"""Where a backward pass that was written by hand departs from the derived one."""

import linecache
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import currentframe, unwrap
from itertools import islice, zip_longest
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from vjp_guide._derive.content import Departure, Line
from vjp_guide._derive.mistakes import Expression, Scope, mistakes, same
from vjp_guide._sources import is_own


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What a hand-written pass is compared with.

    Attributes:
        inputs: The inputs by name.
        outputs: The outputs.
        cotangents: Theirs, None for those without a derivative.
        gradients: The derived line of each differentiated input's product.
        lines: All derived lines, in order.
        backward: Those that depend on cotangents.
        scope: The values of all names in them, and of the function's variables.
    """

    inputs: Mapping[str, Tensor]
    outputs: Sequence[Tensor]
    cotangents: Sequence[Tensor | None]
    gradients: Mapping[str, Line]
    lines: Sequence[Line]
    backward: Sequence[Line]
    scope: Mapping[str, Any]

    def flows(self, expression: Expression) -> bool:
        """Return whether a part of a derived line may depend on a cotangent."""
        return expression.line in self.backward


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Step:
    """What one operation of a hand-written pass gave, or what the pass returned.

    Attributes:
        place: The file and the number of the line.
        code: The text of the line.
        value: The tensor, None if none was returned.
        reads: The steps whose values it took.
        flows: Whether it depends on a cotangent.
        right: What was to be returned, if it is returned.
    """

    place: str
    code: str
    value: Any
    reads: frozenset[int]
    flows: bool = True
    right: Line | None = None


def departure(function: type[Function], derived: Derived) -> Departure | None:
    """Return the first line of a function that is wrong, None if all are right.

    Args:
        function: The function with the hand-written pass.
        derived: What it should compute.

    Raises:
        ValueError: If what it returns has no gradient.
    """
    outputs = _applied(function, derived)
    nodes = [y.grad_fn for y in outputs if y.grad_fn is not None]
    if not nodes:
        raise ValueError(
            f"against must return a tensor with a gradient, but {function.__name__} "
            "marks all that it returns as non-differentiable"
        )
    for expected, found in zip_longest(
        derived.outputs, outputs[: len(derived.outputs)]
    ):
        if not same(found, expected):
            place = _place(function.forward)
            step = _Step(place=place, code="forward", value=found, reads=frozenset())
            return _departure(step, None, expected, "the output is another one")
    given = [
        torch.zeros_like(y) if v is None else v
        for y, v in zip_longest(outputs, derived.cotangents)
    ]
    recorder = _Steps(given)
    products = _products(function, nodes[0], given, recorder)
    wrong = list(recorder.wrong(_place(function.backward), derived, products))
    wrong.sort(key=lambda end: max(end.reads, default=len(recorder.steps)))

    def cures(step: _Step, value: Tensor) -> bool:
        """Return whether a value in a step's place makes right what comes from it."""
        patched = _Steps(given, patch=(recorder.steps.index(step), value))
        node = _applied(function, derived)[0].grad_fn
        try:
            found = _products(function, node, given, patched)
        except (IndexError, RuntimeError):  # of a value of another shape
            return False
        left = {s.right for s in patched.wrong("", derived, found)}
        reached = recorder.reached(step, wrong)
        return not left & {s.right for s in reached}

    return _first(recorder.steps, wrong, derived, cures)


def _products(
    function: type[Function], node: Any, given: Sequence[Tensor], recorder: "_Steps"
) -> tuple[Any, ...]:
    """Return what the backward pass returns, recorded."""
    with torch.no_grad(), recorder:
        returned = function.backward(node, *given)
    return returned if isinstance(returned, tuple) else (returned,)


def _applied(function: type[Function], derived: Derived) -> list[Tensor]:
    """Return the outputs of a function, with their graph."""
    inputs = [
        x.clone().requires_grad_(name in derived.gradients)
        for name, x in derived.inputs.items()
    ]
    returned = pytree.tree_leaves(function.apply(*inputs))
    return [t for t in returned if isinstance(t, Tensor)]


def _place(method: Any) -> str:
    code = unwrap(method).__code__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"


class _Steps(TorchFunctionMode):
    """Notes each operation of a hand-written pass, with the line that calls it."""

    def __init__(
        self, cotangents: Sequence[Tensor], patch: tuple[int, Any] = (-1, None)
    ) -> None:
        super().__init__()
        self._patch = patch
        self.steps: list[_Step] = []
        self._cotangents = {id(v) for v in cotangents}
        self._latest: dict[int, tuple[Tensor, int]] = {}

    def __torch_function__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Return what a function of torch does, noted."""
        del types
        returned = func(*args, **(kwargs or {}))
        if isinstance(returned, Tensor) and len(self.steps) == self._patch[0]:
            returned = self._patch[1]
        place, code = _line(currentframe())
        given = pytree.tree_leaves((args, kwargs))
        reads = self._reads(given)
        flows = any(id(v) in self._cotangents for v in given)
        flows = flows or any(self.steps[at].flows for at in reads)
        for value in pytree.tree_leaves(returned):
            if isinstance(value, Tensor):
                self._latest[id(value)] = value, len(self.steps)
                kept = value.detach().clone()
                step = _Step(
                    place=place, code=code, value=kept, reads=reads, flows=flows
                )
                self.steps.append(step)
        return returned

    def reached(self, step: _Step, ends: Iterable[_Step]) -> list[_Step]:
        """Return the products that a step leads to."""
        at = self.steps.index(step)
        return [end for end in ends if at in _sources(self.steps, set(end.reads))]

    def _reads(self, values: Iterable[Any]) -> frozenset[int]:
        known = [self._latest[id(v)] for v in values if id(v) in self._latest]
        return frozenset(place for _, place in known)

    def wrong(
        self, place: str, derived: Derived, returned: Sequence[Any]
    ) -> Iterator[_Step]:
        """Yield what was returned in the place of other products."""
        for name, found in zip_longest(derived.inputs, returned):
            right = derived.gradients.get(name)
            if right is None or same(found, derived.scope[right.name]):
                continue
            reads = self._reads([found])
            made = [self.steps[at] for at in reads]
            yield _Step(
                place=made[0].place if made else place,
                code=made[0].code if made else "return",
                value=found,
                reads=reads,
                right=right,
            )


def _line(frame: FrameType | None) -> tuple[str, str]:
    """Return the place and the text of the innermost line of the reader's code."""
    while frame and is_own(frame.f_code.co_filename):
        frame = frame.f_back
    assert frame  # noqa: S101 - someone has called derive
    name, number = frame.f_code.co_filename, frame.f_lineno
    code = _PROMPT.sub("", linecache.getline(name, number).strip()).strip()
    return f"{Path(name).name.strip('<>')}:{number}", code


_PROMPT = re.compile(r"^(>>>|\.\.\.)")


def _first(
    steps: Sequence[_Step],
    wrong: Sequence[_Step],
    derived: Derived,
    cures: Callable[[_Step, Tensor], bool],
) -> Departure | None:
    """Return the first step that is wrong, and that a wrong product came from.

    A value that the derived pass doesn't have is right if a right one comes from it.
    What a mistake in a step explains is believed if the products are right without it.
    """
    scope = Scope.of(derived.lines, derived.scope)
    known = scope.expressions(derived.lines)
    right = {at for at, step in enumerate(steps) if _is_known(step.value, known)}
    bad = {at for step in wrong for at in step.reads}
    places = sorted(_sources(steps, bad) - _sources(steps, right) - bad)
    ends = {step.place: step for step in steps}  # the last operation of each line
    suspects = [steps[at] for at in places if ends[steps[at].place] is steps[at]]
    doubted: list[Departure] = []
    for step in (*suspects, *wrong):
        for found in islice(_explained(step, known, derived, scope), _MOST):
            if step.right or cures(step, found.expected):
                return found
            doubted.append(found)
    for step in suspects[: 0 if doubted else None]:
        if alike := _alike(step, derived):
            return alike
    returned = (_returned(s, s.right, derived, "") for s in wrong if s.right)
    return next(iter((*doubted, *returned)), None)


_MOST = 20  # explanations of a step


def _sources(steps: Sequence[_Step], chosen: set[int]) -> set[int]:
    """Return steps with all that they were computed from."""
    found = set(chosen)
    for place in reversed(range(len(steps))):
        if place in found:
            found |= steps[place].reads
    return found


def _is_known(value: Tensor, known: Sequence[Expression]) -> bool:
    """Return whether the derived pass has a value, maybe with other axes."""
    return any(
        same(value.flatten(), each.value.flatten())
        or (value.ndim > 1 and same(value.mT, each.value))
        for each in known
        if each.value.numel() == value.numel()
    )


def _explained(
    step: _Step, known: Sequence[Expression], derived: Derived, scope: Scope
) -> Iterator[Departure]:
    """Yield the departures with which a usual mistake leads to a value."""
    right = step.right
    if right is None:
        chosen = [each for each in known if derived.flows(each) or not step.flows]
        chosen.sort(key=lambda each: not _is_for(step, each.line))
        for each, text in mistakes(step.value, chosen, scope):
            yield _departure(step, each.line, each.value, text)
    elif isinstance(step.value, Tensor):
        yield from _misreturned(step, right, derived, known, scope)
    else:
        yield _returned(step, right, derived, "no tensor is returned for it")


def _misreturned(
    step: _Step,
    right: Line,
    derived: Derived,
    known: Sequence[Expression],
    scope: Scope,
) -> Iterator[Departure]:
    """Yield the departures with which a usual mistake leads to a product."""
    if step.value.ndim > 1 and same(step.value.mT, derived.scope[right.name]):
        yield _returned(step, right, derived, "it is transposed")
    for line in derived.gradients.values():
        if same(step.value, derived.scope[line.name]):
            text = f"{line.name} is returned in its place"
            yield _returned(step, right, derived, text)
    chosen = [each for each in known if each.line is right]
    for _, text in mistakes(step.value, chosen, scope):
        yield _returned(step, right, derived, text)


def _alike(step: _Step, derived: Derived) -> Departure | None:
    """Return the departure if the derived pass has a cotangent of the same name."""
    for line in derived.lines:
        if _is_for(step, line):
            return _departure(step, line, derived.scope[line.name], "")
    return None


def _is_for(step: _Step, line: Line) -> bool:
    """Return whether two lines compute the cotangent of the same, by their names."""
    name = _cotangent(step.code.partition("=")[0].strip())
    return bool(name) and name == _cotangent(line.name)


def _cotangent(name: str) -> str:
    """Return whose cotangent a name stands for: p for grad_p, dp and p_bar."""
    found = _COTANGENT.fullmatch(name)
    return (found["first"] or found["last"]) if found else ""


_COTANGENT = re.compile(r"(?:grad_|d_?|g_?)(?P<first>\w+)|(?P<last>\w+)_(?:grad|bar)")


def _returned(step: _Step, line: Line, derived: Derived, text: str) -> Departure:
    return _departure(step, line, derived.scope[line.name], text)


def _departure(
    step: _Step, line: Line | None, expected: Tensor, text: str
) -> Departure:
    return Departure(
        place=step.place,
        code=step.code,
        found=step.value,
        right=line,
        expected=expected,
        mistake=text,
    )
