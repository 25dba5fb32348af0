"""Inputs chosen by hand, where those of torch's tests are degenerate or too tame."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def _x(*shape: int, start: float = 1.0) -> Tensor:
    """Return numbers of both signs that aren't symmetric, to two digits."""
    count = torch.Size(shape).numel()
    numbers = torch.arange(count, dtype=torch.float64)
    values = ((1.7 * numbers + start) * 1.3).sin() * 2
    return values.round(decimals=1).reshape(shape).requires_grad_()


def _positive(*shape: int) -> Tensor:
    return (_x(*shape).detach().abs() + 0.5).requires_grad_()


def _index(*values: Any) -> Tensor:
    return torch.tensor(values)


def _square(size: int) -> Tensor:
    """Return a well-conditioned matrix."""
    return (
        _x(size, size).detach() + 3 * torch.eye(size, dtype=torch.float64)
    ).requires_grad_()


def _symmetric() -> Tensor:
    """Return a positive definite matrix."""
    root = _square(3).detach()
    return (root @ root.mT).requires_grad_()


def _factors() -> Tensor:
    """Return two lower triangular matrices."""
    return torch.stack([_square(2), 2 * _square(2)]).detach().tril().requires_grad_()


def _call(*args: Any, **kwargs: Any) -> Arguments:
    return args, kwargs


_F = "nn.functional."

CHOSEN: dict[str, Callable[[], Arguments]] = {
    "__rpow__": lambda: _call(_x(2, 3), 2.5),
    "outer": lambda: _call(_x(3), _x(2, start=2)),
    "matmul": lambda: _call(_x(2, 3), _x(3, 2, start=2)),
    "mm": lambda: _call(_x(2, 3), _x(3, 2, start=2)),
    "mv": lambda: _call(_x(2, 3), _x(3, start=2)),
    "bmm": lambda: _call(_x(2, 1, 3), _x(2, 3, 2, start=2)),
    "einsum": lambda: _call([_x(2, 3), _x(3, 2, start=2)], "ij,jk->ki"),
    "dot": lambda: _call(_x(3), _x(3, start=2)),
    "add": lambda: _call(_x(2, 3), _x(3, start=2)),
    "sub": lambda: _call(_x(2, 3), _x(3, start=2)),
    "mul": lambda: _call(_x(2, 3), _x(3, start=2)),
    "div.no_rounding_mode": lambda: _call(_x(2, 3), _positive(3)),
    "pow": lambda: _call(_positive(2, 3), _x(3, start=2)),
    "sum": lambda: _call(_x(2, 3), 1),
    "mean": lambda: _call(_x(2, 3), 1),
    "prod": lambda: _call(_x(2, 3), 1),
    "softmax": lambda: _call(_x(2, 3), 1),
    "log_softmax": lambda: _call(_x(2, 3), 1),
    "logsumexp": lambda: _call(_x(2, 3), 1),
    "cumsum": lambda: _call(_x(2, 3), 1),
    "cumprod": lambda: _call(_x(2, 3), 1),
    "cat": lambda: _call([_x(1, 3), _x(2, 3, start=2)], 0),
    "stack": lambda: _call([_x(3), _x(3, start=2)], 1),
    "sort": lambda: _call(_x(2, 3), 1),
    "topk": lambda: _call(_x(2, 3), 2),
    "cummax": lambda: _call(_x(2, 3), 1),
    "cummin": lambda: _call(_x(2, 3), 1),
    "max.reduction_with_dim": lambda: _call(_x(2, 3), 1),
    "min.reduction_with_dim": lambda: _call(_x(2, 3), 1),
    "max.reduction_no_dim": lambda: _call(_x(2, 3)),
    "min.reduction_no_dim": lambda: _call(_x(2, 3)),
    "amax": lambda: _call(_x(2, 3), 1),
    "amin": lambda: _call(_x(2, 3), 1),
    "median": lambda: _call(_x(2, 3)),
    "var": lambda: _call(_x(2, 3), 1),
    "std": lambda: _call(_x(2, 3), 1),
    "maximum": lambda: _call(_x(2, 3), _x(3, start=2)),
    "minimum": lambda: _call(_x(2, 3), _x(3, start=2)),
    "t": lambda: _call(_x(2, 3)),
    "t_copy": lambda: _call(_x(2, 3)),
    "T": lambda: _call(_x(2, 3)),
    "H": lambda: _call(_x(2, 3)),
    "mT": lambda: _call(_x(2, 3)),
    "mH": lambda: _call(_x(2, 3)),
    "permute": lambda: _call(_x(1, 2, 3), (2, 0, 1)),
    "unsqueeze": lambda: _call(_x(2, 3), 0),
    "squeeze": lambda: _call(_x(2, 1, 3)),
    "flatten": lambda: _call(_x(2, 3)),
    "tril": lambda: _call(_x(3, 3)),
    "triu": lambda: _call(_x(3, 3)),
    "repeat": lambda: _call(_x(2, 3), (2, 1)),
    "tile": lambda: _call(_x(2, 3), (2, 1)),
    "kron": lambda: _call(_x(2, 2), _x(1, 3, start=2)),
    "cross": lambda: _call(_x(2, 3), _x(2, 3, start=2), 1),
    "cdist": lambda: _call(_x(2, 3), _x(4, 3, start=2)),
    "addmm": lambda: _call(_x(2, 2), _x(2, 3), _x(3, 2, start=2)),
    "__getitem__": lambda: _call(_x(3, 2), _index(2, 0, 2)),
    "unfold": lambda: _call(_x(5), 0, 3, 1),
    "chunk": lambda: _call(_x(2, 4), 2, 1),
    "split": lambda: _call(_x(2, 3), 1, 1),
    "take": lambda: _call(_x(2, 3), _index(0, 4, 4)),
    "masked_fill": lambda: _call(_x(2, 3), _index(1, 0, 1).bool(), 0.5),
    "gather": lambda: _call(_x(2, 3), 1, _index([0, 2], [1, 1])),
    "scatter": lambda: _call(_x(2, 3), 1, _index([0, 2], [1, 0]), _x(2, 2, start=2)),
    "scatter_add": lambda: _call(
        _x(2, 3), 1, _index([0, 0], [1, 2]), _x(2, 2, start=2)
    ),
    "index_select": lambda: _call(_x(3, 2), 0, _index(2, 0, 2)),
    "where": lambda: _call(_x(2, 3), _index(1, 0, 1).bool(), _x(3, start=2)),
    "clamp": lambda: _call(_x(2, 3), -1.0, 1.0),
    "transpose": lambda: _call(_x(2, 3), 0, 1),
    "reshape": lambda: _call(_x(2, 3), (3, 2)),
    "expand": lambda: _call(_x(2, 1), (2, 3)),
    "flip": lambda: _call(_x(2, 3), (1,)),
    "roll": lambda: _call(_x(2, 3), 1, 1),
    "diagonal": lambda: _call(_x(3, 3)),
    "trace": lambda: _call(_x(3, 3)),
    "linalg.inv": lambda: _call(_square(2)),
    "linalg.det": lambda: _call(_square(3)),
    "logdet": lambda: _call(_square(3)),
    "linalg.solve": lambda: _call(_square(2), _x(2, 3, start=2)),
    "linalg.svdvals": lambda: _call(_x(3, 2)),
    "linalg.svd": lambda: _call(_x(3, 2), full_matrices=False),
    "norm": lambda: _call(_x(2, 3)),
    "linalg.vector_norm": lambda: _call(_x(2, 3)),
    "fft.fft": lambda: _call(_x(4)),
    f"{_F}relu": lambda: _call(_x(2, 3)),
    f"{_F}gelu": lambda: _call(_x(2, 3)),
    f"{_F}linear": lambda: _call(_x(2, 3), _x(2, 3, start=2), _x(2, start=3)),
    f"{_F}mse_loss": lambda: _call(_x(2, 3), _x(2, 3, start=2)),
    f"{_F}cross_entropy": lambda: _call(_x(2, 3), _index(2, 0)),
    f"{_F}nll_loss": lambda: _call(_x(2, 3), _index(2, 0)),
    f"{_F}layer_norm": lambda: _call(_x(2, 3), [3], _positive(3), _x(3, start=2)),
    f"{_F}conv1d": lambda: _call(_x(1, 1, 5), _x(2, 1, 3, start=2), _x(2, start=3)),
    f"{_F}conv2d": lambda: _call(_x(1, 1, 3, 3), _x(1, 1, 2, 2, start=2)),
    f"{_F}scaled_dot_product_attention": lambda: _call(
        _x(2, 3), _x(4, 3, start=2), _x(4, 2, start=3)
    ),
    f"{_F}embedding": lambda: _call(_x(3, 2), _index(2, 0, 2)),
    f"{_F}batch_norm": lambda: _call(
        _x(3, 2), _x(2).detach(), _positive(2).detach(), _positive(2), _x(2, start=3)
    ),
    f"{_F}batch_norm training": lambda: _call(
        _x(3, 2), None, None, _positive(2), _x(2, start=3), training=True
    ),
    "combinations": lambda: _call(_x(3), 2),
    "inner": lambda: _call(_x(2, 3), _x(4, 3, start=2)),
    "linalg.eigh": lambda: _call(_symmetric()),
    "linalg.solve_triangular": lambda: _call(
        _square(2).detach().triu().requires_grad_(), _x(2, 3, start=2), upper=True
    ),
    "fft.ifft": lambda: _call(_x(4)),
    "fft.rfft": lambda: _call(_x(4)),
    "diag": lambda: _call(_x(3)),
    "logaddexp": lambda: _call(_x(2, 3), _x(3, start=2)),
    "atan2": lambda: _call(_x(2, 3), _x(3, start=2)),
    f"{_F}group_norm": lambda: _call(_x(2, 4, 1), 2, _positive(4), _x(4, start=3)),
    f"{_F}rms_norm": lambda: _call(_x(2, 3), [3], _positive(3)),
    f"{_F}pad.constant": lambda: _call(_x(2, 3), (1, 2)),
    f"{_F}interpolate.nearest": lambda: _call(_x(1, 1, 3), 6, mode="nearest"),
    f"{_F}avg_pool1d": lambda: _call(_x(1, 1, 6), 2),
    f"{_F}max_pool1d": lambda: _call(_x(1, 1, 6), 2),
    f"{_F}normalize": lambda: _call(_x(2, 3)),
    f"{_F}l1_loss": lambda: _call(_x(2, 3), _x(2, 3, start=2)),
    f"{_F}binary_cross_entropy_with_logits": lambda: _call(
        _x(2, 3), _index([1, 0, 1], [0, 0, 1]).double()
    ),
    "sin": lambda: _call(_x(2, 3)),
    "cos": lambda: _call(_x(2, 3)),
    "square": lambda: _call(_x(2, 3)),
    "reciprocal": lambda: _call(_positive(2, 3)),
    "rsqrt": lambda: _call(_positive(2, 3)),
    "log1p": lambda: _call(_positive(2, 3)),
    "expm1": lambda: _call(_x(2, 3)),
    "erf": lambda: _call(_x(2, 3)),
    "abs": lambda: _call(_x(2, 3)),
    "exp": lambda: _call(_x(2, 3)),
    "log": lambda: _call(_positive(2, 3)),
    "sqrt": lambda: _call(_positive(2, 3)),
    "sigmoid": lambda: _call(_x(2, 3)),
    "tanh": lambda: _call(_x(2, 3)),
    "cholesky_solve": lambda: _call(_x(2, 2), _factors()),
    "fill": lambda: _call(_x(2, 3), _x()),
    "linalg.cholesky": lambda: _call(_symmetric()),
    "linalg.eigvalsh": lambda: _call(_symmetric()),
    f"{_F}max_unpool1d": lambda: _call(_x(1, 1, 2), _index([[1, 2]]), 2),
    f"{_F}dropout": lambda: _call(_x(2, 3)),
}

# Activation functions take one tensor, and have samples of 20 numbers.
for _name in [
    "celu",
    "elu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "relu6",
    "selu",
    "silu",
    "softplus",
    "softshrink",
    "softsign",
    "tanhshrink",
]:
    CHOSEN[_F + _name] = lambda: _call(_x(2, 3))


def chosen(name: str) -> Arguments | None:
    """Return our arguments for an operator by its full name, if there are any."""
    build = CHOSEN.get(name)
    return None if build is None else build()
