"""What ``grad_outputs`` means in :func:`torch.autograd.grad`, computed and checked."""

from vjp_guide._contract import contract
from vjp_guide._coupling import Coupling, coupling
from vjp_guide._diagnosis import Diagnosis, diagnose
from vjp_guide._dot_product_test import DotProductTest, dot_product_test
from vjp_guide._explain import explain
from vjp_guide._explanation import Explanation
from vjp_guide._jacobian import jacobian

__all__ = [
    "Coupling",
    "Diagnosis",
    "DotProductTest",
    "Explanation",
    "contract",
    "coupling",
    "diagnose",
    "dot_product_test",
    "explain",
    "jacobian",
]
