"""What ``grad_outputs`` means in :func:`torch.autograd.grad`, computed and checked."""

from vjp_guide._contract import contract
from vjp_guide._jacobian import jacobian

__all__ = ["contract", "jacobian"]
