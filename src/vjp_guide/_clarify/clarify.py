"""A context in which each error of torch's autograd explains itself."""

import inspect
import sys
from collections.abc import Callable
from contextlib import ContextDecorator
from functools import wraps
from types import TracebackType
from typing import Any, TypeVar, cast

from vjp_guide._clarify.note import annotate

F = TypeVar("F", bound=Callable[..., Any])


class clarify(ContextDecorator):  # noqa: N801 (a lower-case name, as contextlib's)
    r"""Let each error of torch's autograd carry its cause and the mended call.

    An exception that leaves the block gets a note (``BaseException.add_note``),
    which Python prints below it, if :func:`vjp_guide.diagnose` knows it. The note
    speaks of the tensors of the call, which are read from the frames of the traceback.
    For :func:`torch.autograd.grad` the condition behind most errors is that
    :math:`v` in

    .. math:: \frac{\partial L}{\partial x_i}
        = \sum_o v_o\, \frac{\partial y_o}{\partial x_i}

    has the shape of :math:`y`. The mended code is in terms of what was called:
    :func:`torch.autograd.grad`, :meth:`torch.Tensor.backward`,
    :func:`torch.autograd.backward` or :func:`torch.func.vjp`.

    Nothing else changes: torch isn't patched, nothing runs until an exception leaves
    the block, and the exception keeps its type, arguments and traceback. No pass
    is made through the graph. Causes and contexts of the exception, as in
    ``raise ... from error``, and members of exception groups get notes likewise; an
    exception that has one gets no second.

    It decorates functions, generators and coroutines too.

    Source: the table behind the errors index of this site.

    >>> import torch
    >>> from vjp_guide import clarify
    >>> x = torch.ones(3, requires_grad=True)
    >>> try:
    ...     with clarify():
    ...         (x * 2).backward()
    ... except RuntimeError as error:
    ...     print(error)
    ...     print(error.__notes__[0])
    grad can be implicitly created only for scalar outputs
    Why: y has shape (3,) and no v: torch takes v = 1 by itself only for a single entry.
    Fix: Say how to weigh the entries of y. torch.ones_like(y) adds them up.
    <BLANKLINE>
      y.backward(torch.ones_like(y))
    <BLANKLINE>
    vjp-guide: reference/errors/missing-v.html#error-no-implicit-v
    """

    def __init__(self) -> None:
        self._before: list[BaseException | None] = []

    def __enter__(self) -> None:
        self._before.append(sys.exception())

    def __exit__(
        self,
        _: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        before = self._before.pop()
        if error is not None:
            annotate(error, before)

    def _recreate_cm(self) -> "clarify":
        # Each call of a decorated function has a context of its own: they may overlap.
        return clarify()

    def __call__(self, function: F) -> F:
        """Return the function with its body inside of the context."""
        if isinstance(function, type):
            raise TypeError(
                f"clarify can't decorate the class {function.__name__}, which would be "
                "a function: decorate its methods"
            )
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                "clarify can't decorate an asynchronous generator: write "
                "`with clarify():` inside of it"
            )
        if inspect.isgeneratorfunction(function):
            return cast("F", _generator(function))
        if inspect.iscoroutinefunction(function):
            return cast("F", _coroutine(function))
        return super().__call__(function)


def _generator(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 (any function)
        with clarify():
            return (yield from function(*arguments, **options))

    return wrapped


def _coroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def wrapped(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 (likewise)
        with clarify():
            return await function(*arguments, **options)

    return wrapped
