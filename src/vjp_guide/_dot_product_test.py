"""The dot-product test of a function's derivatives, with finite differences."""

import math
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd import forward_ad

from vjp_guide._directional import (
    Function,
    Tensors,
    call,
    detached,
    differences,
    inner,
    leaves,
    pull,
    randn_like,
    values,
)
from vjp_guide._validation import (
    require_dense,
    require_seed,
    require_tensor,
    require_tolerance,
)

# Finite differences see no derivative smaller than this, relative to the values.
_SMALLEST = 1e-4
FORWARD, NO_FORWARD = "forward mode", "unavailable"
_ZERO = "passed, but all derivatives are zero here: take other inputs to test more"


@dataclass(frozen=True, slots=True, kw_only=True)
class DotProductTest:
    r"""One number computed in three ways, and whether they agree.

    Attributes:
        reverse: :math:`\langle v^\mathsf{T} J, u \rangle` by reverse mode.
        forward: :math:`\langle v, J u \rangle` by ``forward_method``, NaN if none.
        difference: :math:`\langle v, J u \rangle` by central finite differences.
        forward_method: ``"forward mode"`` for dual numbers; ``"double VJP"`` if an
            operation has no forward mode, which differentiates the vector-Jacobian
            product with respect to ``v`` and so repeats its mistakes; or
            ``"unavailable"``.
        scale: What the residuals are relative to.
        tolerance: The largest residual that passes.

    >>> from vjp_guide import DotProductTest
    >>> test = DotProductTest(
    ...     reverse=4.0,
    ...     forward=2.0,
    ...     difference=2.0,
    ...     forward_method="forward mode",
    ...     scale=4.0,
    ...     tolerance=1e-6,
    ... )
    >>> print(test)
    failed: reverse mode is wrong
      <vJ, u>  4            reverse mode, off by 0.5
      <v, Ju>  2            forward mode, off by 0
      <v, Ju>  2            finite differences
      reverse and forward mode differ by 0.5; tolerance 1e-06, relative to 4
    """

    reverse: float
    forward: float
    difference: float
    forward_method: str
    scale: float
    tolerance: float

    @property
    def reverse_residual(self) -> float:
        """How far reverse mode is from finite differences."""
        return self._residual(self.reverse, self.difference)

    @property
    def forward_residual(self) -> float:
        """How far forward mode is from finite differences."""
        return self._residual(self.forward, self.difference)

    @property
    def adjoint_residual(self) -> float:
        """How far forward mode is from reverse mode."""
        return self._residual(self.forward, self.reverse)

    @property
    def passed(self) -> bool:
        """Whether reverse mode, and forward mode if any, match finite differences."""
        return self._reverse_agrees and self._forward_agrees

    @property
    def verdict(self) -> str:
        """Which side is off, with finite differences as the judge."""
        if not math.isfinite(self.difference):
            return "inconclusive: take inputs further from the border of the domain"
        if self.passed:
            size = max(abs(self.reverse), abs(self.difference))
            return "passed" if size > self.tolerance * self.scale else _ZERO
        if self._forward_agrees:
            return "failed: reverse mode is wrong"
        if self._reverse_agrees:
            return f"failed: {self.forward_method} is wrong"
        if self.adjoint_residual <= self.tolerance:
            return (
                f"failed: {self._modes} agree with each other but not with "
                "finite differences: both are wrong, or fn isn't smooth at the inputs"
            )
        return f"failed: {self._modes} are both wrong"

    @property
    def _modes(self) -> str:
        if self.forward_method in {FORWARD, NO_FORWARD}:
            return "reverse and forward mode"
        return f"reverse mode and {self.forward_method}"

    @property
    def _reverse_agrees(self) -> bool:
        return self.reverse_residual <= self.tolerance

    @property
    def _forward_agrees(self) -> bool:
        available = self.forward_method != NO_FORWARD
        return not available or self.forward_residual <= self.tolerance

    def _residual(self, first: float, second: float) -> float:
        return abs(first - second) / (self.scale or 1.0)

    def __str__(self) -> str:
        return (
            f"{self.verdict}\n"
            f"  <vJ, u>  {self.reverse:<12.6g} reverse mode, "
            f"off by {self.reverse_residual:.2g}\n"
            f"  <v, Ju>  {self.forward:<12.6g} {self.forward_method}, "
            f"off by {self.forward_residual:.2g}\n"
            f"  <v, Ju>  {self.difference:<12.6g} finite differences\n"
            f"  {self._modes} differ by {self.adjoint_residual:.2g}; "
            f"tolerance {self.tolerance:.2g}, relative to {self.scale:.3g}"
        )


def dot_product_test(
    fn: Function, *inputs: Tensor, seed: int = 0, tolerance: float = 1e-6
) -> DotProductTest:
    r"""Compare reverse mode, forward mode and finite differences in one number.

    For random :math:`u` and :math:`v` it computes

    .. math::
        \langle v^\mathsf{T} J, u \rangle = \langle v, J u \rangle
        = \Bigl\langle v, \frac{f(x + h u) - f(x - h u)}{2h} \Bigr\rangle + O(h^2)

    The first equation alone, the adjoint test, also holds for a wrong derivative that
    both modes share; the finite differences decide.
    Of those of order 2 (:math:`h = 10^{-6}`) and of order 4 (:math:`h = 10^{-4}`)
    the closer one counts: the first suits kinks, the second large values.
    Complex products are :math:`\operatorname{Re} \langle v, J u \rangle`.
    Where ``fn`` needs a property of ``x`` that ``x + h u`` loses, like symmetry for
    :func:`torch.linalg.eigvalsh`, let ``fn`` make it: ``eigvalsh(x + x.T)``.

    Args:
        fn: The function. It takes ``inputs`` and returns a tensor or a sequence of
            them, the same each time; integer outputs are left out.
        *inputs: The tensors ``x`` to differentiate with respect to, of dtype float64
            or complex128 and any shapes, with values of about 1. They aren't changed.
        seed: Seeds ``u`` and ``v``. The global random state is left alone.
        tolerance: The largest residual that passes.

    Returns:
        The three numbers and the verdict; ``print`` shows them.

    Raises:
        TypeError: If an argument or output isn't a dense tensor of double precision,
            ``seed`` no whole number or ``tolerance`` no number.
        ValueError: If there is nothing to test, ``tolerance`` is negative, an
            output isn't finite, or ``fn`` doesn't repeat its outputs.

    The residuals are relative to the largest of the three numbers and of
    :math:`10^{-4} \lVert v \rVert \lVert y \rVert`.
    The test is that of `PyLops
    <https://pylops.readthedocs.io/en/stable/api/generated/pylops.utils.dottest.html>`_
    with the finite differences of :func:`torch.autograd.gradcheck`.

    >>> import torch
    >>> from vjp_guide import dot_product_test
    >>> x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    >>> dot_product_test(lambda x: x.cumsum(0), x).verdict
    'passed'
    >>> hidden = lambda x: x * x.detach()  # autograd sees half of x * x
    >>> test = dot_product_test(hidden, x)
    >>> round(test.reverse / test.difference, 6), test.passed
    (0.5, False)
    """
    limit = require_tolerance("tolerance", tolerance)
    generator = torch.Generator().manual_seed(require_seed(seed))
    xs = _checked_inputs(inputs)
    y = _checked_outputs(fn, xs)
    u, v = randn_like(xs, generator), randn_like(y, generator)
    reverse = inner(pull(fn, xs, v), u)
    return compared(fn, xs, u, v, reverse=reverse, tolerance=limit)


def compared(
    fn: Function,
    xs: Tensors,
    u: Tensors,
    v: Tensors,
    *,
    reverse: float,
    tolerance: float,
) -> DotProductTest:
    """Return the comparison of what reverse mode gave with what ``fn`` gives alone."""
    y = values(fn, xs)
    forward, method = _push(fn, xs, u, v)
    difference = min(
        differences(fn, xs, u, v),
        key=lambda value: min(abs(value - reverse), abs(value - forward)),
    )
    floor = _SMALLEST * math.sqrt(inner(v, v) * inner(y, y))
    return DotProductTest(
        reverse=reverse,
        forward=forward,
        difference=difference,
        forward_method=method,
        scale=max(floor, abs(reverse), abs(forward), abs(difference)),
        tolerance=tolerance,
    )


def _checked_inputs(inputs: Tensors) -> Tensors:
    if not inputs:
        raise ValueError("inputs must hold at least one tensor x, got none")
    for place, x in enumerate(inputs):
        _require_double(f"inputs[{place}]", x)
    return detached(inputs)


def _checked_outputs(fn: Function, xs: Tensors) -> Tensors:
    outputs = values(fn, xs)
    if not outputs:
        raise ValueError("fn must return at least one floating-point output, got none")
    for place, (y, again) in enumerate(zip(outputs, values(fn, xs), strict=True)):
        name = f"output {place} of fn"
        _require_double(name, y)
        if not y.isfinite().all():
            raise ValueError(f"{name} isn't finite: take inputs inside the domain")
        if not torch.allclose(y, again):
            raise ValueError(
                f"{name} differs between two calls with the same inputs: switch "
                "dropout off with .eval(), or seed inside fn"
            )
    return outputs


def _require_double(name: str, value: object) -> None:
    tensor = require_dense(name, require_tensor(name, value))
    if tensor.dtype not in {torch.float64, torch.complex128}:
        raise TypeError(
            f"{name} must be of dtype float64 or complex128, got {tensor.dtype}: "
            "finite differences need double precision, so convert with .double(), and "
            "bind integer arguments with functools.partial"
        )


def _push(fn: Function, xs: Tensors, u: Tensors, v: Tensors) -> tuple[float, str]:
    """Return ``v`` times the Jacobian-vector product, and how it was computed."""
    try:
        return inner(v, push(fn, xs, u)), FORWARD
    except (NotImplementedError, IndexError):  # some of its rules fail on no numbers
        pass
    try:
        return inner(v, _push_twice(fn, xs, u, v)), "double VJP"
    except RuntimeError:
        return math.nan, NO_FORWARD


def push(fn: Function, xs: Tensors, u: Tensors) -> Tensors:
    """Return the Jacobian-vector product by forward mode."""
    _load_forward_mode()
    with forward_ad.dual_level():
        duals = map(forward_ad.make_dual, leaves(xs), u)
        pairs = [forward_ad.unpack_dual(y) for y in call(fn, tuple(duals))]
        return tuple(
            torch.zeros_like(primal) if tangent is None else tangent.detach()
            for primal, tangent in pairs
        )


def _load_forward_mode() -> None:
    """Let torch load its forward mode, whose first use warns of ``torch.jit.script``.

    The warning is torch's about torch; its class differs between releases.
    """
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore")
        forward_ad.make_dual(torch.zeros(()), torch.zeros(()))


def _push_twice(fn: Function, xs: Tensors, u: Tensors, v: Tensors) -> Tensors:
    """Return the derivative of the vector-Jacobian product by ``v``, along ``u``."""
    weights = leaves(v)
    # Unused v raises, since a backward pass without a derivative looks the same.
    return torch.autograd.grad(pull(fn, xs, weights, create_graph=True), weights, u)
