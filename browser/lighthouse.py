"""Lighthouse's scores, the largest paint and the bytes of one page of each kind.

A run alone varies by some points and tenths of a second: the row is the median one's.
It needs ``npx``, which fetches Lighthouse, and Chromium.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from browser import serve

VERSION = "12.8.2"
RUNS = 3
PAGES = {
    "landing": "index.html",
    "machine": "machine.html",
    "exercises": "tutorials/exercises.html",
    "explanation": "explanation/grad-outputs.html",
    "executed notebook": "explanation/chaining.html",
    "tutorial": "tutorials/first-vjp.html",
    "gallery": "auto_examples/index.html",
    "example": "auto_examples/plot_01_outer_product.html",
    "API": "reference/jacobian.html",
    "operators": "operators/index.html",
    "operator": "operators/entries/linalg.html",
    "errors": "reference/errors/shapes.html",
    "questions": "reference/questions/grad-outputs.html",
    "search": "search.html?q=grad_outputs",
}
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync"
)
HEAD = (
    "| page | performance | accessibility | best practices | SEO | LCP s | CLS | KiB |"
)


def measure(url: str, output: Path) -> dict[str, Any]:
    """Return the median of Lighthouse's reports on a page as on a phone."""
    reports = [_report(url, output) for _ in range(RUNS)]
    return sorted(reports, key=_performance)[RUNS // 2]


def _performance(report: dict[str, Any]) -> tuple[float, float]:
    paint = report["audits"]["largest-contentful-paint"]["numericValue"]
    return report["categories"]["performance"]["score"], -paint


def _report(url: str, output: Path) -> dict[str, Any]:
    command = ["npx", "--yes", f"lighthouse@{VERSION}", url, "--quiet", "--output=json"]
    options = [f"--output-path={output}", f"--chrome-flags={FLAGS}"]
    subprocess.run([*command, *options], check=True, stderr=subprocess.DEVNULL)
    report: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return report


def row(name: str, report: dict[str, Any]) -> str:
    """Return the line of a page in the table."""
    scores = [round(100 * part["score"]) for part in report["categories"].values()]
    value = {key: audit.get("numericValue") for key, audit in report["audits"].items()}
    paint = f"{value['largest-contentful-paint'] / 1000:.2f}"
    shift = f"{value['cumulative-layout-shift']:.3f}"
    size = round(value["total-byte-weight"] / 1024)
    return f"| {' | '.join(map(str, [name, *scores, paint, shift, size]))} |"


def failures(report: dict[str, Any]) -> list[str]:
    """Return what cost a page points."""
    return [
        f"    {part['title']}: {audit['title']} {audit.get('displayValue', '')}"
        for part in report["categories"].values()
        if part["score"] < 1
        for reference in part["auditRefs"]
        for audit in [report["audits"][reference["id"]]]
        if reference["weight"] and (audit["score"] or 0) < 1
    ]


def main(names: list[str]) -> None:
    """Print the table for the pages of the given names, or of all."""
    os.environ["CHROME_PATH"] = serve.chromium() or sys.exit("no Chromium found")
    print(HEAD, "| --- " * HEAD.count(" | ") + "| --- |", sep="\n")
    with serve.server() as server, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in names or PAGES:
            url = f"http://127.0.0.1:{server.server_port}/{PAGES[name]}"
            report = measure(url, Path(folder) / "report.json")
            print(row(name, report), *failures(report), sep="\n", flush=True)
        server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])
