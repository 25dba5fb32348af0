"""Formulas as MathML, with a maths font that holds the characters of the site alone.

Readers need no JavaScript and no network: the formulas are part of the pages, and the
font, taken from a package, is a file of the site. Sphinx's own renderers need either
JavaScript or pictures.
"""

import re
import unicodedata
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from math_core import LatexToMathML
from selectolax.lexbor import LexborHTMLParser
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from .page import Page

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FONT = "stix-two-math.woff2"
RADICAL = "√"  # browsers draw it for msqrt, whose text does not hold it
# They have the colours of the figures; with an accent a letter is another symbol.
SYMBOL = re.compile('(?<!<mover accent="true">)<mi>([vVxyJ])</mi>')
ATLAS = "operators/entries/"  # where V is a matrix like any other
# Browsers show a letter that is alone in its element by its italic form.
ITALIC = {
    unicodedata.normalize("NFKC", letter): letter
    for letter in map(chr, range(0x1D400, 0x1D800))
    if unicodedata.name(letter, "").startswith("MATHEMATICAL ITALIC")
} | {"h": "\N{PLANCK CONSTANT}"}
# Of the many sizes of a bracket the font keeps these; it builds larger ones from parts.
SIZES = slice(0, 6, 2)

_converter = LatexToMathML(annotation=False)


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write an inline formula."""
    self.body.append(_coloured(self, node.astext(), display=False))
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number if it has a label."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})</span>')
    self.body.append(_coloured(self, node.astext(), display=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def write_font(app: Sphinx, pages: Iterable[Page]) -> None:
    """Write the font, unless it holds what the formulas of the pages need."""
    formulas = frozenset().union(*(page.formulas for page in pages))
    text = "".join(_formula_text(_mathml(latex)) for latex in formulas)
    characters = "".join(sorted({RADICAL, *text}))
    font = Path(app.outdir) / "_static" / FONT
    font.parent.mkdir(parents=True, exist_ok=True)
    note = Path(app.doctreedir) / "formulas.txt"
    if font.exists() and note.exists() and note.read_text("utf-8") == characters:
        return
    _write_font(font, characters)
    note.write_text(characters, encoding="utf-8")


def _write_font(target: Path, characters: str) -> None:
    """Write the part of STIX Two Math that holds the characters."""
    from fontTools import subset  # noqa: PLC0415 - slow, and rarely needed live

    options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    source = files("ziamath").joinpath("fonts", "STIXTwoMath-Regular.ttf")
    with as_file(source) as path:
        font = subset.load_font(path, options)
    _drop_sizes(font)
    font.recalcTimestamp = False  # two builds of the same pages are the same file
    subsetter.subset(font)
    subset.save_font(font, target, options)


def _coloured(writer: HTML5Translator, latex: str, *, display: bool) -> str:
    plain = "V" if writer.builder.current_docname.startswith(ATLAS) else ""
    return SYMBOL.sub(
        lambda mi: mi[0] if mi[1] == plain else f'<mi class="vjp-{mi[1]}">{mi[1]}</mi>',
        _mathml(latex, display=display),
    )


def _mathml(latex: str, *, display: bool = False) -> str:
    return _converter.convert_with_local_state(latex, displaystyle=display)


def _formula_text(formula: str) -> str:
    tree = LexborHTMLParser(formula)
    for letter in tree.css("mi:not([mathvariant])"):
        letter.replace_with(ITALIC.get(letter.text(), letter.text()))
    return tree.root.text() if tree.root else ""


def _drop_sizes(font: "TTFont") -> None:
    for glyph in font["MATH"].table.MathVariants.VertGlyphConstruction:
        glyph.MathGlyphVariantRecord = glyph.MathGlyphVariantRecord[SIZES]
        glyph.VariantCount = len(glyph.MathGlyphVariantRecord)
