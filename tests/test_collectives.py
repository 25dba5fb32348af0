"""Tests of what the pages say of collectives, on two processes."""

import subprocess
import sys
from pathlib import Path

import pytest

SECOND = Path(__file__).with_name("spmd_rules.py")
COLLECTIVES = Path(__file__).parent.parent / "examples" / "programs" / "collectives.py"
PROGRAM = """
import sys
import warnings

import torch
import torch.distributed as dist
import torch.distributed._functional_collectives as collectives

kind, rank, store = sys.argv[1:]
warnings.simplefilter("ignore")  # of the collective that is not recorded
where = {"init_method": f"file://{store}", "rank": int(rank), "world_size": 2}
dist.init_process_group("gloo", **where)
x = torch.tensor([1.0, 3.0], requires_grad=True)
total = 1 * x
if kind == "in place":
    dist.all_reduce(total)
else:
    total = collectives.all_reduce(total, "sum", dist.group.WORLD)
print(total.tolist(), torch.autograd.grad(total.sum(), x)[0].tolist())
dist.destroy_process_group()
"""


@pytest.mark.parametrize(
    ("kind", "slopes"), [("in place", [1.0, 1.0]), ("functional", [2.0, 2.0])]
)
def test_a_total_over_two_processes(
    kind: str, slopes: list[float], tmp_path: Path
) -> None:
    """Tests the same values by both, and the derivative of both sums by the second.

    Both processes add up the total x + x', so that x counts twice.
    """
    processes = [
        subprocess.Popen(  # noqa: S603 (the program is above)
            [sys.executable, "-c", PROGRAM, kind, str(rank), str(tmp_path / "store")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for rank in range(2)
    ]
    for process in processes:
        printed, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert printed == f"[2.0, 6.0] {slopes}\n"


def test_each_collective_over_three_processes() -> None:
    """Tests on more processes than the page which calls have the right product.

    The program itself compares the formulas with differences over all inputs.
    """
    printed = subprocess.check_output(  # noqa: S603 (the program is the project's)
        [sys.executable, str(COLLECTIVES), "3"], encoding="utf-8", timeout=240
    )
    said = dict(line.split(": ", 1) for line in printed.splitlines())
    recorded = {name: text for name, text in said.items() if "in place" not in name}
    assert [name for name, text in recorded.items() if text != "right"] == [
        "all_reduce of max, nn",
        "broadcast from 0, functional",
    ]
    assert "right" not in [said[name] for name in said.keys() - recorded.keys()]
    assert len(said) == 22


def test_a_second_opinion(tmp_path: Path) -> None:
    """Tests that the rules of spmd-types give the products of the pages' formulas."""
    processes = [
        subprocess.Popen(  # noqa: S603 (the program is beside this file)
            [sys.executable, str(SECOND), str(rank), str(tmp_path / "store")],
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for rank in range(2)
    ]
    failures = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], failures
