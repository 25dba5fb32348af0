"""Run the vectors on a framework, and judge each: standard library alone.

``python vectors/run.py python vectors/adapters/for_jax.py`` starts the command after
the script, writes a vector a line to its input, and reads an answer a line from its
output. What isn't as expected is printed, with what is expected.
The exit status is 1 if there is a defect, or a vector without an answer.
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
SILENT = "no answer"
UNSAID = "no reason given"
Json = dict[str, Any]


def main(arguments: list[str]) -> int:
    """Run the vectors, print what isn't as expected, and count."""
    parser = argparse.ArgumentParser(description=str(__doc__))
    parser.add_argument("--json", type=Path, help="write all that was found to a file")
    parser.add_argument("--operators", action="store_true", help="list what is called")
    parser.add_argument("--timeout", type=float, help="seconds for all vectors")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what answers")
    given = parser.parse_args(arguments)
    if given.operators:
        print(*signatures(), sep="\n")
        return 0
    if not given.command:
        parser.error("the command that answers is missing: python adapters/for_jax.py")
    found = judged(given.command, timeout=given.timeout)
    if given.json:
        text = json.dumps(found, indent=1)
        given.json.write_text(text + "\n", encoding="utf-8")
    return report(found)


def report(found: dict[str, Json]) -> int:
    """Print what isn't as expected, and the counts; return the exit status."""
    for vector in vectors():
        result = found[vector["id"]]
        if result["status"] != "agrees":
            said = result.get("why") or f"{result['r']}, expected {wanted(vector)}"
            print(f"{result['status']:12} {vector['id']:28} {said}")
    counts = collections.Counter(result["status"] for result in found.values())
    print(", ".join(f"{status} {count}" for status, count in counts.most_common()))
    silent = any(result.get("why") == SILENT for result in found.values())
    return int("defect" in counts or silent)


def signatures() -> Iterator[str]:
    """Yield each operator with its number of inputs and examples of its attributes."""
    calls: dict[str, Json] = {}
    for vector in vectors():
        calls.setdefault(vector["operator"], {}).update(vector["attributes"])
        calls[vector["operator"]].setdefault("inputs", len(vector["inputs"]))
    for name, options in sorted(calls.items()):
        count = options.pop("inputs")
        keywords = ", ".join(f"{key}={n}" for key, n in options.items())
        yield f"{name:18} {count} input{'s' * (count > 1):2} {keywords}".rstrip()


def vectors() -> Iterator[Json]:
    """Yield every vector."""
    for name in CLASSES:
        text = (HERE / f"{name}.json").read_text(encoding="utf-8")
        yield from json.loads(text)["vectors"]


def judged(command: list[str], *, timeout: float | None = None) -> dict[str, Json]:
    """Return how a command answers each vector."""
    known = {vector["id"]: vector for vector in vectors()}
    asked = "".join(json.dumps(question(each)) + "\n" for each in known.values())
    output, errors, end = ran(command, asked, timeout)
    answers = {each["id"]: each for each in read(output)}
    if not answers:
        raise SystemExit(f"no answers, {end}: {errors[-2000:]}")
    if known.keys() - answers.keys():
        said = f"{len(answers)} of {len(known)} answered, {end}: {errors[-2000:]}"
        print(said, file=sys.stderr)
    return {name: judge(vector, answers.get(name)) for name, vector in known.items()}


def ran(command: list[str], asked: str, timeout: float | None) -> tuple[str, str, str]:
    """Return what a program writes, to its output and besides, and how it ended."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            output, errors = process.communicate(asked, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            return *process.communicate(), f"ended after {timeout:g} s"
    return output, errors, f"exit status {process.returncode}"


def read(output: str) -> Iterator[Json]:
    """Yield the answers among the lines that a program writes."""
    for line in output.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue  # a program may print more
        if isinstance(found, dict) and isinstance(found.get("id"), str):
            yield found


def question(vector: Json) -> Json:
    """Return what a framework is told of a vector: not what is expected."""
    asked = ("id", "operator", "inputs", "attributes", "differentiate", "v")
    return {key: vector[key] for key in asked}


def judge(vector: Json, answer: Json | None) -> Json:
    """Return the status of an answer with its products, or why there are none."""
    if answer is None:
        return {"status": "raises", "why": SILENT}
    if "unsupported" in answer:
        return {"status": "unsupported", "why": answer["unsupported"] or UNSAID}
    if "error" in answer:
        return {"status": "raises", "why": answer["error"] or UNSAID}
    try:
        return {"status": compared(vector, answer), "r": told(answer["products"])}
    except (KeyError, TypeError, ValueError) as error:
        why = f"not an answer: {type(error).__name__}: {error}"
        return {"status": "raises", "why": why}


def wanted(vector: Json) -> str:
    """Return what is expected of a vector, as text."""
    if "bounds" in vector:
        low, high = ([each[side] for each in vector["bounds"]] for side in (0, 1))
        return f"between {told(low)} and {told(high)}"
    return told(vector["products"] or []) or "any products"


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
    some = any(each.get("complex") for each in [*expected, *found])
    pairs = [*zip(flat(expected, pairs=some), flat(found, pairs=some), strict=True)]
    sizes = [abs(one) for one, _ in pairs if math.isfinite(one)]
    scale = tolerance * max([1.0, *sizes])
    return all(one == two or abs(one - two) <= scale for one, two in pairs)


def between(bounds: list[list[Json]], found: list[Json], tolerance: float) -> bool:
    """Return whether each number lies between the one-sided products."""
    lows, highs = ([each[side] for each in bounds] for side in (0, 1))
    if [each["shape"] for each in lows] != [each["shape"] for each in found]:
        return False
    some = any(each.get("complex") for each in [*lows, *found])
    rows = zip(*(flat(each, pairs=some) for each in (lows, found, highs)), strict=True)
    return all(a - tolerance <= n <= b + tolerance for a, n, b in rows)


def flat(arrays: list[Json], *, pairs: bool) -> list[float]:
    """Return all numbers, each as a pair if some of them are complex."""
    found: list[float] = []
    for each in arrays:
        for n in each["data"]:
            pair = n if isinstance(n, list) else [n, 0.0]
            found += map(float, pair if pairs else pair[:1])
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
