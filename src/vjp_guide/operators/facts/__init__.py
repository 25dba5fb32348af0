"""What is known of each operator by hand: one declaration each, filed by family.

To add or correct an operator, edit its declaration in the module of its family; the
atlas, its pages, the terminal and the tests read it from here.
"""

from itertools import chain

from vjp_guide.operators.facts import (
    elementwise,
    fft,
    indexing,
    layers,
    linalg,
    losses,
    order,
    products,
    reductions,
    shapes,
)
from vjp_guide.operators.facts.declare import Operator

FAMILIES = (
    products,
    elementwise,
    reductions,
    order,
    indexing,
    shapes,
    linalg,
    layers,
    losses,
    fft,
)
FACTS = {each.name: each for each in chain(*(part.OPERATORS for part in FAMILIES))}


def facts(name: str) -> Operator:
    """Return the declaration of an operator by its full name, empty if it has none."""
    return FACTS.get(name) or Operator(name=name)
