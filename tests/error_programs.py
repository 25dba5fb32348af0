"""The smallest programs that provoke each kind of error of torch's autograd."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from records.changes import now, spans


@dataclass
class Program:
    """The smallest program that provokes an error.

    ``grad`` in ``call`` is :func:`torch.autograd.grad`, or :func:`vjp_guide.explain`.
    ``after`` uses what the corrected code made. ``recorded`` names the record that
    tells in which releases it raises, where that depends on the release.
    """

    slug: str
    call: str
    setup: str = ""
    after: str = ""
    recorded: str = ""

    def names(self, grad: object) -> dict[str, Any]:
        """Run the setup and return its names."""
        names = {"torch": torch, "np": np, "grad": grad}
        exec(BASE + self.setup, names)  # noqa: S102 (the table holds programs)
        return names


BASE = """
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
f = lambda x: torch.outer(x, x[:2])
y = f(x)
v = torch.randn(3, 2)
"""
TWO = "y0, y1 = f(x), x.exp()\nv0, v1 = v, torch.ones(3)\n"
MANY = [
    Program("shape-mismatch", "grad(y, x, v)", "v = torch.randn(3)"),
    Program("shape-mismatch", "grad(y, x, v)", "v = torch.randn(3, 1)"),
    Program("shape-mismatch", "grad(y, x, v)", "v = torch.randn(6)"),
    Program("shape-mismatch", "grad(y, x, v)", "v = torch.ones_like(x)"),
    Program("shape-mismatch", "grad(y, x, v)", "y = x.sum()\nv = torch.randn(1)"),
    Program("mismatch-in-a-later-output", "grad((y0, y1), x, (v0, v0))", TWO),
    Program(
        "mismatch-in-a-later-output",
        "grad((y0, y1), x, (v0, 1j * v1))",
        TWO,
    ),
    Program("no-implicit-v", "grad(y, x)"),
    Program("no-implicit-v", "grad((y0, y1), x, (None, v1))", TWO),
    *[
        Program(
            "lazy-module",
            f"grad({call})",
            "import warnings\nwith warnings.catch_warnings():\n"
            "    warnings.simplefilter('ignore')\n"
            f"    model = torch.nn.Lazy{kind}\ndata = torch.ones(4, 3)",
        )
        for kind in ("Linear(2)", "BatchNorm1d()")
        for call in (
            "y, model.parameters()",
            "y, dict(model.named_parameters())",
            "y, x, model.weight",
            "model.weight, x",
        )
    ],
    Program("no-implicit-complex-v", "grad(y, x)", "y = (1j * x).sum()"),
    Program("complex-mismatch", "grad(y, x, v)", "y = 1j * y"),
    Program("complex-mismatch", "grad(y, x, v)", "v = 1j * v\ny = (1j * y).imag"),
    Program("unused-input", "grad(y, x)", "y = y.sum()\nx = x[:1]"),
    Program("unused-input", "grad((), x)", "y = y.sum()\n"),
    Program(
        "input-without-grad",
        "grad(y, x, v)",
        "x = x.detach()\nw = torch.ones(2, requires_grad=True)\n"
        "f = lambda x: torch.outer(x, w)\ny = f(x)",
    ),
    Program("output-without-graph", "grad(y, x, v)", "y = y.detach()"),
    Program("output-without-graph", "grad(y, x)", "f = torch.max\ny = x.argmax()"),
    Program(
        "output-without-graph",
        "grad(y, x)",
        "y = torch.autograd.grad(y.sum(), x)[0].sum()\n"
        "f = lambda x: torch.autograd.grad(x.prod(), x, create_graph=True)[0].sum()",
    ),
    Program("second-pass", "grad(y, x, v)", "torch.autograd.grad(y, x, v)"),
    Program(
        "in-place",
        "grad(y, x)",
        "f = lambda x: x.exp().sum()\na = x.exp()\ny = a.sum()\n"
        "with torch.no_grad(): a += 1",
    ),
    Program("number-of-cotangents", "grad((y0, y1), x, v0)", TWO),
    Program("number-of-cotangents", "grad((y0, y1), x, ())", TWO),
    Program("not-iterable", "grad(y, x, v)", "v = 2.0"),
    Program("not-iterable", "grad(y, x, v)", "v = np.array(2.0)"),
    Program("not-a-tensor", "grad(y, x, v)", "v = v.numpy()"),
    Program("not-a-tensor", "grad(y, x, v)", "v = v.tolist()"),
    Program("not-a-tensor", "grad((y0, y1), x, v)", TWO + "v = np.ones(2)"),
    Program("not-a-tensor", "grad(y, x, [v])", "y = y.sum()\nv = 3"),
    Program("output-not-a-tensor", "grad([y], x)", "f = torch.sum\ny = f(x).item()"),
    Program("input-not-a-tensor", "grad(y.sum(), [x])", "x = 2.0\nf = torch.exp"),
    Program("no-inputs", "grad(y, [], v)"),
    Program(
        "inputs-mapping",
        "grad(y, x)",
        "from collections import OrderedDict\nx = OrderedDict(a=x)\ny = y.sum()",
    ),
    Program(
        "device-mismatch",
        "grad(y, x, v)",
        "x = torch.ones(3, device='meta', requires_grad=True)\ny = f(x)",
    ),
    Program(
        "materialize-and-unused",
        "grad(y, x, materialize_grads=True, allow_unused=False)",
        "y = y.sum()",
    ),
    Program(
        "materialize-edge",
        "grad(y, [x], materialize_grads=True)",
        "y = y.sum()\nx = torch.autograd.graph.get_gradient_edge(x.exp())",
    ),
    Program("batch-axis", "grad(y, x, v, is_grads_batched=True)"),
    Program(
        "batch-axis",
        "grad(y, x, v, is_grads_batched=True)",
        "y = torch.autograd.graph.get_gradient_edge(f(x))\nv = torch.ones(3, 3)",
    ),
    Program("batch-missing", "grad(y, x, is_grads_batched=True)", "y = y.sum()"),
    Program("batch-missing", "grad(y, x, is_grads_batched=True)", "y = y[:1, 0]"),
    Program(
        "batch-sizes",
        "grad((y0, y1), x, (None, v1), is_grads_batched=True)",
        "y0, y1, v1 = y[:1, 0], y[:1, 1], torch.ones(2, 1)",
    ),
    Program(
        "batch-empty",
        "grad(y, x, v, is_grads_batched=True)",
        "v = torch.ones(0, 3, 2)",
    ),
    Program(
        "batch-sizes",
        "grad((y0, y1), x, (v0, v1), is_grads_batched=True)",
        TWO + "v0, v1 = torch.ones(4, 3, 2), torch.ones(3, 3)",
    ),
]
DDP = """
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
    def forward(self, x):
        return checkpoint(self.b, self.a(x), use_reentrant=True)
def train(module, **options):
    store = dist.HashStore()
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        model = DistributedDataParallel(module, **options)
        for _ in range(2):
            model(x.detach()).sum().backward()
    finally:
        dist.destroy_process_group()
"""
TOOLS = [
    Program("grad-assign-shape", "x.grad = torch.ones(1, 3)"),
    Program("grad-assign-shape", "x.grad = torch.ones(3, dtype=torch.float64)"),
    Program("grad-assign-shape", "x.grad = torch.ones(3, device='meta')"),
    Program("grad-assign-shape", "x.grad = 1.0"),
    Program("deepcopy-non-leaf", "copy.deepcopy(y)", "import copy"),
    Program(
        "serialize-non-leaf",
        "reductions.reduce_tensor(y)",
        "from torch.multiprocessing import reductions",
    ),
    Program("optimizer-non-leaf", "torch.optim.SGD([y], lr=0.1)"),
    Program("hook-on-leafless", "y.detach().register_hook(print)"),
    Program(
        "post-accumulate-non-leaf", "y.register_post_accumulate_grad_hook(lambda _: 0)"
    ),
    Program("numpy-of-grad", "y.numpy()"),
    Program("numpy-of-grad", "np.exp(y)"),
    Program("tensor-of-grad", "torch.tensor(x)"),
    Program("scalar-of-grad", "float(x[0])"),
    Program(
        "gradcheck",
        "torch.autograd.gradcheck(lambda x: x * x.detach(), x.double())",
        "f = torch.exp",
    ),
    Program("gradcheck-dtype", "torch.autograd.gradcheck(f, x)", "f = torch.exp"),
    Program(
        "gradcheck-reentrant",
        "torch.autograd.gradcheck(Bad.apply, x.detach().double().requires_grad_())",
        "class Bad(torch.autograd.Function):\n"
        "    passes = 0\n"
        "    forward = staticmethod(lambda ctx, x: x.clone())\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        Bad.passes += 1\n"
        "        return v * (1 + 1e-9 * Bad.passes)\n"
        "f = torch.exp",
    ),
    Program("in-place-broadcast", "torch.zeros(1).add_(x.detach())"),
    Program("deprecated-function", "torch.symeig(torch.eye(2))"),
    Program(
        "ddp-unused", "train(Net())", DDP + "Net.forward = lambda self, x: self.a(x)"
    ),
    Program("ddp-ready-twice", "train(Net(), find_unused_parameters=True)", DDP),
    Program(
        "save-not-tensor",
        "Bad.apply(x, 2)",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x, n: ctx.save_for_backward(x, n))\n",
        "assert grad(Scale.apply(x, 2).sum(), x)[0].tolist() == [2, 4, 6]",
    ),
    Program(
        "legacy-function",
        "bad(x)",
        "import warnings\n"
        "class Bad(torch.autograd.Function):\n    def forward(self, x): return 2 * x\n"
        "with warnings.catch_warnings():\n"
        "    warnings.simplefilter('ignore')\n    bad = Bad()",
        "assert grad(Double.apply(x).sum(), x)[0].tolist() == [2, 2, 2]",
    ),
    Program(
        "batch-norm-axes", "torch.vmap(torch.nn.BatchNorm2d(3))(torch.ones(4, 3, 2, 2))"
    ),
    Program(
        "batch-norm-batched",
        "torch.vmap(lambda x: norm(x[None]))(torch.ones(4, 3, 2))",
        "norm = torch.nn.BatchNorm1d(3)",
    ),
    Program(
        "checkpoint-metadata",
        "grad(z, x)",
        "from torch.utils.checkpoint import checkpoint\nsizes = iter([3, 2])\n"
        "g = lambda x: (x[: next(sizes)] ** 2).sum()\n"
        "z = checkpoint(g, x, use_reentrant=False)",
    ),
    Program(
        "checkpoint-metadata",
        "grad(z, x)",
        "from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop\n"
        "more = iter([False, True])\n"
        "g = lambda x: x.exp().sin().sum() if next(more) else x.exp().sum()\n"
        "with set_checkpoint_early_stop(False):\n"
        "    z = checkpoint(g, x, use_reentrant=False)",
    ),
    Program(
        "hook-return",
        "grad(y, x, v)",
        "f = torch.exp\ny.register_hook(lambda v: v[0])",
    ),
    Program(
        "hook-return",
        "grad(y, x, v)",
        "f = torch.exp\ny.register_hook(lambda v: 2.0)",
    ),
    *[
        Program(
            "hook-return",
            "net(x).sum().backward()",
            f"net = torch.nn.Linear(3, 1)\nnet.register_full_backward_{hook}",
        )
        for hook in (
            "hook(lambda net, a, b: (x, x))",
            "pre_hook(lambda net, b: (x, x))",
        )
    ],
    Program(
        "hook-return",
        "net(x.detach()).sum().backward()",
        "import warnings\nnet = torch.nn.Linear(3, 1)\n"
        "net.register_full_backward_hook(lambda net, a, b: (x,))\n"
        "warnings.filterwarnings('ignore', 'Full backward hook')",
    ),
    *[
        Program(
            "hook-return",
            "grad(y, x, v)",
            f"f = torch.exp\ny.grad_fn.register_hook(lambda a, b: {returned})",
        )
        for returned in ("(a, a, a)", "2.0")
    ],
    Program(
        "hook-kinds",
        "net.register_full_backward_hook(print)",
        "import warnings\nnet = torch.nn.Linear(3, 1)\n"
        "net.register_backward_hook(lambda net, a, b: None)",
    ),
    Program(
        "backward-dtype",
        "torch.nn.functional.binary_cross_entropy(x.sigmoid(), target)",
        "target = torch.full((3,), 0.5, dtype=torch.float64)",
    ),
    Program(
        "sparse-optimizer",
        "optimizer.step()",
        "rows = torch.nn.Embedding(3, 2, sparse=True)\n"
        "rows(torch.tensor([0])).sum().backward()\n"
        "optimizer = torch.optim.Adam(rows.parameters())",
    ),
    Program("vmap-return", "torch.vmap(lambda x: 1.0)(y)"),
    Program("vmap-in-dims", "torch.vmap(torch.mul, in_dims=(0,))(x, x)"),
    Program("vmap-in-dims", "torch.vmap(torch.exp, in_dims=[0])(x)"),
    Program("vmap-axis", "torch.vmap(torch.mul)(x, 2.0)"),
    Program("vmap-axis", "torch.vmap(vjp)(x, 2.0)", "def vjp(x, c): return c * x"),
    Program("vmap-axis", "torch.vmap(torch.exp, in_dims=1)(x)"),
    Program("vmap-no-inputs", "torch.vmap(torch.exp)(input=x)"),
    Program("vmap-no-inputs", "torch.vmap(torch.mul, in_dims=(None, None))(x, x)"),
    Program("vmap-out-dims", "torch.vmap(lambda x: (x, x), out_dims=(0,))(y)"),
    Program("vmap-out-dims", "torch.vmap(torch.exp, out_dims='a')(y)"),
    Program("vmap-out-dims", "torch.vmap(torch.exp, out_dims=None)(y)"),
    Program("hessian-not-scalar", "torch.autograd.functional.hessian(f, x)"),
    Program(
        "functional-outputs", "torch.autograd.functional.jacobian(lambda x: [x], x)"
    ),
    Program(
        "dual-level",
        "forward_ad.make_dual(x, x)",
        "from torch.autograd import forward_ad",
    ),
    Program(
        "batch-norm-third",
        "grad(third.sum(), w)",
        "w = torch.tensor([[0.5], [-1.0], [2.0]], requires_grad=True)\n"
        "g = torch.nn.functional.batch_norm(w, None, None, training=True)[0, 0]\n"
        "(first,) = grad(g, w, create_graph=True)\n"
        "(third,) = grad(first[0, 0], w, create_graph=True)",
        recorded="silent-batch-norm-third",
    ),
    Program("checkpoint-default", "torch.utils.checkpoint.checkpoint(f, x)"),
    Program(
        "checkpoint-default",
        "torch.utils.checkpoint.checkpoint_sequential([f, torch.exp], 2, x)",
    ),
]
EDIT_DATA = "def edit(x):\n    y = 2 * x\n    y.data = torch.zeros(1)\n    return y"
TIED = """
call, tied = torch.func.functional_call, torch.nn.Linear(3, 3)
tied.other, params, model = tied.weight, dict(tied.named_parameters()), tied
"""
PARTS = """
call, stack = torch.func.functional_call, torch.func.stack_module_state
check, functional = torch.autograd.gradcheck, torch.autograd.functional
net, other, a, f = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2), x.detach(), torch.exp
scaler, optimizer = torch.amp.GradScaler("cpu"), torch.optim.SGD([x], lr=0.1)
kept, double = [], x.detach().double().requires_grad_()
with torch.inference_mode(): w = torch.ones(3)
def bad(backward=lambda ctx, v: 2 * v, forward=lambda ctx, x: 2 * x):
    parts = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Bad", (torch.autograd.Function,), parts).apply
def made(forward=lambda x: 2 * x, setup_context=lambda ctx, x, y: None, **parts):
    parts |= {"forward": forward, "setup_context": setup_context}
    parts = {name: staticmethod(f) if callable(f) else f for name, f in parts.items()}
    return type("Made", (torch.autograd.Function,), parts).apply
def dirty(ctx, inputs, output):
    ctx.mark_dirty(*inputs)
def tangent(f):
    with torch.autograd.forward_ad.dual_level():
        f(torch.autograd.forward_ad.make_dual(a, a))
forward = {"strategy": "forward-mode", "vectorize": True}
@torch.library.custom_op("guide::no_backward", mutates_args=())
def no_backward(x: torch.Tensor) -> torch.Tensor:
    return 2 * x
def edit_saved(x):
    y = x.exp()
    z = y.sin()
    y.detach_()
    z.sum().backward()
def scaled(*calls):
    scaler.scale(x.sum()).backward()
    for each in calls:
        each(optimizer)
"""
# What the arguments, the functions and the order of the calls decide.
PARTLY = [
    Program(slug, call, PARTS)
    for slug, calls in {
        "func-call-dict": (
            "call(net, {'wight': a}, (a,), strict=True)",
            "call(net, {'weight': 2.0}, (a,))",
            "call(net, {'weight': np.ones((2, 3))}, (a,))",
            "call(net, {'layer.weight': a}, (a,))",
            "call(net, {'forward': a}, (a,))",
            "call(net, [a], (a,))",
            "call(net, net.parameters(), (a,))",
        ),
        "vmap-options": (
            "torch.vmap(f, randomness='none')(a)",
            "torch.vmap(f, chunk_size=0)(a)",
            "torch.func.jacrev(f, chunk_size=0)(a)",
        ),
        "vmap-one-hot": ("torch.vmap(torch.nn.functional.one_hot)(a.long())",),
        "vmap-escaped": ("torch.vmap(lambda a: kept.append(a) or a)(a)\nkept[0] + a",),
        "func-aux": (
            "torch.func.grad(torch.sum, has_aux=True)(a)",
            "torch.func.jacrev(lambda a: [a, a], has_aux=True)(a)",
            "torch.func.jvp(f, (a,), (a,), has_aux=True)",
        ),
        "func-integer-output": (
            "torch.func.jacrev(torch.argmax)(a)",
            "torch.func.vjp(lambda a: a > 2, a)",
        ),
        "func-no-output": (
            "torch.func.jacrev(kept.append)(a)",
            "torch.func.vjp(lambda a: [], a)",
            "torch.func.jvp(kept.append, (a,), (a,))",
        ),
        "stack-models": (
            "stack([])",
            "stack([net, other.eval()])",
            "stack([net, torch.nn.ReLU()])",
            "stack([net, other.requires_grad_(False)])",
        ),
        "strict-linear": (
            "functional.hessian(torch.sum, x, strict=True)",
            "functional.hvp(torch.sum, x, a, strict=True)",
            "functional.jvp(torch.sum, x, a, strict=True, create_graph=True)",
        ),
        "backward-not-tensor": (
            "grad(bad(lambda ctx, v: 2)(x).sum(), x)",
            "grad(bad(lambda ctx, v: [v])(x).sum(), x)",
            "grad(bad(lambda ctx, v: v.numpy())(x).sum(), x)",
        ),
        "ctx-attribute": ("grad(bad(lambda ctx, v: ctx.factor * v)(x).sum(), x)",),
        "mark-dirty": (
            "bad(forward=lambda ctx, x: ctx.mark_dirty(x) or 2 * x)(x.clone())",
        ),
        "custom-op-no-backward": ("no_backward(x).sum().backward()",),
        "inference-in-place": ("w.add_(1)", "w[0] = 2.0", "w._version"),
        "detach-in-place": ("y[0].detach_()", "edit_saved(x)"),
        "resize-of-grad": ("x.resize_(5)", "y.resize_(5)"),
        "optimizer-params": (
            "torch.optim.SGD([])",
            "torch.optim.SGD(x)",
            "torch.optim.SGD([1.0])",
            "torch.optim.SGD([{'params': [x]}, {'params': [x]}])",
        ),
        "grad-is-none": ("x.grad.zero_()",),
        "gradcheck-no-graph": (
            "check(f, a.double())",
            "check(lambda x: x.detach().exp(), double)",
        ),
        "scaler-order": (
            "scaled(scaler.unscale_, scaler.unscale_)",
            "scaled(scaler.step, scaler.unscale_)",
            "scaled(scaler.step, scaler.step)",
            "scaler.scale(y.sum())\nscaler.step(optimizer)",
            "scaler.step(optimizer)",
        ),
        "jvp-structure": (
            "torch.func.jvp(f, (a,), (1.0,))",
            "torch.func.jvp(f, (), ())",
        ),
        "func-number": (
            "torch.func.jacfwd(f)(1.0)",
            "torch.func.hessian(f)(2)",
            "torch.func.jacfwd(lambda pair: pair[0])([True])",
            "torch.func.linearize(lambda x: x * x, 1j)",
        ),
        "functional-v-count": (
            "functional.vjp(lambda x: (x, x), x, a)",
            "functional.jvp(f, (x,), (a, a))",
            "functional.vhp(lambda x, y: (x * y).sum(), (x, x), a)",
            "functional.hvp(torch.sum, x, (a, a))",
        ),
        "functional-options": (
            "functional.jacobian(f, x, strict=True, vectorize=True)",
            "functional.jacobian(f, x, strategy='forward')",
            "functional.jacobian(f, x, strategy='forward-mode')",
            "functional.jacobian(f, x, **forward, strict=True)",
            "functional.jacobian(f, x, **forward, create_graph=True)",
            "functional.hessian(torch.prod, x, outer_jacobian_strategy='forward')",
        ),
        "custom-vmap-return": (
            "torch.vmap(made(vmap=lambda info, dims, x: 2 * x))(x)",
            "torch.vmap(made(vmap=lambda info, dims, x: (2 * x, 0, 0)))(x)",
            "torch.vmap(made(vmap=lambda info, dims, x: (2 * x, (0, 0))))(x)",
            "torch.vmap(made(vmap=lambda *_: (x, 0), generate_vmap_rule=True))(x)",
        ),
        "custom-jvp-return": (
            "tangent(made(jvp=lambda ctx, u: (u, u)))",
            "tangent(made(jvp=lambda ctx, u: None))",
            "tangent(made(lambda x: (x + 1, 2 * x), jvp=lambda ctx, u: u))",
            "tangent(made(lambda x: x.long(), jvp=lambda ctx, u: u))",
            "tangent(made(lambda x: x.view(3), jvp=lambda ctx, u: 2 * u))",
            "tangent(made(lambda x: x.neg_(), dirty, jvp=lambda ctx, u: -u))",
        ),
        "hook-no-input": (
            "net.register_full_backward_hook(lambda *_: None)\nnet(a).sum().backward()",
        ),
        "requires-grad-in-transform": ("torch.func.grad(torch.Tensor.retain_grad)(a)",),
        "func-data-edit": ("torch.vmap(lambda a: a.data)(a)",),
        "integer-input": ("x.data = torch.tensor([1, 2])", "net.to(torch.int8)"),
        "in-place-leaf": (
            "bad(forward=lambda ctx, x: ctx.mark_dirty(x) or x.mul_(2))(x)",
        ),
        "retain-grad-without-grad": ("torch.autograd.graph.get_gradient_edge(a)",),
        "computed-parameter": ("net.register_parameter('scale', y)",),
        "numpy-of-grad": (
            "x.apply_(lambda a: a)",
            "x.map_(a, lambda a, b: a)",
            "torch.from_dlpack(x)",
        ),
        "vmap-in-dims": ("torch.vmap(f, in_dims=(0.5,))(a)",),
        "hessian-not-scalar": ("functional.hessian(lambda x: (x, x), x)",),
        "functional-outputs": ("functional.hvp(torch.sum, x, 2.0)",),
    }.items()
    for call in calls
]
# What only a GPU raises.
CUDNN = 'exec("raise RuntimeError(text)", {"text": "%s"})'
OTHERS = [
    Program("in-place-leaf", "x.add_(1)"),
    Program(
        "view-of-no-grad",
        "view.mul_(2)",
        "with torch.no_grad(): view = x[:1]",
        "assert x.tolist() == [2, 2, 3]",
    ),
    Program(
        "overlapping-memory",
        "g.mul_(2)",
        "(g,) = torch.autograd.grad(x.sum(), x)",
        "assert g.tolist() == [2, 2, 2]",
    ),
    Program("overlapping-memory", "v[1:].add_(v[:-1])"),
    Program("computed-parameter", "layer.weight = y", "layer = torch.nn.Linear(2, 3)"),
    Program("func-grad-not-scalar", "torch.func.grad(f)(x)"),
    Program(
        "func-grad-not-scalar",
        "torch.func.grad(lambda x: [x])(x)",
    ),
    Program(
        "func-vjp-structure",
        "torch.func.vjp(f, x)[1](v)",
        "f = lambda x: (x, 2 * x)",
    ),
    Program("functional-vjp-shape", "torch.autograd.functional.vjp(f, x, x)"),
    Program("functional-vjp-no-v", "torch.autograd.functional.vjp(f, x)"),
    Program(
        "backward-in-transform",
        "torch.func.grad(g)(x)",
        "g = lambda x: x.sum().backward()",
    ),
    Program(
        "requires-grad-in-transform",
        "torch.func.grad(g)(x)",
        "g = torch.Tensor.requires_grad_",
    ),
    Program(
        "backward-count",
        "grad(Bad.apply(x, 2), x, torch.ones(3))",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x, factor: x * factor)\n"
        "    backward = staticmethod(lambda ctx, v: v)\n",
        "assert (grad(Scale.apply(x, 2.0).sum(), x)[0] == 2).all()",
    ),
    Program(
        "backward-not-none",
        "grad(Bad.apply(x, [x]), x, torch.ones(3))",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x, weights: x * sum(weights))\n"
        "    backward = staticmethod(lambda ctx, v: (v, v))\n",
        "a = b = torch.ones(3, requires_grad=True)\n"
        "assert grad(Sum.apply(x, a, b).sum(), x)[0].tolist() == [2, 2, 2]\n"
        "assert grad(Sum.apply(x, a, b).sum(), a)[0].tolist() == [2, 4, 6]",
    ),
    Program(
        "backward-shape",
        "grad(Bad.apply(y), y, v)",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: 2 * x)\n"
        "    backward = staticmethod(lambda ctx, v: 2 * v.sum(0))\n",
        "assert (grad(Double.apply(x).sum(), x)[0] == 2).all()",
    ),
    Program(
        "in-place-view",
        "first.add_(1)",
        "first, *others = (2 * x).unbind()",
        "assert grad(first, x)[0].tolist() == [1, 0, 0]",
    ),
    Program(
        "anomaly-nan",
        "watched(y, x)",
        "x = torch.tensor([0.0, 4.0], requires_grad=True)\n"
        "def watched(y, x):\n"
        "    with torch.autograd.set_detect_anomaly(True):\n"
        "        return grad(y, x)\n"
        "y = torch.where(x > 0, x.sqrt(), 0.0).sum()",
        "assert grad(y.sum(), x)[0].tolist() == [0, 0.25]",
    ),
    *[
        Program(
            "anomaly-warning",
            "warned(y, x)",
            "import warnings\n"
            f"x = torch.zeros(2, requires_grad=True)\n{first}y = x.sqrt() * 0\n"
            "def warned(y, x):\n"
            "    with warnings.catch_warnings(record=True) as found:\n"
            "        warnings.simplefilter('always')\n"
            "        with torch.autograd.set_detect_anomaly(True):\n"
            "            try:\n"
            "                grad(y.sum(), x)\n"
            "            except RuntimeError:\n"
            "                raise found[0].message from None\n"
            "f = torch.exp",
        )
        for first in ("", "with torch.autograd.set_detect_anomaly(True): ")
    ],
    Program(
        "eigenvector-phase",
        "grad(torch.linalg.eig(A)[1].real.sum(), A)",
        "A = torch.tensor([[0.0, -2.0], [1.0, 1.0]], requires_grad=True)",
    ),
    Program(
        "eigenvector-phase",
        "grad(torch.linalg.svd(1j * A)[0].real.sum(), A)",
        "A = torch.tensor([[0.0, -2.0], [1.0, 1.0]], requires_grad=True)",
    ),
    Program(
        "once-differentiable",
        "g.backward()",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: 3 * x)\n"
        "    backward = staticmethod(\n"
        "        torch.autograd.function.once_differentiable(lambda ctx, v: 3 * v)\n"
        "    )\n"
        "g = grad((Bad.apply(x) ** 2).sum(), x, create_graph=True)[0].sum()",
        "(g,) = grad((Cube.apply(x) ** 2).sum(), x, create_graph=True)\n"
        "assert grad(g.sum(), x)[0].tolist() == (30 * x**4).tolist()",
    ),
    Program(
        "checkpoint",
        "grad(torch.utils.checkpoint.checkpoint(f, x, use_reentrant=True), x, v)",
        "",
        "grad(y, x, v)",
    ),
    Program(
        "inference-tensor",
        "w * x",
        "with torch.inference_mode(): w = torch.ones(3)",
        "grad((w * x).sum(), x)",
    ),
    Program(
        "integer-input",
        "x.requires_grad_()",
        "x = torch.ones(1).int()",
        "grad(x, x)",
    ),
    Program("integer-input", "torch.tensor([1], requires_grad=True)"),
    Program("integer-input", "torch.func.jvp(f, (x.detach().int(),), (x,))"),
    Program("integer-input", "torch.func.jvp(f, (x,), (x.detach().int(),))"),
    Program(
        "strict-independent",
        "torch.autograd.functional.jacobian(f, x, strict=True)",
        "f = lambda x: torch.ones(2)",
    ),
    Program(
        "strict-independent",
        "torch.autograd.functional.jacobian(f, x, strict=True)",
        "f = lambda x: y * 1",
    ),
    Program("grad-of-non-leaf", "y.grad", "", "assert (y.grad == 1).all()"),
    Program("unexpected-argument", "y.backward(v, retain_variables=True)"),
    Program("unexpected-argument", "torch.autograd.backward(y, grad_outputs=v)"),
    Program("unexpected-argument", "grad(y, x, grad_tensors=v)"),
    Program("backward-create-graph", "y.sum().backward(create_graph=True)"),
    Program(
        "requires-grad-of-non-leaf",
        "y.requires_grad = False",
        "",
        "assert not y.requires_grad",
    ),
    Program(
        "retain-grad-without-grad",
        "y.sum().backward(inputs=[x])",
        "w = torch.ones(2, requires_grad=True)\nx = x.detach()\n"
        "f = lambda x: torch.outer(x, w)\ny = f(x)",
        "assert x.grad.tolist() == [2, 2, 2]",
    ),
    Program(
        "argument-without-derivative",
        "torch.nn.functional.nll_loss(x[None], label, weight=x)",
        "label = torch.tensor([0])",
        "torch.nn.functional.nll_loss(x[None], label, weight=w).backward()",
    ),
    Program(
        "in-place-hook",
        "net(x)",
        "net = [torch.nn.Linear(3, 2), torch.nn.ReLU(inplace=True)]\n"
        "net = torch.nn.Sequential(*net)\n"
        "net[0].register_full_backward_hook(lambda *_: None)\nf = net[0]",
        "grad(z.sum(), x)",
    ),
    Program(
        "complex-inside",
        "grad(y, x, torch.ones_like(y))",
        "y = torch.sum(x, dtype=torch.complex64)",
    ),
    Program(
        "functional-jvp-no-v",
        "torch.autograd.functional.jvp(f, x)",
    ),
    Program("functional-jvp-no-v", "torch.autograd.functional.hvp(torch.sum, x)"),
    Program("func-not-tensors", "torch.func.jacrev(lambda x: 2.0)(x)"),
    Program("func-not-tensors", "torch.func.vjp(lambda x: (x, 'a'), x)"),
    Program("complex-jacobian", "torch.func.jacrev(f)(x)", "x = 1j * x"),
    Program(
        "complex-jacobian", "torch.func.jacfwd(lambda x: 1j * x)(x.real)", "x = 1j * x"
    ),
    Program("jvp-structure", "torch.func.jvp(f, x, x)"),
    Program("jvp-structure", "torch.func.jvp(f, (x,), x)"),
    Program("jvp-structure", "torch.func.jvp(f, (x,), (x, x))"),
    Program("jvp-shape", "torch.func.jvp(f, (x,), (torch.ones(2),))"),
    Program(
        "func-captured-mutation",
        "torch.func.grad(lambda x: cache.add_(x).sum())(x)",
        "cache = torch.zeros(3)",
    ),
    Program(
        "func-saved-tensor-hooks",
        "torch.func.jacrev(g)(x)",
        "import functools\n"
        "g = functools.partial(\n"
        "    torch.utils.checkpoint.checkpoint, f, use_reentrant=False\n"
        ")",
    ),
    Program("vmap-item", "torch.vmap(lambda x: x.sum().item())(y)"),
    Program("vmap-control-flow", "torch.vmap(lambda x: x if x.sum() > 0 else -x)(y)"),
    Program("vmap-dynamic-shape", "torch.vmap(torch.nonzero)(y)"),
    Program("vmap-dynamic-shape", "torch.vmap(lambda x: x[x > 0])(y)"),
    Program("vmap-random", "torch.vmap(torch.rand_like)(y)"),
    Program(
        "vmap-unmapped-buffer",
        "torch.vmap(fill)(y)",
        "def fill(row):\n    z = torch.zeros(4)\n    z[1:3] = row\n    return z",
        "assert fill(x).shape == (4,)",
    ),
    Program("batching-rule", "torch.vmap(lambda a: a.is_set_to(a))(y)"),
    Program(
        "batching-rule",
        "torch.vmap(lambda a: torch.add(a, a, out=torch.empty(2)))(y.detach())",
    ),
    Program("func-data-edit", "torch.func.jacrev(edit)(x.detach())", EDIT_DATA),
    Program("func-data-edit", "torch.vmap(edit)(y.detach())", EDIT_DATA),
    *[
        Program("func-argument", f"torch.func.{call}")
        for call in (
            "grad(torch.sum, argnums=1)(x)",
            "grad(torch.sum, argnums=(0, 0))(x)",
            "grad(torch.sum, argnums=[0])(x)",
            "grad(torch.sum, argnums=())(x)",
            "grad(torch.sum)(input=x)",
            "jacfwd(f, argnums=(0, 1))(x)",
            "vjp(torch.exp, 2.0)",
            "jvp(torch.exp, (2.0,), (x,))",
        )
    ],
    Program("func-two-values", "call(tied, tied.state_dict(), (x,))", TIED),
    Program("func-two-values", "call(tied, (params, params), (x,))", TIED),
    Program("data-pointer", "torch.vmap(lambda a: a.numpy())(y.detach())"),
    Program("data-pointer", "torch.func.grad(lambda a: a.data_ptr())(x.detach())"),
    Program(
        "setup-context",
        "torch.func.grad(lambda x: Bad.apply(x).sum())(x)",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: 3 * x)\n"
        "    backward = staticmethod(lambda ctx, v: 3 * v)\n",
        "g = torch.func.grad(lambda x: Cube.apply(x).sum())(x)\n"
        "assert g.tolist() == [3, 12, 27]",
    ),
    Program(
        "custom-no-backward",
        "grad(Bad.apply(x).sum(), x)",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: 2 * x)\n",
        "assert grad(Double.apply(x).sum(), x)[0].tolist() == [2, 2, 2]",
    ),
    Program(
        "custom-no-jvp",
        "torch.func.jvp(Bad.apply, (x,), (x,))",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda x: 2 * x)\n"
        "    setup_context = staticmethod(lambda ctx, inputs, output: None)\n"
        "    backward = staticmethod(lambda ctx, v: 2 * v)\n",
        "assert torch.func.jvp(Double.apply, (x,), (x,))[1].tolist() == [2, 4, 6]",
    ),
    Program(
        "custom-no-vmap",
        "torch.vmap(Bad.apply)(x)",
        "class Bad(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda x: 2 * x)\n"
        "    setup_context = staticmethod(lambda ctx, inputs, output: None)\n"
        "    backward = staticmethod(lambda ctx, v: 2 * v)\n",
        "assert torch.vmap(Double.apply)(x).tolist() == [2, 4, 6]",
    ),
    Program(
        "custom-op-count",
        "grad(scale(x, 2.0).sum(), x)",
        "def scale(x: torch.Tensor, factor: float) -> torch.Tensor:\n"
        "    return x * factor\n"
        "def context(ctx, inputs, output):\n"
        "    ctx.factor = inputs[1]\n"
        "name = f'vjp_guide::scale_{id(f)}'\n"
        "scale = torch.library.custom_op(name, mutates_args=())(scale)\n"
        "scale.register_autograd(lambda ctx, v: v, setup_context=context)",
        "scale.register_autograd(backward, setup_context=context)\n"
        "assert grad(scale(x, 2.0).sum(), x)[0].tolist() == [2, 2, 2]",
    ),
    Program(
        "operation-shape",
        "grad(3 * h, x, torch.ones(2))",
        "h = 2 * x\nh.data = h.data[:2]\nf = torch.exp",
    ),
    Program(
        "checkpoint-no-grad",
        "torch.utils.checkpoint.checkpoint(f, x.detach(), use_reentrant=True)",
    ),
    Program(
        "cudnn-twice",
        CUDNN % "the derivative for '_cudnn_rnn_backward' is not implemented.",
        "f = torch.exp",
        "grad(g.sum(), x)",
    ),
    Program(
        "cudnn-twice",
        CUDNN % "derivative for _cudnn_rnn_backward is not implemented",
        "f = torch.exp",
    ),
    Program(
        "sync-batch-norm-twice",
        CUDNN % "derivative for batch_norm_backward_elemt is not implemented",
        "f = torch.exp",
        "x = torch.ones(3, 2, requires_grad=True)\n"
        "(g,) = grad(norm(x).pow(3).sum(), x, create_graph=True)\ngrad(g.sum(), x)",
    ),
    Program(
        "cudnn-eval",
        CUDNN % "cudnn RNN backward can only be called in training mode",
    ),
    Program(
        "inference-requires-grad",
        "x.requires_grad_()",
        "with torch.inference_mode(): x = torch.ones(3)",
        "assert x.requires_grad",
    ),
    Program(
        "compiled-double-backward",
        "grad(g.sum(), x)",
        "f = lambda x: (x**3).sum()\n"
        "(g,) = grad(torch.compile(f, backend='aot_eager')(x), x, create_graph=True)",
    ),
    Program(
        "compiled-vmap",
        "torch.vmap(lambda v: grad(y, x, v, retain_graph=True))(torch.eye(3))",
        "f = lambda x: x * x.sum()\ny = torch.compile(f, backend='aot_eager')(x)",
        "assert J.diag().tolist() == [7, 8, 9]",
    ),
    Program(
        "donated-buffer",
        "grad(compiled(w), w, retain_graph=True)",
        "w = torch.ones(2, 2, requires_grad=True)\n"
        "f = lambda x: (x @ x).pow(2).sum()\n"
        "compiled = torch.compile(f, backend='aot_eager')\ngrad(compiled(w), w)",
    ),
    Program(
        "compiled-grad",
        "torch.compile(lambda x: grad(f(x).sum(), x), backend='aot_eager', "
        "fullgraph=True)(x)",
        "",
        "g = torch.compile(lambda x: grad(f(x).sum(), x), backend='aot_eager', "
        "fullgraph=True)(x)",
    ),
    Program(
        "compiled-grad-outside",
        "traced(lambda: torch.compile(lambda y: grad(y.sum(), x), backend='aot_eager', "
        "fullgraph=True)(y))()",
        "import torch._dynamo.config, warnings\n"
        "warnings.simplefilter('ignore')  # of y.grad, which the compiler looks at\n"
        "traced = torch._dynamo.config.patch(trace_autograd_ops=True)",
    ),
    Program(
        "no-double-backward",
        "grad(g.sum(), x)",
        "x = torch.ones(1, 1, 2, 2, requires_grad=True)\n"
        "f = lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x)\n"
        "(g,) = grad(f(x).sum(), x, create_graph=True)",
        "(g,) = grad(y.sum(), x, create_graph=True)\ngrad(g.sum(), x)",
    ),
    Program(
        "no-forward-derivative",
        "torch.func.jvp(f, (x,), (x,))",
        "x = torch.ones(1, 1, 2, 2)\n"
        "f = lambda x: torch.nn.functional.scaled_dot_product_attention(x, x, x)",
    ),
    Program(
        "no-derivative",
        "grad(torch.igamma(x, x).sum(), x)",
        "f = lambda x: torch.igamma(x, x)",
    ),
    Program(
        "no-derivative",
        "grad(g.sum(), x)",
        "rows = torch.tensor([[0, 1]])\n"
        "f = lambda x: torch.nn.functional.embedding_bag(rows, x[:, None])\n"
        "(g,) = grad(f(x).pow(2).sum(), x, create_graph=True)",
    ),
    Program(
        "extension-no-derivative",
        "grad(Encoding.apply(x).sum(), x)",
        "class Encoding(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: 2 * x)\n"
        "    @staticmethod\n"
        "    def backward(ctx, v):\n"
        "        text = 'DifferentiableObject::backward_backward_input_impl: '\n"
        "        raise RuntimeError(text + 'not implemented error')\n"
        "f = torch.sum",
    ),
    Program("out-argument", "torch.mul(x, 2, out=torch.empty(3))"),
    *TOOLS,
    *PARTLY,
    Program(
        "all-reduce-average",
        "grad(collectives.all_reduce(2 * x, 'avg', group).sum(), x)",
        "import torch.distributed as dist\n"
        "import torch.distributed._functional_collectives as collectives\n"
        "if not dist.is_initialized():\n"
        "    dist.init_process_group(\n"
        "        'gloo', store=dist.HashStore(), rank=0, world_size=1\n"
        "    )\n"
        "group = dist.group.WORLD",
        "assert grad(mean(2 * x, group).sum(), x)[0].tolist() == [2, 2, 2]\n"
        "dist.destroy_process_group()",
        recorded="error-all-reduce-average",
    ),
    Program(
        "resharded",
        "grad(g.sum(), v)",
        "import torch.distributed as dist\n"
        "from torch.distributed.device_mesh import init_device_mesh\n"
        "from torch.distributed.fsdp import fully_shard\n"
        "if not dist.is_initialized():\n"
        "    dist.init_process_group(\n"
        "        'gloo', store=dist.HashStore(), rank=0, world_size=1\n"
        "    )\n"
        "mesh = init_device_mesh('cpu', (1,))\n"
        "model = fully_shard(torch.nn.Linear(3, 2), mesh=mesh)\n"
        "v = torch.zeros(1, 2, requires_grad=True)\n"
        "product = lambda: grad(model(x[None]), x, v, create_graph=True)\n"
        "(g,) = product()",
        "keep(model)\n(g,) = product()\n"
        "assert grad(g.sum(), v)[0].shape == (1, 2)\n"
        "dist.destroy_process_group()",
    ),
]
SPECIAL = {
    "lazy-module": "model, data = torch.nn.Linear(3, 2), x",
    "complex-jacobian": "x = 1j * x",
    "func-two-values": "model = torch.nn.Linear(3, 2)",
    "func-vjp-structure": "f = lambda x: (x, 2 * x)",
    "input-not-a-tensor": "x = 2.0\nf = torch.exp",
    "inputs-mapping": "x = {'a': x}",
    "integer-input": "x = x.detach().int()",
    "operation-shape": "f = torch.exp",
    "compiled-double-backward": "f = lambda x: (x**3).sum()",
}


def _raises(program: Program) -> bool:
    span = now(program.recorded, torch.__version__)
    return span is None or "Error: " in span.text


PROGRAMS = [each for each in MANY + OTHERS if _raises(each)]
OLDER = {
    "unused-input": "One of the differentiated Tensors appears to not have been used "
    "in the graph.",
    "checkpoint": "Checkpointing is not compatible with .grad() or when",
    "expected-shape": "invalid gradient at index 0 - expected shape [] but got [1]",
    "compiled-vmap": "Cannot access storage of BatchedTensorImpl",
    "vmapped-outputs": "torch.autograd.grad(outputs, inputs, grad_outputs) called "
    "inside torch.vmap. We do not support the case where any outputs are vmapped "
    "tensors",
}
OLDER |= {
    each.slug: span.text.partition(": ")[2]
    for each in MANY + OTHERS
    if not _raises(each)
    for span in spans(each.recorded)  # the newest of the texts stays
    if "Error: " in span.text
}
"""Texts that no program of the table raises with the installed torch."""


def provoke(program: Program) -> tuple[Exception, dict[str, Any]]:
    """Run a program and return what it raised, a warning included, and its names."""
    names = program.names(torch.autograd.grad)
    with pytest.raises(Exception) as caught, warned_always():  # noqa: PT011 (the table says which)
        exec(program.call, names)  # noqa: S102 (the table holds programs)
    return caught.value, names


@contextmanager
def warned_always() -> Iterator[None]:
    """Let torch warn of what another test in this process was warned of."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        yield
    finally:
        torch.set_warn_always(before)


def slug_and_number(programs: list[Program]) -> list[str]:
    """Return names for tests."""
    return [f"{number}-{program.slug}" for number, program in enumerate(programs)]
