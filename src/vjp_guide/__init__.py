"""What ``grad_outputs`` means in :func:`torch.autograd.grad`, computed and checked."""

from importlib import import_module
from typing import TYPE_CHECKING

from vjp_guide._clarify.clarify import clarify
from vjp_guide._clarify.notebook import (
    load_ipython_extension,
    unload_ipython_extension,
)
from vjp_guide._contract import contract
from vjp_guide._coupling import Coupling, coupling
from vjp_guide._dot_product_test import DotProductTest, dot_product_test
from vjp_guide._explain.check import Check
from vjp_guide._explain.content import Operand
from vjp_guide._explain.diagnosis import Diagnosis, diagnose
from vjp_guide._explain.explain import explain
from vjp_guide._explain.explanation import Explanation
from vjp_guide._explain.suspicions import Suspicion
from vjp_guide._jacobian import jacobian
from vjp_guide._preflight.content import Blocker, Preflight
from vjp_guide._preflight.preflight import preflight
from vjp_guide._trace.compare import Comparison, compare
from vjp_guide._trace.gaps import Gap
from vjp_guide._trace.modules import ModuleNames
from vjp_guide._trace.places import Place
from vjp_guide._trace.records import Cotangent, End, NodeRecord, Port, Saved
from vjp_guide._trace.trace import Selection, Trace, trace

if TYPE_CHECKING:
    from vjp_guide._derive.content import Departure, Line
    from vjp_guide._derive.derive import Derivation, derive
    from vjp_guide._derive.refusal import DeriveError
    from vjp_guide._derive.verification import Verification

__version__ = "0.2.0"

# What imports torch's recorder of programs, for which all others would wait a second.
_LATE = {
    "Departure": "content",
    "Derivation": "derive",
    "DeriveError": "refusal",
    "Line": "content",
    "Verification": "verification",
    "derive": "derive",
}

__all__ = [
    "Blocker",
    "Check",
    "Comparison",
    "Cotangent",
    "Coupling",
    "Departure",
    "Derivation",
    "DeriveError",
    "Diagnosis",
    "DotProductTest",
    "End",
    "Explanation",
    "Gap",
    "Line",
    "ModuleNames",
    "NodeRecord",
    "Operand",
    "Place",
    "Port",
    "Preflight",
    "Saved",
    "Selection",
    "Suspicion",
    "Trace",
    "Verification",
    "clarify",
    "compare",
    "contract",
    "coupling",
    "derive",
    "diagnose",
    "dot_product_test",
    "explain",
    "jacobian",
    "load_ipython_extension",
    "preflight",
    "trace",
    "unload_ipython_extension",
]


def __getattr__(name: str) -> object:
    """Import what derives when it is first asked for.

    Returns:
        What has the name.

    Raises:
        AttributeError: If nothing has it.
    """
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}._derive.{_LATE[name]}"), name)
