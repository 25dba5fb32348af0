"""Layers of networks: linear, convolution, normalisation, pooling, attention."""

from vjp_guide.operators.facts.declare import (
    REPEATED,
    Formula,
    Operator,
    Special,
    call,
    index,
    kink,
    positive,
    values,
)
from vjp_guide.operators.labels import DEFECT, UNVERIFIABLE

_GPU = Special(state=UNVERIFIABLE, reason="It has no implementation for the CPU.")

OPERATORS = (
    Operator(
        "nn.functional.linear",
        sample=lambda: call(values(2, 3), values(2, 3, start=2), values(2, start=3)),
        formulas=[
            Formula(
                r"\bar x_{ij} = \sum_k v_{ik} W_{kj}, "
                r"\quad \bar W_{kj} = \sum_i v_{ik}\, x_{ij}, "
                r"\quad \bar b_k = \sum_i v_{ik}",
                "A matrix product with the transposed weight; samples add up in W and "
                "b.",
            )
        ],
    ),
    Operator(
        "nn.functional.embedding",
        swapped=True,
        sample=lambda: call(values(3, 2), index(2, 0, 2)),
        formulas=[
            Formula(
                r"\bar W_{kj} = \sum_{i:\, t_i = k} v_{ij}",
                "Each row of the table W collects the weights of all places i whose "
                "index t looked it up.",
            )
        ],
    ),
    Operator(
        "nn.functional.layer_norm",
        note="The third derivative is wrong, without an error (pytorch#175754); the "
        "second one by forward mode twice too (pytorch#196700).",
        sample=lambda: call(values(2, 3), [3], positive(3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar x = \frac{1}{\sigma} \bigl( g - \langle g \rangle - z \langle g "
                r"z \rangle \bigr), \quad g = v\,w, \; z = \frac{x - \mu}{\sigma}",
                "A constant and a multiple of z are taken out of g, because the "
                "normalisation removes shifts and scales of x; the brackets are means "
                "over the normalised axes, and sigma is the root of the variance plus "
                "eps.",
            )
        ],
    ),
    Operator(
        "nn.functional.batch_norm",
        note="The third derivative in training is wrong, without an error "
        "(pytorch#186256); the second one by forward mode twice too (pytorch#196699).",
        sample=lambda: call(
            values(3, 2),
            values(2).detach(),
            positive(2).detach(),
            positive(2),
            values(2, start=3),
        ),
        formulas=[
            Formula(
                r"\bar x = \frac{1}{\sigma} \bigl( g - \langle g "
                r"\rangle - z \langle g z \rangle \bigr), "
                r"\quad g = v\,w, \; z = \frac{x - \mu}{\sigma}",
                "In training, as for layer_norm, with means over the batch: each "
                "sample influences the others.",
            ),
            Formula(
                r"\bar x_{ij} = \frac{v_{ij}\, w_j}{\sigma_j}",
                "In evaluation, with fixed statistics: an elementwise linear map.",
            ),
        ],
    ),
    Operator(
        "nn.functional.conv1d",
        sample=lambda: call(
            values(1, 1, 5), values(2, 1, 3, start=2), values(2, start=3)
        ),
        formulas=[
            Formula(
                r"\bar x_{nci} = \sum_{o,k} v_{n,o,i-k}\, w_{ock}, "
                r"\qquad \bar w_{ock} = \sum_{n,p} v_{nop}\, x_{n,c,p+k}",
                "Each output spreads its weight over its window; that is a transposed "
                "convolution (here of stride 1 without padding).",
            )
        ],
    ),
    Operator(
        "nn.functional.conv2d",
        sample=lambda: call(values(1, 1, 3, 3), values(1, 1, 2, 2, start=2)),
        formulas=[
            Formula(
                r"\bar x_{ncij} = \sum_{o,k,l} v_{n,o,i-k,j-l}\, w_{ockl}, "
                r"\qquad \bar w_{ockl} = \sum_{n,p,q} v_{nopq}\, x_{n,c,p+k,q+l}",
                "Each output spreads its weight over its window; that is a transposed "
                "convolution (here of stride 1 without padding).",
            )
        ],
    ),
    Operator(
        "nn.functional.scaled_dot_product_attention",
        sample=lambda: call(values(2, 3), values(4, 3, start=2), values(4, 2, start=3)),
        formulas=[
            Formula(
                r"\bar V = P^\mathsf{T} v, \quad \bar Q = S K, "
                r"\quad \bar K = S^\mathsf{T} Q, "
                r"\quad S_{ij} = \tfrac{1}{\sqrt d} P_{ij} \Bigl( G_{ij} - \sum_k "
                r"P_{ik} G_{ik} \Bigr), \; G = v V^\mathsf{T}",
                "The products of two matmuls with that of the softmax between; P holds"
                " the attention weights (without mask or dropout), and d is the width "
                "of Q.",
            )
        ],
    ),
    Operator(
        "nn.functional.group_norm",
        sample=lambda: call(values(2, 4, 1), 2, positive(4), values(4, start=3)),
        formulas=[
            Formula(
                r"\bar x = \frac{1}{\sigma} \bigl( g - \langle g \rangle - z \langle g "
                r"z \rangle \bigr), \quad g = v\,w, \; z = \frac{x - \mu}{\sigma}",
                "As for layer_norm, with means over each group of channels of each "
                "sample.",
            )
        ],
    ),
    Operator(
        "nn.functional.rms_norm",
        sample=lambda: call(values(2, 3), [3], positive(3)),
        formulas=[
            Formula(
                r"\bar x = \frac{1}{r} \bigl( g - z \langle g z \rangle \bigr), "
                r"\quad g = v\,w, \; z = \frac{x}{r}",
                "As for layer_norm without its mean; r is the root of the mean square "
                "plus eps.",
            )
        ],
    ),
    Operator(
        "nn.functional.avg_pool1d",
        sample=lambda: call(values(1, 1, 6), 2),
        formulas=[
            Formula(
                r"\bar x_i = \frac{1}{k}\, v_{\lfloor i / k \rfloor}",
                "Each weight spreads in equal parts over its window of width k.",
            )
        ],
    ),
    Operator(
        "nn.functional.max_pool1d",
        sample=lambda: call(values(1, 1, 6), 2),
        formulas=[
            Formula(
                r"\bar x_i = v_p\, [\, x_i = y_p \,], \quad p = \lfloor i / k \rfloor",
                "Each weight goes to the largest number of its window of width k (to "
                "the first one where several are equal, against the formula).",
            )
        ],
        kinks=[kink("torch.nn.functional.max_pool1d(x[None], 2)", [2.0, 2.0])],
    ),
    Operator(
        "nn.functional.dropout",
        sample=lambda: call(values(2, 3)),
        formulas=[
            Formula(
                r"\bar x_i = \frac{v_i\, m_i}{1 - p}",
                "The mask m of the forward pass is kept, so what was dropped gets 0.",
            )
        ],
    ),
    Operator(
        "nn.functional.normalize",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.normalize(x, dim=0)", [0.0, 0.0])],
    ),
    Operator(
        "nn.functional.max_unpool1d",
        limits=[REPEATED],
        sample=lambda: call(values(1, 1, 2), index([[1, 2]]), 2),
        specials=[
            Special(
                chosen=True,
                reason="It is checked with indices that don't repeat.",
            )
        ],
    ),
    Operator(
        "nn.functional.adaptive_max_pool1d",
        kinks=[kink("torch.nn.functional.adaptive_max_pool1d(x[None], 1)", [2.0, 2.0])],
    ),
    Operator(
        "nn.functional.max_pool2d",
        kinks=[
            kink(
                "torch.nn.functional.max_pool2d(x.view(1, 2, 2), 2)",
                [2.0, 2.0, 1.0, 2.0],
            )
        ],
    ),
    Operator(
        "nn.functional.cosine_similarity",
        kinks=[
            kink(
                "torch.nn.functional.cosine_similarity(a, b, 0)", [0.0, 0.0], [1.0, 0.0]
            )
        ],
    ),
    Operator(
        "nn.functional.pairwise_distance",
        kinks=[
            kink("torch.nn.functional.pairwise_distance(a, b)", [1.0, 2.0], [1.0, 2.0])
        ],
    ),
    Operator(
        "native_group_norm",
        specials=[
            Special(
                state=DEFECT,
                reason="The products for the outputs mean and rstd are missing, though"
                " both require grad (mended by pytorch#183980).",
                until="2.14",
            )
        ],
    ),
    Operator(
        "torch.ops.aten._efficient_attention_forward",
        specials=[_GPU],
    ),
    Operator(
        "torch.ops.aten._flash_attention_forward",
        specials=[_GPU],
    ),
    Operator("nn.functional.embedding_bag", swapped=True),
    *(
        Operator(f"nn.functional.max_unpool{name}", limits=[REPEATED])
        for name in ("1d.grad", "2d", "2d.grad", "3d", "3d.grad")
    ),
)
