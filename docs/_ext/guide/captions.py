"""What stands below a figure: its number, what it shows, its colours and its file."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from docutils import nodes
from markupsafe import escape
from sphinx.application import Sphinx

BOX = re.compile(r'<div class="vjp-scroll">(<svg.*?</svg>)</div>', re.DOTALL)
ALT = re.compile(r'aria-label="([^"]*)"')
KEYS = {
    "x": ("x", "the input"),
    "y": ("y", "the output"),
    "v": ("v", "the weights"),
    "j": ("J", "the derivatives"),
    "r": ("r", "the result"),
}
FOLDER = "_images/figures"
FIGURE = """\
<figure id="figure-{number}"><div class="vjp-scroll">{svg}</div>
<figcaption>Figure {number}. {alt} <span class="vjp-keys">{keys}.</span>
<a href="{address}" download>SVG</a></figcaption></figure>"""


def number_figures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give the drawings of a page a number, a caption and a file of their own."""
    if docname != app.config.root_doc:
        number = 0
        for output in doctree.findall(nodes.raw):
            drawing = BOX.search(output.astext())
            if drawing:
                number += 1
                name = f"{docname.replace('/', '-')}-{number}.svg"
                _write(Path(app.outdir, FOLDER, name), drawing[1])
                root = "../" * docname.count("/")
                framed = caption(drawing[1], number, f"{root}{FOLDER}/{name}")
                text = output.astext().replace(drawing[0], framed)
                output.children = [nodes.Text(text)]


def caption(svg: str, number: int, address: str) -> str:
    """Return a drawing with its caption, which says what its description says."""
    alt = unescape(ALT.findall(svg)[0])
    keys = ", ".join(_keys(svg))
    return FIGURE.format(
        number=number, svg=svg, alt=escape(alt), keys=keys, address=address
    )


def _keys(svg: str) -> Iterator[str]:
    """Yield the colours that a drawing uses, each with what it stands for."""
    for kind, (letter, meaning) in KEYS.items():
        if re.search(rf'<rect[^>]*class="[^"]*\b{kind}\b', svg):
            yield f'<code class="vjp-{letter}">{letter}</code> {meaning}'


def _write(path: Path, svg: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")
