"""The last step of an HTML build: pages that load little and obey a strict policy.

Themes and extensions link a style sheet each, on every page, and write styles and
scripts into the page. A content security policy of ``default-src 'self'`` refuses the
latter. So each page gets one style sheet of the parts that it needs, and all that stood
in the page moves to files whose names hold their hash.
"""

import hashlib
import re
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

STYLESHEET = re.compile(
    r'\s*<link rel="stylesheet"[^>]*href="(?:\.\./)*(_static/[^"?]+)[^"]*"[^>]*/?>'
)
STYLE = re.compile(r"\s*<style>(.*?)</style>", re.DOTALL)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
STYLED = re.compile(r'<(\w+)([^<>]*?) style="([^"]*)"([^<>]*?)(/?)>')
DATA = re.compile(r"""url\((["']?)data:image/svg\+xml[^,]*,(.*?)\1\)""")
UNUSED_SCRIPT = re.compile(r'\s*<script src="[^"]*sg-tags\.js[^"]*"></script>')
PRELOAD = (
    '<link rel="preload" href="{}_static/stix-two-math.woff2" as="font" '
    'type="font/woff2" crossorigin>'
)
# A part that only pages with such markup need.
NEEDED_FOR = {"mystnb": 'class="cell', "sg_gallery": "sphx-glr-"}


class Site:
    """The built site, with the files that its pages share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def finish(self, page: Path) -> None:
        """Rewrite one page."""
        html = page.read_text(encoding="utf-8")
        up = "../" * (len(page.relative_to(self.root).parts) - 1)
        sheets = [name for name in STYLESHEET.findall(html) if _needed(name, html)]
        css = [self._sheet(name) for name in sheets]
        html = STYLED.sub(partial(_to_class, css), html)
        css += dict.fromkeys(STYLE.findall(html))
        address = up + self._file("\n".join(css), "css")
        link = f'<link rel="stylesheet" href="{address}">'
        if "<math" in html:
            link += PRELOAD.format(up)
        html = STYLESHEET.sub("", STYLE.sub("", html))
        html = html.replace("</head>", f"{link}</head>", 1)
        html = SCRIPT.sub(partial(self._to_file, up), UNUSED_SCRIPT.sub("", html))
        page.write_text(html, encoding="utf-8")

    def _sheet(self, name: str) -> str:
        """Return a style sheet, with its drawings in files of their own."""
        css = (self.root / name).read_text(encoding="utf-8")
        return DATA.sub(lambda data: self._drawing(data[2]), css)

    def _drawing(self, data: str) -> str:
        svg = unquote(data).replace("'", '"')
        return f'url("{Path(self._file(svg, "svg")).name}")'

    def _to_file(self, up: str, script: re.Match[str]) -> str:
        return f'<script src="{up}{self._file(script[1], "js")}"></script>'

    def _file(self, content: str, kind: str) -> str:
        digest = hashlib.sha256(content.encode()).hexdigest()[:12]
        name = f"_static/{digest}.{kind}"
        (self.root / name).write_text(content, encoding="utf-8")
        return name


def _needed(name: str, html: str) -> bool:
    return all(mark in html for part, mark in NEEDED_FOR.items() if part in name)


def _to_class(css: list[str], tag: re.Match[str]) -> str:
    """Move a style attribute to a rule of its own."""
    name, before, style, after, end = tag.groups()
    rule = "s-" + hashlib.sha256(style.encode()).hexdigest()[:8]
    if f".{rule} " not in "".join(css):
        css.append(f".{rule} {{{style}}}")
    attributes = before + after
    if 'class="' in attributes:
        attributes = attributes.replace('class="', f'class="{rule} ', 1)
    else:
        attributes += f' class="{rule}"'
    return f"<{name}{attributes}{end}>"


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Rewrite each page that was built."""
    if exception is None and app.builder.format == "html":
        root = Path(app.outdir)
        site = Site(root)
        for page in sorted(root.rglob("*.html")):
            if "_static" not in page.parts:
                site.finish(page)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Rewrite the pages when the site is built."""
    # Themes write their style sheets at the same event.
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
