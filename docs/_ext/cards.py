"""The look of the cards that link previews show: a title, and the site's sign."""

from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util.typing import ExtensionMetadata
from sphinxext.opengraph._social_cards import create_social_card_objects

COLOUR = "#b45309"  # that of v, and of the favicon


def prepare(app: Sphinx, builder: Builder) -> None:
    """Leave the drawing into which the extension writes each title."""
    if builder.format != "html":
        return
    # Matplotlib carries this font in bold.
    card = create_social_card_objects(font="DejaVu Sans", line_color=COLOUR)
    figure, _, title, description, _ = card
    figure.axes[2].clear()  # Sphinx's logo
    figure.axes[2].set_axis_off()
    title.set_fontsize(36)  # at which the longest fits
    description.set_visible(False)  # previews show it beside the card
    sign = {"boxstyle": "round,pad=0.3", "facecolor": COLOUR, "edgecolor": "none"}
    style = {"color": "white", "size": 44, "weight": "bold", "family": "DejaVu Sans"}
    figure.text(0.89, 0.83, "v", ha="center", va="center", bbox=sign, **style)
    app.env.ogp_social_card_plt_objects = card  # type: ignore[attr-defined]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Prepare the card once the pages are about to be written."""
    app.connect("write-started", prepare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
