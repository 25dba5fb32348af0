"""The code that a reader of a page sees, pasted from top to bottom into one session."""

import doctest
import multiprocessing
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

ROOT = Path(__file__).parents[1]
FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<kind>[^\n]*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
CELL = "{code-cell}"
OPTIONS = re.compile(r"(?:^:\w+:.*\n)*", re.MULTILINE)
ERROR = re.compile(r"\w+(?:Error|Exception)\b")
# What only a program of its own can say, outside of a string.
PROGRAM = re.compile(r"\bsys\.argv\b|\b__main__\b")
STRING = re.compile(r'"{3}.*?"{3}', re.DOTALL)
# From here on what ``explain`` prints depends on how fast the machine is.
TIMED = "Check:"
PRELOADED = [
    "torch",
    "matplotlib.pyplot",
    "vjp_guide.figures",
    "torch.export._trace",  # most of what derive imports when it is first called
    __name__,
]
CORES = 2


@dataclass(frozen=True)
class Block:
    """A block of code that a page shows.

    Attributes:
        code: What is pasted; with prompts, a transcript with its outputs.
        raises: Whether the page says that the code ends in an error.
        shown: What a copy shows below it; a source doesn't hold the outputs of cells.
    """

    code: str
    raises: bool
    shown: str


def blocks(page: str) -> Iterator[Block]:
    """Yield the visible code of a page, given as its source or as its Markdown copy."""
    fences = [fence for fence in FENCE.finditer(page) if _is_code(fence)]
    ends = [fence.start() for fence in fences[1:]] + [len(page)]
    for fence, end in zip(fences, ends, strict=False):
        options = OPTIONS.match(fence["text"])
        assert options is not None
        code = fence["text"][options.end() :]
        if not re.search(r"remove-(cell|input)", options[0]):
            published = not fence["kind"].startswith(CELL)
            shown = _plain(page[fence.end() : end]) if published else ""
            raises = "raises-exception" in options[0] or bool(ERROR.match(shown))
            yield Block(code, raises, shown)


def _is_code(fence: re.Match[str]) -> bool:
    python = fence["kind"] == "python" or fence["kind"].startswith(CELL)
    return python and not PROGRAM.search(STRING.sub("", fence["text"]))


def _plain(text: str) -> str:
    """Return a text without what depends on how it is laid out."""
    return re.sub(r"^`{3,}\w*$|\s+|\\", "", text, flags=re.MULTILINE)


def wrong(pages: Iterable[Path]) -> list[str]:
    """Return what fails when the visible code of each page runs in its own process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with context.Pool(CORES, maxtasksperchild=1) as pool:
        return [text for texts in pool.imap(run, pages) for text in texts]


def run(path: Path) -> list[str]:
    """Run the visible code of a page in this process, and return what fails."""
    text = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "examples").symlink_to(ROOT / "examples")
        os.chdir(folder)
        found = [f"{path}\n{failure}" for failure in failures(blocks(text))]
        os.chdir(ROOT)
    return found


def failures(pasted: Iterable[Block]) -> Iterator[str]:
    """Yield what fails in blocks that are pasted one after the other."""
    settings = Config({"HistoryManager": {"enabled": False}})
    shell: Any = cast("Any", InteractiveShell)(config=settings)
    for block in pasted:
        if block.code.startswith(">>> "):
            yield from _transcript(block, shell.user_ns)
        else:
            yield from _cell(block, shell)


class _Any(doctest.OutputChecker):
    """Takes any output: Sybil compares those of transcripts, with their flags."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        del want, got, optionflags
        return True


def _transcript(block: Block, names: dict[str, object]) -> Iterator[str]:
    parsed = doctest.DocTestParser().get_doctest(block.code, {}, "", None, 0)
    parsed.globs = names
    said: list[str] = []
    runner = doctest.DocTestRunner(checker=_Any(), verbose=False)
    if runner.run(parsed, out=said.append, clear_globs=False).failed:
        yield "".join(said)


def _cell(block: Block, shell: Any) -> Iterator[str]:  # noqa: ANN401 (IPython has no types)
    """Yield how what a cell does differs from what the page says."""
    with capture_output() as captured:
        ran = shell.run_cell(block.code)
    error = ran.error_in_exec
    said = re.sub(r"Out\[\d+\]: ", "", captured.stdout)
    if error is not None:
        said = f"{type(error).__name__}: {error}"
    rich = hasattr(ran.result, "_repr_html_") or not block.shown
    fits = rich or block.shown.startswith(_plain(said).partition(TIMED)[0])
    if bool(error) != block.raises or isinstance(error, NameError) or not fits:
        yield f"{block.code}\n{said}\nThe page shows: {block.shown[:200]}"
