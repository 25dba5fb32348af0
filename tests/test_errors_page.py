"""Tests of the errors index: no text is forgotten, and each has a stable anchor."""

import doctest
import re
from itertools import pairwise
from pathlib import Path

import pytest

from vjp_guide._explain.error_table import ROWS

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
RECORDS = Path(__file__).parent.parent / "records"
INDEX = REFERENCE / "errors.md"
PAGES = sorted((REFERENCE / "errors").glob("*.md"))
PAGE_NAMES = [path.name for path in PAGES]
SILENT = REFERENCE / "silent-mistakes.md"
# One fragment for each text that torch 2.13 raises or warns with.
TEXTS = [
    "Mismatch in shape: grad_output[0] has a shape of",
    "grad can be implicitly created only for scalar outputs",
    "only for real scalar outputs but got torch.complex64",
    "both grad_output and output are required to have the same dtype",
    "index 0 appears to not have been used in the graph",
    "One of the differentiated Tensors does not require grad",
    "does not require grad and does not have a grad_fn",
    "Trying to backward through the graph a second time",
    "has been modified by an inplace operation: [torch.FloatTensor [3]]",
    "got 2 tensors and 1 gradients",
    "'float' object is not iterable",
    "gradients can be either Tensors or None, but got float",
    "gradients can be either Tensors or None, but got ndarray",
    "invalid gradient at index 0 - expected device cpu but got meta",
    "materialize_grads=True, but got: allow_unused=False",
    "If `is_grads_batched=True`, we interpret the first dimension",
    "vmap(vjp, in_dims=0, ...)(<inputs>): Got in_dim=0",
    "Expected f(*args) to return a scalar Tensor, got tensor with",
    "Expected pytree structure of cotangents to be the same",
    "v has invalid size: should be torch.Size([2]) but got torch.Size([3])",
    "The vector v can only be None if the user-provided function",
    "backward() called inside a functorch transform",
    "You are attempting to call Tensor.requires_grad_()",
    "returned an incorrect number of gradients (expected 2, got 1)",
    "at index 0 - got [3] but expected shape compatible with [2, 3]",
    "trying to differentiate twice a function that was marked with",
    "is a view and is being modified inplace",
    "Function 'SqrtBackward0' returned nan values in its 0th output",
    "When use_reentrant=True, torch.utils.checkpoint is incompatible",
    "Inference tensors cannot be saved for backward",
    "Only Tensors of floating point and complex dtype can require gradients",
    "Output 0 of the user-provided function is independent of input 0",
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed",
    "Using backward() with create_graph=True will create a reference cycle",
]
# Texts of earlier versions. No program raises them, so a heading has to hold them.
OLDER = [
    "One of the differentiated Tensors appears to not have been used in the graph",
    "invalid gradient at index 0 - expected shape [] but got [1]",
    "Checkpointing is not compatible with .grad()",
    "We do not support the case where any outputs are vmapped tensors",
]

# Labels that entries had before, kept for those who link to them.
SECOND = {"error-older-expected-shape", "error-older-vmapped-outputs"}


def outputs(page: str) -> list[str]:
    """Return what the doctests of a page print or raise, on one line each."""
    fences = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    parser = doctest.DocTestParser()
    examples = [example for fence in fences for example in parser.get_examples(fence)]
    return [" ".join(example.want.split()) for example in examples]


def anchors(path: Path) -> list[str]:
    """Return the explicit targets of a page."""
    return re.findall(r"^\((.+)\)=$", path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def printed() -> list[str]:
    """What all programs of the errors index print or raise."""
    return [text for path in PAGES for text in outputs(path.read_text("utf-8"))]


@pytest.mark.parametrize("text", TEXTS)
def test_a_program_of_the_index_raises_the_text(text: str, printed: list[str]) -> None:
    """Tests that the text is the tested output of a program, not prose alone."""
    assert any(text in output for output in printed)


@pytest.mark.parametrize("text", OLDER)
def test_an_older_text_has_a_heading(text: str) -> None:
    """Tests that a text which torch no longer prints is marked and can be found."""
    pages = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)

    when = r"(?:Before torch [\d.]+|Until \d{4}|In \d{4})"
    assert re.search(rf"^## {when}: .*{re.escape(text)}", pages, re.MULTILINE)


@pytest.mark.parametrize(
    ("release", "text"),
    [
        match.groups()
        for path in PAGES
        for match in re.finditer(
            r"^## Before torch ([\d.]+): `+ ?(.+?) ?`+$",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    ],
)
def test_the_heading_names_the_release_that_changed_the_text(
    release: str, text: str
) -> None:
    """Tests what the records of the releases hold."""
    records = RECORDS.glob("[0-9]*.json")

    found = {path.stem: text in path.read_text(encoding="utf-8") for path in records}

    assert found == {each: numbers(each) < numbers(release) for each in found}
    assert any(found.values())


def numbers(release: str) -> list[int]:
    """Return a release as numbers, which sort."""
    return [int(part) for part in release.split(".")]


@pytest.mark.parametrize("path", [*PAGES, SILENT], ids=[*PAGE_NAMES, SILENT.name])
def test_every_heading_has_its_own_anchor(path: Path) -> None:
    """Tests that links to an entry survive a change of its heading."""
    lines = path.read_text(encoding="utf-8").splitlines()
    prefix = "silent" if path == SILENT else "error"
    before = [above for above, line in pairwise(lines) if line.startswith("## ")]

    assert before
    assert all(re.fullmatch(rf"\({prefix}-[a-z-]+\)=", line) for line in before)


def test_the_anchors_are_unique() -> None:
    """Tests that no two entries share an anchor."""
    found = [anchor for path in [*PAGES, SILENT] for anchor in anchors(path)]

    assert len(found) == len(set(found))


@pytest.mark.parametrize("path", PAGES, ids=PAGE_NAMES)
def test_the_index_lists_every_entry(path: Path) -> None:
    """Tests that each anchor is linked from the index, and the page is in its tree."""
    index = INDEX.read_text(encoding="utf-8")

    listed = [anchor for anchor in anchors(path) if anchor not in SECOND]
    assert all(f"(errors/{path.name}#{anchor})" in index for anchor in listed)
    assert f"<errors/{path.stem}>\n" in index


def test_a_text_in_prose_alone_is_not_enough() -> None:
    """Tests the reading of outputs on a page that only mentions a text."""
    page = "E: a b\n```python\n>>> print('E:')\nE:\n>>> print()\n c\n d\n```\n"

    assert outputs(page) == ["E:", "c d"]


def test_the_index_and_the_table_of_diagnose_hold_the_same_entries() -> None:
    """Tests both directions, that each row has its entry, and knows its own text."""
    links = re.findall(
        r"\(errors/([\w-]+)\.md#error-([\w-]+)\)", INDEX.read_text("utf-8")
    )
    older = {(page, slug) for page, slug in links if slug.startswith("older-")}

    assert set(links) - older == {(row.page, row.slug) for row in ROWS}
    for row in ROWS:
        page = (REFERENCE / "errors" / f"{row.page}.md").read_text("utf-8")
        assert f"(error-{row.slug})=\n" in page
        found = [each.slug for each in ROWS if re.search(each.pattern, row.title)]
        assert found == [row.slug]
