"""The words of the atlas: what an operator's state is called, and each check."""

from collections.abc import Sequence

VERIFIED = "verified"
ZERO = "zero everywhere tried"
DEFINED_AS_ZERO = "defined as zero"
DEFECT = "known defect"
UNVERIFIABLE = "not verifiable"
GAUGE = "gauge-dependent"
NOT_IMPLEMENTED = "not implemented"
NO_DERIVATIVE = "no derivative"
FAILED = "failed"
CONDITIONAL = "conditional"
# What a variant with a derivative can be.
STATES = (
    VERIFIED,
    CONDITIONAL,
    GAUGE,
    ZERO,
    DEFINED_AS_ZERO,
    DEFECT,
    UNVERIFIABLE,
    FAILED,
)

# What an operator without a declared derivative can be.
STATES_WITHOUT = (NOT_IMPLEMENTED, NO_DERIVATIVE, ZERO, UNVERIFIABLE)

YES, NO, WRONG, CONSTANT, RAISES = "yes", "no", "wrong", "constant", "raises"
DEPENDS, UNTRIED = "depends", "untried"
ANSWERS = (YES, NO, WRONG, UNTRIED)
ANSWERS_TWICE = (*ANSWERS, CONSTANT, NOT_IMPLEMENTED, DEPENDS)

# The four checks, as pages, tables, texts and the data name them.
CHECKS = {
    "differences": "finite differences along one direction",
    "columns": "finite differences for the columns of J",
    "adjoint": "adjoint test with forward mode",
    "rows": "contraction with the rows of J",
}
# What is tried besides.
MODES = {
    "twice": "double backward, by finite differences",
    "complex": "complex inputs, by finite differences",
}

# The changes of the samples: a dtype of one argument, or the indices.
CHANGES = {
    "repeated": "indices that repeat",
    "reversed": "indices in reverse order",
    "fewer": "an index smaller than the values",
}


def raising(changes: Sequence[str]) -> str:
    """Return a sentence on the changes for which the backward pass alone raises."""
    told = [CHANGES.get(change, f"an argument in {change}") for change in changes]
    listed = " or ".join(told)
    return f"The forward pass runs with {listed}, but the backward pass raises." * bool(
        told
    )
