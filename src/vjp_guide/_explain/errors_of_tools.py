"""Errors of .grad, hooks, copies, optimisers, gradcheck and DDP."""

from vjp_guide._explain.error_row import Row

_COPY = "z = f(x).detach().clone()  # no history, memory of its own"

ROWS = (
    Row(
        "grad-assign-shape",
        "tools",
        "attempting to assign a gradient of size '[1, 64]' to a tensor of size '[64]'.",
        r"attempting to assign a gradient (?:of size|with d)|assigned grad (?:has data "
        r"of a different|expected to be a Tensor)",
        "What was assigned to .grad hasn't the shape, the dtype or the device of the "
        "tensor. A factor of shape (1, 1) leaves a matrix its shape, but broadcasts a "
        "bias of shape (64,) to (1, 64).",
        "Make the factor a number or a 0-d tensor, or give the gradient the shape and "
        "dtype of the tensor.",
        "g = torch.ones(1, *x.shape)\nx.grad = g.reshape(x.shape).to(x.dtype)",
    ),
    Row(
        "deepcopy-non-leaf",
        "tools",
        "Only Tensors created explicitly by the user (graph leaves) support the "
        "deepcopy protocol at the moment",
        r"Only Tensors created explicitly by the user \(graph leaves\) support the "
        r"deepcopy protocol",
        "What is copied holds a computed tensor with its graph. In a module it is one "
        "that forward kept as an attribute (self.features = y), or a weight that the "
        "old torch.nn.utils.weight_norm computes.",
        "Keep y.detach() instead, or set the attribute to None before the copy.",
        f"import copy\n\n{_COPY}\ncopy.deepcopy(z)",
    ),
    Row(
        "serialize-non-leaf",
        "tools",
        "Cowardly refusing to serialize non-leaf tensor which requires_grad, since "
        "autograd does not support crossing process boundaries.",
        r"Cowardly refusing to serialize non-leaf tensor which requires_grad",
        "A computed tensor is sent to another process, by a queue or by a DataLoader "
        "with workers, and its graph can't go with it.",
        "Send y.detach(); in a Dataset compute under torch.no_grad().",
        _COPY,
    ),
    Row(
        "optimizer-non-leaf",
        "tools",
        "can't optimize a non-leaf Tensor",
        r"can't optimize a non-leaf Tensor",
        "An optimiser steps tensors that keep a .grad: leaves. This one was computed, "
        "perhaps by .to(device), .cuda() or a product after requires_grad=True.",
        "Create it where and as it shall be, and call requires_grad_() last.",
        "w = x.detach().clone().requires_grad_()\ntorch.optim.SGD([w], lr=0.1)",
    ),
    Row(
        "hook-on-leafless",
        "tools",
        "cannot register a hook on a tensor that doesn't require gradient",
        r"cannot register a hook on a tensor that doesn't require grad",
        "The tensor has no graph, so no gradient will pass it: it was computed under "
        "torch.no_grad() or inference mode, or neither the input nor a parameter "
        "before it requires grad.",
        "Run the forward pass with gradients on; model.eval() is fine. If the model "
        "is frozen, call requires_grad_() on its input first.",
        "x.requires_grad_()\n"
        "with torch.enable_grad():\n"
        "    y = f(x)\n"
        "y.register_hook(lambda v: None)",
    ),
    Row(
        "post-accumulate-non-leaf",
        "tools",
        "post accumulate grad hooks cannot be registered on non-leaf tensors",
        r"post accumulate grad hooks cannot be registered on non-leaf tensors",
        "This hook runs after a gradient was added to .grad, which only leaves have.",
        "Use register_hook, which gets the gradient on its way.",
        "y = f(x)\ny.register_hook(lambda v: None)",
    ),
    Row(
        "numpy-of-grad",
        "tools",
        "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
        "instead.",
        r"Can't call (?:numpy|apply_|map2?_)\(\) on (?:Tensor|Variable) that requires "
        r"grad|Can't export tensors that require gradient",
        "NumPy, another library that takes the tensor by DLPack, and a Python function "
        "in apply_() or map_() record no graph: what they compute has no derivative.",
        "For a plot or a number write y.detach().numpy(). Inside of a loss write the "
        "operation in torch: np.exp(y) becomes y.exp().",
        "f(x).detach().numpy()",
    ),
    Row(
        "tensor-of-grad",
        "tools",
        "To copy construct from a tensor, it is recommended to use "
        "sourceTensor.detach().clone()",
        r"To copy construct from a tensor, it is recommended to use sourceTensor",
        "torch.tensor(y) copies numbers: the copy has no history, and no gradient "
        "reaches y through it.",
        "Write y itself where the gradient shall flow, y.detach().clone() where not.",
        _COPY,
    ),
    Row(
        "scalar-of-grad",
        "tools",
        "Converting a tensor with requires_grad=True to a scalar may lead to "
        "unexpected behavior.",
        r"Converting a tensor with requires_grad=True to a scalar may lead to",
        "float(y), or torch.tensor([y0, y1]) and torch.as_tensor of a list, read the "
        "number and lose the graph.",
        "Use torch.stack for a list of 0-d tensors, and y.detach() or y.item() for "
        "a number on purpose.",
        "torch.stack([x.sum(), x.prod()])  # not torch.tensor([...])",
    ),
    Row(
        "gradcheck",
        "tools",
        "Jacobian mismatch for output 0 with respect to input 0,",
        r"Jacobian mismatch for output (?P<y>\d+) with respect to input (?P<x>\d+)",
        "Differences of the function give another Jacobian than backward, for output "
        "{y} and input {x}: backward is wrong, or the check is too coarse.",
        "Check in float64, away from kinks, with a function that draws no random "
        "numbers. If both matrices still differ, correct backward.",
        "x = x.detach().double().requires_grad_()\ntorch.autograd.gradcheck(f, x)",
    ),
    Row(
        "gradcheck-dtype",
        "tools",
        "Input #0 requires gradient and is not a double precision floating point or "
        "complex. This check will likely fail",
        r"(Input #\d+ requires gradient and is not a|At least one of the inputs that "
        r"requires gradient is not of) double precision",
        "gradcheck divides differences of 1e-6, which float32 can't resolve.",
        "Pass inputs, and give the module parameters, of float64.",
        "x = x.detach().double().requires_grad_()\ntorch.autograd.gradcheck(f, x)",
    ),
    Row(
        "gradcheck-reentrant",
        "tools",
        "Backward is not reentrant, i.e., running backward with same input and "
        "grad_output multiple times gives different values",
        r"Backward is not reentrant, i\.e\., running backward with same input and "
        r"grad_output",
        "Two backward passes with the same input and v gave different numbers. In a "
        "kernel that is mostly the order of its additions (atomicAdd on a GPU), a "
        "matter of rounding; it may be memory that is never initialised.",
        "Look how large the difference is in float64: if it is rounding, allow it with "
        "nondet_tol, and the operation can be used. Else correct backward.",
        "x = x.detach().double().requires_grad_()\n"
        "torch.autograd.gradcheck(f, x, nondet_tol=1e-5)",
    ),
    Row(
        "in-place-broadcast",
        "tools",
        "output with shape [1] doesn't match the broadcast shape [3]",
        r"output with shape (?P<y>\[.*?\]) doesn't match the broadcast shape "
        r"(?P<wide>\[.*?\])",
        "An in-place operation writes a result of shape {wide} into a tensor of shape "
        "{y}, which can't grow.",
        "Write it out of place, a = a + b, or reduce b to the shape of a first.",
        "a = torch.zeros(1)\na = a + x  # not a += x",
    ),
    Row(
        "deprecated-function",
        "tools",
        "This function was deprecated since version 1.9 and is now removed.",
        r"This function was deprecated since version [\d.]+ and is now removed|"
        r"torch\.\w+ is deprecated in favor of torch\.|"
        r"We've integrated functorch into PyTorch|"
        r"`torch\.\w+\.amp\.\w+\(args\.\.\.\)` is deprecated|"
        r"`torch\.jit\.\w+` is deprecated|"
        r"torch\.meshgrid: in an upcoming release|"
        r"The use of `x\.T` on tensors of dimension other than 2",
        "torch renamed the function, or replaced it by one with other arguments; a "
        "derivative that the old one has, the new one has too.",
        "Call the function that the text names.",
        "A = torch.eye(2)\nL = torch.linalg.cholesky(A)  # not torch.cholesky(A)",
    ),
    Row(
        "ddp-unused",
        "tools",
        "Expected to have finished reduction in the prior iteration before starting a "
        "new one.",
        r"Expected to have finished reduction in the prior iteration before starting a "
        r"new one",
        "DDP waits for a gradient of every parameter, and the last loss didn't reach "
        "one of them.",
        "Let every parameter take part in the loss, remove or freeze those that don't "
        "before wrapping, or pass find_unused_parameters=True, which changes no "
        "gradient of the others and costs time.",
        "from functools import partial\n"
        "from torch.nn.parallel import DistributedDataParallel\n"
        "\n"
        "wrap = partial(DistributedDataParallel, find_unused_parameters=True)\n"
        "# model = wrap(model)",
    ),
    Row(
        "ddp-ready-twice",
        "tools",
        "Expected to mark a variable ready only once. This error is caused by one of "
        "the following reasons",
        r"Expected to mark a variable ready only once",
        "DDP takes a parameter's gradient for final when it first arrives, and a "
        "second one arrived. A reentrant checkpoint runs a backward pass of its own: "
        "a module that two of them share, or one beside find_unused_parameters=True, "
        "is marked twice; so is a parameter that is used outside of forward.",
        "Pass use_reentrant=False to checkpoint. If that can't be, "
        "DistributedDataParallel(model, static_graph=True), without "
        "find_unused_parameters.",
        "y = torch.utils.checkpoint.checkpoint(f, x, use_reentrant=False)",
    ),
    Row(
        "save-not-tensor",
        "custom-function",
        "save_for_backward can only save variables, but argument 1 is of type int",
        r"save_for_backward can only save variables, but argument (?P<x>\d+) is of "
        r"type (?P<type>\w+)",
        "ctx.save_for_backward takes tensors and None only; argument {x} is of type "
        "{type}.",
        "Keep it as an attribute: ctx.n = n. Tensors go to save_for_backward, which "
        "guards them against in-place changes and leaks.",
        "class Scale(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x, n):\n"
        "        ctx.save_for_backward(x)\n"
        "        ctx.n = n\n"
        "        return x**n\n"
        "\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        (x,) = ctx.saved_tensors\n"
        "        return ctx.n * x ** (ctx.n - 1) * v, None",
    ),
    Row(
        "legacy-function",
        "custom-function",
        "Legacy autograd function with non-static forward method is deprecated.",
        r"Legacy autograd function with non-static forward method is deprecated|"
        r"should not be instantiated\. Methods on autograd functions are all static",
        "forward and backward of the Function are methods of an object, or the object "
        "is called: Double()(x).",
        "Make both static, with ctx in place of self, and call Double.apply(x).",
        "class Double(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x):\n"
        "        return 2 * x\n"
        "\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        return 2 * v\n"
        "\n"
        "\n"
        "Double.apply(x)",
    ),
    Row(
        "batch-norm-axes",
        "func",
        "expected 4D input (got 3D input)",
        r"expected \d+D(?: or \d+D)? input \(got \d+D input\)",
        "A batch norm wants a batch axis. Inside of vmap each sample comes without "
        "one.",
        "Give the sample a batch axis inside of the mapped function, x[None], and take "
        "it off the result; call eval() on the model, as one sample has no batch to "
        "normalise by.",
        "norm = torch.nn.BatchNorm1d(3).eval()\n"
        "torch.vmap(torch.func.jacrev(lambda x: norm(x[None])[0]))(torch.ones(4, 3))",
    ),
    Row(
        "batch-norm-batched",
        "func",
        "Batch norm got a batched tensor as input while the running_mean or "
        "running_var, which will be updated in place, were not batched.",
        r"Batch norm got a batched tensor as input while the running_mean or "
        r"running_var",
        "A batch norm in training updates its running statistics in place, one set "
        "for all samples that vmap maps.",
        "Call eval() on the model; or leave the statistics out, "
        "track_running_stats=False, if they shall be those of the batch.",
        "norm = torch.nn.BatchNorm1d(3).eval()\n"
        "torch.vmap(lambda x: norm(x[None])[0])(torch.ones(4, 3))",
    ),
    Row(
        "checkpoint-metadata",
        "systems",
        "torch.utils.checkpoint: Recomputed values for the following tensors have "
        "different metadata than during the forward pass.",
        r"Recomputed values for the following tensors have different metadata|"
        r"A different number of tensors was saved during the original forward|"
        r"trying to save more tensors during recomputation than during the original",
        "The forward pass that checkpointing runs again made other tensors than the "
        "first one: it depends on a counter, a cache, random numbers or a global "
        "setting that has changed.",
        "Make the function depend on its arguments alone; call autocast inside of it, "
        "and update caches and statistics outside.",
        "n = 2\n"
        "torch.utils.checkpoint.checkpoint(lambda x: f(x) * n, x, use_reentrant=False)",
    ),
    Row(
        "checkpoint-default",
        "systems",
        "torch.utils.checkpoint: the use_reentrant parameter should be passed "
        "explicitly.",
        r"torch\.utils\.checkpoint(?:\.\w+)?: (?:the use_reentrant parameter should be "
        r"passed explicitly|please pass in use_reentrant=True or use_reentrant=False)",
        "checkpoint was called without use_reentrant, and takes the reentrant kind.",
        "Pass use_reentrant=False: it works with torch.autograd.grad, with DDP and "
        "with inputs that don't require grad.",
        "y = torch.utils.checkpoint.checkpoint(f, x, use_reentrant=False)",
    ),
    Row(
        "batch-norm-third",
        "systems",
        "batch_norm does not support 3rd+ order derivatives.",
        r"batch_norm does not support 3rd\+ order derivatives",
        "A batch norm in training was differentiated three times, as a Hessian-vector "
        "product inside of a loss does. Older releases return a wrong number instead.",
        "Write the normalisation out, or call eval() on the model.",
        "y = (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt()",
    ),
    Row(
        "hook-return",
        "tools",
        "hook 'clip' has changed the size of value",
        r"hook '.*?' has changed the (?:size|type) of value|"
        r"expected (?:Variable|Tensor), but hook returned|"
        r"Backward (?:pre )?hook returned an invalid number of grad_(?:in|out)put|"
        r"hook '.*?' has returned an incorrect number of values|"
        r"expected tuple, but hook returned|"
        r"Backward hook for Modules where no input requires gradient should always|"
        r"Tensor post accumulate grad hooks should return None",
        "What a hook returns takes the place of the gradient, so it must be a tensor "
        "of the same shape and dtype, for a hook of a module or of a node (grad_fn) a "
        "tuple of as many as it was given, or None.",
        "Return the new gradient with the shape and dtype of the old one, or nothing; "
        "nothing too if no input of the module requires grad.",
        "y = f(x)\ny.register_hook(lambda v: v.clamp(-1, 1))",
    ),
    Row(
        "hook-no-input",
        "tools",
        "Full backward hook is firing when gradients are computed with respect to "
        "module outputs since no inputs require gradients.",
        r"Full backward hook is firing when gradients are computed with respect to "
        r"module outputs",
        "No input of the module requires grad, as for the first layer of a network: "
        "grad_input holds None alone, and the hook runs before the module's backward.",
        "Let the input require grad, or ignore the warning if the hook needs "
        "grad_output alone.",
        "x.requires_grad_()\ny = f(x)",
    ),
    Row(
        "hook-kinds",
        "tools",
        "Cannot use both regular backward hooks and full backward hooks on a single "
        "Module. Please use only one of them.",
        r"Cannot use both regular backward hooks and full backward hooks",
        "The module has a hook of the old register_backward_hook, perhaps of a "
        "library, and now gets one of register_full_backward_hook, or the reverse.",
        "Use register_full_backward_hook for both, or hook the output tensor.",
        "y = f(x)\ny.register_hook(lambda v: None)",
    ),
    Row(
        "backward-dtype",
        "dtype-device",
        "Found dtype Double but expected Float",
        r"Found dtype (?P<got>\w+) but expected (?P<y>\w+)",
        "A tensor of {got} met one of {y} in an operation that takes one dtype. Mostly "
        "the target of the loss is float64, as it came from NumPy.",
        "Convert the target, or the inputs, to the dtype of the model's output.",
        "target = torch.zeros(x.shape, dtype=torch.float64).to(x.dtype)",
    ),
    Row(
        "sparse-optimizer",
        "tools",
        "Adam does not support sparse gradients, please consider SparseAdam instead",
        r"does not support sparse gradients",
        "The gradient of an Embedding with sparse=True is a sparse tensor, which the "
        "optimiser can't step.",
        "Use torch.optim.SparseAdam or SGD for that parameter, or sparse=False.",
        "torch.optim.SparseAdam([torch.ones(2, 2, requires_grad=True)])",
    ),
    Row(
        "optimizer-params",
        "tools",
        "optimizer got an empty parameter list",
        r"optimizer got an empty parameter list|params argument given to the optimizer "
        r"should be an iterable|optimizer can only optimize Tensors, but one of the "
        r"params is|some parameters appear in more than one parameter group",
        "An optimiser takes an iterable of tensors, or of dicts with one as "
        '"params", and each tensor in one group. Here it is empty, is one tensor '
        "alone, holds something else, or has a tensor in two groups.",
        "Pass model.parameters(), and one tensor as [w]. If it is empty: layers in a "
        "plain list instead of a ModuleList, a generator that was used up, or a "
        "filter that found everything frozen.",
        "model = torch.nn.Linear(3, 2)\ntorch.optim.SGD(model.parameters(), lr=0.1)",
    ),
    Row(
        "grad-is-none",
        "tools",
        "'NoneType' object has no attribute 'zero_'",
        r"'NoneType' object has no attribute "
        r"'(?:zero|detach|clamp|mul|div|add|sub|copy)_'",
        "Mostly it is x.grad that is None: no backward pass has reached x yet, or "
        "zero_grad() has set it to None.",
        "Edit it after backward(). If it is None there, x isn't a leaf, doesn't "
        "require grad, or the loss doesn't depend on it. To clear it, x.grad = None.",
        "f(x).sum().backward()\nx.grad.zero_()",
    ),
    Row(
        "gradcheck-no-graph",
        "tools",
        "gradcheck expects at least one input tensor to require gradient, but none of "
        "them have requires_grad=True.",
        r"gradcheck expects at least one input tensor to require gradient"
        r"|Numerical gradient for function expected to be zero",
        "gradcheck compares differences with a backward pass, and finds no graph: no "
        "input requires grad, or the output was cut off by a detach, a no_grad or "
        "NumPy, although it changes with the input.",
        "Call requires_grad_() on the inputs, and keep the graph in the function. For "
        "gradgradcheck that holds for the backward as well.",
        "x = x.detach().double().requires_grad_()\ntorch.autograd.gradcheck(f, x)",
    ),
    Row(
        "scaler-order",
        "tools",
        "unscale_() has already been called on this optimizer since the last update().",
        r"unscale_\(\) (?:has already been called|is being called after step)"
        r"|step\(\) has already been called since the last update"
        r"|No inf checks were recorded"
        r"|Attempted (?:step|unscale_|update) but _scale is None",
        "A GradScaler counts: from one update() to the next each optimiser may be "
        "unscaled once, before its step, and stepped once, and before both a backward "
        "pass of a scaled loss must have given it gradients.",
        "Keep the order: scale and backward, unscale_ if you clip, step of each "
        "optimiser, one update at the end.",
        "w = torch.ones(3, requires_grad=True)\n"
        'scaler = torch.amp.GradScaler("cpu")\n'
        "optimizer = torch.optim.SGD([w], lr=0.1)\n"
        "scaler.scale(w.sum()).backward()\n"
        "scaler.unscale_(optimizer)\n"
        "scaler.step(optimizer)\n"
        "scaler.update()",
    ),
    Row(
        "vmap-return",
        "func",
        "vmap(f, ...): `f` must only return Tensors, got type <class 'float'>.",
        r"vmap\(.*?\): `.*?` must only return Tensors, got type "
        r"<class '(?P<type>\w+)'>",
        "The mapped function returns a value of type {type}; vmap joins tensors alone.",
        "Return a tensor, without .item(), or nothing but tensors in a tuple or dict.",
        "torch.vmap(lambda x: x.sum())(x.unsqueeze(0))",
    ),
    Row(
        "vmap-in-dims",
        "func",
        "in_dims is not compatible with the structure of `inputs`.",
        r"in_dims is not compatible with the structure of `inputs`|expected `in_dims` "
        r"to be int or a \(potentially nested\) tuple|in_dim must be either an integer "
        r"dimension or None",
        "in_dims has an entry for each argument, nested like it: an axis to map over, "
        "or None for an argument that is the same for all.",
        "Give one entry for each argument, in a tuple.",
        "torch.vmap(torch.mul, in_dims=(0, None))(x, x[0])",
    ),
    Row(
        "vmap-axis",
        "func",
        "vmap(f, in_dims=0, ...)(<inputs>): Got in_dim=0 for an input but the input is "
        "of type <class 'float'>.",
        r"vmap\((?!vjp, in_dims=0, \.\.\.\)\(<inputs>\): Got in_dim=0 for some).+?\)"
        r"\(<inputs>\): Got in_dim=(?P<axis>-?\d+) for (?:an input but the input is of "
        r"type|some input, but that input is a Tensor)",
        "vmap maps over axis {axis} of an argument that has no such axis: a tensor "
        "with fewer axes, or no tensor.",
        "In in_dims give it None, and each sample gets the whole of it; or an axis "
        "that it has.",
        "torch.vmap(torch.mul, in_dims=(0, None))(x, 2.0)",
    ),
    Row(
        "vmap-no-inputs",
        "func",
        "vmap(f)(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are "
        "trying to vmap over a function with no inputs.",
        r"vmap\(.+?\)\(<inputs>\): got no inputs"
        r"|vmap: Expected at least one Tensor to vmap over",
        "vmap has nothing to map over: it leaves out keyword arguments, and those "
        "with None in in_dims.",
        "Pass what is mapped by position, with an axis in in_dims.",
        "torch.vmap(torch.exp)(x)  # not torch.vmap(torch.exp)(input=x)",
    ),
    Row(
        "vmap-out-dims",
        "func",
        "out_dims is not compatible with the structure of `outputs`.",
        r"out_dims is not compatible with the structure of `outputs`|`out_dims` must "
        r"be an int, None or a|can not return a BatchedTensor when out_dim is None",
        "out_dims has an entry for each output, nested like them: where the mapped "
        "axis goes, or None for an output that is the same for all samples.",
        "Give one entry for each output, and a number to each that varies.",
        "torch.vmap(lambda x: (x, x.sum()), out_dims=(1, 0))(x.unsqueeze(0))",
    ),
    Row(
        "hessian-not-scalar",
        "func",
        "The Tensor returned by the function given to hessian should contain a single "
        "element",
        r"The (?:Tensor returned by the )?function given to (?P<name>\w+) should "
        r"(?:contain a single element|return a single Tensor)",
        "{name} is of a function with one number as its result, and f returns several.",
        "Add the outputs up, or weigh them, or take one at a time; for one Hessian of "
        "each output, torch.func.jacfwd(torch.func.jacrev(f)).",
        "torch.autograd.functional.hessian(lambda x: f(x).sum(), x)",
    ),
    Row(
        "functional-outputs",
        "func",
        "The outputs of the user-provided function given to jacobian must be either a "
        "Tensor or a tuple of Tensors",
        r"The (?:outputs|inputs|v) (?:of the user-provided function )?given to "
        r"(?P<name>\w+) must be either a Tensor or a tuple of Tensors",
        "torch.autograd.functional takes and returns tensors or tuples of them, no "
        "lists and no dicts.",
        "Make it a tensor or a tuple of tensors; torch.func.jacrev takes dicts too.",
        "torch.autograd.functional.jacobian(lambda x: (f(x), 2 * f(x)), x)",
    ),
    Row(
        "dual-level",
        "func",
        "Trying to create a dual Tensor for forward AD but no level exists, make sure "
        "to enter_dual_level() first.",
        r"Trying to create a dual Tensor for forward AD but no level exists",
        "Dual tensors of torch.autograd.forward_ad exist inside of a level only.",
        "Make them inside of `with dual_level():`, or use torch.func.jvp.",
        "import torch.autograd.forward_ad as fwAD\n"
        "\n"
        "with fwAD.dual_level():\n"
        "    y = f(fwAD.make_dual(x, torch.ones_like(x)))\n"
        "    fwAD.unpack_dual(y).tangent  # J u",
    ),
    Row(  # last, as a log that holds it holds the error that it belongs to
        "anomaly-warning",
        "graph",
        "Error detected in SqrtBackward0. Traceback of forward call that caused the "
        "error:",
        r"(?:Error detected in|Previous calculation was induced by) (?P<name>[\w:]+)\. "
        r"(?:Traceback of forward call that|No forward pass information available)",
        "Anomaly detection is on, and the backward pass failed at {name}: the warning "
        "names the line that recorded it. Why it failed is in the error after it.",
        "Look the error below it up: nan, an edit in place, a shape. Where no forward "
        "pass information is available, put the forward pass under anomaly detection "
        "too.",
        "with torch.autograd.set_detect_anomaly(True):\n"
        "    y = f(x)  # under it, too\n"
        "    torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))",
    ),
)
