"""What ``grad_outputs`` means in :func:`torch.autograd.grad`, computed and checked."""

from vjp_guide._contract import contract
from vjp_guide._coupling import Coupling, coupling
from vjp_guide._diagnosis import Diagnosis, diagnose
from vjp_guide._dot_product_test import DotProductTest, dot_product_test
from vjp_guide._explain import explain
from vjp_guide._explanation import Explanation
from vjp_guide._jacobian import jacobian
from vjp_guide._trace import trace
from vjp_guide._trace_records import Cotangent, End, NodeRecord, Port, Saved, Trace

__all__ = [
    "Cotangent",
    "Coupling",
    "Diagnosis",
    "DotProductTest",
    "End",
    "Explanation",
    "NodeRecord",
    "Port",
    "Saved",
    "Trace",
    "contract",
    "coupling",
    "diagnose",
    "dot_product_test",
    "explain",
    "jacobian",
    "trace",
]
