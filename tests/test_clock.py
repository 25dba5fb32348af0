"""Tests of the time that this thread takes."""

import time
from pathlib import Path

import pytest

from vjp_guide import _clock
from vjp_guide._clock import run_time


def test_counts_sleep_as_a_clock_does() -> None:
    """Tests that it runs on while nothing is computed."""
    start, begin = run_time(), time.perf_counter()
    time.sleep(0.05)
    passed, elapsed = run_time() - start, time.perf_counter() - begin

    assert 0.04 < passed < elapsed + 0.01


@pytest.mark.parametrize("text", [None, "", "1 2"])
def test_is_the_usual_clock_where_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    """Tests a system without the file, and one with another."""
    path = tmp_path / "schedstat"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(_clock, "_SCHEDULER", path)

    before = time.perf_counter()
    assert before <= run_time() <= time.perf_counter()


def test_takes_off_what_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tests the unit, nanoseconds."""
    path = tmp_path / "schedstat"
    path.write_text("7 2000000000 9", encoding="utf-8")
    monkeypatch.setattr(_clock, "_SCHEDULER", path)

    before = time.perf_counter()
    assert before - 2 <= run_time() <= time.perf_counter() - 2


def test_ignores_a_wait_between_its_two_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests a core that is taken away after one clock was read, before the other."""
    waits = iter([0.0, 3.0, 3.0])
    times = iter([10.0, 13.5])
    monkeypatch.setattr(_clock, "_waited", lambda: next(waits))
    monkeypatch.setattr(_clock, "perf_counter", lambda: next(times))

    assert run_time() == 10.5
