"""Times the builds of the site on a copy of the tree, and their peak memory.

The rows are measured in one run, so that their ratios hold on a noisy machine.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
STRICT = ["-n", "-W", "--keep-going", "-q"]
OFF = ["-D", "nb_execution_mode=off", "-D", "plot_gallery=0"]


@dataclass(frozen=True, slots=True)
class Run:
    """One build: its wall time, and the memory of its largest process."""

    name: str
    seconds: float
    mebibytes: float


def build(tree: Path, name: str, *options: str, output: str = "html") -> Run:
    """Build the site of ``tree`` and measure it."""
    target = tree / "docs" / "_build" / output
    doctrees = tree / "docs" / "_build" / f"doctrees-{output}"
    command = ["sphinx-build", *STRICT, "-d", str(doctrees), *options]
    environment = os.environ | {"VJP_GUIDE_CACHE": str(tree / "operators")}
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(tree / "docs"), str(target)],
        env=environment,
        stderr=subprocess.PIPE,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(process.stderr.read().decode() if process.stderr else name)
    return Run(name, seconds, usage.ru_maxrss / 1024)


def copy(target: Path) -> Path:
    """Copy what git tracks to ``target``."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, path)
    return target


def measure(tree: Path, live: list[str]) -> list[Run]:
    """Build the site as people do; ``live`` holds the options of the live mode."""
    cold = build(tree, "cold build, as nox -s docs")
    build(tree, "first build of the live mode", *live, output="live")
    unchanged = build(tree, "rebuild without a change, live mode", *live, output="live")
    page = tree / "docs" / "explanation" / "chaining.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nAn edit.\n", encoding="utf-8")
    edited = build(
        tree, "rebuild after editing a page, live mode", *live, output="live"
    )
    shutil.rmtree(tree / "docs" / "auto_examples")
    off = build(tree, "cold build, execution off", *OFF, output="off")
    return [cold, unchanged, edited, off]


def main() -> None:
    """Print the table; ratios are to the build with execution off."""
    with tempfile.TemporaryDirectory() as folder:
        runs = measure(copy(Path(folder)), live=sys.argv[1:])
    print(f"{'build':42}{'seconds':>9}{'ratio':>8}{'MiB':>8}")
    for run in runs:
        ratio = run.seconds / runs[-1].seconds
        print(f"{run.name:42}{run.seconds:9.1f}{ratio:8.2f}{run.mebibytes:8.0f}")


if __name__ == "__main__":
    main()
