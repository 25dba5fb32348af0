"""The parts of the site's build that are ours, in the order in which they act.

Sphinx reads each page, several at once, and then writes each; what acts at the same
moment acts in the order of registration. So what is registered first acts first,
extensions of others too where their place matters.
"""

from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util.typing import ExtensionMetadata

from . import (
    captions,
    cells,
    checks,
    copies,
    elsewhere,
    errors,
    gallery,
    gpu,
    head,
    marks,
    maths,
    notebooks,
    operators,
    page,
    releases,
)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register each step; the tag ``live`` leaves out what only a hosted site needs."""
    hosted = not app.tags.has("live")

    # Before pages are read: some are written, by the gallery and the atlas.
    app.connect("builder-inited", cells.start_kernels)
    app.setup_extension("sphinx_gallery.gen_gallery")
    app.connect("builder-inited", cells.lighten_pictures)
    app.connect("builder-inited", gallery.group_examples)
    app.connect("builder-inited", errors.write_table)
    app.connect("builder-inited", operators.write_sources)

    # As a page is read: it becomes a record, which lasts from build to build.
    app.add_domain(page.Pages)
    app.add_directive("changes", releases.Changes)
    app.add_directive("recorded", releases.Recorded)
    app.add_directive("releases", releases.Releases)
    app.add_role("since", releases.Since())
    for name, directive in elsewhere.DIRECTIVES.items():
        app.add_directive(name, directive)
    app.add_directive("gpu-name", gpu.GpuName)
    app.add_directive("gpu-record", gpu.GpuRecord)
    for name in (
        "operators",
        "operators-index",
        "operators-summary",
        "operators-words",
    ):
        app.add_directive(name, operators.Operators)
    app.connect("doctree-read", page.shorten_title)
    app.connect("doctree-read", page.leave_out)
    app.connect("doctree-read", cells.expect_errors)
    app.connect("doctree-read", gallery.show_picture_first)
    app.connect("doctree-read", releases.note_releases)
    app.connect("env-check-consistency", notebooks.translate_examples)

    # As the links of a page are known: marks that its source doesn't hold.
    app.connect("doctree-resolved", marks.colour_symbols)
    app.connect("doctree-resolved", marks.head_rows)
    app.connect("doctree-resolved", marks.define_terms)
    app.connect("doctree-resolved", cells.theme_pictures)
    app.connect("doctree-resolved", captions.number_figures)
    app.connect("doctree-resolved", cells.load_late)

    # As a page is written: what stands around its text, and its copies.
    maths_nodes = (maths.visit_math, None), (maths.visit_math_block, None)
    app.add_html_math_renderer("mathml", *maths_nodes)
    app.setup_extension("sphinx_markdown_builder")
    app.connect("html-page-context", operators.add_script)
    app.connect("html-page-context", head.describe)
    if hosted:
        app.setup_extension("sphinxext.opengraph")  # reads the description
        app.setup_extension("notfound.extension")  # makes a menu of its own
    app.connect("html-page-context", head.name_source)
    app.connect("html-page-context", head.unmark)
    app.connect("html-page-context", head.help_templates)
    app.connect("html-page-context", head.shorten_menu)
    app.connect("html-page-context", copies.write)
    app.connect("html-page-context", notebooks.write)
    app.connect("html-page-context", head.lead_on)
    # The theme decides at the same moment whether there is a list.
    app.connect("html-page-context", operators.list_entries, priority=900)

    # What is made of all pages; and when they are written, a look at what is published.
    app.connect("write-started", write)
    app.connect("build-finished", operators.publish)
    app.connect("build-finished", copies.write_whole)
    if hosted:
        # Themes write their style sheets at the same moment.
        app.connect("build-finished", check, priority=900)
    return {"env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Sphinx, builder: Builder) -> None:
    """Write what is made of the records of all pages."""
    if builder.format == "html":
        pages = dict(sorted(page.known(app.env).items()))
        maths.write_font(app, pages.values())
        copies.write_list(app, pages)
        copies.write_sitemap(app, pages)
        copies.write_search_index(app, pages)


def check(app: Sphinx, exception: Exception | None) -> None:
    """Look at what is published."""
    if exception is None and app.builder.format == "html":
        checks.ask_nobody(app)
