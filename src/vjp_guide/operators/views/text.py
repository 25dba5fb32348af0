"""An entry of the atlas as plain text."""

import textwrap
from collections.abc import Iterator

from vjp_guide.operators.numerals import residual
from vjp_guide.operators.records import Entry, Example, Shown, Variant
from vjp_guide.operators.torch_tables import NOTICE

_WIDTH = 88


def as_text(entry: Entry) -> str:
    """Return an entry as text for a terminal."""
    return "\n".join(_lines(entry))


def _lines(entry: Entry) -> Iterator[str]:
    yield entry.name
    yield "=" * len(entry.name)
    yield from filter(None, (entry.signature, entry.page))
    if entry.aliases:
        yield f"also {', '.join(entry.aliases)}"
    for formula in entry.formulas:
        yield ""
        yield from textwrap.wrap(formula.why, _WIDTH)
        yield f"  {formula.latex}"
    if entry.note:
        yield ""
        yield from textwrap.wrap(entry.note, _WIDTH)
    if entry.example:
        yield from _example(entry.example)
    if entry.kinks:
        yield from ("", "At ties and kinks, for v of ones")
        yield from (f"  {call}: {product}" for call, product in entry.kinks)
    if entry.derivatives:
        yield from ("", "In torch's derivatives.yaml")
        for rule in entry.derivatives:
            yield textwrap.indent(rule, "  ")
        yield from textwrap.wrap(NOTICE, _WIDTH)
    yield from ("", "Checks")
    for variant in entry.variants:
        yield from _variant(variant)


def _example(example: Example) -> Iterator[str]:
    outputs = ", ".join(shown.name for shown in example.outputs)
    yield from ("", "Example", f"  {outputs} = {example.call}")
    yield from map(_shown, (*example.inputs, *example.outputs, *example.cotangents))
    yield from ("", "The vector-Jacobian product")
    if example.problem:
        yield f"  no program: {example.problem}"
    yield from (f"  {line}" for line in example.lines)
    for place, product in enumerate(example.products):
        if example.results:
            yield f"  {product.name}: {example.results[place]}"
        if product.values:
            yield f"    = {product.values}"
    nodes = ", ".join(
        node if count == 1 else f"{node} ({count} times)"
        for node, count in example.nodes
    )
    yield from ("", f"Graph nodes: {nodes or 'none'}")
    yield f"Operations in the backward pass: {example.operations}"
    yield f"Numbers kept for it: {example.saved}"
    yield f"Entries of J: {example.entries}"


def _shown(shown: Shown) -> str:
    values = f" = {shown.values}" if shown.values else ""
    return f"  {shown.name} {shown.shape}{values}"


def _variant(variant: Variant) -> Iterator[str]:
    yield f"  {variant.name}: {variant.state}"
    if variant.reason:
        yield from textwrap.wrap(
            variant.reason, _WIDTH, initial_indent="    ", subsequent_indent="    "
        )
    if variant.residuals:
        names = ("adjoint", "one-hot", "finite differences", "numerical J")
        pairs = zip(names, variant.residuals.values(), strict=True)
        found = ", ".join(f"{n} {residual(r)}" for n, r in pairs if r is not None)
        yield f"    {variant.calls} calls in {variant.dtype}, residuals: {found}"
    yield (
        f"    forward mode {variant.forward}, double backward {variant.twice}, "
        f"complex {variant.complex}, vmap {'yes' if variant.batched else 'no'}"
    )
