"""The last step of an HTML build: pages that load little and obey a strict policy.

Themes and extensions link a style sheet each, on every page, and write styles and
scripts into the page. A content security policy of ``default-src 'self'`` refuses the
latter. So each page gets one style sheet and one script of the parts that it needs, and
all that stood in the page moves to files whose names hold their hash. The one script is
loaded after the page's first frame.
"""

import hashlib
import re
from functools import partial
from pathlib import Path
from urllib.parse import unquote

# The 404 page has absolute addresses, the others relative ones.
ADDRESS = r'(?P<up>(?:\.\./)*|/[^"]*?)(?P<name>_static/[^"?]+)[^"]*'
STYLESHEET = re.compile(rf'\s*<link rel="stylesheet"[^>]*href="{ADDRESS}"[^>]*/?>')
LINKED_SCRIPT = re.compile(rf'\s*<script src="{ADDRESS}"></script>')
HASHED = re.compile(r"/[0-9a-f]{12}\.css$")
STYLE = re.compile(r"\s*<style>(.*?)</style>", re.DOTALL)
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
STYLED = re.compile(r'<(\w+)([^<>]*?) style="([^"]*)"([^<>]*?)(/?)>')
DATA = re.compile(r"""url\((["']?)data:image/svg\+xml[^,]*,(.*?)\1\)""")
# Elements that the styles leave as the code around them: names, punctuation, spaces.
PLAIN = re.compile(r'<span class="(?:n|p|w|pre)">([^<]*)</span>')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RULE = re.compile(r"(?P<selectors>[^{}@]+)\{[^{}]*\}")
CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
EXCEPT = re.compile(r":not\([^()]*\)")
PRELOAD = (
    '<link rel="preload" href="{}_static/stix-two-math.woff2" as="font" '
    'type="font/woff2" crossorigin>'
)
LOAD = Path(__file__).with_name("load.js").read_text(encoding="utf-8")
# A part that only pages with such markup need.
NEEDED_FOR = {
    "clipboard": 'class="highlight',
    "copybutton": 'class="highlight',
    "mystnb": 'class="cell',
    "sg-tags": 'class="sphx-glr-tag"',
    "sg_gallery": "sphx-glr-",
}


class Site:
    """The built site, with the files that its pages share."""

    def __init__(self, root: Path) -> None:
        self.root = root
        paths = [*pages(root), *(root / "_static").rglob("*.js")]
        texts = [path.read_text(encoding="utf-8") for path in paths]
        self.sheets: dict[str, str] = {}
        self.words = {word for text in texts for word in re.findall(r"[\w-]+", text)}

    def finish(self, page: Path) -> None:
        """Rewrite one page."""
        html = page.read_text(encoding="utf-8")
        first = STYLESHEET.search(html)
        if first is None or HASHED.search(first["name"]):
            return  # the page is as the last build left it
        up = first["up"]
        html = self._one_script(PLAIN.sub(r"\1", html), up)
        css = [self._sheet(name) for name in _needed(STYLESHEET, html)]
        html = STYLED.sub(partial(_to_class, css), html)
        css += dict.fromkeys(STYLE.findall(html))
        address = up + self._file("\n".join(css), "css")
        link = f'<link rel="stylesheet" href="{address}">'
        if "<math" in html:
            link += PRELOAD.format(up)
        html = STYLESHEET.sub("", STYLE.sub("", html))
        html = html.replace("</head>", f"{link}</head>", 1)
        html = SCRIPT.sub(lambda script: self._to_file(up, script[1]), html)
        page.write_text(html, encoding="utf-8")

    def _one_script(self, html: str, up: str) -> str:
        """Join the linked scripts; the one that sets the theme loads them."""
        names = _needed(LINKED_SCRIPT, html)
        names.sort(key=lambda name: "search-index" in name)  # it starts the search
        scripts = [(self.root / name).read_text(encoding="utf-8") for name in names]
        joined = up + self._file(";\n".join(scripts), "js")
        html = LINKED_SCRIPT.sub("", html)
        listed = f' data-script="{joined}"'
        return SCRIPT.sub(
            lambda theme: self._to_file(up, theme[1] + LOAD, listed), html, 1
        )

    def _sheet(self, name: str) -> str:
        """Return the rules in use, with their drawings in files of their own."""
        if name not in self.sheets:
            css = COMMENT.sub("", (self.root / name).read_text(encoding="utf-8"))
            css = RULE.sub(lambda rule: rule[0] * self._is_used(rule["selectors"]), css)
            self.sheets[name] = DATA.sub(lambda data: self._drawing(data[2]), css)
        return self.sheets[name]

    def _is_used(self, selectors: str) -> bool:
        """Return whether the pages or scripts name all classes of a selector."""
        parts = EXCEPT.sub("", selectors).split(",")
        return any(set(CLASS.findall(part)) <= self.words for part in parts)

    def _drawing(self, data: str) -> str:
        svg = unquote(data).replace("'", '"')
        return f'url("{Path(self._file(svg, "svg")).name}")'

    def _to_file(self, up: str, script: str, attribute: str = "") -> str:
        return f'<script src="{up}{self._file(script, "js")}"{attribute}></script>'

    def _file(self, content: str, kind: str) -> str:
        digest = hashlib.sha256(content.encode()).hexdigest()[:12]
        name = f"_static/{digest}.{kind}"
        (self.root / name).write_text(content, encoding="utf-8")
        return name


def _needed(links: re.Pattern[str], html: str) -> list[str]:
    """Return the linked files that the page has a use for."""
    names = [link["name"] for link in links.finditer(html)]
    return [
        name
        for name in names
        if all(mark in html for part, mark in NEEDED_FOR.items() if part in name)
    ]


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


def finish(root: Path) -> None:
    """Rewrite each page that was built."""
    site = Site(root)
    for page in pages(root):
        site.finish(page)


def pages(root: Path) -> list[Path]:
    """Return the pages of the built site."""
    paths = sorted(root.rglob("*.html"))
    return [path for path in paths if "_static" not in path.parts]
