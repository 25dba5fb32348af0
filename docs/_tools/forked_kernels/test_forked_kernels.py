"""Tests that a forked kernel is as fresh as one in a process of its own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import from_dict

from docs._tools.forked_kernels import KernelServer

VERSION = {"nbformat": 4, "nbformat_minor": 4}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no fork")


@pytest.fixture(params=[True, False], ids=["early", "late"])
def run(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[str], str]]:
    """Run a cell in a kernel of its own, and return what it prints."""
    server = KernelServer("fractions", early=request.param)

    def executed(source: str) -> str:
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
        notebook = from_dict({"cells": [cell], "metadata": {}, **VERSION})
        resources = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=60, resources=resources).execute()
        (output,) = notebook.cells[0].outputs
        return str(output.text)

    yield executed
    server.stop()


def test_modules(run: Callable[[str], str]) -> None:
    """Tests that a kernel starts with the modules imported."""
    assert run("import sys; print('fractions' in sys.modules)") == "True\n"


def test_folder(run: Callable[[str], str], tmp_path: Path) -> None:
    """Tests that a kernel runs in the folder of its page."""
    assert run("import os; print(os.getcwd())") == f"{tmp_path}\n"


def test_fresh(run: Callable[[str], str]) -> None:
    """Tests that a kernel knows nothing of the one before it."""
    assert run("import fractions; fractions.left = left = 1; print(left)") == "1\n"
    source = "import fractions; print('left' in globals(), hasattr(fractions, 'left'))"
    assert run(source) == "False False\n"


def test_whole_output(run: Callable[[str], str]) -> None:
    """Tests that what a slow cell prints is sent in one piece."""
    source = "import time; print('a', end=' '); time.sleep(0.5); print('b')"
    assert run(source) == "a b\n"


def test_errors(run: Callable[[str], str]) -> None:
    """Tests that a cell which raises, or ends its process, is an error."""
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run("1 / 0")
    with pytest.raises(DeadKernelError):
        run("import os; os._exit(3)")


def test_the_temporary_folder_may_have_a_long_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests a path that no socket can have."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    KernelServer(early=False).stop()
