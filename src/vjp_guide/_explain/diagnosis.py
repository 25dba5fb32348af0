"""What torch's errors about gradients mean, and how to fix the call."""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from textwrap import indent

from vjp_guide._call import Call
from vjp_guide._explain.error_row import Row
from vjp_guide._explain.error_table import ROWS
from vjp_guide._explain.error_text import (
    as_tuple,
    is_from_torch_autograd,
    messages,
    one_line,
)
from vjp_guide._explain.repair import Mended, mended


@dataclass(frozen=True, slots=True)
class Diagnosis:
    r"""The cause of an error of torch's autograd, and what to write instead.

    Attributes:
        slug: A short name for the kind of error, the same in every release.
        error_type: The name of the exception or warning class, empty if only the text
            is known.
        message: The text of torch, to the letter.
        cause: Why torch refuses, for the tensors at hand where they are known.
        fix: What to do about it.
        code: The corrected code as Python. The names in it are ``y``, ``x`` and ``v``
            for the outputs, inputs and ``grad_outputs``, with a number each where
            there are several, and ``f`` for the function that computes ``y``.
        address: Where the errors index treats it, from the root of the site.

    >>> from vjp_guide import diagnose
    >>> print(diagnose("got 2 tensors and 1 gradients").cause)
    outputs holds 2 tensors, but grad_outputs only 1.
    """

    slug: str
    error_type: str
    message: str
    cause: str
    fix: str
    code: str
    address: str

    def __str__(self) -> str:
        error = (
            f"{self.error_type}: {self.message}" if self.error_type else self.message
        )
        code = indent(self.code, "  ")
        return f"{error}\nWhy: {self.cause}\nFix: {self.fix}\n\n{code}"


def diagnose(
    error: BaseException | str,
    outputs: object = None,
    inputs: object = None,
    grad_outputs: object = None,
) -> Diagnosis | None:
    r"""Look up what an error or warning of torch's autograd means.

    The text is compared with the table behind the errors index, so that errors from
    :func:`torch.autograd.grad`, :meth:`torch.Tensor.backward`, :mod:`torch.func`,
    ``torch.autograd.functional``, custom functions and checkpointing are known.
    With the tensors of a call of :func:`torch.autograd.grad` the answer speaks of
    them; :func:`vjp_guide.explain` passes them itself.

    The condition behind most of them is that :math:`v` in

    .. math:: \frac{\partial L}{\partial x_i}
        = \sum_o v_o\, \frac{\partial y_o}{\partial x_i}

    has the shape of :math:`y`, and that the graph from :math:`x` to :math:`y` exists.

    Args:
        error: The exception or warning, its text, or a whole traceback as text.
        outputs: The ``outputs`` of the call, of any shapes and dtypes.
        inputs: Its ``inputs``, likewise.
        grad_outputs: Its ``grad_outputs``, likewise; each should match the shape of
            its output.

    Returns:
        The diagnosis, or None if the text is none of those known. Texts that other
        code raises as well, such as "'float' object is not iterable", are known only
        with the traceback, or with tensors that show the fault.

    Raises:
        TypeError: If ``error`` is neither an exception nor a text.

    Texts of other releases are known too.

    >>> import torch
    >>> from vjp_guide import diagnose
    >>> x = torch.ones(3, requires_grad=True)
    >>> try:
    ...     torch.autograd.grad(x * 2, x)
    ... except RuntimeError as error:
    ...     print(diagnose(error).code)
    torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))
    """
    if not isinstance(error, BaseException | str):
        raise TypeError(
            f"error must be an exception or its text, got {type(error).__name__}: "
            "pass what `except RuntimeError as error` caught, or str(error)"
        )
    known = outputs is not None and inputs is not None
    call = Call.read(outputs, inputs, grad_outputs) if known else None
    return recognise(error, call)


def recognise(error: BaseException | str, call: Call | None) -> Diagnosis | None:
    """Return the first row of the table that fits the text, and the call if given."""
    for kind, message in messages(str(error)):
        for row in ROWS:
            match = re.search(row.pattern, one_line(message))
            if match and (diagnosis := _apply(row, match, error, call)):
                if isinstance(error, BaseException):
                    return diagnosis
                return replace(diagnosis, error_type=kind, message=message)
    return None


def _apply(
    row: Row, match: re.Match[str], error: BaseException | str, call: Call | None
) -> Diagnosis | None:
    special, code, *fix = _mend(row, match, call)
    if row.generic and not special and not is_from_torch_autograd(error):
        return None
    groups = {name: as_tuple(text or "") for name, text in match.groupdict().items()}
    return Diagnosis(
        row.slug,
        type(error).__name__,
        str(error),
        f"{special or row.cause.format(**groups)}{_used_up(call)}",
        fix[0] if fix else row.fix.format(**groups),
        code,
        row.address,
    )


def _used_up(call: Call | None) -> str:
    if not call or not call.outputs or "y" not in call.consumed:
        return ""
    return " Besides, outputs is an iterator: one call uses it up, so keep a list."


def _mend(row: Row, match: re.Match[str], call: Call | None) -> Mended:
    if row.repair and call:
        with suppress(Exception):  # the arguments may not be those of the failed call
            return mended(row.repair, call, match)
    return "", row.code
