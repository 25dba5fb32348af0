"""The private tables of torch that the atlas is computed from, behind one door.

They are the operators that torch's own tests describe, with ready-made arguments; the
lines of its table of derivatives; and its rules for backward operations.
"""

import importlib
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from itertools import repeat
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._decomp import decomposition_table
from torch._library.custom_ops import OPDEFS

_OPERATORS = "torch.testing._internal.common_methods_invocations"
_SEED = 1234  # that of torch's tests
_PACKAGE, _FILE = "torchgen.packaged.autograd", "derivatives.yaml"
# The table is a part of PyTorch, whose notice goes with each copy of a part of it.
NOTICE = (
    "The lines are from derivatives.yaml of PyTorch, Copyright (c) 2016- Facebook, Inc "
    "(Adam Paszke) and the other authors that its LICENSE file names; PyTorch has a "
    "BSD-style licence."
)
_ENTRY = re.compile(
    r"^- name: (\w+)(?:\.\w+)?\((.*)\) ->.*\n(?:(?!- name).*\n)*", re.MULTILINE
)
# Its decomposition is longer than its name says.
_KEPT = {"embedding_dense_backward"}


class OperatorsUnavailableError(RuntimeError):
    """The installed torch lacks the private tables that the atlas is computed from."""


@cache
def operators() -> tuple[Any, ...]:
    """Return torch's descriptions of its operators, called OpInfo there.

    Raises:
        OperatorsUnavailableError: If they can't be imported.
    """
    try:
        return tuple(importlib.import_module(_OPERATORS).op_db)
    except (ImportError, AttributeError) as error:
        raise OperatorsUnavailableError(
            f"the operators come from {_OPERATORS}, a private part of torch "
            f"{torch.__version__} that can't be imported ({error}): install the "
            "package again with its dependencies, or another torch"
        ) from error


@cache
def differentiable() -> dict[str, Any]:
    """Return the descriptions of the operators with a derivative, by full name."""
    return {full_name(op): op for op in operators() if op.supports_autograd}


def full_name(op: Any) -> str:
    """Return the name of an operator with that of its variant, as ``norm.fro``."""
    variant = op.variant_test_name
    return f"{op.name}.{variant}" if variant else str(op.name)


def samples(op: Any, dtype: torch.dtype) -> Iterator[Any]:
    """Yield the arguments that torch tests an operator with, seeded as it does.

    Its own iterator seeds all devices and looks for a test among the callers, which
    takes longer than the operator.
    """
    found = op.sample_inputs_func(op, "cpu", dtype, requires_grad=True)
    for _, sample in zip(map(_seed, repeat(_SEED)), found, strict=False):
        yield sample


def _seed(seed: int) -> None:
    torch.default_generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - torch's tables use it


def takes(op: Any, dtype: torch.dtype) -> bool:
    """Return whether torch tests the derivative of an operator in a dtype."""
    return dtype in op.supported_backward_dtypes("cpu")


@cache
def backward_rules() -> dict[Any, Any]:
    """Return torch's own rules that write a backward operation in simpler ones."""
    return {
        operation: rule
        for operation, rule in decomposition_table.items()
        if "backward" in str(operation) and str(operation).split(".")[1] not in _KEPT
    }


def has_rule(operation: Any) -> bool:
    """Return whether torch knows how to differentiate an operation."""
    defined = OPDEFS.get(operation.name().partition(".")[0])
    if defined is not None:
        return getattr(defined, "_backward_fn", None) is not None
    has = torch._C._dispatch_has_kernel_for_dispatch_key  # noqa: SLF001 - it has no public name
    keys = ("Autograd", "AutogradCPU", "CompositeImplicitAutograd")
    return any(has(operation.name(), key) for key in keys)


# Forward operations that save what their names don't tell.
_OPENED = {
    "native_layer_norm",
    "native_group_norm",
    "nll_loss_forward",
    "nll_loss2d_forward",
    "native_batch_norm",
    "_native_batch_norm_legit",
    "_fused_rms_norm",
    "addmm",
    "baddbmm",
    "addmv",
    "addbmm",
    "addr",
}


@cache
def program_rules() -> dict[Any, Any]:
    """Return the rules for backward operations, and for forward ones that hide much."""
    opened = {
        operation: rule
        for operation, rule in decomposition_table.items()
        if _OPENED & {*str(operation).split(".")}
    }
    log_sigmoid = torch.ops.aten.log_sigmoid_backward.default
    return {**opened, **backward_rules(), log_sigmoid: _log_sigmoid_backward}


def _log_sigmoid_backward(v: Tensor, x: Tensor, buffer: Tensor) -> Tensor:
    """Return the product in a line that is as stable as torch's own of a buffer."""
    del buffer
    return v * torch.sigmoid(-x)


def derivatives(nodes: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of derivatives.yaml that made the nodes of a graph, verbatim."""
    table = _derivatives()
    return tuple(table[node] for node in nodes if node in table)


def operator_of(node: str) -> str:
    """Return the operator that makes a graph node, empty if the table has no such."""
    found = _ENTRY.match(_derivatives().get(node, "") + "\n")
    return found[1] if found else ""


@cache
def _derivatives() -> dict[str, str]:
    """Return the entries by the name of the node that torch generates from each."""
    try:
        text = files(_PACKAGE).joinpath(_FILE).read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return {}
    counts: Counter[str] = Counter()
    table = {}
    for entry in _ENTRY.finditer(text):
        if _is_differentiable(entry):
            prefix = _prefix(entry[1])
            table[f"{prefix}{counts[prefix]}"] = _without_comments(entry[0])
            counts[prefix] += 1
    return table


def _is_differentiable(entry: re.Match[str]) -> bool:
    parameters = set(re.findall(r"(\w+)(?:=[^,]*)?(?:,|$)", entry[2]))
    rules = re.findall(r"^\s+([\w, ]+): *(.*)$", entry[0], re.MULTILINE)
    return any(
        rule != "non_differentiable"
        and parameters & set(re.split(r",\s*", names.strip()))
        for names, rule in rules
    )


def _prefix(name: str) -> str:
    """Return how torch names the node of an operator, without its number."""
    camel = "".join(part.title() for part in name.split("_"))
    return f"{camel}Backward".replace("ForwardBackward", "Backward")


def _without_comments(entry: str) -> str:
    lines = (line for line in entry.splitlines() if not line.lstrip().startswith("#"))
    return "\n".join(line for line in lines if line.strip())
