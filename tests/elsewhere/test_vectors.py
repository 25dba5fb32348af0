"""Tests of the vectors, of their judge, and of what frameworks gave."""

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from elsewhere.reading import COLUMNS, STATUSES, findings, records, status, worst
from vectors import generate
from vectors.run import (
    CLASSES,
    SILENT,
    UNSAID,
    judge,
    judged,
    main,
    number,
    vectors,
)

ROOT = Path(__file__).parents[2] / "vectors"
VECTORS = {vector["id"]: vector for vector in vectors()}


def answer(vector: dict[str, Any], **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return the answer that is expected, but for some changes."""
    right = {key: vector[key] for key in ("id", "value", "products")}
    return {**right, "dtype": "float64", **changes}


@pytest.mark.parametrize("name", CLASSES)
def test_files_have_the_schema(name: str) -> None:
    """Tests each file, and that the schema refuses what it should."""
    schema = json.loads((ROOT / "vectors.schema.json").read_text(encoding="utf-8"))
    made = json.loads((ROOT / f"{name}.json").read_text(encoding="utf-8"))

    jsonschema.validate(made, schema)
    made["vectors"][0]["class"] = "other"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, schema)


def test_there_are_enough() -> None:
    """Tests the number of operators, and that no two vectors have a name."""
    operators = {vector["operator"] for vector in VECTORS.values()}

    assert len(operators) >= 60
    assert {vector["class"] for vector in VECTORS.values()} == set(CLASSES)
    assert len(VECTORS) == len(list(vectors()))


def test_the_generator_writes_these_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests that the files are what the script makes, to the last digit."""
    monkeypatch.setattr(generate, "HERE", tmp_path)
    generate.main()

    for path in tmp_path.iterdir():
        assert path.read_bytes() == (ROOT / path.name).read_bytes()
    assert len(list(tmp_path.iterdir())) == len(CLASSES)


@pytest.mark.parametrize("name", VECTORS)
def test_shapes_fit(name: str) -> None:
    """Tests that v is like the value, products are like inputs, and J is of both."""
    vector = VECTORS[name]
    chosen = [vector["inputs"][at] for at in vector["differentiate"]]
    sizes = [int(np.prod(x["shape"])) for x in chosen]

    assert vector["v"]["shape"] == vector["value"]["shape"]
    if vector["products"] is not None:
        assert [p["shape"] for p in vector["products"]] == [x["shape"] for x in chosen]
    for size, rows in zip(sizes, vector.get("patterns", []), strict=False):
        assert len(rows) == np.prod(vector["value"]["shape"])
        assert all(len(row) == size for row in rows)


def test_products_that_are_known_by_hand() -> None:
    """Tests a vector of each class against formulas."""

    def data(name: str) -> list[list[Any]]:
        return [each["data"] for each in VECTORS[name]["products"]]

    v = np.array([1.0, -0.5, 2.0])
    exact = np.cos([-1.25, 0.75, 2.25]) * v
    assert np.allclose(data("regular/sin/1")[0], exact, rtol=1e-15)
    assert data("regular/det/2") == [[4, -2, -2, 1]]
    assert data("regular/prod/2") == [[6, 0, 0]]
    assert data("singular/sqrt/1") == [["inf"]]
    # conj(2 z) v for z = v = 1 + 2i, and 2 z v
    assert data("complex/square/1")[0][0] == [10, 0]
    assert VECTORS["complex/square/1"]["transposed"][0]["data"][0] == [-6, 8]
    low, high = VECTORS["kink/abs/1"]["bounds"][0]
    assert (low["data"], high["data"]) == ([-1], [1])


def shifted(arrays: list[dict[str, Any]], by: float) -> list[dict[str, Any]]:
    """Return arrays with each number moved."""
    return [{**each, "data": [n + by for n in each["data"]]} for each in arrays]


def test_the_judge() -> None:
    """Tests each status on answers that are made for it."""
    smooth, kink = VECTORS["regular/exp/1"], VECTORS["kink/abs/1"]
    infinite, square = VECTORS["singular/sqrt/1"], VECTORS["complex/square/1"]
    products = smooth["products"]

    def at_kink(given: float | str) -> dict[str, Any]:
        return answer(kink, products=[{"shape": [1], "data": [given]}])

    for given, expected in ((0.5, "agrees"), (1.5, "defect"), ("nan", "defect")):
        assert judge(kink, at_kink(given))["status"] == expected
    for by, expected in ((0, "agrees"), (1e-8, "precision"), (1e-3, "defect")):
        made = answer(smooth, products=shifted(products, by))
        assert judge(smooth, made)["status"] == expected
    single = answer(smooth, products=shifted(products, 1e-8), dtype="float32")
    assert judge(smooth, single)["status"] == "agrees"
    wrong = answer(smooth, value=shifted([smooth["value"]], 1.0)[0])
    assert judge(smooth, wrong)["status"] == "defect"
    other = answer(smooth, products=[{"shape": [3, 1], "data": products[0]["data"]}])
    assert judge(smooth, other)["status"] == "defect"
    finite = answer(infinite, products=[{"shape": [1], "data": [0.0]}])
    assert judge(infinite, finite)["status"] == "convention"
    transposed = answer(square, products=square["transposed"])
    assert judge(square, transposed)["status"] == "convention"
    assert judge(smooth, None) == {"status": "raises", "why": SILENT}
    assert judge(smooth, {"error": "E: no"}) == {"status": "raises", "why": "E: no"}
    missing = {"status": "unsupported", "why": "exp"}
    assert judge(smooth, {"unsupported": "exp"}) == missing
    for empty in ("", None):
        assert judge(smooth, {"unsupported": empty})["why"] == UNSAID
        assert judge(smooth, {"error": empty})["why"] == UNSAID


MALFORMED = [
    {},
    {"products": None},
    {"products": [None]},
    {"products": [{"shape": [3], "data": [None, 1, 2]}]},
    {"products": [{"shape": [3], "data": [1]}]},
    {"dtype": "float8"},
]


@pytest.mark.parametrize("changes", MALFORMED, ids=str)
def test_what_is_no_answer(changes: dict[str, Any]) -> None:
    """Tests that one malformed answer is told as such, and ends nothing."""
    vector = VECTORS["regular/exp/1"]
    found = judge(vector, answer(vector, **changes) if changes else {"id": "other"})

    assert found["status"] == "raises"
    assert found["why"].startswith("not an answer: ")


def test_real_numbers_in_place_of_complex_ones() -> None:
    """Tests that a framework may drop imaginary parts that are zero."""
    vector = VECTORS["complex/real/1"]
    pairs = vector["value"]["data"]
    same = {**vector["value"], "complex": True, "data": [[n, 0.0] for n in pairs]}

    assert judge(vector, answer(vector, value=same))["status"] == "agrees"
    dropped = {"shape": vector["products"][0]["shape"], "data": pairs}
    assert judge(vector, answer(vector, products=[dropped]))["status"] != "raises"


def test_numbers_as_text() -> None:
    """Tests that what a record holds isn't another number."""
    given = [1 / 3, -0.0, 1e-17, "nan", "-inf", [0.5, -1.0], ["nan", "inf"]]
    shown = ["0.3333", "0", "0", "nan", "-inf", "0.5-1i", "nan+infi"]

    assert [number(each) for each in given] == shown


def test_torch_answers_as_recorded() -> None:
    """Tests torch's column with the torch that is installed."""
    command = [sys.executable, str(ROOT / "adapters" / "for_torch.py")]
    made = judged(command)
    torch = records()["torch"].vectors
    changed = {name for name in made if made[name] != torch[name]}

    # What torch 2.14 changed.
    assert changed <= {"kink/clip/1", "kink/clip/2"}


def test_a_program_that_answers_nothing() -> None:
    """Tests that the runner says so, with what the program wrote."""
    program = "import sys; sys.exit('no such framework')"

    with pytest.raises(SystemExit, match="no such framework"):
        judged([sys.executable, "-c", program])


def test_the_runner_reports(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Tests the command with a program that knows one vector, and that one wrong."""
    line = json.dumps(
        answer(VECTORS["kink/abs/1"], products=[{"shape": [], "data": [2]}])
    )
    command = [sys.executable, "-c", f"print({line!r})"]

    assert main(["--json", str(tmp_path / "found.json"), *command]) == 1
    printed = capsys.readouterr()
    *lines, counts = printed.out.splitlines()
    assert any(line.endswith("2, expected between -1 and 1") for line in lines)
    assert printed.err == f"1 of {len(VECTORS)} answered, exit status 0: \n"
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert counts == f"raises {len(VECTORS) - 1}, defect 1"
    assert found["kink/abs/1"] == {"status": "defect", "r": "2"}


def test_a_program_that_lacks_every_operator(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Tests the first program that the README proposes, beside lines that are none."""
    program = """
import json, sys
print("{ready}", "[]", "null", '{"id": []}', sep="\\n")
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "unsupported": ""}))
"""
    assert main([sys.executable, "-c", program]) == 0
    assert capsys.readouterr().out.endswith(f"unsupported {len(VECTORS)}\n")


def test_a_program_that_hangs_is_ended(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests that what it answered counts, and that the runner says when it ended."""
    line = json.dumps(answer(VECTORS["regular/exp/1"]))
    program = f"import time; print({line!r}, flush=True); time.sleep(60)"

    assert main(["--timeout", "2", sys.executable, "-c", program]) == 1
    printed = capsys.readouterr()
    assert printed.out.endswith(f"raises {len(VECTORS) - 1}, agrees 1\n")
    assert printed.err == f"1 of {len(VECTORS)} answered, ended after 2 s: \n"


def test_the_runner_lists_operators(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests that each is listed once, with its attributes."""
    assert main(["--operators"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[0] for line in lines] == sorted(
        {vector["operator"] for vector in VECTORS.values()}
    )
    assert "clip               1 input   min=0.0, max=1.0" in lines


def test_the_runner_asks_for_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests that nothing to run is a mistake of usage."""
    with pytest.raises(SystemExit):
        main([])
    assert "the command that answers is missing" in capsys.readouterr().err


@pytest.mark.parametrize("framework", COLUMNS)
def test_every_vector_is_recorded(framework: str) -> None:
    """Tests that each has a status of the page, with products or a reason."""
    found = records()[framework].vectors

    assert list(found) == list(VECTORS)
    assert {each["status"] for each in found.values()} <= STATUSES.keys()
    lacking = {"raises", "unsupported"}
    assert all(
        ("why" in each) == (each["status"] in lacking) for each in found.values()
    )


def test_findings_show_what_they_say() -> None:
    """Tests that each has its program's output, and vectors that are known."""
    for name, finding in findings().items():
        assert name in records()[finding.frameworks[0]].findings
        assert set(finding.vectors) <= VECTORS.keys()
        assert set(finding.frameworks) <= COLUMNS.keys()


def test_statuses_beside_torch() -> None:
    """Tests that at a kink another choice than torch's is a convention."""
    assert status("torch", "kink/relu/1") == "agrees"
    assert status("tensorflow", "complex/square/1") == "agrees"
    assert status("jax", "complex/square/1") == "convention"
    assert worst("torch", ["regular/exp/1", "regular/det/2"]) == "defect"
    assert status("torch-2.15", "kink/clip/1") == "convention"
    assert status("mlx", "complex/pow/1") == "defect"
