"""Lengths that stay variables where Python would read them as numbers."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vjp_guide._derive.subject import Subject
from vjp_guide._sources import is_own


@contextmanager
def symbolic_numbers(subject: Subject) -> Iterator[None]:
    """Let :func:`math.sqrt` take variable lengths, and the reader's ``len`` give them.

    Python itself makes a number of what a tensor answers to ``len``.
    """
    scopes = [scope for scope in _scopes(subject) if "len" not in scope]
    plain, math.sqrt = math.sqrt, _root
    for scope in scopes:
        scope["len"] = _length
    try:
        yield
    finally:
        math.sqrt = plain
        for scope in scopes:
            scope.pop("len", None)


_sqrt = math.sqrt


def _root(value: Any) -> Any:
    symbolic = isinstance(value, torch.SymInt | torch.SymFloat)
    return torch.sym_sqrt(value) if symbolic else _sqrt(value)


def _length(value: Any) -> Any:
    return value.shape[0] if isinstance(value, Tensor) and value.ndim else len(value)


def _scopes(subject: Subject) -> Iterator[dict[str, Any]]:
    """Yield the global names of the code that the reader wrote."""
    call = subject.call
    plain = call.func if isinstance(call, partial) else call
    methods = [type(module).forward for module in subject.model.modules()]
    functions: list[Any] = [plain, getattr(plain, "__call__", None), *methods]  # noqa: B004 - of an object
    for function in functions:
        code = getattr(function, "__code__", None)
        if code and not is_own(code.co_filename):
            yield function.__globals__
