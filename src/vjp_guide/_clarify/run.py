"""Run a program as python does, with notes on the errors of torch's autograd."""

import importlib.machinery
import runpy
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, TracebackType

from vjp_guide._clarify.note import annotate

# What `python -m` itself calls; it has no public name.
_run_as_main = runpy._run_module_as_main  # type: ignore[attr-defined] # noqa: SLF001 (as above)
USAGE = "vjp-guide run (SCRIPT | -m MODULE) [ARGUMENT ...]"


def run(arguments: Sequence[str]) -> int:
    """Run a script, or a module after ``-m``, as the main program of this process.

    Exceptions go their way to the interpreter, which ends the process as it would
    without this function: by its exit code, and by :data:`sys.excepthook`.

    Args:
        arguments: The script or ``-m`` and the module, then what the program shall
            find in ``sys.argv``.

    Returns:
        The exit code of a program that ends by itself, or 2 if there is none to run.
    """
    command, rest = list(arguments[:1]), list(arguments[1:])
    if command == ["-m"] and rest:
        return _run(_module, rest)
    if not command or command[0].startswith("-"):
        sys.stderr.write(f"usage: {USAGE}\n")
        return 2
    if not (path := Path(command[0])).exists():
        sys.stderr.write(
            f"{sys.executable}: can't open file {str(path.absolute())!r}: "
            "[Errno 2] No such file or directory\n"
        )
        return 2
    packed = path.is_dir() or zipfile.is_zipfile(path)
    return _run(_packed if packed else _script, [*command, *rest])


def _run(program: Callable[[str], None], arguments: Sequence[str]) -> int:
    sys.modules["__main__"] = ModuleType("__main__")
    sys.argv[:] = arguments
    try:
        program(arguments[0])
    except SystemExit:
        raise
    except BaseException as error:
        annotate(error)
        _hide_frames(error)
        raise
    return 0


def _script(name: str) -> None:
    path = Path(name).absolute()
    _put_first(path.resolve().parent)
    main = sys.modules["__main__"].__dict__
    loader = importlib.machinery.SourceFileLoader("__main__", str(path))
    main.update(__file__=str(path), __loader__=loader, __builtins__=__builtins__)
    code = compile(path.read_bytes(), path, "exec", dont_inherit=True)
    exec(code, main)  # noqa: S102 (it is what the reader asks for)


def _packed(name: str) -> None:
    """Run a folder or an archive with a ``__main__.py``."""
    _put_first(Path(name).absolute())
    _run_as_main("__main__", alter_argv=False)


def _module(name: str) -> None:
    _put_first(Path.cwd())
    _run_as_main(name)


def _put_first(path: Path) -> None:
    """Search modules where python would, in place of where this command is."""
    if not sys.flags.safe_path:
        sys.path[0] = str(path)


def _hide_frames(error: BaseException) -> None:
    """Let the interpreter show an exception without the frames of this package."""
    shown, hook = error.__traceback__, sys.excepthook
    while shown is not None and shown.tb_frame.f_globals is globals():
        shown = shown.tb_next

    def show(
        kind: type[BaseException], value: BaseException, _: TracebackType | None
    ) -> None:
        hook(kind, value.with_traceback(shown), shown)

    sys.excepthook = show
