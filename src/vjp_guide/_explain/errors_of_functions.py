"""Errors of torch.func, custom backward passes and what runs around them."""

from vjp_guide._explain.error_row import Row

_DOUBLE = (
    "class Double(torch.autograd.Function):\n"
    "    @staticmethod\n"
    "    def forward(x):\n"
    "        return 2 * x\n"
    "\n"
    "    @staticmethod\n"
    "    def setup_context(ctx, inputs, output):\n"
    "        pass\n"
    "\n"
)
_BACKWARD = "    @staticmethod\n    def backward(ctx, v):\n        return 2 * v\n\n"

ROWS = (
    Row(
        "func-grad-not-scalar",
        "func",
        "grad_and_value(f)(*args): Expected f(*args) to return a scalar "
        "Tensor, got tensor with 1 dims. Maybe you wanted to use the vjp "
        "or jacrev APIs instead?",
        r"Expected f\(\*args\) to return a (scalar )?Tensor, got "
        r"(?P<got>.+?)(\. Maybe|$)",
        "torch.func.grad differentiates a function that returns one scalar tensor, but "
        "f returns {got}.",
        "Use torch.func.vjp and say how to weigh the outputs, or return a scalar. For "
        "second derivatives, torch.func.hessian(f) instead of grad(grad(f)).",
        "y, vjp = torch.func.vjp(f, x)\nvjp(torch.ones_like(y))",
    ),
    Row(
        "func-vjp-structure",
        "func",
        "Expected pytree structure of cotangents to be the same as pytree "
        "structure of outputs to the function. cotangents: *, primal "
        "output: (*, *)",
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
        "func",
        "v has invalid size: should be torch.Size([2]) but got torch.Size([3]).",
        r"v has invalid size: should be torch\.Size\((?P<y>\[.*?\])\) but got "
        r"torch\.Size\((?P<v>\[.*?\])\)",
        "v has shape {v}, but must have shape {y}: that of the output in vjp and vhp, "
        "of the input in jvp and hvp.",
        "Give v that shape.",
        "torch.autograd.functional.vjp(f, x, v=torch.ones_like(f(x)))",
    ),
    Row(
        "functional-vjp-no-v",
        "func",
        "The vector v can only be None if the user-provided function "
        "returns a single Tensor with a single element.",
        r"The vector v can only be None if the user-provided function returns",
        "f returns several entries and there is no v: it is 1 by itself only for a "
        "single entry.",
        "Pass v with the shape of the output of f.",
        "torch.autograd.functional.vjp(f, x, v=torch.ones_like(f(x)))",
    ),
    Row(
        "backward-in-transform",
        "func",
        "backward() called inside a functorch transform.",
        r"backward\(\) called inside a functorch transform",
        "The function that torch.func transforms calls backward(), which fills .grad "
        "fields: a side effect that a transform can't follow.",
        "Take the derivative with torch.func.grad or torch.func.vjp instead.",
        "torch.func.grad(lambda x: f(x).sum())(x)",
    ),
    Row(
        "requires-grad-in-transform",
        "func",
        "You are attempting to call Tensor.requires_grad_() ... inside of "
        "a function being transformed by a functorch transform.",
        r"You are attempting to call Tensor\.(?:requires_grad_|retain_grad)\(\)",
        "The function that torch.func transforms calls requires_grad_() or "
        "retain_grad(), or a function of torch.autograd.functional that does.",
        "Leave it out: torch.func.grad and torch.func.vjp record their arguments "
        "by themselves. For the gradient by a value h within, add an argument e of "
        "zeros, use h + e, and differentiate by e.",
        "torch.func.grad(lambda x: f(x).sum())(x)",
    ),
    Row(
        "strict-independent",
        "func",
        "Output 0 of the user-provided function is independent of input 0. "
        "This is not allowed in strict mode.",
        r"Output (?P<y>\d+) of the user-provided function (is independent of input "
        r"(?P<x>\d+)|does not require gradients)",
        "With strict=True, an output that doesn't depend on an input is an error: "
        "outputs[{y}].",
        "Compute the output from the argument itself, with no detach or no_grad "
        "between. If it really doesn't depend on it, leave strict out to get zeros.",
        "torch.autograd.functional.jacobian(f, x)",
    ),
    Row(
        "functional-jvp-no-v",
        "func",
        "The vector v can only be None if the input to the user-provided "
        "function is a single Tensor with a single element.",
        r"The vector v can only be None if the input to the user-provided "
        r"function",
        "The input has several entries and there is no v: in jvp and hvp v is "
        "a direction in the space of the inputs.",
        "Pass v with the shape of the input.",
        "torch.autograd.functional.jvp(f, x, v=torch.ones_like(x))",
    ),
    Row(
        "func-not-tensors",
        "func",
        "vjp(f, *primals): expected f(*primals) to return only tensors, got "
        "unsupported type <class 'float'>",
        r"expected f\(\*(?:primals|args)\) to return only tensors, got "
        r"unsupported type <class '(?P<type>[\w.]+)'>",
        "f returns a value of type {type}, which carries no derivative.",
        "Return the tensor itself, before .item(), .tolist() or float(). Other "
        "values go out by has_aux=True.",
        "torch.func.jacrev(f)(x)",
    ),
    Row(
        "complex-jacobian",
        "func",
        "jacrev: Expected all inputs to be real but received complex tensor at "
        "flattened input idx: 0",
        r"Expected all (?:in|out)puts to be real but received complex tensor at "
        r"flattened",
        "jacrev, jacfwd and hessian of torch.func take real inputs and outputs alone.",
        "View both ends as real: the Jacobian has two rows for each complex output and "
        "two columns for each complex input.",
        "torch.func.jacrev(lambda ab: torch.view_as_real(f(torch.view_as_complex(ab))))"
        "(\n    torch.view_as_real(x)\n)",
    ),
    Row(
        "jvp-structure",
        "func",
        "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it "
        "should be valid to call f(*primals).",
        r"jvp\(f, primals, tangents\): Expected (?:primals (?:to be a tuple|and "
        r"tangents to have the same python structure|to contain at least one Tensor)"
        r"|tangents to only contain Tensors)",
        "jvp takes a tuple of inputs and a tuple of tangents, both of tensors, one "
        "tangent for each input.",
        "Put both, as tensors, into tuples of the same length.",
        "torch.func.jvp(f, (x,), (torch.ones_like(x),))",
    ),
    Row(
        "jvp-shape",
        "func",
        "Trying to set a forward gradient that has a different size than that "
        "of the original Tensor, this is not supported. Tensor is of size [3] "
        "while the given forward gradient is of size [2].",
        r"Trying to set a forward gradient that has a different size .*?Tensor "
        r"is of size (?P<x>\[.*?\]) while the given forward gradient is of size "
        r"(?P<u>\[.*?\])",
        "The tangent has shape {u}, but x has shape {x}: a tangent is a "
        "direction in the space of the inputs.",
        "Give the tangent the shape of x. (The cotangent of a VJP has the shape of y.)",
        "torch.func.jvp(f, (x,), (torch.ones_like(x),))",
    ),
    Row(
        "func-captured-mutation",
        "func",
        "During a grad (vjp, jvp, grad, etc) transform, the function provided "
        "attempted to call in-place operation (aten::add_.Tensor) that would "
        "mutate a captured Tensor.",
        r"in-place operation \(aten::(?P<name>[\w.]+)\) that would mutate a "
        r"captured Tensor",
        "The function edits a tensor from outside of it, by {name}: a side "
        "effect that a transform can't follow. Mostly it is a batch norm in training.",
        "With batch norm: model.eval(), or replace_all_batch_norm_modules_(model) of "
        "torch.func. Else return the new value instead of writing it, with "
        "has_aux=True if it isn't differentiated.",
        "def g(x):\n"
        "    y = f(x)\n"
        "    return y.sum(), y.detach()  # instead of cache.add_(y)\n"
        "\n"
        "\n"
        "torch.func.grad(g, has_aux=True)(x)",
    ),
    Row(
        "func-saved-tensor-hooks",
        "func",
        "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks.",
        r"torch\.func\.\{grad, vjp, jacrev, hessian\} don't yet support saved "
        r"tensor hooks",
        "The function runs under hooks on saved tensors, as non-reentrant "
        "checkpointing and save_on_cpu use them, and reverse-mode transforms "
        "don't take these.",
        "Use torch.func.jacfwd; or compute y outside of torch.func and map "
        "over v on its graph.",
        "y = torch.utils.checkpoint.checkpoint(f, x, use_reentrant=False)\n"
        "v = torch.eye(y.numel()).reshape(-1, *y.shape)\n"
        "torch.vmap(lambda v: torch.autograd.grad(y, x, v)[0])(v)  # the Jacobian",
    ),
    Row(
        "vmap-item",
        "func",
        "vmap: It looks like you're calling .item() on a Tensor.",
        r"vmap: It looks like you're calling \.item\(\) on a Tensor",
        "Inside vmap a tensor stands for a whole batch, so there is no one "
        "number to return; a slice x[a:b] with tensors as bounds asks for one too.",
        "Keep the tensor: leave .item(), float() and int() out of the mapped function, "
        "and write x[a + torch.arange(n)] for x[a:a + n].",
        "torch.vmap(lambda x: x.sum())(x.unsqueeze(0))  # not x.sum().item()",
    ),
    Row(
        "vmap-control-flow",
        "func",
        "vmap: It looks like you're attempting to use a Tensor in some "
        "data-dependent control flow.",
        r"vmap: It looks like you're attempting to use a Tensor in some "
        r"data-dependent control flow",
        "An if or while in the mapped function depends on values, which differ "
        "within the batch.",
        "Write torch.where(condition, a, b) for if, and for while a fixed number of "
        "steps, each kept or not by torch.where. A library's code that branches can "
        "only be looped over.",
        "torch.vmap(lambda x: torch.where(x.sum() > 0, x, -x))(x.unsqueeze(0))",
    ),
    Row(
        "vmap-dynamic-shape",
        "func",
        "vmap: We do not support batching operators that can output dynamic "
        "shape. Attempted to vmap over aten::nonzero.",
        r"vmap: We do not support batching operators that can "
        r"(?:output|support) dynamic shape",
        "The shape of a result depends on values, as in x[mask] and nonzero, "
        "and may differ within the batch.",
        "Keep the shape: torch.where(mask, x, 0) instead of x[mask].",
        "torch.vmap(lambda x: torch.where(x > 0, x, 0.0).sum())(x.unsqueeze(0))",
    ),
    Row(
        "vmap-random",
        "func",
        "vmap: called random operation while in randomness error mode.",
        r"vmap: called random operation while in randomness error mode",
        "The mapped function draws random numbers, and vmap doesn't know "
        "whether all entries shall get the same ones.",
        'Say it: randomness="different" or "same".',
        'torch.vmap(torch.rand_like, randomness="different")(x.unsqueeze(0))',
    ),
    Row(
        "vmap-unmapped-buffer",
        "func",
        "vmap: inplace arithmetic(self, *extra_args) is not possible because there "
        "exists a Tensor `other` in extra_args that has more elements than `self`.",
        r"vmap: (?P<name>[\w: ]+?)\(self, \*extra_args\) is not possible because there "
        r"exists a Tensor",
        "A mapped value is written into a tensor that isn't mapped, such as one made "
        "by torch.zeros: it has room for one sample, not for the batch.",
        "Make it from a mapped tensor, x.new_zeros(...) or torch.zeros_like(x), or put "
        "the parts together out of place, by torch.cat or torch.stack.",
        "def fill(x):\n"
        "    z = x.new_zeros(4)  # not torch.zeros(4)\n"
        "    z[:1] = x[:1]\n"
        "    return z\n"
        "\n"
        "\n"
        "torch.vmap(fill)(x.unsqueeze(0))",
    ),
    Row(
        "batching-rule",
        "func",
        "Batching rule not implemented for aten::is_set_to. We could not "
        "generate a fallback.",
        r"Batching rule not implemented for (?P<name>[\w:.]+?)[.;]? (?:We could "
        r"not|the fallback path)",
        "vmap has no rule for {name} and can't loop over it either, as it "
        "writes into or aliases a given tensor.",
        "Write it without out= and without views, or loop: [g(x) for x in batch].",
        "torch.stack([f(x) for x in x.unsqueeze(0)])",
    ),
    Row(
        "data-pointer",
        "func",
        "Cannot access data pointer of Tensor that doesn't have storage",
        r"Cannot access data pointer of Tensor that doesn't have storage",
        "A kernel or NumPy asked for the memory of a tensor inside of vmap, grad, "
        "jacrev or jvp, where it is a wrapper without memory of its own.",
        "Call the kernel in the forward of a torch.autograd.Function, with a vmap rule "
        "if it is mapped; or loop, with torch.autograd.grad.",
        "torch.stack([torch.from_numpy(x.detach().numpy()) for x in x.unsqueeze(0)])",
    ),
    Row(
        "func-data-edit",
        "func",
        "mutating directly with `.data` inside functorch transform is not allowed.",
        r"mutating directly with `\.data` (?:inside functorch|under vmap) transform"
        r"|accessing `data` under vmap transform",
        "The function assigns to .data, or reads it under vmap. That goes past the "
        "graph: the derivative would be one of another function.",
        "Compute out of place, and return the new tensor; to cut the graph, detach().",
        "torch.func.jacrev(lambda x: 2 * x)(x.detach())",
    ),
    Row(
        "func-argument",
        "func",
        "Got argnum=1, but only 1 positional inputs",
        r"Got argnum=-?\d+, but only \d+ positional inputs|argnums (?:must be (?:int "
        r"or|non-empty)|elements must be unique)|Thing passed to transform API must be "
        r"Tensor|Expected primals to only contain Tensors",
        "torch.func differentiates by arguments given by position, the first one "
        "unless argnums (a number, or a tuple of several) names others; one of them "
        "isn't there or isn't made of tensors.",
        "Give that argument by position, as a tensor or a dict, list or tuple of "
        "tensors, or name another by argnums.",
        "torch.func.grad(lambda x, w: (w * f(x)).sum(), argnums=1)(x, torch.ones(()))",
    ),
    Row(
        "func-two-values",
        "func",
        "functional_call got multiple values for keys ['embed.weight', "
        "'head.weight'], which are tied. Consider using tie_weights=False",
        r"functional_call got multiple values for keys|appeared in multiple "
        r"dictionaries; behavior of functional call is ambiguous",
        "A parameter got two values: by both names of a tied weight, as state_dict() "
        "has them, or from two dictionaries.",
        "Give it once; named_parameters() lists a tied weight once. If the values "
        "shall differ, tie_weights=False.",
        "params = dict(model.named_parameters())\n"
        "torch.func.functional_call(model, params, (x,))",
    ),
    Row(
        "backward-count",
        "custom-function",
        "function ScaleBackward returned an incorrect number of gradients "
        "(expected 2, got 1)",
        r"function (?!GeneratedBackwardFor_)(?P<name>\w+)Backward returned an "
        r"incorrect number of gradients "
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
        "backward-not-none",
        "custom-function",
        "function SumBackward returned a gradient different than None at position 2, "
        "but the corresponding forward input was not a Variable",
        r"function (?P<name>\w+)Backward returned a gradient different than None at "
        r"position (?P<index>\d+), but the corresponding forward input was not a "
        r"Variable",
        "backward of {name} returns a gradient for its argument {index}, counted from "
        "1, which isn't a tensor but a number, a list or a module.",
        "Return None there; gradients come in the order of forward's arguments. "
        "Tensors inside a list get one if each is an argument of its own, *weights.",
        "class Sum(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x, *weights):\n"
        "        ctx.save_for_backward(x, *weights)\n"
        "        return x * sum(weights)\n\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        x, *weights = ctx.saved_tensors\n"
        "        return v * sum(weights), *[v * x for _ in weights]",
    ),
    Row(
        "backward-shape",
        "custom-function",
        "Function ColumnSumsBackward returned an invalid gradient at index "
        "0 - got [3] but expected shape compatible with [2, 3]",
        r"Function (?P<name>\w+)Backward returned an invalid gradient at index "
        r"(?P<index>\d+) - got (?P<got>\[.*?\]) but expected shape compatible with "
        r"(?P<expected>\[.*?\])",
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
        "custom-function",
        "trying to differentiate twice a function that was marked with "
        "@once_differentiable",
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
        "setup-context",
        "custom-function",
        "In order to use an autograd.Function with functorch transforms (vmap, "
        "grad, jvp, jacrev, ...), it must override the setup_context "
        "staticmethod.",
        r"In order to use an autograd\.Function with functorch transforms .*?it "
        r"must override the setup_context staticmethod",
        "The forward of a custom Function takes ctx, which torch.func can't "
        "use. A custom op with register_autograd raises it too, whatever its "
        "setup_context.",
        "Split forward into forward(x) and setup_context(ctx, inputs, output). "
        "For a custom op, use torch.autograd.grad instead of torch.func, or "
        "write an autograd.Function.",
        "class Cube(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(x):\n"
        "        return x**3\n"
        "\n"
        "    @staticmethod\n"
        "    def setup_context(ctx, inputs, output):\n"
        "        ctx.save_for_backward(*inputs)\n"
        "\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        (x,) = ctx.saved_tensors\n"
        "        return 3 * x**2 * v",
    ),
    Row(
        "custom-no-backward",
        "custom-function",
        "You must implement either the backward or vjp method for your custom "
        "autograd.Function to use it with backward mode AD.",
        r"You must implement either the backward or vjp method for your custom "
        r"autograd\.Function",
        "The custom Function has no backward, or one under another name.",
        "Add backward(ctx, v) as a static method.",
        "class Double(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x):\n"
        "        return 2 * x\n"
        "\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        return 2 * v",
    ),
    Row(
        "custom-no-jvp",
        "custom-function",
        "You must implement the jvp function for custom autograd.Function to "
        "use it with forward mode AD.",
        r"You must implement the jvp function for custom autograd\.Function to "
        r"use it with forward mode AD",
        "The custom Function has a backward and no jvp, and forward mode asks "
        "for that.",
        "Add jvp(ctx, u), which returns J u; or compute J u by two reverse passes.",
        _DOUBLE + _BACKWARD + "    @staticmethod\n"
        "    def jvp(ctx, u):\n"
        "        return 2 * u",
    ),
    Row(
        "custom-no-vmap",
        "custom-function",
        "You tried to vmap over Double, but it does not have vmap support. "
        "Please override and implement the vmap staticmethod or set "
        "generate_vmap_rule=True.",
        r"You tried to vmap over (?P<name>\w+), but it does not have vmap "
        r"support",
        "{name} is a custom Function without a rule for vmap; jacrev and "
        "per-sample gradients map too.",
        "Set generate_vmap_rule = True if forward and backward consist of "
        "torch operations.",
        "class Double(torch.autograd.Function):\n"
        "    generate_vmap_rule = True\n"
        "\n"
        "    @staticmethod\n"
        "    def forward(x):\n"
        "        return 2 * x\n"
        "\n"
        "    @staticmethod\n"
        "    def setup_context(ctx, inputs, output):\n"
        "        pass\n"
        "\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        return 2 * v",
    ),
    Row(
        "custom-vmap-return",
        "custom-function",
        "Expected the vmap staticmethod to have two returns, an output and out_dims "
        "with pytree structure compatible with the output. Got a <class "
        "'torch.Tensor'> instead",
        r"Expected the vmap staticmethod to have two returns|vmap staticmethod returned"
        r" an incompatible \(output, out_dims\) tuple|has both generate_vmap_rule=True "
        r"and an overridden vmap",
        "The vmap of a custom Function returns a tuple of two: what forward returns, "
        "and its mapped axes, one for each tensor, nested like it. It takes the place "
        "of generate_vmap_rule=True.",
        "Return the result and its axis, or None where it isn't mapped; of two "
        "results, (a, b), (0, 0). Have vmap or generate_vmap_rule=True, not both.",
        _DOUBLE + _BACKWARD + "    @staticmethod\n"
        "    def vmap(info, in_dims, x):\n"
        "        return Double.apply(x), in_dims[0]",
    ),
    Row(
        "custom-jvp-return",
        "custom-function",
        "Function's jvp returned an invalid number of forward gradients (expected 1 "
        "but got 2)",
        r"Function's jvp returned (?:an invalid number of forward gradients|a gradient "
        r"at position)|Expected both tensor and its forward grad to be floating point "
        r"or complex|custom Function is not \w+ the forward mode gradients|custom "
        r"Function(?:'s forward)? is returning a view .*but the jvp is not",
        "The jvp of a custom Function returns one tangent for each output of forward, "
        "and None for one of integers. Where the output is a view of x or x edited in "
        "place, the tangent is that of u. An internal assert means that None stands "
        "for a tensor.",
        "Return as many as forward does, zeros where there is no dependence. Make a "
        "view of u, or edit u in place, where forward does so with x.",
        _DOUBLE + "    @staticmethod\n"
        "    def jvp(ctx, u):\n"
        "        return 2 * u  # one, and not None",
    ),
    Row(
        "custom-op-count",
        "custom-function",
        "The backward formula for guide.scale.default returned an incorrect number "
        "of gradients (expected 2, got 1).",
        r"(?:The backward formula for |function GeneratedBackwardFor_)"
        r"(?P<name>[\w.]+?)(?:[._]default)?(?:Backward)? returned an incorrect number "
        r"of gradients \(expected (?P<expected>\d+), got (?P<got>\d+)\)",
        "The backward registered for the custom op {name} returns a wrong "
        "number of gradients. A text with GeneratedBackwardFor counts one more in "
        "both numbers, for an argument of torch's own.",
        "Return one gradient for each argument of the op, and None for those "
        "that aren't tensors.",
        "def backward(ctx, v):\n"
        "    return v * ctx.factor, None  # for an op of (x, factor)",
    ),
    Row(
        "operation-shape",
        "custom-function",
        "Function MulBackward0 returned an invalid gradient at index 0 - got [2] "
        "but expected shape compatible with [3]",
        r"Function (?P<name>\w+Backward\d+) returned an invalid gradient at index "
        r"(?P<index>\d+) - got (?P<got>\[.*?\]) but expected shape compatible with "
        r"(?P<expected>\[.*?\])",
        "{name} is an operation of torch. Its input {index} was computed with shape "
        "{expected} and had shape {got} when it was used: h.data = ... replaced it "
        "behind autograd's back.",
        "Edit it by an operation that autograd sees.",
        "h = f(x)\nh = h[:2]  # not h.data = h.data[:2]\nh.sum().backward()",
    ),
    Row(
        "backward-not-tensor",
        "custom-function",
        "expected Variable or None (got int)",
        r"expected Variable or None \(got (?P<type>[\w.]+)\)",
        "backward, or jvp, of a custom Function returns a value of type {type}, where "
        "a tensor or None belongs.",
        "Return tensors: a constant derivative c is c * v, several stand in a tuple "
        "and not in a list, a pair among them is unpacked, return (*pair, None), and "
        "an array goes through torch.as_tensor.",
        "class Double(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x):\n"
        "        return 2 * x\n\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        return 2 * v  # not 2",
    ),
    Row(
        "ctx-attribute",
        "custom-function",
        "'ScaleBackward' object has no attribute 'factor'",
        r"'(?P<name>\w+?)(?:Generated)?Backward' object has no attribute "
        r"'(?P<attribute>\w+)'",
        "{name} is a custom Function, and its backward or jvp reads ctx.{attribute}, "
        "which forward, or setup_context, didn't set.",
        "Set ctx.{attribute} there, before the return; tensors go to "
        "ctx.save_for_backward and come back as ctx.saved_tensors.",
        "class Scale(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x, factor):\n"
        "        ctx.factor = factor\n"
        "        return factor * x\n\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        return ctx.factor * v, None",
    ),
    Row(
        "mark-dirty",
        "custom-function",
        "Some elements marked as dirty during the forward method were not returned as "
        "output. The inputs that are modified inplace must all be outputs of the "
        "Function.",
        r"Some elements marked as dirty during the forward method were not returned",
        "ctx.mark_dirty names an input that forward edits in place, and forward "
        "returns another tensor.",
        "Return the very tensor that was edited; if none was, leave mark_dirty out.",
        "class Double(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x):\n"
        "        ctx.mark_dirty(x)\n"
        "        return x.mul_(2)\n\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        return 2 * v\n\n\n"
        "y = Double.apply(x.clone())",
    ),
    Row(
        "custom-op-no-backward",
        "custom-function",
        "Trying to backward through guide.scale.default but no autograd formula was "
        "registered. Please use register_autograd to add one.",
        r"Trying to backward through (?P<name>[\w.:]+) but no autograd formula was "
        r"registered",
        "The custom op {name} has a forward and no backward.",
        "Add one with register_autograd; what it needs is saved in setup_context.",
        '@torch.library.custom_op("guide::doubled", mutates_args=())\n'
        "def doubled(x: torch.Tensor) -> torch.Tensor:\n"
        "    return 2 * x\n\n\n"
        "doubled.register_autograd(lambda ctx, v: 2 * v)",
    ),
    Row(
        "inference-in-place",
        "systems",
        "Inplace update to inference tensor outside InferenceMode is not allowed.",
        r"Inplace update to inference tensor outside InferenceMode|Inference tensors "
        r"do not track version counter",
        "The tensor was made under torch.inference_mode() and has no version counter, "
        "by which autograd notices edits. (An edit that raises has been made all the "
        "same.)",
        "Clone it outside and edit the clone, or make it under torch.no_grad().",
        "with torch.inference_mode():\n    w = torch.ones(3)\nw = w.clone()\nw.add_(1)",
    ),
    Row(
        "checkpoint",
        "systems",
        "When use_reentrant=True, torch.utils.checkpoint is incompatible "
        "with .grad() or passing an inputs parameter to .backward().",
        r"(When use_reentrant=True, torch\.utils\.checkpoint|Checkpointing) is "
        r"(in|not )compatible with \.grad\(\)",
        "Reentrant checkpointing runs a backward pass of its own, which fills .grad "
        "fields and can't return gradients.",
        "Use the variant that isn't reentrant.",
        "y = torch.utils.checkpoint.checkpoint(f, x, use_reentrant=False)",
    ),
    Row(
        "inference-tensor",
        "systems",
        "Inference tensors cannot be saved for backward.",
        r"Inference tensors cannot be saved for backward",
        "A tensor made under torch.inference_mode() has no version counter, so the "
        "graph can't save it.",
        "Clone it outside, or use torch.no_grad() where it is made.",
        "w = w.clone()",
    ),
    Row(
        "checkpoint-no-grad",
        "systems",
        "None of the inputs have requires_grad=True. Gradients will be None",
        r"None of the inputs have requires_grad=True\. Gradients will be None",
        "Reentrant checkpointing records a graph only if one of its tensor "
        "arguments requires grad; parameters inside don't count.",
        "Use the variant that isn't reentrant.",
        "y = torch.utils.checkpoint.checkpoint(f, x, use_reentrant=False)",
    ),
    Row(
        "inference-requires-grad",
        "systems",
        "Setting requires_grad=True on inference tensor outside InferenceMode "
        "is not allowed.",
        r"Setting requires_grad=True on inference tensor outside InferenceMode "
        r"is not allowed",
        "The tensor was made under torch.inference_mode(), which leaves out "
        "what autograd needs.",
        "Clone it outside, or make it under torch.no_grad().",
        "x = x.detach().clone().requires_grad_()",
    ),
    Row(
        "compiled-double-backward",
        "systems",
        "torch.compile with aot_autograd does not currently support double backward",
        r"torch\.compile (with aot_autograd )?does not currently support "
        r"(double backward|higher order gradients)",
        "A function under torch.compile was differentiated twice, and its "
        "compiled backward has no derivative.",
        "Leave the part that is differentiated twice outside of torch.compile.",
        "(g,) = torch.autograd.grad(f(x), x, create_graph=True)  # f isn't compiled\n"
        "torch.autograd.grad(g.sum(), x)",
    ),
    Row(
        "compiled-vmap",
        "systems",
        "It looks like you're trying to call a compiled backward function within "
        "vmap/grad/vjp, which isn't supported.",
        r"compiled backward function within vmap/grad/vjp|"
        r"Cannot access storage of BatchedTensorImpl",
        "The backward pass of a function under torch.compile was mapped by vmap "
        "or is_grads_batched; its program takes one v and no batch of them.",
        "Compile the whole Jacobian, torch.compile(torch.func.jacrev(f)), leave f "
        "uncompiled, or go through the rows one by one.",
        "J = torch.func.jacrev(f)(x)  # f isn't compiled",
    ),
    Row(
        "donated-buffer",
        "systems",
        "This backward function was compiled with non-empty donated buffers "
        "which requires create_graph=False and retain_graph=False.",
        r"was compiled with non-empty donated buffers",
        "The compiled backward overwrites what the forward pass saved, since "
        "the first pass was one without retain_graph=True; a later pass asks "
        "to keep it.",
        "Set donated_buffer to False before compiling, or take one pass for "
        "all losses: add up their v.",
        "import torch._functorch.config\n"
        "\n"
        "torch._functorch.config.donated_buffer = False\n"
        "compiled = torch.compile(f)",
    ),
    Row(
        "compiled-grad",
        "systems",
        "using `torch.autograd.grad` with "
        "`torch._dynamo.config.trace_autograd_ops=False`",
        r"using `torch\.autograd\.grad` with "
        r"`torch\._dynamo\.config\.trace_autograd_ops=False`|"
        r"function `?grad`? in file `?torch/autograd/__init__|"
        r"inlining disallowed: <function grad at|call_function wraps in skip_files|"
        r"torch\.func\.grad capture is disabled",
        "The function under torch.compile(fullgraph=True) calls "
        "torch.autograd.grad, which torch.compile leaves out of its graph "
        "unless told; older releases leave torch.func.grad out too.",
        "Set trace_autograd_ops to True, use torch.func.grad inside, or leave "
        "fullgraph out: the call then runs between two graphs.",
        "import torch._dynamo.config\n\ntorch._dynamo.config.trace_autograd_ops = True",
    ),
    Row(
        "compiled-grad-outside",
        "systems",
        "autograd.grad with external grad_fn",
        r"autograd\.grad with external grad_fn",
        "torch.autograd.grad is traced into a compiled function, and its output was "
        "computed outside of it, where the compiler sees no graph.",
        "Compute the output inside of the compiled function, or call "
        "torch.autograd.grad outside.",
        "g = torch.autograd.grad(y.sum(), x)  # not in the compiled function",
    ),
    Row(
        "no-double-backward",
        "systems",
        "derivative for aten::_scaled_dot_product_flash_attention_backward is "
        "not implemented",
        r"derivative for aten::_scaled_dot_product_\w+ is not implemented",
        "The fused attention kernels have a first derivative and no second.",
        "Allow only the MATH kernel in the forward pass, which can be "
        "differentiated twice.",
        "from torch.nn.attention import SDPBackend, sdpa_kernel\n"
        "\n"
        "with sdpa_kernel(SDPBackend.MATH):\n"
        "    y = f(x)",
    ),
    Row(
        "cudnn-twice",
        "systems",
        "the derivative for '_cudnn_rnn_backward' is not implemented. Double "
        "backwards is not supported for CuDNN RNNs due to limitations in the CuDNN "
        "API.",
        r"derivative for '?(?:aten::)?_cudnn_rnn_backward'? is not implemented",
        "The RNN, LSTM or GRU ran on cuDNN, whose backward pass has no derivative, "
        "and a second derivative asks for it.",
        "Run the forward pass without cuDNN; the rest needs no change.",
        "with torch.backends.cudnn.flags(enabled=False):\n"
        "    y = f(x)\n"
        "(g,) = torch.autograd.grad(y.sum(), x, create_graph=True)",
    ),
    Row(
        "sync-batch-norm-twice",
        "systems",
        "derivative for batch_norm_backward_elemt is not implemented",
        r"derivative for '?(?:aten::)?batch_norm_backward_elemt'? is not implemented",
        "SyncBatchNorm has a backward pass without a derivative, and a gradient "
        "in the loss asks for one; DDP isn't the cause.",
        "Take BatchNorm on each process, GroupNorm or LayerNorm, or put the "
        "SyncBatchNorm into eval().",
        "norm = torch.nn.GroupNorm(1, 2)  # in place of SyncBatchNorm(2)",
    ),
    Row(
        "cudnn-eval",
        "systems",
        "cudnn RNN backward can only be called in training mode",
        r"(?:cudnn|miopen) RNN backward can only be called in training mode",
        "The RNN, LSTM or GRU ran on the GPU in eval mode, in which its library keeps "
        "nothing for a backward pass.",
        "Run the forward pass without cuDNN. Or set the RNN alone to train(), with its "
        "dropout 0.",
        "with torch.backends.cudnn.flags(enabled=False):\n"
        "    y = f(x)\n"
        "torch.autograd.grad(y.sum(), x)",
    ),
    Row(
        "no-forward-derivative",
        "systems",
        "Trying to use forward AD with "
        "_scaled_dot_product_flash_attention_for_cpu that does not support it "
        "because it has not been implemented yet.",
        r"Trying to use forward AD with (?P<name>[\w:]+) that does not support it",
        "{name} has a backward and no forward derivative, which jvp, jacfwd "
        "and hessian ask for.",
        "For attention allow only the MATH kernel. For other operations use "
        "two reverse passes: the VJP is linear in v, and its derivative with "
        "respect to v is the JVP.",
        "from torch.nn.attention import SDPBackend, sdpa_kernel\n"
        "\n"
        "with sdpa_kernel(SDPBackend.MATH):\n"
        "    torch.func.jvp(f, (x,), (torch.ones_like(x),))",
    ),
    Row(
        "no-derivative",
        "systems",
        "the derivative for 'igamma: input' is not implemented.",
        r"derivative for (?!aten::_scaled_dot|\S*_cudnn_rnn|\S*_backward_elemt)"
        r"'?(?P<name>[\w:. ]+?)'? is not implemented",
        'torch has no derivative for {name}; with "backward" in the name it is '
        "the second derivative that is missing.",
        "Write the operation in others that have one, keep it from the path "
        "(detach), or estimate its derivative by finite differences in a "
        "custom Function.",
        "h = 1e-3\nnumerical = (f(x + h) - f(x - h)) / (2 * h)",
    ),
    Row(
        "extension-no-derivative",
        "systems",
        "DifferentiableObject::backward_backward_input_impl: not implemented error",
        r"backward_backward\w*: not implemented|[Dd]ouble backward (?:is )?not "
        r"(?:yet )?(?:supported|implemented)",
        "A library's own kernel has a first derivative and no second, and says "
        "so in its own words.",
        "Choose a variant of the operation made of torch operations, keep its "
        "first derivative out of the loss, or estimate the second by finite "
        "differences of the first.",
        "h = 1e-3\n"
        "(above,) = torch.autograd.grad(f(x + h), x)\n"
        "(below,) = torch.autograd.grad(f(x - h), x)\n"
        "numerical = (above - below) / (2 * h)",
    ),
    Row(
        "out-argument",
        "systems",
        "mul(): functions with out=... arguments don't support automatic "
        "differentiation, but one of the arguments requires grad.",
        r"(?P<name>\w+)\(\): functions with out=\.\.\. arguments don't support "
        r"automatic differentiation",
        "{name} writes into the tensor given as out, and the graph has no node for "
        "that.",
        "Use the result of {name}, or copy it, out.copy_(result); for numbers that "
        "need no gradient use detach() or torch.no_grad().",
        "torch.mul(x.detach(), 2, out=torch.empty_like(x))",
    ),
    Row(
        "all-reduce-average",
        "systems",
        "all_reduce backward only supports 'sum' reduction, got 'avg'",
        r"all_reduce backward only supports 'sum' reduction, got '(?P<name>\w+)'",
        "The derivative of all_reduce is known for sums alone, and the forward "
        "pass used {name}.",
        "Sum, then divide by the number of processes.",
        "import torch.distributed._functional_collectives as collectives\n"
        "\n"
        "\n"
        "def mean(y, group):\n"
        '    return collectives.all_reduce(y, "sum", group) / group.size()',
    ),
    Row(
        "resharded",
        "systems",
        "setStorage: sizes [3, 2], strides [1, 3], storage offset 0, and itemsize 4 "
        "requiring a storage size of 24 are out of bounds for storage of size 0",
        r"setStorage: .* out of bounds for storage of size 0",
        "FSDP freed the weights after a backward pass, and another pass through "
        "the same graph, for a second derivative or a second loss, needs them.",
        "Keep the weights until the last pass, model.set_reshard_after_backward"
        "(False); with FSDP1 run the forward pass once for each backward.",
        "from torch.distributed.fsdp import FSDPModule\n"
        "\n"
        "\n"
        "def keep(model: FSDPModule):\n"
        "    model.set_reshard_after_backward(False)",
    ),
)
