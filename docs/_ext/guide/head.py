"""What stands around a page's text: its description, its menu and its source."""

import html
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar

import furo
from docutils import nodes
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx.environment.adapters.toctree import global_toctree_for_doc

from docs._tools.lean_pages import LeanTemplates
from records.changes import records

from . import page

EXAMPLES = "auto_examples/"
OPERATORS = "operators/entries/"
FACTS = "src/vjp_guide/operators/facts/__init__.py"
REPOSITORY = "https://github.com/vjp-guide/vjp-guide"
EDIT = f"{REPOSITORY}/edit/main/"
# Marks the words of the last query on each page; its link runs against the policy.
MARKING = "sphinx_highlight.js"
POLICY = "default-src 'self'"
# MyST-NB has 529 rules for what terminals colour.
COLOURED = re.compile(r"[^{}]*\.-Color[^{}]*\{[^}]*\}")


def describe(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object
) -> None:  # Sphinx's signature, here and below
    """Give a page its description, before the preview tags are made of it."""
    del template, doctree
    record = page.known(app.env).get(name)
    title = Markup(context.get("title", name.capitalize())).striptags()  # noqa: S704 - Sphinx's
    described = record.description if record else f"{title}, on {app.config.project}"
    description = html.escape(described)
    tag = f'\n<meta name="description" content="{description}">'
    context["metatags"] = context.get("metatags", "") + tag
    context["meta"] = {
        **(context.get("meta") or {}),
        "og:description": description,
        "og:image:alt": f"A card with the title: {html.escape(title)}",
    }


def shorten_menu(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Give the theme, which asks for all pages, those around the current one.

    All pages would be up to a third of a page's bytes. A title ends before its colon.
    """
    del template, doctree
    whole = context["toctree"]
    own = name in page.known(app.env)
    context["toctree"] = partial(_menu, app, name) if own else partial(_around, whole)


def _around(whole: Any, **options: object) -> str:  # noqa: ANN401 - Sphinx's own
    return str(whole(**options | {"collapse": True}))


def _menu(app: Sphinx, name: str, **options: Any) -> str:  # noqa: ANN401 - the theme's
    options |= {"collapse": True}
    tree = global_toctree_for_doc(app.env, name, app.builder, tags=app.tags, **options)
    if tree is None:
        return ""
    for link in tree.findall(nodes.reference):
        link[:] = list(page.short(link))
    return str(app.builder.render_partial(tree)["fragment"])  # type: ignore[attr-defined]  # the builder writes HTML


def lead_on(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Tell the template where the source is, how to cite, and what tests a reader."""
    del template, doctree
    if name in page.known(app.env):
        view = f"{REPOSITORY}/blob/main/docs/{name}.md"
        context["source"] = context.get("theme_source_view_link") or view
        context["tested_by"] = page.exercise_on(app.env, name)


def name_source(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Tell the template what checked a page, and the source of one that is made."""
    del template, doctree
    context["checked_with"] = checked_with(Path(app.srcdir).parent)
    source = _source(name)
    if source:
        context["theme_source_edit_link"] = EDIT + source
        context["theme_source_view_link"] = EDIT.replace("/edit/", "/blob/") + source


def _source(name: str) -> str:
    """Return the file that a page of examples or operators is made from."""
    if name.startswith(OPERATORS):
        return FACTS
    if not name.startswith(EXAMPLES):
        return ""
    name = name.removeprefix(EXAMPLES)
    return f"examples/{'GALLERY_HEADER.rst' if name == 'index' else f'{name}.py'}"


@cache
def checked_with(root: Path) -> str:
    """Return the line on the versions; without git there is no day."""
    oldest, *_, newest = (record.torch for record in records())
    line = f"Recorded on torch {oldest} to {newest}, checked with torch "
    line += version("torch").partition("+")[0]
    log = _git(root, "log", "-1", "--format=%ct %h", "--abbrev=10")
    if not log:
        return line
    time, commit = log.split()
    time = os.environ.get("SOURCE_DATE_EPOCH", time)
    date = datetime.fromtimestamp(int(time), tz=UTC).date()
    return f"{line} on {date} (commit {commit})"


def _git(root: Path, *arguments: str) -> str:
    try:
        run = subprocess.run(  # noqa: S603 - the arguments are those above
            ["git", *arguments],  # noqa: S607 - it is where the reader has it
            cwd=root,
            capture_output=True,
            check=True,
            encoding="utf-8",
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return run.stdout.strip()


def unmark(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave out the script that marks the words of the last query."""
    del app, name, template, doctree
    files = context["script_files"]
    context["script_files"] = [file for file in files if MARKING not in str(file)]


def help_templates(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Give our templates what they ask for: the policy of a hosted site, and swaps."""
    del name, template, doctree
    context["policy"] = "" if app.tags.has("live") else POLICY
    context["swapped"] = swapped


def swapped(markup: str, texts: Mapping[str, str]) -> str:
    """Return markup of the theme with our texts; one that is gone fails the build."""
    for old, new in texts.items():
        if old not in markup:
            raise ValueError(f"the theme no longer holds {old!r}: see our templates")
        markup = markup.replace(old, new)
    return markup


def cell_styles() -> str:
    """Return the styles of cells without those of colours: no output here has any."""
    return COLOURED.sub("", files("myst_nb.static").joinpath("mystnb.css").read_text())


class Templates(LeanTemplates):
    """The templates of a hosted site."""

    needed_for: ClassVar[Mapping[str, str]] = {
        "clipboard": ".highlight",
        "copybutton": ".highlight",
        "mystnb": ".cell",
        "sg-tags": ".sphx-glr-tag",
        "sg_gallery": "[class*=sphx-glr-]",
    }
    made: ClassVar[Mapping[str, Callable[[], str]]] = {
        "mystnb": cell_styles,
        "pygments.css": furo.get_pygments_stylesheet,
    }
