"""What the gallery needs to know of torch and of our figures, and light pictures.

Sphinx loads this module in each build, which imports torch only to run an example.
"""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

COLOURS = 64
PICTURE = re.compile(r'<img .*class = "sphx-glr-single-img"/>')


def reset_torch(gallery_conf: dict[str, Any], fname: str) -> None:  # noqa: ARG001 - sphinx-gallery's signature
    """Give each example the same seed and torch's default state."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 - see above
    import torch  # noqa: PLC0415 - likewise

    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    torch.set_printoptions(profile="default")
    torch.autograd.set_detect_anomaly(mode=False)
    plt.rcdefaults()


def figure_scraper(
    block: object, block_vars: dict[str, Any], gallery_conf: dict[str, Any]
) -> str:  # sphinx-gallery's signature
    """Save a figure that ends a block as a file, from which the thumbnail is made.

    The page itself shows the figure by its HTML, so there is nothing to add here.
    """
    from vjp_guide.figures import Figure  # noqa: PLC0415 - see above

    del block, gallery_conf
    last = block_vars["example_globals"].get("___")
    if isinstance(last, Figure):
        last.save(next(block_vars["image_path_iterator"]).replace(".png", ".svg"))
    return ""


def lighten_pictures(app: Sphinx) -> None:
    """Give the pictures a palette, which makes their files a third as large."""
    from PIL import Image  # noqa: PLC0415 - see above

    for path in Path(app.srcdir, "auto_examples", "images").rglob("*.png"):
        with Image.open(path) as image:
            if image.mode != "P":
                plain = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
                plain.save(path, optimize=True)


def unlink_variables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Leave the links of functions and classes, not one for each use of a tensor."""
    del app, docname
    for link in list(doctree.findall(nodes.reference)):
        if "sphx-glr-backref-instance" in link["classes"]:
            link.replace_self(link.children)


def frame_pictures(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object
) -> None:  # Sphinx's signature
    """Put each picture in a box in which it can scroll on a narrow screen."""
    del app, page, template, doctree
    box = r'<div class="vjp-scroll">\g<0></div>'
    context["body"] = PICTURE.sub(box, context.get("body", ""))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Change what the examples leave, and the pages that show it."""
    app.connect("builder-inited", lighten_pictures, priority=900)
    app.connect("doctree-resolved", unlink_variables)
    app.connect("html-page-context", frame_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
