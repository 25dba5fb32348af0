"""Tests of derivations in the terminal."""

from pathlib import Path

import pytest

from vjp_guide.__main__ import main
from vjp_guide._derive import folds

FILE = """\
import torch

def layer(x, w):
    return torch.tanh(x @ w)

def picked(x, index):
    return x[index].exp()

class Double(torch.nn.Module):
    def forward(self, x):
        return 2 * x

class Deep(torch.nn.Module):
    def __init__(self):
        super().__init__()
        block = torch.nn.Sequential(*[torch.nn.Tanh()] * 4)
        self.layers = torch.nn.ModuleList([block])

    def forward(self, x):
        return self.layers[0](x)

class Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        y = torch.tanh(x @ w)
        ctx.save_for_backward(x, w, y)
        return y

    @staticmethod
    def backward(ctx, v):
        x, w, y = ctx.saved_tensors
        h = v * (1 - y)
        return h @ w.mT, x.mT @ h

def branches(x):
    return x if x.sum() > 0 else -x
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Return the path of a file with functions."""
    path = tmp_path / "mine.py"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def printed(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    """Return what a command line prints."""
    assert main(["derive", *line]) == 0
    return capsys.readouterr().out


def test_a_function_is_derived(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Tests functions with inputs in any order, of any dtype, and a module."""
    text = printed(capsys, f"{file}:layer", "--inputs", "w:3x5 x:4x3")
    picked = printed(capsys, f"{file}:picked", "--inputs", "x:4x3 index:2:int64")
    module = printed(capsys, f"{file}:Double", "--inputs", "x:")

    assert text.startswith("# layer(x (4, 3), w (3, 5)) -> y (4, 5)\n")
    assert "grad_w = x.mT @ t1" in text
    assert "index (2,)" in picked
    assert "grad_x = v * 2  # ()" in module


def test_a_class_is_written_and_compared(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests the options."""
    line = [f"{file}:layer", "--inputs", "x:4x3 w:3x5"]
    text = printed(capsys, *line, "--function")
    compared = printed(capsys, *line, "--against", f"{file}:Layer")

    assert "class LayerFunction(" in text or "class Layer(" in text
    assert "# against Layer: departs at mine.py:" in compared
    assert "# mistake: the factor y is missing" in compared


def test_another_product_is_derived(
    file: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests the second order, tangents and a long program."""
    line = [f"{file}:layer", "--inputs", "x:4x3 w:3x5"]
    second = printed(capsys, *line, "--order", "2")
    tangents = printed(capsys, *line, "--jvp")
    monkeypatch.setattr(folds, "_MOST", 2)
    deep = [f"{file}:Deep", "--inputs", "x:2"]

    assert "grad2_v = " in second
    assert "u_y = " in tangents
    assert "# layers.0" in printed(capsys, *deep)
    assert "# layers" not in printed(capsys, *deep, "--whole")
    with pytest.raises(SystemExit):
        main(["derive", *line, "--jvp", "--order", "2"])
    assert "not allowed with argument --jvp" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "inputs", "message"),
    [
        ("layers", "x:2", "defines no 'layers'"),
        ("layer", "x:2", "names x, and the function takes x, w"),
        ("layer", "x:4x3 k:3x5", "names x, k, and the function takes x, w: write"),
        ("layer", "x:4xa", "'x:4xa' names no input"),
        ("layer", "x:4:zeros", "names no input"),
        ("layer", "x:4:real", "'x:4:real' names no input"),
        ("branches", "x:3", "a number is read from a tensor"),
        ("layer", "x:4x3 w:4x3", "\n  mine.py:4, in layer: return torch.tanh(x @ w)"),
    ],
)
def test_what_is_refused(
    name: str, inputs: str, message: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests that the command says what it expects, with an exit code."""
    assert main(["derive", f"{file}:{name}", "--inputs", inputs]) == 1
    assert message in capsys.readouterr().err


def test_a_file_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests a path to nothing, and a name without a file."""
    assert main(["derive", "none.py:layer"]) == 1
    assert main(["derive", "layer"]) == 1
    error = capsys.readouterr().err
    assert "there is no file 'none.py'" in error
    assert "write file.py:name, got 'layer'" in error
