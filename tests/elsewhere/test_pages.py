"""Tests that the pages of other frameworks build from the records."""

import io
import shutil
from pathlib import Path

import pytest
from sphinx.application import Sphinx

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
CONF = """
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath"]
root_doc = "elsewhere"
suppress_warnings = ["myst.xref_missing", "toc.not_included"]


def setup(app):
    from docs._ext.guide.elsewhere import DIRECTIVES

    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_pages_build(tmp_path: Path) -> None:
    """Tests each directive on its page, with a project of these two pages alone."""
    for name in ("elsewhere.md", "vectors.md"):
        shutil.copy(REFERENCE / name, tmp_path)
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    out = tmp_path / "out"
    warnings = io.StringIO()
    app = Sphinx(tmp_path, tmp_path, out, out, "text", status=None, warning=warnings)
    app.build()
    programs = (out / "elsewhere.txt").read_text(encoding="utf-8")
    vectors = (out / "vectors.txt").read_text(encoding="utf-8")

    assert app.statuscode == 0
    assert warnings.getvalue() == ""
    assert "torch.autograd.grad(y, [x, w], v, allow_unused=True)" in programs
    assert "tf.Tensor([20. 20. 20. 20.]" in programs
    assert "torch-2.15" not in programs
    assert "PyTorch 2.15" in programs
    assert "nan and nan" in vectors
    assert "jax#3058" in vectors
