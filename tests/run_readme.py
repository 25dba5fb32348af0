"""Run the examples and the commands of a page with the packages of this Python.

``nox -s package`` runs it where the wheel alone is installed, and so nothing of the
repository, nor pytest.
"""

import doctest
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SCRIPTS = Path(sys.executable).parent  # of the environment, whatever it links to
OURS = ("vjp-guide", "python -m vjp_guide")


def fences(page: str, language: str) -> str:
    """Return what the fences of a language hold."""
    return "\n".join(text for kind, text in FENCE.findall(page) if kind == language)


def run_examples(page: str) -> int:
    """Run the examples of a page in their order; return how many there are."""
    examples = doctest.DocTestParser().get_doctest(
        fences(page, "python"), {}, "README.md", None, 0
    )
    failed, attempted = doctest.DocTestRunner().run(examples)
    if failed or not attempted:
        raise SystemExit(f"{failed} of {attempted} examples failed")
    return attempted


def definitions(page: str) -> str:
    """Return the imports and functions of the examples of a page, as a module."""
    sources = [
        example.source
        for example in doctest.DocTestParser().get_examples(fences(page, "python"))
    ]
    return "".join(s for s in sources if s.startswith(("import ", "from ", "def ")))


def run_commands(page: str) -> int:
    """Run the commands of a page that are the package's; return how many there are."""
    lines = fences(page, "console").splitlines()
    quoted = re.findall(r"`([^`\n]+)`", FENCE.sub("", page))
    commands = [line for line in [*lines, *quoted] if line.startswith(OURS)]
    with tempfile.TemporaryDirectory() as folder:
        # The reader's programs, in the page's words: the second holds its functions.
        Path(folder, "script.py").touch()
        Path(folder, "layers.py").write_text(definitions(page), encoding="utf-8")
        for command in commands:
            name, *arguments = shlex.split(command.partition(" | ")[0])
            subprocess.run(  # noqa: S603 - the commands are the README's
                [SCRIPTS / name, *arguments],
                check=True,
                cwd=folder,
                stdout=subprocess.DEVNULL,
            )
    if not commands:
        raise SystemExit("the page has no command")
    return len(commands)


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    sys.stdout.write(f"{run_examples(text)} examples passed\n")
    sys.stdout.write(f"{run_commands(text)} commands passed\n")
