"""The extension of IPython: each error of torch's autograd in a cell has its note."""

from collections.abc import Callable
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from vjp_guide._clarify.note import annotate

Kinds = tuple[type[BaseException], ...]


Handler = Callable[..., Any]
_BEFORE: WeakKeyDictionary[Any, tuple[Kinds, Handler, Handler]] = WeakKeyDictionary()


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 (it is IPython's)
    """Let cells show the notes of :class:`vjp_guide.clarify`: ``%load_ext vjp_guide``.

    Args:
        shell: The shell, which IPython passes. A handler that was set in it for some
            kinds of exceptions goes on to show these, with the note.
    """
    kinds, handler = shell.custom_exceptions, shell.CustomTB

    def show(
        shell: Any,  # noqa: ANN401 (likewise)
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType,
        tb_offset: int | None = None,
    ) -> object:
        annotate(error)
        if isinstance(error, kinds):
            return handler(kind, error, traceback, tb_offset)
        parts = (kind, error, traceback)
        shell.showtraceback(parts, tb_offset=tb_offset, running_compiled_code=True)
        return None

    shell.set_custom_exc((Exception, *kinds), show)
    _BEFORE[shell] = kinds, handler, shell.CustomTB


def unload_ipython_extension(shell: Any) -> None:  # noqa: ANN401 (it is IPython's)
    """Put the handler back that was there before, unless a later one is in place.

    Args:
        shell: The shell, which IPython passes.
    """
    kinds, handler, own = _BEFORE.pop(shell)
    if shell.CustomTB is own:
        shell.custom_exceptions, shell.CustomTB = kinds, handler
