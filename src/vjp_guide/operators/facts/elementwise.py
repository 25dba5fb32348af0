"""Functions that act on each element by itself: arithmetic, powers, activations."""

import math

from vjp_guide.operators.facts.declare import (
    Formula,
    Limit,
    Operator,
    Special,
    call,
    kink,
    positive,
    slope,
    values,
)
from vjp_guide.operators.labels import DEFECT, DEFINED_AS_ZERO, UNVERIFIABLE

_PRECISION = Special(
    state=UNVERIFIABLE,
    reason="Its output has less than double precision, which finite differences need.",
)
_BESSEL = Special(
    loosened=10,
    reason="Near 5, where its approximation changes, it has twelve digits, and finite "
    "differences see that; the product agrees with the formula.",
)
_NORMAL = Special(
    state=DEFINED_AS_ZERO,
    reason="torch defines the derivative of a sample as zero; the pathwise derivative "
    "is that of mean + std * noise.",
)

OPERATORS = (
    Operator(
        "add",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij}, \qquad \bar b_j = \sum_i v_{ij}",
                "A sum passes v on; where b was broadcast along i, its products add "
                "up.",
            )
        ],
    ),
    Operator(
        "sub",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij}, \qquad \bar b_j = -\sum_i v_{ij}",
                "As for a sum, with the sign of b; the sum undoes the broadcasting.",
            )
        ],
    ),
    Operator(
        "mul",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij}\, b_j, \qquad \bar b_j = \sum_i v_{ij}\, a_{ij}",
                "Each factor is the other's slope; the sum undoes the broadcasting of "
                "b.",
            )
        ],
    ),
    Operator(
        "pow",
        sample=lambda: call(positive(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij}\, p_j\, a_{ij}^{p_j - 1}, "
                r"\qquad \bar p_j = \sum_i v_{ij}\, y_{ij} \ln a_{ij}",
                "The base has the power rule, the exponent the rule of an exponential "
                "(for a that is positive).",
            )
        ],
        kinks=[
            kink("x ** 0.5", [0.0]),
            kink("x ** 0", [0.0]),
            kink("a ** b", [0.0], [2.0]),
            kink("a ** b", [0.0], [0.0]),
        ],
    ),
    Operator(
        "clamp",
        sample=lambda: call(values(2, 3), -1.0, 1.0),
        formulas=[
            slope(
                r"[\, l \le x_i \le u \,]",
                "The weight passes between the bounds l and u, both included.",
            )
        ],
        kinks=[kink("torch.clamp(x, -1, 1)", [-1.0, 1.0])],
    ),
    Operator(
        "abs",
        sample=lambda: call(values(2, 3)),
        formulas=[
            slope(r"\operatorname{sign} x_i", "The slope is the sign, and 0 at 0.")
        ],
        kinks=[kink("torch.abs(x)", [0.0])],
    ),
    Operator(
        "exp",
        sample=lambda: call(values(2, 3)),
        formulas=[slope("y_i", "The exponential is its own derivative.")],
    ),
    Operator(
        "log",
        sample=lambda: call(positive(2, 3)),
        formulas=[slope(r"\frac{1}{x_i}", "The slope of the logarithm is 1 / x.")],
        kinks=[kink("torch.log(x)", [0.0])],
    ),
    Operator(
        "sqrt",
        sample=lambda: call(positive(2, 3)),
        formulas=[slope(r"\frac{1}{2 y_i}", "It grows without bound as x goes to 0.")],
        kinks=[kink("torch.sqrt(x)", [0.0])],
    ),
    Operator(
        "sigmoid",
        note="For large x the output rounds to 1 and the product to 0, though the "
        "slope is about exp(-x) (pytorch#195527).",
        sample=lambda: call(values(2, 3)),
        formulas=[slope("y_i (1 - y_i)", "The output alone gives the slope.")],
    ),
    Operator(
        "tanh",
        sample=lambda: call(values(2, 3)),
        formulas=[slope("(1 - y_i^2)", "The output alone gives the slope.")],
    ),
    Operator(
        "nn.functional.relu",
        sample=lambda: call(values(2, 3)),
        formulas=[
            slope(
                r"[\, x_i > 0 \,]",
                "The weight passes where the input is positive, and not at 0.",
            )
        ],
        kinks=[kink("torch.nn.functional.relu(x)", [0.0])],
    ),
    Operator(
        "nn.functional.gelu",
        sample=lambda: call(values(2, 3)),
        formulas=[
            slope(
                r"\bigl( \Phi(x_i) + x_i\, \varphi(x_i) \bigr)",
                "The product rule for x times the normal distribution function Phi, "
                "whose slope is the density phi (for approximate='none').",
            )
        ],
    ),
    Operator(
        "nn.functional.interpolate.nearest",
        sample=lambda: call(values(1, 1, 3), 6, mode="nearest"),
        formulas=[
            Formula(
                r"\bar x_i = \sum_{p:\, \lfloor p / s \rfloor = i} v_p",
                "Each element collects the weights of its s copies.",
            )
        ],
    ),
    Operator(
        "logaddexp",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = v_{ij}\, e^{a_{ij} - y_{ij}}, "
                r"\qquad \bar b_j = \sum_i v_{ij}\, e^{b_j - y_{ij}}",
                "The softmax of the two; the sum undoes the broadcasting of b.",
            )
        ],
        kinks=[kink("torch.logaddexp(a, b)", [-math.inf], [-math.inf])],
    ),
    Operator(
        "atan2",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        formulas=[
            Formula(
                r"\bar a_{ij} = \frac{v_{ij}\, b_j}{a_{ij}^2 + b_j^2}, "
                r"\qquad \bar b_j = -\sum_i \frac{v_{ij}\, a_{ij}}{a_{ij}^2 + b_j^2}",
                "The angle of the point (b, a) grows fastest at right angles to it, by"
                " 1 / its distance from 0.",
            )
        ],
        kinks=[kink("torch.atan2(a, b)", [0.0], [0.0])],
    ),
    Operator(
        "sin",
        sample=lambda: call(values(2, 3)),
        formulas=[slope(r"\cos x_i", "The slope is the cosine.")],
    ),
    Operator(
        "cos",
        sample=lambda: call(values(2, 3)),
        formulas=[slope(r"(-\sin x_i)", "The slope is the negative sine.")],
    ),
    Operator(
        "square",
        sample=lambda: call(values(2, 3)),
        formulas=[slope("2 x_i", "The power rule.")],
    ),
    Operator(
        "reciprocal",
        sample=lambda: call(positive(2, 3)),
        formulas=[
            slope("(-y_i^2)", "The power rule; the output alone gives the slope.")
        ],
        kinks=[kink("torch.reciprocal(x)", [0.0])],
    ),
    Operator(
        "rsqrt",
        sample=lambda: call(positive(2, 3)),
        formulas=[
            slope(
                r"\bigl( -\tfrac12\, y_i^3 \bigr)",
                "The power rule; the output alone gives the slope.",
            )
        ],
        kinks=[kink("torch.rsqrt(x)", [0.0])],
    ),
    Operator(
        "log1p",
        sample=lambda: call(positive(2, 3)),
        formulas=[slope(r"\frac{1}{1 + x_i}", "The slope of the logarithm at 1 + x.")],
        kinks=[kink("torch.log1p(x)", [-1.0])],
    ),
    Operator(
        "expm1",
        sample=lambda: call(values(2, 3)),
        formulas=[slope("(y_i + 1)", "The exponential, which is the output plus 1.")],
    ),
    Operator(
        "erf",
        sample=lambda: call(values(2, 3)),
        formulas=[
            slope(
                r"\frac{2}{\sqrt\pi}\, e^{-x_i^2}",
                "It is the integral of this slope from 0 to x.",
            )
        ],
    ),
    Operator(
        "nn.functional.silu",
        sample=lambda: call(values(2, 3)),
        formulas=[
            slope(
                r"\bigl( \sigma(x_i) + y_i (1 - \sigma(x_i)) \bigr)",
                "The product rule for x times the sigmoid.",
            )
        ],
    ),
    Operator(
        "nn.functional.softplus",
        sample=lambda: call(values(2, 3)),
        formulas=[
            slope(
                r"\sigma(x_i)",
                "The slope of the soft hinge is the sigmoid (beta is 1), and 1 above "
                "the threshold.",
            )
        ],
    ),
    Operator(
        "nn.functional.leaky_relu",
        sample=lambda: call(values(2, 3)),
        formulas=[
            slope(
                r"\begin{cases} 1 & x_i > 0 \\ s & x_i \le 0 \end{cases}",
                "Negative inputs pass the part s, negative_slope, and 0 counts as "
                "negative.",
            )
        ],
        kinks=[kink("torch.nn.functional.leaky_relu(x)", [0.0])],
    ),
    Operator(
        "nn.functional.elu",
        sample=lambda: call(values(2, 3)),
        formulas=[
            slope(
                r"\begin{cases} 1 & x_i > 0 \\ y_i + \alpha & x_i \le 0 \end{cases}",
                "For negative inputs it is alpha times an exponential, minus alpha.",
            )
        ],
        kinks=[kink("torch.nn.functional.elu(x)", [0.0])],
    ),
    Operator(
        "__rpow__",
        sample=lambda: call(values(2, 3), 2.5),
        specials=[
            Special(
                chosen=True,
                reason="A negative base has no real power; it is checked with a "
                "positive one.",
            )
        ],
    ),
    Operator(
        "nn.functional.celu",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.celu(x)", [0.0])],
    ),
    Operator(
        "nn.functional.hardshrink",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.hardshrink(x)", [-0.5, 0.5])],
    ),
    Operator(
        "nn.functional.hardsigmoid",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.hardsigmoid(x)", [-3.0, 3.0])],
    ),
    Operator(
        "nn.functional.hardswish",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.hardswish(x)", [-3.0, 3.0])],
    ),
    Operator(
        "nn.functional.hardtanh",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.hardtanh(x)", [-1.0, 1.0])],
    ),
    Operator(
        "nn.functional.logsigmoid",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "nn.functional.mish",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "nn.functional.relu6",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.relu6(x)", [0.0, 6.0])],
    ),
    Operator(
        "nn.functional.selu",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.selu(x)", [0.0])],
    ),
    Operator(
        "nn.functional.softshrink",
        sample=lambda: call(values(2, 3)),
        kinks=[kink("torch.nn.functional.softshrink(x)", [-0.5, 0.5])],
    ),
    Operator(
        "nn.functional.softsign",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "nn.functional.tanhshrink",
        sample=lambda: call(values(2, 3)),
    ),
    Operator(
        "angle",
        kinks=[kink("torch.angle(x)", [-1.0, 0.0])],
    ),
    Operator(
        "ceil",
        kinks=[kink("torch.ceil(x)", [1.0])],
    ),
    Operator(
        "copysign",
        kinks=[kink("torch.copysign(a, b)", [0.0], [1.0])],
    ),
    Operator(
        "floor",
        kinks=[kink("torch.floor(x)", [1.0])],
    ),
    Operator(
        "frac",
        kinks=[kink("torch.frac(x)", [1.0])],
    ),
    Operator(
        "round",
        kinks=[kink("torch.round(x)", [0.5, 1.0])],
    ),
    Operator(
        "sgn",
        kinks=[kink("torch.sgn(x)", [0.0])],
    ),
    Operator(
        "sign",
        kinks=[kink("torch.sign(x)", [0.0])],
    ),
    Operator(
        "trunc",
        kinks=[kink("torch.trunc(x)", [1.0])],
    ),
    Operator(
        "nn.functional.prelu",
        kinks=[kink("torch.nn.functional.prelu(a, b)", [0.0], [0.25])],
    ),
    Operator(
        "nn.functional.threshold",
        kinks=[kink("torch.nn.functional.threshold(x, 1, 0)", [1.0])],
    ),
    Operator(
        "hypot",
        kinks=[kink("torch.hypot(a, b)", [0.0], [0.0])],
    ),
    Operator(
        "acos",
        kinks=[kink("torch.acos(x)", [1.0])],
    ),
    Operator(
        "acosh",
        kinks=[kink("torch.acosh(x)", [1.0])],
    ),
    Operator(
        "asin",
        kinks=[kink("torch.asin(x)", [1.0])],
    ),
    Operator(
        "atanh",
        kinks=[kink("torch.atanh(x)", [1.0])],
    ),
    Operator(
        "float_power",
        kinks=[kink("torch.float_power(a, b)", [0.0], [2.0])],
    ),
    Operator(
        "nan_to_num",
        kinks=[kink("torch.nan_to_num(x)", [math.nan, math.inf])],
    ),
    Operator(
        "sinc",
        note="The second derivative at 0 is nan, though it is -pi**2 / 3 "
        "(pytorch#196703).",
        kinks=[kink("torch.sinc(x)", [0.0]), kink("torch.sinc(x)", [0.0], order=2)],
    ),
    Operator(
        "special.entr",
        kinks=[kink("torch.special.entr(x)", [0.0])],
    ),
    Operator(
        "xlogy",
        kinks=[kink("torch.xlogy(a, b)", [0.0], [0.0])],
    ),
    Operator(
        "bfloat16",
        specials=[_PRECISION],
    ),
    Operator(
        "cfloat",
        specials=[_PRECISION],
    ),
    Operator(
        "chalf",
        specials=[_PRECISION],
    ),
    Operator(
        "float",
        specials=[_PRECISION],
    ),
    Operator(
        "half",
        specials=[_PRECISION],
    ),
    Operator(
        "normal",
        specials=[_NORMAL],
    ),
    # torch's tests pass the order of a polygamma second.
    *(Operator(f"polygamma.polygamma_n_{n}", swapped=True) for n in range(5)),
    Operator("special.polygamma.special_polygamma_n_0", swapped=True),
    *(
        Operator(f"special.bessel_{name}", specials=[_BESSEL])
        for name in ("j0", "j1", "y0", "y1")
    ),
    Operator(
        "ldexp",
        sample=lambda: call(values(2, 3), values(3, start=2)),
        limits=[
            Limit(
                "int64",
                DEFECT,
                "With negative exponents in an integer tensor the product is 0: it "
                "multiplies by 2 ** other in integers (pytorch#187460, "
                "pytorch#196680).",
                until="2.14",
            )
        ],
    ),
)
