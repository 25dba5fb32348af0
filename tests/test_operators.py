"""Tests of the operator atlas, on a fixed sample of operators."""

import dataclasses
import functools
import importlib
import json
import math
import operator
import runpy
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import get_proxy_mode
from torch.nn import functional
from torch.utils import _pytree as pytree

from vjp_guide.__main__ import main
from vjp_guide.operators import (
    _atlas,
    _checks,
    _entry,
    _example,
    _formulas,
    _kinks,
    _lookup,
    _names,
    _opinfo,
    _program,
    _provenance,
    _schema,
    _summary,
    _terminal,
    _verify,
    _without,
)
from vjp_guide.operators._case import Case, call_of, leaves
from vjp_guide.operators._categories import CATEGORIES, category
from vjp_guide.operators._chosen import chosen
from vjp_guide.operators._exceptions import (
    GAUGE,
    GAUGES,
    NO_DERIVATIVE,
    NOT_IMPLEMENTED,
    NOTES,
    SPECIAL,
    STATES,
    VERIFIED,
)
from vjp_guide.operators._records import Atlas, Entry
from vjp_guide.operators._text import numbers

SAMPLE = """
__rpow__ angle as_strided_scatter cat cdist cfloat cholesky_solve cumprod einsum floor
fft.fft fft.ihfft2 gather imag index_put linalg.cholesky linalg.eig linalg.qr linalg.svd
logcumsumexp logsumexp matmul max.reduction_no_dim mul native_group_norm
nn.functional.conv2d nn.functional.ctc_loss nn.functional.hinge_embedding_loss
nn.functional.dropout nn.functional.hardsigmoid nn.functional.layer_norm
nn.functional.max_unpool1d nn.functional.one_hot normal.number_mean prod softmax sort
sparse.mm.reduce triangular_solve where
""".split()
FORMULA_NAMES = [
    f"{place} {formula.name}" for place, formula in enumerate(_formulas.FORMULAS)
]
LARGE = torch.arange(20.0, dtype=torch.float64, requires_grad=True)
BASELINE = Path(__file__).with_name("operators.txt")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def expected_states() -> dict[str, str]:
    """Return the states that ``nox -s operators`` compares with."""
    lines = BASELINE.read_text(encoding="utf-8").splitlines()
    return {name: state for name, _, state in (line.partition("\t") for line in lines)}


def op_of(call: Callable[..., Any], *inputs: Any, **fields: Any) -> Any:
    """Return a description of an operator as torch's tests have them."""
    sample = SimpleNamespace(
        input=inputs[0], args=inputs[1:], kwargs={}, output_process_fn_grad=lambda y: y
    )
    given = {
        "name": "invented",
        "variant_test_name": "",
        "get_op": lambda: call,
        "gradcheck_wrapper": lambda op, *args: op(*args),
        "sample_inputs": lambda *_, **__: iter([sample]),
        "supported_backward_dtypes": lambda _: {torch.float64},
    }
    return SimpleNamespace(**(given | fields))


def x_of(*values: float) -> Tensor:
    """Return a vector that requires grad."""
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


class Wrong(torch.autograd.Function):
    """The square, with half its derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return the square."""
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *v: Tensor) -> Tensor:
        """Return half the product."""
        x: Tensor = ctx.saved_tensors[0]
        return v[0] * x


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_operators_is_in_its_state(name: str) -> None:
    """Tests that the checks find what the committed list says."""
    variant, _ = _verify.verify(_opinfo.differentiable()[name])

    assert variant.state == expected_states()[name]
    if variant.state in {VERIFIED, GAUGE}:
        times = SPECIAL[name].loosened if not variant.blind else 1
        assert variant.residuals is not None
        assert variant.residuals.within(_checks.TOLERANCES, times=times)


def test_the_sample_has_forty_operators_and_most_states() -> None:
    """Tests that the sample is as large as promised, and holds what is special."""
    states = {expected_states()[name] for name in SAMPLE}

    assert len(set(SAMPLE)) == 40
    assert states == set(STATES) - {"failed"}
    assert "failed" not in expected_states().values()


@pytest.mark.parametrize("formula", _formulas.FORMULAS, ids=FORMULA_NAMES)
def test_a_formula_by_hand_equals_autograd(formula: _formulas.Formula) -> None:
    """Tests the code of each formula against autograd, for a random cotangent."""
    args, kwargs = formula.arguments()
    tensors = (leaf for leaf in pytree.tree_leaves((args, kwargs)))
    xs = [t for t in tensors if isinstance(t, Tensor) and t.requires_grad]
    y = _opinfo.differentiable()[formula.name].get_op()(*args, **kwargs)
    ys = [t for t in pytree.tree_leaves(y) if t.requires_grad]
    v = tuple(torch.randn(t.shape, dtype=t.dtype) for t in ys)

    expected = torch.autograd.grad(ys, xs, v)
    with torch.no_grad():
        found = formula.products(v if v[1:] else v[0], y, *args, **kwargs)

    torch.testing.assert_close(found, expected)


def test_a_wrong_derivative_fails() -> None:
    """Tests that half the derivative is noticed, by finite differences."""
    variant, case = _verify.verify(op_of(Wrong.apply, x_of(1, 2, 3, 4)))

    assert variant.state == "failed"
    assert not variant.blind
    assert variant.residuals is not None
    assert variant.residuals.difference > 0.4
    assert case is not None


def test_a_call_that_raises_is_skipped() -> None:
    """Tests that the reason is told where no call can be checked."""

    def fail(x: Tensor) -> Tensor:
        raise RuntimeError(f"out of the domain for {len(x)} numbers")

    variant, case = _verify.verify(op_of(fail, x_of(1, 2, 3, 4)))

    assert variant.state == "not verifiable"
    assert "out of the domain for 4 numbers" in variant.reason
    assert variant.skipped == 2
    assert case is not None
    assert _entry._example(_names.name_of("sin"), [(variant, case)]) == (
        None,
        "RuntimeError: out of the domain for 4 numbers",
    )


def test_an_operator_without_calls_says_so() -> None:
    """Tests the reason where torch's tests hold no call."""
    op = op_of(torch.sin, x_of(), supported_backward_dtypes=lambda _: {torch.float32})

    assert "none for the CPU" in _verify.verify(op)[0].reason


def test_a_value_that_is_not_finite_is_not_checked() -> None:
    """Tests that values and outputs without a derivative are refused."""
    log = call_of(torch.log, (x_of(0, 1),), {})
    constant = call_of(torch.zeros_like, (x_of(0, 1),), {})
    infinite = call_of(lambda x: torch.log(x).cumsum(0), (x_of(0, 1),), {})

    for case in (log, constant):
        with pytest.raises(_checks.UnusableError):
            _checks.check(case)
    for case in (constant, infinite):
        with pytest.raises(_checks.UnusableError):
            _checks.check_complex(case)


def test_a_wrong_second_derivative_is_told() -> None:
    """Tests that double backward is compared with finite differences."""
    hidden = call_of(lambda x: (x.detach() * x * x).sum(), (x_of(1, 2),), {})
    half = call_of(lambda x: x * (x * x.detach()), (x_of(1, 2),), {})

    assert {_checks.check_twice(hidden), _checks.check_twice(half)} == {"wrong"}


def test_a_large_jacobian_is_not_built() -> None:
    """Tests that the checks with a Jacobian are left out where it is large."""
    large = torch.randn(600, dtype=torch.float64, requires_grad=True)

    found = _checks.check(call_of(torch.sin, (large,), {}))

    assert found.residuals.numerical is None
    assert found.residuals.difference < 1e-7


def described(function: Callable[..., Tensor], *inputs: Tensor) -> Any:
    """Return the example of an invented operator."""
    name = dataclasses.replace(_names.name_of("square"), parameters=())
    return _example.example(call_of(function, inputs, {}), name, "square")


def shown(name: str) -> Any:
    """Return the example of an operator, by its full name."""
    op = _opinfo.differentiable()[name]
    case = _verify.verify(op)[1]
    assert case is not None
    return _example.example(case, _names.name_of(op.name), name)


@pytest.mark.parametrize(
    ("name", "call", "program"),
    [
        (
            "softmax",
            "torch.softmax(x, 1)",
            ["t1 = v * y", "t1 - y * t1.sum(1, keepdim=True)"],
        ),
        ("mm", "torch.mm(x, mat2)", ["v @ mat2.mT", "x.mT @ v"]),
        (
            "outer",
            "torch.outer(x, vec2)",
            ["(v * vec2).sum(1)", "(v * x.reshape([3, 1])).sum(0)"],
        ),
        ("cat", "torch.cat([a, b], 0)", ["v[:1]", "v[1:3]"]),
        ("expand", "x.expand((2, 3))", ["v.sum(1, keepdim=True)"]),
        ("mT", "x.mT", ["v.mT"]),
        ("pow", "torch.pow(x, exponent)", []),
        ("einsum", "torch.einsum('ij,jk->ki', [a, b])", []),
        ("where", "torch.where(condition, x, other)", []),
        ("svd_lowrank", "torch.svd_lowrank(a @ b.mT, q=2", []),
    ],
)
def test_an_example_prints_the_program(
    name: str, call: str, program: list[str]
) -> None:
    """Tests the call and the text, which were compared with autograd when printed."""
    example = shown(name)

    assert example.call.startswith(call)
    assert example.residual <= _program.EQUAL
    if program:
        assert [*example.lines, *example.results] == program


def test_the_program_of_an_untraceable_call_is_missing() -> None:
    """Tests that the reason is kept where torch can't trace the call."""
    calls: list[int] = []

    def drift(x: Tensor) -> Tensor:
        calls.append(1)
        return x * len(calls)

    def refuse(x: Tensor) -> Tensor:
        if get_proxy_mode() is not None:
            raise RuntimeError("not while tracing")
        return x * x

    assert "off by" in described(drift, x_of(1, 2)).problem
    assert "not while tracing" in described(refuse, x_of(1, 2)).problem


def test_an_entry_shows_the_variant_with_a_program() -> None:
    """Tests that a variant without a program makes way for one that has it."""

    def refuse(x: Tensor) -> Tensor:
        if get_proxy_mode() is not None:
            raise RuntimeError("not while tracing")
        return x.exp()

    name = _names.name_of("sin")
    ops = op_of(refuse, x_of(1, 2, 3, 4)), op_of(torch.sin, x_of(1, 2, 3, 4))

    found, missing = _entry._example(name, [_verify.verify(op) for op in ops])
    alone, why = _entry._example(name, [_verify.verify(ops[0])])
    unverifiable = dataclasses.replace(_verify.verify(ops[0])[0], reason="No CPU.")
    assert _entry._example(name, [(unverifiable, None)]) == (None, "No CPU.")

    assert found is not None
    assert found.results == ("v * x.cos()",)
    assert not missing
    assert alone is not None
    assert alone.problem == why
    assert "not while tracing" in why


def test_a_large_example_has_shapes_alone() -> None:
    """Tests that neither its numbers nor its Jacobian are shown."""
    found = described(torch.sin, torch.zeros(400, dtype=torch.float64).requires_grad_())

    assert (found.products[0].values, found.nonzero, found.pattern) == ("", None, ())
    assert found.entries == 160_000
    assert described(torch.sin, torch.cat([LARGE, LARGE])).pattern == ()


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x * x.detach().reciprocal(), "v * (1 / x)"),
        (lambda x: x * (x.detach() * 1).softmax(0), "v * x.softmax(0)"),
        (lambda x: x * x.detach().log_softmax(0), "v * x.log_softmax(0)"),
        (lambda x: x * x.detach()[[1, 0]], "v * x[torch.tensor([1, 0])]"),
        (lambda x: x * x.detach().view(2), "v * x"),
        (lambda x: x * x.new_zeros(2).copy_(x.detach()), "v * x"),
        (
            lambda x: (x * x.new_zeros(2, 2).copy_(x.detach())).sum(0),
            "torch.ops.aten.copy(x.new_zeros([2, 2]), x)",
        ),
        (
            lambda x: x * functional.pad(x.detach()[1:], [0, 1], value=2.0),
            "v * torch.nn.functional.pad(x[1:], [0, 1], value=2)",
        ),
        (
            lambda x: x * x.detach().masked_fill(x > 5, math.inf),
            'v * x.masked_fill(x > 5, float("inf"))',
        ),
        (lambda x: (x * x.detach()[::2])[:1].repeat(3), "slice_scatter"),
        (
            lambda x: x * LARGE.detach().view(2, 2, 5).transpose(0, 1)[0, :, 0],
            ".transpose(0, 1)",
        ),
        (lambda x: x * LARGE.detach()[:2], "v * tensor_constant0[:2]"),
        (
            lambda x: (
                x * x.detach().outer(x).detach().sum(1, keepdim=True).view(1, 2)[0]
            ),
            ".sum(1, keepdim=True).reshape([1, 2])",
        ),
    ],
    ids=range(13),
)
def test_an_operation_prints_as_one_writes_it(
    function: Callable[..., Tensor], text: str
) -> None:
    """Tests the notation of single operations, in programs that were run."""
    found = described(function, x_of(1, 2))

    assert not found.problem
    assert text in "\n".join([*found.lines, *found.results])


def test_a_program_falls_back_to_plain_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests the text that names each operation by torch's own name."""
    monkeypatch.setattr(_program, "_ATTEMPTS", _program._ATTEMPTS[-1:])

    assert described(torch.sin, x_of(1, 2)).results == (
        "torch.ops.aten.mul.Tensor(v, torch.ops.aten.cos.default(x))",
    )


def test_unused_and_empty_inputs_have_products() -> None:
    """Tests an input that has no influence, and one without numbers."""
    found = described(lambda a, _, c: a * a + c.sum(), x_of(1, 2), x_of(3), x_of())

    assert found.results == ("v * a + v * a", "None", "v.sum().expand([0])")
    assert [shown.values for shown in found.products][1:] == ["[0]", "[]"]


def test_a_program_with_another_shape_is_refused() -> None:
    """Tests that the comparison doesn't broadcast."""
    with pytest.raises(ValueError, match=r"shape \(2,\), not \(1,\)"):
        _program._residual([torch.ones(2)], [torch.ones(1)])


def test_the_pattern_of_a_jacobian_marks_its_entries() -> None:
    """Tests the pattern of a running sum, a lower triangle in each row."""
    example = shown("cumsum")

    assert example.pattern[:3] == ("100000", "110000", "111000")
    assert (example.entries, example.nonzero) == (36, 12)


def test_a_kink_is_evaluated() -> None:
    """Tests two choices of torch, and that each kink names an operator."""
    assert _kinks.kinks("clamp") == (("clamp(x, -1, 1) at x = [-1, 1]", "[1, 1]"),)
    assert _kinks.kinks("maximum")[0][1] == "[0.5], [0.5]"
    assert {kink.name for kink in _kinks.KINKS} <= set(_opinfo.differentiable())


def test_numbers_are_short() -> None:
    """Tests the text of numbers of each kind."""
    assert numbers([1.23456, -0.0, 2 - 3j, True]) == "[1.235, 0, 2 - 3j, True]"


def test_names_of_operators_resolve() -> None:
    """Tests names with a page of their own, on a page of several, and without."""
    pages = {name: _names.name_of(name).page for name in ("mm", "special.ndtr", "H")}

    assert pages["mm"].endswith("/generated/torch.mm.html")
    assert pages["special.ndtr"].endswith("/special.html#torch.special.ndtr")
    assert pages["H"].endswith("/tensors.html#torch.Tensor.H")
    assert _names.name_of("native_layer_norm").page == ""
    assert _names.name_of("masked.sum").documented
    for unlisted in ("masked.sum", "Tensor.put", "expand_copy", "as_strided_scatter"):
        assert _names.name_of(unlisted).page == ""
    assert _names.name_of("index_copy").page
    assert _names.name_of("nowhere").signature == ""


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("softmax", "torch.softmax"),
        ("torch.fft.fft", "torch.fft.fft"),
        ("F.relu", "torch.nn.functional.relu"),
        ("relu()", "torch.nn.functional.relu"),
        ("ger", "torch.outer"),
        ("MulBackward0", "torch.mul"),
        ("LinalgSvdBackward0", "torch.linalg.svd"),
        ("NllLossBackward0", "torch.nn.functional.nll_loss"),
    ],
)
def test_an_operator_is_found_by_each_name(name: str, public: str) -> None:
    """Tests public names, parts, aliases and names of graph nodes."""
    assert _lookup.find(name) == public


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("softmaxx", "did you mean .*softmax"),
        ("argmax", "has no derivative"),
        ("zzzz", "is called 'zzzz'$"),
    ],
)
def test_an_unknown_name_gets_advice(name: str, message: str) -> None:
    """Tests what the error says of names that no operator has."""
    with pytest.raises(_lookup.UnknownOperatorError, match=message):
        _lookup.find(name)


def test_each_operator_has_a_page() -> None:
    """Tests that every category is used, and that names tell it."""
    used = {category(public).slug for public in _entry.groups()}

    assert used == {page.slug for page in CATEGORIES}
    assert category("torch.nn.functional.mse_loss").slug == "loss"


def test_named_exceptions_and_chosen_inputs_name_operators() -> None:
    """Tests that no name in our tables is misspelt, and that reasons are sentences."""
    known = set(_opinfo.differentiable())

    assert SPECIAL.keys() | GAUGES.keys() | NOTES.keys() <= known
    assert all(special.reason.endswith(".") for special in SPECIAL.values())
    assert chosen("softmax") is not None
    assert chosen("nothing") is None


def test_the_table_of_derivatives_is_found_by_node() -> None:
    """Tests the entries of two nodes, and of one that isn't there."""
    (softmax,) = _provenance.derivatives(["SoftmaxBackward0", "NoneBackward0"])

    assert softmax.startswith("- name: _softmax(Tensor self")
    assert "  self: _softmax_backward_data(grad, result" in softmax
    assert _provenance.operator_of("MulBackward1") == "mul"


def test_missing_private_parts_of_torch_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests that the command says what to install, and that a table may be missing."""
    monkeypatch.setattr(_opinfo, "_MODULE", "no_such_module")
    monkeypatch.setattr(_provenance, "_PACKAGE", "no_such_package")
    caches: Iterable[Any] = (
        _opinfo.operators,
        _opinfo.differentiable,
        _entry.groups,
        _lookup._known,
        _provenance._table,
    )
    for cached in caches:
        cached.cache_clear()
    try:
        assert main(["softmax"]) == 1
        assert "with its dependencies" in capsys.readouterr().err
        assert _provenance.derivatives(["MulBackward0"]) == ()
    finally:
        for cached in caches:
            cached.cache_clear()


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    """Return entries with all parts among them."""
    names = (
        "torch.clamp",
        "torch.linalg.qr",
        "torch.floor",
        "torch.Tensor.cfloat",
        "torch.linalg.eig",
        "torch.fft.fft",
        "torch.nn.functional.conv1d",
        "torch.native_group_norm",
        "torch.linalg.cholesky",
        "torch.sin",
        "torch.sparse.sampled_addmm",
    )
    return tuple(map(_entry.entry, names))


@pytest.fixture(scope="module")
def computed() -> Atlas:
    """Return an atlas without entries."""
    return _atlas.compute((), jobs=1, progress=lambda found, _: found)


def test_an_entry_prints_in_the_terminal(
    entries: tuple[Entry, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests that the text holds each part, and that the command prints it."""
    example = described(torch.sin, x_of(1, 2))
    broken = dataclasses.replace(example, results=(), problem="torch can't trace it")
    first = dataclasses.replace(entries[0], example=broken)
    large = dataclasses.replace(entries[0], example=described(torch.sin, LARGE))
    bare = dataclasses.replace(entries[0], example=None, derivatives=())
    text = "\n".join(map(_terminal.terminal, (first, large, bare, *entries)))

    assert main(["sin"]) == 0
    assert "x: v * x.cos()" in capsys.readouterr().out
    for part in (
        "torch.clamp\n===========",
        "also torch.clip",
        "At ties and kinks",
        "clamp(x, -1, 1) at x = [-1, 1]: [1, 1]",
        "- name: clamp(Tensor self",
        "convolution_backward",
        "signs of R's diagonal",
        "zero everywhere tried",
        "no program: torch can't trace it",
        "Graph nodes: ClampBackward1",
    ):
        assert part in text


def test_an_unknown_name_exits_with_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests the exit code of the module run as a script."""
    monkeypatch.setattr("sys.argv", ["vjp_guide", "softmaxx"])
    monkeypatch.delitem(sys.modules, "vjp_guide.__main__")
    with pytest.raises(SystemExit, match="1"):
        runpy.run_module("vjp_guide", run_name="__main__")

    assert "did you mean" in capsys.readouterr().err


def test_the_atlas_survives_a_file(entries: tuple[Entry, ...], computed: Atlas) -> None:
    """Tests that it is equal when read, and as the schema says."""
    atlas = dataclasses.replace(computed, entries=entries)
    text = _atlas.to_json(atlas)

    assert _atlas.from_json(text) == atlas
    fields = json.loads(text)
    jsonschema.validate(fields, _schema.schema())
    named = {entry["name"]: entry for entry in fields["entries"]}
    assert named["torch.sin"]["example"]["results"] == ["v * x.cos()"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("entries", 0, "variants", 0, "state"), "fine"),
        (("entries", 0, "example", "saved"), "many"),
        (("without", 0, "reason"), None),
        (("groups", 0, "more"), 1),
    ],
)
def test_the_schema_refuses_other_data(
    entries: tuple[Entry, ...],
    computed: Atlas,
    path: tuple[str | int, ...],
    value: object,
) -> None:
    """Tests that a wrong word, a wrong type and a field too many are noticed."""
    fields = json.loads(_atlas.to_json(dataclasses.replace(computed, entries=entries)))
    *parents, last = path
    functools.reduce(operator.getitem, parents, fields)[last] = value

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(fields, _schema.schema())


def test_the_published_schema_is_that_of_the_records(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests the file beside the pages; run the module _schema to renew it."""
    published = Path(__file__).parents[1] / "docs/operators/operators.schema.json"

    monkeypatch.delitem(sys.modules, "vjp_guide.operators._schema")
    runpy.run_module("vjp_guide.operators._schema", run_name="__main__")

    assert published.read_text(encoding="utf-8") == capsys.readouterr().out
    for name, kind in _schema.schema()["$defs"].items():
        assert all(field["description"] for field in kind["properties"].values()), name


def test_processes_find_what_one_finds() -> None:
    """Tests that two processes give the same entries, in the same order."""
    counts = []

    def progress(found: Iterator[Entry], count: int) -> Iterable[Entry]:
        counts.append(count)
        return found

    names = ("torch.sin", "torch.neg")
    alone, together = (
        _atlas.compute(names, jobs=jobs, progress=progress) for jobs in (1, 2)
    )

    assert alone == together
    assert [entry.name for entry in together.entries] == list(names)
    assert counts == [2, 2]


def test_an_operator_without_a_derivative_says_why(computed: Atlas) -> None:
    """Tests an operator of each kind."""
    found = {each.name: (each.state, each.reason) for each in computed.without}

    assert found["torch.igamma"][0] == NOT_IMPLEMENTED
    assert "'igamma: input' is not implemented" in found["torch.igamma"][1]
    for name, words in {
        "torch.argmax": "isn't a tensor of floating-point numbers",
        "torch.gcd": "doesn't take floating-point numbers",
        "torch.zeros": "takes no tensor",
        "torch.special.bessel_j0": "doesn't require grad",
        "torch.Tensor.resize_": "cannot resize",
    }.items():
        assert found[name][0] == NO_DERIVATIVE
        assert words in found[name][1]
    assert "torch.sin" not in found


def test_a_derivative_that_no_test_declares_is_told() -> None:
    """Tests an operator that works, though torch's tests say otherwise."""
    assert _without._reason(op_of(torch.sin, x_of(1))) == (
        NO_DERIVATIVE,
        "torch's tests declare none.",
    )


def test_the_summary_counts(entries: tuple[Entry, ...], computed: Atlas) -> None:
    """Tests the counts of a few entries against counts by hand."""
    found = _summary.summary(dataclasses.replace(computed, entries=entries))

    assert found.operators == (11, 10)
    assert found.variants == 11
    assert found.states[VERIFIED] == 7
    assert found.states[GAUGE] == 1
    assert found.programs == (10, 9)
    assert found.formulas == 5
    assert [variant.name for variant in found.excepted] == ["linalg.cholesky"]
    assert {variant.name for variant in found.excluded} == {
        "cfloat",
        "floor",
        "linalg.eig",
        "native_group_norm",
    }
    assert [entry.name for entry in found.unprinted] == ["torch.sparse.sampled_addmm"]
    assert found.checks["finite differences along one direction"] == 7
    assert sum(found.without.values()) == len(computed.without)
    assert found.without[NOT_IMPLEMENTED] > 9
    assert "torch.igamma" in dict(found.reasons).values()


def test_leaves_are_new() -> None:
    """Tests that a case hands out copies of its tensors."""
    case = Case(torch.sin, (x_of(1.0),), None, (0,))
    (copy,) = leaves(case.inputs)

    assert copy is not case.leaves[0]
    assert importlib.import_module("vjp_guide.operators").__doc__
