"""Programs in a process of their own, which a failure of the interpreter would end."""

import subprocess
import sys


def lines_of(program: str) -> list[str]:
    """Return the lines that a program prints, which must end well."""
    done = subprocess.run(  # noqa: S603 (the program is the test's)
        [sys.executable, "-c", program],
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
