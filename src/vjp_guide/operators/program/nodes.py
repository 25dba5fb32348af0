"""What the nodes of a traced graph are."""

from typing import Any

import torch
from torch import Tensor
from torch.fx import Node

Size = int | str
"""A length: a number, or the text of an expression in the sizes of the inputs."""


def args_of(node: Node) -> tuple[Any, ...]:
    """Return the arguments, of which torch's annotations say too little."""
    return node.args


def name_of(node: Node) -> str:
    """Return the name of the operation without its namespace and overload."""
    schema = getattr(node.target, "_schema", None)
    if schema:
        return str(schema.name).partition("::")[2]
    return getattr(node.target, "__name__", str(node.target))


def is_mutable(node: Node) -> bool:
    """Return whether an operation changes a tensor in place."""
    schema = getattr(node.target, "_schema", None)
    return bool(schema and schema.is_mutable)


def tensor_of(value: Any) -> Tensor | None:
    """Return what a node computes if it is one tensor, without its numbers."""
    found = value.meta.get("val") if isinstance(value, Node) else None
    return found if isinstance(found, Tensor) else None


def shape_of(value: Any) -> tuple[Size, ...]:
    """Return the shape of a node's tensor, empty if it isn't one."""
    tensor = tensor_of(value)
    return () if tensor is None else tuple(map(size, tensor.shape))


def rank_of(value: Any) -> int:
    """Return the number of axes of a node's tensor."""
    return len(shape_of(value))


def size(value: Any) -> Size:
    """Return a length; that of a node is what it computes."""
    found = value.meta.get("val") if isinstance(value, Node) else value
    if isinstance(found, torch.SymInt):
        expression: Any = found.node.expr
        return int(expression) if expression.is_number else str(expression)
    return int(found)  # type: ignore[arg-type] # a number, if not of a variable
