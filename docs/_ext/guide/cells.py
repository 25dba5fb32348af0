"""What runs in a build: the cells of the pages, and the examples of the gallery.

Sphinx loads this module in each build, which imports torch only to run an example.
"""

import colorsys
import gc
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx_gallery.directives import imgsgnode

from docs._tools.forked_kernels import KernelServer

COLOURS = 64
DARK = "-dark.png"  # ends the name of a picture for a dark page
# What the cells import, so that each page needn't.
IMPORTED = (
    "torch",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "vjp_guide.figures",
    # What derive imports when it is first called.
    "vjp_guide._derive",
    "torch.export._trace",
    "torch._decomp.decompositions_for_jvp",
)

logger = logging.getLogger(__name__)


def start_kernels(app: Sphinx) -> None:
    """Start what forks the kernels; it imports while the gallery runs."""
    mode = app.config.nb_execution_mode
    if mode != "off" and sys.platform == "linux":
        server = KernelServer(*IMPORTED, early=mode == "force")
        app.connect("build-finished", lambda *_: server.stop())


def reset_torch(gallery_conf: dict[str, Any], fname: str) -> None:  # noqa: ARG001 - sphinx-gallery's signature
    """Give each example the same seed and torch's default state."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 - see above
    import torch  # noqa: PLC0415 - likewise

    if not gc.get_freeze_count():
        gc.freeze()  # sphinx-gallery collects garbage often, and modules are none
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    torch.set_printoptions(profile="default")
    torch.autograd.set_detect_anomaly(mode=False)
    plt.rcdefaults()


def figure_scraper(
    block: object, block_vars: dict[str, Any], gallery_conf: dict[str, Any]
) -> str:  # sphinx-gallery's signature
    """Save a figure that ends a block, its thumbnail first: that is the first file.

    The page itself shows a drawing by its HTML, so there is nothing to add of it.
    """
    import matplotlib.pyplot as plt  # noqa: PLC0415 - see above
    from sphinx_gallery.scrapers import matplotlib_scraper  # noqa: PLC0415 - likewise

    from vjp_guide.figures import Figure  # noqa: PLC0415 - likewise

    from . import thumbnails  # noqa: PLC0415 - likewise

    example, files = block_vars["example_globals"], block_vars["image_path_iterator"]
    last = example.get("___")
    if isinstance(last, Figure):
        draw = thumbnails.DRAWN.get(Path(block_vars["src_file"]).stem)
        svg = draw(example) if draw else last.svg
        Path(next(files)).with_suffix(".svg").write_text(svg, encoding="utf-8")
    if not plt.get_fignums():
        return ""
    picture, path = plt.gcf(), next(files)
    shown = matplotlib_scraper(block, block_vars, gallery_conf)
    thumbnails.simplify(picture)
    picture.savefig(path, dpi=200)
    return str(shown)


def lighten_pictures(app: Sphinx) -> None:
    """Give the pictures a palette, which makes their files a third as large.

    Each gets a twin for dark pages.
    """
    from PIL import Image  # noqa: PLC0415 - see above

    for path in Path(app.srcdir, "auto_examples", "images").rglob("*.png"):
        with Image.open(path) as image:
            if image.mode != "P":
                plain = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
                plain.save(path, optimize=True)
                plain.putpalette(turned_over(plain.getpalette() or []))
                plain.save(dark(str(path)), optimize=True)


def dark(name: str) -> str:
    """Return the name of the twin of a picture, or of several."""
    return name.replace(".png", DARK)


def turned_over(palette: list[int]) -> list[int]:
    """Return the colours of a palette with light and dark exchanged, hues kept."""
    turned: list[int] = []
    for place in range(0, len(palette), 3):
        red, green, blue = (value / 255 for value in palette[place : place + 3])
        hue, light, strength = colorsys.rgb_to_hls(red, green, blue)
        colour = colorsys.hls_to_rgb(hue, 0.93 - 0.86 * light, strength)
        turned += [round(255 * value) for value in colour]
    return turned


def theme_pictures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each picture a twin for dark pages; the theme knows the names.

    They stand in a box, which can scroll on a narrow screen.
    """
    for picture in list(doctree.findall(imgsgnode)):
        box = nodes.container(classes=["vjp-scroll"])
        picture.replace_self(box)
        picture["class"] = ["only-light"]  # sphinx-gallery's own
        box += [picture, _twin(app, picture, docname)]
    for thumbnail in list(doctree.findall(nodes.image)):
        if thumbnail["uri"].endswith("_thumb.png"):
            thumbnail["classes"].append("only-light")
            place = thumbnail.parent.index(thumbnail) + 1
            thumbnail.parent.insert(place, _twin(app, thumbnail, docname))


def _twin(app: Sphinx, picture: nodes.Element, docname: str) -> nodes.image:
    """Return the twin of a picture, which loads when it is to be seen."""
    path = dark(picture["uri"].lstrip("/"))
    app.env.images.add_file(docname, path)
    twin = nodes.image("", uri=path, candidates={"*": path}, alt=picture["alt"])
    twin["loading"] = "lazy"
    twin["classes"].append("only-dark")
    return twin


def load_late(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Load pictures without a text, the thumbnails, when a reader comes near them."""
    del app, docname
    for picture in doctree.findall(nodes.image):
        if picture.get("alt") == "":
            picture["loading"] = "lazy"


def expect_errors(app: Sphinx, document: nodes.document) -> None:
    """Warn of a cell tagged ``raises-exception`` without an error in its output."""
    if app.config.nb_execution_mode == "off":
        return
    for cell in document.findall(nodes.container):
        if "tag_raises-exception" in cell["classes"]:
            outputs = cell.findall(nodes.literal_block)
            if not any("traceback" in output["classes"] for output in outputs):
                logger.warning("the cell raises nothing", location=cell)
