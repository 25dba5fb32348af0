"""torch's answers to the vectors."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own short name for it
from serve import find, serve

OPERATORS: dict[str, Any] = {
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "clip": lambda x, min, max: x.clamp(min, max),
    "concat": lambda *xs, axis: torch.concat(xs, axis),
    "conj": lambda x: x.conj().resolve_conj(),
    "cumulative_prod": lambda x, axis: x.cumprod(axis),
    "cumulative_sum": lambda x, axis: x.cumsum(axis),
    "expand_dims": lambda x, axis: x.unsqueeze(axis),
    "flip": lambda x, axis: x.flip(axis),
    "log_softmax": lambda x, axis: x.log_softmax(axis),
    "logsumexp": lambda x: x.logsumexp(0),
    "matrix_transpose": lambda x: x.mT,
    "max": lambda x, axis=None: x.max() if axis is None else x.amax(axis),
    "min": lambda x, axis=None: x.min() if axis is None else x.amin(axis),
    "permute_dims": lambda x, axes: x.permute(axes),
    "repeat": lambda x, repeats, axis: x.repeat_interleave(repeats, axis),
    "reshape": lambda x, shape: x.reshape(shape),
    "roll": lambda x, shift, axis: x.roll(shift, axis),
    "softmax": lambda x, axis: x.softmax(axis),
    "sort": lambda x: x.sort()[0],
    "squeeze": lambda x, axis: x.squeeze(axis),
    "stack": lambda *xs, axis: torch.stack(xs, axis),
    "std": lambda x, correction=0: x.std(correction=correction),
    "take": lambda x, indices, axis: x.index_select(axis, torch.tensor(indices)),
    "tensordot": lambda x, y, axes: torch.tensordot(x, y, axes),
    "tile": lambda x, repetitions: x.tile(repetitions),
    "var": lambda x, correction=0: x.var(correction=correction),
    "where": lambda x, y, condition: torch.where(torch.tensor(condition), x, y),
    "where_sqrt": lambda x: torch.where(x > 0, x.sqrt(), 0.0),
}


def operator(name: str) -> Any:
    """Return torch's function of a name of the vectors."""
    return find(name, OPERATORS, torch.linalg, torch, F)


def product(
    name: str, inputs: list[Any], attributes: dict[str, Any], at: list[int], v: Any
) -> tuple[Any, list[Any]]:
    """Return the value, and v times each Jacobian."""
    xs = [torch.tensor(x, requires_grad=n in at) for n, x in enumerate(inputs)]
    y = operator(name)(*xs, **attributes)
    chosen = [xs[n] for n in at]
    v = torch.tensor(v).to(y.dtype)
    found = torch.autograd.grad(y, chosen, v, materialize_grads=True)
    return y.detach().numpy(), [each.resolve_conj().numpy() for each in found]


if __name__ == "__main__":
    serve(product)
