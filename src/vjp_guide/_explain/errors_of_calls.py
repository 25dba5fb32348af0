"""Errors of torch.autograd.grad and backward: shapes, graphs, dtypes and batches."""

from vjp_guide._explain.error_row import Row
from vjp_guide._explain.repair import (
    ITSELF,
    LAZY,
    MADE,
    mend_batches,
    mend_cotangents,
    mend_in_place,
    mend_inputs,
    mend_lazy,
    mend_mapping,
    mend_no_inputs,
    mend_options,
    mend_outputs,
    mend_second,
    mend_types,
    mend_unused,
)

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
        "shapes",
        "Mismatch in shape: grad_output[0] has a shape of torch.Size([4]) "
        "and output[0] has a shape of torch.Size([4, 4]).",
        r"Mismatch in shape: grad_output\[\d+\] has a shape of "
        r"torch\.Size\((?P<v>\[.*?\])\) and output\[\d+\] has a shape of "
        r"torch\.Size\((?P<y>\[.*?\])\)",
        "v has shape {v}, but y has shape {y}: v holds one weight for each entry of y, "
        "and torch doesn't broadcast it.",
        "Give v the shape of y, not of x. torch.ones_like(y) adds up all entries of y; "
        "other weights give other sums.",
        _ONES,
        mend_cotangents,
    ),
    Row(
        "mismatch-in-a-later-output",
        "shapes",
        "Boolean value of Tensor with more than one value is ambiguous",
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
        "number-of-cotangents",
        "shapes",
        "got 2 tensors and 1 gradients",
        r"got (?P<tensors>\d+) tensors and (?P<gradients>\d+) gradients",
        "outputs holds {tensors} tensors, but grad_outputs only {gradients}.",
        "Give a sequence with one v for each output, or None for a scalar output.",
        _TWO,
        mend_cotangents,
    ),
    Row(
        "expected-shape",
        "shapes",
        "invalid gradient at index 0 - expected shape [] but got [1]",
        r"(?<!returned an )invalid gradient at index \d+ - expected shape "
        r"(?P<y>\[.*?\]) but got (?P<v>\[.*?\])",
        "v has shape {v}, but y has shape {y}.",
        "Give v the shape of y. A loss of shape () needs no v: put a sign or a "
        "weight into the loss.",
        _ONES,
        mend_cotangents,
    ),
    Row(
        "no-implicit-v",
        "missing-v",
        "grad can be implicitly created only for scalar outputs",
        r"grad can be implicitly created only for scalar outputs",
        "y has several entries and there is no v: torch takes v = 1 by itself only for "
        "an output with a single entry.",
        "Say how to weigh the entries of y. torch.ones_like(y) adds them up.",
        _ONES,
        mend_cotangents,
    ),
    Row(
        "not-iterable",
        "missing-v",
        "'float' object is not iterable",
        r"^('(?P<type>[\w.]+)' object is not iterable|iteration over a 0-d array)",
        "grad_outputs, outputs or inputs is no tensor and no sequence of tensors.",
        "Pass tensors: f(x) in place of f or of a model; a single number for v becomes "
        "a tensor with the shape of y.",
        "torch.autograd.grad(y, x, grad_outputs=torch.full_like(y, v))",
        mend_types,
        generic=True,
    ),
    Row(
        "not-a-tensor",
        "missing-v",
        "gradients can be either Tensors or None, but got float",
        r"gradients can be either Tensors or None, but got (?P<type>\w+)",
        "grad_outputs holds a value of type {type}, which is no tensor.",
        "Convert v to a tensor with the shape and dtype of y.",
        "torch.autograd.grad(y, x, grad_outputs=torch.as_tensor(v, dtype=y.dtype))",
        mend_types,
    ),
    Row(
        "output-not-a-tensor",
        "missing-v",
        "Expected output to be a torch.Tensor",
        r"(Expected output to be a torch\.Tensor"
        r"|'(float|int|list|ndarray)' object has no attribute 'requires_grad')",
        "outputs holds something that is no tensor.",
        ITSELF,
        "y = f(x)\n" + _ONES,
        mend_types,
    ),
    Row(
        "input-not-a-tensor",
        "missing-v",
        "all inputs have to be Tensors or GradientEdges, but got tuple",
        r"all inputs have to be Tensors(?: or GradientEdges)?, but got (?P<type>\w+)",
        "inputs holds a value of type {type}, which is no tensor.",
        MADE,
        "x = torch.tensor(x).requires_grad_()\ny = f(x)\n" + _ONES,
        mend_types,
    ),
    Row(
        "lazy-module",
        "missing-v",
        "Attempted to use an uninitialized parameter in <function grad>.",
        r"Attempted to use an uninitialized parameter in"
        r"|Can't access the (shape|data) of an uninitialized parameter or buffer",
        LAZY,
        "Run the module once on data before you compute y, or collect its parameters.",
        "model(data)  # the first run on data\n"
        "y = model(data).sum()\n"
        "torch.autograd.grad(y, list(model.parameters()))",
        mend_lazy,
    ),
    Row(
        "no-inputs",
        "missing-v",
        "`inputs` argument to `grad()` cannot be empty",
        r"`inputs` argument to `(grad|backward)\(\)` cannot be empty"
        r"|grad requires non-empty inputs",
        "inputs is empty: an exhausted generator, or a model without parameters.",
        "Name what to differentiate by. Make a list of a generator that is used twice.",
        _ONES,
        mend_no_inputs,
    ),
    Row(
        "inputs-mapping",
        "missing-v",
        "`inputs` argument to `grad()` must be a dict, not mappingproxy",
        r"`inputs` argument to `(grad|backward)\(\)` must be a dict, not (?P<type>\w+)",
        "inputs is of type {type}; of the mappings torch takes a plain dict only.",
        "Convert it with dict().",
        "torch.autograd.grad(y, dict(x))",
        mend_mapping,
    ),
    Row(
        "unexpected-argument",
        "missing-v",
        "Tensor.backward() got an unexpected keyword argument 'retain_variables'",
        r"(grad|backward)\(\) got an unexpected keyword argument "
        r"'(?P<name>retain_variables|grad_variables|grad_tensors|grad_outputs)'",
        "This function has no argument {name}: it was renamed, or is that of another.",
        "Write retain_graph for retain_variables. The v is grad_outputs in "
        "torch.autograd.grad, grad_tensors in torch.autograd.backward, and gradient in "
        "Tensor.backward.",
        "torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y), retain_graph=True)",
    ),
    Row(
        "unused-input",
        "unused",
        "The differentiated Tensor at index 0 appears to not have been "
        "used in the graph. Set allow_unused=True if this is the desired "
        "behavior.",
        r"(One of the differentiated Tensors|The differentiated Tensor at index "
        r"(?P<index>\d+)) appears to not have been used in the graph",
        "No recorded operations lead from an input to the outputs.",
        "Differentiate by the very tensor that y was computed from: a slice or a "
        "reshape of x made afterwards isn't. A detach() in between cuts the path. If y "
        "truly doesn't depend on it, allow_unused=True returns None for it, which "
        "means zero.",
        "torch.autograd.grad(y, x, allow_unused=True)",
        mend_unused,
    ),
    Row(
        "input-without-grad",
        "unused",
        "One of the differentiated Tensors does not require grad",
        r"One of the differentiated Tensors does not require grad",
        "An input has requires_grad=False, so autograd recorded nothing about it.",
        "Call requires_grad_() before y is computed, and compute y again. Of a model "
        "with frozen parameters pass those that require grad.",
        "x.requires_grad_()\ny = f(x)\n" + _ONES,
        mend_inputs,
    ),
    Row(
        "output-without-graph",
        "unused",
        "element 0 of tensors does not require grad and does not have a grad_fn",
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
        "materialize-and-unused",
        "unused",
        "Expected allow_unused to be True or not passed when "
        "materialize_grads=True, but got: allow_unused=False.",
        r"Expected allow_unused to be True or not passed when materialize_grads=True",
        "materialize_grads=True asks for zeros where an input is unused, "
        "allow_unused=False for an error.",
        "Leave allow_unused out.",
        "torch.autograd.grad(y, x, materialize_grads=True)",
        mend_options(allow_unused=None),
    ),
    Row(
        "materialize-edge",
        "unused",
        "materialize_grads cannot be used when the given input is a GradientEdge",
        r"materialize_grads cannot be used when the given input is a GradientEdge",
        "An unused input is a GradientEdge, which holds no tensor to make zeros like.",
        "Take None for it, with allow_unused=True.",
        "torch.autograd.grad(y, x, allow_unused=True)",
        mend_options(materialize_grads=False, allow_unused=True),
    ),
    Row(
        "grad-of-non-leaf",
        "unused",
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed.",
        r"The \.grad attribute of a Tensor that is not a leaf Tensor is being accessed",
        "backward() computes the gradient of every tensor on the way, but keeps only "
        "those of leaves.",
        "Call retain_grad() before backward(), or use torch.autograd.grad.",
        "y = f(x)\ny.retain_grad()\ny.sum().backward()\ny.grad",
    ),
    Row(
        "requires-grad-of-non-leaf",
        "unused",
        "you can only change requires_grad flags of leaf variables.",
        r"you can only change requires_grad flags of leaf variables",
        "The tensor was computed, so it requires grad because its inputs do; "
        "that can't be switched off afterwards.",
        "Use y.detach() where no gradient shall flow, or compute y under "
        "torch.no_grad().",
        "y = f(x).detach()",
    ),
    Row(
        "retain-grad-without-grad",
        "unused",
        "can't retain_grad on Tensor that has requires_grad=False",
        r"can't retain_grad on Tensor that has requires_grad=False"
        r"|gradient edge for a Tensor that does not require gradients",
        "The tensor has no graph, so no gradient will ever reach it. "
        "backward(inputs=...) asks the same of its inputs.",
        "Call requires_grad_() on it before y is computed, and compute y again.",
        "x.requires_grad_()\ny = f(x)\ny.sum().backward(inputs=[x])",
    ),
    Row(
        "argument-without-derivative",
        "unused",
        "The function 'nll_loss_forward' is not differentiable with respect to "
        "argument 'weight'. This input cannot have requires_grad True.",
        r"The function '(?P<name>\w+)' is not differentiable with respect to "
        r"argument '(?P<argument>\w+)'",
        "{name} has no derivative with respect to {argument}, yet {argument} "
        "requires grad.",
        "Detach {argument}, if no gradient shall reach it; else write the "
        "operation out in operations that have one.",
        "w = x.detach()  # the argument that the message names",
    ),
    Row(
        "computed-parameter",
        "unused",
        "cannot assign 'torch.FloatTensor' as parameter 'weight' "
        "(torch.nn.Parameter or None expected)",
        r"cannot assign '(?P<type>[\w.]+)' (?:as|object to) parameter '(?P<name>\w+)' "
        r"\(torch\.nn\.Parameter or None (?:expected|required)\)",
        "A module takes a leaf as its {name}, and this is a tensor of another kind, "
        "such as a computed one.",
        "Call the module with torch.func.functional_call, which keeps the graph of the"
        " tensor. To copy values instead, use copy_ under torch.no_grad(); a new "
        "parameter is torch.nn.Parameter(t).",
        "layer = torch.nn.Linear(3, 1, bias=False)\n"
        'torch.func.functional_call(layer, {"weight": 2 * layer.weight}, (x,))',
    ),
    Row(
        "second-pass",
        "graph",
        "Trying to backward through the graph a second time (or directly "
        "access saved tensors after they have already been freed).",
        r"Trying to backward through the graph a second time",
        "An earlier backward pass freed the tensors that this graph had saved.",
        "Pass retain_graph=True to the first call, or compute y again: in a loop, "
        "detach() the state that the last step left. Several sums of one graph need "
        "one call: add up their v.",
        "y = f(x)\n"
        "torch.autograd.grad(y, x, grad_outputs=v, retain_graph=True)  # first call\n"
        "torch.autograd.grad(y, x, grad_outputs=v)",
        mend_second,
    ),
    Row(
        "in-place",
        "graph",
        "one of the variables needed for gradient computation has been "
        "modified by an inplace operation: [torch.FloatTensor [3]], which "
        "is output 0 of Exp, is at version 1; expected version 0 instead.",
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
        "graph",
        "a leaf Variable that requires grad is being used in an in-place operation.",
        r"a (view of a )?leaf Variable that requires grad (is being|has been) used "
        r"in an in-place",
        "The tensor is an input of the graph, and an edit would erase the value that "
        "gradients belong to.",
        "Edit under torch.no_grad() to update it, or work on x.clone().",
        "y = x.clone().add_(1)",
    ),
    Row(
        "in-place-view",
        "graph",
        "Output 0 of Unbind is a view and is being modified inplace.",
        r"Output \d+ of (?!\w*Function)(?P<name>\w+) is a view and is being modified "
        r"inplace(?!\. This view was created inside)",
        "The tensor is one of several views that {name} returned, and none of them may "
        "be edited in place.",
        "Write the operation out of place: first = first + 1 instead of first += 1.",
        "first, *others = x.unbind()\nfirst = first + 1",
    ),
    Row(
        "view-of-no-grad",
        "graph",
        "A view was created in no_grad mode and is being modified inplace with grad "
        "mode enabled.",
        r"A view was created in (?P<mode>no_grad|inference) mode and is being modified "
        r"inplace",
        "The view was made in {mode} mode and is edited outside of it, so torch can't "
        "tell whether the edit shall be recorded.",
        "Make the view and edit it in the same mode: both inside for an update of "
        "values, both outside for a computation.",
        "with torch.no_grad():\n    x[:1].mul_(2)",
    ),
    Row(
        "overlapping-memory",
        "graph",
        "unsupported operation: more than one element of the written-to tensor refers "
        "to a single memory location. Please clone() the tensor before performing the "
        "operation.",
        r"the written-to tensor refers? to a single memory location",
        "An edit in place would write to memory that it also reads, or that several "
        "entries share, as those of an expanded tensor do. The gradient of a sum is "
        "one.",
        "Clone the tensor first, or write the operation out of place.",
        "(g,) = torch.autograd.grad(x.sum(), x)\ng = g.clone()\ng.mul_(2)",
    ),
    Row(
        "detach-in-place",
        "graph",
        "Can't detach views in-place. Use detach() instead.",
        r"Can't detach views in-place|a saved tensor that has been detached in-place",
        "detach_() takes the tensor itself out of its graph. A view can't be taken "
        "out, and a tensor that an operation saved is missing in the backward pass.",
        "Use detach(), which returns a new tensor and leaves the graph as it is. "
        "torch.tensor(a) in a mapped function calls detach_() too: write a.clone(). "
        "Under DDP with gradient_as_bucket_view, zero_grad(set_to_none=True) clears.",
        "part = x[:1].detach()",
    ),
    Row(
        "resize-of-grad",
        "graph",
        "cannot resize variables that require grad",
        r"cannot resize variables that (?:require grad|has a forward grad)",
        "resize_() changes the size of the memory in place, which has no derivative.",
        "Make a tensor of the new shape: reshape() for as many entries, torch.cat or "
        "pad for more, a slice for fewer.",
        "y = torch.cat([x, x.new_zeros(2)])",
    ),
    Row(
        "anomaly-nan",
        "graph",
        "Function 'SqrtBackward0' returned nan values in its 0th output.",
        r"Function '(?P<name>\w+)' returned nan values in its (?P<index>\d+)th output",
        "Anomaly detection is on, and {name} returned nan for operand {index}: mostly "
        "0 times an infinite derivative.",
        "Keep the bad value from the operation, not only from its result.",
        "safe = torch.where(x > 0, x, 1.0)\ny = torch.where(x > 0, safe.sqrt(), 0.0)",
    ),
    Row(
        "eigenvector-phase",
        "graph",
        "linalg_eig_backward: The eigenvectors in the complex case are specified up to "
        "multiplication by e^{i phi}. The specified loss function depends on this "
        "quantity, so it is ill-defined.",
        r"vectors in the complex case are specified up to multiplication by",
        "An eigenvector or singular vector times any e^(i phi) is another. The loss "
        "changes with phi, or is so large that the rounding of its gradient exceeds "
        "the fixed bound of the check, or nan came in.",
        "Use the eigenvalues, absolute values, a function of the whole matrix, or "
        "vectors whose phase you fix. If the loss is free of the phase: float64, or "
        "the loss divided by a number.",
        "A = torch.tensor([[0.0, -2.0], [1.0, 1.0]], requires_grad=True)\n"
        "_, V = torch.linalg.eig(A)\n"
        "torch.autograd.grad((V / V[:1]).imag.square().sum(), A)",
    ),
    Row(
        "backward-create-graph",
        "graph",
        "Using backward() with create_graph=True will create a reference "
        "cycle between the parameter and its gradient which can cause a "
        "memory leak.",
        r"Using backward\(\) with create_graph=True will create a reference cycle",
        "The gradient in x.grad has a graph that holds x, and x holds x.grad: neither "
        "is freed.",
        "Use torch.autograd.grad, which returns the gradient and stores it nowhere.",
        "torch.autograd.grad(y.sum(), x, create_graph=True)",
    ),
    Row(
        "in-place-hook",
        "graph",
        "Output 0 of BackwardHookFunction is a view and is being modified "
        "inplace. This view was created inside a custom Function",
        r"Output \d+ of (?P<name>\w*Function\w*|\w+(?= is a view and is being modified "
        r"inplace\. This view was created inside)) is a view and is being modified",
        "{name} returned its input, or a view, and the result was edited in "
        "place. BackwardHookFunction stands for a module with a full "
        "backward hook.",
        "Behind a module with a full backward hook, make the next one out of "
        "place, such as ReLU(inplace=False), or hook the tensor instead. In a "
        "custom Function, return x.clone().",
        "y = f(x)\nlayer = torch.nn.ReLU(inplace=False)\nz = layer(y)",
    ),
    Row(
        "no-implicit-complex-v",
        "dtype-device",
        "grad can be implicitly created only for real scalar outputs but "
        "got torch.complex64",
        r"grad can be implicitly created only for real scalar outputs",
        "y is complex and there is no v: torch takes v = 1 by itself only for a real "
        "output.",
        "Pass a complex v: torch.ones_like(y) gives the gradient of y.real, and "
        "torch.full_like(y, 1j) that of y.imag.",
        _ONES,
        mend_cotangents,
    ),
    Row(
        "complex-mismatch",
        "dtype-device",
        "For complex Tensors, both grad_output and output are required to "
        "have the same dtype. Mismatch in dtype: grad_output[0] has a dtype of "
        "torch.float32 and output[0] has a dtype of torch.complex64.",
        r"For complex Tensors, both grad_output and output are required to have the "
        r"same dtype\. .*has a dtype of torch\.(?P<v>\w+) .* torch\.(?P<y>\w+)\.",
        "v is {v}, but y is {y}: both must be real, or both complex.",
        "Convert v to the dtype of y; of a complex v for a real y only the real part "
        "counts.",
        "torch.autograd.grad(y, x, grad_outputs=v.to(y.dtype))",
        mend_cotangents,
    ),
    Row(
        "device-mismatch",
        "dtype-device",
        "invalid gradient at index 0 - expected device cpu but got meta",
        r"invalid gradient at index \d+ - expected (?:device|type) (?P<y>\S+) but got "
        r"(?P<v>\S+)",
        "v belongs to {v}, y to {y}.",
        "Create v on the device of y, and with its dtype.",
        "torch.autograd.grad(y, x, grad_outputs=v.to(y))",
        mend_cotangents,
    ),
    Row(
        "integer-input",
        "dtype-device",
        "Only Tensors of floating point and complex dtype can require gradients",
        r"[Oo]nly Tensors of floating point (and complex )?dtype can require gradients"
        r"|Expected (primal|tangent) to be floating point or complex"
        r"|data set to a tensor that requires gradients must be floating point"
        r"|nn\.Module\.to only accepts floating point or complex dtypes",
        "The tensor, or the dtype asked for, is of integers or booleans, and "
        "derivatives need real numbers.",
        "Convert it to a floating-point dtype.",
        "x = x.float().requires_grad_()",
    ),
    Row(
        "complex-inside",
        "dtype-device",
        "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == "
        "grad_is_complex) to be true, but got false.",
        r"Expected isFloatingType\(grad\.scalar_type\(\)\)",
        "Between two operations a real tensor got a complex gradient, for "
        "example from torch.sum with a complex dtype.",
        "Convert to the complex dtype before that operation.",
        "y = x.to(torch.complex64).sum()\n"
        "torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))",
    ),
    Row(
        "batch-axis",
        "batched",
        "If `is_grads_batched=True`, we interpret the first dimension of "
        "each grad_output as the batch dimension.",
        r"If `is_grads_batched=True`, we interpret the first dimension of each"
        r"|Batched grads are not supported with GradientEdge",
        "With is_grads_batched=True, v needs a batch axis in front of the axes of y. "
        "(The shape in torch's message lacks two axes of v.)",
        "Add the axis; one batch entry is one v. It has nothing to do with batched "
        "data: leave is_grads_batched out for a single v.",
        _BATCH,
        mend_cotangents,
    ),
    Row(
        "batch-missing",
        "batched",
        "vmap(vjp, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, "
        "but that input is a Tensor of dimensionality 0",
        r"^(vmap\(vjp, in_dims=0, \.\.\.\)\(<inputs>\): Got in_dim=0 for (some input"
        r"|an input but the input is of type <class 'NoneType'>)"
        r"|invalid gradient at index \d+ - got \[)",
        "With is_grads_batched=True, an output has no v.",
        "Give each output a v with a batch axis.",
        _BATCH,
        mend_cotangents,
    ),
    Row(
        "batch-empty",
        "batched",
        "index 0 is out of bounds for dimension 0 with size 0",
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
        "batched",
        "vmap: Expected all tensors to have the same size in the mapped "
        "dimension, got sizes [2, 3] for the mapped dimension",
        r"vmap: Expected all tensors to have the same size in the mapped dimension, "
        r"got sizes (?P<sizes>\[.+?\])",
        "vmap maps over axes of different sizes: {sizes}. With is_grads_batched=True "
        "they are the batch axes of the cotangents.",
        "Give all of them the same number of cotangents.",
        "torch.autograd.grad((y0, y1), x, grad_outputs=(v0[:1], v1[:1]), "
        "is_grads_batched=True)",
        mend_batches,
    ),
    Row(
        "vmapped-outputs",
        "batched",
        "torch.autograd.grad(outputs, inputs, grad_outputs) called inside "
        "torch.vmap. We do not support the case where any outputs are vmapped "
        "tensors",
        r"called inside torch\.vmap\. We do not support the case where any "
        r"outputs are vmapped",
        "torch.autograd.grad was called inside torch.vmap, where mapped "
        "tensors have no graph.",
        "Map the derivative of a function: torch.func.grad or torch.func.vjp "
        "inside of vmap. To map over v alone is allowed.",
        "torch.vmap(torch.func.grad(lambda x: f(x).sum()))(x.unsqueeze(0))",
    ),
)
