"""Products of vectors and matrices."""

from vjp_guide.operators.facts.declare import Formula, Operator, call, values

OPERATORS = (
    Operator(
        "outer",
        sample=lambda: call(values(3), values(2, start=2)),
        formulas=[
            Formula(
                r"\bar a_i = \sum_j v_{ij}\, b_j, "
                r"\qquad \bar b_j = \sum_i v_{ij}\, a_i",
                "Each a[i] is in row i of the output, multiplied by b.",
            )
        ],
    ),
    Operator(
        "dot",
        sample=lambda: call(values(3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_i = v\, b_i, \qquad \bar b_i = v\, a_i",
                "The output is one number, so v is one too, and scales the other "
                "vector.",
            )
        ],
    ),
    Operator(
        "mv",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar A_{ij} = v_i\, b_j, \qquad \bar b_j = \sum_i v_i\, A_{ij}",
                "The product for b is the transposed matrix times v; that for A is an "
                "outer product.",
            )
        ],
    ),
    Operator(
        "mm",
        sample=lambda: call(values(2, 3), values(3, 2, start=2)),
        formulas=[
            Formula(
                r"\bar A_{ij} = \sum_k v_{ik}\, B_{jk}, "
                r"\qquad \bar B_{jk} = \sum_i A_{ij}\, v_{ik}",
                "The factor that isn't asked for is transposed, on its own side: v @ "
                "B.mT and A.mT @ v.",
            )
        ],
    ),
    Operator(
        "matmul",
        sample=lambda: call(values(2, 3), values(3, 2, start=2)),
        formulas=[
            Formula(
                r"\bar A_{ij} = \sum_k v_{ik}\, B_{jk}, "
                r"\qquad \bar B_{jk} = \sum_i A_{ij}\, v_{ik}",
                "The factor that isn't asked for is transposed, on its own side: v @ "
                "B.mT and A.mT @ v.",
            )
        ],
    ),
    Operator(
        "bmm",
        sample=lambda: call(values(2, 1, 3), values(2, 3, 2, start=2)),
        formulas=[
            Formula(
                r"\bar A_{nij} = \sum_k v_{nik}\, B_{njk}, "
                r"\qquad \bar B_{njk} = \sum_i A_{nij}\, v_{nik}",
                "It is the product of each pair of matrices, so n is an index of all "
                "tensors.",
            )
        ],
    ),
    Operator(
        "einsum",
        swapped=True,
        sample=lambda: call([values(2, 3), values(3, 2, start=2)], "ij,jk->ki"),
        formulas=[
            Formula(
                r"y_{ki} = \sum_j A_{ij} B_{jk}: "
                r"\quad \bar A_{ij} = \sum_k v_{ki}\, B_{jk}, "
                r"\qquad \bar B_{jk} = \sum_i v_{ki}\, A_{ij}",
                "Swap the indices of the output with those of the input that is asked "
                "for.",
            )
        ],
    ),
    Operator(
        "addmm",
        sample=lambda: call(values(2, 2), values(2, 3), values(3, 2, start=2)),
        formulas=[
            Formula(
                r"\bar C = v, \qquad \bar A_{ij} = \sum_k v_{ik} B_{jk}, "
                r"\qquad \bar B_{jk} = \sum_i A_{ij} v_{ik}",
                "A sum passes v on, and the product has the rule of matmul (beta and "
                "alpha are 1).",
            )
        ],
    ),
    Operator(
        "inner",
        sample=lambda: call(values(2, 3), values(4, 3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = \sum_k v_{ik}\, b_{kj}, "
                r"\qquad \bar b_{kj} = \sum_i v_{ik}\, a_{ij}",
                "It is the product with the transposed second matrix.",
            )
        ],
    ),
    Operator(
        "kron",
        sample=lambda: call(values(2, 2), values(1, 3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = \sum_{k,l} V_{ikjl}\, b_{kl}, "
                r"\qquad \bar b_{kl} = \sum_{i,j} V_{ikjl}\, a_{ij}",
                "V is v with the row split into (i, k) and the column into (j, l).",
            )
        ],
    ),
    Operator(
        "cross",
        sample=lambda: call(values(2, 3), values(2, 3, start=2), 1),
        formulas=[
            Formula(
                r"\bar a = b \times v, \qquad \bar b = v \times a",
                "The triple product v . (a x b) keeps its value when its factors "
                "change places cyclically.",
            )
        ],
    ),
)
