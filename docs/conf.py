"""Configuration of the site; the values that could drift are read, not written."""

import atexit
import gc
import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path
from urllib.parse import urlsplit

from sphinx.util.tags import Tags

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # where docs._ext is a name

# A build is short: looking for cyclic garbage takes longer than its memory is worth,
# above all at the end, when everything is garbage.
gc.disable()
atexit.register(gc.freeze)

from docs._ext.guide import notebooks  # noqa: E402 - found by the path above

# What a page shows doesn't depend on how busy the machine is.
os.environ["VJP_GUIDE_MAX_SECONDS"] = "inf"

# Project
project = "vjp-guide"
author = "The vjp-guide authors"
copyright = "2026, the vjp-guide authors"  # noqa: A001 - Sphinx's name
release = version = version_of("vjp-guide")

# Content
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_last_updated_by_git",
    "docs._ext.guide",  # loads the gallery and others in their places
]
exclude_patterns = [
    "_build",
    "_ext",
    "_tools",
    "_generated",
    "_templates",
    # myst-nb would read the notebooks that the gallery writes as pages.
    "auto_examples/**.ipynb",
]
nitpicky = True
html_math_renderer = "mathml"

# Pages
myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "colon_fence",
    "deflist",
    "dollarmath",
]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_render_markdown_format = "myst"

# Reference
autodoc_member_order = "bysource"
autodoc_typehints = "description"
# A class says what its attributes are, which are its arguments too.
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
# Plain-text inventories of the names that the pages use: no network, no surprise.
intersphinx_mapping = {
    "numpy": ("https://numpy.org/doc/stable/", "_inventories/numpy.inv"),
    "python": ("https://docs.python.org/3/", "_inventories/python.inv"),
    "torch": ("https://docs.pytorch.org/docs/stable/", "_inventories/torch.inv"),
}

# Gallery
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "_generated/backreferences",
    "doc_module": ("vjp_guide",),
    "image_scrapers": ("docs._ext.guide.cells.figure_scraper",),
    "reset_modules": ("docs._ext.guide.cells.reset_torch",),
    "run_stale_examples": True,
    "inspect_global_variables": False,  # a tensor is no link
    # Times differ from build to build, and their page loads scripts from elsewhere.
    "write_computation_times": False,
    "min_reported_time": 1e9,
    "thumbnail_size": (320, 224),  # twice the size at which it is shown
    "show_signature": False,
    "first_notebook_cell": notebooks.INSTALL_FOR_EXAMPLES,
    "remove_config_comments": True,
}

# Addresses
html_baseurl = os.environ.get(
    "READTHEDOCS_CANONICAL_URL", "https://vjp-guide.github.io/vjp-guide/"
)
html_extra_path = ["robots.txt"]
notfound_urls_prefix = urlsplit(html_baseurl).path
notfound_context = {
    "title": "Page not found",
    "body": f"""<h1>Page not found</h1>
<p>Nothing is at this address.
The <a href="{notfound_urls_prefix}search.html">search</a> finds pages by an error \
text, a question or a name.</p>
<form class="doctor" data-root="{notfound_urls_prefix}">
<label>Or paste an error text, or the whole traceback
<textarea rows="4" spellcheck="false" autocapitalize="off"></textarea></label>
<output></output>
</form>""",
}
ogp_site_url = html_baseurl
ogp_site_name = project
ogp_description_length = 0  # ours is whole sentences
ogp_social_cards = {
    "font": "DejaVu Sans",  # matplotlib carries it in bold
    "image_mini": "_static/sign.png",
    "line_color": "#b45309",  # that of v, and of the favicon
}

# Dates: of the last commit that touched a page, or none where git can't tell.
git_last_updated_timezone = "UTC"
git_untracked_check_dependencies = False
git_untracked_show_sourcelink = True
suppress_warnings = [
    "git.command_not_found",
    "git.subprocess_error",
    "git.too_shallow",
    # It means the whole path, wherever a clone lies; links hold file names alone.
    "sphinx_gallery.space_in_filename",
]

# Look
html_theme = "furo"
html_title = "vjp-guide"
html_show_search_summary = False  # it would fetch every page that it lists
templates_path = ["_templates"]
tags: Tags
if not tags.has("live"):  # noqa: F821 - Sphinx sets it
    template_bridge = "docs._ext.guide.head.Templates"
html_favicon = "_static/favicon.svg"
html_static_path = [
    "_static",
    "_tools/part_search/rank.js",
    "../src/vjp_guide/figures.css",
]
html_css_files = ["custom.css", "figures.css"]
html_js_files = ["keys.js", "search/open.js"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": "https://github.com/vjp-guide/vjp-guide/",
    "source_branch": "main",
    "source_directory": "docs/",
}
pygments_style = "default"
pygments_dark_style = "github-dark"
# Of a transcript, only what was typed is copied.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_copy_empty_lines = False
