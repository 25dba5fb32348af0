"""Rewrites a graph into the shorter one that a person would write.

Each rule takes a node and returns what to compute instead, or None where it doesn't
apply. A rule holds for all sizes that the graph holds for, and for all values.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.grad
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx import Graph, Node

from vjp_guide._derive.modules import move
from vjp_guide.operators.program.nodes import (
    Size,
    args_of,
    name_of,
    rank_of,
    shape_of,
    size,
    tensor_of,
)

_ATEN = torch.ops.aten
_SAME = {"detach", "alias", "lift_fresh_copy", "clone", "contiguous"}
_MATMUL = {"mm", "bmm", "mv", "dot", "matmul"}
_ELEMENTWISE = {
    *("mul", "div", "add", "sub", "pow", "where", "maximum", "minimum"),
    *("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or"),
}
_RESHAPE = {"view", "_unsafe_view", "reshape", "_reshape_alias"}
_MOST_PASSES = 20
_LAST = 2**63 - 1
_KEEP = True  # the axis of a sum


class _Graph:
    """Makes nodes, and puts one in the place of another."""

    def __init__(self, graph: Graph, mode: FakeTensorMode) -> None:
        self._graph = graph
        self._mode = mode
        self._place = graph.output_node()

    def at(self, node: Node) -> None:
        """Put new nodes before this one."""
        self._place = node

    def new(self, target: Any, *args: Any, **kwargs: Any) -> Node:
        """Return a new node, with the shape of what it computes."""
        with self._graph.inserting_before(self._place):
            node = self._graph.call_function(target, args, kwargs)
        move(node, self._place)
        values = torch.fx.map_arg((args, kwargs), lambda n: n.meta["val"])
        with self._mode:
            node.meta["val"] = target(*values[0], **values[1])
        return node


def simplify(graph: Graph, mode: FakeTensorMode) -> None:
    """Rewrite a graph in place until no rule applies."""
    maker = _Graph(graph, mode)
    graph.eliminate_dead_code()
    for node in graph.nodes:  # before others, since these read how memory is laid out
        _rewrite(maker, node, _RULES_OF_LAYOUT)
    all(_pass(maker, graph) for _ in range(_MOST_PASSES))


def _pass(maker: _Graph, graph: Graph) -> bool:
    """Return whether a rule applied to a node of a graph."""
    changed = [_rewrite(maker, node, _RULES) for node in graph.nodes]
    merged = _merge(graph)
    graph.eliminate_dead_code()
    return any(changed) or merged


def _rewrite(
    graph: _Graph, node: Node, rules: "Mapping[str, tuple[_Rule, ...]]"
) -> bool:
    """Return whether something simpler is in the place of a node now."""
    if node.op != "call_function" or not node.users or _is_length(node):
        return False
    graph.at(node)
    for rule in rules.get(name_of(node), ()):
        simpler = rule(graph, node)
        if simpler is not None and simpler is not node:
            node.replace_all_uses_with(simpler)
            return True
    return False


def _is_length(node: Node) -> bool:
    """Return whether a node computes a length, as some operations of tensors do."""
    return isinstance(node.meta.get("val"), int | torch.SymInt | torch.SymFloat)


def _merge(graph: Graph) -> bool:
    """Return whether nodes that compute the same were, and are one now."""
    seen: dict[Any, Node] = {}
    merged = False
    for node in graph.nodes:
        if node.op != "call_function" or name_of(node) == "empty_like":
            continue
        key = repr((str(node.target), node.args, sorted(node.kwargs.items())))
        first = seen.setdefault(key, node)
        if first is not node:
            node.replace_all_uses_with(first)
            merged = True
    return merged


# What leaves a tensor as it is.


def _same(graph: _Graph, node: Node) -> Node | None:
    """Return the source of a copy, unless the order in memory matters."""
    del graph
    source: Node = args_of(node)[0]
    laid_out = any(_name(user) == "view_as_complex" for user in node.users)
    return None if laid_out else source


def _same_shape(graph: _Graph, node: Node) -> Node | None:
    """Return what a reshape or an expansion leaves as it is."""
    del graph
    source: Node = args_of(node)[0]
    return source if shape_of(source) == shape_of(node) else None


def _same_type(graph: _Graph, node: Node) -> Node | None:
    del graph
    source: Node = args_of(node)[0]
    before, after = tensor_of(source), tensor_of(node)
    same = before is not None and after is not None and before.dtype == after.dtype
    return source if same else None


def _copied(graph: _Graph, node: Node) -> Node | None:
    """Return the source of a copy that overwrites all of its target."""
    del graph
    target, source = args_of(node)[:2]
    same = shape_of(target) == shape_of(source)
    found: Node | None = source if same and _alike(target, source) else None
    return found


def _alike(first: Node, second: Node) -> bool:
    one, other = tensor_of(first), tensor_of(second)
    return one is not None and other is not None and one.dtype == other.dtype


def _neutral(graph: _Graph, node: Node) -> Node | None:
    """Return the rest without a factor, divisor or exponent of 1 or summand of 0."""
    del graph
    first, second = args_of(node)[:2]
    name = name_of(node)
    nothing = 0 if name in {"add", "sub"} else 1
    for kept, other in ((first, second), (second, first)):
        if _is_number(other, nothing) and _fits(kept, node):
            return kept  # type: ignore[no-any-return] # it is a node
        if name in {"div", "pow", "sub"}:
            break
    return None


def _is_number(value: Any, number: float) -> bool:
    """Return whether an argument is a number, as one or as a tensor full of it."""
    if _name(value) == "pow" and args_of(value)[1] == 0:
        return number == 1
    if _name(value) in {"full", "scalar_tensor"}:
        return bool(args_of(value)[-1] == number)
    if isinstance(value, Node):
        return _FILLED.get(_name(value)) == number
    return isinstance(value, int | float) and value == number


_FULL = {"fill", "full", "ones_like", "ones", "zeros_like", "zeros", "new_zeros"}
_FILLED = {"ones_like": 1, "ones": 1, "zeros_like": 0, "zeros": 0, "new_zeros": 0}


def _fits(kept: Any, node: Node) -> bool:
    """Return whether an operand alone has the shape and the dtype of the result."""
    return (
        isinstance(kept, Node)
        and tensor_of(kept) is not None
        and shape_of(kept) == shape_of(node)
        and _alike(kept, node)
    )


# Sums, products and powers.


def _scaled(graph: _Graph, node: Node) -> Node | None:
    """Return a sum or difference with its ``alpha`` as a factor."""
    if not node.kwargs:
        return None
    first, second = args_of(node)
    multiple = graph.new(_ATEN.mul.Tensor, second, node.kwargs["alpha"])
    return graph.new(node.target, first, multiple)


def _reversed(graph: _Graph, node: Node) -> Node | None:
    """Return a difference with its operands in the order of reading."""
    first, second = args_of(node)
    if not isinstance(second, Node):
        dtype = first.meta["val"].dtype
        second = graph.new(_ATEN.scalar_tensor.default, second, dtype=dtype)
    return graph.new(_ATEN.sub.Tensor, second, first)


def _doubled(graph: _Graph, node: Node) -> Node | None:
    """Return a sum of equal terms as a multiple."""
    first, second = args_of(node)
    if first is second:
        return graph.new(_ATEN.mul.Tensor, first, 2)
    terms = args_of(first) if _name(first) == "add" else ()
    if second not in terms or first.kwargs:
        return None
    other = terms[1] if terms[0] is second else terms[0]
    double = graph.new(_ATEN.mul.Tensor, second, 2)
    return graph.new(_ATEN.add.Tensor, other, double)


def _name(value: Any) -> str:
    called = isinstance(value, Node) and value.op == "call_function"
    return name_of(value) if called else ""


def _unbroadcast(graph: _Graph, node: Node) -> Node | None:
    """Return the operation of operands that broadcast without being expanded."""
    operands = list(args_of(node))
    for place, operand in enumerate(operands):
        if not _only_broadcasts(operand):
            continue
        bare = args_of(operand)[0]
        others = [o for at, o in enumerate(operands) if at != place]
        if _broadcast([bare, *others]) == shape_of(node):
            operands[place] = bare
            return graph.new(node.target, *operands, **node.kwargs)
    return None


def _only_broadcasts(operand: Any) -> bool:
    """Return whether an operand is what another broadcasts to anyway."""
    added = args_of(operand)[1] if _name(operand) == "unsqueeze" else None
    return added in {0, -rank_of(operand)} or _name(operand) == "expand"


def _broadcast(operands: Sequence[Any]) -> tuple[Size, ...] | None:
    """Return the shape to which operands broadcast, None if they don't surely."""
    shapes = [shape_of(o) for o in operands if isinstance(o, Node)]
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    rests = [{n for n in lengths if n != 1} for lengths in zip(*padded, strict=True)]
    clear = all(len(rest) <= 1 for rest in rests)
    return tuple(next(iter(rest), 1) for rest in rests) if clear else None


def _number_alone(graph: _Graph, node: Node) -> Node | None:
    """Return a tensor full of a number as the number, where it meets one as large."""
    users = _users(node)
    large = all(any(_is_as_large(o, node) for o in args_of(user)) for user in users)
    if not users or not large or {*map(_name, users)} - _ELEMENTWISE:
        return None
    value = _FILLED.get(name_of(node), args_of(node)[-1])
    if isinstance(value, Node):
        return None
    return graph.new(_ATEN.scalar_tensor.default, value, dtype=node.meta["val"].dtype)


def _is_as_large(operand: Any, node: Node) -> bool:
    """Return whether an operand has the shape and the dtype that another has."""
    other = operand is not node and tensor_of(operand) is not None
    return other and shape_of(operand) == shape_of(node) and _alike(operand, node)


def _without_sign(graph: _Graph, node: Node) -> Node | None:
    """Return the sum with what has a sign as a difference, and the other way round."""
    first, second = args_of(node)
    if tensor_of(first) is None or node.kwargs:
        return None
    adds = name_of(node) == "add"
    other = _ATEN.sub.Tensor if adds else _ATEN.add.Tensor
    if (positive := _positive(graph, second)) is not None:
        return graph.new(other, first, positive)
    turned = adds and tensor_of(second) is not None
    if turned and (positive := _positive(graph, first)) is not None:
        return graph.new(other, second, positive)
    return None


def _positive(graph: _Graph, value: Any) -> Node | None:
    """Return what has a sign without it, None if it has none that can go.

    The variables of the reader keep theirs, and so does what has other users.
    """
    if tensor_of(value) is None or any(user.op == "output" for user in value.users):
        return None
    name, operands = _name(value), list(args_of(value))
    if name == "neg":
        return operands[0]  # type: ignore[no-any-return] # it is a node
    rounds = "rounding_mode" in value.kwargs
    if name not in _LINEAR or _shared(value) or rounds:
        return None
    for place in range(len(operands) if name in _PRODUCTS else 1):
        if (bare := _positive(graph, operands[place])) is not None:
            operands[place] = bare
            return graph.new(value.target, *operands, **value.kwargs)
    return None


_PRODUCTS = {"mul", "div", "matmul"}
_LINEAR = {
    *(*_PRODUCTS, "sum", "mean", "unsqueeze", "squeeze", "permute", "expand"),
    *("flatten", *_RESHAPE),
}


def _lifted(graph: _Graph, node: Node) -> Node | None:
    """Return an operation on each number before an expansion, not after it."""
    source = args_of(node)[0]
    others = args_of(node)[1:]
    tensors = [o for o in others if tensor_of(o) is not None]
    if _name(source) != "expand" or tensors or _shared(source):
        return None
    inner = graph.new(node.target, args_of(source)[0], *others, **node.kwargs)
    return graph.new(_ATEN.expand.default, inner, args_of(source)[1])


def _expanded_twice(graph: _Graph, node: Node) -> Node | None:
    """Return an expansion of a number that was expanded before."""
    source, lengths = args_of(node)[:2]
    if _name(source) == "unsqueeze":
        source = args_of(source)[0]
    if _name(source) != "expand" or rank_of(args_of(source)[0]):
        return None
    return graph.new(_ATEN.expand.default, args_of(source)[0], lengths)


def _negated(graph: _Graph, node: Node) -> Node | None:
    """Return what has two signs."""
    return _positive(graph, args_of(node)[0])


def _conjugated(graph: _Graph, node: Node) -> Node | None:
    """Return the conjugate of a number, or what is conjugated twice."""
    source = args_of(node)[0]
    if isinstance(source, Node):
        twice = _name(source) == name_of(node)
        return args_of(source)[0] if twice else None
    return graph.new(
        _ATEN.scalar_tensor.default, source.conjugate(), dtype=node.meta["val"].dtype
    )


def _folded(graph: _Graph, node: Node) -> Node | None:
    """Return a product with its numbers as one, where the first of them stands."""
    tensor = tensor_of(node)
    whole = tensor is None or not (tensor.is_floating_point() or tensor.is_complex())
    found = [] if whole or node.kwargs else list(_numbers(node))
    if len(found) < 2:  # noqa: PLR2004 - two to fold
        return None
    product = math.prod(number for _, number in found)
    if float(f"{product:g}") != product:
        return None
    return _without(graph, node, {each for each, _ in found}, product)


def _numbers(node: Node) -> Iterator[tuple[Node, float]]:
    """Yield the factors of a product that multiply by numbers, inner ones first."""
    name, (first, *rest) = _name(node), args_of(node)
    number = -1.0 if name == "neg" else _value(rest[0])
    for operand in (first, *rest) if name == "mul" else (first,):
        if _is_factor(operand, node):
            yield from _numbers(operand)
    if number:
        yield node, 1 / number if name == "div" else number


def _value(operand: Any) -> float | None:
    """Return the number that an operand is, None if it is no real number."""
    if _name(operand) == "scalar_tensor":
        operand = args_of(operand)[0]
    return operand if isinstance(operand, int | float) else None


def _is_factor(operand: Any, node: Node) -> bool:
    """Return whether an operand is a product that nothing else reads, of this dtype."""
    product = _name(operand) in {"mul", "div", "neg"} and not operand.kwargs
    return product and len(operand.users) == 1 and _alike(operand, node)


def _without(graph: _Graph, node: Node, numbers: set[Node], factor: float) -> Node:
    """Return a product with one number in the place of several."""
    left = iter([factor if factor != -1 else 1.0])

    def rebuilt(at: Node) -> Node:
        operands = args_of(at)
        some = operands if _name(at) == "mul" else operands[:1]
        inner = [rebuilt(o) if _is_factor(o, at) else o for o in some]
        if at not in numbers:
            return graph.new(at.target, *inner, *operands[len(inner) :])
        number = next(left, 1.0)
        return (
            inner[0] if number == 1 else graph.new(_ATEN.mul.Tensor, inner[0], number)
        )

    found = rebuilt(node)
    return graph.new(_ATEN.neg.default, found) if factor == -1 else found


def _users(node: Node) -> list[Node]:
    """Return the operations that take a node, without what the graph returns."""
    return [user for user in node.users if user.op != "output"]


# Axes.


def _swapped(graph: _Graph, node: Node) -> Node | None:
    """Return a reordering of axes as one permutation."""
    source, *axes = args_of(node)
    rank = rank_of(node)
    order = list(range(rank))
    if name_of(node) == "permute":
        order = [axis % rank for axis in axes[0]]
    elif rank > 1:
        first, second = (axis % rank for axis in (axes or (0, 1)))
        order[first], order[second] = second, first
    if _name(source) == "permute":
        inner = [axis % rank for axis in args_of(source)[1]]
        source, order = args_of(source)[0], [inner[axis] for axis in order]
    if order == list(range(rank)) or _is_diagonal(source, order):
        return source  # type: ignore[no-any-return] # it is a node
    if (split := _one(source)) is not None:
        return _permuted_before(graph, source, order, split)
    if _moves_ones(source, order):
        return graph.new(_ATEN.reshape.default, source, _sizes(graph, source, order))
    if name_of(node) == "permute" and args_of(node) == (source, order):
        return None
    return graph.new(_ATEN.permute.default, source, order)


def _is_diagonal(source: Node, order: list[int]) -> bool:
    """Return whether swapped axes are those of matrices that are 0 off the diagonal."""
    *first, last, other = range(len(order)) if len(order) > 1 else (0, 0)
    diagonal = _name(source) == "diag_embed" and len(args_of(source)) == 1
    return diagonal and order == [*first, other, last]


def _one(source: Node) -> int | None:
    """Return the last axis of length 1 that was added, None if there is none."""
    if _name(source) == "unsqueeze":
        axis: int = args_of(source)[1] % rank_of(source)
        return axis
    if _name(source) not in _RESHAPE:
        return None
    ones = [axis for axis, n in enumerate(shape_of(source)) if n == 1]
    return ones[-1] if ones else None


def _permuted_before(graph: _Graph, source: Node, order: list[int], added: int) -> Node:
    """Return a permutation before an axis of length 1 is added, not after it."""
    bare, lengths = args_of(source)
    if _name(source) in _RESHAPE:
        rest = [*lengths[:added], *lengths[added + 1 :]]
        bare = graph.new(_ATEN.reshape.default, bare, rest)
    inner = [at - (at > added) for at in order if at != added]
    permuted = graph.new(_ATEN.permute.default, bare, inner)
    return graph.new(_ATEN.unsqueeze.default, permuted, order.index(added))


def _moves_ones(source: Node, order: list[int]) -> bool:
    """Return whether a permutation moves axes of length 1 only."""
    shape = shape_of(source)
    rest = [axis for axis in order if shape[axis] != 1]
    return rest == sorted(rest)


def _sizes(graph: _Graph, source: Node, order: list[int]) -> list[Any]:
    """Return the lengths of a permuted tensor."""
    shape = shape_of(source)
    return [
        shape[axis]
        if isinstance(shape[axis], int)
        else graph.new(_ATEN.sym_size.int, source, axis)
        for axis in order
    ]


def _is_transpose(value: Any) -> bool:
    """Return whether a node swaps the last two axes."""
    if _name(value) != "permute":
        return False
    *first, last, other = range(rank_of(value))
    return list(args_of(value)[1]) == [*first, other, last]


def _transposed_product(graph: _Graph, node: Node) -> Node | None:
    """Return the transpose of a product as the product of transposes."""
    product = args_of(node)[0]
    if not _is_transpose(node) or _name(product) != "matmul" or _shared(product):
        return None
    left, right = args_of(product)
    return graph.new(
        _ATEN.matmul.default, _transpose(graph, right), _transpose(graph, left)
    )


def _shared(node: Node) -> bool:
    return len(_users(node)) > 1


def _transpose(graph: _Graph, node: Node) -> Node:
    if _is_transpose(node):
        source: Node = args_of(node)[0]
        return source
    *first, last, other = range(rank_of(node))
    return graph.new(_ATEN.permute.default, node, [*first, other, last])


def _multiplied(graph: _Graph, node: Node) -> Node | None:
    """Return a product of matrices or vectors in the one way to write it."""
    if name_of(node) == "matmul":
        return _without_batch(graph, node)
    return graph.new(_ATEN.matmul.default, *args_of(node)[:2])


def _without_batch(graph: _Graph, node: Node) -> Node | None:
    """Return the product of two batches of one matrix as that of the matrices."""
    left, right = args_of(node)
    matrices = [args_of(o)[0] for o in (left, right) if _name(o) == "unsqueeze"]
    firsts = {args_of(o)[1] for o in (left, right) if _name(o) == "unsqueeze"}
    if len(matrices) != 2 or firsts != {0} or {*map(rank_of, matrices)} != {2}:  # noqa: PLR2004 - two matrices
        return None
    product = graph.new(_ATEN.matmul.default, *matrices)
    return graph.new(_ATEN.unsqueeze.default, product, 0)


def _squeezed(graph: _Graph, node: Node) -> Node | None:
    """Return what is squeezed after a reshape as one reshape."""
    source = args_of(node)[0]
    if _name(source) not in _RESHAPE | {"unsqueeze", "squeeze"}:
        return None
    dropped = _added(shape_of(node), shape_of(source))
    kept = [axis for axis in range(rank_of(source)) if axis not in dropped]
    return graph.new(_ATEN.reshape.default, source, _sizes(graph, source, kept))


def _without_axis(graph: _Graph, node: Node) -> Node | None:
    """Return a reshape that only drops an axis of length 1 as such."""
    source = args_of(node)[0]
    dropped = _added(shape_of(node), shape_of(source))
    if len(dropped) != 1:
        return None
    return graph.new(_ATEN.squeeze.dim, source, dropped[0])


def _sliced(graph: _Graph, node: Node) -> Node | None:
    """Return a slice that goes to the end without its end, or all as it is."""
    source, axis, start, stop, *step = _filled(node, (None, 0, None, None))
    whole = shape_of(source) == shape_of(node)
    if whole or stop is None or stop == _LAST:
        return source if whole else None
    if size(stop) != shape_of(source)[axis]:
        return None
    return graph.new(_ATEN.slice.Tensor, source, axis, start, _LAST, *step)


def _padded(graph: _Graph, node: Node) -> Node | None:
    """Return what is put in a place among zeros as padded by them."""
    target, source, axis, start, stop, step = _filled(
        node, (None, None, 0, None, None, 1)
    )
    if shape_of(target) == shape_of(source) and _alike(target, source):
        return source  # type: ignore[no-any-return] # it is a node
    if not _is_number(target, 0) or step != 1:
        return None
    length = tensor_of(target).shape[axis]  # type: ignore[union-attr] # it is one
    first, last = start or 0, length if stop in (None, _LAST) else _symbol(stop)
    ends = (first, length - last if last >= 0 else -last)
    widths = [n for n in map(size, ends) if isinstance(n, int) and n >= 0]
    if len(widths) != len(ends):
        return None
    others = [0, 0] * (rank_of(node) - 1 - axis % rank_of(node))
    return graph.new(_ATEN.constant_pad_nd.default, source, [*others, *widths])


def _symbol(value: Any) -> Any:
    return value.meta["val"] if isinstance(value, Node) else value


def _filled(node: Node, defaults: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments, with the defaults of those that aren't given."""
    given = args_of(node)
    return (*given, *defaults[len(given) :])


def _reshaped_twice(graph: _Graph, node: Node) -> Node | None:
    source, lengths = args_of(node)[:2]
    if _name(source) in _RESHAPE | {"unsqueeze", "squeeze"}:
        return graph.new(_ATEN.reshape.default, args_of(source)[0], lengths)
    if name_of(node) != "reshape":
        return graph.new(_ATEN.reshape.default, source, lengths)
    return None


def _unfolded_product(graph: _Graph, node: Node) -> Node | None:
    """Return a product of flattened operands, unflattened then, as a batched one."""
    product = args_of(node)[0]
    if _name(product) != "matmul" or _shared(product):
        return None
    left, right = args_of(product)
    if _name(left) not in _RESHAPE:
        return None
    flat = (rank_of(left), rank_of(right)) == (2, 2)
    return (_rows if flat else _batched)(graph, node, left, right)


def _rows(graph: _Graph, node: Node, left: Node, right: Node) -> Node | None:
    """Return the product of a batch of rows and one matrix."""
    *batch, last = args_of(node)[1]
    if size(last) != shape_of(right)[1]:
        return None
    source, lengths = args_of(left)
    rows = graph.new(_ATEN.reshape.default, source, [*batch, lengths[-1]])
    return graph.new(_ATEN.matmul.default, rows, right)


def _batched(graph: _Graph, node: Node, left: Node, right: Node) -> Node | None:
    """Return the product of two batches of matrices."""
    first, second = _unflattened(left), _unflattened(right)
    batches = shape_of(first)[:-2], shape_of(second)[:-2]
    lengths = (*shape_of(first)[:-1], *shape_of(second)[-1:])
    if batches[0] != batches[1] or lengths != shape_of(node) or not lengths:
        return None
    return graph.new(_ATEN.matmul.default, first, second)


def _unflattened(operand: Node) -> Node | None:
    """Return what a reshape flattens but for its last two axes."""
    if _name(operand) not in _RESHAPE:
        return None
    source: Node = args_of(operand)[0]
    kept = rank_of(source) > 2 and shape_of(source)[-2:] == shape_of(operand)[-2:]  # noqa: PLR2004 - matrices
    return source if kept else None


def _transposed_reshape(graph: _Graph, node: Node) -> Node | None:
    """Return matrices transposed before their batch axes are flattened, not after."""
    source = args_of(node)[0]
    if not _is_transpose(node) or (inner := _unflattened(source)) is None:
        return None
    *batch, rows, columns = args_of(source)[1]
    swapped = _transpose(graph, inner)
    return graph.new(_ATEN.reshape.default, swapped, [*batch, columns, rows])


def _through_bias(graph: _Graph, node: Node) -> Node | None:
    """Return a product reshaped before a vector is added to its rows, not after."""
    total, lengths = args_of(node)[:2]
    product, bias = args_of(total)[:2] if _name(total) == "add" else (None, None)
    same = shape_of(node)[-1:] == shape_of(product)[-1:] == shape_of(bias)
    if _name(product) != "matmul" or not same or _shared(total):
        return None
    rows = graph.new(_ATEN.reshape.default, product, lengths)
    return graph.new(_ATEN.add.Tensor, rows, bias)


def _summed(graph: _Graph, node: Node) -> Node | None:
    """Return a sum that drops its axes, where a reshape dropped them after it."""
    total = args_of(node)[0]
    if _name(total) not in {"sum", "mean"} or _shared(total) or len(args_of(total)) < 3:  # noqa: PLR2004 - keepdim is the third
        return None
    source, axes, keep = args_of(total)[:3]
    rank = rank_of(source)
    gone = {axis % rank for axis in axes}
    left = tuple(n for at, n in enumerate(shape_of(source)) if at not in gone)
    if not keep or not gone or left != shape_of(node):
        return None
    return graph.new(total.target, source, list(axes), **total.kwargs)


def _squeezed_axes(graph: _Graph, node: Node) -> Node | None:
    """Return a reshape that only adds an axis of length 1 as such."""
    source = args_of(node)[0]
    before, after = shape_of(source), shape_of(node)
    added = _added(before, after)
    if len(added) != 1:
        return None
    return graph.new(_ATEN.unsqueeze.default, source, added[0])


def _added(before: tuple[Size, ...], after: tuple[Size, ...]) -> list[int]:
    """Return where axes of length 1 come in between others."""
    found, rest = [], list(before)
    for axis, length in enumerate(after):
        if rest and rest[0] == length:
            rest.pop(0)
        elif length == 1:
            found.append(axis)
        else:
            return []
    return [] if rest else found


def _kept_axis(graph: _Graph, node: Node) -> Node | None:
    """Return a sum that keeps its axis, where it was put back after it."""
    total, axis = args_of(node)
    if _name(total) not in {"sum", "mean"} or _shared(total):
        return None
    source, *rest = args_of(total)
    place = axis % rank_of(node)
    summed = [[n % max(1, rank_of(source)) for n in axes] for axes in rest[:1]]
    if summed != [[place]] or len(rest) > 1:
        return None
    return graph.new(total.target, source, [place], _KEEP, **total.kwargs)


def _whole_sum(graph: _Graph, node: Node) -> Node | None:
    """Return a sum over all axes as one without axes."""
    source, *rest = args_of(node)
    if not rest or any(rest[1:]) or node.kwargs:
        return None
    if rest[0] is not None and len(rest[0]) != rank_of(source):
        return None
    return graph.new(_ATEN.sum.default, source)


# Systems of equations.


def _factored(graph: _Graph, node: Node) -> Node | None:
    """Return a factor of what a determinant was computed from by its public name.

    That is the transposed matrix if it lies in memory row by row, and the matrix else.
    """
    whole, place = args_of(node)
    kind = _name(whole)
    if kind not in _DETERMINANTS:
        return None
    matrix: Node = args_of(whole)[0]
    results = _DETERMINANTS[kind]
    if place < len(results):
        found: Node = results[place](graph, matrix)
        return found
    tensor = matrix.meta["val"]
    if tensor.is_contiguous() and not tensor.is_complex():
        matrix = _transpose(graph, matrix)
    factors = graph.new(_ATEN.linalg_lu_factor_ex.default, matrix)
    return graph.new(operator.getitem, factors, place - len(results))


def _determinant(graph: _Graph, matrix: Node) -> Node:
    return graph.new(_ATEN.linalg_det.default, matrix)


def _sign(graph: _Graph, matrix: Node) -> Node:
    both = graph.new(_ATEN.linalg_slogdet.default, matrix)
    return graph.new(operator.getitem, both, 0)


def _logarithm(graph: _Graph, matrix: Node) -> Node:
    both = graph.new(_ATEN.linalg_slogdet.default, matrix)
    return graph.new(operator.getitem, both, 1)


_DETERMINANTS: dict[str, tuple[Callable[[_Graph, Node], Node], ...]] = {
    "_linalg_det": (_determinant,),
    "_linalg_slogdet": (_sign, _logarithm),
}


def _solution(graph: _Graph, node: Node) -> Node | None:
    """Return the solution of a system by its public name."""
    whole, place = args_of(node)
    if _name(whole) != "_linalg_solve_ex" or place:
        return None
    options = {k: v for k, v in whole.kwargs.items() if k == "left"}
    return graph.new(_ATEN.linalg_solve.default, *args_of(whole), **options)


def _solved(graph: _Graph, node: Node) -> Node | None:
    """Return the solution of a factored system as one of the matrix itself."""
    factors, _, right = args_of(node)
    whole, place = args_of(factors) if _name(factors) == "getitem" else (None, None)
    if _FACTORS.get(_name(whole)) != place or place is None:
        return None
    matrix = args_of(whole)[0]
    options = dict(node.kwargs)
    if options.pop("adjoint", False):
        matrix = _adjoint(graph, matrix)
    found = graph.new(_ATEN.linalg_solve.default, matrix, right, **options)
    return _scaled_inverse(graph, found) or found


_FACTORS = {"_linalg_solve_ex": 1, "linalg_lu_factor_ex": 0}


def _adjoint(graph: _Graph, matrix: Node) -> Node:
    transposed = _transpose(graph, matrix)
    if not matrix.meta["val"].is_complex():
        return transposed
    return graph.new(_ATEN._conj.default, transposed)  # noqa: SLF001 - it has no other name


def _scaled_inverse(graph: _Graph, node: Node) -> Node | None:
    """Return the solution for a multiple of the identity as that of the inverse."""
    matrix, right = args_of(node)
    many = args_of(right)[0] if _name(right) == "diag_embed" else None
    number = args_of(many)[0] if many is not None and _name(many) == "expand" else None
    if number is None or shape_of(number)[-1:] != (1,) or node.kwargs:
        return None
    number = graph.new(_ATEN.unsqueeze.default, number, -1)
    inverse = graph.new(_ATEN.linalg_inv.default, matrix)
    return graph.new(_ATEN.mul.Tensor, number, inverse)


# Backward operations that have public names.


def _embedded(graph: _Graph, node: Node) -> Node | None:
    """Return the product of an embedding as a sum over equal indices."""
    v, index, rows, padding, scaled = args_of(node)
    if scaled:
        return None
    if padding >= 0:
        kept = graph.new(_ATEN.ne.Scalar, index, padding)
        v = graph.new(_ATEN.where.ScalarOther, _column(graph, kept), v, 0)
    width = _lengths(graph, v)[-1]
    if rank_of(index) != 1:
        index = graph.new(_ATEN.reshape.default, index, [-1])
        v = graph.new(_ATEN.flatten.using_ints, v, 0, -2)
    zeros = graph.new(_ATEN.new_zeros.default, v, [rows, width])
    return graph.new(_ATEN.index_add.default, zeros, 0, index, v)


def _column(graph: _Graph, node: Node) -> Node:
    return graph.new(_ATEN.unsqueeze.default, node, -1)


def _convolved(graph: _Graph, node: Node) -> Node | None:
    """Return one of the products of a convolution by its public name."""
    whole, place = args_of(node)
    if _name(whole) != "convolution_backward":
        return None
    v, x, w, _, stride, padding, dilation, transposed, _, groups, _ = args_of(whole)
    axes = len(stride)
    if place == _BIAS:
        return graph.new(_ATEN.sum.dim_IntList, v, [0, *range(2, axes + 2)])
    options = _convolution_options(stride, padding, dilation, groups)
    torchs = torch.nn.functional if place == 0 and transposed else torch.nn.grad
    kind = "" if torchs is torch.nn.functional else ("_input", "_weight")[place]
    function = getattr(torchs, f"conv{axes}d{kind}")
    if place == 0:
        given = (v, w) if transposed else (_lengths(graph, x), w, v)
    else:
        first, last = (v, x) if transposed else (x, v)
        given = (first, _lengths(graph, w), last)
    return graph.new(function, *given, **options)


def _convolution_options(
    stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], groups: int
) -> dict[str, Any]:
    """Return the options that aren't the usual ones, as one number where it is one."""
    each = {"stride": stride, "padding": padding, "dilation": dilation}
    found = {
        name: values[0] if len({*values}) == 1 else tuple(values)
        for name, values in each.items()
        if {*values} != {int(name != "padding")}
    }
    return found if groups == 1 else {**found, "groups": groups}


_BIAS = 2


def _lengths(graph: _Graph, node: Node) -> list[Any]:
    """Return the lengths of a tensor, as arguments."""
    return _sizes(graph, node, list(range(rank_of(node))))


def _put(graph: _Graph, node: Node) -> Node | None:
    """Return what is added in places along one axis as such."""
    target, indices, values, *more = args_of(node)
    axes = [axis for axis, index in enumerate(indices) if index is not None]
    if len(axes) != 1 or axes == [0] or more != [True]:
        return None
    (axis,) = axes
    index, shape = indices[axis], shape_of(target)
    if shape_of(values) != (*shape[:axis], *shape_of(index), *shape[axis + 1 :]):
        return None  # they broadcast
    rank = rank_of(index)
    if rank != 1:
        index = graph.new(_ATEN.reshape.default, index, [-1])
        values = graph.new(_ATEN.flatten.using_ints, values, axis, axis + rank - 1)
    return graph.new(_ATEN.index_add.default, target, axis, index, values)


_Rule = Callable[[_Graph, Node], Node | None]
_SHAPES: tuple[_Rule, ...] = (
    _same_shape,
    _reshaped_twice,
    _summed,
    _unfolded_product,
    _through_bias,
    _squeezed_axes,
    _without_axis,
)
_RULES: dict[str, tuple[_Rule, ...]] = {
    **dict.fromkeys(_SAME, (_same,)),
    **dict.fromkeys(_ELEMENTWISE, (_unbroadcast,)),
    **dict.fromkeys(_MATMUL, (_multiplied,)),
    **dict.fromkeys(_RESHAPE, _SHAPES),
    "t": (_swapped,),
    "transpose": (_swapped,),
    "permute": (_swapped, _transposed_product, _transposed_reshape),
    **dict.fromkeys(_FULL, (_number_alone,)),
    "squeeze": (_same_shape, _summed, _squeezed),
    "slice": (_sliced,),
    "slice_scatter": (_padded,),
    "_to_copy": (_same_type,),
    "copy": (_copied,),
    "expand": (_same_shape, _expanded_twice),
    "unsqueeze": (_kept_axis,),
    "neg": (_negated, _lifted, _folded),
    "_conj": (_conjugated,),
    "rsub": (_reversed,),
    "add": (_scaled, _neutral, _unbroadcast, _doubled, _without_sign),
    "sub": (_scaled, _neutral, _unbroadcast, _without_sign),
    "mul": (_neutral, _unbroadcast, _lifted, _folded),
    "div": (_neutral, _unbroadcast, _lifted, _folded),
    "embedding_dense_backward": (_embedded,),
    "getitem": (_solution, _convolved),
    "linalg_lu_solve": (_solved,),
    "index_put": (_put,),
    "_unsafe_index_put": (_put,),
    "pow": (_neutral, _unbroadcast),
    "sum": (_whole_sum,),
}
_RULES_OF_LAYOUT: dict[str, tuple[_Rule, ...]] = {"getitem": (_factored,)}
