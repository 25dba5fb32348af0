"""What :func:`vjp_guide.explain` reads the time from."""

from collections.abc import Callable

import pytest

MODULES = ("_graph", "_explain.explain", "_explain.passes")


def set_clock(monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float]) -> None:
    """Let all modules read the time from another clock, for a test."""
    for name in MODULES:
        monkeypatch.setattr(f"vjp_guide.{name}.perf_counter", clock)
