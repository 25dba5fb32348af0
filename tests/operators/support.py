"""What the tests of the atlas share: operators that are invented, and examples."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from vjp_guide.operators import naming, torch_tables
from vjp_guide.operators.case import call_of
from vjp_guide.operators.program import example
from vjp_guide.operators.verify import verdict

LARGE = torch.arange(20.0, dtype=torch.float64, requires_grad=True)
BASELINE = Path(__file__).with_name("states.txt")


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
        "sample_inputs_func": lambda *_, **__: iter([sample]),
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


def described(function: Callable[..., Tensor], *inputs: Tensor) -> Any:
    """Return the example of an invented operator."""
    name = dataclasses.replace(naming.name_of("square"), parameters=())
    return example.example(call_of(function, inputs, {}), name, "square")


def shown(name: str) -> Any:
    """Return the example of an operator, by its full name."""
    op = torch_tables.differentiable()[name]
    case = verdict.verify(op)[1]
    assert case is not None
    return example.example(case, naming.name_of(op.name), name)
