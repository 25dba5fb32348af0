"""Each executed page as a notebook and as a script, beside the page.

The notebooks of the pages and of the gallery run elsewhere too: their first cell
installs the package. ``.github/workflows/pages.yml`` pushes them to a branch, where
Colab finds them. jupytext, which writes notebooks of such pages, leaves Sphinx's roles,
and links that lead nowhere outside of the site.
"""

import json
import posixpath
import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

REPOSITORY = "vjp-guide/vjp-guide"
INSTALL = f"%pip install --quiet git+https://github.com/{REPOSITORY}"
INSTALL_FOR_EXAMPLES = f"{INSTALL} matplotlib"
COLAB = f"https://colab.research.google.com/github/{REPOSITORY}/blob/notebooks/"
# What only the site's build understands.
DIRECTIVE = re.compile(r"^(`{3,}|:{3,})\{[\w-]+\}.*?^\1\n?", re.DOTALL | re.MULTILINE)
LABEL = re.compile(r"^\([\w-]+\)=\n", re.MULTILINE)
COMMENT = re.compile(r"^(?:%|\.\.) .*\n{0,2}", re.MULTILINE)
ROLE = re.compile(r"(?:\{([\w:]+)\}|:([a-z:]+):)`(?:([^`<]*?)\s*<([^`>]*)>|([^`]*))`")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)")
FILE = re.compile(r"%%writefile (\S+)\n(.*)", re.DOTALL)
FAILING = "try:\n{}\nexcept Exception as error:  # meant to fail\n    print(error)"


def script(notebook: dict[str, Any]) -> str:
    """Return a notebook as a script in cells, which runs from end to end."""
    return "\n\n".join(_cell(cell) for cell in notebook["cells"]) + "\n"


def _cell(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return "# %% [markdown]\n" + re.sub("^", "# ", source, flags=re.MULTILINE)
    code = FILE.sub(_write_file, source)
    code = re.sub("^%", "# %", code, flags=re.MULTILINE)
    if "raises-exception" in cell["metadata"].get("tags", []):
        code = FAILING.format(textwrap.indent(code, "    "))
    return f"# %%\n{code}"


def _write_file(cell: re.Match[str]) -> str:
    """Return what writes a file as IPython does, whatever the text holds."""
    return f"import pathlib\n\npathlib.Path({cell[1]!r}).write_text({cell[2]!r})"


def write(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Write the files of an executed page or an example; name them to its template."""
    del templatename
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    example = Path(app.srcdir) / f"{pagename}.ipynb"
    page = Path(app.outdir) / pagename
    if not doctree or not (executed.exists() or example.exists()):
        return
    context["colab"] = f"{COLAB}{pagename}.ipynb"
    context["notebook"] = page.name
    page.parent.mkdir(parents=True, exist_ok=True)
    if example.exists():  # the gallery wrote it, and links it
        shutil.copyfile(example, page.with_suffix(".ipynb"))
        return
    notebook = _read(executed)
    translate(app, pagename, notebook)
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    page.with_suffix(".ipynb").write_text(text, encoding="utf-8")
    page.with_suffix(".py").write_text(script(notebook), encoding="utf-8")
    context["executed"] = page.name


def translate(app: Sphinx, page: str, notebook: dict[str, Any]) -> None:
    """Write the texts of a notebook as Markdown that is understood anywhere."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = portable("".join(cell["source"]), page, app)
            cell["source"] = text.splitlines(keepends=True)


def portable(text: str, page: str, app: Sphinx) -> str:
    """Return a page's text with whole addresses, and without what only Sphinx knows."""
    text = COMMENT.sub("", LABEL.sub("", DIRECTIVE.sub("", text)))
    text = ROLE.sub(lambda role: _role(role, page, app), text)
    return LINK.sub(lambda link: _link(link, page, app), text)


def _role(role: re.Match[str], page: str, app: Sphinx) -> str:
    kind = (role[1] or role[2]).rpartition(":")[2]
    title, target = role[3] or "", role[4] or role[5]
    labels = app.env.domains.standard_domain.anonlabels
    if kind == "ref":
        name, anchor = labels[target]
        return _address(title, name, f"#{anchor}", app)
    if kind == "doc":
        return _address(title, _docname(target, page), "", app)
    short = target.rpartition(".")[2] if target.startswith("~") else target
    return title or (short if kind == "term" else f"`{short}`")


def _link(link: re.Match[str], page: str, app: Sphinx) -> str:
    title, path, anchor = link[1], link[2], link[3] or ""
    name = _docname(posixpath.splitext(path)[0], page) if path else page
    return _address(title, name, anchor, app) if name in app.env.titles else link[0]


def _docname(path: str, page: str) -> str:
    """Return the page that a path leads to, from the top or from another page."""
    if path.startswith("/"):
        return path[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path))


def _address(title: str, name: str, anchor: str, app: Sphinx) -> str:
    """Return a link to the site, by default with the title of the place."""
    _, _, section = app.env.domains.standard_domain.labels.get(anchor[1:], ("", "", ""))
    shown = title or section or app.env.titles[name].astext()
    return f"[{shown}]({app.config.html_baseurl}{name}.html{anchor})"


def translate_examples(app: Sphinx, env: object) -> None:
    """Translate the notebooks that the gallery wrote, before they are copied."""
    del env
    for path in sorted(Path(app.srcdir, "auto_examples").glob("*.ipynb")):
        written = path.read_text(encoding="utf-8")
        notebook = json.loads(written)
        translate(app, f"auto_examples/{path.stem}", notebook)
        text = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
        if text != written:  # pages are read again when it changes
            path.write_text(text, encoding="utf-8")


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
