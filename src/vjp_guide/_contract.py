"""The contraction of a cotangent with a dense Jacobian, in NumPy alone."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Array = npt.NDArray[Any]

_NATIVE = {torch.float16, torch.float32, torch.float64}


def contract(grad_outputs: object, jacobian: object) -> Array:
    r"""Sum the products of ``v`` with ``J`` over all output axes, without autograd.

    For a cotangent :math:`v` and a Jacobian :math:`J` this is

    .. math:: r_i = \sum_o v_o\, J_{o,i}

    where :math:`o` runs over all indices of the output and :math:`i` over all
    indices of the input.
    It is what :func:`torch.autograd.grad` returns for the same ``v``, computed
    a second way: autograd never builds ``J``, and this function never calls autograd.

    Args:
        grad_outputs: The cotangent ``v``, with the shape of the output.
            A tensor or anything that :func:`numpy.asarray` takes, of a real or
            complex dtype.
        jacobian: The Jacobian ``J``, with the shape of the output followed by
            the shape of the input, as :func:`vjp_guide.jacobian` returns it.

    Returns:
        The contraction, with the shape of the input and NumPy's common dtype of
        ``v`` and ``J``; two of bool are added up as integers.

    Raises:
        TypeError: If an argument can't be read as an array of numbers.
        ValueError: If ``jacobian`` doesn't begin with the axes of ``grad_outputs``.

    The formula is the chain rule for :math:`L(y(x))` with
    :math:`v = \partial L / \partial y`.

    >>> import numpy as np
    >>> from vjp_guide import contract
    >>> J = np.array([[1, 2, 3], [4, 5, 6]])  # two outputs, three inputs
    >>> contract([1, 10], J)
    array([41, 52, 63])
    """
    v = as_array("grad_outputs", grad_outputs)
    dense = as_array("jacobian", jacobian)
    if dense.shape[: v.ndim] != v.shape:
        raise ValueError(
            f"jacobian has shape {dense.shape}, but its first axes must be those of "
            f"grad_outputs, {v.shape}: the shape of a Jacobian is that of the output "
            "followed by that of the input"
        )
    if v.dtype == dense.dtype == np.bool_:
        v = v.astype(np.int64)  # a sum of bools would be an "or"
    with np.errstate(all="ignore"):  # as quiet as autograd
        return np.asarray(np.tensordot(v, dense, axes=v.ndim))


def as_array(name: str, value: object) -> Array:
    """Return ``value`` as a NumPy array of numbers, else raise a :class:`TypeError`.

    NumPy has no bfloat16, no 8-bit floats and no complex32: they become float32 or
    complex64, which hold them exactly. Sparse tensors become dense.
    """
    try:
        array = np.asarray(_stored(value) if isinstance(value, Tensor) else value)
    except Exception as error:
        raise TypeError(f"{name} must be an array of numbers: {error}") from error
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{name} must be an array of numbers, got "
            f"{type(value).__name__} of dtype {array.dtype}"
        )
    return array


def _stored(tensor: Tensor) -> Array:
    """Return the entries of a tensor of any layout or subclass, if it holds them."""
    # A subclass or a mode of the reader's may change what the lines below do.
    with torch._C.DisableTorchFunction():  # noqa: SLF001 - it has no public name
        if tensor.is_nested:
            raise TypeError("a nested tensor holds arrays of several shapes")
        plain = tensor.detach()
        if plain.layout != torch.strided:
            plain = plain.to_dense()
        if plain.is_floating_point() and plain.dtype not in _NATIVE:
            plain = plain.to(torch.float32)
        if plain.dtype == torch.complex32:
            plain = plain.to(torch.complex64)
        # By force: conjugate and negative views, ZeroTensors, other devices.
        array: Array = plain.numpy(force=True)
    return array
