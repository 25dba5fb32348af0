"""Tests of :func:`vjp_guide.clarify`: the note, and that nothing else changes."""

import asyncio
import pickle
import re
import subprocess
import sys
import threading
import traceback
import zipapp
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ExceptionWithTraceback  # type: ignore[attr-defined] # it has no type
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

from tests.error_programs import PROGRAMS, Program, slug_and_number, warned_always
from vjp_guide import clarify
from vjp_guide.__main__ import main
from vjp_guide._clarify.run import run

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit")
SLUG = re.compile(r"#error-([\w-]+)$")
# The reader's code raises the first seven, five of them in place of an extension of
# torch, of a GPU or of a warning, and its call the others, before any code of torch's.
ELSEWHERE = {
    *("extension-no-derivative", "cudnn-eval", "cudnn-twice"),
    *("sync-batch-norm-twice", "anomaly-warning"),
    *("ctx-attribute", "grad-is-none"),
    *("unexpected-argument", "save-not-tensor", "grad-assign-shape"),
}
RAISED = [each for each in PROGRAMS if each.slug not in ELSEWHERE]
BACKWARD = [
    each
    for each in PROGRAMS
    if re.fullmatch(r"grad\([^=]*\)", each.call)
    and each.slug not in {"no-inputs", *ELSEWHERE}
]


@pytest.fixture(autouse=True)
def _warn_always() -> Iterator[None]:
    with warned_always():
        yield


def caught(action: Callable[[], object]) -> BaseException:
    """Return what an action raises inside of clarify."""
    with pytest.raises(BaseException) as raised, clarify():  # noqa: PT011 (any)
        action()
    return raised.value


def note(error: BaseException) -> str:
    """Return the only note of an exception."""
    notes: list[str] = getattr(error, "__notes__", [])
    assert len(notes) == 1
    return notes[0]


def code(text: str) -> str:
    """Return the mended code of a note."""
    return "\n".join(re.findall(r"^  (.*)$", text, re.MULTILINE))


def fail() -> object:
    """Raise the shape mismatch of the site's first question."""
    x = torch.arange(1.0, 5.0, requires_grad=True)
    return torch.autograd.grad(torch.outer(x, x), x, torch.ones_like(x))


def execute(program: Program, names: dict[str, Any]) -> None:
    """Run the failing line of a program."""
    exec(program.call, names)  # noqa: S102 (the table holds programs)


@pytest.mark.parametrize("program", RAISED, ids=slug_and_number(RAISED))
def test_each_error_of_the_table_gets_its_note(program: Program) -> None:
    """Tests every row through the function that raises it, plain and noted."""
    with pytest.raises(Exception) as plain:  # noqa: PT011 (the table says which)
        execute(program, program.names(torch.autograd.grad))
    error = caught(lambda: execute(program, program.names(torch.autograd.grad)))

    found = SLUG.search(note(error))
    assert found
    assert found[1] == program.slug
    assert type(error) is plain.type
    assert error.args == plain.value.args or "scale_" in str(error)
    assert len(traceback.extract_tb(error.__traceback__)) >= 2


def backward(outputs: Any, _: object, grad_outputs: Any = None) -> None:
    """Call backward with the arguments of grad."""
    if isinstance(outputs, Tensor):
        outputs.backward(grad_outputs)
    else:
        torch.autograd.backward(outputs, grad_outputs)


@pytest.mark.parametrize("program", BACKWARD, ids=slug_and_number(BACKWARD))
def test_backward_gets_code_for_backward(program: Program) -> None:
    """Tests the rows that backward raises too, and runs what is suggested."""
    names = program.names(torch.autograd.grad)
    names["grad"] = backward
    try:
        execute(program, program.names(torch.autograd.grad) | {"grad": backward})
    except Exception:  # noqa: BLE001 (which one is the table's)
        error = caught(lambda: execute(program, names))
        text = note(error)
        assert "torch.autograd.grad(" not in code(text).replace("(g,) = torch", "")
        if "class " not in code(text):
            exec(code(text), names | {"grad": torch.autograd.grad})  # noqa: S102 (that it runs is tested)


def test_says_what_the_seed_asks() -> None:
    """Tests the whole note on the first question of this site."""
    assert note(caught(fail)) == dedent(
        """\
        Why: v has shape (4,), but y has shape (4, 4): v holds one weight for each \
entry of y, and torch doesn't broadcast it.
        Fix: Give v the shape of y, not of x. torch.ones_like(y) adds up all entries \
of y; other weights give other sums.

          torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))

        vjp-guide: reference/errors/shapes.html#error-shape-mismatch"""
    )


def test_names_the_options_as_they_were_given() -> None:
    """Tests that what grad fills in for itself isn't taken for the reader's."""
    x = torch.ones(3, requires_grad=True)

    def call() -> object:
        return torch.autograd.grad(
            x * 2, x, torch.ones(4), create_graph=True, allow_unused=True
        )

    assert code(note(caught(call))) == (
        "torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y), "
        "create_graph=True, allow_unused=True)"
    )


BACKWARDS = [
    ("y.backward()", "y.backward(torch.ones_like(y))"),
    ("y.backward(v, inputs=x)", "y.backward(torch.ones_like(y), inputs=x)"),
    ("y.backward(v, inputs=[x, w])", "y.backward(torch.ones_like(y), inputs=(x0, x1))"),
    (
        "y.backward(v, retain_graph=True)",
        "y.backward(torch.ones_like(y), retain_graph=True)",
    ),
    (
        "torch.autograd.backward([y, y], [v, v])",
        "torch.autograd.backward((y0, y1), (torch.ones_like(y0), torch.ones_like(y1)))",
    ),
    (
        "torch.func.vjp(f, x)[1](v)",
        "y, vjp = torch.func.vjp(f, x)\nvjp(torch.ones_like(y))",
    ),
    (
        "torch.func.vjp(lambda x, w: f(x) * w, x, w)[1](v)",
        "y, vjp = torch.func.vjp(f, x0, x1)\nvjp(torch.ones_like(y))",
    ),
    (
        "s.backward(), s.backward()",
        "y = f(x)\ny.backward(retain_graph=True)  # first call\ny.backward()",
    ),
]


@pytest.mark.parametrize(("call", "mended"), BACKWARDS)
def test_speaks_of_the_function_that_was_called(call: str, mended: str) -> None:
    """Tests the code for backward and for the function that torch.func.vjp returns."""
    x, w = torch.ones(3, requires_grad=True), torch.ones((), requires_grad=True)
    f = torch.exp
    names = {"torch": torch, "x": x, "w": w, "f": f, "v": torch.ones(4)}
    names |= {"y": f(x) * w, "s": f(x).sum()}

    error = caught(lambda: eval(call, names))  # noqa: S307 (the table holds programs)

    assert code(note(error)) == mended


class Chatty(torch.autograd.Function):
    """A custom Function whose backward fails as the test says."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, action: Callable[[], object]) -> Tensor:
        """Keep the action."""
        ctx.action = action
        return x * 2

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> Any:
        """Run the action."""
        return ctx.action()


def through_backward(action: Callable[[], object]) -> Callable[[], object]:
    """Return a backward pass in which a custom backward runs an action."""
    x = torch.ones(3, requires_grad=True)
    return lambda: Chatty.apply(x, action).sum().backward()  # type: ignore[no-untyped-call]


def through_checkpoint(action: Callable[[], object]) -> Callable[[], object]:
    """Return a checkpointed function that runs an action."""
    x = torch.ones(3, requires_grad=True)
    return lambda: checkpoint(lambda _: action(), x, use_reentrant=False)


def through_compile(action: Callable[[], object]) -> Callable[[], object]:
    """Return a compiled function that runs an action."""
    return torch.compile(action, backend="eager")


def through_thread(action: Callable[[], object]) -> Callable[[], object]:
    """Return a function that runs an action in another thread and passes errors on."""
    return lambda: ThreadPoolExecutor(1).submit(action).result()


def through_hook(action: Callable[[], object]) -> Callable[[], object]:
    """Return a backward pass with a hook that runs an action."""
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.register_hook(lambda _: action() and None)
    return y.sum().backward


def through_transform(action: Callable[[], object]) -> Callable[[], object]:
    """Return a transformed function that runs an action."""
    return lambda: torch.func.grad(lambda x: action() or x.sum())(torch.ones(3))


THROUGH = [
    through_backward,
    through_checkpoint,
    through_compile,
    through_thread,
    through_hook,
    through_transform,
]


@pytest.mark.parametrize("through", THROUGH)
def test_finds_the_innermost_call(through: Any) -> None:
    """Tests that frames of other tools, and outer passes, don't hide the call."""
    text = note(caught(through(fail)))

    assert text.startswith("Why: v has shape (4,), but y has shape (4, 4)")


@pytest.mark.parametrize("through", THROUGH)
@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("grad can be implicitly created only for scalar outputs"),
        ValueError("got 2 tensors and 1 gradients"),
        TypeError("'float' object is not iterable"),
        KeyError("x"),
    ],
)
def test_leaves_the_errors_of_the_reader_alone(
    through: Any,
    error: Exception,
) -> None:
    """Tests what a reader's own code raises, though the text is one of torch's."""

    def action() -> None:
        raise error

    found = caught(through(action))

    assert not hasattr(found, "__notes__")
    assert not hasattr(error, "__notes__")


@pytest.mark.parametrize(
    "expression",
    [
        "int('got 2 tensors and 1 gradients')",
        "{}['got 2 tensors and 1 gradients']",
        "[0][1]",
        "list(2.0)",
        "bool(torch.ones(2))",
        "torch.ones(2) + torch.ones(3)",
        "torch.zeros(0)[0]",
        "torch.load('/')",
    ],
)
def test_leaves_other_errors_alone(expression: str) -> None:
    """Tests errors that other code raises, with texts that autograd has too."""
    error = caught(lambda: eval(expression, {"torch": torch}))  # noqa: S307 (the table holds it)

    assert not hasattr(error, "__notes__")


def test_an_error_keeps_what_it_is() -> None:
    """Tests the object, its arguments and its frames."""
    before: list[BaseException] = []

    def action() -> None:
        try:
            fail()
        except RuntimeError as error:
            before.append(error)
            raise

    error = caught(action)

    assert error is before[0]
    assert [each.name for each in traceback.extract_tb(error.__traceback__)][-3:] == [
        "fail",
        "grad",
        "_make_grads",
    ]
    assert len(error.args) == 1


def test_one_note_though_contexts_are_nested_and_errors_raised_again() -> None:
    """Tests nesting, decorating, and a note of the reader's beside it."""

    @clarify()
    def inner() -> None:
        try:
            with clarify():
                fail()
        except RuntimeError as error:
            error.add_note("mine")
            raise

    error = caught(inner)

    assert len(error.__notes__) == 2
    assert error.__notes__[1] == "mine"


def test_notes_the_causes_contexts_and_members_that_python_prints() -> None:
    """Tests raise from, an error while handling one, and an exception group."""

    def error_of(action: Callable[[], object]) -> RuntimeError:
        try:
            action()
        except RuntimeError as error:
            return error
        raise AssertionError

    def chain() -> None:
        try:
            fail()
        except RuntimeError as error:
            raise KeyError from error

    def context() -> None:
        try:
            fail()
        except RuntimeError:
            {}[0]  # type: ignore[index]

    def group() -> None:
        raise ExceptionGroup("two", [KeyError(), error_of(fail)])

    chained, handled, grouped = map(caught, (chain, context, group))
    assert isinstance(grouped, ExceptionGroup)

    inner = [chained.__cause__, handled.__context__, grouped.exceptions[1]]
    assert all(each and note(each) for each in inner)
    assert not any(hasattr(each, "__notes__") for each in (chained, handled, grouped))


def test_notes_what_a_process_of_a_pool_sends() -> None:
    """Tests errors whose traceback arrives as text, of torch and of the reader."""
    text = "grad can be implicitly created only for scalar outputs"
    program = f"raise RuntimeError({text!r})"
    own = compile(program, "/home/reader/torch/train.py", "exec")

    def sent(action: Callable[[], object]) -> BaseException:
        with pytest.raises(RuntimeError) as raised:
            action()
        packed = ExceptionWithTraceback(raised.value, raised.tb)
        error: BaseException = pickle.loads(pickle.dumps(packed))  # noqa: S301 (as pools do)

        def again() -> object:
            raise error

        return caught(again)

    assert note(sent(fail)).startswith("Why: v has shape (4,)")
    assert not hasattr(sent(lambda: exec(own)), "__notes__")  # noqa: S102 (written above)


def test_leaves_alone_what_was_raised_before_the_block_and_what_is_hidden() -> None:
    """Tests an error that was being handled already, and ``raise ... from None``."""
    found = []
    try:
        fail()
    except RuntimeError as before:
        found.append(before)
        with pytest.raises(KeyError), clarify():
            {}[0]  # type: ignore[index]

    def hidden() -> None:
        try:
            fail()
        except RuntimeError as error:
            found.append(error)
            raise KeyError from None

    caught(hidden)

    assert len(found) == 2
    assert not any(hasattr(each, "__notes__") for each in found)


def test_circular_chains_end() -> None:
    """Tests causes that lead back to the error."""
    first, second = KeyError(1), KeyError(2)
    first.__cause__, second.__cause__ = second, first

    def action() -> None:
        raise first

    assert caught(action) is first


def test_decorates_generators_and_coroutines() -> None:
    """Tests that the body runs inside, and that values go in and out."""

    @clarify()
    def generator() -> Iterator[int]:
        yield 1
        fail()

    @clarify()
    async def coroutine() -> None:
        await asyncio.sleep(0)
        fail()

    values = generator()
    assert next(values) == 1
    with pytest.raises(RuntimeError) as first:
        next(values)
    with pytest.raises(RuntimeError) as second:
        asyncio.run(coroutine())
    assert note(first.value) == note(second.value)


def test_refuses_an_asynchronous_generator() -> None:
    """Tests that the message says what to write instead."""

    async def generator() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match="write `with clarify"):
        clarify()(generator)


def test_refuses_a_class() -> None:
    """Tests what would become a function."""
    with pytest.raises(TypeError, match=r"class Linear.*: decorate its methods"):
        clarify()(torch.nn.Linear)


def test_one_context_serves_many_threads() -> None:
    """Tests an object that is entered several times at once."""
    context, found = clarify(), []

    def work() -> None:
        try:
            with context:
                fail()
        except RuntimeError as error:
            found.append(note(error))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8


class Counting(TorchDispatchMode):
    """A mode that counts operations."""

    count = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        del types
        self.count += 1
        return func(*args, **(kwargs or {}))


class Logged(Tensor):
    """A subclass that counts what is asked of it."""

    calls = 0

    @classmethod
    def __torch_function__(
        cls,
        func: Any,
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> Any:
        Logged.calls += 1
        return super().__torch_function__(func, types, args, kwargs or {})  # type: ignore[no-untyped-call]


def test_leaves_no_trace() -> None:
    """Tests modes, subclasses, the random state, hooks and versions."""
    x = torch.ones(3, requires_grad=True)
    y, v = x.exp(), torch.ones(4)
    calls: list[Tensor] = []
    y.register_hook(calls.append)
    logged = v.as_subclass(Logged)
    with pytest.raises(RuntimeError), Counting() as plain:  # type: ignore[no-untyped-call]
        torch.autograd.grad(y, x, v)
    with pytest.raises(RuntimeError):
        torch.autograd.grad(y, x, logged)
    before, Logged.calls = Logged.calls, 0
    state, version = torch.get_rng_state(), v._version  # noqa: SLF001 (torch's own count)

    with Counting() as noted:  # type: ignore[no-untyped-call]
        caught(lambda: torch.autograd.grad(y, x, v))
    caught(lambda: torch.autograd.grad(y, x, logged))

    assert (noted.count, Logged.calls) == (plain.count, before)
    assert torch.equal(state, torch.get_rng_state())
    assert (v._version, calls, x.grad) == (version, [], None)  # noqa: SLF001 (torch's own count)
    assert torch.autograd.grad(y.sum(), x)


def test_reads_no_iterator_and_asks_no_tensor_that_answers_itself() -> None:
    """Tests arguments that run code of the reader if they are looked at."""
    x, reads = torch.ones(3, requires_grad=True), [0]

    def endless() -> Iterator[Tensor]:
        yield torch.ones(2)
        yield torch.ones(4)
        reads.append(1)

    error = caught(lambda: torch.autograd.grad((x * 2, x), x, endless()))  # type: ignore[call-overload]

    assert "v" in note(error)
    assert sum(reads) == 1  # by torch


def test_speaks_in_general_where_tensors_refuse_to_answer() -> None:
    """Tests a call inside of vmap, where no value can be read."""
    x = torch.ones(3, requires_grad=True)

    def row(v: Tensor) -> Tensor:
        with clarify():
            return torch.autograd.grad(x * 2, x, v)[0]

    with pytest.raises(RuntimeError) as raised:
        torch.vmap(row)(torch.ones(2, 4))

    assert "v has shape (4,)" in note(raised.value)


def test_does_nothing_where_nothing_is_raised() -> None:
    """Tests a block that ends, and one inside of it that doesn't."""
    with clarify():
        with clarify():
            found = torch.ones(2)
        error = caught(fail)

    assert found.tolist() == [1, 1]
    assert note(error)


def test_speaks_in_general_where_the_call_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tests that whatever a look at the frames raises hides neither error nor note."""

    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("vjp_guide._clarify.note.site", broken)

    error = caught(fail)

    assert "grad_output[0] has a shape of torch.Size([4])" in str(error)
    assert "Why: v has shape (4,), but y has shape (4, 4)" in note(error)


def test_adds_nothing_if_it_fails_itself() -> None:
    """Tests an exception that takes no notes, and one whose text can't be had."""

    class ClosedError(RuntimeError):
        def __str__(self) -> str:
            raise OSError

    def closed() -> None:
        raise ClosedError

    def numbered() -> None:
        try:
            fail()
        except RuntimeError as error:
            error.__notes__ = 3  # type: ignore[assignment]
            raise

    assert not hasattr(caught(closed), "__notes__")
    assert caught(numbered).__notes__ == 3  # type: ignore[comparison-overlap]


PROGRAM = """
import sys
print(sys.argv[1:], __name__, __file__, sys.path[0], __spec__ is None)
{}
"""
ENDS = {
    "error": "import torch\ntorch.ones(3, requires_grad=True).backward()",
    "other": "{}[0]",
    "exit": "sys.exit(7)",
    "text": "sys.exit('bye')",
    "interrupt": "raise KeyboardInterrupt",
    "syntax": "a b",
    "end": "import atexit; atexit.register(print, 'last')",
    "hook": "sys.excepthook = lambda *_: print('mine')\n1 / 0",
}


def python(*arguments: str, folder: Path) -> tuple[int, str, str]:
    """Run python, and return the exit code and what it printed."""
    command = [sys.executable, *arguments]
    ended = subprocess.run(  # noqa: S603 (this interpreter)
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("module", [False, True], ids=["script", "module"])
def test_run_ends_as_python_does(end: str, module: bool, tmp_path: Path) -> None:  # noqa: FBT001 (pytest names it)
    """Tests output, traceback and exit code of a script and a module."""
    (tmp_path / "program.py").write_text(PROGRAM.format(ENDS[end]), encoding="utf-8")
    line = ["-m", "program"] if module else ["program.py"]
    line += ["-m", "--help", "a b"]

    plain = python(*line, folder=tmp_path)
    code, out, err = python("-m", "vjp_guide", "run", *line, folder=tmp_path)

    assert (code, out) == plain[:2]
    assert err.startswith(plain[2])
    added = err[len(plain[2]) :]
    assert SLUG.search(added.strip()) if end == "error" else not added


def shell() -> Any:
    """Return a shell as a notebook has it."""
    return InteractiveShell.instance()


def shown(program: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a cell prints."""
    shell().run_cell(dedent(program))
    return re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)


CELL = """
import torch
x = torch.ones(3, requires_grad=True)
(x * 2).backward()
"""


def test_a_notebook_shows_the_note(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests loading, another error, unloading, and the value of the cell."""
    plain = shown(CELL, capsys)
    shell().run_line_magic("load_ext", "vjp_guide")
    noted, other = shown(CELL, capsys), shown("{}[0]", capsys)
    shell().run_line_magic("unload_ext", "vjp_guide")

    assert "Why: " not in plain
    assert noted.startswith(plain.rstrip())
    assert SLUG.search(noted.strip())
    assert "KeyError: 0" in other
    assert shown(CELL, capsys) == plain
    assert shell().custom_exceptions == ()


def test_a_notebook_keeps_other_handlers(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests a handler that was there before, and one that came after."""
    seen: list[BaseException] = []

    def handler(
        _: object, __: type, error: BaseException, *___: object, **____: object
    ) -> None:
        seen.append(error)

    shell().set_custom_exc((RuntimeError,), handler)
    shell().run_line_magic("load_ext", "vjp_guide")
    shown(CELL, capsys)
    shell().set_custom_exc((KeyError,), handler)
    shell().run_line_magic("unload_ext", "vjp_guide")

    assert note(seen[0])
    assert shell().custom_exceptions == (KeyError,)
    shell().set_custom_exc((), None)


def test_run_leaves_a_safe_path_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests ``python -P``, which puts no folder in front of the path."""
    monkeypatch.setattr(sys, "flags", SimpleNamespace(safe_path=True))
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    script = tmp_path / "script.py"
    script.write_text("", encoding="utf-8")
    before = list(sys.path)

    assert run([str(script)]) == 0

    assert sys.path == before


def test_run_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests scripts, folders, archives and modules, and what can't be run."""
    for name in ("argv", "path"):
        monkeypatch.setattr(sys, name, list(getattr(sys, name)))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    program = "import sys; print(sys.argv[1:], __name__)"
    for name in ("script.py", "folder/__main__.py"):
        (tmp_path / name).write_text(program, encoding="utf-8")
    zipapp.create_archive("folder", "archive.pyz")

    for line in (["script.py"], ["folder"], ["archive.pyz"], ["-m", "script"]):
        assert main(["run", *line, "-x"]) == 0
        assert capsys.readouterr().out == "['-x'] __main__\n"
    for line in ([], ["-m"], ["--flag"], ["missing.py"]):
        assert main(["run", *line]) == 2
    assert "missing.py': [Errno 2] No such file" in capsys.readouterr().err

    (tmp_path / "script.py").write_text("raise SystemExit(3)", encoding="utf-8")
    with pytest.raises(SystemExit, match="3"):
        main(["run", "script.py"])
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert "SCRIPT | -m MODULE" in capsys.readouterr().out

    (tmp_path / "script.py").write_text("def f():\n    {}[0]\nf()", encoding="utf-8")
    with pytest.raises(KeyError) as raised:
        main(["run", "script.py"])
    sys.excepthook(KeyError, raised.value, raised.value.__traceback__)
    files = re.findall(r'File "([^"]+)"', capsys.readouterr().err)
    assert [Path(each).name for each in files] == ["script.py"] * 2
