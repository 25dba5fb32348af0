r"""Formulas in Unicode, for terminals: ``\bar x_i`` as ``x̄ᵢ``.

It knows the LaTeX of our formulas, which a test reads through; libraries for all of
LaTeX write subscripts such as ``_{i,\,n-j}`` as they stand.
"""

import re
import unicodedata
from collections.abc import Iterator

_SYMBOLS = {
    r"\sum": "Σ",
    r"\prod": "Π",
    r"\mu": "μ",
    r"\sigma": "σ",
    r"\lambda": "λ",
    r"\pi": "π",
    r"\varphi": "φ",
    r"\alpha": "α",
    r"\Phi": "Φ",
    r"\le": "≤",
    r"\ge": "≥",
    r"\ne": "≠",
    r"\notin": "∉",
    r"\in": "∈",
    r"\to": "→",
    r"\circ": "∘",
    r"\times": "×",
    r"\cdot": "·",
    r"\langle": "⟨",
    r"\rangle": "⟩",
    r"\lfloor": "⌊",
    r"\rfloor": "⌋",
    r"\bmod": "mod",
    r"\ln": "ln",
    r"\cos": "cos",
    r"\sin": "sin",
    r"\exp": "exp",
    r"\{": "{",
    r"\}": "}",
    r"\qquad": "  ",
    r"\quad": " ",
    r"\sqrt": "√",
    r"\\": "; ",
    r"\,": " ",
    r"\;": " ",
    "&": " if ",
    "~": " ",
}
_OPEN, _CLOSE = "{}"
_SIZES = re.compile(r"\\(?:[bB]ig+[lr]?|left|right)(?![a-z])\s*")
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}_^]|[^\\{}_^&~]|[&~]")
_FRACTIONS = {r"\frac", r"\tfrac"}
_WORDS = {r"\operatorname", r"\mathrm", r"\mathsf", r"\text"}


def _raised(letters: str, small: str) -> dict[str, str]:
    return dict(zip(letters, small, strict=True))


_SMALL = {
    "_": _raised("0123456789+-()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"),
    "^": _raised("0123456789+-()inTH", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁱⁿᵀᴴ"),
}


def unicode(latex: str) -> str:
    """Return a formula as text without commands."""
    cases = latex.replace(r"\begin{cases}", r"\{").replace(r"\end{cases}", r"\}")
    text = _sequence(iter(_TOKEN.findall(_SIZES.sub("", cases))))
    for pattern, kept in (
        (r" +([,;)}\]⟩⌋])", r"\1"),
        (r"([(\[{⟨⌊]) +", r"\1"),
        (" +", " "),
    ):
        text = re.sub(pattern, kept, text)
    return unicodedata.normalize("NFC", text.strip())


def _sequence(tokens: Iterator[str]) -> str:
    """Return the text up to the brace that closes the group, or the end."""
    parts: list[str] = []
    for part in tokens:
        if part == _CLOSE:
            break
        parts.append(_written(part, tokens))
    return "".join(parts)


def _written(part: str, tokens: Iterator[str]) -> str:
    if part == _OPEN:
        return _sequence(tokens)
    if part == r"\bar":
        return f"{_argument(tokens)}\u0304"
    if part in _FRACTIONS:
        return f"{_grouped(_argument(tokens))}/{_grouped(_argument(tokens))}"
    if part in _WORDS:
        return _argument(tokens)
    return _small(part, tokens) if part in _SMALL else _SYMBOLS.get(part, part)


def _argument(tokens: Iterator[str]) -> str:
    """Return the next group, or the next part."""
    return _written(next(part for part in tokens if part != " "), tokens)


def _small(mark: str, tokens: Iterator[str]) -> str:
    """Return a subscript or a superscript, raised if all its letters can be."""
    letters, text = _SMALL[mark], _argument(tokens)
    if all(letter in letters for letter in text.replace(" ", "")):
        return "".join(letters[letter] for letter in text.replace(" ", ""))
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def _grouped(text: str) -> str:
    return text if len(text) == 1 or text.isalnum() else f"({text})"
