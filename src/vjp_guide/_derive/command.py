"""Derivations in the terminal: ``vjp-guide derive file.py:fn --inputs "x:4x3"``."""

import argparse
import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import vjp_guide
from vjp_guide._derive.subject import parameters, positional
from vjp_guide._sources import line_of

EXAMPLE = '--inputs "q:4x3 k:5x3 target:4:int64"'
_SEED = 0


class CommandError(Exception):
    """A command line that names nothing that can be derived."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    place = "a function or a module of a file, as file.py:name"
    parser.add_argument("target", metavar="FILE:NAME", help=place)
    sizes = f"name, lengths and, if not float64, dtype of each input: {EXAMPLE}"
    parser.add_argument("--inputs", default="", metavar="TEXT", help=sizes)
    about = "1 for the product, 2 for that of the product"
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--order", type=int, choices=(1, 2), default=1, help=about)
    about = "derive the product with tangents, by forward mode"
    other.add_argument("--jvp", action="store_true", help=about)
    about = "print the text of a torch.autograd.Function"
    parser.add_argument("--function", action="store_true", help=about)
    about = "print each line of a long program, not a line for each submodule"
    parser.add_argument("--whole", action="store_true", help=about)
    about = "a torch.autograd.Function to compare with, as file.py:Name"
    other.add_argument("--against", metavar="FILE:NAME", help=about)


def run(parsed: argparse.Namespace) -> str:
    """Return the derivation of what a command line names.

    Raises:
        CommandError: If there is no such thing, or it can't be derived.
    """
    fn = _found(parsed.target)
    if isinstance(fn, type) and issubclass(fn, nn.Module):
        fn = fn()
    against = _found(parsed.against) if parsed.against else None
    inputs = _inputs(fn, parsed.inputs.split())
    try:
        found = vjp_guide.derive(
            fn, *inputs, order=parsed.order, jvp=parsed.jvp, against=against
        )
        if parsed.function:
            return found.function().rstrip()
        return found.text(fold=not parsed.whole)
    except (RuntimeError, TypeError, ValueError) as error:
        place = line_of(error.__traceback__)
        raise CommandError("\n  ".join(filter(None, (str(error), place)))) from error


def _found(target: str) -> Any:
    """Return what a file defines."""
    file, _, name = target.rpartition(":")
    if not file:
        raise CommandError(f"write file.py:name, got {target!r}")
    if not Path(file).is_file():
        raise CommandError(
            f"there is no file {file!r}: write file.py:name, got {target!r}"
        )
    scope = runpy.run_path(file)
    if name not in scope:
        raise CommandError(f"{file} defines no {name!r}")
    return scope[name]


def _inputs(fn: Callable[..., Any], words: Sequence[str]) -> list[Tensor]:
    """Return random tensors of the given sizes, in the order of ``fn``."""
    generator = torch.Generator().manual_seed(_SEED)
    given = dict(_input(word, generator) for word in words)
    found = [p for p in positional(fn) if p.kind is not p.VAR_POSITIONAL]
    needed = [p for p in found if p.default is p.empty]
    names = parameters(fn, max(len(given), len(needed)))
    if set(names) != set(given):
        raise CommandError(
            f"--inputs names {', '.join(given) or 'nothing'}, and the function takes "
            f"{', '.join(names) or 'what has no names'}: write {EXAMPLE}"
        )
    return [given[name] for name in names]


def _input(word: str, generator: torch.Generator) -> tuple[str, Tensor]:
    """Return the name of an input, and a tensor for it."""
    name, _, rest = word.partition(":")
    lengths, _, kind = rest.partition(":")
    dtype = getattr(torch, kind or "float64", None)
    parts = lengths.split("x") if lengths else []
    if not isinstance(dtype, torch.dtype) or not all(map(str.isdecimal, parts)):
        raise CommandError(f"{word!r} names no input: write {EXAMPLE}")
    shape = [int(part) for part in parts]
    if dtype.is_floating_point or dtype.is_complex:
        return name, torch.randn(shape, dtype=dtype, generator=generator)
    return name, torch.randint(2, shape, generator=generator).to(dtype)
