"""The errors of torch's autograd that are known: one row for each kind."""

from dataclasses import dataclass

from vjp_guide._explain.repair import (
    Repair,
    mend_batches,
    mend_cotangents,
    mend_in_place,
    mend_inputs,
    mend_mapping,
    mend_options,
    mend_outputs,
    mend_second,
    mend_types,
    mend_unused,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of error.

    The cause may name groups of the pattern in braces. With the arguments of a call,
    ``repair`` finds a more exact cause and code. A generic text, which other code
    raises too, counts only where the call shows the fault.
    """

    slug: str
    pattern: str
    cause: str
    fix: str
    code: str
    repair: Repair | None = None
    generic: bool = False


_ONES = "torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))"
_TWO = (
    "torch.autograd.grad((y0, y1), x, "
    "grad_outputs=(torch.ones_like(y0), torch.ones_like(y1)))"
)
_BATCH = (
    "torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y).unsqueeze(0), "
    "is_grads_batched=True)"
)
ROWS = (
    Row(
        "shape-mismatch",
        r"Mismatch in shape: grad_output\[\d+\] has a shape of "
        r"torch\.Size\((?P<v>.+?)\) and output\[\d+\] has a shape of "
        r"torch\.Size\((?P<y>.+?)\)",
        "v has shape {v}, but y has shape {y}: v holds one weight for each entry of y, "
        "and torch doesn't broadcast it.",
        "Give v the shape of y, not of x. torch.ones_like(y) adds up all entries of y; "
        "other weights give other sums.",
        _ONES,
        mend_cotangents,
    ),
    Row(
        "mismatch-in-a-later-output",
        r"^(Boolean value of Tensor with (more than one|no) values? is ambiguous"
        r"|The size of tensor a \(\d+\) must match the size of tensor b)",
        "The v of an output after the first doesn't fit its output.",
        "Give each v the shape of its output. (torch fails while it looks up which one "
        "to name in its message.)",
        _TWO,
        mend_cotangents,
        generic=True,
    ),
    Row(
        "no-implicit-v",
        r"grad can be implicitly created only for scalar outputs",
        "y has several entries and there is no v: torch takes v = 1 by itself only for "
        "an output with a single entry.",
        "Say how to weigh the entries of y. torch.ones_like(y) adds them up.",
        _ONES,
        mend_cotangents,
    ),
    Row(
        "no-implicit-complex-v",
        r"grad can be implicitly created only for real scalar outputs but got "
        r"torch\.(?P<dtype>\w+)",
        "y is {dtype} and there is no v: torch takes v = 1 by itself only for a real "
        "output.",
        "Pass a complex v: torch.ones_like(y) gives the gradient of y.real, and "
        "torch.full_like(y, 1j) that of y.imag.",
        _ONES,
        mend_cotangents,
    ),
    Row(
        "complex-mismatch",
        r"For complex Tensors, both grad_output and output are required to have the "
        r"same dtype\. .*has a dtype of torch\.(?P<v>\w+) .* torch\.(?P<y>\w+)\.",
        "v is {v}, but y is {y}: both must be real, or both complex.",
        "Convert v to the dtype of y; of a complex v for a real y only the real part "
        "counts.",
        "torch.autograd.grad(y, x, grad_outputs=v.to(y.dtype))",
        mend_cotangents,
    ),
    Row(
        "unused-input",
        r"(One of the differentiated Tensors|The differentiated Tensor at index "
        r"(?P<index>\d+)) appears to not have been used in the graph",
        "No recorded operations lead from an input to the outputs.",
        "Differentiate by the very tensor that y was computed from: a slice or a "
        "reshape of x made afterwards isn't. If y truly doesn't depend on it, "
        "allow_unused=True returns None for it, which means zero.",
        "torch.autograd.grad(y, x, allow_unused=True)",
        mend_unused,
    ),
    Row(
        "input-without-grad",
        r"One of the differentiated Tensors does not require grad",
        "An input has requires_grad=False, so autograd recorded nothing about it.",
        "Call requires_grad_() before y is computed, and compute y again.",
        "x.requires_grad_()\ny = f(x)\n" + _ONES,
        mend_inputs,
    ),
    Row(
        "output-without-graph",
        r"element (?P<index>\d+) of tensors does not require grad and does not have a "
        r"grad_fn",
        "outputs[{index}] has no graph that leads back to the inputs.",
        "Compute y again from inputs that require grad, without torch.no_grad(), "
        ".detach(), .item() or an operation such as argmax. If y is itself a gradient, "
        "compute that with create_graph=True; the gradient of a linear function is "
        "constant and has no graph, its derivative is zero.",
        "x.requires_grad_()\ny = f(x)\n" + _ONES,
        mend_outputs,
    ),
    Row(
        "second-pass",
        r"Trying to backward through the graph a second time",
        "An earlier backward pass freed the tensors that this graph had saved.",
        "Pass retain_graph=True to the first call, or compute y again. Several sums of "
        "one graph need one call: add up their v.",
        "y = f(x)\n"
        "torch.autograd.grad(y, x, grad_outputs=v, retain_graph=True)  # first call\n"
        "torch.autograd.grad(y, x, grad_outputs=v)",
        mend_second,
    ),
    Row(
        "in-place",
        r"has been modified by an inplace operation: \[(?P<tensor>.+?\])\]",
        "A tensor that the backward pass needs, {tensor}, was overwritten after the "
        "forward pass saved it.",
        "Write the operation out of place: a = a + 1 instead of a += 1. "
        "torch.autograd.set_detect_anomaly(True) shows the operation whose saved "
        "tensor it was.",
        "y = f(x)  # with a = a + 1 in place of a += 1\n" + _ONES,
        mend_in_place,
    ),
    Row(
        "in-place-leaf",
        r"a (view of a )?leaf Variable that requires grad is being used in an in-place",
        "The tensor is an input of the graph, and an edit would erase the value that "
        "gradients belong to.",
        "Edit under torch.no_grad() to update it, or work on x.clone().",
        "y = x.clone().add_(1)",
    ),
    Row(
        "in-place-view",
        r"Output \d+ of (?P<name>\w+) is a view and is being modified inplace",
        "The tensor is one of several views that {name} returned, and none of them may "
        "be edited in place.",
        "Write the operation out of place: first = first + 1 instead of first += 1.",
        "first, *others = x.unbind()\nfirst = first + 1",
    ),
    Row(
        "anomaly-nan",
        r"Function '(?P<name>\w+)' returned nan values in its (?P<index>\d+)th output",
        "Anomaly detection is on, and {name} returned nan for operand {index}: mostly "
        "0 times an infinite derivative.",
        "Keep the bad value from the operation, not only from its result.",
        "safe = torch.where(x > 0, x, 1.0)\ny = torch.where(x > 0, safe.sqrt(), 0.0)",
    ),
    Row(
        "number-of-cotangents",
        r"got (?P<tensors>\d+) tensors and (?P<gradients>\d+) gradients",
        "outputs holds {tensors} tensors, but grad_outputs only {gradients}.",
        "Give a sequence with one v for each output, or None for a scalar output.",
        _TWO,
        mend_cotangents,
    ),
    Row(
        "not-iterable",
        r"^('(?P<type>\w+)' object is not iterable|iteration over a 0-d array)",
        "grad_outputs, outputs or inputs is no tensor and no sequence of tensors.",
        "Pass tensors: a single number for v becomes a tensor with the shape of y.",
        "torch.autograd.grad(y, x, grad_outputs=torch.full_like(y, v))",
        mend_types,
    ),
    Row(
        "not-a-tensor",
        r"gradients can be either Tensors or None, but got (?P<type>\w+)",
        "grad_outputs holds a value of type {type}, which is no tensor.",
        "Convert v to a tensor with the shape and dtype of y.",
        "torch.autograd.grad(y, x, grad_outputs=torch.as_tensor(v, dtype=y.dtype))",
        mend_types,
    ),
    Row(
        "output-not-a-tensor",
        r"Expected output to be a torch\.Tensor",
        "outputs holds something that is no tensor.",
        "Pass the tensor itself, before .item(), .tolist() or .numpy().",
        "y = f(x)\n" + _ONES,
        mend_types,
    ),
    Row(
        "input-not-a-tensor",
        r"all inputs have to be Tensors or GradientEdges, but got (?P<type>\w+)",
        "inputs holds a value of type {type}, which is no tensor.",
        "Make it a tensor that requires grad before y is computed.",
        "x = torch.tensor(x).requires_grad_()\ny = f(x)\n" + _ONES,
        mend_types,
    ),
    Row(
        "no-inputs",
        r"`inputs` argument to `grad\(\)` cannot be empty",
        "inputs is empty: an exhausted generator, or a model without parameters.",
        "Name what to differentiate by. Make a list of a generator that is used twice.",
        _ONES,
    ),
    Row(
        "inputs-mapping",
        r"`inputs` argument to `grad\(\)` must be a dict, not (?P<type>\w+)",
        "inputs is of type {type}; of the mappings torch takes a plain dict only.",
        "Convert it with dict().",
        "torch.autograd.grad(y, dict(x))",
        mend_mapping,
    ),
    Row(
        "device-mismatch",
        r"invalid gradient at index \d+ - expected device (?P<y>\S+) but got "
        r"(?P<v>\S+)",
        "v is on {v}, y on {y}.",
        "Create v on the device of y.",
        "torch.autograd.grad(y, x, grad_outputs=v.to(y.device))",
        mend_cotangents,
    ),
    Row(
        "materialize-and-unused",
        r"Expected allow_unused to be True or not passed when materialize_grads=True",
        "materialize_grads=True asks for zeros where an input is unused, "
        "allow_unused=False for an error.",
        "Leave allow_unused out.",
        "torch.autograd.grad(y, x, materialize_grads=True)",
        mend_options(allow_unused=None),
    ),
    Row(
        "materialize-edge",
        r"materialize_grads cannot be used when the given input is a GradientEdge",
        "An unused input is a GradientEdge, which holds no tensor to make zeros like.",
        "Take None for it, with allow_unused=True.",
        "torch.autograd.grad(y, x, allow_unused=True)",
        mend_options(materialize_grads=False, allow_unused=True),
    ),
    Row(
        "batch-axis",
        r"If `is_grads_batched=True`, we interpret the first dimension of each",
        "With is_grads_batched=True, v needs a batch axis in front of the axes of y. "
        "(The shape in torch's message lacks two axes of v.)",
        "Add the axis; one batch entry is one v. It has nothing to do with batched "
        "data: leave is_grads_batched out for a single v.",
        _BATCH,
        mend_cotangents,
    ),
    Row(
        "batch-missing",
        r"^(vmap\(vjp, in_dims=0|invalid gradient at index \d+ - got \[)",
        "With is_grads_batched=True, an output has no v.",
        "Give each output a v with a batch axis.",
        _BATCH,
        mend_cotangents,
    ),
    Row(
        "batch-empty",
        r"^(invalid index of a 0-dim tensor|list index out of range"
        r"|index 0 is out of bounds for dimension 0 with size 0)",
        "With is_grads_batched=True, a v has no entry along the batch axis.",
        "Give each output a v with a batch axis of at least one.",
        _BATCH,
        mend_cotangents,
        generic=True,
    ),
    Row(
        "batch-sizes",
        r"vmap: Expected all tensors to have the same size in the mapped dimension, "
        r"got sizes (?P<sizes>\[.+?\])",
        "The batch axes of the cotangents have different sizes: {sizes}.",
        "Give all of them the same number of cotangents.",
        "torch.autograd.grad((y0, y1), x, grad_outputs=(v0[:1], v1[:1]), "
        "is_grads_batched=True)",
        mend_batches,
    ),
    Row(
        "func-grad-not-scalar",
        r"Expected f\(\*args\) to return a (scalar )?Tensor, got "
        r"(?P<got>.+?)(\. Maybe|$)",
        "torch.func.grad differentiates a function that returns one scalar tensor, but "
        "f returns {got}.",
        "Use torch.func.vjp and say how to weigh the outputs, or return a scalar.",
        "y, vjp = torch.func.vjp(f, x)\nvjp(torch.ones_like(y))",
    ),
    Row(
        "func-vjp-structure",
        r"Expected pytree structure of cotangents to be the same .*cotangents: "
        r"(?P<v>.+), primal output: (?P<y>.+)",
        "f returns the structure {y}, but the cotangents have the structure {v} (each "
        "* is one tensor).",
        "Pass one cotangent for each output, nested like the outputs.",
        "y, vjp = torch.func.vjp(f, x)\n"
        "vjp(tuple(torch.ones_like(entry) for entry in y))",
    ),
    Row(
        "functional-vjp-shape",
        r"v has invalid size: should be torch\.Size\((?P<y>.+?)\) but got "
        r"torch\.Size\((?P<v>.+?)\)",
        "v has shape {v}, but must have shape {y}: that of the output in vjp and vhp, "
        "of the input in jvp and hvp.",
        "Give v that shape.",
        "torch.autograd.functional.vjp(f, x, v=torch.ones_like(f(x)))",
    ),
    Row(
        "functional-vjp-no-v",
        r"The vector v can only be None if",
        "f returns several entries and there is no v: it is 1 by itself only for a "
        "single entry.",
        "Pass v with the shape of the output of f.",
        "torch.autograd.functional.vjp(f, x, v=torch.ones_like(f(x)))",
    ),
    Row(
        "backward-in-transform",
        r"backward\(\) called inside a functorch transform",
        "The function that torch.func transforms calls backward(), which fills .grad "
        "fields: a side effect that a transform can't follow.",
        "Take the derivative with torch.func.grad or torch.func.vjp instead.",
        "torch.func.grad(lambda x: f(x).sum())(x)",
    ),
    Row(
        "requires-grad-in-transform",
        r"You are attempting to call Tensor\.requires_grad_\(\)",
        "The function that torch.func transforms calls requires_grad_(), or a function "
        "of torch.autograd.functional that does.",
        "Leave it out: torch.func.grad and torch.func.vjp record their arguments "
        "by themselves.",
        "torch.func.grad(lambda x: f(x).sum())(x)",
    ),
    Row(
        "backward-count",
        r"function (?P<name>\w+)Backward returned an incorrect number of gradients "
        r"\(expected (?P<expected>\d+), got (?P<got>\d+)\)",
        "forward of {name} takes {expected} arguments, but its backward returns {got} "
        "gradients.",
        "Return one gradient for each argument of forward, and None for those that "
        "aren't tensors.",
        "class Scale(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x, factor):\n"
        "        ctx.factor = factor\n"
        "        return x * factor\n\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        return v * ctx.factor, None  # one for x, one for factor",
    ),
    Row(
        "backward-shape",
        r"Function (?P<name>\w+)Backward\d* returned an invalid gradient at index "
        r"(?P<index>\d+) - got (?P<got>.+?) but expected shape compatible with "
        r"(?P<expected>.+)",
        "backward of {name} returns a gradient of shape {got} for its argument "
        "{index}, which has shape {expected}.",
        "Return v contracted with the Jacobian: the result has the shape of the input.",
        "class Double(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x):\n"
        "        return 2 * x\n\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        return 2 * v  # the shape of x, not summed",
    ),
    Row(
        "once-differentiable",
        r"trying to differentiate twice a function that was marked ?with "
        r"@once_differentiable",
        "The backward of a custom Function is marked as one that has no derivative.",
        "Leave the mark out if backward consists of torch operations on v and on saved "
        "tensors.",
        "class Cube(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x):\n"
        "        ctx.save_for_backward(x)\n"
        "        return x**3\n\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):  # without @once_differentiable\n"
        "        (x,) = ctx.saved_tensors\n"
        "        return 3 * x**2 * v",
    ),
    Row(
        "checkpoint",
        r"(When use_reentrant=True, torch\.utils\.checkpoint|Checkpointing) is "
        r"(in|not )compatible with \.grad\(\)",
        "Reentrant checkpointing runs a backward pass of its own, which fills .grad "
        "fields and can't return gradients.",
        "Use the variant that isn't reentrant.",
        "y = torch.utils.checkpoint.checkpoint(f, x, use_reentrant=False)",
    ),
    Row(
        "inference-tensor",
        r"Inference tensors cannot be saved for backward",
        "A tensor made under torch.inference_mode() has no version counter, so the "
        "graph can't save it.",
        "Clone it outside, or use torch.no_grad() where it is made.",
        "w = w.clone()",
    ),
    Row(
        "integer-input",
        r"[Oo]nly Tensors of floating point (and complex )?dtype can require gradients",
        "The tensor holds integers or booleans, and derivatives need real numbers.",
        "Convert it to a floating-point dtype.",
        "x = x.float().requires_grad_()",
    ),
    Row(
        "strict-independent",
        r"Output (?P<y>\d+) of the user-provided function (is independent of input "
        r"(?P<x>\d+)|does not require gradients)",
        "With strict=True, an output that doesn't depend on an input is an error: "
        "outputs[{y}].",
        "Leave strict out to get zeros.",
        "torch.autograd.functional.jacobian(f, x)",
    ),
    Row(
        "grad-of-non-leaf",
        r"The \.grad attribute of a Tensor that is not a leaf Tensor is being accessed",
        "backward() computes the gradient of every tensor on the way, but keeps only "
        "those of leaves.",
        "Call retain_grad() before backward(), or use torch.autograd.grad.",
        "y = f(x)\ny.retain_grad()\ny.sum().backward()\ny.grad",
    ),
    Row(
        "backward-create-graph",
        r"Using backward\(\) with create_graph=True will create a reference cycle",
        "The gradient in x.grad has a graph that holds x, and x holds x.grad: neither "
        "is freed.",
        "Use torch.autograd.grad, which returns the gradient and stores it nowhere.",
        "torch.autograd.grad(y.sum(), x, create_graph=True)",
    ),
)
