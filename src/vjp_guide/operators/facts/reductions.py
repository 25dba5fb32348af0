"""Sums, products, statistics and softmax: functions along an axis."""

import math

from vjp_guide.operators.facts.declare import (
    Formula,
    Operator,
    Special,
    call,
    kink,
    values,
)

OPERATORS = (
    Operator(
        "sum",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_i",
                "Each element counts once in the sum of its row, so it gets the weight "
                "of it.",
            )
        ],
    ),
    Operator(
        "mean",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = \frac{v_i}{n}",
                "As for the sum over the n elements of a row, divided by n.",
            )
        ],
    ),
    Operator(
        "prod",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_i \prod_{k \ne j} x_{ik}",
                "The slope of a product is the product of the other factors.",
            )
        ],
        kinks=[kink("torch.prod(x)", [0.0, 2.0, 3.0])],
    ),
    Operator(
        "cumsum",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = \sum_{k \ge j} v_{ik}",
                "Element j counts in all sums from j on, so the product sums from the "
                "end.",
            )
        ],
    ),
    Operator(
        "cumprod",
        note="The second derivative by forward mode twice is wrong where a factor is "
        "zero (pytorch#196701).",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = \frac{1}{x_{ij}} \sum_{k \ge j} v_{ik}\, y_{ik}",
                "Element j is a factor of all products from j on (for x without "
                "zeros).",
            )
        ],
    ),
    Operator(
        "softmax",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = y_{ij} \Bigl( v_{ij} - \sum_k v_{ik}\, y_{ik} \Bigr)",
                "The mean of v under the probabilities y is subtracted, since a "
                "constant added to a row changes nothing.",
            )
        ],
    ),
    Operator(
        "log_softmax",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_{ij} - e^{y_{ij}} \sum_k v_{ik}",
                "The slope of the normalisation is the softmax, exp(y).",
            )
        ],
    ),
    Operator(
        "logsumexp",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_i\, e^{x_{ij} - y_i}",
                "The derivative of the soft maximum is the softmax.",
            )
        ],
        kinks=[kink("torch.logsumexp(x, 0)", [-math.inf, -math.inf])],
    ),
    Operator(
        "var",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = \frac{2 v_i}{n - 1} (x_{ij} - \mu_i)",
                "The mean moves too, but the deviations add up to zero, so that has no "
                "effect.",
            )
        ],
    ),
    Operator(
        "std",
        sample=lambda: call(values(2, 3), 1),
        formulas=[
            Formula(
                r"\bar x_{ij} = \frac{v_i}{(n - 1)\, y_i} (x_{ij} - \mu_i)",
                "The rule of the variance, divided by twice its root.",
            )
        ],
        kinks=[kink("torch.std(x)", [1.0, 1.0])],
    ),
    Operator(
        "cdist",
        sample=lambda: call(values(2, 3), values(4, 3, start=2)),
        kinks=[kink("torch.cdist(a[None], b[None])", [1.0, 2.0], [1.0, 2.0])],
    ),
    Operator(
        "dist",
        kinks=[kink("torch.dist(a, b)", [1.0, 2.0], [1.0, 2.0])],
    ),
    Operator(
        "logcumsumexp",
        note="Forward mode drops a part where the exponentials of the numbers are far "
        "apart (pytorch#196705).",
        specials=[
            Special(
                loosened=1e3,
                reason="It takes logarithms of cancelling sums, which costs digits.",
            )
        ],
    ),
)
