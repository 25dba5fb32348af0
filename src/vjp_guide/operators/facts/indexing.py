"""Reading and writing at indices and under masks."""

from vjp_guide.operators.facts.declare import (
    REPEATED,
    Formula,
    Operator,
    Special,
    call,
    index,
    kink,
    values,
)
from vjp_guide.operators.labels import DEFECT, UNVERIFIABLE

OPERATORS = (
    Operator(
        "gather",
        sample=lambda: call(values(2, 3), 1, index([0, 2], [1, 1])),
        formulas=[
            Formula(
                r"\bar x_{ik} = \sum_{j:\, t_{ij} = k} v_{ij}",
                "Each element collects the weights of all places that read it; t is "
                "the index.",
            )
        ],
    ),
    Operator(
        "scatter",
        note="The backward pass needs an index of the shape of src (pytorch#94336).",
        limits=[REPEATED],
        sample=lambda: call(
            values(2, 3), 1, index([0, 2], [1, 0]), values(2, 2, start=2)
        ),
        formulas=[
            Formula(
                r"\bar s_{ij} = v_{i, t_{ij}}, "
                r"\qquad \bar x_{ik} = v_{ik} \; (k \notin t_i), \; 0 \; (k \in t_i)",
                "The source s gets the weights of the places t that it was written to; "
                "what was overwritten in x gets 0.",
            )
        ],
    ),
    Operator(
        "scatter_add",
        note="The backward pass needs an index of the shape of src (pytorch#94336).",
        sample=lambda: call(
            values(2, 3), 1, index([0, 0], [1, 2]), values(2, 2, start=2)
        ),
        formulas=[
            Formula(
                r"\bar x = v, \qquad \bar s_{ij} = v_{i, t_{ij}}",
                "A sum passes v on, so each source s reads the weight of its place t.",
            )
        ],
    ),
    Operator(
        "index_select",
        sample=lambda: call(values(3, 2), 0, index(2, 0, 2)),
        formulas=[
            Formula(
                r"\bar x_{kj} = \sum_{i:\, t_i = k} v_{ij}",
                "Each row collects the weights of all places that selected it; t is "
                "the index.",
            )
        ],
    ),
    Operator(
        "where",
        swapped=True,
        sample=lambda: call(values(2, 3), index(1, 0, 1).bool(), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij} [\, c_j \,], "
                r"\qquad \bar b_j = \sum_i v_{ij} (1 - [\, c_j \,])",
                "Each weight goes to the branch that was taken; the other one gets 0.",
            )
        ],
        kinks=[kink("torch.where(x > 0, torch.sqrt(x), 0)", [0.0])],
    ),
    Operator(
        "masked_fill",
        sample=lambda: call(values(2, 3), index(1, 0, 1).bool(), 0.5),
        formulas=[
            Formula(
                r"\bar x_{ij} = v_{ij} (1 - [\, m_j \,])",
                "What was overwritten, where the mask m is true, gets 0.",
            )
        ],
    ),
    Operator(
        "__getitem__",
        sample=lambda: call(values(3, 2), index(2, 0, 2)),
    ),
    Operator(
        "take",
        sample=lambda: call(values(2, 3), index(0, 4, 4)),
    ),
    Operator(
        "fill",
        sample=lambda: call(values(2, 3), values()),
    ),
    Operator(
        "as_strided_scatter",
        specials=[
            Special(
                state=DEFECT,
                reason="The derivative for self keeps the entries that src overwrites, "
                "and drops those that it leaves (no issue was found).",
            )
        ],
    ),
    Operator(
        "nn.functional.one_hot",
        specials=[
            Special(
                state=UNVERIFIABLE,
                reason="Its input is an integer tensor: no derivative.",
            )
        ],
    ),
    Operator(
        "scatter_reduce.prod",
        specials=[
            Special(
                state=DEFECT,
                forward=False,
                reason="Forward mode returns zero, without an error (pytorch#196702); "
                "reverse mode is verified.",
            )
        ],
    ),
    Operator(
        "index_put",
        sample=lambda: call(values(3, 2), (index(2, 0),), values(2, 2, start=2)),
        limits=[REPEATED],
    ),
    Operator("index_copy", limits=[REPEATED]),
    Operator("put", limits=[REPEATED]),
)
