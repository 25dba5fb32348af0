"""What the frameworks printed, and where it differs from torch: no framework needed."""

import json
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECORDS = HERE.parent / "records" / "elsewhere"
# In the order of the pages.
FRAMEWORKS = {
    "torch": "PyTorch",
    "jax": "JAX",
    "tensorflow": "TensorFlow",
    "autograd": "HIPS autograd",
    "tinygrad": "tinygrad",
    "mlx": "MLX",
    "torchjd": "TorchJD",
}
# With the other release of torch that the vectors are run on.
COLUMNS = {
    "torch": "PyTorch 2.13",
    "torch-2.15": "PyTorch 2.15",
    **{name: title for name, title in FRAMEWORKS.items() if name != "torch"},
}
# The worst first.
STATUSES = {
    "defect": "defect",
    "precision": "precision",
    "convention": "convention",
    "raises": "raises an error",
    "unsupported": "not supported",
    "agrees": "agrees",
}
KINDS = {
    "convention": "another convention",
    "unchecked": "not checked",
    "unsupported": "not supported",
    "defect": "defect",
}
# The programs' numbers are exact in float32.
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one program did.

    Attributes:
        prints: What it prints, empty if it raises.
        r: The numbers of its result; none stands for nothing in place of an array.
        raises: The error, empty if there is none.
    """

    prints: str = ""
    r: tuple[float | None, ...] = ()
    raises: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What all programs of a framework did.

    Attributes:
        framework: Its name here, such as ``"jax"``.
        versions: The versions of what was installed for it.
        python: The version of Python.
        date: The day of the run.
        programs: The outcome of each case, by its name.
        findings: The outcome of each program that shows a defect.
        vectors: The result of each vector: its status, and its products or why not.
    """

    framework: str
    versions: dict[str, str]
    python: str
    date: str
    programs: dict[str, Outcome]
    findings: dict[str, Outcome]
    vectors: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Products that are wrong.

    Attributes:
        frameworks: Those that have them; the program is for the first.
        vectors: The vectors that show it.
        text: What is right, and what is wrong.
        upstream: Issues of the frameworks, such as ``"jax-ml/jax#3058"``.
        program: A small program that prints them.
    """

    frameworks: list[str]
    vectors: list[str]
    text: str
    upstream: list[str]
    program: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A known difference from torch.

    Attributes:
        kind: One of ``KINDS``.
        text: A sentence that says what is another.
    """

    kind: str
    text: str


def read(path: Path) -> Record:
    """Return one record."""
    made = json.loads(path.read_text(encoding="utf-8"))
    for part in ("programs", "findings"):
        made[part] = {name: outcome(each) for name, each in made[part].items()}
    return Record(**made)


def outcome(made: dict[str, Any]) -> Outcome:
    """Return what a run gave."""
    return Outcome(**{**made, "r": tuple(made.get("r", ()))})


@cache
def records() -> dict[str, Record]:
    """Return the record of each framework."""
    return {name: read(RECORDS / f"{name}.json") for name in COLUMNS}


@cache
def findings() -> dict[str, Finding]:
    """Return the known defects by their names."""
    known = tomllib.loads((HERE / "findings.toml").read_text(encoding="utf-8"))
    return {name: Finding(**each) for name, each in known.items()}


@cache
def differences() -> dict[tuple[str, str], Difference]:
    """Return the known differences, by framework and case."""
    known = tomllib.loads((HERE / "differences.toml").read_text(encoding="utf-8"))
    return {
        (framework, case): Difference(**known[framework][case])
        for framework in FRAMEWORKS
        for case in known.get(framework, {})
    }


def program(framework: str, case: str) -> str:
    """Return the text of a program."""
    path = HERE / "programs" / framework / f"{case.replace('-', '_')}.py"
    return path.read_text(encoding="utf-8")


def agree(one: Outcome, other: Outcome) -> bool:
    """Return whether two programs have the same numbers, or both raise."""
    if one.raises or other.raises:
        return bool(one.raises) == bool(other.raises)
    return len(one.r) == len(other.r) and all(map(_near, one.r, other.r))


@cache
def defects(framework: str) -> set[str]:
    """Return the vectors of a framework's known defects."""
    known = [each for each in findings().values() if framework in each.frameworks]
    return {vector for finding in known for vector in finding.vectors}


def status(framework: str, vector: str) -> str:
    """Return the status of a vector; at a kink all but torch's is a convention.

    A convention that a framework doesn't keep to itself is a defect.
    """
    found, torch = (records()[name].vectors[vector] for name in (framework, "torch"))
    if found["status"] == "convention" and vector in defects(framework):
        return "defect"
    kink = vector.startswith("kink") and found["status"] == "agrees"
    other = kink and torch["status"] == "agrees" and found["r"] != torch["r"]
    return "convention" if other else found["status"]


def worst(framework: str, vectors: Iterable[str]) -> str:
    """Return the worst status of some vectors."""
    found = (status(framework, vector) for vector in vectors)
    return min(found, key=list(STATUSES).index)


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
