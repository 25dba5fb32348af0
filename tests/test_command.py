"""Tests of the console command: its help, its version, what shells complete."""

import pkgutil
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import torch

import vjp_guide
from vjp_guide.__main__ import COMMANDS, main
from vjp_guide.operators import names
from vjp_guide.operators.lookup import resolve

ROOT = Path(__file__).parent.parent
# What each shell answers to "vjp-guide torch.softm" and Tab.
COMPLETED = {
    "bash": 'set -- $(complete -p vjp-guide); eval "compgen ${*:2:$#-2} torch.softm"',
    "fish": 'complete --do-complete="vjp-guide torch.softm"',
}


def printed(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    """Return what a command line prints."""
    assert main(line) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("line", [["--help"], ["operator", "--help"]])
def test_help(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Tests that each command explains itself, and ends well."""
    with pytest.raises(SystemExit, match="0"):
        main(line)
    assert "usage: vjp-guide" in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests that the command tells the version of the module, and torch's."""
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    told = f"vjp-guide {vjp_guide.__version__}, torch {torch.__version__}\n"
    assert capsys.readouterr().out == told


def test_the_command_is_declared() -> None:
    """Tests that what is installed as the command is the function tested here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"]["scripts"]["vjp-guide"]
    assert pkgutil.resolve_name(declared) is main


@pytest.mark.parametrize(
    "line", [[], [""], ["operator"], ["completion", "sh"], ["-x"], ["softmaxx"]]
)
def test_what_is_no_command_line(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Tests that a line that can't be run has an exit code, and says why."""
    try:
        code = main(line)
    except SystemExit as stop:
        code = stop.code  # type: ignore[assignment] # argparse gives a number
    assert code
    assert capsys.readouterr().err


def test_no_operator_hides_a_command() -> None:
    """Tests that a name alone can stand for the command for it."""
    assert not set(COMMANDS) & set(names())
    assert {"softmax", "torch.softmax"} <= set(names())
    assert all(resolve(name) for name in names())


def test_a_name_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Tests that it is short for the command, also where more names follow."""
    assert printed(capsys, "sin", "cos") == printed(capsys, "operator", "sin", "cos")


@pytest.mark.parametrize("shell", COMPLETED)
def test_a_shell_completes(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Tests that a shell, if installed, completes the names of operators."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    script = printed(capsys, "completion", shell) + COMPLETED[shell]
    found = subprocess.run([shell, "-c", script], capture_output=True, check=True)  # noqa: S603 - two known shells
    expected = [name for name in names() if name.startswith("torch.softm")]
    assert found.stdout.decode().split() == expected
    assert "torch.softmax" in expected
