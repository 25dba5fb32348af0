"""The cause of an error for the arguments of a call, and the call put right."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import indent
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge

from vjp_guide._call import BUFFERS, Argument, Call, is_tensor
from vjp_guide._explain.containers import unpacked, within
from vjp_guide._explain.cotangents import (
    correct_cotangents,
    explain_cotangents,
    fitting_cotangents,
)
from vjp_guide._explain.functional import functional
from vjp_guide._explain.inputs import (
    constants,
    every,
    function_of,
    has_metadata,
    has_tensors,
    in_transform,
    is_pair,
    lazy_within,
    module_of,
    new,
    parameters,
    requiring,
)
from vjp_guide._graph import ancestors, edge, walk
from vjp_guide._quiet import plain_settings
from vjp_guide._show import MOST_NUMBERED, join, listed

Mended = tuple[str, str] | tuple[str, str, str]
"""The cause, empty for the general one, the corrected code, and maybe another fix."""
Repair = Callable[[Call, re.Match[str]], Mended]


def mended(repair: Repair, call: Call, match: re.Match[str]) -> Mended:
    """Return what a repair finds, as a program that runs where the call stood."""
    call = _made_again(call)
    if lazy_within(Argument("", value) for value in call.given):
        repair = mend_lazy
    if call.outputs:
        cause, code, *fix = repair(call, match)
    else:
        used_up = "was an iterator with nothing left in it"
        what = used_up if "y" in call.consumed else "is empty"
        cause, code, *fix = f"outputs {what}.", _with_outputs(call), _KEEP
    code = _program(call, code)
    return (cause, code, fix[0]) if fix else (cause, code)


def _with_outputs(call: Call, weights: str = "torch.ones_like(y)") -> str:
    given = (*call.given[:2], None)
    options = {**call.options, "grad_outputs": weights}
    one = replace(call, given=given, options=options, cotangents=())
    one = replace(one, outputs=(Argument("y", None),))
    return _right(one) if call.inputs else _with_an_input(one)


def _made_again(call: Call) -> Call:
    """Return the call with what iterators yielded as entries of lists."""
    xs, vs = call.inputs, call.cotangents
    own = call.is_of_model or call.consumed.get("x") == BUFFERS
    if "x" in call.consumed and not own and any(any(within(*x)) for x in xs):
        xs = tuple(Argument(f"x[{k}]", x.value) for k, x in enumerate(xs))
    if "v" in call.consumed:
        vs = tuple(Argument(f"v[{k}]", v.value) for k, v in enumerate(vs))
    return replace(call, inputs=xs, cotangents=vs)


def _program(call: Call, code: str) -> str:
    """Return code that makes used up iterators again, and leaves the mode."""
    if "y" in call.consumed and not _COMPUTED.search(code):
        code = f"{call.forward()}\n{code}"
    if in_transform() and _COMPUTED.search(code):
        comments = re.findall(r"f\(.*\)  (# .*)", code)
        code = "\n".join([*comments, functional(call)])
    code = "\n".join([*_listed(call, code), code])
    if not _mode() or not _COMPUTED.search(code):
        return code
    off = "torch.inference_mode(mode=False), torch.enable_grad()"
    enable = off if torch.is_inference_mode_enabled() else "torch.enable_grad()"
    return f"with {enable}:\n{indent(code, '    ')}"


def _listed(call: Call, code: str) -> list[str]:
    """Return code that makes the iterators again that code uses."""
    return [
        f"{letter} = list({letter})  # {letter} made again: an iterator serves once"
        for letter in "xv"
        if letter in call.consumed and f"{letter} = " not in code
        if re.search(rf"\b{letter}\[|[,=] ?{letter}\b", code)
    ]


def mend_lazy(call: Call, _: re.Match[str]) -> Mended:
    """Return the call after a first run of the module on data."""
    xs, lines = call.inputs_code, ["model(data)  # the first run on data"]
    if module := module_of(call):
        lines.insert(0, f"model = {module[0]}")
    no_gradient = any(is_tensor(x.value) and not x.requires_grad for x in call.inputs)
    if module or no_gradient or "x" in call.consumed or has_metadata(call.given[1]):
        xs = "list(model.parameters())"
    elif _no_tensors(call.inputs):
        xs = every(*call.inputs)
    tidy = unpacked(call)
    if not tidy.outputs or lazy_within(tidy.outputs):
        ones = {**call.options, "grad_outputs": "torch.ones_like(y)"}
        tidy = replace(tidy, outputs=(Argument("y", None),), options=ones)
    if lazy_within(call.cotangents) or not is_tensor(tidy.outputs[0].value):
        tidy = replace(tidy, given=(*tidy.given[:2], None), cotangents=())
    one = replace(tidy, inputs=(Argument(xs, None),), consumed={})
    again = replace(call, outputs=tidy.outputs).forward()
    code = "\n".join([*lines, again, correct_cotangents(one, allow_unused=True)])
    return LAZY, code, _FIRST_RUN


def mend_cotangents(call: Call, _: re.Match[str]) -> Mended:
    """Return the call with a cotangent that fits for each output."""
    tidy, code = unpacked(call), _right(call)
    left_out = list(_left_out(call, {id(y.value) for y in tidy.outputs}))
    if not left_out:
        is_same = [y.name for y in tidy.outputs] == [y.name for y in call.outputs]
        return explain_cotangents(call if is_same else tidy), code
    constant = _shapes([y for y in left_out if is_tensor(y.value)], " and ")
    cause = (
        f"No derivative leads to {constant or 'parts of outputs'}: leave out what "
        "doesn't depend on x."
    )
    return f"{cause} {explain_cotangents(tidy)}".strip(), code


def _right(call: Call) -> str:
    """Return the call with cotangents that fit, and with tensors as its inputs."""
    tidy = unpacked(call)
    one = replace(tidy, given=call.given, inputs=call.inputs) if tidy.outputs else call
    if has_metadata(call.given[1]):
        return _named_parameters(one)
    if call.consumed.get("x") == BUFFERS:
        return _with_inputs(one, "list(model.parameters())")
    if others := _no_tensors(call.inputs):
        return _by_tensors(one, others) or _made(one, others)
    if isinstance(call.given[1], Mapping) and type(call.given[1]) is not dict:
        return _with_inputs(one, "dict(x)")
    return _complete(replace(tidy, outputs=tidy.outputs or call.outputs))


def _left_out(call: Call, kept: set[int]) -> Iterator[Argument]:
    """Yield what outputs hold besides the tensors that are kept."""
    for y in call.outputs:
        found = list(within(*y))
        yield from (each for each in found if id(each.value) not in kept)
        if not found:
            yield y


def mend_batches(call: Call, _: re.Match[str]) -> Mended:
    """Return the call with all batches of cotangents cut to the shortest."""
    length = min(v.shape[0] if v else 1 for _, v in call.pairs)
    batches = [f"{term}[:{length}]" for term in fitting_cotangents(call)]
    return "", call.code(join(batches))


def mend_in_place(call: Call, _: re.Match[str]) -> Mended:
    """Return the computation, to be repeated without the edit in place."""
    with plain_settings():
        leaf = next(_edited_leaves(call), None)
    if leaf is None:
        return "", _repeated(call, "  # with a = a + 1 in place of a += 1")
    cause = (
        f"A parameter or another leaf, of shape {tuple(leaf.shape)}, was updated in "
        "place after the forward pass, as the step of an optimizer does."
    )
    fix = (
        "Compute the loss after the step, or run all backward passes before it: each "
        "needs the values that its forward pass saw."
    )
    return cause, _repeated(call, "  # again, after optimizer.step()"), fix


def _repeated(call: Call, comment: str) -> str:
    """Return the computation, once more, and the call."""
    return f"{call.forward()}{comment}\n{call.code()}"


def mend_unused(call: Call, match: re.Match[str]) -> Mended:
    """Return the call that allows unused inputs; older releases don't name them."""
    xs = call.inputs if match["index"] is None else [call.inputs[int(match["index"])]]
    ys = listed([y.name for y in call.outputs], " or ")
    cause = f"No recorded operations lead from {_shapes(xs, ' or ')} to {ys}."
    return cause, correct_cotangents(call, allow_unused=True)


def mend_inputs(call: Call, _: re.Match[str]) -> Mended:
    """Return the computation, repeated with inputs that require grad."""
    if has_metadata(call.given[1]):
        cause = "state_dict() holds copies that are cut off from the graph."
        return cause, _right(call)
    if call.consumed.get("x") == BUFFERS:
        return "The buffers of a model have no gradient.", _right(call), _OF_MODEL
    names = _shapes(constants(call), " and ")
    cause = f"{names}: requires_grad is False, so autograd recorded nothing about it."
    tidy = unpacked(call)
    if not constants(tidy):
        kept = f"{cause} Integers, and the buffers of a model, have no gradient."
        return kept, _right(call)
    return cause, _right(call)


def mend_outputs(call: Call, match: re.Match[str]) -> Mended:
    """Return the computation, repeated with a graph."""
    y = call.outputs[int(match["index"])]
    what = f"{y.name}, of shape {y.shape} and dtype {y.dtype}, has no graph"
    if in_transform():
        cause = f"{what}: inside a transform of torch.func, autograd doesn't record."
        return cause, _right(call), _USE_FUNC
    if _mode():
        cause = f"{what}: {_mode()} is active here, in which nothing is recorded."
        return cause, _right(call)
    if any(y.requires_grad for y in unpacked(call).outputs):
        return f"{what}: leave out what doesn't depend on x.", _right(call)
    return f"{what} that leads back to the inputs.", _right(call)


def mend_no_inputs(call: Call, _: re.Match[str]) -> Mended:
    """Return the call with an input."""
    return "", _with_an_input(call)


def _with_an_input(call: Call) -> str:
    if call.consumed.get("x", "").startswith("Module."):
        return _with_inputs(call, "list(model.parameters())")
    nothing = Argument("x", None)
    given = (call.given[0], None, None)
    one = replace(call, given=given, inputs=(nothing,), cotangents=())
    return _made(one, [nothing])


def mend_second(call: Call, _: re.Match[str]) -> Mended:
    """Return two calls, of which the first keeps the graph."""
    first = f"{call.code(retain_graph=True)}  # first call"
    code = f"{call.forward()}\n{first}\n{call.code()}"
    return ("", code, _USE_FUNC) if in_transform() else ("", code)


def mend_mapping(call: Call, _: re.Match[str]) -> Mended:
    """Return the call with the mapping of inputs made a dict."""
    if has_metadata(call.given[1]):
        cause = (
            "state_dict() is no plain dict, and holds copies cut off from the graph."
        )
        return cause, _right(call)
    return "", _right(call)


def mend_options(**changes: bool | None) -> Repair:
    """Return a repair that changes only these keywords."""
    return lambda call, _: (
        "",
        _right(replace(call, options={**call.options, **changes})),
    )


def mend_types(call: Call, match: re.Match[str]) -> Mended:
    """Return the call with the tensors of the first argument that has others."""
    if others := _no_tensors(call.outputs):
        if (function := function_of(call)) is not None:
            return _called(call, function)
        cause = f"{_types(others)}, but outputs must be tensors computed from x."
        if code := _of_tensors(call):
            return cause, code, _HELD
        numbers = all(isinstance(y.value, int | float) for y in others)  # of tolist()
        several = isinstance(call.given[0], list | tuple) and not numbers
        one = replace(call, outputs=(Argument("y", call.given[0]),))
        return cause, _right(call if several else one), ITSELF
    if others := _no_tensors(call.inputs):
        cause = f"{_types(others)}, but inputs must be tensors that require grad."
        if code := _by_tensors(call, others):
            return cause, code, _HELD
        return cause, _made(call, others), MADE
    return mend_cotangents(call, match)


def _called(call: Call, function: Callable[..., object]) -> Mended:
    """Return the call with the output of the function that was passed in its place."""
    is_model = isinstance(function, nn.Module)
    kind, fix = ("module", _CALL_MODEL) if is_model else ("function", _CALL_FUNCTION)
    cause = f"y is a {kind}, but outputs must be tensors computed from x."
    weights = "v" if isinstance(call.given[2], Tensor) else "torch.ones_like(y)"
    code = f"f = y\n{_with_outputs(call, weights)}"
    if is_model and not all(map(_is_data, call.inputs)):
        data = ", ".join(x.name for x in call.inputs if _is_data(x))
        code = _CALL.sub(f"f({data or 'data'})", code)
    return cause, code, fix


def _is_data(x: Argument) -> bool:
    return is_tensor(x.value) and not isinstance(x.value, nn.Parameter)


def _of_tensors(call: Call) -> str:
    """Return the call with the tensors that the outputs hold, or "" if none."""
    tidy = unpacked(call)
    return _right(call) if tidy.outputs and not _no_tensors(tidy.outputs) else ""


def _by_tensors(call: Call, others: Sequence[Argument]) -> str:
    """Return the call with the tensors that the inputs hold, or "" if none."""
    if model := module_of(call):
        name, module = model
        tensors = list(module.parameters())
        code = _with_inputs(call, parameters("model", module), *tensors)
        frozen = not any(each.requires_grad for each in tensors)
        require = ".requires_grad_()" * frozen
        return f"model = {name}{require}\n{code}" if tensors else ""
    if any(isinstance(x.value, nn.Module | Iterator) for x in others):
        consumed = "x" in call.consumed
        code = "list(model.parameters())" if consumed else every(*call.inputs)
        return _with_inputs(call, code, *_tensors(call))
    if others and all(is_pair(x.value) for x in call.inputs):
        if "x" not in call.consumed:
            return _with_inputs(call, "dict(x)", *_tensors(call))
        if _is_of_a_model(call):
            return _named_parameters(call)
    tidy = unpacked(call)
    return _complete(replace(tidy, outputs=call.outputs)) if tidy.inputs else ""


def _tensors(call: Call) -> list[Tensor]:
    """Return the parameters and other tensors of the inputs that require grad."""
    held = [each for x in call.inputs for each in within(*x, is_leaf=has_tensors)]
    models = [each.value for each in held if isinstance(each.value, nn.Module)]
    tensors = [each.value for each in held if isinstance(each.value, Tensor)]
    tensors += [each for model in models for each in model.parameters()]
    return [each for each in tensors if each.requires_grad]


def _is_of_a_model(call: Call) -> bool:
    """Return whether pairs are what a model's own iterators yield, or parts of it."""
    values: list[Any] = [x.value for x in call.inputs]
    own = call.consumed["x"].startswith("Module.")
    return own or all(isinstance(pair[1], nn.Parameter | nn.Module) for pair in values)


def _made(call: Call, others: Sequence[Argument]) -> str:
    """Return the call with new tensors."""
    given, is_used = call.given[1], "x" in call.consumed
    several = isinstance(given, list | Mapping)
    several |= isinstance(given, tuple) and len(given) <= MOST_NUMBERED
    if several and not is_used:
        return "\n".join([*map(new, others), _again(call)])
    x = Argument("x", list(given or ()) if is_used else given)  # meant as one
    code = new(x)
    first = ["x = list(x)"] * (is_used and "(x" in code)
    return "\n".join([*first, code, _again(replace(call, inputs=(x,)))])


def _named_parameters(call: Call) -> str:
    code = _with_inputs(call, "x", *_tensors(call))
    return f"x = dict(model.named_parameters())\n{code}"


def _with_inputs(call: Call, code: str, *tensors: Tensor) -> str:
    one = replace(call, given=(call.given[0], (), call.given[2]), consumed={})
    xs = [Argument("", x) for x in tensors]
    return _complete(replace(one, inputs=(Argument(code, None),)), xs)


def _complete(call: Call, xs: Sequence[Argument] = ()) -> str:
    """Return the call with cotangents that fit, and with what else it takes to run."""
    if constants(call) or not any(map(_has_graph, call.outputs)):
        return _again(call)
    allowed = call.options.get("allow_unused") or call.options.get("materialize_grads")
    if allowed or not _any_unused(call, xs or call.inputs):
        return correct_cotangents(call)
    return correct_cotangents(call, allow_unused=True)


def _has_graph(y: Argument) -> bool:
    return y.requires_grad or isinstance(y.value, GradientEdge)


def _any_unused(call: Call, xs: Sequence[Argument]) -> bool:
    """Return whether an input isn't part of the graph, as far as is known."""
    ys: list[Any] = [y.value for y in call.outputs if _has_graph(y)]
    used = ancestors(*ys)
    return any(edge(x.value) not in used for x in xs if is_tensor(x.value))


def _edited_leaves(call: Call) -> Iterator[Tensor]:
    """Yield the leaves that the graph has saved, and that were edited since."""
    nodes = list(walk([edge(y.value) for y in call.outputs]))  # type: ignore[arg-type]
    leaves = {
        leaf.untyped_storage().data_ptr(): leaf
        for node in nodes
        if isinstance(leaf := getattr(node, "variable", None), Tensor)
    }
    for node in nodes:
        for name in filter(_RAW.match, dir(node)):
            data = _edited(node, name)
            if data is not None and data.untyped_storage().data_ptr() in leaves:
                yield leaves[data.untyped_storage().data_ptr()]


def _edited(node: object, name: str) -> Tensor | None:
    """Return a saved tensor that was edited."""
    try:
        getattr(node, name.replace("_raw", "", 1))
    except RuntimeError:
        data: Tensor | None = getattr(getattr(node, name), "data", None)
        return data
    return None


def _mode() -> str:
    if torch.is_inference_mode_enabled():
        return "torch.inference_mode()"
    return "" if torch.is_grad_enabled() else "torch.no_grad()"


def _again(call: Call) -> str:
    """Return the computation and the call."""
    lines = [*map(requiring, constants(call))]
    if lines and call.is_of_model:
        lines = ["model.requires_grad_()"]
    return "\n".join([*lines, call.forward(), correct_cotangents(call)])


def _no_tensors(arguments: Sequence[Argument]) -> list[Argument]:
    return [argument for argument in arguments if not is_tensor(argument.value)]


def _types(arguments: Sequence[Argument]) -> str:
    return listed(
        [f"{each.name} is of type {type(each.value).__name__}" for each in arguments],
        " and ",
    )


def _shapes(arguments: Sequence[Argument], joint: str) -> str:
    return listed([f"{each.name} of shape {each.shape}" for each in arguments], joint)


_COMPUTED = re.compile(r"\bf\(")
_CALL = re.compile(r"\bf\(.*\)")
_RAW = re.compile("_raw_saved_")
ITSELF = "Pass the tensor itself, before .item(), .tolist() or .numpy()."
MADE = "Make it a tensor that requires grad before y is computed."
LAZY = (
    "A parameter or buffer of a lazy module, such as LazyLinear, has no shape before "
    "the module's first run on data."
)
_FIRST_RUN = "Run the module once on data, then compute y."
_KEEP = "Compute the outputs again, and keep them in a list."
_CALL_MODEL = "Call the module: explain(model(x), x)."
_CALL_FUNCTION = (
    "Call the function: explain(f(x), x). torch.func.vjp and torch.func.grad take f "
    "itself."
)
_OF_MODEL = "Pass its parameters."
_HELD = "Pass the tensors that it holds."
_USE_FUNC = (
    "Inside torch.vmap and the transforms of torch.func, take the derivative with "
    "torch.func.grad or torch.func.vjp."
)
