"""The checks of a derived program, none of which trusts it."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from vjp_guide._derive.program import Naming, Program
from vjp_guide._derive.subject import Subject
from vjp_guide._directional import inner, leaves, pull, randn_like, values
from vjp_guide._dot_product_test import DotProductTest, compared, push
from vjp_guide.operators.program.run import execute, residual

EQUAL = 1e-9
_TOLERANCE = 1e-6
_SEED = 0
_SMALL = 1e-2  # a product may be 0 but for rounding in the others


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a program was compared with, at the inputs that it was derived from.

    Attributes:
        autograd: How far the products are from torch's, relative to them.
        differences: How far the products are from finite differences along a direction.
        test: The program in the place of reverse mode, against forward mode and finite
            differences of the function; or in the place of forward mode, if it is that
            of the tangents.
    """

    autograd: float
    differences: float
    test: DotProductTest

    @property
    def identity(self) -> float:
        """How far the two sides of the dot-product identity are from each other."""
        return self.test.adjoint_residual


def verified(
    subject: Subject, named: Naming, program: Program
) -> tuple[Verification, dict[str, Any], tuple[Tensor, ...]]:
    """Return the checks of a program, its variables after the run, and all outputs."""
    fn = subject.outputs
    xs = tuple(subject.inputs[name] for name in subject.differentiated)
    generator = torch.Generator().manual_seed(_SEED)
    u, v = randn_like(xs, generator), randn_like(values(fn, xs), generator)
    pushes = subject.kind == "jvp"
    variables = run(subject, named, program, u if pushes else v)
    products = tuple(variables[name] for name in named.gradients)
    expected = push(fn, xs, u) if pushes else pull(fn, xs, v)
    largest = max((float(t.abs().max()) for t in expected if t.numel()), default=0.0)
    reverse = inner(pull(fn, xs, v) if pushes else products, u)
    test = compared(fn, xs, u, v, reverse=reverse, tolerance=_TOLERANCE)
    if pushes:
        test = replace(test, forward=inner(products, v), forward_method="the program")
    checks = Verification(
        autograd=residual(products, expected, smallest=_SMALL * largest),
        differences=test.forward_residual if pushes else test.reverse_residual,
        test=test,
    )
    return checks, variables, subject.tensors(leaves(xs))


def run(
    subject: Subject, named: Naming, program: Program, v: tuple[Tensor, ...]
) -> dict[str, Any]:
    """Return the variables of a program after a run with cotangents."""
    given = dict(zip(named.weights, v, strict=True))
    known = {**program.literals, **subject.constants, **subject.inputs, **given}
    return execute("\n".join([*program.forward, *program.backward]), known)
