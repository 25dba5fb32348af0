"""What is special about an operator, each with its reason."""

from dataclasses import dataclass

VERIFIED = "verified"
ZERO = "zero everywhere tried"
DEFINED_AS_ZERO = "defined as zero"
DEFECT = "known defect"
UNVERIFIABLE = "not verifiable"
GAUGE = "gauge-dependent"
NOT_IMPLEMENTED = "not implemented"
NO_DERIVATIVE = "no derivative"
FAILED = "failed"
# What a variant with a derivative can be; those without one are in _without.py.
STATES = (VERIFIED, GAUGE, ZERO, DEFINED_AS_ZERO, DEFECT, UNVERIFIABLE, FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """How the checks of one operator differ from those of the others, and why.

    Attributes:
        state: What the operator is if it passes with the settings below.
        reason: Why it is special, as a sentence.
        symmetric: Whether to check the result as torch's tests do: of an input made
            symmetric, triangular or normalised, and without its free signs or phases.
        fixed: Which of the differentiable inputs to hold constant.
        chosen: Whether to check with our inputs alone.
        forward: Whether to compare with forward mode.
        loosened: By which factor to raise the tolerances.
    """

    state: str = VERIFIED
    reason: str = ""
    symmetric: bool = False
    fixed: frozenset[int] = frozenset()
    chosen: bool = False
    forward: bool = True
    loosened: float = 1.0


NONE = Special()

_TRIANGLE = Special(
    symmetric=True,
    reason="It reads one triangle of a symmetric matrix and gives the derivative of "
    "the symmetric problem, so it is checked as a function of a symmetric input.",
)
_PRECISION = Special(
    state=UNVERIFIABLE,
    reason="Its output has less than double precision, which finite differences need.",
)
_GPU = Special(state=UNVERIFIABLE, reason="It has no implementation for the CPU.")
_NORMAL = Special(
    state=DEFINED_AS_ZERO,
    reason="torch defines the derivative of a sample as zero; the pathwise derivative "
    "is that of mean + std * noise.",
)
_LABEL = "The label isn't meant to be differentiated: the loss jumps where it does."

SPECIAL: dict[str, Special] = {
    "__rpow__": Special(
        chosen=True,
        reason="A negative base has no real power; it is checked with a positive one.",
    ),
    "as_strided_scatter": Special(
        state=DEFECT,
        reason="The derivative for self keeps the entries that src overwrites, and "
        "drops those that it leaves (torch 2.13; no issue was found).",
    ),
    "bfloat16": _PRECISION,
    "cfloat": _PRECISION,
    "chalf": _PRECISION,
    "cholesky": _TRIANGLE,
    "cholesky_inverse": Special(
        state=DEFECT,
        symmetric=True,
        forward=False,
        reason="Forward mode is wrong (pytorch#196682); reverse mode is verified.",
    ),
    "cholesky_solve": Special(
        state=DEFECT,
        symmetric=True,
        forward=False,
        reason="Forward mode is wrong for one right-hand side and a batch of factors "
        "(pytorch#196694); reverse mode is verified.",
    ),
    "float": _PRECISION,
    "half": _PRECISION,
    "linalg.cholesky": _TRIANGLE,
    "linalg.cholesky_ex": _TRIANGLE,
    "linalg.eig": Special(
        symmetric=True,
        reason="The check is of what doesn't depend on the phases of the eigenvectors; "
        "torch raises for other cotangents.",
    ),
    "linalg.eigh": _TRIANGLE,
    "linalg.eigvalsh": _TRIANGLE,
    "linalg.pinv.hermitian": _TRIANGLE,
    "logcumsumexp": Special(
        loosened=1e3,
        reason="It takes logarithms of cancelling sums, which costs digits.",
    ),
    "native_group_norm": Special(
        state=DEFECT,
        reason="The products for the outputs mean and rstd are missing, though both "
        "require grad (torch 2.13; no issue was found).",
    ),
    "nn.functional.cosine_embedding_loss": Special(fixed=frozenset({2}), reason=_LABEL),
    "nn.functional.ctc_loss": Special(
        symmetric=True,
        reason="torch gives the derivative for inputs that are logarithms of "
        "probabilities, so it is checked together with log_softmax.",
    ),
    "nn.functional.hinge_embedding_loss": Special(fixed=frozenset({1}), reason=_LABEL),
    "nn.functional.max_unpool1d": Special(
        chosen=True,
        reason="Where indices repeat, the last write wins; it is checked with "
        "indices that don't.",
    ),
    "nn.functional.one_hot": Special(
        state=UNVERIFIABLE, reason="Its input is an integer tensor: no derivative."
    ),
    "normal": _NORMAL,
    "normal.number_mean": _NORMAL,
    "scatter_reduce.prod": Special(
        state=DEFECT,
        forward=False,
        reason="Forward mode returns zero, without an error (pytorch#196702); reverse "
        "mode is verified.",
    ),
    "torch.ops.aten._efficient_attention_forward": _GPU,
    "torch.ops.aten._flash_attention_forward": _GPU,
    "triangular_solve": Special(
        state=DEFECT,
        forward=False,
        reason="Forward mode uses the triangle of the tangent that the function "
        "doesn't read (torch 2.13; related: pytorch#196707); reverse mode is verified.",
    ),
}

_VECTORS = (
    "The pairs of singular vectors are free up to a common sign (complex: a phase), so "
    "only cotangents of quantities that don't depend on it are meaningful; the "
    "singular values must differ, and be non-zero if the matrix isn't square."
)
# The condition for a derivative where a decomposition leaves a choice.
GAUGES: dict[str, str] = {
    "linalg.svd": _VECTORS,
    "svd": _VECTORS,
    "svd_lowrank": _VECTORS,
    "pca_lowrank": _VECTORS,
    "linalg.eigh": "Each eigenvector is free up to its sign (complex: a phase), so "
    "only cotangents of quantities that don't depend on it are meaningful; the "
    "eigenvalues must differ for the eigenvectors to have a derivative.",
    "linalg.eig": "Each eigenvector is free up to a phase, so only cotangents of "
    "quantities that don't depend on it are meaningful; the eigenvalues must differ "
    "for the eigenvectors to have a derivative.",
}

# What the derivative needs besides.
NOTES: dict[str, str] = dict.fromkeys(
    ("linalg.qr", "qr"),
    "The signs of R's diagonal are a choice of the algorithm, constant near each A; "
    "the first min(m, n) columns of A must be independent.",
)
