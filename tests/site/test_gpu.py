"""Tests that the page about GPUs says what the record says."""

import pytest

from docs._ext.guide.gpu import record

ATTENTION = record()["attention"]


@pytest.mark.parametrize("kernel", ATTENTION)
def test_attention(kernel: str) -> None:
    """Tests that only the math kernel is differentiable twice, or forward."""
    states = ATTENTION[kernel]
    further = {states["VJP of the VJP"] == "yes", states["JVP"] == "yes"}
    assert further == {kernel.startswith("math")}


@pytest.mark.parametrize("tool", record()["tools"])
def test_tools(tool: str) -> None:
    """Tests that each tool gives on a GPU what it gives on the CPU."""
    assert record()["tools"][tool] == "equal, state kept"


@pytest.mark.parametrize("shape", record()["jacobian"])
def test_batching(shape: str) -> None:
    """Tests that batching the products is faster than a loop, as the page says."""
    times = {w: row["milliseconds"] for w, row in record()["jacobian"][shape].items()}
    slow = {"loop of VJPs", "functional.jacobian"}
    assert max(times[w] for w in times.keys() - slow) < times["loop of VJPs"]
