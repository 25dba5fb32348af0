"""A test that the addresses which others link to stay: the labels of the pages."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
LIST = Path(__file__).parent / "anchors.txt"
LABEL = re.compile(r"^\(([^)\n]+)\)=$", re.MULTILINE)


def anchors() -> list[str]:
    """Return page#anchor for each label in the sources of the pages."""
    return sorted(
        f"{path.relative_to(DOCS).with_suffix('')}#{label}"
        for path in DOCS.rglob("*.md")
        if "_build" not in path.parts
        for label in LABEL.findall(path.read_text(encoding="utf-8"))
    )


def test_no_anchor_is_lost() -> None:
    """Tests that each address of the list leads somewhere."""
    listed = LIST.read_text(encoding="utf-8").split()

    assert sorted(set(listed) - set(anchors())) == []


def test_each_anchor_is_listed() -> None:
    """Tests that new ones were added to the list, by running this file."""
    listed = LIST.read_text(encoding="utf-8").split()

    assert anchors() == listed


if __name__ == "__main__":
    kept = LIST.read_text(encoding="utf-8").split() if LIST.exists() else []
    lines = sorted({*kept, *anchors()})
    LIST.write_text("\n".join(lines) + "\n", encoding="utf-8")
