"""The time that this thread takes, however busy the machine is."""

from pathlib import Path
from time import perf_counter

_SCHEDULER = Path("/proc/thread-self/schedstat")


def run_time() -> float:
    """Return a time in seconds that stands still while this thread waits for a core.

    It counts sleep, input and output, and other devices. Linux alone tells how long a
    thread waits; elsewhere it is :func:`time.perf_counter`.
    """
    before = _waited()
    while True:
        now, after = perf_counter(), _waited()
        if after == before:  # else this thread waited between the two clocks
            return now - after
        before = after


def _waited() -> float:
    try:
        _, nanoseconds, _ = _SCHEDULER.read_bytes().split()
    except (OSError, ValueError):
        return 0.0
    return int(nanoseconds) / 1e9
