"""Tests that each suggested call differs from the one that fails, and runs."""

import itertools
import random
from collections import OrderedDict, deque, namedtuple
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vjp_guide import Explanation, diagnose, explain

CODE = """
import torch
from torch import nn
torch.manual_seed(0)
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
data = torch.randn(5, 3)
"""


@dataclass
class Output:
    """An output as models return it."""

    loss: Tensor
    logits: Tensor
    ids: Tensor | None = None


class ModelOutput(OrderedDict[str, Tensor]):
    """A mapping with attributes, as transformers has it."""


class Plain:
    """An object with attributes, and no more."""

    def __init__(self, first: Tensor, second: list[Any]) -> None:
        self.first, self.second = first, second


class Slots:
    """An object without a dictionary, of which one slot is empty."""

    __slots__ = ("empty", "logits", "loss")

    def __init__(self, loss: Tensor, logits: Tensor) -> None:
        self.loss, self.logits = loss, logits


class Slot(Slots):
    """One more, named without a tuple."""

    __slots__ = "more"  # noqa: PLC0205 (readers write it so)


Pair = namedtuple("Pair", "first second")  # noqa: PYI024 (readers write it so)

SETUPS = {
    "dict": "f = lambda x: {'logits': x * 2}\ny = f(x)",
    "dict with integers": "y = {'ids': torch.arange(3), 'logits': x * 2}",
    "values": "y = {'ids': torch.arange(3), 'logits': x * 2}.values()",
    "values of tensors": "y = {'a': x.sum(), 'b': x * 2}.values()",
    "items": "y = {'a': x.sum(), 'b': x * 2}.items()",
    "integer keys": "y = {0: x.sum(), 1: x * 2}",
    "tuple keys": "y = {(0, 1): x.sum(), (1, 2): x * 2}",
    "dataclass": "y = Output(x.sum(), x * 2)",
    "model output": "y = ModelOutput(loss=x.sum(), logits=x * 2)",
    "ordered": "from collections import OrderedDict\ny = OrderedDict(a=x * 2)",
    "namedtuple": "y = Pair(x * 2, {'inner': [x.sum()]})",
    "nested": "y = ((x * 2, [x.sum()]), {'a': x.exp()})",
    "list with a number": "y = [x.sum(), 2.0]",
    "list with None": "y = [x * 2, None]",
    "tensor and indices": "y = torch.stack([x, 2 * x]).max(0)",
    "tensor and list": "y = [x.sum(), torch.arange(2)]\nv = [None, None]",
    "nested vs": "y, v = (x, (2 * x,)), (torch.ones(3), (torch.ones(3),))",
    "v in two lists": "y, v = 2 * x, [[torch.ones(3)]]",
    "one v in a list": "y, v = (x, 2 * x), (torch.ones(3), [torch.ones(3)])",
    "dict of vs": "y, v = {'a': x, 'b': x.sum()}, {'a': x * 3, 'b': torch.ones(())}",
    "arrays of no axes": "import numpy as np\n"
    "y, v = x.sum(), (np.array(1.0), np.array(2.0))",
    "too many vs in a list": "y, v = 2 * x, [[torch.ones(3), torch.ones(3)]]",
    "set": "y = {x * 2}",
    "list of numbers": "y = x.tolist()",
    "sparse": "y = torch.eye(3).to_sparse() * x.sum()",
    "item": "y = x.sum().item()",
    "numpy": "y = x.exp().detach().numpy()",
    "None": "y = None",
    "function": "y = f",
    "function of torch": "y = torch.sum",
    "function with v": "y, v = torch.exp, torch.randn(3)",
    "function in a list": "y = [torch.exp]",
    "model": "y, x = model, data.requires_grad_()",
    "model, by its parameters": "y, x = model, model.parameters()",
    "model, by itself": "y = x = model",
    "no model": "y = nn.ModuleList([model])",
    "generator": "f = lambda x: (x.sum(), x.prod())\ny = (each for each in (1.0, 2.0))",
    "zip": "f = lambda x: zip('ab', (x.sum(), x * 2))\ny = f(x)",
    "enumerate": "f = lambda x: enumerate([x * 2])\ny = f(x)",
    "map": "f = lambda x: map(torch.exp, [x, x * 2])\ny = f(x)",
    "map of one": "f = lambda x: map(torch.exp, [x])\ny = f(x)",
    "map of many": "f = lambda x: map(torch.exp, [x] * 9)\ny = f(x)",
    "reversed": "f = lambda x: reversed([x, x * 2])\ny, v = f(x), torch.ones(3)",
    "generator of vectors": "f = lambda x: (x * k for k in range(3))\ny = f(x)",
    "generator of constants": "f = lambda x: (k * x for k in range(2))\n"
    "y = f(x.detach())",
    "items of a dict, used up": "f = lambda x: iter({'a': x.exp()}.items())\ny = f(x)",
    "used up": "f = lambda x: iter([x.sum()])\ny = f(x)\nnext(y)",
    "used up, with v": "f = lambda x: iter([x.sum()])\ny, v = f(x), torch.ones(())\n"
    "next(y)",
    "a module": "model = nn.Sequential(model)\n"
    "y, x = model(data).sum(), model.children()",
    "buffers": "y, x = model(data).sum(), model.buffers()",
    "named buffers": "y, x = model(data).sum(), model.named_buffers()",
    "namespace": "import types\ny = types.SimpleNamespace(loss=x.sum(), logits=x * 2)",
    "object": "y = Plain(x.sum(), [x * 2])",
    "object with slots": "y = Slots(x.sum(), x * 2)",
    "array of tensors": "import numpy as np\ny = np.array([None, None])\n"
    "y[0], y[1] = x.sum(), x * 2",
    "objects in a circle": "y = Plain(x.sum(), [x * 2])\ny.second.append(y)",
    "many": "y = [x * k for k in range(20)]",
    "many vs": "y = [x * k for k in range(20)]\nv = [torch.ones(2)] * 20",
    "module": "y, x = model(data).sum(), model",
    "module, wrong v": "y, x, v = model(data).sum(), model, torch.ones(3)",
    "parameter list, wrong v": "x = nn.ParameterList([x])\n"
    "y, v = x[0].sum(), torch.ones(3)",
    "buffers, wrong v": "y, x, v = model(data).sum(), model.buffers(), 1.0",
    "dict, named": "y, x = {'a': model(data).sum()}, model.named_parameters()",
    "dict, state dict": "y, x = {'a': model(data).sum()}, model.state_dict()",
    "dict, mapping": "from collections import OrderedDict\n"
    "y, x = {'a': x.sum()}, OrderedDict(x=x)",
    "modules": "y, x = model(data).sum(), [model]",
    "one module": "m = nn.Linear(3, 2)\ny, x = m(data).sum(), [m]",
    "linear": "m = nn.Linear(3, 2)\ny, x = m(data).sum(), m",
    "frozen": "model[0].requires_grad_(False)\ny, x = model(data).sum(), model",
    "modules in a tuple": "m = nn.Linear(3, 2)\n"
    "y, x = model(data).sum() + m(data).sum(), (m, model)",
    "modules in a dict": "m = nn.Linear(3, 2)\n"
    "y, x = model(data).sum() + m(data).sum(), {'a': m, 'b': model}",
    "frozen modules": "model[0].requires_grad_(False)\nm = nn.Linear(3, 2)\n"
    "y, x = model(data).sum() + m(data).sum(), [m, model]",
    "module and tensor": "y, x = model(data).sum() + x.sum(), [x, model]",
    "module and list": "m = nn.Linear(3, 2)\n"
    "y, x = model(m.weight).sum() + m.bias.sum(), [[*m.parameters()], model]",
    "generators": "m = nn.Linear(3, 2)\n"
    "y, x = (m(data) + model(data)).sum(), [m.parameters(), model.parameters()]",
    "children": "y, x = model(data).sum(), model.children()",
    "submodules": "y, x = model(data).sum(), model.modules()",
    "optimiser as input": "y = model(data).sum()\n"
    "x = torch.optim.SGD(model.parameters(), 0.1)",
    "groups": "y = model(data).sum()\n"
    "x = torch.optim.SGD(model.parameters(), 0.1).param_groups",
    "method": "y, x = model(data).sum(), model.parameters",
    "named": "y, x = model(data).sum(), model.named_parameters()",
    "named list": "y, x = model(data).sum(), list(model.named_parameters())",
    "state": "y, x = model(data).sum(), model.state_dict()",
    "state values": "y, x = model(data).sum(), list(model.state_dict().values())",
    "with buffers": "y = model(data).sum()\n"
    "x = [*model.parameters(), *model.buffers()]",
    "buffers in a dict": "y = model(data).sum()\n"
    "x = {**dict(model.named_parameters()), **dict(model.named_buffers())}",
    "parameter dict": "w = nn.ParameterDict({'a': x})\ny, x = (w['a'] * 2).sum(), w",
    "inputs nested": "b, c = 2 * x, 3 * x\ny, x = (x + b + c).sum(), ((x, b), [c])",
    "inputs in a dict of lists": "y, x = x.sum(), {'a': [x]}",
    "inputs in a dataclass": "y, x = x.sum(), Output(x, 1.0)",
    "integer input": "x = torch.tensor([1, 2])\ny = f(x)",
    "plain input": "x = torch.tensor([1.0, 2.0])\ny = f(x)",
    "inference input": "with torch.inference_mode():\n"
    "    x = torch.ones(3)\ny = torch.ones((), requires_grad=True)",
    "no outputs": "y, v = [], torch.ones(3)",
    "number input": "x = 2.0\ny = torch.tensor(1.0, requires_grad=True)",
    "whole number input": "x = 3\ny = torch.tensor(1.0, requires_grad=True)",
    "array input": "import numpy as np\nx = np.arange(3)\n"
    "y = torch.ones((), requires_grad=True)",
    "no input": "y, x = x.sum(), None",
    "bytes as input": "y, x = x.sum(), b'ab'",
    "range as input": "y, x = x.sum(), range(3)",
    "many numbers as inputs": "y, x = x.sum(), (1.0,) * 12",
    "generator of numbers as inputs": "y, x = x.sum(), (k for k in (1.0, 2.0))",
    "set of numbers as input": "y, x = x.sum(), {1.0, 2.0}",
    "empty iterator as input": "y, x = x.sum(), iter([])",
    "many outputs and a number": "y = [x * k for k in range(12)] + [1.0]",
    "many inputs and None": "xs = [x * k for k in range(12)]\n"
    "y, x = sum(xs).sum(), [*xs, None]",
    "an unused model": "y, x = x.sum(), [model, x]",
    "an unused model's parameters": "y, x = x.sum(), model.named_parameters()",
    "an unused list of parameters": "y, x = x.sum(), [*model.named_parameters()]",
    "plain tensor beside a model": "y, x = model(data).sum(), [model, data]",
    "outputs of a model": "f = lambda m: iter([m(data).sum()])\ny, x = f(model), model",
    "one detached": "f = lambda x: [2 * x]\ny = f(x.detach())",
    "name as input": "y, x = x.sum(), 'weight'",
    "class as input": "y, x = x.sum(), nn.Linear",
    "distribution as input": "f = lambda d: d.loc.sum()\n"
    "x = torch.distributions.Normal(x, 1.0)\ny = f(x)",
    "unused parameters": "y, x = model[0](data).sum(), model.parameters()",
    "frozen parameters": "model.requires_grad_(False)\n"
    "f = lambda _: model(data).sum()\ny, x = f(0), model.parameters()",
    "list input": "x = [1.0, 2.0]\ny = torch.ones((), requires_grad=True)",
    "no grad": "with torch.no_grad():\n    y = f(x)",
    "detached": "y = f(x).detach()",
    "indices": "y = x.argmax()",
    "freed": "y = f(x)\ny.backward()",
    "own edit": "a = x.exp()\ny = a.sum()\na.detach().add_(1)",
    "view edit": "a = x.exp()\ny = (a[:2] * a[1:]).sum()\na[0].detach().zero_()",
    "optimiser": "f = lambda x: model(x).sum()\nx = data.requires_grad_()\ny = f(x)\n"
    "o = torch.optim.SGD(model.parameters(), 0.1)\nmodel(data).sum().backward()\n"
    "o.step()",
    "inplace module": "r = nn.ReLU(inplace=True)\na = torch.sigmoid(x)\n"
    "y = a.sum()\nr(a.detach())",
    "spectral norm": "m = nn.utils.spectral_norm(nn.Linear(3, 3))\n"
    "f = lambda x: m(x).sum()\ny = f(x)\nwith torch.no_grad():\n"
    "    m.weight_orig.mul_(2)\n    m.weight_v.mul_(2)\n    m.weight_u.mul_(2)\n"
    "    m.weight.mul_(2)",
    "generator of vs": "y, v = (2 * x, 3 * x), (torch.ones(k) for k in (3, 2))",
    "generator of a number": "y, v = x.sum(), map(float, '1')",
    "generator of vs, unused": "a = torch.ones(3, requires_grad=True)\n"
    "y, v = 2 * a, iter([torch.ones(3)])",
    "generator of vs, no graph": "f = lambda x: 2 * x\n"
    "y, v = f(x.detach()), iter([torch.ones(3)])",
    "nothing": "y, x = (), ()",
    "no outputs, no input": "y, x = (), None",
    "no inputs": "y, x, v = 2 * x, [], torch.ones(2)",
    "empty dict": "y, x = x.sum(), {}",
    "no parameters": "y, x = x.sum(), nn.Flatten()",
    "used up parameters": "y, x = model(data).sum(), model.parameters()\n*x,",
    "frozen module": "f = lambda m: m(data).sum()\n"
    "x = model.requires_grad_(False)\ny = f(x)",
    "module with an unused part": "x = model\ny = model[0](data).sum()",
    "wrong v, unused": "a = torch.ones(2, requires_grad=True)\n"
    "y, x, v = 2 * x, [x, a], torch.ones(2)",
    "no v, unused": "a = torch.ones(2, requires_grad=True)\ny, x = 2 * x, a",
    "wrong v, no graph": "y, v = x.detach(), torch.ones(2)",
    "wrong v, plain input": "y, x, v = 2 * x, [x, torch.ones(3)], torch.ones(2)",
    "edges": "y = [torch.autograd.graph.get_gradient_edge(2 * x)] * 12",
    "edge and a number": "y = torch.autograd.graph.get_gradient_edge(2 * x)\nv = 3",
    "unused edge": "y = torch.ones(3, requires_grad=True)\n"
    "x = torch.autograd.graph.get_gradient_edge(x)",
    "nested outputs, integer input": "f = lambda x: (2 * x, [x.sum()])\n"
    "y, x = f(x), torch.arange(3)",
    "nested outputs, number input": "f = lambda x: (x, [x.exp()])\ny, x = f(x), 2.0",
    "nested outputs, no input": "f = lambda x: (2 * x, [x.sum()])\ny, x = f(x), None",
    "nested outputs, plain input": "f = lambda *xs: {'a': [sum(xs)]}\n"
    "y, x = f(x), [x, torch.ones(3)]",
    "inner v and None": "y, v = [2 * x, x.sum()], [[torch.ones(3)], None]",
    "inner v, wrong": "y, v = [2 * x, x.sum()], [[torch.ones(2)], [torch.ones(3)]]",
    "inner numbers": "y, v = [2 * x, x.sum()], [[1.0, 2.0, 3.0], torch.ones(())]",
    "inner numbers, one a tensor": "y, v = 2 * x, [[torch.tensor(1.0), 2.0, 3.0]]",
    "two inner vs": "y, v = [2 * x, x.sum()], [[torch.ones(3)] * 2, None]",
    "v in a dict": "f = lambda x: 2 * x\ny, v = f(x), {'y': torch.ones(3)}",
    "leaf edit": "x = x.exp().detach().requires_grad_()\ny = (x * x).sum()\n"
    "with torch.no_grad():\n    x += 1",
}


def squares(*xs: object) -> Tensor:
    """Return the sum of the squares of what tensors, lists and models hold."""
    return torch.stack([(each.double() ** 2).sum() for each in held(xs)]).sum()


def held(value: object) -> list[Tensor]:
    """Return the tensors in what may stand for inputs."""
    entries = value.parameters() if isinstance(value, nn.Module) else value
    if isinstance(entries, dict):
        entries = entries.values()
    if isinstance(entries, Tensor) or not isinstance(entries, Iterable):
        return [entries] if isinstance(entries, Tensor) else []
    return [y for each in entries if not isinstance(each, str) for y in held(each)]


def names(setup: str, mode: Callable[[], Any] = nullcontext) -> dict[str, Any]:
    """Run a program, its last part under a mode, and return its names."""
    found: dict[str, Any] = {
        "Output": Output,
        "ModelOutput": ModelOutput,
        "Pair": Pair,
        "Plain": Plain,
        "Slots": Slot,
        "v": None,
    }
    found["f"] = squares
    exec(CODE, found)  # noqa: S102 (the model is made outside of the mode)
    with mode():
        exec(setup, found)  # noqa: S102 (the table holds programs)
    return found


@pytest.mark.parametrize("kind", SETUPS)
def test_the_suggestion_runs(kind: str) -> None:
    """Tests that the code that explain prints isn't the call itself, and computes."""
    found = names(SETUPS[kind])

    explanation = explain(found["y"], found["x"], found["v"])

    assert isinstance(explanation, Explanation)
    again = names(SETUPS[kind])  # with iterators that aren't used up
    check(explanation, {**again, **scope(again)})


def returned(x: Tensor) -> dict[str, Any]:
    """Return outputs as torch's and readers' functions return them."""
    return {
        "named tuple": Pair(x * 2, x.sum()),
        "deque": deque([x * 2, x.sum()]),
        "tuple in a tuple": (x * 2, (x.exp(), x.sum())),
        "keys": {x * 2: 1}.keys(),
    }


@pytest.mark.parametrize("kind", returned(torch.ones(2)))
def test_accuses_no_output_that_depends_on_x(kind: str) -> None:
    """Tests that a container isn't taken for something without a derivative."""
    x = torch.ones(3, requires_grad=True)

    diagnosis = explain(returned(x)[kind], x).diagnosis

    assert diagnosis
    assert "No derivative leads to" not in diagnosis.cause
    assert "has shape (3,) and no v" in diagnosis.cause


ITERATORS = {
    "zip": "zip(['a', 'b'], [x, w])",
    "zip of one": "zip(['a'], [x])",
    "zip of tensors": "zip([x, w], [w, x])",
    "enumerate": "enumerate([x])",
    "map": "map(lambda each: ('a', each), [x, w])",
    "filter": "filter(None, [('a', x)])",
    "items": "iter({'a': x}.items())",
    "lists": "iter([[x, w]])",
    "dicts": "iter([{'a': x}])",
    "with integers": "iter([('a', torch.arange(2)), ('b', x)])",
    "generator": "(('a', each) for each in (x, w))",
    "islice": "itertools.islice(zip('ab', [x, w]), 1)",
}


@pytest.mark.parametrize("kind", ITERATORS)
def test_an_iterator_of_inputs_is_made_again(kind: str) -> None:
    """Tests that no model is suggested where there is none, and that the code runs."""
    x, w = (torch.ones(3, requires_grad=True) for _ in range(2))
    y, found = (x * w).sum(), {"torch": torch, "itertools": itertools, "x": x, "w": w}

    explanation = explain(y, eval(ITERATORS[kind], found))  # noqa: S307 (the table's)

    assert isinstance(explanation, Explanation)
    assert explanation.diagnosis
    assert "model" not in explanation.diagnosis.code
    check(explanation, {**found, "y": y, "x": eval(ITERATORS[kind], found)})  # noqa: S307 (likewise)


def test_an_iterator_of_inputs_is_made_again_beside_a_wrong_v() -> None:
    """Tests tensors that an iterator yields, which have no names of their own."""
    x, w = (torch.ones(3, requires_grad=True) for _ in range(2))
    y = (x * w).sum()

    explanation = explain(y, iter([x, w]), torch.ones(3))  # type: ignore[arg-type] # wrong on purpose

    assert isinstance(explanation, Explanation)
    check(explanation, {"torch": torch, "x": iter([x, w]), "y": y})


def test_an_iterator_without_tensors_is_not_made_again() -> None:
    """Tests that the list of what it yields isn't suggested where it has no tensor."""
    x = torch.ones(3, requires_grad=True)

    diagnosis = explain(x.sum(), iter([[]])).diagnosis  # type: ignore[arg-type] # wrong on purpose

    assert diagnosis
    assert "list(x)" not in diagnosis.code


@pytest.mark.parametrize(
    "iterator",
    [
        "m.named_parameters()",
        "m.named_modules()",
        "itertools.islice(m.named_parameters(), 1)",
        "((name, each) for name, each in m.named_parameters())",
    ],
)
def test_an_iterator_of_named_parameters_is_the_model_s(iterator: str) -> None:
    """Tests that the model is named where its parameters were passed."""
    model = torch.nn.Linear(3, 2)
    y, found = model(torch.ones(3)).sum(), {"itertools": itertools, "m": model}

    diagnosis = explain(y, eval(iterator, found)).diagnosis  # noqa: S307 (the list's)

    assert diagnosis
    assert "dict(model.named_parameters())" in diagnosis.code


def test_the_text_about_a_state_dict_names_the_parameters() -> None:
    """Tests the error of releases that take any mapping as a dict of inputs."""
    model = torch.nn.Linear(3, 2)
    y = model(torch.ones(3)).sum()
    text = "One of the differentiated Tensors does not require grad"

    diagnosis = diagnose(RuntimeError(text), y, model.state_dict())

    assert diagnosis
    assert "state_dict() holds copies" in diagnosis.cause
    exec(diagnosis.code, {"torch": torch, "model": model, "y": y})  # noqa: S102 (it runs)


def scope(found: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of sequences by the names that explanations give them."""
    result = {letter: found[letter] for letter in "xyv"}
    for letter in "xyv":
        if isinstance(value := found[letter], list | tuple) and len(value) < 9:
            result |= {f"{letter}{place}": each for place, each in enumerate(value)}
            result |= {letter: value[0]} if len(value) == 1 else {}
    return result


def check(explanation: Explanation, program: dict[str, Any]) -> None:
    """Check that the suggested code differs from the call, and runs."""
    diagnosis = explanation.diagnosis
    assert diagnosis, explanation
    assert diagnosis.code != explanation.call
    try:
        exec(diagnosis.code, {**program})  # noqa: S102 (that it runs is the claim)
    except Exception as error:
        raise AssertionError(diagnosis.code) from error


MODES: dict[str, Callable[[], Any]] = {
    "no_grad": torch.no_grad,
    "inference": torch.inference_mode,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("inside", [True, False])
def test_the_suggestion_leaves_a_mode(mode: str, *, inside: bool) -> None:
    """Tests outputs without a graph, since a mode is active."""
    x = torch.ones(3, requires_grad=not inside)
    with MODES[mode]():
        y = x.clone().exp()
        explanation = explain(y, x, torch.ones(3))
        assert explanation.diagnosis
        assert "is active here" in explanation.diagnosis.cause or inside
        check(explanation, {"torch": torch, "x": x, "y": y, "v": y, "f": torch.exp})


@contextmanager
def double_precision() -> Iterator[None]:
    """Make float64 the default dtype meanwhile."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@contextmanager
def deterministic() -> Iterator[None]:
    """Allow nothing but deterministic algorithms meanwhile."""
    torch.use_deterministic_algorithms(mode=True)
    yield
    torch.use_deterministic_algorithms(mode=False)


ALL_MODES: dict[str, Callable[[], Any]] = {
    **MODES,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "anomaly": torch.autograd.detect_anomaly,
    "float64": double_precision,
    "deterministic": deterministic,
}


def computes_again(found: dict[str, Any]) -> bool:
    """Return whether ``f`` computes the outputs of a program from its inputs."""
    if found["y"] is None or isinstance(found["x"], Iterator):
        return False
    own = found["f"] is not squares
    return own or (isinstance(found["y"], Tensor) and bool(held(found["x"])))


def twice(kind: str, mode: Callable[[], Any]) -> list[dict[str, Any]]:
    """Return a program's names twice, no outputs where it can't run under a mode."""
    with suppress(RuntimeError, AttributeError):
        return [names(SETUPS[kind], mode) for _ in range(2)]
    return [{"y": None}] * 2


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("mode", ALL_MODES)
def test_suggestions_run_under_a_mode(mode: str) -> None:
    """Tests some of the table, whose outputs ``f`` can compute again."""
    for kind in random.Random(mode).sample(sorted(SETUPS), 12):  # noqa: S311 (a test)
        found, again = twice(kind, ALL_MODES[mode])
        if computes_again(found):
            with ALL_MODES[mode]():
                explanation = explain(found["y"], found["x"], found["v"])
                assert isinstance(explanation, Explanation)
                if explanation.diagnosis:
                    check(explanation, {**again, **scope(again)})


@pytest.mark.parametrize("v", [2.0, [1.0, 2.0, 3.0], np.ones(3)], ids=str)
def test_the_suggestion_names_the_device(v: object) -> None:
    """Tests a v that isn't a tensor, where the default device isn't that of y."""
    x = torch.ones(3, requires_grad=True)
    y = 2 * x

    with torch.device("meta"):
        explanation = explain(y, x, v)  # type: ignore[arg-type] # wrong on purpose
        check(explanation, {"torch": torch, "x": x, "y": y, "v": v})


INSIDE = {
    "number": "y = 2.0",
    "numbers": "y = [2.0, 3.0]",
    "dict": "f = lambda x: {'y': 2 * x, 'ids': torch.arange(3)}\ny = f(x)",
    "dict of vs": "f = lambda x: {'y': 2 * x}\ny, v = f(x), {'y': torch.ones(3)}",
    "tuple": "f = lambda x: (x.sum(), [2 * x])\ny = f(x)",
    "wrong v": "f = lambda x: 2 * x\ny, v = f(x), torch.ones(2)",
    "generator": "f = lambda x: (x * k for k in range(2))\ny = f(x)",
    "numbers as v": "f = lambda x: 2 * x\ny, v = f(x), [1.0, 2.0, 3.0]",
    "number as input": "y, x = f(x), 2.0",
    "integers as input": "y, x = f(x), torch.arange(3)",
    "zip": "f = lambda x: zip('ab', (x.sum(), x * 2))\ny = f(x)",
    "enumerate": "f = lambda x: enumerate([x * 2])\ny = f(x)",
    "items, used up": "f = lambda x: iter({'a': x.exp()}.items())\ny = f(x)",
    "complex outputs": "f = lambda x: (1j * x).sum()\ny, v = f(x), torch.ones(())",
    "complex v": "f = lambda x: 1j * x\ny, v = f(x), 1j * torch.ones(3)",
    "integers beside": "f = lambda x: (x.sum(), x.argmax())\ny = f(x)",
    "integers": "f = lambda x: x.round()\ny = f(x).long()",
    "too few vs": "f = lambda x: (x.sum(), 2 * x)\ny, v = f(x), (torch.ones(()),)",
    "unused": "f = lambda x0, x1: 2 * x0\nx = [x, x.exp()]\ny = f(*x)",
    "no graph": "f = lambda x: (x.sum(), torch.ones(3))\ny = f(x)",
    "dataclass": "y, x = f(x), Output(x, 2 * x)",
    "object": "y, x = f(x), Plain(x, [2 * x])",
    "set": "y, x = f(x), {x}",
    "parameters": "y, x = f(x), model.parameters()",
    "module beside": "y, x = f(x), [model, x]",
    "nested dict": "f = lambda x: x['a']['b'].sum()\nx = {'a': {'b': x}}\ny = f(x)",
    "many inputs": "x = [x * k for k in range(9)]\ny = f(x)",
    "string as input": "y, x = f(x), 'weight'",
    "strings as inputs": "y, x = f(x), ['weight', 'bias']",
    "bytes as input": "y, x = f(x), b'ab'",
    "range as input": "y, x = f(x), range(3)",
    "numbers as inputs": "y, x = f(x), [1.0, 2.0]",
    "many numbers as inputs": "y, x = f(x), (1.0,) * 12",
    "nested numbers as inputs": "y, x = f(x), [[1.0, 2.0], [3.0, 4.0]]",
    "generator of numbers as inputs": "y, x = f(x), (k for k in (1.0, 2.0))",
    "set of numbers as input": "y, x = f(x), {1.0, 2.0}",
    "dict of numbers as input": "y, x = f(x), {'a': 1.0}",
    "None as input": "y, x = f(x), [x, None]",
    "number beside an input": "y, x = f(x), {'a': x, 'b': 2.0}",
    "nested None": "y, x = f(x), [[x, None], x]",
    "nested module": "y, x = f(x), [[x, model], x]",
    "integers in a tuple": "y, x = f(x), ((x, torch.arange(2)), x)",
    "integers in a dict": "y, x = f(x), {'a': x, 'b': torch.arange(3)}",
    "no inputs": "y, x = f(x), []",
    "used up inputs": "y, x = f(x), iter([])",
    "module without parameters": "y, x = f(x), nn.Flatten()",
    "module": "y, x = f(x), model",
    "children": "y, x = f(x), model.children()",
    "named parameters": "y, x = f(x), model.named_parameters()",
    "list of named parameters": "y, x = f(x), [*model.named_parameters()][:2]",
    "named modules": "y, x = f(x), [('a', model)]",
    "state": "y, x = f(x), model.state_dict()",
    "buffers": "y, x = f(x), model.buffers()",
    "groups": "y, x = f(x), torch.optim.SGD(model.parameters(), 0.1).param_groups",
    "iterators of inputs": "m = model[0]\n"
    "y, x = f(x), [m.parameters(), model.parameters()]",
    "iterator of inputs": "y, x = f(x), iter([x])",
    "zip of inputs": "y, x = f(x), zip('ab', [x, 2 * x])",
    "keys": "y, x = f(x), {x: 1}.keys()",
    "values": "y, x = f(x), {'a': x}.values()",
    "proxy": "import types\ny, x = f(x), types.MappingProxyType({'a': x})",
    "named tuple": "y, x = f(x), Pair(x, 2 * x)",
    "dataclass in a list": "y, x = f(x), [Output(x, None)]",
    "too many vs in a list": "f = lambda x: [2 * x]\n"
    "y, v = f(x), [torch.ones(3), torch.ones(3)]",
    "wrong v in a list": "f = lambda x: [2 * x]\ny, v = f(x), torch.ones(2)",
    "numbers first": "f = lambda x: (k for k in (1.0, x.sum(), 2 * x))\ny = f(x)",
    "generator of numbers": "f = lambda x: [x.sum(), x.prod()]\n"
    "y = (k for k in (1.0, 2.0))",
    "one number": "y = [2.0]",
    "one None": "y = [None]",
    "set of outputs": "f = lambda x: {2 * x}\ny = f(x)",
    "values of outputs": "f = lambda x: {'a': 2 * x}.values()\ny = f(x)",
    "set of vs": "f = lambda x: 2 * x\ny, v = f(x), {torch.ones(3)}",
    "many outputs and a number": "f = lambda x: [x] * 12 + [1.0]\ny = f(x)",
}


TRANSFORMS: dict[str, Callable[[Callable[[Tensor], Tensor]], object]] = {
    "vmap": lambda f: torch.vmap(f)(torch.ones(2, 3)),
    "jvp": lambda f: torch.func.jvp(f, (torch.ones(3),), (torch.ones(3),)),
    "both": lambda f: torch.func.jacfwd(f)(torch.ones(3)),
}


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("kind", INSIDE)
def test_the_suggestion_for_other_faults_works_inside_a_transform(
    kind: str, transform: str
) -> None:
    """Tests that it is torch.func's, whatever else is wrong with the call."""
    found = names("")

    def inner(x: Tensor) -> Tensor:
        programs = [{**found, "x": x} for _ in range(2)]
        for program in programs:
            exec(INSIDE[kind], program)  # noqa: S102 (the table holds programs)
        explanation = explain(*(programs[0][letter] for letter in "yxv"))
        assert explanation.diagnosis
        assert "torch.func.grad(" in explanation.diagnosis.code
        check(explanation, {**programs[1], **scope(programs[1])})
        return x.sum()

    TRANSFORMS[transform](inner)


OUTSIDE = ["zip", "enumerate", "map", "reversed", "freed", "own edit", "view edit"]


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("kind", OUTSIDE)
def test_computes_again_inside_a_transform(kind: str, transform: str) -> None:
    """Tests outputs from outside, which torch.autograd.grad differentiates there."""
    found, again = names(SETUPS[kind]), names(SETUPS[kind])

    def inner(x: Tensor) -> Tensor:
        check(explain(found["y"], found["x"], found["v"]), {**again, **scope(again)})
        return x.sum()

    TRANSFORMS[transform](inner)


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("v", [None, torch.ones(3)], ids=["scalar", "vector"])
@pytest.mark.parametrize(
    "transform",
    [
        lambda f: torch.vmap(f)(torch.ones(2, 3)),
        lambda f: torch.func.jacfwd(f)(torch.ones(3)),
        lambda f: torch.vmap(torch.vmap(f))(torch.ones(2, 2, 3)),
    ],
    ids=["vmap", "jacfwd", "twice"],
)
def test_the_suggestion_works_inside_a_transform(
    transform: Callable[[Callable[[Tensor], Tensor]], object], v: Tensor | None
) -> None:
    """Tests that it says torch.func, and that its code can be transformed."""

    def f(x: Tensor) -> Tensor:
        return (x**2).sum() if v is None else x**2

    def inner(x: Tensor) -> Tensor:
        explanation = explain(f(x), x, v)
        assert explanation.diagnosis
        assert "torch.func.grad" in explanation.diagnosis.code
        assert "torch.func.grad" in explanation.diagnosis.fix
        assert str(explanation)
        check(explanation, {"torch": torch, "x": x, "v": v, "f": f})
        return x * 1

    transform(inner)


LAZY = {
    "module": "x = lazy",
    "list of a module": "x = [lazy]",
    "module and tensor": "x = [lazy, x]",
    "named parameters": "x = lazy.named_parameters()",
    "state": "x = lazy.state_dict()",
    "buffers": "x = lazy.buffers()",
    "list of buffers": "x = [*lazy.buffers()] or [*lazy.parameters()]",
    "parameter beside": "x = [x, lazy.weight]",
    "dict of outputs": "y = {'a': lazy.weight}",
    "output": "y = lazy",
    "v": "v = lazy.weight",
    "iterator": "y = iter([lazy.weight])",
}


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("kind", LAZY)
@pytest.mark.parametrize("lazy", ["LazyLinear(2)", "LazyBatchNorm1d()"])
def test_the_suggestion_runs_a_lazy_module_first(kind: str, lazy: str) -> None:
    """Tests parameters and buffers without a shape, in each place."""
    if (kind, lazy[:7]) == ("buffers", "LazyLin"):
        return  # it has none
    setup = f"f = lambda *_: torch.ones((), requires_grad=True) * 2\nlazy = nn.{lazy}\n"
    if kind == "iterator":
        setup += "f = lambda x: iter([torch.ones((), requires_grad=True)])\n"
    setup += f"y = torch.ones((), requires_grad=True) * 2\n{LAZY[kind]}\nmodel = lazy"
    found, again = names(setup), names(setup)

    explanation = explain(found["y"], found["x"], found["v"])

    assert explanation.diagnosis
    assert "no shape before the module's first run" in explanation.diagnosis.cause
    assert str(explanation)
    check(explanation, {**again, **scope(again)})


def test_names_the_parameter_that_an_optimiser_updated() -> None:
    """Tests the cause and the fix, which aren't those of an edit of one's own."""
    found = names(SETUPS["optimiser"])

    diagnosis = explain(found["y"], found["x"]).diagnosis

    assert diagnosis
    assert "updated in place after the forward pass" in diagnosis.cause
    assert "Compute the loss after the step" in diagnosis.fix
    assert "a += 1" not in str(diagnosis)


def test_says_that_outputs_were_used_up() -> None:
    """Tests an iterator of outputs, one that was used up before, and one of buffers."""
    x, model = torch.ones(3, requires_grad=True), torch.nn.BatchNorm1d(3)
    y = model(x.expand(2, 3)).sum()

    found = [
        explain(map(torch.exp, [x, 2 * x]), x).diagnosis,  # type: ignore[arg-type]
        explain(iter([]), x).diagnosis,  # type: ignore[arg-type]
        explain(y, model.buffers()).diagnosis,  # type: ignore[arg-type]
    ]

    used, nothing, buffers = (each.cause if each else "" for each in found)
    assert used.endswith("one call uses it up, so keep a list.")
    assert nothing == "outputs was an iterator with nothing left in it."
    assert buffers == "The buffers of a model have no gradient."
