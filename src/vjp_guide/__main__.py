"""Print an operator's vector-Jacobian product: ``python -m vjp_guide softmax``."""

import argparse
import sys
from collections.abc import Sequence

import torch

from vjp_guide.operators import (
    OperatorsUnavailableError,
    UnknownOperatorError,
    as_text,
    find,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the entries of the operators that the command line names.

    Args:
        arguments: The command line, that of the process by default.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m vjp_guide", description=__doc__)
    parser.add_argument(
        "names", nargs="+", help="softmax, torch.fft.fft, F.relu, MulBackward0, ..."
    )
    names = parser.parse_args(arguments).names
    torch.set_num_threads(1)
    try:
        texts = [as_text(find(name)) for name in names]
    except (UnknownOperatorError, OperatorsUnavailableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n\n".join(texts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
