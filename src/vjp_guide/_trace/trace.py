"""One backward pass, recorded node by node."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor
from torch.autograd.graph import Node

from vjp_guide._trace.figure import draw
from vjp_guide._trace.modules import ModuleNames
from vjp_guide._trace.places import Place, first_nonfinite
from vjp_guide._trace.recorder import Call, numbered, record
from vjp_guide._trace.records import End, NodeRecord, Part
from vjp_guide._trace.select import part, select
from vjp_guide._trace.text import html, summary, table
from vjp_guide._validation import require_count, require_shape, require_tensors
from vjp_guide.figures import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """What :func:`vjp_guide.trace` recorded.

    ``print`` shows it as a table of one line for each node; a notebook shows the
    table and the figure.
    Long traces show their first and last nodes.
    The records of the nodes are made when they are first asked for.

    Attributes:
        gradients: What :func:`torch.autograd.grad` returned.

    >>> import torch
    >>> from vjp_guide import trace
    >>> x = torch.ones(3, requires_grad=True)
    >>> trace((x * x).sum(), x)
    <Trace of 2 nodes, from y () to x (3,)>
    """

    gradients: tuple[Tensor | None, ...]
    _read: Callable[[], Part]

    @cached_property
    def _part(self) -> Part:
        return self._read()

    @property
    def nodes(self) -> tuple[NodeRecord, ...]:
        """The nodes that ran, in the order of execution."""
        return self._part.nodes

    @property
    def outputs(self) -> tuple[End, ...]:
        """The outputs, with the cotangents that entered there."""
        return self._part.outputs

    @property
    def inputs(self) -> tuple[End, ...]:
        """The inputs, with the cotangents that arrived there."""
        return self._part.inputs

    def figure(self) -> Figure:
        """Draw the graph, and below it the cotangents that flow back.

        Tensors are named after the step of the node that takes their cotangent.
        A ``+`` marks a cotangent that is a sum of several.

        Returns:
            The drawing.

        >>> import torch
        >>> from vjp_guide import trace
        >>> x = torch.ones(3, requires_grad=True)
        >>> trace(x.exp(), x, torch.ones(3)).figure().alt
        'Forward: x (3,), y (3,) by exp. Backward: dL/dy (3,), dL/dx (3,).'
        """
        return draw(self)

    @property
    def first_nonfinite(self) -> Place | None:
        """The first cotangent of the pass with NaN or infinity; ``None`` if none has.

        It names the operation, so that ``print`` answers where a NaN comes from.

        Raises:
            ValueError: If a cotangent before it wasn't looked at, as without values.

        >>> import torch
        >>> from vjp_guide import trace
        >>> x = torch.tensor([0.0, 4.0], requires_grad=True)
        >>> print(trace((x.sqrt() * x).sum(), x).first_nonfinite)
        what step 2, SqrtBackward0, sends to operand 0
        """
        return first_nonfinite(self)

    def select(
        self, *, operation: str | None = None, module: str | None = None
    ) -> "Selection":
        """Choose nodes by the name of their operation, of their module, or by both.

        In a pattern, ``*`` stands for any characters, ``?`` for one and ``[seq]`` for
        one of several.

        Args:
            operation: A pattern for the name of the operation, such as ``"addmm"``, or
                of the node, such as ``"AddmmBackward0"``.
            module: A pattern for the path of the module or of one that holds it, such
                as ``"encoder.*"``.

        Returns:
            The nodes, which ``print`` shows as rows and ``figure`` as a drawing.

        Raises:
            TypeError: If a pattern isn't a string, or there is none.
            ValueError: If the trace knows no modules.

        >>> import torch
        >>> from vjp_guide import trace
        >>> x = torch.ones(3, requires_grad=True)
        >>> trace((x.exp() * x).sum(), x).select(operation="exp")
        <Selection of 1 of 3 nodes>
        """
        chosen = part(self, select(self, operation, module))
        return Selection(
            chosen.nodes, chosen.outputs, chosen.inputs, chosen.gradients, self
        )

    def __repr__(self) -> str:
        return f"<Trace of {summary(self)}>"

    def __str__(self) -> str:
        return table(self)

    def _repr_html_(self) -> str:
        return html(self.figure(), self)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Selection(Part):
    """Nodes that :meth:`vjp_guide.Trace.select` chose.

    ``print`` shows them as a table; a notebook shows the table and the figure.

    Attributes:
        nodes: The nodes, in the order of execution, with the steps of the trace.
        outputs: The outputs whose cotangents enter at these nodes.
        inputs: The inputs to whose gradients these nodes send, or that they take.
        gradients: The gradients of these inputs.
        trace: What they were chosen from.

    >>> import torch
    >>> from vjp_guide import trace
    >>> x = torch.zeros(2, requires_grad=True)
    >>> print(trace((x.exp() + x).sum(), x).select(operation="exp"))
    Backward pass of 1 of 3 nodes
    step  operation     cotangents in  cotangents out    notes
       2  ExpBackward0  (2,) [1, 1]    (2,) [1, 1] to x  saves result (2,)
       x  gradient      (2,) [2, 2]                      sum of 2 (from 1, 2)
    """

    trace: Trace

    def figure(self) -> Figure:
        """Draw the nodes, with the nodes between them as one box each time.

        Returns:
            The drawing.

        >>> import torch
        >>> from vjp_guide import trace
        >>> x = torch.ones(2, requires_grad=True)
        >>> figure = trace((x.exp() * x).sum(), x).select(operation="exp").figure()
        >>> figure.alt.partition(".")[0]
        'Forward: x (2,), t2 (2,) by exp of x, 2 more nodes from t2 and x'
        """
        return draw(self, self.trace)

    def __repr__(self) -> str:
        return f"<Selection of {summary(self, self.trace)}>"

    def __str__(self) -> str:
        return table(self, self.trace)

    def _repr_html_(self) -> str:
        return html(self.figure(), self, self.trace)


def trace(  # noqa: PLR0913 (those of torch.autograd.grad, and how much to record)
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor] | Mapping[str, Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    *,
    values: bool = True,
    max_elements: int = 16,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
    modules: ModuleNames | None = None,
) -> Trace:
    r"""Run one backward pass and record each vector-Jacobian product in it.

    A backward node turns the cotangents of its results into those of its operands,

    .. math:: \bar a = \sum_o v_o\, \frac{\partial y_o}{\partial a}

    and a tensor that is used several times receives the sum of what its uses send.

    The pass is one call of :func:`torch.autograd.grad` with these arguments and
    ``retain_graph=True``.
    It leaves the graph usable, and no hook of its own stays.
    It restores random states, and changes no ``.grad``, that of tensors with
    :meth:`~torch.Tensor.retain_grad` included.
    Your own hooks run once, before the record is taken.

    A trace of a chain of 100,000 small operations takes two and a half to three times
    as long as the plain call; its records are made when they are first asked for, in
    about a third of that call. Afterwards that call takes about a quarter
    longer, since torch keeps an empty list of hooks at each node that had one.
    Torch keeps a Python object in the graph for each node that Python has seen, until
    the graph is freed, and would then overflow the stack if the graph is deep.
    So a trace of more than 1,000 nodes leaves an entry in the metadata of some nodes,
    which prevents that.

    Args:
        outputs: The tensor ``y`` or several, with a graph.
        inputs: The tensor ``x`` or several, leaves or not, or a mapping of names to
            tensors, such as ``dict(model.named_parameters())``.
        grad_outputs: The cotangent ``v``, or one for each output, with its shape.
            ``None`` stands for 1, for a scalar output.
        values: Whether to copy the values of small cotangents, and note the largest
            absolute value of others.
        max_elements: The most elements of a cotangent whose values are copied.
        allow_unused: As in :func:`torch.autograd.grad`.
        materialize_grads: As in :func:`torch.autograd.grad`.
        modules: What noted the modules in the forward pass, if anything did.

    Returns:
        The record, whose gradients are those of :func:`torch.autograd.grad`.

    Raises:
        TypeError: If an output or input isn't a tensor, or ``max_elements`` no whole
            number.
        ValueError: If ``max_elements`` is negative.

    What torch refuses raises torch's own error.
    Tensors behind :class:`~torch.autograd.graph.saved_tensors_hooks` aren't listed
    as saved, since reading them would call the hooks.

    The order of execution and the sums are those of torch's autograd engine, which its
    `autograd notes <https://docs.pytorch.org/docs/stable/notes/autograd.html>`_
    describe.

    >>> import torch
    >>> from vjp_guide import trace
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> print(trace(x + x.sum(), x, torch.tensor([1.0, 2.0])))
    Backward pass of 2 nodes, from y (2,) to x (2,)
    step  operation     cotangents in  cotangents out               notes
       y  grad_outputs                 (2,) [1, 2] to 0
       0  AddBackward0  (2,) [1, 2]    (2,) [1, 2] to x; () 3 to 1  summed back to ()
       1  SumBackward0  () 3           (2,) [3, 3] to x
       x  gradient      (2,) [4, 5]                                 sum of 2 (from 0, 1)
    """
    names, xs = _inputs(inputs)
    ys = require_tensors("outputs", outputs)
    vs = _per_output(grad_outputs, len(ys))
    for v in vs:
        require_shape("grad_outputs", v)
    call = Call(ys, xs, vs, allow_unused, materialize_grads)
    largest = require_count("max_elements", max_elements, least=0)
    most = largest if values else None
    done = record(call, names, most=most, module=modules.path if modules else _nowhere)
    return Trace(done.gradients, done.read)


def _nowhere(_: Node) -> str:
    return ""


def _inputs(
    inputs: Tensor | Sequence[Tensor] | Mapping[str, Tensor],
) -> tuple[tuple[str, ...], tuple[Tensor, ...]]:
    if isinstance(inputs, Mapping):
        return tuple(map(str, inputs)), require_tensors("inputs", inputs.values())
    xs = require_tensors("inputs", inputs)
    return numbered("x", xs), xs


def _per_output(
    grad_outputs: Tensor | Sequence[Tensor | None] | None, count: int
) -> tuple[Tensor | None, ...]:
    if grad_outputs is None:
        return (None,) * count
    return (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
