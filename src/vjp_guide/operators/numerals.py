"""Numbers as short text."""

from typing import Any


def residual(value: float) -> str:
    """Return the text of a small number, to one digit."""
    return f"{value:.0e}" if value else "0"


def numbers(value: Any) -> str:
    """Return the text of a number or of nested lists of numbers, with four digits."""
    if isinstance(value, list):
        return f"[{', '.join(map(numbers, value))}]"
    if isinstance(value, complex):
        sign = "-" if value.imag < 0 else "+"
        return f"{numbers(value.real)} {sign} {numbers(abs(value.imag))}j"
    if isinstance(value, float):
        text = f"{value:.4g}"
        return "0" if text == "-0" else text
    return str(value)
