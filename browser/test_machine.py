"""Tests of the machine in Chromium: its numbers, its errors and its handling."""

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import torch
from playwright.sync_api import Browser, CDPSession, Page, expect

from browser import machine_cases, test_pages
from browser.reader import visit
from browser.serve import SITE

PAGE = "machine.html"
VALUES, ERRORS = 2000, 200  # random calls that must agree, at least
TOLERANCE = 1e-6
SAME_TEXT = 0.985  # of the machine's own numbers
PARTS = ("y", "J", "result", "Ju")
NAN, INF = float("nan"), float("inf")
FRAME = 16  # milliseconds
OUTCOMES = """states => states.map(state => {
  const { error, ...seen } = VJP.compute(state);
  if (error) return { error: error.text, kind: error.kind };
  const parts = ["y", "J", "result", "Ju"].map(name => [name, [...seen[name].data]]);
  return { shape: seen.y.shape, ...Object.fromEntries(parts) };
})"""
OWN_TEXTS = """states => states.map(state => {
  const seen = VJP.compute(state);
  return ["y", "J", "result"].map(name => VJP.format(seen[name]));
})"""
PRINTED = """tensors => tensors.map(({ shape, values }) =>
  VJP.format(new VJP.Tensor(shape, Float64Array.from(values))))"""
OPERATIONS = "VJP.groups.flatMap(({ entries }) => entries.map(({ names }) => names))"
# Typing into a field, with the layout that follows.
TYPE = """([name, text]) => {
  const field = document.getElementById(`machine-${name}`);
  const start = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""
TYPED = "torch.full_like(y, {})"
WORK = "ScriptDuration", "LayoutDuration", "RecalcStyleDuration"


@contextlib.contextmanager
def doubles() -> Iterator[None]:
    """Let torch compute as the machine does."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(autouse=True)
def in_double_precision() -> Iterator[None]:
    """Let each test compute as the machine does."""
    with doubles():
        yield


@pytest.fixture(scope="module")
def engine(browser: Browser, site: str) -> Iterator[Page]:
    """Return a tab with the machine for tests that only compute."""
    with browser.new_context(base_url=site) as context:
        page = context.new_page()
        visit(page, PAGE)
        expect(page.locator("#y")).not_to_be_empty()
        yield page


def address(**state: str) -> str:
    """Return the page with this state."""
    return f"{PAGE}#" + "&".join(
        f"{name}={quote(text)}" for name, text in state.items()
    )


def opened(page: Page, **state: str) -> Page:
    """Open the page in a state and wait until it shows it."""
    page.goto("about:blank")
    visit(page, address(**state))
    expect(page.locator("#y")).not_to_be_empty()
    return page


def text(page: Page, place: str) -> str:
    """Return the text of an element."""
    return page.locator(place).text_content() or ""


@pytest.fixture(scope="module")
def cases() -> list[machine_cases.Case]:
    """Return random calls, the same each time, somewhat more than are wanted."""
    taken: list[machine_cases.Case] = []
    wanted = [VALUES + 300, ERRORS + 300]
    random_cases = machine_cases.random_cases(0)
    with doubles():
        while max(wanted) > 0:
            taken.append(next(random_cases))
            wanted["error" in taken[-1].expected] -= 1
    return taken


def agrees(found: object, expected: object) -> bool:
    """Return whether numbers agree, nan with nan."""
    first, second = (
        torch.tensor(each, dtype=torch.float64) for each in (found, expected)
    )
    return torch.allclose(first, second, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def outcomes(
    engine: Page, cases: list[machine_cases.Case]
) -> Iterator[tuple[machine_cases.Case, dict[str, Any]]]:
    """Yield each call with what the machine makes of it."""
    for start in range(0, len(cases), 500):
        batch = cases[start : start + 500]
        found = engine.evaluate(OUTCOMES, [case.state for case in batch])
        yield from zip(batch, found, strict=True)


def test_values_of_random_calls(engine: Page, cases: list[machine_cases.Case]) -> None:
    """Tests values, shapes, J, VJP and JVP of random expressions in random states."""
    accepted = [case for case in cases if "error" not in case.expected]
    assert len(accepted) >= VALUES
    wrong = [
        (case.state, found)
        for case, found in outcomes(engine, accepted)
        if found.get("shape") != case.expected["shape"]
        or not all(agrees(found[part], case.expected[part]) for part in PARTS)
    ]
    assert wrong == []


def test_errors_of_random_calls(engine: Page, cases: list[machine_cases.Case]) -> None:
    """Tests the texts of errors to the letter; what the machine lacks isn't counted."""
    refused = [case for case in cases if "error" in case.expected]
    answered = [pair for pair in outcomes(engine, refused) if pair[1].get("kind", "")]
    assert len(answered) >= max(ERRORS, 0.97 * len(refused))
    assert [pair for pair in answered if pair[1] != pair[0].expected] == []


TYPES = [
    "x @ 2",
    "x + 'a'",
    "x * [1., 2., 3.]",
    "x - None",
    "torch.matmul(x, 2)",
    "x.matmul(2.0)",
    "torch.sin(2.0)",
    "torch.dot(x, 2)",
    "torch.stack(x)",
    "torch.cat(x)",
    "torch.cat([x, 1.0])",
    "torch.reshape(x, 3, 1)",
    "torch.permute(x, 0, 1)",
    "torch.flip(x, 0)",
    "torch.tile(x, 2)",
    "torch.outer(x)",
    "x.softmax()",
    "x.transpose(0)",
    "len(x.sum())",
    "-'a'",
]


@pytest.mark.parametrize("expression", TYPES)
def test_errors_of_types(engine: Page, expression: str) -> None:
    """Tests the texts where an argument is of the wrong type."""
    names = {"x": torch.tensor([1.0, 2.0, 3.0], requires_grad=True)}
    with pytest.raises(TypeError) as caught:
        machine_cases.evaluate(expression, names)
    found = engine.evaluate(OUTCOMES, [{"y": expression, "x": "[1., 2., 3.]"}])
    assert found == [{"error": str(caught.value), "kind": "TypeError"}]


def test_prints_its_own_as_torch(engine: Page, cases: list[machine_cases.Case]) -> None:
    """Tests the texts of the machine's own numbers, nearly all the same.

    A digit more or less changes the text of a whole tensor where a zero becomes 1e-17.
    """
    accepted = [case for case in cases if "error" not in case.expected]
    texts = engine.evaluate(OWN_TEXTS, [case.state for case in accepted])
    expected = [
        [case.expected["printed"][name] for name in ("y", "J", "result")]
        for case in accepted
    ]
    same = [pair[0] == pair[1] for pair in zip(texts, expected, strict=True)]
    assert sum(same) >= SAME_TEXT * len(accepted)


def test_prints_as_torch(engine: Page, cases: list[machine_cases.Case]) -> None:
    """Tests that each tensor of the random calls is printed as torch prints it."""
    accepted = [case.expected for case in cases if "error" not in case.expected]
    tensors, texts = [], []
    for expected in accepted:
        for name, text in expected["printed"].items():
            tensors.append(
                {"shape": expected["shapes"][name], "values": expected[name]}
            )
            texts.append(text)
    for shape in [(1001,), (40, 30), (0,), (0, 3), (2, 0, 3)]:
        large = torch.arange(torch.Size(shape).numel()).reshape(shape) / 7
        tensors.append({"shape": list(shape), "values": large.flatten().tolist()})
        texts.append(str(large))
    for values in [
        [1e9, 1.0],
        [1e-5, 1.0],
        [0.00012345, 2.0],
        [NAN, 1.0],
        [0.5, 1.5, 2.5],
        [0.03125, 0.09375],
        [12345.0, 1.0],
        [-1.77485, 0.45105, 1.0],
        [1e5, 0.5],
        [INF, -INF, 0.0],
        [-0.0, 0.0],
        [123456789.0],
    ]:
        tensors.append({"shape": [len(values)], "values": values})
        texts.append(str(torch.tensor(values)))
    assert engine.evaluate(PRINTED, tensors) == texts


def test_each_operation_is_compared(engine: Page) -> None:
    """Tests that a template of the random calls uses each operation of the list."""
    text = "\n".join(machine_cases.ALL)
    missing = []
    for names in engine.evaluate(OPERATIONS):
        words = [name.replace("torch.nn.functional.", "F.") for name in names]
        words = [re.escape(word.removeprefix("Tensor")) for word in words]
        if not any(re.search(rf"{word}\b", text) for word in words):
            missing.append(names)
    signs = {"bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^"}
    assert [
        names for names in missing if names[0].removeprefix("torch.") not in signs
    ] == []
    assert len(engine.evaluate(OPERATIONS)) >= 60


def run(program: str) -> list[str]:
    """Return the lines that a program prints, or the error that ends it."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(program, {})  # noqa: S102 - the page's own program
        except RuntimeError as error:
            return [str(error)]
    return printed.getvalue().split("\n")


def test_examples(page: Page) -> None:
    """Tests that each example's program prints what the page shows, or its error."""
    visit(page, PAGE)
    choice = page.get_by_label("Example")
    examples = [
        option for option in choice.locator("option").all() if option.is_enabled()
    ]
    assert len(examples) >= 10
    for value in [option.get_attribute("value") for option in examples]:
        choice.select_option(value)
        shown = text(page, "#error") or text(page, "#result")
        lines = run(text(page, "#program"))
        assert "\n".join(lines).startswith(shown)


def test_outer_product(page: Page) -> None:
    """Tests the first question of the site: why 20?"""
    opened(page, y="torch.outer(x, x)", x="[1., 2., 3., 4.]", v="torch.ones_like(y)")
    x = torch.tensor([1.0, 2.0, 3.0, 4.0])
    expect(page.locator("#y")).to_have_text(str(torch.outer(x, x)))
    expect(page.locator("#result")).to_have_text("tensor([20., 20., 20., 20.])")
    expect(page.locator("#error")).to_be_empty()
    assert text(page, "#jacobian").startswith("tensor([[[2., 0., 0., 0.],")


def test_mended_weights(page: Page) -> None:
    """Tests that v of a wrong shape gets torch's text and a call that works."""
    opened(page, y="torch.outer(x, x)", x="[1., 2., 3., 4.]", v="torch.ones_like(x)")
    expect(page.locator("#error")).to_have_text(
        "Mismatch in shape: grad_output[0] has a shape of torch.Size([4]) "
        "and output[0] has a shape of torch.Size([4, 4])."
    )
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#result")).to_have_text("tensor([20., 20., 20., 20.])")
    assert "v=torch.ones_like(y)" in page.url


def test_mended_expression(page: Page) -> None:
    """Tests that an expression of wrong shapes gets torch's text, and a mended one."""
    matrix = "[[1., 2.], [3., 4.], [5., 6.]]"
    visit(page, address(y="A @ x", x="[1., 2.]", A=matrix, v=""))
    page.get_by_label("y =", exact=True).fill("x @ A")
    expect(page.locator("#error")).to_have_text(
        "mat1 and mat2 shapes cannot be multiplied (1x2 and 3x2)"
    )
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_label("y =", exact=True)).to_have_value("x @ A.T")


def test_no_mend_is_offered_for_an_unused_y(page: Page) -> None:
    """Tests that no small change of z is offered where z doesn't depend on y."""
    opened(page, y="x ** 2", x="[1., 2.]", z="3 * x", v="[1., 1.]")
    expect(page.locator("#error")).to_contain_text("not have been used in the graph")
    expect(page.locator("#machine-meaning")).to_have_text("In z = 3 * x")
    expect(page.locator("#machine-mend")).to_be_hidden()


@pytest.mark.parametrize("v", ["torch.ones(2) @ torch.ones(3)", "torch.ones_like(x)"])
def test_the_program_holds_the_line_of_v(page: Page, v: str) -> None:
    """Tests that the program raises what the page shows, where v has no value too."""
    opened(page, y="torch.outer(x, x)", x="[1., 2.]", v=v)
    program = text(page, "#program")
    assert f"\nv = {v}" in program
    assert run(program) == [text(page, "#error")]


LACKING = {"y": {}, "z": {"z": "2 * y"}, "L": {"L": "y ** 2"}}


@pytest.mark.parametrize("name", LACKING)
def test_says_which_output_lacks_weights(page: Page, name: str) -> None:
    """Tests the sentence on y, on a second step and on a loss of several entries."""
    opened(page, y="x ** 2", x="[1., 2.]", **LACKING[name])
    expect(page.locator("#machine-meaning")).to_contain_text(
        f"{name} has several entries and no weights"
    )


@pytest.mark.parametrize(("name", "more"), [("y", {}), ("z", {"z": "A ** 2"})])
def test_an_output_without_a_graph(page: Page, name: str, more: dict[str, str]) -> None:
    """Tests torch's text, its meaning, and that no v is offered for it."""
    opened(page, y="2 * A" if name == "y" else "x", x="[1.]", A="[3.]", **more)
    assert run(text(page, "#program")) == [text(page, "#error")]
    expect(page.locator("#machine-meaning")).to_have_text(
        f"{name} has no graph that leads back to x, so there is nothing to "
        "differentiate."
    )
    expect(page.locator("#machine-mend")).to_be_hidden()


def test_errors_leave_no_wrong_picture(page: Page) -> None:
    """Tests that the picture goes where its shapes are no longer those of the call."""
    opened(page, y="x ** 2", x="[1., 2.]", v="[1., 1.]")
    picture = page.locator("#machine-picture")
    page.get_by_label("v =", exact=True).fill("[1., 1.")
    expect(page.locator("#error")).not_to_be_empty()
    expect(picture).to_be_visible()
    page.get_by_label("v =", exact=True).fill("[1., 1.]")
    page.get_by_label("y =", exact=True).fill("torch.outer(x, x)")
    expect(page.locator("#error")).to_contain_text("Mismatch in shape")
    expect(picture).to_be_hidden()
    page.get_by_role("button", name="Use it").click()
    expect(picture).to_be_visible()


def test_large_view(page: Page) -> None:
    """Tests that a lecture sees the machine and no menus."""
    visit(page, PAGE)
    small = page.get_by_label("v of y[0]").bounding_box()
    visit(page, f"{PAGE}?present")
    expect(page.locator(".sidebar-drawer")).to_be_hidden()
    large = page.get_by_label("v of y[0]").bounding_box()
    assert small is not None
    assert large is not None
    assert large["height"] > 1.3 * small["height"]


def test_unknown_names_get_the_list(page: Page) -> None:
    """Tests the sentence about what the machine doesn't know."""
    visit(page, address(y="torch.fft.fft(x)", x="[1., 2.]"))
    expect(page.locator("#error")).to_contain_text(
        "The machine doesn't know torch.fft. It knows of torch: abs, "
    )


def test_keys(page: Page) -> None:
    """Tests that keys change v and walk along the result, and that the sum is told."""
    opened(
        page, y="torch.stack([x[0] * x[1], x[2] ** 2])", x="[1., 3., 6.]", v="[1., 10.]"
    )
    sums = page.locator(".machine-sum")
    expect(sums).to_have_text("result[0]: 1·3 + 10·0 = 3")
    page.locator("tfoot button").first.focus()
    page.keyboard.press("End")
    expect(sums).to_have_text("result[2]: 1·0 + 10·12 = 120")
    weight = page.get_by_label("v of y[1]")
    weight.focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#result")).to_have_text("tensor([  3.,   1., 132.])")
    expect(page.get_by_label("v =", exact=True)).to_have_value("[1., 11.]")


MINUS = "\N{MINUS SIGN}"


def test_sums_put_negative_numbers_in_brackets(page: Page) -> None:
    """Tests that no sum shows an operator before a sign, on both pages."""
    opened(page, y="A @ x", x="[1., 2.]", A="[[1., -2.], [3., 4.]]", v="[1., -1.]")
    page.locator("tfoot button").last.focus()
    sums = page.locator(".machine-sum")
    shown = "result[1]: 1·(-2) + (-1)·4 = -6"
    expect(sums).to_have_text(shown.replace("-", MINUS))
    visit(page, "index.html")
    page.get_by_label("v of y[0]").fill("-2")
    shown = "result[0]: (-2)·3 + 10·0 = -6"
    expect(sums).to_have_text(shown.replace("-", MINUS))


def test_an_example_hides_the_fields_that_it_leaves_empty(page: Page) -> None:
    """Tests that an example with one step closes what one with two steps opened."""
    opened(page, **TWO_STEPS)
    expect(page.locator("#machine-more")).to_have_attribute("open", "")
    page.get_by_label("Example").select_option("A matrix times x")
    expect(page.locator("#machine-more")).not_to_have_attribute("open", "")


def test_keys_reach_each_number(page: Page) -> None:
    """Tests that the arrow keys walk from the result through J to all names."""
    opened(page, y="x ** 2", x="[1., 3.]", v="[1., 10.]", u="[2., 1.]")
    page.locator("tfoot button").first.focus()
    walk = [
        ("ArrowRight", "60"),
        ("ArrowUp", "6"),
        ("ArrowUp", "0"),
        ("ArrowRight", "4"),
        ("ArrowUp", ""),
        ("ArrowLeft", "1"),
        ("ArrowUp", "x[1] = 3"),
        ("Home", "x[0] = 1"),
        ("ArrowLeft", "v"),
        ("ArrowLeft", "y"),
        ("ArrowDown", "u"),
        ("ArrowDown", "y[0] = 1"),
    ]
    for key, shown in walk:
        page.keyboard.press(key)
        expect(page.locator(":focus")).to_have_text(shown)


def test_drag(page: Page) -> None:
    """Tests that an entry of v follows the pointer."""
    opened(page, y="x ** 2", x="[1., 2.]", v="[1., 1.]")
    box = page.get_by_label("v of y[1]").bounding_box()
    assert box is not None
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 70, middle)
    page.mouse.up()
    expect(page.locator("#result")).to_have_text("tensor([ 2., 16.])")


TWO_STEPS = {
    "y": "x ** 2",
    "x": "[1., 3.]",
    "z": "torch.stack([y[0] + y[1], y[1], 2 * y[0]])",
    "v": "[1., 5., 10.]",
}


def test_second_step(page: Page) -> None:
    """Tests the chain rule: in two calls as in one."""
    opened(page, **TWO_STEPS)
    expect(page.locator("#result")).to_have_text("tensor([42., 36.])")
    expect(page.locator("#machine-notes")).to_contain_text(
        "In one call, from z to x: the same."
    )
    expect(page.locator(".machine-sum")).to_have_text(
        ["dL/dy[0]: 1·1 + 5·0 + 10·2 = 21", "dL/dx[0] through y: 21·2 + 6·0 = 42"]
    )


STOPS = [
    "dL/dx (2,) [42, 36]",
    "dL/dy (2,) [21, 6]",
    "dL/dz (3,) [1, 5, 10]",
    "z (3,) [10, 9, 2]",
    "y (2,) [1, 9]",
    "x (2,) [1, 3]",
]


def test_stairs(page: Page) -> None:
    """Tests the steps back and forward, in two calls and in one."""
    opened(page, **TWO_STEPS)
    now = page.locator("#machine-stages [aria-current]")
    back = page.get_by_role("button", name="One step back")
    on = page.get_by_role("button", name="One step on")
    expect(on).to_be_disabled()
    for stop in STOPS[:-1]:
        expect(now).to_contain_text(stop)
        back.click()
    expect(now).to_contain_text(STOPS[-1])
    expect(back).to_be_disabled()
    hidden = page.locator("#machine-stages li").last.locator("code")
    expect(hidden).to_be_hidden()
    page.get_by_label("in one call, from z to x").check()
    for stop in STOPS[-2:1:-1]:
        on.click()
        expect(now).to_contain_text(stop)
    on.click()
    expect(now).to_contain_text("torch.autograd.grad(z, x, grad_outputs=v)")
    expect(now).to_contain_text(STOPS[0])


def test_stairs_play(page: Page) -> None:
    """Tests that the steps are played from the start to the end."""
    page.clock.install()
    opened(page, **TWO_STEPS)
    page.get_by_role("button", name="Play").click()
    now = page.locator("#machine-stages [aria-current]")
    for stop in reversed(STOPS):
        expect(now).to_contain_text(stop)
        page.clock.run_for(1200)
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_forward_mode(page: Page) -> None:
    """Tests that both products with J lead to one number."""
    opened(page, y="x ** 2", x="[1., 3.]", v="[1., 10.]", u="[2., 1.]")
    expect(page.locator("#machine-notes")).to_contain_text(
        "⟨v, J u⟩ = 64 and ⟨vᵀJ, u⟩ = 64"
    )


def test_loss(page: Page) -> None:
    """Tests that v comes from a second expression."""
    opened(page, y="3 * x", x="[1., 2.]", L="(y ** 2).sum()")
    expect(page.locator("#result")).to_have_text("tensor([18., 36.])")


def test_from_disk(browser: Browser) -> None:
    """Tests that the page works without a server."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((SITE / PAGE).as_uri())
        expect(page.locator("#result")).to_have_text("tensor([  3.,   1., 120.])")


def test_without_scripts(browser: Browser, site: str) -> None:
    """Tests that a reader without scripts sees the first example, drawn at build."""
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(PAGE)
        expect(
            page.get_by_role("img", name="Jacobian of y (2,) by x (3,)")
        ).to_be_visible()
        expect(page.locator("#machine-y")).to_be_hidden()


def test_picture_as_file(page: Page) -> None:
    """Tests that the picture is saved as a drawing with its numbers."""
    opened(page, y="x ** 2", x="[1., 3.]", v="[1., 10.]")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the picture as SVG").click()
    text = saved.value.path().read_text(encoding="utf-8")
    assert "<svg" in text
    assert "2 rows of 2, weighted by v, sum to [2, 60]." in text


DRAWN = """() => [...document.querySelectorAll(".vjp-figure")].map(svg => {
  const links = [...document.querySelectorAll("a[href*='machine.html#']")];
  const link = links.find(link => svg.compareDocumentPosition(link) & 4);
  const next = [...document.querySelectorAll(".vjp-figure")];
  const after = next[next.indexOf(svg) + 1];
  const own = link && !(after && after.compareDocumentPosition(link) & 4);
  return own ? [svg.getAttribute("aria-label"), link.href] : null;
}).filter(found => found)"""
EXPLAINED = {
    "explanation/grad-outputs.html": 2,
    "explanation/jacobian-shapes.html": 1,
    "explanation/jvp-and-adjoint.html": 1,
    "explanation/second-order.html": 1,
    "explanation/chaining.html": 2,
    "tutorials/first-vjp.html": 1,
}


@pytest.mark.parametrize("path", EXPLAINED)
def test_links_from_figures(page: Page, path: str) -> None:
    """Tests that the machine draws what the figure above its link shows."""
    visit(page, path)
    drawn = page.evaluate(DRAWN)
    assert len(drawn) == EXPLAINED[path]
    for label, target in drawn:
        page.goto("about:blank")
        visit(page, target)
        expect(page.locator("#error")).to_be_empty()
        if label.startswith("Forward: "):
            stages = page.locator("#machine-stages b").all_text_contents()
            shapes = [stage.partition(" ")[2] for stage in stages]
            assert re.findall(r"(?<! by )\(\d[\d, ]*\)", label) == shapes
            continue
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save the picture as SVG").click()
        text = saved.value.path().read_text(encoding="utf-8")
        assert label.replace("Jacobian of g", "Jacobian of y") in text


STATES = {
    "steps": TWO_STEPS,
    "tangent": {"y": "x ** 2", "x": "[1., 3.]", "v": "[1., 10.]", "u": "[2., 1.]"},
    "error": {"y": "x ** 2", "x": "[1., 3.]", "v": "[1., 5., 10.]"},
    "wide": {"y": "torch.outer(x, x)", "x": "torch.ones(6)", "v": "torch.ones_like(y)"},
}


@pytest.mark.parametrize("name", STATES)
def test_states_shut_nobody_out(page: Page, name: str) -> None:
    """Tests what axe-core says of the page's states, and that a phone has room."""
    opened(page, **STATES[name])
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert test_pages.violations(page, "[data-sample]") == []
    for width in test_pages.WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert not page.evaluate(test_pages.SCROLLS)


def work(session: CDPSession) -> float:
    """Return the milliseconds that the page's thread has worked for its picture."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    seconds = [float(each["value"]) for each in metrics if each["name"] in WORK]
    return 1000 * sum(seconds)


def test_typing_is_shown_in_a_frame(
    page: Page, record_property: Callable[[str, object], None]
) -> None:
    """Tests the time from a key to the picture, for J of 1,024 entries.

    It is the time of the page's own thread, whatever else the machine does.
    """
    opened(page, y="x.cumsum(0)", x="torch.linspace(0, 1, 32)", v="torch.ones_like(y)")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    worked, passed = [], []
    for digit in range(2, 42):
        before = work(session)
        passed.append(page.evaluate(TYPE, ["v", TYPED.format(digit)]))
        worked.append(work(session) - before)
    record_property("typing", f"{min(worked):.1f} ms, clock {min(passed):.1f}")
    assert min(worked) < FRAME
