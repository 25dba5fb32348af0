"""Which page of the atlas an operator is on."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A page of the atlas.

    Attributes:
        slug: The name of its file.
        title: Its title.
        pattern: Which names, without ``torch.``, are on it.
    """

    slug: str
    title: str
    pattern: str

    def holds(self, name: str) -> bool:
        """Return whether the page holds an operator, by its public name."""
        return re.fullmatch(self.pattern, name) is not None


def _category(slug: str, title: str, *patterns: str) -> Category:
    return Category(slug=slug, title=title, pattern="|".join(patterns))


_F = r"nn\.functional\."

# The first category that holds a name wins.
CATEGORIES = (
    _category("fft", "Fourier transforms", r"fft\..*", "i?stft"),
    _category("masked", "Masked reductions", r"masked\..*"),
    _category(
        "attention",
        "Attention, linear and embedding layers",
        rf"{_F}(.*attention.*|linear|bilinear|embedding.*|one_hot)",
        ".*_attention_.*",
    ),
    _category("loss", "Loss functions", rf"{_F}.*(loss|entropy.*|kl_div)"),
    _category(
        "convolution",
        "Convolutions and windows",
        rf"{_F}(conv.*|unfold)",
        r"Tensor\.unfold",
        "unfold_copy",
    ),
    _category("pooling", "Pooling", rf"{_F}.*pool.*", "max_pool.*"),
    _category(
        "resampling",
        "Padding, resampling and pixel shuffles",
        rf"{_F}(pad|interpolate|upsample.*|grid_sample|.*shuffle)",
        "constant_pad_nd|grid_sampler.*|_upsample.*",
    ),
    _category(
        "normalization",
        "Normalisation, distances and dropout",
        rf"{_F}(.*_norm|normalize|.*dropout.*|.*distance|pdist|.*similarity|.*normali.*)",
        ".*batch_norm.*|.*_norm_legit|native_.*norm|native_dropout.*|cdist|dist|renorm",
    ),
    _category(
        "activation",
        "Activation functions and softmax",
        rf"{_F}.*",
        r".*softmax.*|sigmoid|logsumexp|logcumsumexp|.*_safe_softmax.*",
    ),
    _category(
        "decompositions",
        "Matrix decompositions",
        r"(linalg\.)?(svd.*|eig.*|qr|lu.*|cholesky.*|ldl.*)",
        r"linalg\.householder_product|ormqr|.*_lowrank",
    ),
    _category(
        "linalg",
        "Linear algebra: solves, inverses and norms",
        r"linalg\..*",
        "inverse|pinverse|det|logdet|slogdet|triangular_solve|norm|trace|matrix_exp",
    ),
    _category(
        "products",
        "Products of vectors and matrices",
        "outer|inner|dot|vdot|mv|mm|bmm|matmul|einsum|tensordot|kron|cross",
        r"add(bmm|mm|mv|r)|baddbmm|sparse\..*|Tensor\.__rmatmul__",
    ),
    _category(
        "trigonometry",
        "Trigonometric and hyperbolic functions",
        "a?(sin|cos|tan)h?|atan2|deg2rad|rad2deg|sinc|hypot",
    ),
    _category(
        "exponentials",
        "Exponentials, logarithms, powers and roots",
        "exp.*(?<!and)(?<!_as)(?<!copy)|log.*|pow|float_power|r?sqrt|square|reciprocal",
        r"ldexp|x?logy|xlogy|frexp|Tensor\.__rpow__",
    ),
    _category(
        "special",
        "Special functions",
        r"special\..*|erf.*|.*gamma.*|i0",
    ),
    _category(
        "arithmetic",
        "Arithmetic",
        "add|sub|rsub|mul|div|true_divide|neg|positive|addcmul|addcdiv|lerp|remainder|fmod",
        r"Tensor\.__r(add|sub|mul|div|mod)__|where|copysign|abs|sgn|sign|gradient",
        "cumulative_trapezoid|trapezoid|trapz|diff",
    ),
    _category(
        "rounding",
        "Rounding, bounds and piecewise constant functions",
        r"(Tensor\.)?(ceil|floor|round|trunc|frac|clamp.*|nan_to_num|nextafter|bernoulli|normal)",
    ),
    _category(
        "complex",
        "Complex numbers and dtypes",
        "complex|polar|real|imag|angle|conj.*|resolve_.*|view_as_(real|complex)",
        r"Tensor\.(to|to_sparse|double|float|half|bfloat16|cfloat|cdouble|chalf|contiguous)",
    ),
    _category(
        "order",
        "Minima, maxima, sorting and quantiles",
        ".*max(imum)?|.*min(imum)?|aminmax|sort|msort|topk|kthvalue|.*median|.*quantile",
        "cummax|cummin|mode|max.*|min.*",
    ),
    _category(
        "reductions",
        "Sums, products and statistics",
        "(nan)?sum|(nan)?mean|prod|cumsum|cumprod|std.*|var.*|cov|corrcoef",
        r"Tensor\.sum_to_size|_segment_reduce",
    ),
    _category(
        "indexing",
        "Indexing, gathering and scattering",
        r"(Tensor\.)?(index.*|gather|scatter.*|take.*|masked_.*|put|select.*|__getitem__)",
        r"(Tensor\.)?(.*_scatter|slice|fill|zero_|narrow.*|_unsafe_masked.*|triu|tril|diag.*)",
    ),
    _category(
        "joining",
        "Joining, splitting and repeating",
        ".*stack|cat|block_diag|.*split.*|.*chunk|unbind.*|meshgrid|cartesian_prod",
        r"combinations|(Tensor\.)?(repeat.*|tile|broadcast_.*|expand.*)",
    ),
    _category("shapes", "Shapes, axes and views", ".*"),
)


def category(public: str) -> Category:
    """Return the page of an operator by its public name."""
    name = public.removeprefix("torch.")
    return next(page for page in CATEGORIES if page.holds(name))
