"""Checks of what is published: the one reader of built pages.

No page makes its reader's browser ask another site for anything.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser
from sphinx.application import Sphinx
from sphinx.util import logging

LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "manifest"}
ADDRESSES = ("src", "srcset", "data", "poster", "href")
ELEMENTS = f":is({', '.join(f'[{name}]' for name in ADDRESSES)}):not(a)"
OUTSIDE = re.compile(r"(https?:)?//", re.IGNORECASE)

logger = logging.getLogger(__name__)


def outside_requests(path: Path) -> list[str]:
    """Return the addresses outside the site that a built file makes a browser load."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        loaded = iter(re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", text))
    else:
        loaded = _loaded(LexborHTMLParser(text))
    return [address for address in loaded if OUTSIDE.match(address)]


def _loaded(page: LexborHTMLParser) -> Iterator[str]:
    """Yield the addresses that a browser loads without being asked."""
    for element in page.css(ELEMENTS):
        values = element.attributes
        relations = set((values.get("rel") or "").split())
        if element.tag != "link" or relations & LOADING_LINKS:
            yield from (values[name] or "" for name in ADDRESSES if name in values)


def ask_nobody(app: Sphinx) -> None:
    """Warn of each request to another site, which fails a strict build."""
    for suffix in ("css", "html"):
        for path in sorted(Path(app.outdir).rglob(f"*.{suffix}")):
            for address in outside_requests(path):
                logger.warning("%s loads %s", path.relative_to(app.outdir), address)
