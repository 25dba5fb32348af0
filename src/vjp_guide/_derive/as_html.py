"""A derivation as HTML, for notebooks and gallery pages."""

from html import escape

from vjp_guide._derive.as_text import (
    Block,
    as_block,
    as_lines,
    blocks,
    notes,
    title,
    width_of,
)
from vjp_guide._derive.content import Content
from vjp_guide._derive.folds import Run, depth_of, runs
from vjp_guide._svg import STYLE


def as_html(derivation: Content, figure: str) -> str:
    """Return the derivation as one element, styled by classes only."""
    depth = depth_of(derivation)
    code = "".join(_block(block, depth) for block in blocks(derivation))
    found = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>"
        for label, text in notes(derivation)
    )
    return (
        f'<div class="vjp-explanation"><style>{STYLE}</style>'
        f"<p>{escape(title(derivation))}</p>{code}<dl>{found}</dl>{figure}</div>"
    )


def _block(block: Block, depth: int) -> str:
    """Return a block, with the lines of a submodule below its path if it is long."""
    found = list(runs(block.lines, depth))
    if not any(run.path for run in found):
        return f"<pre>{escape(as_block(block, depth))}</pre>"
    return f"<pre># {escape(block.heading)}</pre>{''.join(map(_run, found))}"


def _run(run: Run) -> str:
    lines = f"<pre>{escape(as_lines(run, width_of(run.lines)))}</pre>"
    if not run.path:
        return lines
    return f"<details><summary>{escape(str(run))}</summary>{lines}</details>"
