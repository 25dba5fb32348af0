"""What :func:`vjp_guide.explain` reads the time from."""

from collections.abc import Callable

import pytest

CLOCKS = (
    "_graph.perf_counter",
    "_explain.explain.run_time",
    "_explain.passes.run_time",
    "_explain.passes.perf_counter",
)


def set_clock(monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float]) -> None:
    """Let all modules read the time from another clock, for a test."""
    for name in CLOCKS:
        monkeypatch.setattr(f"vjp_guide.{name}", clock)
