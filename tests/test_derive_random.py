"""Tests of derived programs of random functions, as text, on other sizes.

``VJP_GUIDE_EXAMPLES=1000`` runs other ones; ``--hypothesis-show-statistics`` counts kinds.
"""

import math
import os
import re
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, event, given, settings
from torch import Tensor

from tests.random_programs import Program, programs
from vjp_guide import Derivation, DeriveError, derive
from vjp_guide._derive import derive as module

EXAMPLES = int(os.environ.get("VJP_GUIDE_EXAMPLES", "0"))
ROUNDING = 1e-12
CANCELLED = 1e-14  # of cotangents whose sum is nearly 0
LARGE_ROUNDING = 1e-6  # of slopes near a norm of 0, which is refused for it


def products(function: Any, inputs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Return cotangents, and what torch computes of them."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    returned = function(*leaves)
    ys = returned if isinstance(returned, tuple) else (returned,)
    generator = torch.Generator().manual_seed(2**40)  # none of the inputs'
    v = [torch.randn(y.shape, dtype=y.dtype, generator=generator) for y in ys]
    found = torch.autograd.grad(
        ys, leaves, v, allow_unused=True, materialize_grads=True
    )
    return v, list(found)


def run(derivation: Derivation, inputs: list[Tensor], v: list[Tensor]) -> list[Tensor]:
    """Return what the printed text computes."""
    names = [*derivation.inputs, *derivation.cotangents]
    scope: dict[str, Any] = {"torch": torch, "math": math}
    scope |= dict(zip(names, [*inputs, *v], strict=True))
    exec(derivation.text(), scope)  # noqa: S102 - that it runs is the test
    return [scope[name] for name in derivation.gradients]


def holds_for(derivation: Derivation, inputs: list[Tensor]) -> bool:
    """Return whether a text says that it holds for other sizes."""
    scope = dict(zip(derivation.inputs, inputs, strict=True))
    fixed = (f"{text} == {length}" for text, length in derivation.fixed.items())
    return all(eval(text, {}, scope) for text in (*fixed, *derivation.conditions))  # noqa: S307 - it is our own


def assert_equal(
    found: list[Tensor], expected: list[Tensor], v: Sequence[Tensor] = ()
) -> None:
    """Check products relative to the largest number among them.

    Where they nearly cancel, as in the norm of a layer of two, cotangents round.
    """
    least = max(ROUNDING * largest(expected), CANCELLED * largest(v))
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.shape == theirs.shape
        torch.testing.assert_close(mine, theirs, rtol=0, atol=least)


def largest(tensors: Sequence[Tensor]) -> float:
    """Return the largest number, 0 if there is none."""
    return max((float(t.abs().max()) for t in tensors if t.numel()), default=0.0)


@pytest.fixture(autouse=True)
def _first_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a wrong rule show, which the text that isn't simplified would hide."""
    monkeypatch.setattr(module, "_ATTEMPTS", ((True, True),))


# gc.freeze hides what holds Hypothesis's generator, which it takes for lost.
@pytest.mark.filterwarnings("ignore:It looks like `register_random` was passed")
@settings(
    max_examples=EXAMPLES or 100,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(programs())
def test_a_random_function_is_derived(program: Program) -> None:
    """Tests the text against autograd, differences and the identity, on two sizes."""
    function = program.function
    first, other = program.inputs
    try:
        derivation = derive(function, *first)
    except DeriveError as error:
        event("refused")
        off = re.search(r"it is off by (\S+)$", str(error))
        if not off or float(off[1]) > LARGE_ROUNDING:  # then torch itself fails
            with pytest.raises((IndexError, RuntimeError)):
                products(function, first)
        return
    event(f"{len(program.operations) // 3 * 3} operations or more")
    event("complex" if first[0].is_complex() else "real")
    event("several outputs" if len(derivation.outputs) > 1 else "one output")
    holds = holds_for(derivation, other)
    event("for both sizes" if holds else "for the first sizes alone")

    test = derivation.verification.test
    if not math.isnan(test.forward):  # torch's forward mode of hypot at 0
        assert test.passed
    assert test.reverse_residual <= test.tolerance
    for inputs in (first, other if holds else first):
        v, expected = products(function, inputs)
        assert_equal(run(derivation, inputs, v), expected, v)
    if len(program.operations) % 4 == 0:  # gradcheck takes longer than all the rest
        derivation.function()  # runs the test that it ends with
