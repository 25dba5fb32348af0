"""The operators of the installed torch: each vector-Jacobian product, verified.

``vjp-guide softmax`` prints what is known of one.
"""

from vjp_guide.operators.atlas import compute, dump, empty, load
from vjp_guide.operators.lookup import UnknownOperatorError, find, names
from vjp_guide.operators.records import Atlas, Entry
from vjp_guide.operators.summary import summary
from vjp_guide.operators.torch_tables import OperatorsUnavailableError
from vjp_guide.operators.views.text import as_text

__all__ = [
    "Atlas",
    "Entry",
    "OperatorsUnavailableError",
    "UnknownOperatorError",
    "as_text",
    "compute",
    "dump",
    "empty",
    "find",
    "load",
    "names",
    "summary",
]
