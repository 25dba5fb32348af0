"""A derivation as Python, with what was checked as comments."""

import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from vjp_guide._derive.content import Content, Departure, Line
from vjp_guide._derive.folds import Run, depth_of, runs
from vjp_guide._derive.verification import Verification
from vjp_guide._dot_product_test import NO_FORWARD
from vjp_guide._show import listed, number
from vjp_guide.operators.numerals import residual

_WIDE = 64


class Block(NamedTuple):
    """Lines below a comment."""

    heading: str
    lines: tuple[Line, ...]


def as_text(derivation: Content, *, fold: bool) -> str:
    """Return the lines with their shapes, and then what they were compared with."""
    depth = depth_of(derivation) if fold else 0
    parts = [f"# {title(derivation)}"]
    parts += [as_block(block, depth) for block in blocks(derivation)]
    notes_ = [f"# {label}: {text}" for label, text in notes(derivation)]
    notes_ += ["# folded by submodule: text() has all lines"] if depth else []
    return "\n\n".join([*parts, "\n".join(notes_)])


def title(derivation: Content) -> str:
    """Return what was derived, with shapes."""
    return (
        f"{derivation.name}({_shapes(derivation.inputs)}) -> "
        f"{_shapes(derivation.outputs)}"
    )


def blocks(derivation: Content) -> Iterator[Block]:
    """Yield the forward lines and the backward ones, each block with its comment."""
    if derivation.tangents:
        heading = f"forward, with tangents {_shapes(derivation.tangents)}"
        yield Block(heading, derivation.forward)
        return
    if derivation.forward:
        yield Block("forward, what the backward pass needs", derivation.forward)
    yield Block(f"backward, from {_shapes(derivation.cotangents)}", derivation.backward)


def notes(derivation: Content) -> list[tuple[str, str]]:
    """Return what is worth knowing besides, each with a label."""
    checks = derivation.verification
    torchs = "forward mode" if derivation.tangents else "autograd"
    fixed = [f"{text} = {n}" for text, n in derivation.fixed.items()]
    found = [
        (torchs, f"differs by {residual(checks.autograd)}"),
        ("finite differences", f"differ by {residual(checks.differences)}"),
        ("<v, J u> = <J^T v, u>", _identity(checks)),
    ]
    if not checks.test.passed:
        found.append(("dot-product test", checks.test.verdict))
    if fixed:
        found.append(("holds for other lengths, but for", listed(fixed, most=4)))
    if derivation.conditions:
        given = listed(list(derivation.conditions), most=4)
        found.append(("holds for lengths with", given))
    if private := _private(derivation):
        found.append(("torch has no public name for", listed(private, most=4)))
    if derivation.against:
        label = f"against {derivation.against}"
        found += _departure(label, derivation.departure)
    return found


def _identity(checks: Verification) -> str:
    """Return how far the two sides are from each other, if torch computes both."""
    if checks.test.forward_method == NO_FORWARD:
        return "not compared, since torch has no forward mode of an operation"
    if math.isnan(checks.test.forward):
        return f"not compared, since {checks.test.forward_method} gives nan"
    return f"differs by {residual(checks.identity)}"


def _private(derivation: Content) -> list[str]:
    """Return the operations of the lines that torch offers under no public name."""
    text = "\n".join(map(str, (*derivation.forward, *derivation.backward)))
    return sorted({*re.findall(r"torch\.(?:ops\.aten\.|_)\w+", text)})


def _departure(label: str, found: Departure | None) -> list[tuple[str, str]]:
    """Return where a hand-written pass departs, and what its line should be."""
    if not found:
        return [(label, "agrees")]
    notes_ = [(label, f"departs at {found.place}, {found.code}")]
    notes_ += [("derived", str(found.right))] if found.right else []
    notes_ += [("mistake", found.mistake)] if found.mistake else []
    return [*notes_, ("values", _values(found.found, found.expected))]


def _values(found: object, expected: Tensor) -> str:
    """Return the two numbers that differ most, or the shapes if these differ."""
    shape = tuple(expected.shape)
    if not isinstance(found, Tensor):
        return f"{found}, and should be a tensor of shape {shape}"
    if found.shape != expected.shape:
        return f"shape {tuple(found.shape)}, and should be {shape}"
    flat = int((found - expected).abs().argmax())
    place = [int(n) for n in torch.unravel_index(torch.tensor(flat), shape)]
    mine, theirs = (number(t.flatten()[flat].item()) for t in (found, expected))
    return f"at {place} {mine}, and should be {theirs}"


def as_block(block: Block, depth: int) -> str:
    """Return a comment and its lines, with a line for each run that is folded."""
    found = list(runs(block.lines, depth))
    shown = [line for run in found if not run.path for line in run.lines]
    width = width_of(shown)
    texts = [f"# {run}" if run.path else as_lines(run, width) for run in found]
    return "\n".join([f"# {block.heading}", *texts])


def width_of(lines: Iterable[Line]) -> int:
    """Return where the shapes of lines begin."""
    widths = [len(str(line)) for line in lines]
    return max((each for each in widths if each <= _WIDE), default=0)


def as_lines(run: Run, width: int) -> str:
    """Return the lines of a run, each with its shape."""
    return "\n".join(_line(line, width) for line in run.lines)


def _line(line: Line, width: int) -> str:
    shape = "" if line.shape is None else f"  # {line.shape}"
    return f"{line!s:<{width}}{shape}".rstrip()


def _shapes(tensors: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in tensors.items())
