"""The usual mistakes in a backward pass, made in a derived line to see which it was."""

import ast
import cmath
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from vjp_guide._derive.content import Line
from vjp_guide._show import number

_CLOSE = 1e-6
_MATRIX = 2
_TENSORS = (
    *(ast.Attribute, ast.BinOp, ast.Call),
    *(ast.Name, ast.Subscript, ast.UnaryOp),
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Expression:
    """A part of a derived line, with its value."""

    line: Line
    node: ast.expr
    value: Tensor


def same(found: object, expected: Tensor) -> bool:
    """Return whether a value is a tensor that is equal but for rounding."""
    if not isinstance(found, Tensor) or found.shape != expected.shape:
        return False
    first, second = (
        t.detach().to(torch.promote_types(t.dtype, torch.float64))
        for t in (found, expected)
    )
    if first.dtype != second.dtype:
        return False
    scale = second.abs().max() if second.numel() else 0.0
    return bool(((first - second).abs() <= _CLOSE * scale).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The values of names, and the expressions that derived lines assign to them."""

    values: Mapping[str, Any]
    definitions: Mapping[str, ast.expr]
    _known: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Sequence[Line], values: Mapping[str, Any]) -> "Scope":
        """Return the scope after derived lines."""
        definitions = {
            line.name: ast.parse(line.code, mode="eval").body for line in lines
        }
        return cls(values=values, definitions=definitions)

    def value(self, node: ast.expr) -> Any:
        """Return what an expression computes, None if it fits nothing."""
        code = ast.unparse(node)
        if code not in self._known:
            self._known[code] = self._computed(code)
        return self._known[code]

    def _computed(self, code: str) -> Any:
        try:
            return eval(code, dict(self.values))  # noqa: S307 - the text is our own
        except (ArithmeticError, AttributeError, IndexError, RuntimeError, TypeError):
            return None

    def expressions(self, lines: Sequence[Line]) -> list[Expression]:
        """Return the tensors in derived lines, whole lines first."""
        found = [
            Expression(line=line, node=node, value=value)
            for line in lines
            for node in ast.walk(self.definitions[line.name])
            if isinstance(node, _TENSORS)
            and isinstance(value := self.value(node), Tensor)
        ]
        return sorted(
            found, key=lambda each: each.node is not self.definitions[each.line.name]
        )

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Yield the tensors with names."""
        for name, value in self.values.items():
            if isinstance(value, Tensor):
                yield name, value


def mistakes(
    found: Tensor, known: Sequence[Expression], scope: Scope
) -> Iterator[tuple[Expression, str]]:
    """Yield what a value may have to be, and the mistake with which it comes out so."""
    for explain in (_mutation, _multiple, _product):
        for each in known:
            if text := explain(found, each, scope):
                yield each, text


def _mutation(found: Tensor, each: Expression, scope: Scope) -> str:
    mutants = _mutants(each.node, scope)
    texts = (text for node, text in mutants if same(scope.value(node), found))
    return next(texts, "")


def _mutants(tree: ast.expr, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """Yield an expression with a mistake in one place, for each place and mistake."""
    for node in ast.walk(tree):
        alike = [node]
        if isinstance(node, ast.Name):
            alike = [n for n in ast.walk(tree) if _is_name(n, node.id)]
        for other, text in _changes(node, scope):
            yield _swapped(tree, [node], other), text
            if node is alike[0] is not alike[-1]:
                yield _swapped(tree, alike, other), text


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _swapped(tree: Any, nodes: Sequence[ast.AST], other: ast.expr) -> Any:
    """Return a tree with another node in the place of some."""
    if any(tree is node for node in nodes):
        return other
    if isinstance(tree, list):
        return [_swapped(item, nodes, other) for item in tree]
    if not isinstance(tree, ast.AST):
        return tree
    fields = ast.iter_fields(tree)
    return type(tree)(**{name: _swapped(old, nodes, other) for name, old in fields})


def _changes(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """Yield what may stand in the place of a node by mistake."""
    match node:
        case ast.Name(id=name) if isinstance(scope.values.get(name), Tensor):
            yield from _others(name, scope)
        case ast.Attribute(value=value, attr="mT"):
            yield value, f"{ast.unparse(value)} isn't transposed"
        case ast.Call(func=ast.Attribute(value=value, attr="conj")):
            yield value, f"{ast.unparse(value)} isn't conjugated"
        case ast.Call(func=ast.Attribute(value=value, attr="sum"), args=axes):
            yield value, f"{ast.unparse(value)} isn't summed{_over(axes)}"
            yield from _sums(node, value, scope)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand, "the minus sign is missing"
        case ast.BinOp(left=left, op=op, right=right):
            yield from _operations(left, op, right)


def _over(axes: Sequence[ast.expr]) -> str:
    return f" over {ast.unparse(axes[0])}, along which it was broadcast" if axes else ""


def _others(name: str, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """Yield what stands for a tensor: another one, or it with its axes swapped."""
    if name in scope.definitions:
        outer = replace(scope, definitions={})
        yield from _mutants(scope.definitions[name], outer)
    plain, tensor = ast.Name(id=name), scope.values[name]
    if tensor.ndim >= _MATRIX:
        yield ast.Attribute(value=plain, attr="mT"), f"{name} is transposed"
    if tensor.is_complex():
        method = ast.Attribute(value=plain, attr="conj")
        yield _call(method, []), f"{name} is conjugated"
    for other, value in scope.tensors():
        if value.shape == tensor.shape and other != name:
            yield ast.Name(id=other), f"{other} stands in the place of {name}"


def _call(function: ast.expr, args: list[ast.expr]) -> ast.Call:
    return ast.Call(func=function, args=args, keywords=[])


def _sums(
    call: ast.Call, value: ast.expr, scope: Scope
) -> Iterator[tuple[ast.expr, str]]:
    """Yield a sum over other axes."""
    source = scope.value(value)
    for axis in range(source.ndim):
        args: list[ast.expr] = [ast.Constant(axis)]
        other = ast.Call(func=call.func, args=args, keywords=call.keywords)
        yield other, f"the sum is over axis {axis}"
    yield _call(call.func, []), "the sum is over all axes"


_SIGNS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}


def _operations(
    left: ast.expr, op: ast.operator, right: ast.expr
) -> Iterator[tuple[ast.expr, str]]:
    """Yield an operation of two operands without one of them, or another operation."""
    first, second = ast.unparse(left), ast.unparse(right)
    match op:
        case ast.Mult():
            yield left, f"the factor {second} is missing"
            yield right, f"the factor {first} is missing"
        case ast.Div():
            yield left, f"the division by {second} is missing"
        case ast.Add() | ast.Sub():
            yield left, f"the term {second} is missing"
            yield right, f"the term {first} is missing"
            if isinstance(op, ast.Sub):
                alone = ast.UnaryOp(op=ast.USub(), operand=right)
                yield alone, f"the term {first} is missing"
            other = _SIGNS[type(op)]()
            yield (
                ast.BinOp(left=left, op=other, right=right),
                f"the sign of {second} is wrong",
            )
        case ast.MatMult():
            yield ast.BinOp(left=right, op=op, right=left), "the factors are swapped"
        case ast.Pow():
            for change in (-1, 1):
                power = ast.BinOp(left=right, op=ast.Add(), right=ast.Constant(change))
                yield (
                    ast.BinOp(left=left, op=op, right=power),
                    f"the exponent isn't {second}",
                )


def _multiple(found: Tensor, each: Expression, scope: Scope) -> str:
    """Return by what number a value is off, empty if it isn't by one."""
    value = each.value
    if found.shape != value.shape or value.numel() <= 1:
        return ""
    place = int(value.abs().argmax())
    ratio = found.flatten()[place] / value.flatten()[place]
    if not ratio or not same(found, ratio * value):
        return ""
    return f"it is multiplied by {_named(ratio.item(), scope)}"


def _named(ratio: complex, scope: Scope) -> str:
    """Return the text of a number, with a length that it may come from."""
    sizes = {
        f"{name}.shape[{axis}]": length
        for name, tensor in scope.tensors()
        for axis, length in enumerate(tensor.shape)
        if length > _MATRIX
    }
    roots = {f"{text} ** 0.5": math.sqrt(length) for text, length in sizes.items()}
    for text, size in {**sizes, **roots}.items():
        whole = text in roots and size.is_integer()
        for called, value in ((text, size), (f"1 / {text}", 1 / size)):
            if cmath.isclose(ratio, value, rel_tol=_CLOSE) and not whole:
                return f"{number(ratio)}, as {called}"
    return number(ratio)


def _product(found: Tensor, each: Expression, scope: Scope) -> str:
    """Return the tensor by which a value is multiplied, or isn't, empty if none."""
    value = each.value
    if found.shape != value.shape:
        return ""
    for name, tensor in scope.tensors():
        if _fits(tensor, value):
            if same(found * tensor, value):
                return f"the factor {name} is missing"
            if same(value * tensor, found):
                return f"the factor {name} is one too many"
            if same(found + tensor, value):
                return f"the term {name} is missing"
            if same(value + tensor, found):
                return f"the term {name} is one too many"
    return ""


def _fits(tensor: Tensor, value: Tensor) -> bool:
    """Return whether a tensor broadcasts to the shape of a value."""
    try:
        return bool(torch.broadcast_shapes(tensor.shape, value.shape) == value.shape)
    except RuntimeError:
        return False
