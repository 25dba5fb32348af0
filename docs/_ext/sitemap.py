"""The list of all pages that search engines read, in the same order in each build."""

from pathlib import Path
from xml.sax.saxutils import escape

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write sitemap.xml."""
    if exception is None and app.builder.format == "html":
        addresses = (
            escape(f"{app.config.html_baseurl}{page}.html")
            for page in sorted(app.env.found_docs)
        )
        lines = [f"<url><loc>{address}</loc></url>" for address in addresses]
        text = "\n".join([f'<urlset xmlns="{NAMESPACE}">', *lines, "</urlset>\n"])
        (Path(app.outdir) / "sitemap.xml").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write the list at the end."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
