"""Norms, solves, inverses, determinants and decompositions."""

import torch

from vjp_guide.operators.facts.declare import (
    Formula,
    Operator,
    Special,
    call,
    factors,
    kink,
    square,
    symmetric,
    values,
)
from vjp_guide.operators.labels import DEFECT

_TRIANGLE = Special(
    symmetric=True,
    reason="It reads one triangle of a symmetric matrix and gives the derivative of "
    "the symmetric problem, so it is checked as a function of a symmetric input.",
)
_VECTORS = (
    "The pairs of singular vectors are free up to a common sign (complex: a phase), so "
    "only cotangents of quantities that don't depend on it are meaningful; the "
    "singular values must differ, and be non-zero if the matrix isn't square. Where "
    "two are exactly equal, two zeros included, the gradient through the vectors is "
    "nan, and where they differ by rounding alone, noise; that of the values alone, by "
    "svdvals, is finite."
)
_SIGNS = (
    "The signs of R's diagonal are a choice of the algorithm, constant near each A; "
    "the first min(m, n) columns of A must be independent."
)

OPERATORS = (
    Operator(
        "norm",
        note="For order 2, where the square of an element overflows, the output is "
        "infinite and the product 0 (pytorch#193006).",
        sample=lambda: call(values(2, 3)),
        formulas=[
            Formula(
                r"\bar x_{ij} = v\, \frac{x_{ij}}{y}",
                "The slope of a length is the unit vector (for x that isn't zero).",
            )
        ],
        kinks=[kink("torch.norm(x)", [0.0, 0.0]), kink("torch.norm(x, 1)", [0.0, 1.0])],
    ),
    Operator(
        "linalg.vector_norm",
        note="For order 2, where the square of an element overflows, the output is "
        "infinite and the product 0 (pytorch#193006).",
        sample=lambda: call(values(2, 3)),
        formulas=[
            Formula(
                r"\bar x_{ij} = v\, \frac{x_{ij}}{y}",
                "The slope of a length is the unit vector (for x that isn't zero).",
            )
        ],
        kinks=[kink("torch.linalg.vector_norm(x)", [0.0, 0.0])],
    ),
    Operator(
        "linalg.inv",
        sample=lambda: call(square(2)),
        formulas=[
            Formula(
                r"\bar A = -Y^\mathsf{T} v\, Y^\mathsf{T}",
                "From dY = -Y dA Y: the inverse stands on both sides, transposed.",
            )
        ],
    ),
    Operator(
        "linalg.solve",
        note="The second derivative by forward mode twice is wrong (pytorch#192540).",
        sample=lambda: call(square(2), values(2, 3, start=2)),
        formulas=[
            Formula(
                r"\bar B = A^{-\mathsf{T}} v, \qquad \bar A = -\bar B\, X^\mathsf{T}",
                "One more solve, with the transposed matrix.",
            )
        ],
    ),
    Operator(
        "linalg.svdvals",
        sample=lambda: call(values(3, 2)),
        formulas=[
            Formula(
                r"\bar A = U \operatorname{diag}(v)\, V^\mathsf{H}",
                "The slope of each singular value is the outer product of its two "
                "vectors.",
            )
        ],
    ),
    Operator(
        "linalg.eigvalsh",
        sample=lambda: call(symmetric()),
        formulas=[
            Formula(
                r"\bar A = Q \operatorname{diag}(v)\, Q^\mathsf{T}",
                "The slope of each eigenvalue is the outer product of its eigenvector "
                "with itself.",
            )
        ],
        specials=[_TRIANGLE],
    ),
    Operator(
        "linalg.cholesky",
        sample=lambda: call(symmetric()),
        formulas=[
            Formula(
                r"\bar A = \operatorname{sym} \bigl( L^{-\mathsf{T}} \Phi(L^\mathsf{T} "
                r"v)\, L^{-1} \bigr)",
                "Phi keeps the lower triangle and halves the diagonal; sym averages "
                "with the transpose, as A is symmetric.",
            )
        ],
        specials=[_TRIANGLE],
    ),
    Operator(
        "linalg.det",
        note="The second derivative by forward mode twice is wrong (pytorch#192540); "
        "by torch.func in reverse mode twice it is nan at equal singular values "
        "(pytorch#192521).",
        sample=lambda: call(square(3)),
        formulas=[
            Formula(
                r"\bar A = v\, y\, A^{-\mathsf{T}}",
                "The slope for each entry is its cofactor (for an invertible A).",
            )
        ],
    ),
    Operator(
        "logdet",
        note="The second derivative by forward mode twice is wrong (pytorch#192540).",
        sample=lambda: call(square(3)),
        formulas=[
            Formula(
                r"\bar A = v\, A^{-\mathsf{T}}",
                "The determinant's rule, divided by the determinant.",
            )
        ],
    ),
    Operator(
        "trace",
        sample=lambda: call(values(3, 3)),
        formulas=[
            Formula(
                r"\bar A_{ij} = v\, [\, i = j \,]",
                "Only the diagonal counts in the sum.",
            )
        ],
    ),
    Operator(
        "linalg.svd",
        sample=lambda: call(values(3, 2), full_matrices=False),
        formulas=[
            Formula(
                r"\bar A = U \bigl( \operatorname{diag}(v_S) + (F \circ \{U^\mathsf{T} "
                r"v_U\}) S + S\, (F \circ \{V^\mathsf{T} v_V\}) \bigr) V^\mathsf{T} + "
                r"P_U\, v_U S^{-1} V^\mathsf{T} + U S^{-1} v_V^\mathsf{T} P_V",
                "F[i, j] is 1 / (s[j]**2 - s[i]**2) and 0 on the diagonal, braces "
                "subtract the transpose, P projects out the columns of U or V, and v_V "
                "is the transposed cotangent of Vh (real A, reduced form).",
            )
        ],
        condition=_VECTORS,
    ),
    Operator(
        "linalg.eigh",
        sample=lambda: call(symmetric()),
        formulas=[
            Formula(
                r"\bar A = Q \bigl( \operatorname{diag}(v_\lambda) + \tfrac12 F \circ "
                r"\{Q^\mathsf{T} v_Q\} \bigr) Q^\mathsf{T}, "
                r"\quad F_{ij} = \frac{1}{\lambda_j - \lambda_i} \; (i \ne j)",
                "An eigenvector turns towards the others, the more the closer their "
                "eigenvalues are; braces subtract the transpose.",
            )
        ],
        specials=[_TRIANGLE],
        condition="Each eigenvector is free up to its sign (complex: a phase), so only "
        "cotangents of quantities that don't depend on it are meaningful; the "
        "eigenvalues must differ for the eigenvectors to have a derivative.",
    ),
    Operator(
        "linalg.solve_triangular",
        sample=lambda: call(
            square(2).detach().triu().requires_grad_(),
            values(2, 3, start=2),
            upper=True,
        ),
        formulas=[
            Formula(
                r"\bar B = A^{-\mathsf{T}} v, "
                r"\qquad \bar A = -\operatorname{triu} \bigl( \bar B\, X^\mathsf{T} "
                r"\bigr)",
                "As for solve; only the triangle that is read gets a product.",
            )
        ],
    ),
    Operator(
        "lu_solve",
        sample=lambda: call(
            values(2, 3), values(2, 2, start=2), torch.tensor([2, 2]).int()
        ),
    ),
    Operator(
        "cholesky_solve",
        sample=lambda: call(values(2, 2), factors()),
        specials=[
            Special(
                state=DEFECT,
                symmetric=True,
                forward=False,
                reason="Forward mode is wrong for a right-hand side without batch axes"
                " and a batch of factors (pytorch#196694); reverse mode is "
                "verified.",
            )
        ],
    ),
    Operator(
        "linalg.norm",
        note="For order 2, where the square of an element overflows, the output is "
        "infinite and the product 0 (pytorch#193006).",
        kinks=[kink("torch.linalg.norm(x)", [0.0, 0.0])],
    ),
    Operator(
        "cholesky",
        specials=[_TRIANGLE],
    ),
    Operator(
        "linalg.matrix_sqrth",
        specials=[_TRIANGLE],
    ),
    Operator(
        "cholesky_inverse",
        specials=[
            Special(
                state=DEFECT,
                symmetric=True,
                forward=False,
                reason="Forward mode is wrong (pytorch#196682); reverse mode is "
                "verified.",
            )
        ],
    ),
    Operator(
        "linalg.cholesky_ex",
        specials=[_TRIANGLE],
    ),
    Operator(
        "linalg.eig",
        first=True,
        specials=[
            Special(
                symmetric=True,
                reason="The check is of what doesn't depend on the phases of the "
                "eigenvectors; torch raises for other cotangents.",
            )
        ],
        condition="Each eigenvector is free up to a phase, so only cotangents of "
        "quantities that don't depend on it are meaningful; the eigenvalues must "
        "differ for the eigenvectors to have a derivative.",
    ),
    Operator(
        "linalg.pinv.hermitian",
        specials=[_TRIANGLE],
    ),
    Operator(
        "triangular_solve",
        specials=[
            Special(
                state=DEFECT,
                forward=False,
                reason="Forward mode uses the triangle of the tangent that the "
                "function doesn't read (related: pytorch#196707); reverse "
                "mode is verified.",
            )
        ],
    ),
    Operator(
        "svd",
        condition=_VECTORS,
    ),
    Operator(
        "svd_lowrank",
        factored=True,
        condition=_VECTORS,
    ),
    Operator(
        "pca_lowrank",
        factored=True,
        condition=_VECTORS,
    ),
    Operator(
        "linalg.qr",
        note=_SIGNS,
    ),
    Operator(
        "qr",
        note=_SIGNS,
    ),
    Operator("linalg.pinv.singular", factored=True),
    Operator(
        "linalg.slogdet",
        note="The second derivative by forward mode twice is wrong (pytorch#192540).",
    ),
    Operator(
        "linalg.householder_product",
        note="The second derivative by forward mode twice is wrong (pytorch#196698).",
    ),
)
