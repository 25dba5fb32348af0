"""An entry of the atlas as plain text."""

import textwrap
from collections.abc import Iterable

from jinja2 import Environment, PackageLoader, StrictUndefined

from vjp_guide.operators import labels
from vjp_guide.operators.numerals import residual
from vjp_guide.operators.records import Entry, Shown, Variant
from vjp_guide.operators.torch_tables import NOTICE
from vjp_guide.operators.views.unicode import unicode

_WIDTH = 88


def as_text(entry: Entry) -> str:
    """Return an entry as text for a terminal."""
    return _VIEWS.get_template("entry.txt.jinja").render(entry=entry)


def tensor(shown: Shown) -> str:
    """Return a tensor's name, its shape, and its numbers if there are few."""
    values = f" = {shown.values}" if shown.values else ""
    return f"{shown.name} {shown.shape}{values}"


def residuals(variant: Variant) -> str:
    """Return the largest residual of each check that ran."""
    found = variant.residuals
    if found is None:
        return "none"
    pairs = zip(labels.CHECKS, found.values(), strict=True)
    return ", ".join(f"{n} {residual(r)}" for n, r in pairs if r is not None)


def twice(variant: Variant) -> str:
    """Return the answer on double backward, by kernel where that decides."""
    if variant.twice != labels.DEPENDS:
        return variant.twice
    return "; ".join(f"{answer} through {node}" for node, answer in variant.kernels)


def changes(variant: Variant) -> str:
    """Return what other dtypes and indices gave."""
    return ", ".join(f"{change} {answer}" for change, answer in variant.variations)


def counted(pairs: Iterable[tuple[str, int]]) -> str:
    """Return names, each with how often it occurs."""
    return ", ".join(
        name if count == 1 else f"{name} ({count} times)" for name, count in pairs
    )


def answers(variant: Variant) -> dict[str, str]:
    """Return the answer to what is tried besides the four checks, by its name."""
    return {
        "forward": variant.forward,
        "twice": twice(variant),
        "complex": variant.complex,
        "vmap": variant.batched,
    }


def number(count: int, word: str, words: str = "") -> str:
    """Return a count with its word, or with ``words`` if it isn't one."""
    return f"{count} {word if count == 1 else words or f'{word}s'}"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)


FILTERS = {
    "answers": answers,
    "changes": changes,
    "counted": counted,
    "number": number,
    "residuals": residuals,
    "tensor": tensor,
}
_VIEWS = Environment(
    loader=PackageLoader("vjp_guide.operators", "views"),
    autoescape=False,  # noqa: S701 - it is plain text
    keep_trailing_newline=False,
    lstrip_blocks=True,
    trim_blocks=True,
    undefined=StrictUndefined,
)
_VIEWS.filters.update(FILTERS, unicode=unicode, wrapped=_wrapped)
_VIEWS.globals["notice"] = NOTICE
