"""20,000 random calls of the public functions: none fails, none masks an error.

Each call has a seed of its own, which the message of a failure names.
"""

import gc
import traceback
from collections.abc import Callable
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from tests.random_calls import (
    DTYPES,
    SHAPES,
    draw_call,
    draw_input,
    draw_output,
    special,
)
from vjp_guide import (
    Coupling,
    Explanation,
    clarify,
    compare,
    contract,
    coupling,
    diagnose,
    dot_product_test,
    explain,
    jacobian,
    trace,
)
from vjp_guide.figures import heat_map, jacobian_products, jacobian_rows

Result = tuple[Any, Exception | None]
CALLS = {
    "explain": 4_500,
    "diagnose": 3_500,
    "clarify": 2_500,
    "trace": 2_000,
    "compare": 500,
    "jacobian": 2_500,
    "coupling": 2_000,
    "contract": 3_000,
    "dot_product_test": 300,
    "figures": 500,
}
STEP = 500


def outcome(function: Callable[..., object], *args: object, **options: Any) -> Result:
    """Return what a call returns, or what it raises."""
    try:
        return function(*args, **options), None
    except Exception as error:  # noqa: BLE001 (it is compared)
        return None, error


def drawn(seed: int) -> Any:
    """Return the same call each time; an iterator in it serves once."""
    torch.default_generator.manual_seed(seed)
    return draw_call(Random(seed))


def by_torch(seed: int, **changes: Any) -> Result:
    """Return what torch does."""
    call = drawn(seed)
    options = {**call.options, **changes, "retain_graph": True}
    return outcome(
        torch.autograd.grad, call.outputs, call.inputs, call.cotangents, **options
    )


def same(found: object, wanted: object) -> None:
    """Check gradients to the bit."""
    if isinstance(wanted, Tensor):
        assert isinstance(found, Tensor)
        assert found.requires_grad == wanted.requires_grad
        assert_close(found, wanted, rtol=0, atol=0, equal_nan=True)
    elif isinstance(wanted, dict):
        assert isinstance(found, dict)
        assert list(found) == list(wanted)
        same(tuple(found.values()), tuple(wanted.values()))
    elif isinstance(wanted, tuple):
        assert isinstance(found, tuple)
        for one, other in zip(found, wanted, strict=True):
            same(one, other)
    else:
        assert found is None
        assert wanted is None


def same_error(found: BaseException | None, wanted: BaseException) -> None:
    """Check the type and the text."""
    assert (type(found), str(found)) == (type(wanted), str(wanted))


def try_explain(seed: int) -> None:
    """Check gradients or error, the text, the HTML and the verdict."""
    wanted, error = by_torch(seed)
    call = drawn(seed)
    given = (call.outputs, call.inputs, call.cotangents)
    found, own = outcome(explain, *given, **call.options, max_seconds=60)
    if own:
        assert error
        assert diagnose(error) is None
        return same_error(own, error)
    assert isinstance(found, Explanation)
    assert found._repr_html_()
    text = str(found)
    if error:
        assert found.diagnosis
        assert found.diagnosis.message == str(error)
        assert found.diagnosis.error_type == type(error).__name__
        assert found.diagnosis.code != found.call
        return None
    assert "can't be described" not in text
    assert "it failed" not in text
    assert found.check
    assert found.check.agrees or found.check.skipped, text
    return same(found.gradients, wanted)


def try_diagnose(seed: int) -> None:
    """Check that any error, with any arguments, gets an answer or none."""
    _, error = by_torch(seed)
    call = drawn(seed)
    error = error or outcome(lambda: [][seed])[1]
    assert error
    text = "".join(traceback.format_exception(error))
    forms: list[Exception | str] = [
        error,
        str(error),
        text,
        text[: seed % 200],
        f"E   {error}\n",
        UserWarning(),
    ]
    given = (call.outputs, call.inputs, call.cotangents)
    arguments = [(), given, given[:2], (call.inputs, call.outputs), (seed, "x", [[]])]
    random = Random(seed)
    found = diagnose(random.choice(forms), *random.choice(arguments))
    assert found is None or (found.slug in str(found.address) and found.code)


def try_clarify(seed: int) -> None:
    """Check that the error is torch's, and has a note if it is known."""
    wanted, error = by_torch(seed)
    call = drawn(seed)

    @clarify()
    def run() -> object:
        given = (call.outputs, call.inputs, call.cotangents)
        return torch.autograd.grad(*given, **call.options, retain_graph=True)

    found, own = outcome(run)
    if error is None:
        assert own is None
        return same(found, wanted)
    known = diagnose(error) is not None
    notes = getattr(own, "__notes__", [])
    assert len(notes) == known or (not known and len(notes) <= 1)
    return same_error(own, error)


def try_trace(seed: int) -> None:
    """Check gradients or error, and that text, HTML and figure can be had."""
    wanted, error = by_torch(seed, create_graph=False, is_grads_batched=False)
    call = drawn(seed)
    options = {
        key: call.options[key]
        for key in ("allow_unused", "materialize_grads")
        if key in call.options
    }
    given = (call.outputs, call.inputs, call.cotangents)
    found, own = outcome(trace, *given, **options)
    if own:
        if isinstance(own, TypeError) and "must be a torch.Tensor" in str(own):
            return None
        assert error, own
        # A call with two faults may have either error.
        none = isinstance(call.inputs, list) and not call.inputs
        return None if none else same_error(own, error)
    assert error is None, error
    assert str(found)
    assert found._repr_html_()
    values = wanted.values() if isinstance(wanted, dict) else wanted
    return same(found.gradients, tuple(values))


def traced(seed: int) -> Any:
    """Return the trace of a call, or none where it fails."""
    call = drawn(seed)
    return outcome(trace, call.outputs, call.inputs, call.cotangents)[0]


def try_compare(seed: int) -> None:
    """Check that a pass equals itself, and no other that has other gradients."""
    one, again, other = traced(seed), traced(seed), traced(seed + 1)
    if one is None:
        return
    assert compare(one, again).equal, str(compare(one, again))
    if other is None:
        return
    found, (_, differs) = (
        compare(one, other),
        outcome(same, one.gradients, other.gradients),
    )
    assert str(found)
    assert found._repr_html_()
    assert not (found.equal and differs), found


def pair(seed: int) -> tuple[Any, Any]:
    """Return an output and an input; some outputs are no tensors."""
    random = Random(seed)
    torch.default_generator.manual_seed(seed)
    x = draw_input(random)
    y = draw_output(random, x)
    return (y[0] if isinstance(y, tuple) and y and seed % 20 else y), x


def is_sound(y: object, x: Tensor) -> bool:
    """Return whether there is a derivative of one by the other."""
    return isinstance(y, Tensor) and y.requires_grad and x.requires_grad


def rows(y: Tensor, x: Tensor) -> Tensor:
    """Return the Jacobian, by a plain pass for each row."""
    found = []
    for place in range(y.numel()):
        v = torch.zeros(y.numel(), dtype=y.dtype, device=y.device)
        v[place] = 1
        (row,) = torch.autograd.grad(
            y, x, v.reshape(y.shape), retain_graph=True, materialize_grads=True
        )
        found.append(row.to_dense())
    empty = torch.zeros(0, *x.shape, dtype=x.dtype, device=x.device)
    stacked = torch.stack(found) if found else empty
    return stacked.reshape(y.shape + x.shape)


def refuses(error: Exception | None, *words: str) -> bool:
    """Return whether an error is one that the function documents."""
    known = isinstance(error, TypeError | ValueError)
    return known and any(word in str(error) for word in words)


NO_DERIVATIVE = ("must be a torch.Tensor", "no graph", "require grad", "must have a")


def try_jacobian(seed: int) -> None:
    """Check against one plain pass for each row."""
    y, x = pair(seed)
    found, error = outcome(jacobian, y, x, max_bytes=1 + seed % 3 * 100)
    if not is_sound(y, x):
        assert refuses(error, *NO_DERIVATIVE, "must be a tensor or a sequence") or (
            isinstance(y, tuple) and error is None
        )
    elif error and y.is_complex():
        assert refuses(error, "outputs are complex")
    else:
        wanted, failed = outcome(rows, y, x)
        if failed:
            return same_error(error, failed)
        assert error is None, error
        # What is infinite in one order of products may be NaN in another.
        assert_close(
            torch.where(wanted.isfinite(), found, wanted), wanted, equal_nan=True
        )
    return None


def try_coupling(seed: int) -> None:
    """Check the verdict against the dense Jacobian."""
    y, x = pair(seed)
    options = {"max_samples": [None, 1, 9][seed % 3], "probes": 1 + seed % 2}
    found, error = outcome(coupling, y, x, **options)
    if not is_sound(y, x):
        assert refuses(error, *NO_DERIVATIVE)
    elif not y.ndim or not x.ndim or len(y) != len(x):
        assert refuses(error, "axis 0 of outputs and of inputs")
    elif error:
        assert refuses(error, "isn't finite", "nothing can be measured")
        assert x.is_meta or not rows(y, x).isfinite().all()
    else:
        assert str(found)
        assert found.figure().alt
        assert_verdict(found, y, x)


def assert_verdict(found: Coupling, y: Tensor, x: Tensor) -> None:
    """Check a verdict by the dense Jacobian, where rounding leaves no doubt."""
    dense = rows(y, x).to(torch.complex128)
    if not dense.numel() or not dense.isfinite().all():
        return
    batch = len(y)
    blocks = dense.reshape(batch, y.numel() // batch, batch, x.numel() // batch)
    norms = torch.linalg.vector_norm(blocks, dim=(1, 3))
    others = norms * (1 - torch.eye(batch))
    if not others.any():
        assert found.independent
    elif others.max() > 0.3 * norms.max():
        assert not found.independent


RAGGED = [[1], [1, 2]]


def try_contract(seed: int) -> None:
    """Check against the sum written out, or that shapes that don't fit are refused."""
    random = Random(seed)
    torch.default_generator.manual_seed(seed)
    shape, more = random.choice(SHAPES), random.choice(SHAPES)
    v = tensor(random, shape)
    dense = tensor(random, (*random.choice([shape, shape, shape, more]), *more))
    forms: list[Callable[[Tensor], Any]] = [
        lambda t: t,
        lambda t: t.requires_grad_(t.is_floating_point()),
        lambda t: t.tolist(),
        lambda t: t.to_sparse() if t.ndim else t,
        lambda t: t.conj(),
        lambda _: "v",
        lambda _: None,
        lambda _: RAGGED,
    ]
    given = random.choice(forms)(v)
    found, error = outcome(contract, given, dense)
    if isinstance(given, str | None) or given is RAGGED:
        assert refuses(error, "grad_outputs must be an array of numbers")
    elif tuple(dense.shape[: v.ndim]) != tuple(v.shape):
        assert refuses(error, "its first axes must be those of grad_outputs")
    else:
        assert error is None, error
        kept = given.detach() if isinstance(given, Tensor) else torch.as_tensor(given)
        wide = kept.to_dense().to(torch.complex128)
        wide = wide.reshape(v.shape + (1,) * (dense.ndim - v.ndim))
        wanted = wide * dense
        for _ in range(v.ndim):
            wanted = wanted.sum(0)
        assert_close(
            torch.as_tensor(np.asarray(found)).to(torch.complex128),
            wanted,
            rtol=1e-2,
            atol=1e-2,
            equal_nan=True,
        )


def derivative(function: Callable[..., Any], x: Tensor) -> object:
    """Compute a function and its gradient."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(function(x).abs().sum(), x)


def tensor(random: Random, shape: tuple[int, ...]) -> Tensor:
    """Return numbers of a random dtype."""
    dtype = random.choice([*DTYPES, torch.int64, torch.bool])
    return (torch.randn(shape) * 3).to(dtype)


SMOOTH: list[Callable[..., Any]] = [
    lambda x: x.sin(),
    lambda x: x * x,
    lambda x: x.cumsum(0) if x.ndim else x,
    lambda x: (x.sum(), x.exp()),
    lambda x: x.flatten().softmax(0),
    lambda x: x * (1 + 2j),
    lambda x: torch.view_as_real(x * 1j),
    lambda x: (x * x.conj()).real,
    lambda x: [x.exp(), x.argmax() if x.numel() else x],
    lambda x: x @ x.mT if x.ndim > 1 else x,
]
ODD: list[tuple[Callable[..., Any], str]] = [
    (lambda x: x.detach() * 1, "failed"),
    (lambda x: x * x.detach(), "failed"),
    (lambda x: x.argmax(), "at least one floating-point output"),
    (lambda _: 1.0, "must be a torch.Tensor"),
    (lambda _: None, "must be a torch.Tensor"),
    (lambda x: x / 0, "isn't finite"),
    (lambda x: x + torch.rand(()), "differs between two calls"),
    (lambda x: x.to(torch.complex64), "must be of dtype"),
]


def try_dot_product_test(seed: int) -> None:
    """Check that right derivatives pass, and that what can't be tested is refused."""
    random = Random(seed)
    torch.default_generator.manual_seed(seed)
    dtype = random.choice([torch.float64, torch.float64, torch.complex128, torch.float])
    x = torch.randn(random.choice(SHAPES), dtype=dtype)
    smooth = random.random() < 0.7 or x.is_complex()
    function, words = (random.choice(SMOOTH), "") if smooth else random.choice(ODD)
    found, error = outcome(dot_product_test, function, x, seed=seed)
    if dtype == torch.float:
        assert refuses(error, "must be of dtype float64 or complex128")
    elif smooth and error:
        assert outcome(derivative, function, x)[1], error
    elif smooth:
        assert found.passed, found
    elif error:
        assert refuses(error, *[each for _, each in ODD])
    else:
        assert found.passed is not (words == "failed") or not x.numel()


def try_figures(seed: int) -> None:
    """Check that each drawing is well-formed, with numbers where numbers belong."""
    random = Random(seed)
    torch.default_generator.manual_seed(seed)
    many, few = random.randint(0, 4), random.randint(0, 4)
    dense, v, u = (
        special(tensor(random, shape).double(), random.choice([0, 2]))
        for shape in ((many, few), (many,), (few,))
    )
    names: dict[str, Any] = {"rows": ["y"] * many, "columns": ["x"] * few, "alt": "it"}
    for figure in (
        jacobian_rows(dense, v),
        jacobian_products(dense, v, u),
        heat_map(dense, **names),
    ):
        for element in ET.fromstring(figure.svg).iter():
            values = {**element.attrib, "aria-label": ""}.values()
            assert not any(each in {"nan", "inf", "-inf"} for each in values)


KINDS: dict[str, Callable[[int], None]] = {
    "explain": try_explain,
    "diagnose": try_diagnose,
    "clarify": try_clarify,
    "trace": try_trace,
    "jacobian": try_jacobian,
    "coupling": try_coupling,
    "contract": try_contract,
    "compare": try_compare,
    "dot_product_test": try_dot_product_test,
    "figures": try_figures,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "start"),
    [(kind, start) for kind in KINDS for start in range(0, CALLS[kind], STEP)],
)
def test_random_calls(kind: str, start: int) -> None:
    """Tests some hundred calls."""
    gc.collect()
    gc.freeze()  # the search for retained gradients is for what a call makes
    for seed in range(start, min(start + STEP, CALLS[kind])):
        try:
            KINDS[kind](seed)
        except Exception as error:
            raise AssertionError(f"{kind}, seed {seed}") from error


def test_there_are_twenty_thousand() -> None:
    """Tests what the first line of this file says."""
    assert sum(CALLS.values()) > 20_000
    assert CALLS.keys() == KINDS.keys()
