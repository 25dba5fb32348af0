"""Tests of the error doctor: that it says what ``vjp_guide.diagnose`` says."""

import re

import pytest
from playwright.sync_api import Page, expect

from browser.reader import visit
from browser.serve import SITE
from vjp_guide import diagnose

INDEX = (SITE.parents[1] / "reference/errors.md").read_text(encoding="utf-8")
TEXTS = [
    text.strip("` ")
    for line in INDEX.splitlines()
    if "#error-" in line
    for text in re.findall(r"`` .+? ``|`[^`]+`", line.partition("](")[0])
]
TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 12, in <module>
    torch.autograd.grad(y, x, grad_outputs=v)
  File "/env/torch/autograd/__init__.py", line 483, in grad
RuntimeError: {}
"""
MISMATCH = (
    "Mismatch in shape: grad_output[0] has a shape of torch.Size([32, 10]) "
    "and output[0] has a shape of torch.Size([32])."
)
FOUND = """texts => texts.map(text => {
  const { found } = VJP.diagnose(text);
  return found && [found.slug, found.cause, found.fix, found.code];
})"""
PAGES = ["index.html", "404.html"]


def test_as_diagnose(page: Page) -> None:
    """Tests each text of the errors index, alone and in a traceback."""
    visit(page, "index.html")
    page.locator(".doctor textarea").focus()
    page.wait_for_function("() => globalThis.VJP?.errors !== undefined")
    pasted = [*TEXTS, *map(TRACEBACK.format, TEXTS)]
    known = [diagnose(text) for text in pasted]
    expected = [each and [each.slug, each.cause, each.fix, each.code] for each in known]
    assert sum(each is not None for each in known) > len(TEXTS) > 30
    assert page.evaluate(FOUND, pasted) == expected


@pytest.mark.parametrize("path", PAGES)
def test_shapes_of_this_call(page: Page, path: str) -> None:
    """Tests what a pasted traceback gets, on each page that takes one."""
    visit(page, path)
    form = page.locator(".doctor")
    form.get_by_role("textbox").fill(TRACEBACK.format(MISMATCH))
    answer = form.locator("output")
    expect(answer).to_contain_text("v is (32, 10), your output is (32,).")
    expect(answer).to_contain_text("grad_outputs=torch.ones_like(y)")
    expect(answer.get_by_role("link")).to_have_attribute(
        "href", re.compile(r"reference/errors/shapes\.html#error-shape-mismatch$")
    )
