"""The pages of the operator atlas, computed for the installed torch.

Each category is a page, whose source is written before Sphinx looks for sources.
Its entries are index entries, so that the site's search finds them by each of their
names. They aren't sections, which Sphinx would copy for the navigation of each page.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path

import atlas_html as html
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.display import status_iterator
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

from vjp_guide.operators._atlas import atlas, cache_folder, fingerprint, to_json
from vjp_guide.operators._categories import CATEGORIES, Category
from vjp_guide.operators._opinfo import OperatorsUnavailableError
from vjp_guide.operators._records import Atlas, Entry
from vjp_guide.operators._summary import summary

PAGES = "operators/entries"
JOBS = 2

logger = logging.getLogger(__name__)


@cache
def computed() -> Atlas | None:
    """Return the atlas, or nothing if torch's tables can't be read."""
    try:
        return atlas(jobs=JOBS, progress=_progress)
    except OperatorsUnavailableError as error:
        logger.info("%s: the pages of the operators stay empty", error)
        return None


def _progress(entries: Iterator[Entry], count: int) -> Iterable[Entry]:
    return status_iterator(
        entries, "verifying operators... ", "darkgreen", count, stringify_func=_name
    )


def _name(entry: Entry) -> str:
    return entry.name


def write_sources(app: Sphinx) -> None:
    """Write the source of each category's page, unless it is there."""
    folder = Path(app.srcdir) / PAGES
    folder.mkdir(parents=True, exist_ok=True)
    computed()
    for page in CATEGORIES:
        title = f".. title:: {page.title}: vector-Jacobian products in PyTorch"
        heading = f"{page.title}\n{'=' * len(page.title)}"
        text = f"{title}\n\n{heading}\n\n.. operators:: {page.slug}\n"
        path = folder / f"{page.slug}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


class Fragment(nodes.General, nodes.Element):
    """HTML that the search doesn't read: it is numbers and code for the most part."""


class AtlasDirective(SphinxDirective):
    """What the directives of the atlas share."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return the nodes, and rebuild the page when the atlas changes."""
        found = computed()
        if found is None:
            return [nodes.paragraph("", "The atlas needs the extra 'operators'.")]
        self.env.note_dependency(cache_folder() / f"operators-{fingerprint()}.json")
        return list(self.content_of(found))

    def content_of(self, found: Atlas) -> Iterator[nodes.Node]:
        """Yield the nodes of the directive."""
        raise NotImplementedError


class Operators(AtlasDirective):
    """The entries of one category."""

    required_arguments = 1

    def content_of(self, found: Atlas) -> Iterator[nodes.Node]:
        """Yield links to the entries, and the entries."""
        entries = [e for e in found.entries if e.category == self.arguments[0]]
        links = (f'<a href="#{escape(e.name)}">{_short(e)}</a>' for e in entries)
        yield _raw(f'<p class="op-list">{" ".join(links)}</p>')
        for entry in entries:
            yield from _entry(entry)


class Index(AtlasDirective):
    """The table of all operators, which a script makes filterable."""

    def content_of(self, found: Atlas) -> Iterator[nodes.Node]:
        """Yield the table."""
        titles = {page.slug: page for page in CATEGORIES}
        rows = "".join(_row(entry, titles[entry.category]) for entry in found.entries)
        yield _raw(
            '<div class="table-wrapper"><table class="docutils" id="op-table"><thead>'
            "<tr><th>operator</th><th>group</th><th>inputs</th><th>state</th>"
            "<th>more</th></tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )


class Summary(AtlasDirective):
    """The counts of the run, and each exception with its reason."""

    def content_of(self, found: Atlas) -> Iterator[nodes.Node]:
        """Yield the tables."""
        counts = summary(found)
        operators, documented = counts.operators
        programs, plain = counts.programs
        yield _table(
            ("what", "how many"),
            [
                ("public operators", f"{operators}"),
                ("of them documented by torch", f"{documented}"),
                ("operators with a program that equals autograd", f"{programs}"),
                ("of them without a backward kernel of torch", f"{plain}"),
                ("variants", f"{counts.variants}"),
                *((f"variants: {state}", f"{n}") for state, n in counts.states.items()),
                ("verified without a named exception", f"{counts.blind}"),
                *((f"check: {check}", f"{n}") for check, n in counts.checks.items()),
            ],
        )
        yield nodes.rubric("", "Verified with a named exception")
        yield _table(("variant", "why"), [(v.name, v.reason) for v in counts.excepted])
        yield nodes.rubric("", "Gauge-dependent: what the derivative needs")
        yield _table(
            ("operator", "condition"),
            [(entry.name, entry.note) for entry in found.entries if entry.note],
        )
        yield nodes.rubric("", "Not verified")
        yield _table(
            ("variant", "state", "why"),
            [(v.name, v.state, v.reason) for v in counts.excluded],
        )
        yield nodes.rubric("", "Without a derivative in torch")
        yield _raw(f"<p>{', '.join(f'<code>{n}</code>' for n in found.without)}</p>")
        yield nodes.paragraph("", found.notice)


def _entry(entry: Entry) -> Iterator[nodes.Node]:
    name = escape(entry.name)
    words = [("single", word, entry.name, "", None) for word in _words(entry)]
    yield addnodes.index(entries=words)
    yield _raw(
        f'<h2 id="{name}"><code class="literal">{name}</code>'
        f'<a class="headerlink" href="#{name}" title="Link to this operator">¶</a></h2>'
        f"{html.head(entry)}"
    )
    for formula in entry.formulas:
        yield nodes.math_block("", formula.latex, nowrap=False, number=None)
        yield nodes.paragraph("", formula.why)
    if entry.note:
        yield nodes.paragraph("", entry.note)
    yield _raw("".join(_parts(entry)))


def _words(entry: Entry) -> list[str]:
    """Return what people look the operator up by."""
    names = (entry.name, *entry.aliases)
    words = {name.rpartition(".")[2] for name in names} | {*names}
    if entry.example and len(entry.example.nodes) == 1:
        words.add(entry.example.nodes[0][0])
    return sorted(words)


def _parts(entry: Entry) -> Iterator[str]:
    if entry.example:
        yield html.call(entry.example)
        yield html.program(entry.example)
        yield html.facts(entry.example)
    if entry.kinks:
        rows = "".join(
            f"<tr><td>{escape(call)}</td><td>{escape(product)}</td></tr>"
            for call, product in entry.kinks
        )
        yield (
            '<div class="table-wrapper"><table class="docutils"><thead><tr>'
            "<th>at a tie or kink</th><th>product for v of ones</th></tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )
    if entry.derivatives:
        text = escape("\n".join(entry.derivatives))
        yield (
            "<details><summary>In torch's derivatives.yaml</summary>"
            f'<pre class="op-yaml">{text}</pre></details>'
        )
    yield html.checks(entry.variants)


def _row(entry: Entry, page: Category) -> str:
    best = entry.variants[0]
    example = entry.example
    inputs = len(example.products) if example else 0
    badges = [
        word
        for word, known in (
            ("forward", best.forward == "yes"),
            ("twice", best.twice in {"yes", "constant"}),
            ("complex", best.complex == "yes"),
            ("vmap", best.batched),
            ("formula", bool(entry.formulas)),
            ("gauge", bool(entry.note)),
        )
        if known
    ]
    words = " ".join(name.removeprefix("torch.") for name in entry.aliases)
    also = f" <small>{escape(words)}</small>" if words else ""
    address = f"entries/{page.slug}.html#{escape(entry.name)}"
    return (
        f'<tr><td><a href="{address}">{_short(entry)}</a>'
        f"{also}</td><td>{page.title}</td><td>{inputs}</td><td>{best.state}</td>"
        f"<td>{' '.join(badges)}</td></tr>"
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Fragment:
    titles = "".join(f"<th>{title}</th>" for title in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return _raw(
        '<div class="table-wrapper"><table class="docutils"><thead>'
        f"<tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _short(entry: Entry) -> str:
    return escape(entry.name.removeprefix("torch."))


def _raw(markup: str) -> Fragment:
    return Fragment(markup=markup)


def visit_fragment(self: HTML5Translator, node: Fragment) -> None:
    """Write the HTML."""
    self.body.append(node["markup"])
    raise nodes.SkipNode


def skip_fragment(*_: object) -> None:
    """Leave the HTML out of other formats."""
    raise nodes.SkipNode


def write_data(app: Sphinx, exception: Exception | None) -> None:
    """Write all entries as one file, beside the page that describes it."""
    found = computed()
    if exception is None and app.builder.format == "html" and found is not None:
        path = Path(app.outdir) / "operators" / "operators.json"
        path.write_text(to_json(found), encoding="utf-8")


def add_script(app: Sphinx, pagename: str, *_: object) -> None:
    """Give the index its filter."""
    if pagename == "operators/index":
        app.add_js_file("operators.js", loading_method="defer")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives and the steps of the build."""
    skip = (skip_fragment, None)
    app.add_node(Fragment, html=(visit_fragment, None), text=skip, latex=skip)
    app.add_directive("operators", Operators)
    app.add_directive("operators-index", Index)
    app.add_directive("operators-summary", Summary)
    app.connect("builder-inited", write_sources)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_data)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
