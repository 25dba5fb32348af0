"""What one call of :func:`torch.autograd.grad` computes, or why it fails."""

import torch
from torch import Tensor

from vjp_guide._call import Call, Cotangents, Inputs, Outputs
from vjp_guide._explain.check import check
from vjp_guide._explain.diagnosis import recognise
from vjp_guide._explain.explanation import Explanation, failed, succeeded
from vjp_guide._explain.suspicions import suspect

_REFUSALS = (RuntimeError, TypeError, ValueError, IndexError, AssertionError)


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
    torch would. No ``.grad`` field changes, and the random state is restored.
    Hooks on the graph do run: in one pass for the gradients, and for the check in the
    passes of :func:`vjp_guide.jacobian`, for each output and input.

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
            leaves the check out, and with it the further passes.

    Returns:
        The explanation. Its ``gradients`` are what torch returns, with the shapes and
        dtypes of ``inputs``; its ``diagnosis`` is set instead if torch refuses.

    Raises:
        ValueError: If ``max_entries`` is negative.
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
    if max_entries < 0:
        raise ValueError(
            f"max_entries must not be negative, got {max_entries}: 0 leaves the check "
            "against the dense Jacobian out"
        )
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
    with torch.random.fork_rng(devices=_devices(call)):
        return _explain(call, max_entries)


def _explain(call: Call, max_entries: int) -> Explanation:
    try:
        gradients = call.run()
    except _REFUSALS as error:
        diagnosis = recognise(error, call)
        if diagnosis is None:
            raise
        return failed(call, diagnosis)
    checked = check(call, gradients, max_entries)
    suspicions = suspect(call, gradients, checked)
    return succeeded(call, gradients, checked, suspicions)


def _devices(call: Call) -> list[torch.device]:
    """Return the accelerators whose random state a pass may change."""
    values = [each.value for each in (*call.outputs, *call.inputs)]
    devices = {value.device for value in values if isinstance(value, Tensor)}
    return [device for device in devices if device.type == "cuda"]
