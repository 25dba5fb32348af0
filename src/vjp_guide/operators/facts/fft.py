"""Fourier transforms."""

from vjp_guide.operators.facts.declare import Formula, Operator, call, values

OPERATORS = (
    Operator(
        "fft.fft",
        sample=lambda: call(values(4)),
        formulas=[
            Formula(
                r"\bar x_n = \operatorname{Re} \sum_k v_k\, e^{2\pi \mathrm{i}\, k n / "
                r"N}",
                "The conjugate of the transform's matrix, applied to v; the real part, "
                "because x is real.",
            )
        ],
    ),
    Operator(
        "fft.rfft",
        sample=lambda: call(values(4)),
        formulas=[
            Formula(
                r"\bar x_n = \operatorname{Re} \sum_{k \le N/2} v_k\, e^{2\pi "
                r"\mathrm{i}\, k n / N}",
                "As for fft, over the half of the frequencies that is returned; N "
                "times irfft of v, once all its entries but that of frequency 0 (and "
                "N / 2, for even N) are halved.",
            )
        ],
    ),
    Operator(
        "fft.ifft",
        sample=lambda: call(values(4)),
        formulas=[
            Formula(
                r"\bar x_n = \frac{1}{N} \operatorname{Re} \sum_k v_k\, e^{-2\pi "
                r"\mathrm{i}\, k n / N}",
                "The conjugate of the inverse transform's matrix, applied to v; the "
                "real part, because x is real.",
            )
        ],
    ),
)
