"""The errors of torch's autograd that are known: one row for each kind."""

from typing import Any

from vjp_guide._explain import (
    errors_of_calls,
    errors_of_functions,
    errors_of_tools,
    errors_of_transforms,
)
from vjp_guide._explain.error_text import (
    ERROR_LINE,
    MARGIN,
    SOURCE,
    TORCH_AUTOGRAD,
    TRACE,
)

ROWS = (
    *errors_of_calls.ROWS,
    *errors_of_functions.ROWS,
    *errors_of_transforms.ROWS,
    *errors_of_tools.ROWS,
)


def as_records() -> dict[str, Any]:
    r"""Return the table as data for programs in other languages.

    A program that reads them looks a text up as :func:`vjp_guide.diagnose` does:

    1. Delete the matches of ``margin`` (with the flags g and m). Each match of
       ``error_line`` begins a message, which ends where the next match, or a match of
       ``trace``, begins. Try the messages from the last to the first, and the whole
       text at the end.
    2. Replace each run of white space in it by one blank, and take the ends off.
    3. The first row whose ``pattern`` is found in it is the answer. A row that is
       ``generic`` counts only where ``torch_autograd`` is found in the last match of
       ``source``, the place in the code that a traceback names last.
    4. Put the groups of the pattern into ``cause`` and ``fix`` in place of their names
       in braces; write a shape as Python does: ``[4]`` becomes ``(4,)``.

    Returns:
        The patterns in the syntax of JavaScript, and ``rows`` of texts; ``address`` is
        that of the entry, from the root of the site.

    >>> from vjp_guide._explain.error_table import as_records
    >>> row = as_records()["rows"][0]
    >>> row["slug"], row["address"]
    ('shape-mismatch', 'reference/errors/shapes.html#error-shape-mismatch')
    >>> row["pattern"][:21]
    'Mismatch in shape: gr'
    >>> "(?<v>" in row["pattern"]
    True
    >>> row["cause"][:38]
    'v has shape {v}, but y has shape {y}: '
    """
    return {
        "margin": _javascript(MARGIN),
        "error_line": _javascript(ERROR_LINE),
        "trace": _javascript(TRACE),
        "source": _javascript(SOURCE),
        "torch_autograd": _javascript(TORCH_AUTOGRAD),
        "rows": [
            {
                "slug": row.slug,
                "title": row.title,
                "pattern": _javascript(row.pattern),
                "generic": row.generic,
                "cause": row.cause,
                "fix": row.fix,
                "code": row.code,
                "address": row.address,
            }
            for row in ROWS
        ],
    }


def _javascript(pattern: str) -> str:
    return pattern.replace("(?P<", "(?<")
