"""One critic in two processes under DDP: which gradients are averaged, and when."""

import os
import tempfile
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel


def work(rank: int, folder: str) -> None:
    """Be process number ``rank``: the weights of all, a sample of its own."""
    distributed.init_process_group(
        "gloo",
        store=distributed.FileStore(str(Path(folder) / "store"), 2),  # type: ignore[attr-defined] # it is there
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=60),  # a lost partner ends in an error
    )
    last = nn.Linear(2, 1)
    with torch.no_grad():
        last.weight.copy_(torch.tensor([[1.0, 2.0]]))
    critic = DistributedDataParallel(nn.Sequential(nn.ReLU(), last))
    x = torch.tensor([[[1.0, 3.0]], [[2.0, -6.0]]])[rank].requires_grad_()

    (gradient,) = torch.autograd.grad(critic(x).sum(), last.weight)
    show("autograd.grad", gradient)
    distributed.all_reduce(gradient)
    show("its mean by hand", gradient / 2)

    hook = last.weight.register_post_accumulate_grad_hook(
        lambda weight: show("in a hook", weight.grad)
    )
    critic(x).sum().backward()
    show("backward", last.weight.grad)
    hook.remove()

    critic.zero_grad()
    critic.module(x).sum().backward()
    show("past the wrapper", last.weight.grad)

    critic.zero_grad()
    hook = last.weight.register_post_accumulate_grad_hook(average)
    critic.module(x).sum().backward()
    show("averaged in a hook", last.weight.grad)
    hook.remove()

    critic.zero_grad()
    first, second = critic(x).sum(), critic(x).sum()
    first.backward()
    second.backward()
    show("second backward", last.weight.grad)

    critic.zero_grad()
    penalty(critic, x, share=0.0).backward()
    show("penalty + 0 * scores", last.weight.grad)

    static = DistributedDataParallel(deepcopy(critic.module), static_graph=True)
    penalty(static, x).backward()
    show("penalty alone, static_graph", static.module[1].weight.grad)

    critic.zero_grad()
    penalty(critic, x).backward()
    show("penalty alone", last.weight.grad)
    try:
        critic(x)
    except RuntimeError as error:
        if rank == 0:
            print("then:", str(error).partition(" before")[0], flush=True)
    distributed.barrier()
    # After that error a thread of DDP can outlive the group, and end Python badly.
    os._exit(0)


def average(weight: Tensor) -> None:
    """Replace a weight's gradient by its mean over the processes."""
    assert weight.grad is not None
    distributed.all_reduce(weight.grad)
    weight.grad.div_(distributed.get_world_size())


def penalty(critic: nn.Module, x: Tensor, *, share: float | None = None) -> Tensor:
    """Return the squared slope of the scores, plus ``share`` times the scores."""
    scores = critic(x)
    v = torch.ones_like(scores)
    (slope,) = torch.autograd.grad(scores, x, grad_outputs=v, create_graph=True)
    squared = (slope**2).sum()
    return squared if share is None else squared + share * scores.sum()


def show(case: str, gradient: Tensor | None) -> None:
    """Print the gradient that each of the processes holds."""
    assert gradient is not None
    held = [torch.empty_like(gradient) for _ in range(2)]
    distributed.all_gather(held, gradient)
    if distributed.get_rank() == 0:
        print(f"{case}:", *(one[0].tolist() for one in held), flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        spawn(work, args=(folder,), nprocs=2)
