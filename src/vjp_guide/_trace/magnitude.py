"""How large the entries of a tensor are."""

import math

import torch
from torch import Tensor

COMPRESSED = {torch.sparse_csr, torch.sparse_csc, torch.sparse_bsr, torch.sparse_bsc}


def magnitude(tensor: Tensor) -> Tensor:
    """Return the largest absolute value, a tensor of no axes; NaN if any entry is."""
    stored = _stored(tensor.detach())
    if stored.numel() == 0:
        return stored.new_zeros((), dtype=torch.float64)
    inexact = stored.is_floating_point() or stored.is_complex()
    if not inexact or stored.dtype.itemsize == 1:  # torch has no norm of these
        stored = stored.double()
    largest: Tensor = torch.linalg.vector_norm(stored, math.inf)
    return largest


def _stored(tensor: Tensor) -> Tensor:
    """Return the entries that are stored, of any layout."""
    if tensor.is_nested or tensor.layout in COMPRESSED:
        return tensor.values()
    if tensor.layout == torch.sparse_coo:
        return tensor.coalesce().values()
    return tensor.to_dense()
