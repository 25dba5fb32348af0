"""The product of a function with cotangents, as a function to derive in its turn."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from vjp_guide._derive.program import Naming, Program
from vjp_guide._derive.subject import Subject
from vjp_guide._directional import randn_like, values

_SEED = 1


def product_of(given: Subject, named: Naming, program: Program) -> Subject:
    """Return the product of a function as one of the inputs and the cotangents.

    What is recorded is the program, so that its names stay; what it is compared with is
    reverse mode of the function.
    """
    xs = tuple(given.inputs[name] for name in given.differentiated)
    generator = torch.Generator().manual_seed(_SEED)
    vs = randn_like(values(given.outputs, xs), generator)
    inputs = given.inputs | dict(zip(named.weights, vs, strict=True))
    return replace(
        given,
        name=f"{given.name}_vjp",
        call=_pulled(given),
        inputs=inputs,
        differentiated=(*given.differentiated, *named.weights),
        constants=given.constants | program.literals,
        kind="second",
        results=named.gradients,
        recorded=_text(list(inputs), named, program, given.constants),
    )


def _pulled(given: Subject) -> Callable[..., Any]:
    """Return what computes the product by reverse mode."""
    count = len(given.inputs)

    def product(*inputs: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(given.inputs, inputs[:count], strict=True))
        xs = [named[name] for name in given.differentiated]
        with torch.enable_grad():
            return torch.autograd.grad(
                given.outputs(*xs),
                xs,
                inputs[count:],
                create_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )

    return product


def _text(
    names: Sequence[str], named: Naming, program: Program, constants: dict[str, Tensor]
) -> Any:
    """Return what computes the product by the lines of the program."""
    lines = [*program.forward, *program.backward, f"return {_tuple(named.gradients)}"]
    text = f"def product({', '.join(names)}):\n" + "".join(f"    {e}\n" for e in lines)
    scope = {"torch": torch, "math": math, **constants, **program.literals}
    exec(text, scope)  # noqa: S102 - the text is our own, and its variables are recorded
    return scope["product"]


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)},)"
