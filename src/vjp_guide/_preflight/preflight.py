"""Which derivatives a model allows, and what blocks the others."""

import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from vjp_guide._explain.diagnosis import recognise
from vjp_guide._preflight.compiled import breaks
from vjp_guide._preflight.content import Blocker, Preflight
from vjp_guide._preflight.mixed import wrong_and_right
from vjp_guide._preflight.recorder import Operation, Recorder, Spot
from vjp_guide._preflight.subject import kept_attributes, whole
from vjp_guide._preflight.trial import KINDS, Kind, Trial, error_of, runs
from vjp_guide._quiet import quiet_passes
from vjp_guide._sources import innermost
from vjp_guide._trace.modules import ModuleNames

# What reads a number, whatever for: the whole call's error tells.
_READS = "aten._local_scalar_dense.default"
_HINT = re.compile(r"Hint: (.*)")
_CURES: dict[Kind, str] = {
    "forward": "Use two reverse passes: the VJP is linear in v, and its derivative "
    "with respect to v is the JVP.",
    "twice": "Write the operation in others that can be differentiated twice, or keep "
    "its first derivative out of the loss.",
    "vmap": "Loop over the samples, or write the operation in others that vmap has "
    "rules for.",
    "func": "Call torch.autograd.grad on the model's output in place of torch.func.",
    "compile": "Write the line so that torch traces it, or leave fullgraph=True out: "
    "it then runs between two graphs.",
}
_CURE_OF_SILENT = (
    "If you need the other, take an operation whose rule is right (group_norm with "
    "one group is layer_norm), or write it out."
)


def preflight(
    model: Callable[..., object],
    *inputs: object,
    kwargs: Mapping[str, object] | None = None,
    kinds: Sequence[Kind] = KINDS,
) -> Preflight:
    r"""Say what a model allows beyond a backward pass, and all that blocks the rest.

    The whole call decides what is blocked; each operation that it runs is then tried
    alone, so that all that block are named at once, and not the first alone.
    Derivatives are with respect to the floating-point and complex inputs, and to the
    parameters that require grad.

    Args:
        model: A module, or a function of tensors. It runs once or twice, once more
            for each kind, and some ten times more for ``"forward"``.
        *inputs: Its arguments: tensors of any shapes and dtypes, also in tuples,
            lists and dicts, as the model takes them, with a batch axis if it needs
            one.
        kwargs: Its keyword arguments, likewise.
        kinds: What to try, some of these:

            * ``"forward"``: forward mode, :math:`J u`, by dual tensors; derivatives of
              it are held against finite differences, as some are silently wrong;
            * ``"twice"``: the derivative of :math:`v^\top J` with respect to the
              inputs, the parameters and :math:`v`, which a gradient penalty or a
              Hessian takes;
            * ``"vmap"``: :func:`torch.vmap` over a new first axis of each input, in its
              own default for random numbers, which refuses them;
            * ``"func"``: :func:`torch.func.vjp` of ``torch.func.functional_call``
              with the model's parameters;
            * ``"compile"``: ``torch.compile`` with ``fullgraph=True`` and a
              backward pass, by the backend ``"aot_eager"``, which writes no machine
              code. It takes seconds, the first time in a process most.

    Returns:
        The verdict, with the blockers. The model, its buffers and attributes, the
        inputs, ``.grad``, and random states are as they were; so is what a function
        writes to in place.

    Raises:
        TypeError: If the model can't be called, or the inputs hold no tensor.
        ValueError: If ``kinds`` holds another word or none, the model fails before
            anything is tried, there is nothing to differentiate with respect to, or no
            output depends on it.

    It speaks of this device and these inputs: others take other kernels and branches.
    Whether a derivative that exists is right, :func:`vjp_guide.dot_product_test` tells.
    How forward mode goes through operations: Baydin et al.,
    `Automatic differentiation in machine learning: a survey
    <https://www.jmlr.org/papers/v18/17-468.html>`_, section 3.1.

    >>> import torch
    >>> from vjp_guide import preflight
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    >>> found = preflight(model, torch.ones(3, 2), kinds=["forward", "vmap"])
    >>> found.blocked
    ('vmap',)
    >>> [(blocker.module, blocker.operation) for blocker in found.blockers]
    [('1', 'aten.bernoulli_.float')]
    >>> print(preflight(model.eval(), torch.ones(3, 2), kinds=["forward", "vmap"]))
    Nothing blocks forward mode, torch.vmap. Tried on cpu.
    """
    tried = _known(kinds)
    model = _uncompiled(model)
    call = whole(model, inputs, kwargs or {})
    tensors = [argument.tensor for argument in call.arguments]
    recorder = Recorder(ModuleNames(model) if isinstance(model, nn.Module) else None)
    with _undone(model, tensors, recorder):
        _record(recorder, call)
        found = [
            one for kind in tried for one in _blockers(kind, call, recorder, model)
        ]
        silent = [*_silent(recorder)] if _may_be_silent(tried, found, call) else []
    return Preflight(
        blockers=tuple(found),
        silent=tuple(silent),
        tried=tried,
        device=", ".join(sorted({str(tensor.device) for tensor in tensors})),
    )


def _uncompiled(model: Callable[..., object]) -> Callable[..., object]:
    """Return what torch.compile was given, or else the model."""
    kept = "_orig_mod" if isinstance(model, nn.Module) else "_torchdynamo_orig_callable"
    plain: Callable[..., object] = getattr(model, kept, model)
    return plain


def _known(kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    asked = [*kinds]
    if not asked or {*asked} - {*KINDS}:
        raise ValueError(f"kinds must be some of {', '.join(KINDS)}, got {asked}")
    return tuple(kind for kind in KINDS if kind in asked)


@contextmanager
def _undone(
    model: object, tensors: list[torch.Tensor], recorder: Recorder
) -> Iterator[None]:
    """Run a block that leaves no trace, and in which derivatives are recorded."""
    with (
        warnings.catch_warnings(),
        torch.inference_mode(mode=False),
        torch.enable_grad(),
        quiet_passes(tensors),
        kept_attributes(model),
    ):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            recorder.restore()


def _record(recorder: Recorder, call: Trial) -> None:
    try:
        outputs = recorder.record(call)
    except Exception as error:
        raise ValueError(
            f"model(*inputs) fails before anything is tried: {_text(error)}: pass "
            "inputs with which it runs, and a model that torch.func.functional_call "
            "takes: with its parameters, not scripted, not wrapped for devices"
        ) from error
    if not any(output.requires_grad for output in outputs):
        raise ValueError(
            "no output of the model depends on its inputs or parameters in a way that "
            "autograd follows: it returns no tensor, or one that was made under "
            "torch.no_grad(), by .detach() or of whole numbers"
        )


def _blockers(
    kind: Kind, call: Trial, recorder: Recorder, model: object
) -> list[Blocker]:
    """Return what blocks a whole call, if that fails."""
    failed = error_of(kind, call)
    recorder.restore()
    if failed is None:
        return []
    if kind == "compile":
        found = [*_breaks(call, model)]
        recorder.restore()
        return found or [_blocker(kind, "", Spot("", _line(failed)), failed)]
    return [*_operations(kind, recorder, failed)]


def _breaks(call: Trial, model: object) -> Iterator[Blocker]:
    for each in breaks(call, model):
        known, hint = recognise(each.reason, None), _HINT.search(each.reason)
        yield Blocker(
            kind="compile",
            operation="",
            module=each.spot.module,
            line=each.spot.line,
            error=f"graph break: {each.reason}",
            cure=known.fix if known else hint[1] if hint else _CURES["compile"],
        )


def _operations(kind: Kind, recorder: Recorder, failed: Exception) -> Iterator[Blocker]:
    """Yield each operation that fails alone, and the whole call if it isn't one."""
    line = _line(failed)
    alone = [(each, _alone(kind, each)) for each in recorder.operations]
    found = [(each, error) for each, error in alone if error is not None]
    places = {spot.line for each, _ in found for spot in each.spots}
    if line not in places and str(failed) not in {str(error) for _, error in found}:
        yield _blocker(kind, "", Spot("", line), failed)
    for each, error in found:
        for spot in each.spots:
            is_read = each.name == _READS and spot.line == line
            yield _blocker(kind, each.name, spot, failed if is_read else error)


def _may_be_silent(tried: tuple[Kind, ...], found: list[Blocker], call: Trial) -> bool:
    """Return whether derivatives of a whole call are wrong, or can't be had.

    An operation alone may be wrong for arguments that it never gets, such as matrices
    that aren't symmetric.
    """
    is_blocked = any(blocker.kind == "forward" for blocker in found)
    return "forward" in tried and (is_blocked or bool(wrong_and_right(call)[0]))


def _silent(recorder: Recorder) -> Iterator[Blocker]:
    for each in recorder.operations:
        wrong, right = wrong_and_right(each.trial)
        for spot in each.spots if wrong else ():
            yield Blocker(
                kind="forward",
                operation=each.name,
                module=spot.module,
                line=spot.line,
                error=f"No error, and a wrong number from {_and(wrong)}.",
                cure=f"Right is {_and(right)}. {_CURE_OF_SILENT}",
            )


def _and(ways: list[str]) -> str:
    return " and ".join(ways)


def _alone(kind: Kind, operation: Operation) -> Exception | None:
    """Return why an operation alone fails, if not for being alone."""
    error = error_of(kind, operation.trial)
    return error if error and runs(operation.trial) else None


def _blocker(kind: Kind, operation: str, spot: Spot, error: Exception) -> Blocker:
    known = recognise(error, None)
    return Blocker(
        kind=kind,
        operation=operation,
        module=spot.module,
        line=spot.line,
        error=_text(error),
        cure=known.fix if known else _CURES[kind],
    )


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _line(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return innermost((each.filename, each.lineno or 0) for each in reversed(frames))
