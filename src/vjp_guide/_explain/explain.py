"""What one call of :func:`torch.autograd.grad` computes, or why it fails."""

import os
import warnings

import numpy as np

from vjp_guide._call import Call, Cotangents, Gradients, Inputs, Outputs
from vjp_guide._clock import run_time
from vjp_guide._explain.check import check
from vjp_guide._explain.diagnosis import Diagnosis, recognise
from vjp_guide._explain.edits import edited, keep, spared
from vjp_guide._explain.explanation import Explanation, failed, succeeded, unexplained
from vjp_guide._explain.passes import Passes
from vjp_guide._explain.suspicions import suspect
from vjp_guide._quiet import quiet_passes
from vjp_guide._validation import require_count, require_seconds

_REFUSALS = (RuntimeError, TypeError, ValueError, IndexError, AssertionError)

LIMIT = "VJP_GUIDE_MAX_SECONDS"


def explain(  # noqa: PLR0913, PLR0917 (the arguments of torch.autograd.grad)
    outputs: Outputs,
    inputs: Inputs,
    grad_outputs: Cotangents = None,
    retain_graph: bool | None = None,  # noqa: FBT001 (torch takes it by position)
    create_graph: bool = False,  # noqa: FBT001, FBT002 (likewise)
    only_inputs: bool = True,  # noqa: FBT001, FBT002 (likewise)
    allow_unused: bool | None = None,  # noqa: FBT001 (likewise)
    is_grads_batched: bool = False,  # noqa: FBT001, FBT002 (likewise)
    materialize_grads: bool = False,  # noqa: FBT001, FBT002 (likewise)
    *,
    max_entries: int = 1024,
    max_seconds: float | None = None,
) -> Explanation:
    r"""Say what :func:`torch.autograd.grad` computes for these arguments, or why not.

    For each input :math:`x` the call computes, and this function checks,

    .. math:: \frac{\partial L}{\partial x_i}
        = \sum_k \sum_o v^{(k)}_o\, \frac{\partial y^{(k)}_o}{\partial x_i}

    where :math:`k` counts the outputs, :math:`o` runs over all indices of an output
    and :math:`v` is ``grad_outputs``.
    Replace ``torch.autograd.grad(`` by ``vjp_guide.explain(`` and print the result.

    torch itself is called with the arguments as given, except that the graph is kept:
    this function fails exactly where torch does, and doesn't free the graph even where
    torch would. Whatever can't be looked at afterwards is reported as left out.
    No ``.grad`` field changes, that of tensors with ``retain_grad()`` included, and
    the random states of torch, NumPy and Python are restored.

    The check and some suspicions need further passes through the graph; ``passes``
    says how many. The graph's hooks and custom backwards run in each pass, so that
    those that count, store or print do so more often. If they change from pass to
    pass, as one that removes itself, the check says so and gives no verdict.
    ``max_entries=0`` makes no further pass.

    Args:
        outputs: The tensor ``y``, or several, of any shape and a floating-point or
            complex dtype, computed from ``inputs``.
        inputs: The tensor ``x``, several, or a dict of them, likewise.
        grad_outputs: The cotangent ``v``, with the shape of ``y``, real where ``y``
            is real and complex where ``y`` is complex; or a sequence with one for
            each output. None means 1, for a real output with a single entry.
        retain_graph: As in torch; the graph is always kept here.
        create_graph: As in torch: the gradients are differentiable.
        only_inputs: As in torch, which ignores it.
        allow_unused: As in torch: the gradient of an unused input is None.
        is_grads_batched: As in torch: ``v`` has one more axis, in front.
        materialize_grads: As in torch: zeros instead of None.
        max_entries: The largest number of entries of the Jacobian, over all outputs
            and inputs, for which the result is checked against the dense Jacobian. 0
            leaves the check out, and with it all further passes.
        max_seconds: How long all but torch's own call may take: the search for
            tensors with ``retain_grad()``, further passes, and the looks at tensors
            and at the graph. ``math.inf`` for no limit, None for what the environment
            variable ``VJP_GUIDE_MAX_SECONDS`` holds, else for as long as torch's own
            call took and one second more. On Linux it doesn't count while other
            programs have the cores. A pass isn't interrupted: one starts if it fits,
            as long as the last one took.

    Returns:
        The explanation. Its ``gradients`` are what torch returns, with the shapes and
        dtypes of ``inputs``; its ``diagnosis`` is set instead if torch refuses.

    Raises:
        TypeError: If ``max_entries`` isn't a whole number or ``max_seconds`` no number.
        ValueError: If one of them is negative, or the environment variable no number.
        Exception: What torch raises, unchanged, if the error isn't a known one.

    The formula is the chain rule for :math:`L(y(x))` with
    :math:`v = \partial L / \partial y`.

    >>> import torch
    >>> from vjp_guide import explain
    >>> x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = x[:2] * x[1:]
    >>> explanation = explain(y, x, grad_outputs=torch.tensor([1.0, 10.0]))
    >>> explanation.gradients
    (tensor([ 2., 31., 20.]),)
    >>> explanation.formulas
    ('dL/dx[i] = sum over j of v[j] * dy[j]/dx[i]',)
    >>> print(explain(y, x).diagnosis.code)
    torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))
    """
    start = run_time()
    limit = require_count("max_entries", max_entries, least=0)
    seconds = _limit(max_seconds)
    call = Call.read(
        outputs,
        inputs,
        grad_outputs,
        retain_graph=retain_graph,
        create_graph=create_graph,
        only_inputs=only_inputs,
        allow_unused=allow_unused,
        is_grads_batched=is_grads_batched,
        materialize_grads=materialize_grads,
    )
    ys, xs = ([each.value for each in some] for some in (call.outputs, call.inputs))
    with quiet_passes([*ys, *xs], outputs=ys):
        return _explain(call, limit, seconds, start)


def _limit(max_seconds: float | None) -> float | None:
    """Return the limit that the reader sets, in the call or for all calls."""
    if max_seconds is not None:
        return require_seconds("max_seconds", max_seconds)
    text = os.environ.get(LIMIT)
    if text is None:
        return None
    try:
        return require_seconds(LIMIT, float(text))
    except ValueError:
        raise ValueError(
            f"the environment variable {LIMIT} must be a number of seconds, at least "
            f"0, got {text!r}: inf means no limit"
        ) from None


def _explain(
    call: Call, max_entries: int, max_seconds: float | None, start: float
) -> Explanation:
    kept = keep(call)
    before = run_time()
    try:
        gradients = call.run()
    except _REFUSALS as error:
        if diagnosis := _diagnosis(error, call):
            return failed(call, diagnosis)
        raise
    torch_seconds = run_time() - before
    seconds = torch_seconds + 1 if max_seconds is None else max_seconds
    begin = start + torch_seconds  # its own time doesn't count
    refusal = "" if max_entries else "max_entries=0 leaves it out"
    refusal = edited(kept) or refusal
    again = spared(call, kept)
    passes = Passes(again, refusal, seconds, torch_seconds, begin)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _looked_at(call, gradients, passes, max_entries)


def _diagnosis(error: Exception, call: Call) -> Diagnosis | None:
    """Return what is known of an error, of its text alone if the call can't be read."""
    try:
        return recognise(error, call)
    except Exception:  # noqa: BLE001 (torch's error must not be masked)
        return recognise(error, None)


def _looked_at(
    call: Call, gradients: Gradients, passes: Passes, max_entries: int
) -> Explanation:
    try:
        checked = check(call, gradients, passes, max_entries)
        found, left_out = suspect(call, gradients, checked, passes)
        return succeeded(call, gradients, checked, found, left_out, passes)
    except Exception as error:  # noqa: BLE001 (torch has succeeded, so this must)
        return unexplained(gradients, error)
