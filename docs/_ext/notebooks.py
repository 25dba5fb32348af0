"""Each executed page as a notebook and as a script, beside the page.

The notebooks of the pages and of the gallery run elsewhere too: their first cell
installs the package. ``.github/workflows/pages.yml`` pushes them to a branch, where
Colab finds them.
"""

import json
import re
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the tests run without Sphinx
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

REPOSITORY = "vjp-guide/vjp-guide"
INSTALL = f"%pip install --quiet git+https://github.com/{REPOSITORY}"
COLAB = f"https://colab.research.google.com/github/{REPOSITORY}/blob/notebooks/"
FAILING = "try:\n{}\nexcept Exception as error:  # meant to fail\n    print(error)"


def script(notebook: dict[str, Any]) -> str:
    """Return a notebook as a script in cells, which runs from end to end."""
    return "\n\n".join(_cell(cell) for cell in notebook["cells"]) + "\n"


def _cell(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return "# %% [markdown]\n" + re.sub("^", "# ", source, flags=re.MULTILINE)
    code = re.sub("^%", "# %", source, flags=re.MULTILINE)
    if "raises-exception" in cell["metadata"].get("tags", []):
        code = FAILING.format(textwrap.indent(code, "    "))
    return f"# %%\n{code}"


def write(
    app: "Sphinx",
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: "nodes.document | None",
) -> None:
    """Write the files of an executed page or an example; name them to its template."""
    del templatename
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    example = Path(app.srcdir) / f"{pagename}.ipynb"
    page = Path(app.outdir) / pagename
    if not doctree or not (executed.exists() or example.exists()):
        return
    context["colab"] = f"{COLAB}{pagename}.ipynb"
    page.parent.mkdir(parents=True, exist_ok=True)
    if example.exists():  # the gallery wrote it, and links it
        shutil.copyfile(example, page.with_suffix(".ipynb"))
        return
    notebook = _read(executed)
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    page.with_suffix(".ipynb").write_text(text, encoding="utf-8")
    page.with_suffix(".py").write_text(script(notebook), encoding="utf-8")
    context["executed"] = page.name


def _read(path: Path) -> dict[str, Any]:
    """Read a notebook without what differs from build to build."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    install: dict[str, Any] = {"cell_type": "code", "execution_count": None}
    install |= {"metadata": {}, "outputs": [], "source": [INSTALL]}
    notebook["cells"].insert(0, install)
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{number}"
        if "outputs" in cell:
            cell["outputs"] = merged(cell["outputs"])
    notebook["metadata"] = {"kernelspec": notebook["metadata"]["kernelspec"]}
    return notebook


def merged(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one stream of each name.

    Kernels send what a cell prints in pieces, by chance. myst-nb has joined them in the
    first, and left the others.
    """
    kept: dict[str | int, dict[str, Any]] = {}
    for number, output in enumerate(outputs):
        kept.setdefault(output.get("name", number), output)
    return list(kept.values())


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Write the files as the pages are written."""
    app.connect("html-page-context", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
