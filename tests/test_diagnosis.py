"""Tests of :func:`vjp_guide.diagnose`: each error is provoked, and its fix is run."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from vjp_guide import Explanation, diagnose, explain
from vjp_guide._explain.error_table import ROWS, Row


@dataclass
class Program:
    """The smallest program that provokes an error.

    ``grad`` in ``call`` is :func:`torch.autograd.grad`, or :func:`vjp_guide.explain`.
    ``after`` uses what the corrected code made.
    """

    slug: str
    call: str
    setup: str = ""
    after: str = ""

    def names(self, grad: object) -> dict[str, Any]:
        """Run the setup and return its names."""
        names = {"torch": torch, "np": np, "grad": grad}
        exec(BASE + self.setup, names)  # noqa: S102 (the table holds programs)
        return names


BASE = """
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
f = lambda x: torch.outer(x, x[:2])
y = f(x)
v = torch.randn(3, 2)
"""
TWO = "y0, y1 = f(x), x.exp()\nv0, v1 = v, torch.ones(3)\n"
MANY = [
    Program("shape-mismatch", "grad(y, x, v)", "v = torch.randn(3)"),
    Program("shape-mismatch", "grad(y, x, v)", "v = torch.randn(3, 1)"),
    Program("shape-mismatch", "grad(y, x, v)", "v = torch.randn(6)"),
    Program("shape-mismatch", "grad(y, x, v)", "v = torch.ones_like(x)"),
    Program("shape-mismatch", "grad(y, x, v)", "y = x.sum()\nv = torch.randn(1)"),
    Program("mismatch-in-a-later-output", "grad((y0, y1), x, (v0, v0))", TWO),
    Program(
        "mismatch-in-a-later-output",
        "grad((y0, y1), x, (v0, 1j * v1))",
        TWO,
    ),
    Program("no-implicit-v", "grad(y, x)"),
    Program("no-implicit-v", "grad((y0, y1), x, (None, v1))", TWO),
    Program("no-implicit-complex-v", "grad(y, x)", "y = (1j * x).sum()"),
    Program("complex-mismatch", "grad(y, x, v)", "y = 1j * y"),
    Program("complex-mismatch", "grad(y, x, v)", "v = 1j * v\ny = (1j * y).imag"),
    Program("unused-input", "grad(y, x)", "y = y.sum()\nx = x[:1]"),
    Program("unused-input", "grad((), x)", "y = y.sum()\n"),
    Program(
        "input-without-grad",
        "grad(y, x, v)",
        "x = x.detach()\nw = torch.ones(2, requires_grad=True)\n"
        "f = lambda x: torch.outer(x, w)\ny = f(x)",
    ),
    Program("output-without-graph", "grad(y, x, v)", "y = y.detach()"),
    Program("output-without-graph", "grad(y, x)", "f = torch.max\ny = x.argmax()"),
    Program(
        "output-without-graph",
        "grad(y, x)",
        "y = torch.autograd.grad(y.sum(), x)[0].sum()\n"
        "f = lambda x: torch.autograd.grad(x.prod(), x, create_graph=True)[0].sum()",
    ),
    Program("second-pass", "grad(y, x, v)", "torch.autograd.grad(y, x, v)"),
    Program(
        "in-place",
        "grad(y, x)",
        "f = lambda x: x.exp().sum()\na = x.exp()\ny = a.sum()\n"
        "with torch.no_grad(): a += 1",
    ),
    Program("number-of-cotangents", "grad((y0, y1), x, v0)", TWO),
    Program("number-of-cotangents", "grad((y0, y1), x, ())", TWO),
    Program("not-iterable", "grad(y, x, v)", "v = 2.0"),
    Program("not-iterable", "grad(y, x, v)", "v = np.array(2.0)"),
    Program("not-a-tensor", "grad(y, x, v)", "v = v.numpy()"),
    Program("not-a-tensor", "grad(y, x, v)", "v = v.tolist()"),
    Program("not-a-tensor", "grad((y0, y1), x, v)", TWO + "v = np.ones(2)"),
    Program("not-a-tensor", "grad(y, x, [v])", "y = y.sum()\nv = 3"),
    Program("output-not-a-tensor", "grad([y], x)", "f = torch.sum\ny = f(x).item()"),
    Program("input-not-a-tensor", "grad(y.sum(), [x])", "x = 2.0\nf = torch.exp"),
    Program("no-inputs", "grad(y, [], v)"),
    Program(
        "inputs-mapping",
        "grad(y, x)",
        "from collections import OrderedDict\nx = OrderedDict(a=x)\ny = y.sum()",
    ),
    Program(
        "device-mismatch",
        "grad(y, x, v)",
        "x = torch.ones(3, device='meta', requires_grad=True)\ny = f(x)",
    ),
    Program(
        "materialize-and-unused",
        "grad(y, x, materialize_grads=True, allow_unused=False)",
        "y = y.sum()",
    ),
    Program(
        "materialize-edge",
        "grad(y, [x], materialize_grads=True)",
        "y = y.sum()\nx = torch.autograd.graph.get_gradient_edge(x.exp())",
    ),
    Program("batch-axis", "grad(y, x, v, is_grads_batched=True)"),
    Program("batch-missing", "grad(y, x, is_grads_batched=True)", "y = y.sum()"),
    Program("batch-missing", "grad(y, x, is_grads_batched=True)", "y = y[:1, 0]"),
    Program(
        "batch-sizes",
        "grad((y0, y1), x, (None, v1), is_grads_batched=True)",
        "y0, y1, v1 = y[:1, 0], y[:1, 1], torch.ones(2, 1)",
    ),
    Program(
        "batch-empty",
        "grad(y, x, v, is_grads_batched=True)",
        "v = torch.ones(0, 3, 2)",
    ),
    Program(
        "batch-sizes",
        "grad((y0, y1), x, (v0, v1), is_grads_batched=True)",
        TWO + "v0, v1 = torch.ones(4, 3, 2), torch.ones(3, 3)",
    ),
]
OTHERS = [
    Program("in-place-leaf", "x.add_(1)"),
    Program("func-grad-not-scalar", "torch.func.grad(f)(x)"),
    Program(
        "func-grad-not-scalar",
        "torch.func.grad(lambda x: [x])(x)",
    ),
    Program(
        "func-vjp-structure",
        "torch.func.vjp(f, x)[1](v)",
        "f = lambda x: (x, 2 * x)",
    ),
    Program("functional-vjp-shape", "torch.autograd.functional.vjp(f, x, x)"),
    Program("functional-vjp-no-v", "torch.autograd.functional.vjp(f, x)"),
    Program(
        "backward-in-transform",
        "torch.func.grad(g)(x)",
        "g = lambda x: x.sum().backward()",
    ),
    Program(
        "requires-grad-in-transform",
        "torch.func.grad(g)(x)",
        "g = torch.Tensor.requires_grad_",
    ),
    Program(
        "backward-count",
        "grad(Bad.apply(x, 2), x, torch.ones(3))",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x, factor: x * factor)\n"
        "    backward = staticmethod(lambda ctx, v: v)\n",
        "assert (grad(Scale.apply(x, 2.0).sum(), x)[0] == 2).all()",
    ),
    Program(
        "backward-shape",
        "grad(Bad.apply(y), y, v)",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: 2 * x)\n"
        "    backward = staticmethod(lambda ctx, v: 2 * v.sum(0))\n",
        "assert (grad(Double.apply(x).sum(), x)[0] == 2).all()",
    ),
    Program(
        "in-place-view",
        "first.add_(1)",
        "first, *others = (2 * x).unbind()",
        "assert grad(first, x)[0].tolist() == [1, 0, 0]",
    ),
    Program(
        "anomaly-nan",
        "watched(y, x)",
        "x = torch.tensor([0.0, 4.0], requires_grad=True)\n"
        "def watched(y, x):\n"
        "    with torch.autograd.set_detect_anomaly(True):\n"
        "        return grad(y, x)\n"
        "y = torch.where(x > 0, x.sqrt(), 0.0).sum()",
        "assert grad(y.sum(), x)[0].tolist() == [0, 0.25]",
    ),
    Program(
        "once-differentiable",
        "g.backward()",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: 3 * x)\n"
        "    backward = staticmethod(\n"
        "        torch.autograd.function.once_differentiable(lambda ctx, v: 3 * v)\n"
        "    )\n"
        "g = grad((Bad.apply(x) ** 2).sum(), x, create_graph=True)[0].sum()",
        "(g,) = grad((Cube.apply(x) ** 2).sum(), x, create_graph=True)\n"
        "assert grad(g.sum(), x)[0].tolist() == (30 * x**4).tolist()",
    ),
    Program(
        "checkpoint",
        "grad(torch.utils.checkpoint.checkpoint(f, x, use_reentrant=True), x, v)",
        "",
        "grad(y, x, v)",
    ),
    Program(
        "inference-tensor",
        "w * x",
        "with torch.inference_mode(): w = torch.ones(3)",
        "grad((w * x).sum(), x)",
    ),
    Program(
        "integer-input",
        "x.requires_grad_()",
        "x = torch.ones(1).int()",
        "grad(x, x)",
    ),
    Program("integer-input", "torch.tensor([1], requires_grad=True)"),
    Program(
        "strict-independent",
        "torch.autograd.functional.jacobian(f, x, strict=True)",
        "f = lambda x: torch.ones(2)",
    ),
    Program(
        "strict-independent",
        "torch.autograd.functional.jacobian(f, x, strict=True)",
        "f = lambda x: y * 1",
    ),
    Program("grad-of-non-leaf", "y.grad", "", "assert (y.grad == 1).all()"),
    Program("backward-create-graph", "y.sum().backward(create_graph=True)"),
]
SPECIAL = {
    "func-vjp-structure": "f = lambda x: (x, 2 * x)",
    "input-not-a-tensor": "x = 2.0\nf = torch.exp",
    "inputs-mapping": "x = {'a': x}",
    "integer-input": "x = x.detach().int()",
}
PROGRAMS = MANY + OTHERS
GENERIC = {row.slug for row in ROWS if row.generic}
PLAIN = [program for program in PROGRAMS if program.slug not in GENERIC]


def provoke(program: Program) -> tuple[Exception, dict[str, Any]]:
    """Run a program and return what it raised, a warning included, and its names."""
    names = program.names(torch.autograd.grad)
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the table says which)
        exec(program.call, names)  # noqa: S102 (the table holds programs)
    return caught.value, names


def run(code: str, names: dict[str, Any]) -> None:
    """Run code among the names of a program."""
    exec(code, names)  # noqa: S102 (that it runs is what is tested)


def slug_and_number(programs: list[Program]) -> list[str]:
    """Return names for tests."""
    return [f"{number}-{program.slug}" for number, program in enumerate(programs)]


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
    assert set(slugs) == {program.slug for program in PROGRAMS}


UNUSED = "One of the differentiated Tensors appears to not have been used in the graph."
CHECKPOINT = "Checkpointing is not compatible with .grad() or when"


@pytest.mark.parametrize(
    ("text", "slug"), [(UNUSED, "unused-input"), (CHECKPOINT, "checkpoint")]
)
def test_knows_the_texts_of_older_releases(text: str, slug: str) -> None:
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
    ("x = None", "x is of type NoneType, but inputs must be tensors", "y = f(x)"),
    (
        "y = (1j * y)[0, 0]\nv = None",
        "complex64 and has no v",
        "ones_like(y)",
    ),
]


@pytest.mark.parametrize(("setup", "cause", "code"), CAUSES)
def test_names_the_tensors_at_hand(setup: str, cause: str, code: str) -> None:
    """Tests the cause with its shapes and dtypes, and the correction that fits them."""
    names = Program("", "", setup).names(explain)

    explanation = explain(names["y"], names["x"], names["v"])

    assert explanation.diagnosis
    assert cause in explanation.diagnosis.cause
    assert code in explanation.diagnosis.code


def test_is_none_for_an_unknown_text() -> None:
    """Tests that nothing is guessed."""
    assert diagnose(ValueError("no gradients here")) is None


def test_a_generic_text_counts_only_where_the_call_shows_the_fault() -> None:
    """Tests that an error of other code isn't blamed on the cotangents."""
    x = torch.ones(3, requires_grad=True)
    errors = [provoke(program)[0] for program in MANY if program.slug in GENERIC]

    assert errors
    assert not any(diagnose(error) for error in errors)
    assert not any(diagnose(error, x * 2, x, torch.ones(3)) for error in errors)


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
