"""TorchJD's answers to the vectors: torch's operators, and products by its ``jac``."""

from typing import Any

import torch
from for_torch import operator
from serve import serve
from torchjd.autojac import jac


def product(
    name: str, inputs: list[Any], attributes: dict[str, Any], at: list[int], v: Any
) -> tuple[Any, list[Any]]:
    """Return the value, and v times each Jacobian."""
    xs = [torch.tensor(x, requires_grad=n in at) for n, x in enumerate(inputs)]
    y = operator(name)(*xs, **attributes)
    found = jac(y, [xs[n] for n in at], jac_outputs=torch.tensor(v).to(y.dtype)[None])
    return y.detach().numpy(), [each[0].resolve_conj().numpy() for each in found]


if __name__ == "__main__":
    serve(product)
