"""Minima, maxima, sorting and quantiles."""

from vjp_guide.operators.facts.declare import Formula, Operator, call, kink, values

OPERATORS = (
    Operator(
        "max.reduction_with_dim",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_i\, [\, j = k_i \,]",
                "The whole weight goes to the place that was returned as index, k.",
            )
        ],
        kinks=[kink("torch.max(x, 0)[0]", [2.0, 2.0])],
    ),
    Operator(
        "min.reduction_with_dim",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_i\, [\, j = k_i \,]",
                "The whole weight goes to the place that was returned as index, k.",
            )
        ],
        kinks=[kink("torch.min(x, 0)[0]", [2.0, 2.0])],
    ),
    Operator(
        "amax",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_i\, \frac{[\, x_{ij} = y_i \,]}{n_i}",
                "The weight goes to the extreme value, in equal parts to the n places "
                "that share it.",
            )
        ],
        kinks=[kink("torch.amax(x, 0)", [2.0, 2.0, 1.0])],
    ),
    Operator(
        "amin",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_i\, \frac{[\, x_{ij} = y_i \,]}{n_i}",
                "The weight goes to the extreme value, in equal parts to the n places "
                "that share it.",
            )
        ],
        kinks=[kink("torch.amin(x, 0)", [1.0, 1.0, 2.0])],
    ),
    Operator(
        "maximum",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij} \bigl( [\, a_{ij} > b_j \,] + \tfrac12 [\, "
                r"a_{ij} = b_j \,] \bigr), "
                r"\qquad \bar b_j = \sum_i (v_{ij} - \bar a_{ij})",
                "The larger one gets the weight, and a tie is halved.",
            )
        ],
        kinks=[kink("torch.maximum(a, b)", [1.0], [1.0])],
    ),
    Operator(
        "minimum",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij} \bigl( [\, a_{ij} < b_j \,] + \tfrac12 [\, "
                r"a_{ij} = b_j \,] \bigr), "
                r"\qquad \bar b_j = \sum_i (v_{ij} - \bar a_{ij})",
                "The smaller one gets the weight, and a tie is halved.",
            )
        ],
        kinks=[kink("torch.minimum(a, b)", [1.0], [1.0])],
    ),
    Operator(
        "sort",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{i, t_{ij}} = v_{ij}",
                "Sorting moves the numbers, and each weight goes back by the index t.",
            )
        ],
        kinks=[kink("torch.sort(x)[0]", [1.0, 1.0])],
    ),
    Operator(
        "topk",
        sample=lambda: call(values(2, 3), 2),
        formulas=[
            Formula(
                r"\bar x_{i, t_{ij}} = v_{ij}",
                "As for sort; what wasn't selected gets 0.",
            )
        ],
        kinks=[kink("torch.topk(x, 1)[0]", [2.0, 2.0, 1.0])],
    ),
    Operator(
        "cummax",
        sample=lambda: call(values(2, 3), 1),
        kinks=[kink("torch.cummax(x, 0)[0]", [2.0, 2.0])],
    ),
    Operator(
        "cummin",
        sample=lambda: call(values(2, 3), 1),
        kinks=[kink("torch.cummin(x, 0)[0]", [2.0, 2.0])],
    ),
    Operator(
        "max.reduction_no_dim",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.max(x)", [2.0, 2.0, 1.0])],
    ),
    Operator(
        "min.reduction_no_dim",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.min(x)", [1.0, 1.0, 2.0])],
    ),
    Operator(
        "median",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.median(x)", [1.0, 2.0, 2.0, 3.0])],
    ),
    Operator(
        "aminmax",
        kinks=[kink("torch.aminmax(x).max", [2.0, 2.0, 1.0])],
    ),
    Operator(
        "fmax",
        kinks=[kink("torch.fmax(a, b)", [1.0], [1.0])],
    ),
    Operator(
        "fmin",
        kinks=[kink("torch.fmin(a, b)", [1.0], [1.0])],
    ),
    Operator(
        "kthvalue",
        kinks=[kink("torch.kthvalue(x, 2)[0]", [1.0, 1.0, 2.0])],
    ),
    Operator(
        "max.binary",
        kinks=[kink("torch.max(a, b)", [1.0], [1.0])],
    ),
    Operator(
        "min.binary",
        kinks=[kink("torch.min(a, b)", [1.0], [1.0])],
    ),
    Operator(
        "mode",
        kinks=[kink("torch.mode(x)[0]", [1.0, 2.0, 2.0])],
    ),
    Operator(
        "msort",
        kinks=[kink("torch.msort(x)", [1.0, 1.0])],
    ),
    Operator(
        "quantile",
        kinks=[kink("torch.quantile(x, 0.5)", [1.0, 2.0, 2.0])],
    ),
)
