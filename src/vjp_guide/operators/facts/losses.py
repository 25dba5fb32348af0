"""Loss functions."""

from vjp_guide.operators.facts.declare import (
    Formula,
    Operator,
    Special,
    call,
    index,
    kink,
    values,
)

_LABEL = "The label stays fixed: the loss jumps where the label changes its sign."

OPERATORS = (
    Operator(
        "nn.functional.cross_entropy",
        sample=lambda: call(values(2, 3), index(2, 0)),
        formulas=[
            Formula(
                r"\bar x_{ij} = \frac{v}{n} \bigl( \operatorname{softmax}(x_i)_j - [\, "
                r"j = t_i \,] \bigr)",
                "The predicted probabilities minus the one-hot target, for the mean "
                "over n samples.",
            )
        ],
    ),
    Operator(
        "nn.functional.nll_loss",
        sample=lambda: call(values(2, 3), index(2, 0)),
        formulas=[
            Formula(
                r"\bar x_{ij} = -\frac{v}{n} [\, j = t_i \,]",
                "Only the target's entry of each sample counts, in the mean over n "
                "samples.",
            )
        ],
    ),
    Operator(
        "nn.functional.mse_loss",
        sample=lambda: call(values(2, 3), values(2, 3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = \frac{2 v}{n} (a_{ij} - b_{ij}), "
                r"\qquad \bar b = -\bar a",
                "The slope of a square, in the mean over all n elements.",
            )
        ],
    ),
    Operator(
        "nn.functional.l1_loss",
        sample=lambda: call(values(2, 3), values(2, 3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = \frac{v}{n} \operatorname{sign}(a_{ij} - b_{ij}), "
                r"\qquad \bar b = -\bar a",
                "The slope of a distance is its sign, in the mean over all n elements.",
            )
        ],
        kinks=[kink("torch.nn.functional.l1_loss(a, b)", [1.0], [1.0])],
    ),
    Operator(
        "nn.functional.binary_cross_entropy_with_logits",
        sample=lambda: call(values(2, 3), index([1, 0, 1], [0, 0, 1]).double()),
        formulas=[
            Formula(
                r"\bar x_{ij} = \frac{v}{n} \bigl( \sigma(x_{ij}) - t_{ij} \bigr)",
                "The predicted probability minus the target, in the mean over all n "
                "elements.",
            )
        ],
    ),
    Operator(
        "nn.functional.cosine_embedding_loss",
        specials=[Special(fixed=frozenset({2}), reason=_LABEL)],
    ),
    Operator(
        "nn.functional.ctc_loss",
        specials=[
            Special(
                symmetric=True,
                reason="torch's product is right only where log_probs comes from "
                "log_softmax, so it is checked together with that.",
            )
        ],
    ),
    Operator(
        "nn.functional.hinge_embedding_loss",
        specials=[Special(fixed=frozenset({1}), reason=_LABEL)],
    ),
)
