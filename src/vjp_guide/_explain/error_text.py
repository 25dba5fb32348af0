"""The messages in a text: one, or a whole traceback, as a reader pastes it."""

import re
import traceback

ERROR_LINE = (
    r"(?<![\w.])(?:[A-Za-z_]\w*\.)*"
    r"(?P<type>[A-Za-z_]\w*(?:Error|Exception|Warning)|Unsupported):\s"
)
MARGIN = r"\x1b\[[\d;]*m|^(?:E {2,}|[ \t]*[|>] ?)+"
TRACE = (
    r"\n\s*(?:During handling of the above exception"
    r"|The above exception was the direct cause|Traceback \(most recent call last\))"
)
SOURCE = r"[^\s\"]+\.py(?=\"?(?:, line \d|:\d| in ))"
TORCH_AUTOGRAD = r"torch[/\\]autograd[/\\]__init__\.py$"


def messages(text: str) -> list[tuple[str, str]]:
    """Return the messages in a text with their types, the last one first.

    The text itself comes at the end, without a type.
    """
    plain = re.sub(MARGIN, "", text, flags=re.MULTILINE)
    found = list(re.finditer(ERROR_LINE, plain))
    ends = [*(match.start() for match in found[1:]), len(plain)]
    parts = [
        (match["type"], re.split(TRACE, plain[match.end() : end])[0].strip())
        for match, end in zip(found, ends, strict=False)
    ]
    return [*reversed(parts), ("", text)]


def is_from_torch_autograd(error: BaseException | str) -> bool:
    """Return whether :mod:`torch.autograd` itself raised an error."""
    if isinstance(error, str):
        sources = re.findall(SOURCE, error)
    else:
        frames = traceback.walk_tb(error.__traceback__)
        sources = [frame.f_code.co_filename for frame, _ in frames]
    return bool(sources and re.search(TORCH_AUTOGRAD, sources[-1]))


def one_line(text: str) -> str:
    """Return a text with one blank for each run of white space."""
    return " ".join(text.split())


def as_tuple(text: str) -> str:
    """Return a shape as Python writes it, and any other text as it is."""
    if not re.fullmatch(r"\[[\d, ]*\]", text):
        return text
    inner = text.strip("[]")
    return f"({inner},)" if inner.isdigit() else f"({inner})"
