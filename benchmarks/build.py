"""Times the builds of the site on a copy of the tree, and their peak memory.

The rows are measured in one run, so that their ratios hold on a noisy machine. The goal
is a cold build that takes at most one and a half times as long as one with execution
off, plus what the cells and examples compute. For that, one process that has imported
torch runs them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
STRICT = ["-n", "-W", "--keep-going", "-j", "auto"]
OFF = [*STRICT, "-D", "nb_execution_mode=off", "-D", "plot_gallery=0"]
PAGE = Path("docs", "explanation", "chaining.md")
CELL = """
```{code-cell} ipython3
1 + 1
```
"""
COMPUTE = """
import os, runpy, sys, time
import torch
import vjp_guide.figures
sys.stdout = open(os.devnull, "w")
start = time.perf_counter()
for script in sys.argv[1:]:
    runpy.run_path(script, run_name="__main__")
sys.stderr.write(str(time.perf_counter() - start))
"""


class Bench:
    """A copy of the tree, and the builds of it."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.environment = os.environ | {"VJP_GUIDE_CACHE": str(tree / "operators")}

    def cold(self, name: str, *options: str) -> float:
        """Build from nothing, and return the seconds that it takes."""
        for folder in ("_build", "_generated", "auto_examples", "operators/entries"):
            shutil.rmtree(self.tree / "docs" / folder, ignore_errors=True)
        return self.build(name, *options)

    def build(self, name: str, *options: str, output: str = "html") -> float:
        """Build as far as is needed, print its row, and return its seconds."""
        target = self.tree / "docs" / "_build" / output
        command = ["sphinx-build", "-q", *options, str(self.tree / "docs"), str(target)]
        start = time.perf_counter()
        process = subprocess.Popen(
            command, env=self.environment, stderr=subprocess.PIPE, encoding="utf-8"
        )
        errors = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            sys.exit(errors)
        processor = usage.ru_utime + usage.ru_stime
        times = f"{seconds:9.1f}{processor:8.1f}"
        print(f"{name:42}{times}{usage.ru_maxrss / 1024:8.0f}", flush=True)
        return seconds

    def computed(self) -> float:
        """Return the seconds that the cells and examples take without the build."""
        notebooks = (self.tree / "docs" / "_build" / "html").rglob("*.ipynb")
        pages = [path.with_suffix(".py") for path in sorted(notebooks)]
        examples = sorted((self.tree / "examples").glob("plot_*.py"))
        scripts = [str(path) for path in [*pages, *examples] if path.exists()]
        command = [sys.executable, "-c", COMPUTE, *scripts]
        run = subprocess.run(
            command, cwd=self.tree, capture_output=True, encoding="utf-8", check=True
        )
        return float(run.stderr.rpartition("\n")[2])

    def edit(self, text: str) -> None:
        """Add to a page."""
        with (self.tree / PAGE).open("a", encoding="utf-8") as page:
            page.write(text)


def copy(target: Path) -> Path:
    """Copy what git tracks to ``target``."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    for name in listed.stdout.splitlines():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, path)
    return target


def measure(bench: Bench, live: list[str]) -> None:
    """Build the site as people do; ``live`` holds the options of the live mode."""
    print(f"{'build':42}{'seconds':>9}{'CPU':>8}{'MiB':>8}")
    bench.cold("cold, execution off, operators unverified", *OFF)
    off = bench.cold("cold, execution off", *OFF)
    cold = bench.cold("cold, as nox -s docs", *STRICT)
    computed = bench.computed()
    bench.build("live, first", *live, output="live")
    bench.build("live, no change", *live, output="live")
    bench.edit("\nAn edit.\n")
    bench.build("live, prose of a page edited", *live, output="live")
    bench.edit(CELL)
    bench.build("live, cell of a page edited", *live, output="live")
    print(f"cells and examples compute: {computed:.1f} s")
    print(f"goal of the cold build: {cold:.1f} <= {1.5 * off + computed:.1f} s")


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        measure(Bench(copy(Path(folder))), live=sys.argv[1:])


if __name__ == "__main__":
    main()
