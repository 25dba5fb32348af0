"""The vector-Jacobian product of a function, as lines of Python that were checked."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd import Function
from torch.utils import _pytree as pytree

from vjp_guide._derive.against import Derived, departure
from vjp_guide._derive.as_html import as_html
from vjp_guide._derive.as_text import as_text
from vjp_guide._derive.capture import Captured, capture, plain_attention, quiet
from vjp_guide._derive.content import Content, Line, Shapes
from vjp_guide._derive.function import function_text
from vjp_guide._derive.lengths import conditions, lengths
from vjp_guide._derive.program import (
    Naming,
    Program,
    naming,
    program,
)
from vjp_guide._derive.refusal import DeriveError, Guarded, refused
from vjp_guide._derive.second import product_of
from vjp_guide._derive.simplify import simplify
from vjp_guide._derive.subject import Subject, subject
from vjp_guide._derive.verification import EQUAL, verified
from vjp_guide._directional import leaves
from vjp_guide._trace.trace import trace
from vjp_guide.figures import Figure

_MOST_NODES = 12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Source:
    """What a derivation comes from, and the values of its names."""

    subject: Subject
    captured: Captured
    program: Program
    scope: dict[str, Any]

    @property
    def naming(self) -> Naming:
        """What the tensors are called."""
        return naming(self.captured, self.subject)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Derivation(Content):
    """The vector-Jacobian product of a function, line by line.

    ``print`` shows it as Python that runs, given the inputs and the cotangents; a
    notebook shows it with the drawing of :func:`vjp_guide.trace`.

    Attributes:
        name: The name of the function.
        inputs: The shapes of the inputs, by name.
        outputs: Those of the outputs.
        cotangents: Those of the cotangents.
        forward: The lines of the forward pass that the backward pass needs; with
            ``jvp``, all of them, each followed by that of its tangent.
        backward: The lines of the backward pass; the last compute the products.
        gradients: The names of the products, ``grad_x`` for an input ``x``; ``grad2_x``
            of order 2, ``u_y`` for the tangent of an output ``y``.
        fixed: The lengths that the function fixes, such as ``weight.shape[0]``; the
            lines hold for any others, where none is 0 or 1 that wasn't.
        conditions: What else the lengths must meet, such as ``x.shape[0] < 5``, since
            the recorded operations are those of the lengths that were given.
        verification: What the lines were compared with.
        tangents: The shapes of the tangents ``u_x``, empty without ``jvp``.
        against: The name of the function with a hand-written backward pass that they
            were compared with, empty if none was.
        departure: The first of its lines that is wrong, None if it agrees.

    >>> import torch
    >>> from vjp_guide import derive
    >>> derivation = derive(lambda x: x.sin(), torch.tensor([1.0, 2.0]))
    >>> [str(line) for line in derivation.backward]
    ['grad_x = v * x.cos()']
    """

    _source: Any = field(repr=False)  # a _Source, which the reference doesn't show

    def function(self) -> str:
        r"""Return the text of a :class:`torch.autograd.Function` with this backward.

        It holds the imports, the class, a function that applies it, and a test by
        :func:`torch.autograd.gradcheck` and :func:`vjp_guide.dot_product_test`, which
        was run.
        The class saves the fewest numbers from which the backward pass can go on with
        operations that cost less than reading what they replace.

        Returns:
            The text, which runs as it is.

        Raises:
            DeriveError: If the test fails, as that of a function whose derivative is
                not what torch computes.
            ValueError: If the derivation is one of tangents: such a class has a
                backward pass.

        >>> import torch
        >>> from vjp_guide import derive
        >>> def double(x):
        ...     return 2 * x
        >>> text = derive(double, torch.ones(2)).function()
        >>> print(text[text.index("    def backward") :].partition("\n\n")[0])
            def backward(ctx, v):
                grad_x = v * 2
                return grad_x
        """
        if self.tangents:
            raise ValueError(
                "function() writes a backward pass: derive without jvp=True, and torch "
                "computes the tangents from it with torch.autograd.functional.jvp"
            )
        source: _Source = self._source
        with quiet():
            return function_text(source.captured, source.subject, source.naming)

    def figure(self) -> Figure:
        """Draw the graph, and below it the cotangents that flow back.

        Returns:
            The drawing of :func:`vjp_guide.trace`, with ones for cotangents.

        >>> import torch
        >>> from vjp_guide import derive
        >>> derive(lambda x: x.sin(), torch.ones(2)).figure().alt.partition(".")[0]
        'Forward: x (2,), y (2,) by sin'
        """
        given: Subject = self._source.subject
        xs = leaves(tuple(given.inputs[name] for name in given.differentiated))
        y = given.outputs(*xs)
        named = dict(zip(given.differentiated, xs, strict=True))
        ones = [torch.ones_like(output) for output in y]
        return trace(y, named, ones, allow_unused=True).figure()

    def __repr__(self) -> str:
        return f"<Derivation of {self.name}, {len(self.backward)} backward lines>"

    def text(self, *, fold: bool = False) -> str:
        """Return what ``print`` shows.

        Args:
            fold: Whether the lines of a submodule are one line if the program is long,
                as ``print`` has it; the text is no program then.

        Returns:
            The lines with their shapes, and what they were compared with.

        >>> import torch
        >>> from vjp_guide import derive
        >>> print(derive(lambda x: x.sin(), torch.ones(2)).text().splitlines()[3])
        grad_x = v * x.cos()  # (2,)
        """
        return as_text(self, fold=fold)

    def __str__(self) -> str:
        return as_text(self, fold=True)

    def _repr_html_(self) -> str:
        few = len(self.forward) + len(self.backward) <= _MOST_NODES
        return as_html(self, self.figure()._repr_html_() if few else "")


def derive(
    fn: Callable[..., Any],
    *inputs: Tensor,
    order: Literal[1, 2] = 1,
    jvp: bool = False,
    against: type[Any] | None = None,
) -> Derivation:
    r"""Derive the vector-Jacobian product of a function, as Python that was checked.

    .. math:: \bar x_i
        = \sum_k \sum_o v^{(k)}_o\, \frac{\partial y^{(k)}_o}{\partial x_i}

    where :math:`k` counts the outputs and :math:`o` runs over all indices of one.

    One pass forward and back is recorded with lengths as variables, operation by
    operation; torch's own rules for operations of the backward pass replace these by
    simpler ones, and the result is shortened and printed with the names of the
    function's arguments and variables.
    The text is then run and compared.

    Args:
        fn: The function, or a module, whose parameters and buffers are inputs too. It
            takes ``inputs`` and returns tensors of any shapes. It draws no random
            numbers, and which operations run doesn't depend on values.
        *inputs: The tensors ``x``. Those of a floating-point or complex dtype, which
            are converted to double precision, are differentiated. They aren't changed.
        order: 1 for the product, 2 for that of the product, as a double backward needs
            it: a function of ``inputs`` and cotangents, whose own cotangents are
            ``u_x``, of the shape of ``x``.
        jvp: Whether to derive the product with tangents ``u_x`` in its place, by
            forward mode.
        against: A function with a backward pass that was written by hand, whose
            ``apply`` takes the same inputs. It is run line by line.

    Returns:
        The lines, each with its shape, and what they were compared with; ``print``
        shows them, and the first line of ``against`` that is wrong.

    Raises:
        DeriveError: If the product can't be written as one program, with the line of
            ``fn`` that prevents it.
        TypeError: If ``fn`` isn't callable, an input isn't a dense tensor, or
            ``against`` isn't a subclass of :class:`torch.autograd.Function`.
        ValueError: If no input or no output has a derivative, ``order`` is neither 1
            nor 2, or ``order=2``, ``jvp`` and ``against`` meet.

    The recording is that of ``torch.fx.experimental.proxy_tensor.make_fx``.

    >>> import torch
    >>> from vjp_guide import derive
    >>> def layer(x, w):
    ...     h = torch.tanh(x @ w)
    ...     return h.sum(-1)
    >>> derivation = derive(layer, torch.rand(2, 3), torch.rand(3, 4))
    >>> print("\n".join(map(str, [*derivation.forward, *derivation.backward])))
    h = (x @ w).tanh()
    t1 = v.unsqueeze(-1) * (1 - h * h)
    grad_x = t1 @ w.mT
    grad_w = x.mT @ t1
    """
    given = subject(fn, inputs)
    _require_function(against)
    _require_one(order=order, jvp=jvp, against=against)
    _run_once(given)
    with quiet():
        found = _derived(replace(given, kind="jvp") if jvp else given)
        found = _second(found) if order == _SECOND else found
    return found if against is None else _compared(found, against)


_SECOND = 2


def _require_one(*, order: object, jvp: bool, against: object) -> None:
    if order not in {1, _SECOND}:
        raise ValueError(f"order must be 1 or 2, got {order!r}")
    asked = {"order=2": order == _SECOND, "jvp": jvp, "against": against is not None}
    given = [name for name, is_asked in asked.items() if is_asked]
    if len(given) > 1:
        raise ValueError(
            f"{' and '.join(given)} can't be combined, since each is of a program of "
            "its own: call derive once for each"
        )


def _second(first: Derivation) -> Derivation:
    """Return the derivation of a product.

    Its program loses the derivative where it goes on from what an operation keeps for
    its backward pass; then reverse mode itself is recorded.
    """
    source: _Source = first._source  # noqa: SLF001 - of this module
    product = product_of(source.subject, source.naming, source.program)
    try:
        return _derived(product)
    except DeriveError:
        return _derived(replace(product, recorded=None))


def _derived(given: Subject) -> Derivation:
    """Return the first text that computes the product."""
    problems: list[str] = []
    for dynamic, simple in _ATTEMPTS:
        captured = _captured(given, dynamic=dynamic)
        try:
            if simple:
                simplify(captured.module.graph, captured.mode)
            found = _derivation(given, captured)
        except Exception as error:  # noqa: BLE001 - the text of private parts of torch
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            problems.append(_sparse(captured) or reason)
            continue
        if found.verification.autograd <= EQUAL:
            return found
        problems.append(f"it is off by {found.verification.autograd:.1g}")
    raise DeriveError(f"no text of the program computes the product: {problems[0]}")


def _sparse(captured: Captured) -> str:
    """Return what is wrong if a tensor isn't dense, else nothing."""
    for node in captured.module.graph.nodes:
        for value in pytree.tree_leaves(node.meta.get("val")):
            if isinstance(value, Tensor) and value.layout != torch.strided:
                return (
                    f"{node.target} makes a tensor of layout {value.layout}, and "
                    "programs are for dense ones: leave out sparse=True and "
                    "sparse_grad=True, and what makes tensors sparse, which gives "
                    "the same numbers"
                )
    return ""


_ATTEMPTS = ((True, True), (True, False), (False, True))


def _captured(given: Subject, *, dynamic: bool) -> Captured:
    """Return the graph, of these lengths alone where torch can't leave them open."""
    try:
        return capture(given, dynamic=dynamic)
    except DeriveError:
        return capture(given, dynamic=False)


def _run_once(given: Subject) -> None:
    """Run the function as it is, so that its own errors come before those of a trace.

    Raises:
        DeriveError: If an operation can't be repeated.
        ValueError: If no output has a derivative.
    """
    xs = leaves(tuple(given.inputs[name] for name in given.differentiated))
    try:
        with plain_attention(), Guarded():
            outputs = given.outputs(*xs)
    except DeriveError as error:
        raise refused(error) from None
    except RuntimeError as error:
        if "dtype" in str(error):
            error.add_note(
                "derive converts inputs to double precision: pass the other tensors as "
                "inputs too, or convert them with .double()"
            )
        raise
    if not outputs:
        raise ValueError(
            f"{given.name} returns nothing that depends on its inputs in a way that "
            "torch can differentiate: look for .detach(), torch.no_grad() and integers"
        )


def _require_function(against: object) -> None:
    known = isinstance(against, type) and issubclass(against, Function)
    if against is not None and not known:
        raise TypeError(
            "against must be a subclass of torch.autograd.Function, whose backward is "
            f"compared, got {against!r}"
        )


def _derivation(given: Subject, captured: Captured) -> Derivation:
    named = naming(captured, given)
    found = program(captured, given, named)
    with plain_attention():
        verification, variables, outputs = verified(given, named, found)
    scope = {**dict(zip(named.outputs, outputs, strict=True)), **variables}
    return Derivation(
        name=given.name,
        inputs=_shapes(named.inputs, scope),
        outputs=_shapes(named.outputs, scope),
        cotangents={} if given.kind == "jvp" else _shapes(named.weights, scope),
        forward=tuple(_lines(found.forward, found, scope)),
        backward=tuple(_lines(found.backward, found, scope)),
        gradients=named.gradients,
        fixed=_fixed(captured),
        conditions=tuple(dict.fromkeys(_conditions(captured))),
        verification=verification,
        tangents=_shapes(named.weights, scope) if given.kind == "jvp" else {},
        _source=_Source(subject=given, captured=captured, program=found, scope=scope),
    )


def _compared(found: Derivation, against: type[Function]) -> Derivation:
    """Return a derivation with where a hand-written pass departs from it."""
    source: _Source = found._source  # noqa: SLF001 - of this module
    given, scope, named = source.subject, source.scope, source.naming
    lines = [*found.forward, *found.backward]
    products = {line.name: line for line in lines}
    derived = Derived(
        inputs=given.inputs,
        outputs=[scope[name] for name in named.outputs],
        cotangents=[scope[n] if n else None for n in named.cotangents],
        gradients={
            x: products[name]
            for x, name in zip(given.differentiated, named.gradients, strict=True)
        },
        lines=lines,
        backward=found.backward,
        scope=source.captured.variables(given.inputs.values()) | scope,
    )
    place = departure(against, derived)
    return replace(found, against=against.__name__, departure=place)


def _shapes(names: Iterable[str], tensors: Mapping[str, Any]) -> Shapes:
    return {name: tuple(tensors[name].shape) for name in names}


def _lines(
    texts: Iterable[str], found: Program, variables: Mapping[str, Any]
) -> Iterator[Line]:
    for text in texts:
        name, _, code = text.partition(" = ")
        value = variables[name]
        shape = tuple(value.shape) if isinstance(value, Tensor) else None
        module = found.modules.get(name, "")
        yield Line(name=name, code=code, shape=shape, module=module)


def _conditions(captured: Captured) -> Iterator[str]:
    """Return how the lengths must be to each other."""
    texts = captured.symbols | lengths(captured.shapes)
    return conditions(captured.mode.shape_env, texts, captured.symbols)


def _fixed(captured: Captured) -> dict[str, int]:
    """Return the lengths above 1 that are numbers in the graph."""
    return {
        f"{name}.shape[{axis}]": length
        for name, shape in captured.shapes.items()
        for axis, length in enumerate(shape)
        if isinstance(length, int) and length > 1
    }
