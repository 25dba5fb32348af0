"""What the gallery needs to know of torch and of our figures.

Sphinx loads this module in each build, which imports torch only to run an example.
"""

from typing import Any


def reset_torch(gallery_conf: dict[str, Any], fname: str) -> None:  # noqa: ARG001 - sphinx-gallery's signature
    """Give each example the same seed and torch's default state."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 - see above
    import torch  # noqa: PLC0415

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
