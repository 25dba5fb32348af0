"""A derivation as HTML, for notebooks and gallery pages."""

from html import escape

from vjp_guide._derive.as_text import blocks, notes, title
from vjp_guide._derive.content import Content
from vjp_guide._svg import STYLE


def as_html(derivation: Content, figure: str) -> str:
    """Return the derivation as one element, styled by classes only."""
    code = "".join(f"<pre>{escape(block)}</pre>" for block in blocks(derivation))
    found = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>"
        for label, text in notes(derivation)
    )
    return (
        f'<div class="vjp-explanation"><style>{STYLE}</style>'
        f"<p>{escape(title(derivation))}</p>{code}<dl>{found}</dl>{figure}</div>"
    )
