"""What is known of torch's backward passes, in the terminal: ``vjp-guide softmax``."""

import argparse
import sys
from collections.abc import Sequence

import torch

from vjp_guide import __version__
from vjp_guide._clarify.run import USAGE, run
from vjp_guide._derive import command as derivation
from vjp_guide.operators import (
    OperatorsUnavailableError,
    UnknownOperatorError,
    as_text,
    find,
    names,
)

COMMANDS = ("operator", "derive", "run", "completion")
# Each completes operators, commands and files.
COMPLETIONS = {
    "bash": 'complete -o default -W "{}" vjp-guide',
    "fish": 'complete --command vjp-guide --arguments "{}"',
    "zsh": "compdef '_alternative \"names:name:({})\" files:file:_files' vjp-guide",
}


# What a command line can't have, said without a traceback.
_ANSWERS = (
    derivation.CommandError,
    UnknownOperatorError,
    OperatorsUnavailableError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the name of an operator alone stands for the command for it.

    Args:
        arguments: The command line, that of the process by default.

    Returns:
        The exit code.
    """
    line = list(sys.argv[1:] if arguments is None else arguments)
    if line[:1] == ["run"] and line[1:] not in (["-h"], ["--help"]):
        return run(line[1:])
    if line and not line[0].startswith("-") and line[0] not in COMMANDS:
        line.insert(0, "operator")
    parsed = _parser().parse_args(line)
    torch.set_num_threads(1)
    try:
        sys.stdout.write(parsed.command(parsed) + "\n")
    except _ANSWERS as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vjp-guide",
        description=__doc__.partition(":")[0],
        epilog="vjp-guide NAME is short for vjp-guide operator NAME.",
    )
    version = f"%(prog)s {__version__}, torch {torch.__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    about = "print the verified vector-Jacobian products of operators"
    operator = commands.add_parser("operator", help=about, description=about)
    example = "softmax, torch.fft.fft, F.relu, MulBackward0, ..."
    operator.add_argument("names", nargs="+", metavar="NAME", help=example)
    operator.set_defaults(command=_operator)

    about = "print the backward pass of a function, as Python that was checked"
    derive = commands.add_parser("derive", help=about, description=about)
    derivation.add_arguments(derive)
    derive.set_defaults(command=derivation.run)

    about = "run a program, with notes on the errors of torch's autograd"
    commands.add_parser("run", help=about, description=about, usage=USAGE)

    about = "print what lets a shell complete the commands and the names of operators"
    completion = commands.add_parser("completion", help=about, description=about)
    completion.add_argument("shell", choices=COMPLETIONS)
    completion.set_defaults(command=_completion)
    return parser


def _operator(parsed: argparse.Namespace) -> str:
    return "\n\n".join(as_text(find(name)) for name in parsed.names)


def _completion(parsed: argparse.Namespace) -> str:
    return COMPLETIONS[parsed.shell].format(" ".join([*COMMANDS, *names()]))


if __name__ == "__main__":
    sys.exit(main())
