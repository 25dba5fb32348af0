"""A function and its backward pass as one graph, with the names of its variables."""

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from inspect import currentframe
from types import FrameType
from typing import Any

import torch
import torch._dynamo  # noqa: F401 - make_fx would import it, while math.sqrt is ours
from torch import Tensor
from torch._decomp import decomposition_table, meta_table
from torch._subclasses.fake_tensor import FakeTensorMode, unset_fake_temporarily
from torch.autograd import forward_ad
from torch.func import functionalize
from torch.fx import GraphModule, Interpreter, Node
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import (
    DimDynamic,
    ShapeEnv,
    StatelessSymbolicContext,
)
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from vjp_guide._derive.lengths import lengths
from vjp_guide._derive.modules import Marks, Repeated
from vjp_guide._derive.numbers import symbolic_numbers
from vjp_guide._derive.plain import GRIDS, PLAIN
from vjp_guide._derive.refusal import refused
from vjp_guide._derive.subject import Subject, unlike
from vjp_guide._sources import is_own
from vjp_guide.operators.program.nodes import Size, is_mutable, size
from vjp_guide.operators.torch_tables import program_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a graph returns, each part in the order of its names.

    Attributes:
        outputs: The outputs.
        cotangents: Theirs, None for those without a derivative; or the tangents of the
            inputs.
        gradients: The products, one for each input with a derivative; or the tangents
            of the outputs, None for those without one.
        variables: The local variables of the function, by name.
        flowing: The cotangents of these variables, or their tangents.
    """

    outputs: list[Any]
    cotangents: list[Any]
    gradients: list[Any]
    variables: dict[str, Any]
    flowing: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A graph of the forward and the backward pass.

    Attributes:
        module: The graph with the tensors that it holds.
        inputs: The nodes of the inputs, by name.
        parts: The nodes of what it returns.
        shapes: The shapes of the inputs, of numbers and of expressions.
        symbols: The text of each length of an input, by its own variable.
        mode: What gives new nodes their shapes.
        spec: How the parts are laid out in what the graph returns.
    """

    module: GraphModule
    inputs: dict[str, Node]
    shapes: dict[str, tuple[Size, ...]]
    symbols: dict[str, str]
    mode: FakeTensorMode
    spec: Any

    @property
    def parts(self) -> Parts:
        """The nodes of what the graph returns, as they are now."""
        returned: Any = self.module.graph.output_node().args[0]
        outputs, cotangents, gradients, variables, flowing = pytree.tree_unflatten(
            list(returned), self.spec
        )
        return Parts(
            outputs=outputs,
            cotangents=cotangents,
            gradients=gradients,
            variables=variables,
            flowing=flowing,
        )

    def variables(self, inputs: Iterable[Tensor]) -> dict[str, Tensor]:
        """Return the values of the function's variables."""
        flat = Interpreter(self.module).run(*inputs)
        found: dict[str, Tensor] = pytree.tree_unflatten(flat, self.spec)[3]
        return found


def capture(subject: Subject, *, dynamic: bool = True) -> Captured:
    """Return the graph of a function and of its product with any cotangents.

    Args:
        subject: The function and its inputs.
        dynamic: Whether lengths are variables of the graph, and not numbers.

    Raises:
        DeriveError: If torch can't trace it.
    """
    mode = _Mode(
        shape_env=_Lengths(
            duck_shape=False,
            allow_scalar_outputs=False,
            allow_dynamic_output_shape_ops=False,
        ),
        allow_non_fake_inputs=True,
    )
    mode.cache_enabled = False  # a key with variable lengths costs more than a call
    fakes = [_fake(mode, x, dynamic=dynamic) for x in subject.inputs.values()]
    given = {
        n: tuple(map(size, x.shape)) for n, x in zip(subject.inputs, fakes, strict=True)
    }
    specs: list[Any] = []
    recorded = _tangents if subject.kind == "jvp" else _product

    def product(*values: Tensor) -> list[Any]:
        flat, spec = pytree.tree_flatten(recorded(subject, values))
        specs.append(spec)
        return flat

    try:
        module = _trace(subject, mode, product, fakes)
        if any(map(is_mutable, module.graph.nodes)):
            again = functionalize(Repeated(module).run)
            module = _trace(subject, mode, again, fakes)
    except Exception as error:
        raise refused(error) from error
    placeholders = [node for node in module.graph.nodes if node.op == "placeholder"]
    return Captured(
        module=module,
        inputs=dict(zip(subject.inputs, placeholders, strict=True)),
        shapes={
            name: tuple(map(size, fake.shape))
            for name, fake in zip(subject.inputs, fakes, strict=True)
        },
        symbols=lengths(given),
        mode=mode,
        spec=specs[0],
    )


class _Lengths(ShapeEnv):
    """Notes who asks about a length; torch, to find that out, imports its compiler."""

    def _get_user_frame(self) -> FrameType | None:
        frame = currentframe()
        while frame and frame.f_globals.get("__name__") in _ASKING:
            frame = frame.f_back
        return frame


_ASKING = {
    *(__name__, "torch", "torch.utils._stats"),
    *(f"torch.fx.experimental.{n}" for n in ("recording", "sym_node")),
    ShapeEnv.__module__,
}


class _Mode(FakeTensorMode):
    """Leaves lengths open where torch's own kernels would read them as numbers."""

    def dispatch(
        self,
        func: Any,
        types: Any,
        args: Any = (),
        kwargs: Any = None,
    ) -> object:
        """Return what an operation gives, in the shapes that its Python rule says."""
        if func in _OPENED:
            with self:
                return _OPENED[func](*args, **(kwargs or {}))
        try:
            return super().dispatch(func, types, args, kwargs)
        except RuntimeError as error:
            if "concrete integers" not in str(error):
                raise
        with self:
            return meta_table[func](*args, **(kwargs or {}))


def _solved(
    a: Tensor, b: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """Return an empty tensor of the shape of the solution of a triangular system."""
    del upper, unitriangular
    rows = b.shape[-2 if left else -1]
    torch._check(a.shape[-1] == rows)  # noqa: SLF001 - how torch's own rules say it
    batch = torch.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return b.new_empty([*batch, *b.shape[-2:]])


def _solved_by_factor(b: Tensor, factor: Tensor, upper: bool = False) -> Tensor:  # noqa: FBT001, FBT002 - torch passes it by place
    """Return an empty tensor of the shape of the solution of a factored system."""
    return _solved(factor, b, upper=upper)


def _diagonal(x: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    return torch.diagonal(x, offset, dim1, dim2).clone()


def _spectrum(x: Tensor, axes: list[int], norm: int, forward_or_half: bool) -> Tensor:  # noqa: FBT001 - torch passes it by place
    """Return an empty tensor of the shape of a Fourier transform."""
    del norm
    shape = list(x.shape)
    if forward_or_half and not x.is_complex():
        shape[axes[-1]] = shape[axes[-1]] // 2 + 1
    return x.new_empty(shape, dtype=x.dtype.to_complex())


def _signal(x: Tensor, axes: list[int], norm: int, length: Any) -> Tensor:
    """Return an empty tensor of the shape of a Fourier transform to real numbers."""
    del norm
    shape = list(x.shape)
    shape[axes[-1]] = length
    return x.new_empty(shape, dtype=x.dtype.to_real())


def _complex(real: Tensor, imaginary: Tensor) -> Tensor:
    """Return an empty tensor of the shape of complex numbers of two parts."""
    shape = torch.broadcast_shapes(real.shape, imaginary.shape)
    return real.new_empty(shape, dtype=real.dtype.to_complex())


def _inverse(x: Tensor, **_: Any) -> Tensor:
    """Return an empty tensor of the shape of a pseudoinverse."""
    return torch.empty_like(x.mT)


def _resized(x: Tensor, lengths: Sequence[Any], *_: Any) -> Tensor:
    """Return an empty tensor of the shape of a grid of other lengths."""
    return x.new_empty([*x.shape[:2], *lengths])


def _restored(v: Tensor, _: object, shape: Sequence[Any], *__: Any) -> Tensor:
    """Return an empty tensor of the shape of a grid before it was resized."""
    return v.new_empty(shape)


_ATEN = torch.ops.aten
_UPSAMPLED = [
    *(
        f"{kind}{axes}d"
        for kind in (GRIDS["nearest"], GRIDS["nearest-exact"])
        for axes in (1, 2, 3)
    ),
    *("upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d"),
    "upsample_trilinear3d",
]
_OPENED: dict[Any, Callable[..., Tensor]] = {
    _ATEN.constant_pad_nd.default: decomposition_table[_ATEN.constant_pad_nd.default],
    _ATEN.linalg_solve_triangular.default: _solved,
    _ATEN.cholesky_solve.default: _solved_by_factor,
    _ATEN.diagonal_copy.default: _diagonal,
    _ATEN.complex.default: _complex,
    _ATEN.linalg_pinv.atol_rtol_tensor: _inverse,
    _ATEN._fft_c2c.default: _spectrum,  # noqa: SLF001 - it has no other name
    _ATEN._fft_r2c.default: _spectrum,  # noqa: SLF001 - it has no other name
    _ATEN._fft_c2r.default: _signal,  # noqa: SLF001 - it has no other name
    **{getattr(_ATEN, name).default: _resized for name in _UPSAMPLED},
    **{getattr(_ATEN, f"{name}_backward").default: _restored for name in _UPSAMPLED},
}


def _trace(
    subject: Subject, mode: FakeTensorMode, function: Any, fakes: list[Tensor]
) -> GraphModule:
    traced = make_fx(function, decomposition_table=program_rules())
    with mode, symbolic_numbers(subject), plain_attention(), _unlogged():
        module: GraphModule = traced(*fakes)
    return module


def _fake(mode: FakeTensorMode, x: Tensor, *, dynamic: bool) -> Tensor:
    kinds = [
        DimDynamic.DYNAMIC if dynamic and length > 1 else DimDynamic.STATIC
        for length in x.shape
    ]
    context: Any = StatelessSymbolicContext(dynamic_sizes=kinds)
    return mode.from_tensor(x, symbolic_context=context)


def _product(subject: Subject, values: Sequence[Tensor]) -> tuple[Any, ...]:
    """Return the fields of the parts, from a pass forward and back.

    The cotangents are left open: they are tensors that nothing has filled.

    Returns:
        The tensors, in the order of the fields.
    """
    named = dict(zip(subject.inputs, (x.detach() for x in values), strict=True))
    tracked = [named[name].requires_grad_() for name in subject.differentiated]
    marks = Marks(subject.model)
    with marks:
        outputs, variables = _outputs(subject, list(named.values()))
    flowing: dict[str, Tensor] = {}
    for name, tensor in variables.items():
        if tensor.requires_grad:
            tensor.register_hook(partial(_note, flowing, name))
    kept = [t for t in outputs if t.requires_grad]
    cotangents = [torch.empty_like(t) if t.requires_grad else None for t in outputs]
    weights = [v for v in cotangents if v is not None]
    marks.follow(kept)
    gradients = torch.autograd.grad(kept, tracked, weights, allow_unused=True)
    marks.mark("")
    return outputs, cotangents, list(gradients), variables, flowing


def _tangents(subject: Subject, values: Sequence[Tensor]) -> tuple[Any, ...]:
    """Return the fields of the parts, from one pass with tangents, which are open."""
    tangents = {
        name: torch.empty_like(x)
        for name, x in zip(subject.inputs, values, strict=True)
        if name in subject.differentiated
    }
    with forward_ad.dual_level():
        duals = [
            forward_ad.make_dual(x, tangents[name]) if name in tangents else x
            for name, x in zip(subject.inputs, values, strict=True)
        ]
        marks = Marks(subject.model)
        with marks:
            outputs, variables = _outputs(subject, duals)
        marks.mark("")
        primals, pushed = _unpacked(outputs)
        found, flowing = _unpacked(list(variables.values()))
    named = dict(zip(variables, found, strict=True))
    known = zip(variables, flowing, strict=True)
    return (
        primals,
        list(tangents.values()),
        pushed,
        named,
        {name: t for name, t in known if t is not None},
    )


def _unpacked(duals: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor | None]]:
    """Return tensors without their tangents, and these."""
    pairs = list(map(forward_ad.unpack_dual, duals))
    return [pair.primal for pair in pairs], [pair.tangent for pair in pairs]


def _outputs(
    subject: Subject, values: Sequence[Tensor]
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Return the outputs, and the variables of the function."""
    call = subject.recorded or subject.call
    with _Variables() as seen:
        returned = call(*values)
    outputs = [t for t in pytree.tree_leaves(returned) if isinstance(t, Tensor)]
    return outputs, seen.besides([*values, *outputs])


def _note(found: dict[str, Tensor], name: str, cotangent: Tensor) -> None:
    found[name] = cotangent


class _Variables(TorchFunctionMode):
    """Notes the tensors that the reader's variables hold, as its code goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[int, tuple[str, Tensor]] = {}

    def __torch_function__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Return what a function of torch does, with the variables noted before."""
        del types
        for frame in _frames(currentframe()):
            for name, value in [*frame.f_locals.items()]:
                if isinstance(value, Tensor) and name.isidentifier():
                    self._found.setdefault(id(value), (name, value))
        given = kwargs or {}
        if func in _LITERALS and not any(map(_is_traced, pytree.tree_leaves(args))):
            with unset_fake_temporarily():  # its numbers are part of the program
                return func(*args, **given)
        return PLAIN.get(func, func)(*args, **given)

    def besides(self, known: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return the variables by name, but for tensors with other names."""
        others = {id(t) for t in known}
        found = [pair for key, pair in self._found.items() if key not in others]
        free = unlike((name for name, _ in found), ())
        return dict(zip(free, (tensor for _, tensor in found), strict=True))


_LITERALS = {torch.tensor, torch.as_tensor, torch.asarray}


def _is_traced(value: object) -> bool:
    return isinstance(value, Tensor | torch.SymInt | torch.SymFloat)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of the reader's code that led to a frame of this module."""
    while frame and frame.f_code is not _outputs.__code__:
        if not is_own(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def plain_attention() -> AbstractContextManager[None]:
    """Return what lets attention run as products and a softmax, not as one kernel."""
    return sdpa_kernel(SDPBackend.MATH)


def quiet() -> AbstractContextManager[None]:
    """Return what ignores warnings: the operations of a program are not the reader's.

    A layer norm of nothing, which warns of nothing, becomes a variance that does.
    """
    return warnings.catch_warnings(action="ignore")


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep torch from printing errors of a trace, which is tried in other ways then."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
