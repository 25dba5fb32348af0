"""The words of the atlas: what an operator's state is called, and each check."""

VERIFIED = "verified"
ZERO = "zero everywhere tried"
DEFINED_AS_ZERO = "defined as zero"
DEFECT = "known defect"
UNVERIFIABLE = "not verifiable"
GAUGE = "gauge-dependent"
NOT_IMPLEMENTED = "not implemented"
NO_DERIVATIVE = "no derivative"
FAILED = "failed"
# What a variant with a derivative can be; those without one are in without.py.
STATES = (VERIFIED, GAUGE, ZERO, DEFINED_AS_ZERO, DEFECT, UNVERIFIABLE, FAILED)

YES, NO, WRONG, CONSTANT = "yes", "no", "wrong", "constant"
ANSWERS = (YES, NO, WRONG)
ANSWERS_TWICE = (*ANSWERS, CONSTANT, NOT_IMPLEMENTED)

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
