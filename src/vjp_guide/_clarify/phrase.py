"""Code for torch.autograd.grad, in terms of the function that the reader called."""

import ast
from typing import cast

_GRAD = "torch.autograd.grad("
_ONLY_GRAD = {"allow_unused", "materialize_grads", "is_grads_batched"}


def phrase(code: str, style: str, *, inputs: bool = False) -> str:
    """Return code with each call of torch.autograd.grad in another style.

    Args:
        code: Python, in which such a call that is a line of its own is translated.
        style: ``"grad"``, ``"backward"`` or ``"func"``, which is torch.func.vjp.
        inputs: Whether backward names its inputs.

    Returns:
        The code.
    """
    if style == "grad":
        return code
    return "\n".join(_line(line, style, inputs) for line in code.splitlines())


def _line(line: str, style: str, inputs: bool) -> str:  # noqa: FBT001 (as above)
    if not line.startswith(_GRAD):
        return line.replace("= f()", "= f(x)")  # backward may name no inputs
    call = cast("ast.Call", ast.parse(line, mode="eval").body)
    comment = "".join(line.partition("  # ")[1:])
    return (_func(call) if style == "func" else _backward(call, inputs)) + comment


def _backward(call: ast.Call, inputs: bool) -> str:  # noqa: FBT001 (as above)
    y, x = call.args
    options = _options(call)
    v = options.pop("grad_outputs", None)
    words = [
        f"{key}={value}" for key, value in options.items() if key not in _ONLY_GRAD
    ]
    if inputs:
        words.append(f"inputs={ast.unparse(x)}")
    arguments = [*([v] if v else []), *words]
    if isinstance(y, ast.Tuple):
        outputs = ast.unparse(y)
        return f"torch.autograd.backward({', '.join([outputs, *arguments])})"
    return f"{ast.unparse(y)}.backward({', '.join(arguments)})"


def _func(call: ast.Call) -> str:
    y, x = call.args
    inputs = ast.unparse(x).removeprefix("(").removesuffix(")")
    v = _options(call).get("grad_outputs", f"torch.ones_like({ast.unparse(y)})")
    return f"{ast.unparse(y)}, vjp = torch.func.vjp(f, {inputs})\nvjp({v})"


def _options(call: ast.Call) -> dict[str, str]:
    return {str(each.arg): ast.unparse(each.value) for each in call.keywords}
