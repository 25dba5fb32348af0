"""Run the vectors on a framework, and judge each: standard library alone.

``python vectors/run.py python vectors/adapters/for_jax.py`` starts the command after
the script, writes a vector a line to its input, and reads an answer a line from its
output.
``--json FILE`` before the command writes all that was found.
"""

import argparse
import collections
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CLASSES = ("regular", "broadcast", "empty", "kink", "singular", "complex")
# A wrong digit in the last half of all that the precision has is lost precision.
LOOSE = {"float64": 1e-6, "float32": 1e-2}
TINY = 1e-12
Json = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Run the vectors, print what isn't as expected, and count."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--json", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    found = judged(given.command)
    for name, result in found.items():
        if result["status"] != "agrees":
            said = result.get("why") or result.get("r")
            print(f"{result['status']:12} {name:28} {said}")
    counts = collections.Counter(result["status"] for result in found.values())
    print(", ".join(f"{status} {count}" for status, count in counts.most_common()))
    if given.json:
        text = json.dumps(found, indent=1)
        given.json.write_text(text + "\n", encoding="utf-8")
    return int("defect" in counts)


def vectors() -> Iterator[Json]:
    """Yield every vector."""
    for name in CLASSES:
        text = (HERE / f"{name}.json").read_text(encoding="utf-8")
        yield from json.loads(text)["vectors"]


def judged(command: list[str]) -> dict[str, Json]:
    """Return how a command answers each vector."""
    known = {vector["id"]: vector for vector in vectors()}
    asked = "".join(json.dumps(question(each)) + "\n" for each in known.values())
    made = subprocess.run(
        command, input=asked, capture_output=True, text=True, check=False
    )
    lines = [line for line in made.stdout.splitlines() if line.startswith("{")]
    answers = {answer["id"]: answer for answer in map(json.loads, lines)}
    if not answers:
        raise SystemExit(f"no answers: {made.stderr[-2000:]}")
    return {name: judge(vector, answers.get(name)) for name, vector in known.items()}


def question(vector: Json) -> Json:
    """Return what a framework is told of a vector: not what is expected."""
    asked = ("id", "operator", "inputs", "attributes", "differentiate", "v")
    return {key: vector[key] for key in asked}


def judge(vector: Json, answer: Json | None) -> Json:
    """Return the status of an answer with its products, or why there are none."""
    if answer is None:
        return {"status": "unsupported", "why": "no answer"}
    if "products" not in answer:
        why = answer.get("unsupported") or answer.get("error")
        return {"status": "unsupported", "why": why}
    return {"status": compared(vector, answer), "r": told(answer["products"])}


def compared(vector: Json, answer: Json) -> str:
    """Return whether the value and the products are the expected ones."""
    dtype = answer.get("dtype", "float64")
    tight, products = vector["tolerance"][dtype], answer["products"]
    values = [vector["value"]], [answer["value"]]
    if "bounds" in vector:
        right = between(vector["bounds"], products, tight)
        return "agrees" if right and close(*values, tight) else "defect"
    near = close(*values, LOOSE[dtype])
    if vector["products"] is None:  # no slope, and no limit: any product is right
        return "agrees" if near else "defect"
    if close(*values, tight) and close(vector["products"], products, tight):
        return "agrees"
    other = vector["class"] == "singular"
    if near and (other or close(vector.get("transposed", []), products, tight)):
        return "convention"
    near = near and close(vector["products"], products, LOOSE[dtype])
    return "precision" if near else "defect"


def close(expected: list[Json], found: list[Json], tolerance: float) -> bool:
    """Return whether arrays are equal but for rounding, relative to the largest."""
    if [each["shape"] for each in expected] != [each["shape"] for each in found]:
        return False
    pairs = [*zip(flat(expected), flat(found), strict=True)]
    sizes = [abs(one) for one, _ in pairs if math.isfinite(one)]
    scale = tolerance * max([1.0, *sizes])
    return all(one == two or abs(one - two) <= scale for one, two in pairs)


def between(bounds: list[list[Json]], found: list[Json], tolerance: float) -> bool:
    """Return whether each number lies between the one-sided products."""
    lows, highs = ([each[side] for each in bounds] for side in (0, 1))
    if [each["shape"] for each in lows] != [each["shape"] for each in found]:
        return False
    rows = zip(flat(lows), flat(found), flat(highs), strict=True)
    return all(a - tolerance <= n <= b + tolerance for a, n, b in rows)


def flat(arrays: list[Json]) -> list[float]:
    """Return all numbers; each complex one is a pair, and so is each beside it."""
    some = any(each.get("complex") for each in arrays)
    found: list[float] = []
    for each in arrays:
        for n in each["data"]:
            pair = n if isinstance(n, list) else [n, 0.0]
            found += map(float, pair if some else pair[:1])
    return found


def told(products: list[Json]) -> str:
    """Return products as text with four digits, inputs parted by semicolons."""
    return "; ".join(", ".join(map(number, each["data"])) for each in products)


def number(given: Any) -> str:
    """Return a number as text; minus zero is zero, and NaN isn't."""
    if isinstance(given, list):
        real, imaginary = (round(float(part), 12) + 0.0 for part in given)
        return f"{real:.4g}{imaginary:+.4g}i"
    double = float(given)
    return f"{0.0 if abs(double) <= TINY else double:.4g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
