"""Checks of what is published: the one reader of built pages.

No page makes its reader's browser ask another site for anything.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "manifest"}
OUTSIDE = re.compile(r"(https?:)?//", re.IGNORECASE)

logger = logging.getLogger(__name__)


class Requests(HTMLParser):
    """Collects the addresses that a browser loads without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what ``tag`` loads."""
        values = dict(attrs)
        relations = set((values.get("rel") or "").split())
        if tag != "a" and (tag != "link" or relations & LOADING_LINKS):
            names = ("src", "srcset", "data", "poster", "href")
            self.addresses += [values[name] or "" for name in names if name in values]


def outside_requests(path: Path) -> list[str]:
    """Return the addresses outside the site that a built file makes a browser load."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        loaded = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)", text)
    else:
        parser = Requests()
        parser.feed(text)
        loaded = parser.addresses
    return [address for address in loaded if OUTSIDE.match(address)]


def ask_nobody(app: Sphinx) -> None:
    """Warn of each request to another site, which fails a strict build."""
    for suffix in ("css", "html"):
        for path in sorted(Path(app.outdir).rglob(f"*.{suffix}")):
            for address in outside_requests(path):
                logger.warning("%s loads %s", path.relative_to(app.outdir), address)
