"""Compare what preflight says with what whole calls do, of operators and models.

``python -m tests.operators.preflight [NAME ...]`` takes a sample of torch's own tests
of each operator, more with ``VJP_GUIDE_EXAMPLES=3``, and the models of
``tests.preflight_*``. It prints each verdict that differs, what is silently wrong, and
the counts.
"""

import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice

import torch
from torch import Tensor, nn

from tests.preflight_architectures import ARCHITECTURES
from tests.preflight_models import KINDS, MODELS, Lambda, whole_call
from vjp_guide import Preflight, preflight
from vjp_guide.operators.case import Case
from vjp_guide.operators.torch_tables import differentiable
from vjp_guide.operators.verify.checks import UNUSABLE
from vjp_guide.operators.verify.samples import theirs

SAMPLES = int(os.environ.get("VJP_GUIDE_EXAMPLES", "1"))


def calls() -> Iterator[tuple[str, nn.Module, tuple[Tensor, ...]]]:
    """Yield each call with its name, a model and its inputs."""
    for name, (make, inputs) in {**ARCHITECTURES, **MODELS}.items():
        torch.manual_seed(0)
        yield name, make(), inputs
    for name, op in differentiable().items():
        for case in islice(theirs(op, torch.float64), SAMPLES):
            yield name, Lambda(partial(_outputs, case)), case.inputs


def _outputs(case: Case, *inputs: Tensor) -> tuple[Tensor, ...]:
    return case(*inputs)


def compared(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counter[str]:
    """Return how often the two agree, and in which kinds they don't."""
    found = preflight(model, *inputs, kinds=KINDS)
    really = whole_call(model, inputs)
    words = {
        (True, True): "agree: blocked",
        (False, False): "agree: free",
        (True, False): "false alarm",
        (False, True): "missed",
    }
    counts = Counter(words[kind in found.blocked, kind in really] for kind in KINDS)
    for kind in KINDS:
        if (kind in found.blocked) != (kind in really):
            print("  differs:", kind, *_errors(found, kind))
    for each in found.silent:
        print("  silent:", each.operation, each.error)
    return counts


def _errors(found: Preflight, kind: str) -> list[str]:
    return [f"{b.operation}: {b.error:.300}" for b in found.blockers if b.kind == kind]


def main() -> int:
    """Return 1 if a verdict differs."""
    counts: Counter[str] = Counter()
    wanted = {*sys.argv[1:]}
    for name, model, inputs in calls():
        if wanted and name not in wanted:
            continue
        print(name, flush=True)
        try:
            counts += compared(model, inputs)
        except UNUSABLE as error:
            counts["nothing to try"] += 1
            print(f"  {str(error)[:100]}")
    print(dict(counts))
    return bool(counts["false alarm"] + counts["missed"])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
