"""Tests of traces as tables, of text and of HTML."""

import re
from html.parser import HTMLParser

import torch
from torch import Tensor

from vjp_guide import Trace, trace


def leaf(*values: float) -> Tensor:
    """Return a leaf with these values."""
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def seed() -> Trace:
    """Return the trace of z = outer(x, x)**2."""
    x = leaf(1, 2, 3, 4)
    return trace(torch.outer(x, x) ** 2, x, torch.ones(4, 4, dtype=torch.float64))


def test_shows_the_seed() -> None:
    """Tests all lines."""
    lines = str(seed()).splitlines()

    assert [re.sub(r"\s{2,}", " | ", line.strip()) for line in lines] == [
        "Backward pass of 3 nodes, from y (4, 4) to x (4,)",
        "step | operation | cotangents in | cotangents out | notes",
        "y | grad_outputs | (4, 4) to 0",
        "0 | PowBackward0 | (4, 4) | (4, 4) to 1 | saves self (4, 4)",
        (
            "1 | MulBackward0 | (4, 4) | (4, 1) to 2; (4,) [60, 120, 180, 240] to x"
            " | summed back to (4, 1), (4,); saves other (4,), self (4, 1)"
        ),
        "2 | ViewBackward0 | (4, 1) | (4,) [60, 120, 180, 240] to x",
        "x | gradient | (4,) [120, 240, 360, 480] | sum of 2 (from 1, 2)",
    ]


def test_aligns_columns() -> None:
    """Tests that a column begins at one place in all lines."""
    _, head, *lines = str(seed()).splitlines()

    for heading in ("operation", "cotangents in", "cotangents out"):
        start = head.index(heading)
        assert {line[start - 2 : start] for line in lines} == {"  "}


def test_names_results_by_number_where_there_are_several() -> None:
    """Tests a sum at one result of two, an output in the middle and an unused input."""
    x, other = leaf(1, 2).reshape(2, 1), leaf(3)
    first, second = x.unbind(0)

    text = str(
        trace(
            [first * second, second],
            [x, other],
            [torch.ones(1), torch.ones(1)],
            allow_unused=True,
        )
    )

    assert "(1,) [2] to 1[0]; (1,) [1] to 1[1]" in text
    assert "sum of 2 (from y1, 0) at [1]" in text
    assert re.search(r"x1 +gradient +none +not used", text)


def test_says_where_an_input_in_the_middle_is_taken() -> None:
    """Tests an input whose node runs too."""
    x = leaf(1, 2)
    y = x.sin()

    text = str(trace(y.exp(), [x, y], torch.ones(2)))

    assert re.search(r"x1 +gradient .* arrives at 1$", text)


def test_shows_complex_values() -> None:
    """Tests that both parts are shown."""
    z = torch.tensor([1 + 2j], requires_grad=True)

    assert "(1,) [1-1j]" in str(trace(z * 1, z, torch.tensor([1 - 1j])))


def test_folds_what_is_long() -> None:
    """Tests the lines of many nodes and of many inputs."""
    x = y = leaf(1)
    for _ in range(1_000):
        y = y * 1
    many = [leaf(number) for number in range(50)]

    lines = str(trace(y, x)).splitlines()
    _, *inputs = str(trace(torch.cat(many).sum(), many)).splitlines()

    assert len(lines) == 2 + 1 + 41 + 1
    assert "  960 more nodes ..." in lines[23]
    assert lines[23].strip() == "...  960 more nodes ..."
    assert lines[24].strip().startswith("980 ")
    assert "...  10 more inputs ..." in {line.strip() for line in inputs}


def test_describes_itself_in_one_line() -> None:
    """Tests repr, also with many inputs."""
    many = [leaf(number) for number in range(50)]

    assert repr(seed()) == "<Trace of 3 nodes, from y (4, 4) to x (4,)>"
    assert repr(trace(torch.cat(many).sum(), many)).endswith("to 50 tensors>")


class Reader(HTMLParser):
    """Collects tags, with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.words.append(data)


def test_html_is_an_accessible_table_and_the_figure() -> None:
    """Tests caption, scopes and the scroll region, and that no style is inline."""
    record = seed()

    reader = Reader(record._repr_html_())

    tags = [tag for tag, _ in reader.tags]
    assert reader.tags[0] == ("div", {"class": "vjp-trace"})
    assert tags.count("table") == tags.count("caption") == tags.count("svg") == 1
    scopes = [attributes["scope"] for tag, attributes in reader.tags if tag == "th"]
    assert scopes == ["col"] * 5 + ["row"] * 5
    assert not any("style" in attributes for _, attributes in reader.tags)
    region = reader.tags[1][1]
    assert region["tabindex"] == "0"
    assert region["aria-label"] == "Backward pass of 3 nodes, from y (4, 4) to x (4,)"
    assert record.figure().svg in record._repr_html_()


def test_html_shows_all_values_and_escapes_names() -> None:
    """Tests a matrix on several lines, and a name with an ampersand."""
    x = leaf(1, 2, 3, 4)

    html = trace(torch.outer(x, x), {"a&b": x}, torch.ones(4, 4))._repr_html_()

    rows = ",\n ".join(["[1, 1, 1, 1]"] * 4)
    assert f"<td>(4, 4)\n[{rows}]</td>" in html
    assert '<th scope="row">a&amp;b</th>' in html


def test_folds_a_node_of_many_results() -> None:
    """Tests 2,000 outputs of one node, and 2,000 that are added up at one place."""
    x = torch.ones(2000, requires_grad=True)
    parts = (x * 2).unbind()
    shared = torch.ones((), requires_grad=True)
    many, sums = trace(parts, x), trace([shared * k for k in range(2000)], shared)

    assert max(map(len, str(many).splitlines())) < 200
    assert "() 1; ... 1,992 more ...; () 1" in str(many)
    assert "sum of 2,000 (from 0, 1, 2, 3, ... 1,992 more ...," in str(sums)
    assert len(many._repr_html_()) < 100_000
