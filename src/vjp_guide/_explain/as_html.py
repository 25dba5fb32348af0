"""Explanations as HTML, for notebooks and gallery pages."""

from collections.abc import Iterable
from html import escape

from vjp_guide._explain.as_text import HEADINGS, cells, lead, notes, title
from vjp_guide._explain.check import Check
from vjp_guide._explain.content import Content
from vjp_guide._svg import STYLE
from vjp_guide.figures import jacobian_rows

_MOST_OUTPUTS, _MOST_INPUTS = 64, 12


def as_html(explanation: Content) -> str:
    """Return the explanation as one element, styled by classes only."""
    code = "".join(f"<pre>{escape(block)}</pre>" for block in lead(explanation))
    return (
        f'<div class="vjp-explanation"><style>{STYLE}</style>'
        f"<p>{escape(title(explanation))}</p>{code}"
        f"{_table(explanation)}<dl>{_notes(explanation)}</dl>"
        f"{_figure(explanation.check)}</div>"
    )


def _table(explanation: Content) -> str:
    head = "".join(f'<th scope="col">{heading}</th>' for heading in HEADINGS)
    body = "".join(_row(cells(operand)) for operand in explanation.operands)
    return (
        f'<div class="vjp-scroll"><table><caption>{_CAPTION}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(texts: Iterable[str]) -> str:
    role, *others = map(escape, texts)
    data = "".join(f"<td>{text}</td>" for text in others)
    return f'<tr><th scope="row">{role}</th>{data}</tr>'


def _notes(explanation: Content) -> str:
    return "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>"
        for label, text in notes(explanation)
    )


def _figure(check: Check | None) -> str:
    if check is None or check.jacobian is None or check.grad_outputs is None:
        return ""
    rows = check.grad_outputs.size
    if rows > _MOST_OUTPUTS or check.jacobian.size > rows * _MOST_INPUTS:
        return ""
    return jacobian_rows(check.jacobian, check.grad_outputs)._repr_html_()


_CAPTION = "The arguments, each output with its v and each input with its gradient"
