"""Pages that load little and obey a strict policy, made so before they are written.

See the README beside this file.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

from lightningcss import process_stylesheet
from selectolax.lexbor import LexborHTMLParser
from sphinx.jinja2glue import BuiltinTemplateLoader

if TYPE_CHECKING:
    from sphinx.builders import Builder
    from sphinx.theming import Theme

STATIC = re.compile(r"^(?P<up>(?:\.\./)*|/.*?)(?P<name>_static/[^?]+)")
SHEETS = 'link[rel="stylesheet"]'
SCRIPTS = "script:not([src])"
DATA = re.compile(r"""url\((["']?)data:image/svg\+xml[^,]*,(.*?)\1\)""")
# Elements that the styles leave as what is around them, and operators, mostly dots: of
# a long page these were a quarter of the elements, for a colour that says nothing.
PLAIN = ", ".join(
    f'span[class="{name}"]'
    for name in ("n", "p", "w", "o", "pre", "std std-ref", "std std-doc")
)
LOAD = Path(__file__).with_name("load.js").read_text(encoding="utf-8")


class LeanTemplates(BuiltinTemplateLoader):
    """Sphinx's templates, whose pages are made lean: for its option template_bridge.

    Attributes:
        needed_for: The selector of what on a page has a use for a style sheet or a
            script, by a part of its name. Each page needs the others.
        made: The text of a file that its maker writes after the pages, likewise.
    """

    needed_for: ClassVar[Mapping[str, str]] = {}
    made: ClassVar[Mapping[str, Callable[[], str]]] = {}

    def init(
        self,
        builder: "Builder",
        theme: "Theme | None" = None,
        dirs: list[str] | None = None,
    ) -> None:
        """Note where the files that pages share are written."""
        super().init(builder, theme, dirs)
        self.site = Site(Path(builder.outdir), self.needed_for, self.made)

    def render(self, template: str, context: dict[str, Any]) -> str:  # type: ignore[override]  # Sphinx's own calls give a dict
        """Return a page that is lean; other files are left as they are."""
        text = super().render(template, context)
        return self.site.lean(text) if template.endswith(".html") else text


class Site:
    """The files that the pages of a site share."""

    def __init__(
        self,
        root: Path,
        needed_for: Mapping[str, str],
        made: Mapping[str, Callable[[], str]],
    ) -> None:
        self.root, self.needed_for, self.made = root, needed_for, made
        self._style = cache(self._style)  # type: ignore[method-assign]  # of few sets of names
        self._script = cache(self._script)  # type: ignore[method-assign]  # likewise

    def lean(self, html: str) -> str:
        """Return a page with one style sheet and one script."""
        page = LexborHTMLParser(html)
        first = page.css_first(SHEETS)
        found = STATIC.match(first.attributes["href"] or "") if first else None
        if found is None:
            return html
        for span in page.css(PLAIN):
            span.unwrap()
        self._join_styles(page, found["up"])
        self._join_scripts(page, found["up"])
        return page.html or html

    def _join_styles(self, page: LexborHTMLParser, up: str) -> None:
        css = self._style(tuple(self._linked(page, SHEETS, "href")))
        link = page.create_node("link")
        link.attrs["rel"] = "stylesheet"
        link.attrs["href"] = up + self._file(css + "".join(_own(page)), "css")
        page.css("head")[0].insert_child(link)

    def _join_scripts(self, page: LexborHTMLParser, up: str) -> None:
        """Move scripts to files; the first, which sets the theme, loads the linked."""
        joined = self._script(tuple(self._linked(page, "script[src]", "src")))
        if not page.css(SCRIPTS):
            page.css("body")[0].insert_child(page.create_node("script"))
        for number, script in enumerate(page.css(SCRIPTS)):
            text = script.text()
            if number == 0:
                script.attrs["data-script"] = up + joined
                text += LOAD
            script.inner_html = ""
            script.attrs["src"] = up + self._file(text, "js")

    def _linked(self, page: LexborHTMLParser, links: str, key: str) -> Iterator[str]:
        """Yield each file of the site that a page has a use for; drop all links."""
        for link in page.css(links):
            found = STATIC.match(link.attributes[key] or "")
            if found:
                link.decompose()
                uses = [
                    use
                    for part, use in self.needed_for.items()
                    if part in found["name"]
                ]
                if all(page.css_first(use) for use in uses):
                    yield found["name"]

    def _style(self, names: tuple[str, ...]) -> str:
        """Return style sheets as one, with their drawings in files of their own."""
        css = process_stylesheet("\n".join(map(self._read, names)), minify=True)
        return DATA.sub(lambda data: self._drawing(data[2]), css)

    def _script(self, names: tuple[str, ...]) -> str:
        """Return the file of joined scripts."""
        return self._file(";\n".join(map(self._read, names)), "js")

    def _read(self, name: str) -> str:
        for part, text in self.made.items():
            if part in name:
                return text()
        return (self.root / name).read_text(encoding="utf-8")

    def _drawing(self, data: str) -> str:
        svg = unquote(data).replace("'", '"')
        return f'url("{Path(self._file(svg, "svg")).name}")'

    def _file(self, content: str, kind: str) -> str:
        """Write a file under its hash, and return its name."""
        digest = hashlib.sha256(content.encode()).hexdigest()[:12]
        name = f"_static/{digest}.{kind}"
        (self.root / name).write_text(content, encoding="utf-8")
        return name


def _own(page: LexborHTMLParser) -> Iterator[str]:
    """Yield what a page itself says of styles, each once, and take it out."""
    said: dict[str, None] = {}
    for style in page.css("style"):
        said[style.text()] = None
        style.decompose()
    for node in page.css("[style]"):
        rule = node.attributes["style"] or ""
        name = "s-" + hashlib.sha256(rule.encode()).hexdigest()[:8]
        said[f".{name} {{{rule}}}"] = None
        del node.attrs["style"]
        node.attrs["class"] = f"{name} {node.attributes.get('class') or ''}".strip()
    yield from said
