"""What the frameworks printed, and where it differs from torch: no framework needed."""

import json
import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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
    """

    framework: str
    versions: dict[str, str]
    python: str
    date: str
    programs: dict[str, Outcome]


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
    programs = {
        name: Outcome(**{**outcome, "r": tuple(outcome.get("r", ()))})
        for name, outcome in made.pop("programs").items()
    }
    return Record(**made, programs=programs)


@cache
def records() -> dict[str, Record]:
    """Return the record of each framework."""
    return {name: read(RECORDS / f"{name}.json") for name in FRAMEWORKS}


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


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
