"""Errors of torch.func's transforms: what they take, map and return."""

from vjp_guide._explain.error_row import Row

ROWS = (
    Row(
        "func-call-dict",
        "func",
        "Error(s) in reparametrizing for Linear: Unexpected key(s): 'wight'. Missing "
        "key(s): 'bias', 'weight'.",
        r"Error\(s\) in reparametrizing for|Expected (?:all elements of )?"
        r"parameter_and_buffer_dicts to be|^\w+ has no attribute `[\w.]+`"
        r"|^(?:-?(?:\d[\d.e+-]*|inf|nan)|[\[({].*[\])}]|attribute `\w+`: .*) is not an "
        r"instance of torch\.Tensor",
        "functional_call takes a dict from names of the module's parameters and "
        "buffers to tensors, or a tuple of such dicts. A name isn't the module's, a "
        "value is no tensor, or strict=True and a name is missing. (get_parameter and "
        "get_submodule refuse a wrong name in the same words.)",
        "Take the names that named_parameters() and named_buffers() list. Without "
        "strict=True a misspelt name can go unnoticed.",
        "model = torch.nn.Linear(3, 2)\n"
        "params = dict(model.named_parameters())\n"
        "torch.func.functional_call(model, params, (torch.ones(3),))",
    ),
    Row(
        "vmap-options",
        "func",
        "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
        "none",
        r"Only allowed values for randomness are|(?:vmap|jacrev): `?chunk_size`? "
        r"should be (?:None or )?greater than 0",
        'randomness is "error", "different" or "same", and chunk_size is None or at '
        "least 1.",
        'randomness="different" draws for each sample, "same" once for all. '
        "chunk_size bounds how many samples run at a time: leave it out for all.",
        'torch.vmap(torch.rand_like, randomness="different", chunk_size=2)(\n'
        "    x.unsqueeze(0)\n)",
    ),
    Row(
        "vmap-one-hot",
        "func",
        "When vmap-ing torch.nn.functional.one_hot, please provide an explicit "
        "positive num_classes argument.",
        r"When vmap-ing torch\.nn\.functional\.one_hot, please provide an explicit",
        "one_hot takes its length from the largest label, which differs within the "
        "batch.",
        "Give it the number of classes.",
        "labels = torch.tensor([0, 2])\n"
        "torch.vmap(lambda k: torch.nn.functional.one_hot(k, num_classes=3))(labels)",
    ),
    Row(
        "vmap-escaped",
        "func",
        "Either your tensor may have escaped from inside a function being vmapped and "
        "this is a user error",
        r"your tensor may have escaped from inside a function being vmapped",
        "The mapped function kept a tensor in a list, an attribute or a global, and "
        "it was used after vmap had ended, which ends such tensors too.",
        "Return it from the function, beside the result.",
        "y, kept = torch.vmap(lambda x: (x.sum(), 2 * x))(x.unsqueeze(0))",
    ),
    Row(
        "func-aux",
        "func",
        "grad_and_value(f)(*args): output of function f should be a tuple: (output, "
        "aux) if has_aux is True",
        r"output of function f should be a tuple: \(output, aux\) if has_aux is True",
        "With has_aux=True f returns a tuple of two: what is differentiated, and what "
        "goes out beside it.",
        "Return exactly two, in a tuple and not in a list; several values beside the "
        "output go into one tuple or dict.",
        "torch.func.grad(lambda x: (f(x).sum(), f(x)), has_aux=True)(x)",
    ),
    Row(
        "func-integer-output",
        "func",
        "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got "
        "Tensor with dtype torch.int64",
        r"All outputs of f must be floating-point or complex Tensors, got Tensor with "
        r"dtype torch\.(?P<dtype>\w+)",
        "f returns a tensor of {dtype}, as an argmax, a comparison or a conversion "
        "makes it, and that has no derivative.",
        "Return the values from which it was made, or a smooth function such as "
        "softmax; the tensor of {dtype} goes out beside them by has_aux=True.",
        "torch.func.jacrev(lambda x: (x.softmax(0), x.argmax()), has_aux=True)(x)",
    ),
    Row(
        "func-no-output",
        "func",
        "vjp(f, *primals): Expected f to be a function that has non-empty output (got "
        "output = [None])",
        r"Expected f to be a function that has non-empty output",
        "f returns None, or an empty list: there is nothing to differentiate.",
        "Return the result from f; one that ends in an assignment returns None.",
        "def g(x):\n    y = f(x)\n    return y\n\n\ntorch.func.jacrev(g)(x)",
    ),
    Row(
        "stack-models",
        "func",
        "stack_module_state: Expected all models to have the same training/eval mode.",
        r"stack_module_state: Expected (?:at least one model|all models)"
        r"|Expected \S+ from each model to have the same \.requires_grad",
        "stack_module_state joins the parameters of one or more models that vmap then "
        "runs as one: they are of one class and shape, all in train() or all in "
        "eval(), frozen alike.",
        "Make them so before they are stacked. Models of several classes can only be "
        "looped over.",
        "models = [torch.nn.Linear(3, 2) for _ in range(4)]\n"
        "params, buffers = torch.func.stack_module_state(models)",
    ),
    Row(
        "strict-linear",
        "func",
        "The jacobian of the user-provided function is independent of input 0. This is "
        "not allowed in strict mode when create_graph=True.",
        r"(?:jacobian|hessian) of the user-provided function (?:with respect to input "
        r"\d+ )?is independent of",
        "The function is linear in that input, so its Jacobian is a constant and the "
        "next derivative zero, which strict=True calls an error.",
        "Leave strict out to get the zeros. If the function shouldn't be linear, look "
        "in it for a detach, a no_grad or a rounding.",
        "torch.autograd.functional.hessian(lambda x: f(x).sum(), x)",
    ),
    Row(
        "func-number",
        "func",
        "'float' object has no attribute 'numel'",
        r"^'(?P<type>float|int|bool|complex)' object has no attribute "
        r"'(?:numel|new_empty)'",
        "Mostly, torch.func.jacfwd, hessian or linearize got a number of type {type}: "
        "they differentiate by tensors. Else other code takes it for a tensor.",
        "Pass a tensor of a floating dtype, not of integers. jacfwd and hessian "
        "differentiate by the first argument, unless argnums names another.",
        "torch.func.jacfwd(f)(torch.as_tensor(1.0 * x))",
    ),
    Row(
        "functional-v-count",
        "func",
        "v is a tuple of invalid length: should be 2 but got 1.",
        r"v is a tuple of invalid length: should be (?P<expected>\d+) but got "
        r"(?P<got>\d+)|The given v should contain a single Tensor",
        "v is a tensor, or a tuple of as many as the outputs in vjp, and as the inputs "
        "in jvp, hvp and vhp.",
        "Give one tensor for each, in a tuple where there are several.",
        "v = torch.ones_like(f(x)), torch.ones_like(x)\n"
        "torch.autograd.functional.vjp(lambda x: (f(x), 2 * x), x, v)",
    ),
    Row(
        "functional-options",
        "func",
        "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are "
        "not supported together. Please either set `strict=False` or "
        "`vectorize=False`.",
        r"functional\.jacobian: `(?:strict|create_graph)=True` and `(?:vectorized=True|"
        r"strategy=.forward-mode.)` are not supported together|Computing Jacobian using"
        r" forward-AD or forward-over-reverse Hessian is|Expected strategy to be either"
        r" .forward-mode. or",
        "jacobian and hessian of torch.autograd.functional take strict=True in reverse "
        "mode without vectorize alone. Their strategies are 'reverse-mode' and "
        "'forward-mode', which needs vectorize=True and allows no create_graph.",
        "Leave out strict or create_graph, add vectorize=True to forward mode, or use "
        "torch.func.jacfwd or jacrev, whose result has a graph.",
        "torch.func.jacfwd(f)(x)",
    ),
)
