"""Print a traced graph as the Python that one would write."""

import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import torch
import torch.nn.grad
from torch import Tensor
from torch.fx import Graph, Node

from vjp_guide.operators.program.nodes import (
    Size,
    args_of,
    is_mutable,
    name_of,
    rank_of,
    shape_of,
    size,
    tensor_of,
)

_ATOM, _UNARY, _PRODUCT = 9, 7, 6
_INFIX = {
    "pow": ("**", 8),
    "mul": ("*", _PRODUCT),
    "div": ("/", _PRODUCT),
    "mm": ("@", _PRODUCT),
    "bmm": ("@", _PRODUCT),
    "mv": ("@", _PRODUCT),
    "dot": ("@", _PRODUCT),
    "matmul": ("@", _PRODUCT),
    "add": ("+", 5),
    "sub": ("-", 5),
    "bitwise_and": ("&", 4),
    "bitwise_or": ("|", 3),
    "eq": ("==", 2),
    "ne": ("!=", 2),
    "lt": ("<", 2),
    "le": ("<=", 2),
    "gt": (">", 2),
    "ge": (">=", 2),
}
# Operations that only say how a tensor is kept.
_SAME = {"detach", "alias", "lift_fresh_copy", "clone"}
# Options that only say where a tensor is kept; the programs run in double precision.
_STORAGE = {"memory_format", "layout", "device", "pin_memory"}
_CONVERSIONS = {"_to_copy", "zeros_like", "ones_like", "full_like", "empty_like"}
_RENAMED = {
    "view": "reshape",
    "_unsafe_view": "reshape",
    "_to_copy": "to",
    "_conj": "conj",
    "_unsafe_index_put": "index_put",
    "_pdist_forward": "pdist",
}
# Those that torch offers with the same arguments for its layers.
_LAYERS = {
    *("silu", "mish", "gelu", "glu", "leaky_relu", "hardtanh", "hardsigmoid", "pdist"),
    *("hardswish", "softplus", "softshrink", "avg_pool2d", "avg_pool3d", "conv1d"),
    *("max_pool2d_with_indices", "max_pool3d_with_indices", "conv2d", "conv3d"),
}
_LENGTHS = (torch.SymInt, torch.SymFloat)
_LOOSE = 5  # a length in an expression of several is in parentheses
# Numbers that are computed from lengths.
_ARITHMETIC = {
    "pow": ("**", 8),
    "mul": ("*", _PRODUCT),
    "truediv": ("/", _PRODUCT),
    "floordiv": ("//", _PRODUCT),
    "add": ("+", 5),
    "sub": ("-", 5),
}
_WIDEST = 64
_FEW = 12
_ATOMIC = re.compile(r"[^\W\d]\w*|-?\d+(\.\d+)?(e[+-]\d+)?")  # a name or a number
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Text:
    """An expression, with how tightly its outermost operation binds."""

    code: str
    level: int = _ATOM

    def inside(self, level: int, *, strict: bool = False) -> str:
        """Return the code as an operand, in parentheses if they are needed."""
        loose = self.level < level or (strict and self.level == level)
        return f"({self.code})" if loose else self.code


@dataclass(slots=True)
class Printer:
    """Turns the nodes of a graph into lines.

    Attributes:
        names: What the inputs, the cotangents and the outputs are called.
        constants: The tensors that the graph holds.
        plain: Whether to write each operation as a call of ``torch.ops``.
        labels: What else has a name of its own, and so a line.
        lengths: The text of each variable that stands for a length.
        like: The tensor whose dtype and device new tensors take; if there is none,
            they are in the default dtype.
        lines: The assignments so far.
        placed: What they compute.
    """

    names: dict[Node, str]
    constants: dict[str, Tensor]
    plain: bool = False
    labels: Mapping[Node, str] = field(default_factory=dict)
    lengths: Mapping[str, str] = field(default_factory=dict)
    like: str = ""
    lines: list[str] = field(default_factory=list)
    placed: list[Node] = field(default_factory=list)
    _texts: dict[Node, Text] = field(default_factory=dict)
    _temporaries: dict[str, Text] = field(default_factory=dict)

    def results(self, graph: Graph, nodes: Sequence[Node | None]) -> list[str]:
        """Return the expressions of ``nodes``; ``lines`` gets what they use."""
        self._texts = {node: Text(name) for node, name in self.names.items()}
        wanted = needed(nodes, set(self.names))
        uses = Counter(user for node in wanted for user in node.all_input_nodes)
        uses.update(node for node in nodes if node is not None)
        last = [n for n in nodes if n is not None and n in self.labels]
        last = [n for n in last if uses[n] == nodes.count(n)]
        order = [n for n in graph.nodes if n in wanted and n not in last]
        for node in [*order, *last]:
            if node not in self._texts:
                ends = uses[node] == 1 and node in nodes
                self._texts[node] = self._placed(node, uses[node], last=ends)
        return ["None" if node is None else self._texts[node].code for node in nodes]

    def _placed(self, node: Node, uses: int, *, last: bool) -> Text:
        """Return the text that stands for a node: its expression, or a name for it."""
        text = self._expression(node)
        if isinstance(node.meta.get("val"), _LENGTHS):
            return text
        if node in self.labels:
            return self._named(node, text, self.labels[node])
        mutable = is_mutable(node)
        short = uses <= 1 and len(text.code) <= (_WIDEST + _WIDEST * last)
        if _ATOMIC.fullmatch(text.code) or (short and not mutable):
            return text
        if not mutable and text.code in self._temporaries:
            return self._temporaries[text.code]
        return self._named(node, text, self._temporary())

    def _named(self, node: Node, text: Text, name: str) -> Text:
        """Return the name that stands for a node, given by a line."""
        self.lines.append(f"{name} = {text.code}")
        self.placed.append(node)
        self._temporaries[text.code] = Text(name)
        return Text(name)

    def _temporary(self) -> str:
        """Return a name that nothing else has."""
        used = (text.code for text in self._temporaries.values())
        taken = {*self.names.values(), *self.labels.values(), *used}
        return next(name for n in count(1) if (name := f"t{n}") not in taken)

    def _expression(self, node: Node) -> Text:
        if node.op == "get_attr":
            return self._constant(str(node.target).strip("_"))
        if node.target is operator.getitem:
            return self._part(*args_of(node))
        if isinstance(node.meta.get("val"), _LENGTHS):
            return self._length(node)
        name = name_of(node)
        if name in _SAME and not any(map(is_mutable, node.users)):
            return self.value(args_of(node)[0])
        if self.plain:
            return Text(f"torch.ops.{node.target}{self.arguments(node, 0)}")
        return self._short(node, name)

    def _part(self, whole: Node, place: int) -> Text:
        """Return one of the results of an operation."""
        text = self.value(whole)
        checked = name_of(whole).removesuffix("_ex")
        inline = not (text.code.isidentifier() or self.plain)
        if checked in _CHECKED and place == 0 and inline:
            return self._call(whole, checked)
        return Text(f"{text.inside(_ATOM)}[{place}]")

    def _length(self, node: Node) -> Text:
        """Return a length, or a number that is computed from lengths."""
        if isinstance(node.meta["val"], torch.SymInt):
            return self.size(size(node))
        name = name_of(node)
        if name == "sym_float":
            return self.value(args_of(node)[0])
        if name == "neg":
            return _negative(self, node)
        if name in _ARITHMETIC:
            return self._infix(node, *_ARITHMETIC[name])
        return Text(f"math.{name.removeprefix('_sym_')}{self.arguments(node, 0)}")

    def size(self, value: Size) -> Text:
        """Return the text of a length."""
        length = str(value)
        if length in self.lengths:
            return Text(self.lengths[length])
        code = re.sub(r"\bs\d+\b", lambda found: self.lengths[found[0]], length)
        code = re.sub(r"(?<!\*)\*(?!\*)|//", lambda found: f" {found[0]} ", code)
        code = re.sub(r"\b(Min|Max)\(", lambda found: found[0].lower(), code)
        code = re.sub(r"\(\(([^()]*)\)\)", r"(\1)", code)
        code = re.sub(r"^\((\(?[^()]*\)?[^()]*)\)$", r"\1", code)
        return Text(code, _ATOM if length.isalnum() else _LOOSE)

    def _constant(self, name: str) -> Text:
        tensor = self.constants[name]
        few = tensor.numel() <= _FEW and not tensor.is_complex()
        where = self._where(tensor.dtype)
        return Text(f"torch.tensor({tensor.tolist()}{where})" if few else name)

    def _where(self, dtype: torch.dtype | None) -> str:
        """Return the options that put a new tensor where ``like`` is."""
        if not self.like:
            return ""
        return f", dtype={self.dtype(dtype)}, device={self.like}.device"

    def dtype(self, dtype: Any) -> str:
        """Return the text of a dtype, real numbers being as precise as ``like``."""
        named = {name: tensor_of(node) for node, name in self.names.items()}
        like = named.get(self.like)
        if dtype in {None, torch.float64}:
            part = ".real" if like is not None and like.is_complex() else ""
            return f"{self.like}{part}.dtype" if self.like else "torch.float64"
        same = like is not None and like.dtype == dtype
        return f"{self.like}.dtype" if same else str(dtype)

    def _short(self, node: Node, name: str) -> Text:
        """Return an expression with operators, indexing and methods where they fit."""
        special = _SPECIAL.get(name)
        text = special(self, node) if special else None
        if text is None and name in _INFIX and not node.kwargs:
            text = self._infix(node, *_INFIX[name])
        return text or self._call(node, _RENAMED.get(name, name))

    def _infix(self, node: Node, symbol: str, level: int) -> Text:
        left, right = map(self.value, args_of(node))
        if symbol in {"*", "/"} and right.code == "1":
            return left
        power = symbol == "**"
        if power and _is_whole_power(*args_of(node)):
            left = Text(repr(args_of(node)[0]))
        code = (
            f"{left.inside(level, strict=power)} {symbol} "
            f"{right.inside(level, strict=not power)}"
        )
        return Text(code, level)

    def _call(self, node: Node, name: str) -> Text:
        if _is_method(node, name):
            owner = self.value(args_of(node)[0]).inside(_ATOM)
            return Text(f"{owner}.{name}{self.arguments(node, 1)}")
        return Text(f"{_home(node, name)}{self.arguments(node, 0)}")

    def arguments(self, node: Node, start: int) -> str:
        """Return the arguments of a call, from the one at ``start`` on."""
        args, kwargs = _given(node)
        positional = [self.value(arg).code for arg in args[start:]]
        if not self.plain and name_of(node) in _REDUCTIONS:
            positional = _keep(positional)
        new = self.like and "device" in kwargs and name_of(node) not in _CONVERSIONS
        named = [
            f"{key}={self.value(value).code}"
            for key, value in kwargs.items()
            if self.plain or not (_is_storage(key, value) or (new and key == "dtype"))
        ]
        made = tensor_of(node)
        dtype = kwargs.get("dtype") if made is None else made.dtype
        where = [self._where(dtype)[2:]] if new else []
        if not (new or self.plain) and _widens(node):
            where = [f"dtype={self.dtype(torch.float64)}"]
        return f"({', '.join(positional + named + where)})"

    def _list(self, values: Sequence[Any]) -> str:
        """Return the text of a list, or of the shape that it is (axes are numbers)."""
        sizes = [str(size(n)) for n in values if _is_length(n)]
        shape = ", ".join(sizes)
        varies = any(not isinstance(n, int) for n in values)
        if varies and len(values) == len(sizes) > 1 and shape in self.lengths:
            return self.lengths[shape]
        return f"[{', '.join(self.value(item).code for item in values)}]"

    def value(self, value: Any) -> Text:
        """Return the text of an argument."""
        if isinstance(value, Node):
            return self._texts[value]
        if isinstance(value, list | tuple):
            return Text(self._list(value))
        if isinstance(value, float) and not math.isfinite(value):
            return Text(f'float("{value}")')
        if isinstance(value, float) and value in _CONSTANTS:
            return _CONSTANTS[value]
        if value == _LAST:
            return Text("None")
        negative = isinstance(value, int | float) and value < 0
        code = f"{value:g}" if _is_short(value) else repr(value)
        return Text(code, _UNARY if negative else _ATOM)


def _is_length(value: Any) -> bool:
    """Return whether an argument is a length, or what may be one."""
    found = value.meta.get("val") if isinstance(value, Node) else value
    return isinstance(found, int | torch.SymInt)


# What people write instead of digits. The programs run with ``import math``.
_CONSTANTS = {
    math.pi: Text("math.pi"),
    2 * math.pi: Text("2 * math.pi", _PRODUCT),
    math.pi / 180: Text("math.pi / 180", _PRODUCT),
    180 / math.pi: Text("180 / math.pi", _PRODUCT),
    math.log(2): Text("math.log(2)"),
    math.log(10): Text("math.log(10)"),
    math.sqrt(2): Text("math.sqrt(2)"),
    math.sqrt(0.5): Text("math.sqrt(0.5)"),
    math.sqrt(math.pi) / 2: Text("math.sqrt(math.pi) / 2", _PRODUCT),
    2 / math.sqrt(math.pi): Text("2 / math.sqrt(math.pi)", _PRODUCT),
    1 / math.sqrt(2 * math.pi): Text("1 / math.sqrt(2 * math.pi)", _PRODUCT),
    math.sqrt(2 * math.pi): Text("math.sqrt(2 * math.pi)"),
    1 / 3: Text("1 / 3", _PRODUCT),
    2 / 3: Text("2 / 3", _PRODUCT),
    1 / 6: Text("1 / 6", _PRODUCT),
    # The mean slope of rrelu, and what attention scales an axis of 3 entries by.
    (1 / 8 + 1 / 3) / 2: Text("(1 / 8 + 1 / 3) / 2", _PRODUCT),
    math.sqrt(1 / math.sqrt(3)): Text("math.sqrt(1 / math.sqrt(3))"),
}


# The operations that have a notation of their own.


def _negative(printer: Printer, node: Node) -> Text:
    value = printer.value(args_of(node)[0])
    if value.level == _PRODUCT:  # the sign of its first factor
        return Text(f"-{value.code}", _PRODUCT)
    return Text(f"-{value.inside(_UNARY)}", _UNARY)


def _inverse(printer: Printer, node: Node) -> Text:
    value = printer.value(args_of(node)[0]).inside(_PRODUCT, strict=True)
    return Text(f"1 / {value}", _PRODUCT)


def _transposed(printer: Printer, node: Node) -> Text | None:
    rank = rank_of(args_of(node)[0])
    axes = [axis % rank for axis in args_of(node)[1:]] or [rank - 2, rank - 1]
    if sorted(axes) != [rank - 2, rank - 1]:
        return None
    return Text(f"{printer.value(args_of(node)[0]).inside(_ATOM)}.mT")


def _permuted(printer: Printer, node: Node) -> Text | None:
    """Return a permutation that swaps the last two axes."""
    x, axes = args_of(node)
    *first, last, other = range(rank_of(x))
    if [axis % rank_of(x) for axis in axes] != [*first, other, last]:
        return None
    return Text(f"{printer.value(x).inside(_ATOM)}.mT")


def _sliced(printer: Printer, node: Node) -> Text:
    given = args_of(node)
    defaults: tuple[Any, ...] = (None, 0, None, None, 1)
    x, axis, start, stop, step = (*given, *defaults[len(given) :])
    ends = (None if start == 0 else start, stop)
    bounds = ["" if b in (None, _LAST) else printer.value(b).code for b in ends]
    bounds += [str(step)] if step != 1 else []
    before = ":, " * (axis % rank_of(x))
    return Text(f"{printer.value(x).inside(_ATOM)}[{before}{':'.join(bounds)}]")


def _indexed(printer: Printer, node: Node) -> Text:
    x, indices = args_of(node)
    parts = [":" if i is None else printer.value(i).code for i in indices]
    return Text(f"{printer.value(x).inside(_ATOM)}[{', '.join(parts)}]")


def _put(printer: Printer, node: Node) -> Text | None:
    """Return a sum in places, whose public method takes no axis that is left out."""
    if None not in args_of(node)[1]:
        return None
    return Text(f"torch.ops.aten.index_put{printer.arguments(node, 0)}")


def _reshaped(printer: Printer, node: Node) -> Text | None:
    """Return a sum that keeps its axes, and loses them then, as one that doesn't."""
    x, shape = args_of(node)
    if shape_of(x) == tuple(shape):
        return printer.value(x)
    source, axes = _kept_sum(printer, x)
    if source is None:
        return None
    rank = rank_of(source)
    summed = {axis % rank for axis in axes}
    rest = tuple(n for axis, n in enumerate(shape_of(source)) if axis not in summed)
    if rest != tuple(shape):
        return None
    code = str(axes[0] if len(axes) == 1 else axes)
    return Text(f"{printer.value(source).inside(_ATOM)}.sum({code})")


def _kept_sum(printer: Printer, x: Node) -> tuple[Any, list[int]]:
    """Return what an expression without a name sums, and along which axes."""
    named = printer.value(x).code.isidentifier()
    match args_of(x):
        case (source, axes, True) if name_of(x) == "sum" and not named:
            return source, axes
    return None, []


def _expanded(printer: Printer, node: Node) -> Text | None:
    """Return what already has the shape as it is."""
    x, shape = args_of(node)[:2]
    return printer.value(x) if shape_of(x) == tuple(shape) else None


def _literal(printer: Printer, node: Node) -> Text | None:
    """Return a number, where an operator takes it in the place of a tensor."""
    users = {name_of(user) for user in node.users}
    meets = all(any(map(_is_other, user.all_input_nodes)) for user in node.users)
    usable = users <= {*_INFIX, "where"} and meets
    return printer.value(args_of(node)[0]) if usable else None


def _is_other(operand: Node) -> bool:
    """Return whether an operand is a tensor that isn't written as a number."""
    return tensor_of(operand) is not None and name_of(operand) != "scalar_tensor"


def _copied(printer: Printer, node: Node) -> Text | None:
    target, source = args_of(node)
    same = shape_of(target) == shape_of(source)
    return printer.value(source) if same else None


def _converted(printer: Printer, node: Node) -> Text | None:
    """Return a conversion to what the programs run in as its input."""
    if not all(_is_storage(key, value) for key, value in node.kwargs.items()):
        return None
    x = printer.value(args_of(node)[0])
    dtype = printer.dtype(node.kwargs.get("dtype"))
    return Text(f"{x.inside(_ATOM)}.to({dtype})") if printer.like else x


def _component(printer: Printer, node: Node) -> Text | None:
    """Return the real or the imaginary part of an expression without a name."""
    pair, axis, part = args_of(node)
    named = printer.value(pair).code.isidentifier()
    if named or name_of(pair) != "view_as_real" or axis != rank_of(pair) - 1:
        before = ":, " * (axis % rank_of(pair))
        return Text(f"{printer.value(pair).inside(_ATOM)}[{before}{part}]")
    whole = printer.value(args_of(pair)[0]).inside(_ATOM)
    return Text(f"{whole}.{'imag' if part else 'real'}")


def _as_complex(printer: Printer, node: Node) -> Text:
    """Return pairs as complex numbers, in whatever order they are kept."""
    pairs = printer.value(args_of(node)[0]).inside(_ATOM)
    return Text(f"torch.view_as_complex({pairs}.contiguous())")


def _softmax(printer: Printer, node: Node) -> Text:
    x, axis = map(printer.value, args_of(node)[:2])
    log = "log_" if "log" in name_of(node) else ""
    return Text(f"{x.inside(_ATOM)}.{log}softmax({axis.code})")


def _padded(printer: Printer, node: Node) -> Text:
    x, widths, *value = (printer.value(arg).code for arg in args_of(node))
    rest = "".join(f", value={number}" for number in value if number != "0")
    return Text(f"torch.nn.functional.pad({x}, {widths}{rest})")


def _convolution(printer: Printer, node: Node) -> Text:
    """Return a convolution by the name that says its number of axes."""
    x, w, bias, stride, padding, dilation, transposed, more, groups = args_of(node)
    tensors = [printer.value(t).code for t in (x, w, bias) if t is not None]
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    options |= {"output_padding": more} if transposed else {}
    usual = {"stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
    named = [
        f"{name}={_one_or_all(values)}"
        for name, values in options.items()
        if {*values} != {usual[name]}
    ]
    named += [f"groups={groups}"] if groups != 1 else []
    name = f"conv_transpose{len(stride)}d" if transposed else f"conv{len(stride)}d"
    return Text(f"torch.nn.functional.{name}({', '.join([*tensors, *named])})")


def _one_or_all(values: Sequence[int]) -> str:
    """Return the text of a number for each axis, or of the one that they all are."""
    return str(values[0] if len({*values}) == 1 else [*values])


# What torch's transforms divide by, in both directions.
_NORMS = ("backward", "ortho", "forward")


def _transformed(printer: Printer, node: Node) -> Text:
    """Return a Fourier transform by its public name."""
    x, axes, norm, choice = args_of(node)
    kind = name_of(node)
    inverse = kind == "_fft_c2r" or (kind == "_fft_c2c" and not choice)
    name = {"_fft_c2r": "irfft", "_fft_r2c": "rfft" if choice else "fft"}.get(kind)
    name = name or ("ifft" if inverse else "fft")
    several = len(axes) > 1
    last = axes == [rank_of(x) - 1]
    axis = [] if last else [f"dim={axes if several else axes[0]}"]
    length = []
    if kind == "_fft_c2r":
        sizes = [printer.size(shape_of(node)[axis]).code for axis in axes]
        length = [f"s=[{', '.join(sizes)}]" if several else f"n={sizes[-1]}"]
    named = _NORMS[2 - norm if inverse else norm]
    norms = [f'norm="{named}"'] if named != "backward" else []
    given = [printer.value(x).code, *length, *axis, *norms]
    return Text(f"torch.fft.{name}{'n' if several else ''}({', '.join(given)})")


def _distances(printer: Printer, node: Node) -> Text:
    x, y, p, *_ = (printer.value(arg).code for arg in args_of(node))
    return Text(f"torch.cdist({x}, {y}{'' if p == '2' else f', p={p}'})")


def _eigen(printer: Printer, node: Node) -> Text | None:
    """Return a decomposition by the public name of what computes all of it."""
    matrix, *options = args_of(node)
    code = printer.value(matrix).code
    if options:
        return None
    if name_of(node) == "_linalg_eigh":
        return Text(f"torch.linalg.eigh({code})")
    return Text(f"torch.linalg.svd({code}, full_matrices=False)")


def _chunked(printer: Printer, node: Node) -> Text | None:
    """Return a split into parts of the length that ``chunk`` gives them."""
    x, length, *axis = args_of(node)
    axis = axis or [0]
    whole = str(shape_of(x)[axis[0]])
    found = re.fullmatch(r"\(\((.+) \+ (\d+)\)//(\d+)\)", str(size(length)))
    if not found or found[1] != whole or int(found[2]) + 1 != int(found[3]):
        return None
    owner = printer.value(x).inside(_ATOM)
    return Text(f"{owner}.chunk({found[3]}, {axis[0]})")


_SPECIAL: dict[str, Callable[[Printer, Node], Text | None]] = {
    "neg": _negative,
    "reciprocal": _inverse,
    "t": _transposed,
    "transpose": _transposed,
    "permute": _permuted,
    "slice": _sliced,
    "index": _indexed,
    "index_put": _put,
    "_unsafe_index_put": _put,
    "constant_pad_nd": _padded,
    "expand": _expanded,
    "view": _reshaped,
    "_unsafe_view": _reshaped,
    "scalar_tensor": _literal,
    "copy": _copied,
    "view_as_complex": _as_complex,
    "_softmax": _softmax,
    "_safe_softmax": _softmax,
    "_log_softmax": _softmax,
    "_to_copy": _converted,
    "select": _component,
    "convolution": _convolution,
    "_fft_r2c": _transformed,
    "_fft_c2c": _transformed,
    "_fft_c2r": _transformed,
    "_cdist_forward": _distances,
    "_linalg_eigh": _eigen,
    "_linalg_svd": _eigen,
    "split": _chunked,
}
# Those that give a number for what went wrong besides, where the function raises it.
_CHECKED = {"linalg_inv", "linalg_cholesky"}
_REDUCTIONS = {"sum", "mean", "amax", "amin"}


def _keep(positional: list[str]) -> list[str]:
    """Return the arguments with ``keepdim`` named, and one axis as a number."""
    axes = [re.sub(r"^\[(-?\d+)\]$", r"\1", text) for text in positional[:1]]
    return [*axes, *(f"keepdim={text}" for text in positional[1:] if text == "True")]


def needed(nodes: Iterable[Node | None], given: set[Node]) -> set[Node]:
    """Return what the nodes are computed from, up to what is given."""
    pending = [node for node in nodes if node is not None]
    found: set[Node] = set()
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            if node not in given:
                pending.extend(_read(node))
                pending.extend(u for u in node.users if is_mutable(u))
    return found


def _read(node: Node) -> list[Node]:
    """Return what a node is computed from; lengths are read from no tensor."""
    length = isinstance(node.meta.get("val"), _LENGTHS)
    operands = node.all_input_nodes
    return [n for n in operands if not length or tensor_of(n) is None]


def _given(node: Node) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments without each None that means that there is none."""
    schema = getattr(node.target, "_schema", None)
    known = schema.arguments if schema else []
    absent = [each.has_default_value() and each.default_value is None for each in known]
    args = list(args_of(node))
    while args and args[-1] is None and absent[len(args) - 1]:
        args.pop()
    kwargs = {key: value for key, value in node.kwargs.items() if value is not None}
    return args, kwargs


def _home(node: Node, name: str) -> str:
    """Return the name under which torch offers a function."""
    if getattr(node.target, "__module__", "") == torch.nn.grad.__name__:
        return f"torch.nn.grad.{name}"
    if name in _LAYERS:
        return f"torch.nn.functional.{name}"
    linear = name.removeprefix("linalg_")
    if linear != name and hasattr(torch.linalg, linear):
        return f"torch.linalg.{linear}"
    if hasattr(torch, name):
        return f"torch.{name}"
    return f"torch.ops.{str(node.target).partition('.')[0]}.{name}"


def _is_method(node: Node, name: str) -> bool:
    schema = getattr(node.target, "_schema", None)
    first = schema.arguments[0].name if schema and schema.arguments else ""
    known = first == "self" or name in {"reshape", "to"}
    return known and bool(args_of(node)) and hasattr(torch.Tensor, name)


def _is_storage(key: str, value: Any) -> bool:
    return key in _STORAGE or (key == "dtype" and value in {None, torch.float64})


def _widens(node: Node) -> bool:
    """Return whether a new tensor like one of integers holds real numbers."""
    source = tensor_of(args_of(node)[0]) if args_of(node) else None
    other = source is not None and source.dtype != torch.float64
    return other and node.kwargs.get("dtype") == torch.float64


def _is_whole_power(base: Any, exponent: Any) -> bool:
    """Return whether a float, written as an integer, would have powers in integers."""
    tensor = tensor_of(exponent)
    return _is_short(base) and tensor is not None and not tensor.is_floating_point()


def _is_short(value: Any) -> bool:
    return isinstance(value, float) and float(f"{value:g}") == value
