"""Run the programs and the vectors of one framework, and write what they give.

It needs the standard library, NumPy and the framework alone: ``nox -s elsewhere`` runs
it in an environment of the framework.
"""

import contextlib
import datetime as dt
import io
import json
import platform
import re
import sys
import tomllib
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vectors.run import judged

HERE = Path(__file__).parent
SECONDS = 600  # for all vectors: a framework may hang, as MLX did
# What differs between two runs or two machines, and says nothing about the framework.
NOISE = [(r"0x[0-9a-f]+", "0x..."), (r"/\S*/site-packages/", "")]


def main(framework: str, path: Path) -> None:
    """Run all programs of a framework and write the record."""
    name = framework.partition("-")[0]  # torch-2.15 is another release of torch
    programs = sorted((HERE / "programs" / name).glob("*.py"))
    adapter = HERE.parent / "vectors" / "adapters" / f"for_{name}.py"
    record = {
        "framework": framework,
        "versions": versions(framework),
        "python": platform.python_version(),
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "programs": {
            path.stem.replace("_", "-"): run(path.read_text(encoding="utf-8"))
            for path in programs
        },
        "findings": {key: run(text) for key, text in findings(framework)},
        "vectors": judged([sys.executable, str(adapter)], timeout=SECONDS),
    }
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def versions(framework: str) -> dict[str, str]:
    """Return the installed versions of what a framework's requirements name."""
    path = HERE / "requirements" / f"{framework}.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    names = [re.split(r"[=\[]", line)[0] for line in lines if line[:1].isalpha()]
    return {name: version(name).partition("+")[0] for name in names}


def findings(framework: str) -> Iterator[tuple[str, str]]:
    """Yield the programs that show what is wrong in a framework."""
    known = tomllib.loads((HERE / "findings.toml").read_text(encoding="utf-8"))
    for name, finding in known.items():
        if finding["frameworks"][0] == framework:
            yield name, finding["program"]


def run(program: str) -> dict[str, Any]:
    """Return what a program prints, and the numbers of its ``r`` or what it raises."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    code = compile(program, "program", "exec")
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(code, names)
    except Exception as error:
        return {"raises": clean(f"{type(error).__name__}: {error}")}
    return {"prints": clean(printed.getvalue()), "r": list(numbers(names["r"]))}


def clean(text: str) -> str:
    """Return a text without what differs between two runs."""
    for pattern, replacement in NOISE:
        text = re.sub(pattern, replacement, text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def numbers(value: Any) -> Iterator[float | None]:
    """Yield the numbers of nested arrays; a complex one is its real part and the other.

    Nothing, in place of an array, is ``None``.
    """
    if value is None:
        yield None
    elif isinstance(value, list | tuple):
        for each in value:
            yield from numbers(each)
    elif isinstance(value, complex):
        yield from (value.real, value.imag)
    elif isinstance(value, int | float):
        yield float(value)
    else:
        array = value if hasattr(value, "tolist") else value.numpy()
        yield from numbers(array.tolist())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
