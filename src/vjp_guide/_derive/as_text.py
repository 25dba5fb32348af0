"""A derivation as Python, with what was checked as comments."""

import re
from collections.abc import Iterator

import torch
from torch import Tensor

from vjp_guide._derive.content import Content, Departure, Line
from vjp_guide._show import listed, number
from vjp_guide.operators.numerals import residual

_WIDE = 64


def as_text(derivation: Content) -> str:
    """Return the lines with their shapes, and then what they were compared with."""
    parts = [f"# {title(derivation)}", *blocks(derivation)]
    notes_ = [f"# {label}: {text}" for label, text in notes(derivation)]
    return "\n\n".join([*parts, "\n".join(notes_)])


def title(derivation: Content) -> str:
    """Return what was derived, with shapes."""
    return (
        f"{derivation.name}({_shapes(derivation.inputs)}) -> "
        f"{_shapes(derivation.outputs)}"
    )


def blocks(derivation: Content) -> Iterator[str]:
    """Yield the forward lines and the backward ones, each block with its comment."""
    if derivation.tangents:
        heading = f"forward, with tangents {_shapes(derivation.tangents)}"
        yield _block(heading, derivation.forward)
        return
    if derivation.forward:
        yield _block("forward, what the backward pass needs", derivation.forward)
    yield _block(
        f"backward, from {_shapes(derivation.cotangents)}", derivation.backward
    )


def notes(derivation: Content) -> list[tuple[str, str]]:
    """Return what is worth knowing besides, each with a label."""
    checks = derivation.verification
    torchs = "forward mode" if derivation.tangents else "autograd"
    fixed = [f"{text} = {n}" for text, n in derivation.fixed.items()]
    found = [
        (torchs, f"differs by {residual(checks.autograd)}"),
        ("finite differences", f"differ by {residual(checks.differences)}"),
        ("<v, J u> = <J^T v, u>", f"differs by {residual(checks.identity)}"),
    ]
    if not checks.test.passed:
        found.append(("dot-product test", checks.test.verdict))
    if fixed:
        found.append(("holds for other lengths, but for", listed(fixed, most=4)))
    if private := _private(derivation):
        found.append(("torch has no public name for", listed(private, most=4)))
    if derivation.against:
        label = f"against {derivation.against}"
        found += _departure(label, derivation.departure)
    return found


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


def _block(heading: str, lines: tuple[Line, ...]) -> str:
    widths = [len(str(line)) for line in lines]
    width = max((each for each in widths if each <= _WIDE), default=0)
    return "\n".join([f"# {heading}", *(_line(line, width) for line in lines)])


def _line(line: Line, width: int) -> str:
    shape = "" if line.shape is None else f"  # {line.shape}"
    return f"{line!s:<{width}}{shape}".rstrip()


def _shapes(tensors: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in tensors.items())
