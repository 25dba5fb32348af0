"""Tests of :func:`vjp_guide.diagnose`: each error is provoked, and its fix is run."""

import traceback
from typing import Any

import pytest
import torch

from tests.error_programs import (
    MANY,
    OLDER,
    OTHERS,
    PROGRAMS,
    SPECIAL,
    Program,
    provoke,
    slug_and_number,
)
from vjp_guide import Explanation, diagnose, explain
from vjp_guide._explain.error_row import Row
from vjp_guide._explain.error_table import ROWS

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")
GENERIC = {row.slug for row in ROWS if row.generic}
PLAIN = [program for program in PROGRAMS if program.slug not in GENERIC]


def run(code: str, names: dict[str, Any]) -> None:
    """Run code among the names of a program."""
    exec(code, names)  # noqa: S102 (that it runs is what is tested)


@pytest.mark.parametrize("program", PLAIN, ids=slug_and_number(PLAIN))
def test_recognises_the_text_and_mends_the_program(program: Program) -> None:
    """Tests the text alone: the kind of error, and that the general code runs."""
    error, names = provoke(program)

    diagnosis = diagnose(str(error))

    assert diagnosis
    assert (diagnosis.slug, diagnosis.message) == (program.slug, str(error))
    assert "{" not in diagnosis.cause
    if program in OTHERS:
        run(diagnosis.code + "\n" + program.after, names)


@pytest.mark.parametrize("program", MANY, ids=slug_and_number(MANY))
def test_explains_the_call_and_corrects_it(program: Program) -> None:
    """Tests that explain quotes torch to the letter, and that its code runs."""
    error, _ = provoke(program)
    names = program.names(explain)

    explanation = eval(program.call, names)  # noqa: S307 (the table holds programs)

    assert isinstance(explanation, Explanation)
    diagnosis = explanation.diagnosis
    assert diagnosis
    assert diagnosis.slug == program.slug
    assert (diagnosis.error_type, diagnosis.message) == (
        type(error).__name__,
        str(error),
    )
    assert f"{diagnosis.error_type}: {error}" in str(explanation)
    run(diagnosis.code, names)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_the_general_code_runs(row: Row) -> None:
    """Tests the code that is offered without tensors, on a function to a scalar."""
    setup = "f = torch.sum\ny, v = f(x), torch.tensor(2.0)\ny0, y1, w = y, y, x\n"
    setup += "v0 = v1 = torch.ones(1)\n"
    names = Program("", "", setup + SPECIAL.get(row.slug, "")).names(None)

    run(row.code, names)


def test_covers_every_row() -> None:
    """Tests that each kind of error is provoked, and has a slug of its own."""
    slugs = [row.slug for row in ROWS]

    assert len(set(slugs)) == len(slugs)
    assert set(slugs) == {program.slug for program in PROGRAMS} | set(OLDER)


@pytest.mark.parametrize(("slug", "text"), OLDER.items())
def test_knows_the_texts_of_older_releases(slug: str, text: str) -> None:
    """Tests texts that torch no longer writes, without and with tensors."""
    x = torch.ones(2, requires_grad=True)

    for diagnosis in (diagnose(text), diagnose(text, x * 2, x, torch.ones(2))):
        assert diagnosis
        assert diagnosis.slug == slug
        assert not diagnosis.error_type


CAUSES = [
    (
        "v = torch.ones(2)",
        "v has shape (2,), but y has shape (3, 2)",
        "ones_like(y)",
    ),
    ("v = torch.randn(2, 3)", "v has shape (2, 3)", "v.reshape(y.shape)"),
    ("v = torch.randn(2)", "v has shape (2,)", "v.expand(y.shape)"),
    ("v = torch.randn(4)", "v has shape (4,)", "ones_like(y)"),
    ("v = None", "y has shape (3, 2) and no v", "ones_like(y)"),
    ("v = 2.0", "v is of type float", "torch.as_tensor(v, dtype=torch.float32).expand"),
    ("v = 'ones'", "v is of type str", "ones_like(y)"),
    ("v = 2j", "v is of type complex", "ones_like(y)"),
    (
        "v = torch.ones(3, 2) * 1j",
        "complex64, but y is torch.float32",
        "v.real",
    ),
    (
        "v = torch.ones(3, 2, device='meta')",
        "v is on meta, but y is on cpu",
        "ones_like(y)",
    ),
    (
        "v = torch.ones(2)\ny = torch.autograd.graph.get_gradient_edge(y)",
        "v has shape (2,)",
        "torch.ones((3, 2), dtype=torch.float32)",
    ),
    (
        "v = torch.randn(2)\ny = torch.autograd.graph.get_gradient_edge(y)",
        "v has shape (2,)",
        "v.expand((3, 2))",
    ),
    ("y = 2.0", "y is of type float, but outputs must be tensors", "y = f(x)"),
    ("y = f", "y is a function, but outputs must be tensors", "f = y\ny = f(x)\n"),
    ("y = [f]", "y is a function, but outputs must be tensors", "grad_outputs=v"),
    ("y = torch.nn.Linear(3, 2)", "y is a module, but outputs must be", "y = f(x)\n"),
    ("y = torch.nn.Linear(3, 2)\nx = list(y.parameters())", "module", "y = f(data)\n"),
    ("y = torch.nn.Linear(3, 2)\nx = [x, y.weight]", "module", "y = f(x0)\n"),
    ("y = torch.compile(torch.nn.Linear(3, 2))", "y is a module", "y = f(x)\n"),
    ("x = None", "x is of type NoneType, but inputs must be tensors", "y = f(x)"),
    (
        "y = (1j * y)[0, 0]\nv = None",
        "complex64 and has no v",
        "ones_like(y)",
    ),
]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("BackwardHookFunctionBackward", "in-place-hook"),
        ("CheckpointFunction", "in-place-hook"),
        ("SplitBackward0", "in-place-view"),
    ],
)
def test_the_first_sentence_alone_tells_a_function_from_views(
    name: str, slug: str
) -> None:
    """Tests what is left when a reader pastes one line of the message."""
    found = diagnose(f"Output 0 of {name} is a view and is being modified inplace")
    assert found is not None
    assert found.slug == slug


@pytest.mark.parametrize(("setup", "cause", "code"), CAUSES)
def test_names_the_tensors_at_hand(setup: str, cause: str, code: str) -> None:
    """Tests the cause with its shapes and dtypes, and the correction that fits them."""
    names = Program("", "", setup).names(explain)

    explanation = explain(names["y"], names["x"], names["v"])

    assert explanation.diagnosis
    assert cause in explanation.diagnosis.cause
    assert code in explanation.diagnosis.code


@pytest.mark.parametrize(
    ("y", "fix"),
    [
        (torch.nn.Linear(3, 2), "Call the module: explain(model(x), x)."),
        (torch.exp, "Call the function: explain(f(x), x). torch.func.vjp and"),
    ],
)
def test_says_to_call_what_is_passed_in_place_of_its_output(
    y: Any,  # noqa: ANN401 (no tensor)
    fix: str,
) -> None:
    """Tests what explain says, and diagnose with the same arguments."""
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(TypeError) as caught:
        torch.autograd.grad(y, x)
    for found in (explain(y, x).diagnosis, diagnose(caught.value, y, x)):
        assert found
        assert found.fix.startswith(fix)


def test_is_none_for_an_unknown_text() -> None:
    """Tests that nothing is guessed."""
    assert diagnose(ValueError("no gradients here")) is None


def test_a_text_without_its_end_is_known() -> None:
    """Tests one that begins as another text does, as people search for it."""
    diagnosis = diagnose("grad can be implicitly created only for real scalar outputs")
    assert diagnosis
    assert diagnosis.slug == "no-implicit-complex-v"


def test_a_generic_text_counts_only_where_the_call_shows_the_fault() -> None:
    """Tests that an error of other code isn't blamed on the cotangents."""
    x = torch.ones(3, requires_grad=True)
    errors = [provoke(program)[0] for program in MANY if program.slug in GENERIC]
    others = [type(error)(*error.args) for error in errors]

    assert errors
    assert not any(diagnose(str(error)) for error in errors)
    assert not any(diagnose(error, x * 2, x, torch.ones(3)) for error in others)


def test_a_generic_text_counts_where_the_traceback_leads_to_torch() -> None:
    """Tests the exception itself and its traceback as text."""
    for program in MANY:
        if program.slug in GENERIC:
            error, _ = provoke(program)
            pasted = "".join(traceback.format_exception(error))
            slugs = [
                found.slug for found in (diagnose(error), diagnose(pasted)) if found
            ]
            assert slugs == [program.slug] * 2


def test_answers_in_general_where_the_arguments_are_those_of_another_call() -> None:
    """Tests that no repair fails on arguments that don't fit the text."""
    x = torch.ones(3, requires_grad=True)
    text = "element 1 of tensors does not require grad and does not have a grad_fn"

    for outputs in (0.5, x * 2, [0.5, 0.5]):
        diagnosis = diagnose(text, outputs, x)
        assert diagnosis
        assert diagnosis.slug == "output-without-graph"


def test_refuses_what_is_no_error() -> None:
    """Tests that the message says what to pass."""
    with pytest.raises(TypeError, match=r"error must be an exception.*got int"):
        diagnose(3)  # type: ignore[arg-type]


def test_prints_the_error_the_reason_and_the_code() -> None:
    """Tests the text, with and without a known type."""
    text = "backward() called inside a functorch transform"
    diagnosis = diagnose(text)
    assert diagnosis

    lines = str(diagnosis).splitlines()

    assert lines[0] == text
    assert lines[1] == f"Why: {diagnosis.cause}"
    assert lines[2] == f"Fix: {diagnosis.fix}"
    assert lines[4] == f"  {diagnosis.code}"
    assert str(diagnose(RuntimeError(text))).startswith(f"RuntimeError: {text}")
