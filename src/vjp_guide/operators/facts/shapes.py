"""Axes, views, joining and repeating."""

from vjp_guide.operators.facts.declare import (
    Formula,
    Operator,
    Special,
    call,
    kink,
    positive,
    values,
)
from vjp_guide.operators.labels import DEFINED_AS_ZERO

_NORMAL = Special(
    state=DEFINED_AS_ZERO,
    reason="torch defines the derivative of a sample as zero; the pathwise derivative "
    "is that of mean + std * noise.",
)

OPERATORS = (
    Operator(
        "div.no_rounding_mode",
        sample=lambda: call(values(2, 3), positive(3)),
        formulas=[
            Formula(
                r"\bar a_{ij} = \frac{v_{ij}}{b_j}, "
                r"\qquad \bar b_j = -\sum_i \frac{v_{ij}\, a_{ij}}{b_j^2}",
                "The slope of a / b is 1 / b for a and -a / b**2 for b.",
            )
        ],
    ),
    Operator(
        "diagonal",
        sample=lambda: call(values(3, 3)),
        formulas=[
            Formula(
                r"\bar A_{ij} = v_i\, [\, i = j \,]",
                "The weights return to the diagonal that they were read from.",
            )
        ],
    ),
    Operator(
        "transpose",
        sample=lambda: call(values(2, 3), 0, 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_{ji}", "The weights move back, as the values moved."
            )
        ],
    ),
    Operator(
        "reshape",
        sample=lambda: call(values(2, 3), (3, 2)),
        formulas=[
            Formula(
                r"\bar x = \operatorname{reshape}(v, \operatorname{shape}(x))",
                "The numbers keep their order, so v takes the old shape.",
            )
        ],
    ),
    Operator(
        "expand",
        sample=lambda: call(values(2, 1), (2, 3)),
        formulas=[
            Formula(
                r"\bar x_{i0} = \sum_j v_{ij}",
                "One element is read in many places, and their weights add up.",
            )
        ],
    ),
    Operator(
        "cat",
        sample=lambda: call([values(1, 3), values(2, 3, start=2)], 0),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij}, \qquad \bar b_{ij} = v_{m+i,\,j}",
                "Each part takes its rows of v; m is the number of rows of a.",
            )
        ],
    ),
    Operator(
        "meshgrid.variadic_tensors",  # torch's tests come in the order of a set
        sample=lambda: call(values(2), values(3, start=2), indexing="ij"),
    ),
    Operator(
        "stack",
        sample=lambda: call([values(3), values(3, start=2)], 1),
        formulas=[
            Formula(
                r"\bar a_i = v_{i0}, \qquad \bar b_i = v_{i1}",
                "Each part takes its place along the new axis.",
            )
        ],
    ),
    Operator(
        "flip",
        sample=lambda: call(values(2, 3), (1,)),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_{i,\,n-1-j}",
                "Flipping twice changes nothing, so v is flipped back.",
            )
        ],
    ),
    Operator(
        "roll",
        sample=lambda: call(values(2, 3), 1, 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_{i,\,(j+s) \bmod n}",
                "The weights roll back by the same number of places, s, along the axis"
                " of length n.",
            )
        ],
    ),
    Operator(
        "nn.functional.pad.constant",
        sample=lambda: call(values(2, 3), (1, 2)),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_{i,\, l + j}",
                "The weights of the columns that were added, l before and r behind, "
                "are dropped.",
            )
        ],
    ),
    Operator(
        "permute",
        sample=lambda: call(values(1, 2, 3), (2, 0, 1)),
        formulas=[
            Formula(
                r"\bar x_{ijk} = v_{kij}", "The weights move back, as the values moved."
            )
        ],
    ),
    Operator(
        "diag",
        sample=lambda: call(values(3)),
        formulas=[Formula(r"\bar x_i = v_{ii}", "Only the diagonal depends on x.")],
    ),
    Operator(
        "tril",
        sample=lambda: call(values(3, 3)),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_{ij}\, [\, i \ge j \,]",
                "What was set to zero gets 0.",
            )
        ],
    ),
    Operator(
        "triu",
        sample=lambda: call(values(3, 3)),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_{ij}\, [\, i \le j \,]",
                "What was set to zero gets 0.",
            )
        ],
    ),
    Operator(
        "repeat",
        sample=lambda: call(values(2, 3), (2, 1)),
        formulas=[
            Formula(
                r"\bar x_{ij} = \sum_k v_{km+i,\, j}",
                "Each element collects the weights of its copies; x has m rows.",
            )
        ],
    ),
    Operator(
        "t",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "t_copy",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "T",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "H",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "mT",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "mH",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "unsqueeze",
        sample=lambda: call(values(2, 3), 0),
    ),
    Operator(
        "squeeze",
        sample=lambda: call(values(2, 1, 3)),
    ),
    Operator(
        "flatten",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "tile",
        sample=lambda: call(values(2, 3), (2, 1)),
    ),
    Operator(
        "unfold",
        sample=lambda: call(values(5), 0, 3, 1),
    ),
    Operator(
        "chunk",
        sample=lambda: call(values(2, 4), 2, 1),
    ),
    Operator(
        "split",
        sample=lambda: call(values(2, 3), 1, 1),
    ),
    Operator(
        "combinations",
        sample=lambda: call(values(3), 2),
    ),
    Operator(
        "norm.inf",
        kinks=[kink("torch.norm(x, math.inf)", [2.0, 2.0])],
    ),
    Operator(
        "normal.number_mean",
        specials=[_NORMAL],
    ),
)
