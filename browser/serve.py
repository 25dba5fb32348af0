"""A local server of the built site with the headers that a good host sends.

Text is compressed, pages are revalidated, files with a hash in their address are kept
for a year, and the content security policy allows nothing from another site.
"""

import functools
import gzip
import mimetypes
import os
import re
import shutil
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).parents[1] / "docs" / "_build" / "html"
POLICY = "default-src 'self'"
PREFIX = "/vjp-guide/"  # the addresses of the 404 page are those of its host
HASHED = re.compile(r"[0-9a-f]{12}\.\w+")
YEAR = 365 * 24 * 3600


class Handler(BaseHTTPRequestHandler):
    """Answers GET requests with files of the site."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send the file, or the site's 404 page."""
        url = urlsplit(self.path)
        path = SITE / unquote(url.path).removeprefix(PREFIX).lstrip("/")
        path = path / "index.html" if path.is_dir() else path
        status = HTTPStatus.OK if path.is_file() else HTTPStatus.NOT_FOUND
        path = path if path.is_file() else SITE / "404.html"
        hashed = HASHED.fullmatch(path.name) is not None or url.query.startswith("v=")
        self._send(path, status, forever=hashed)

    def _send(self, path: Path, status: HTTPStatus, *, forever: bool) -> None:
        body = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.send_response(status)
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "svg+xml")):
            body = compressed(body)
            self.send_header("Content-Encoding", "gzip")
            kind += "; charset=utf-8"
        age = YEAR if forever else 0
        self.send_header("Cache-Control", f"public, max-age={age}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Type", kind)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@functools.lru_cache
def compressed(body: bytes) -> bytes:
    """Return a text as it is sent; pages share their styles and scripts."""
    return gzip.compress(body, mtime=0)


def pages() -> list[str]:
    """Return the addresses of all pages, relative to the site's."""
    paths = sorted(path.relative_to(SITE) for path in SITE.rglob("*.html"))
    return [path.as_posix() for path in paths if path.parts[0] != "_static"]


def chromium() -> str | None:
    """Return the path of the system's Chromium, or of Chrome."""
    names = "chromium", "chromium-browser", "google-chrome"
    found = (path for path in map(shutil.which, names) if path)
    return os.environ.get("CHROME_PATH") or next(found, None)


def server(port: int = 0) -> ThreadingHTTPServer:
    """Return a server on the loopback address; port 0 takes a free one."""
    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    with server(8000) as site:
        sys.stdout.write("http://127.0.0.1:8000\n")
        site.serve_forever()
