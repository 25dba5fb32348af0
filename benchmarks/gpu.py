"""Records on an NVIDIA GPU what the pages say of CUDA, as one JSON.

``python benchmarks/gpu.py benchmarks/gpu.json`` takes about a minute. It needs torch,
NumPy and this package. Attention kernels are tried one by one; the tools are held
against the same call on the CPU; the ways to a Jacobian are timed in turn.
"""

import datetime as dt
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everybody uses
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from vjp_guide import coupling, dot_product_test, explain, jacobian, trace

KERNELS = {
    "math": SDPBackend.MATH,
    "flash": SDPBackend.FLASH_ATTENTION,
    "memory-efficient": SDPBackend.EFFICIENT_ATTENTION,
    "cuDNN": SDPBackend.CUDNN_ATTENTION,
}
DTYPES = (torch.float32, torch.bfloat16)
SHAPES = {"tall": (4096, 256), "wide": (256, 4096)}
REPEATS = 5
Way = Callable[[Callable[[Tensor], Tensor], Tensor], Tensor]


def outcome(program: Callable[[], object]) -> str:
    """Return "yes", or the first line of what torch raises."""
    try:
        program()
        torch.cuda.synchronize()
    except Exception as error:  # noqa: BLE001 - any refusal is the record
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return "yes"


def attention(kernel: SDPBackend, dtype: torch.dtype) -> dict[str, str]:
    """Return what one kernel can do, for queries, keys and values of one dtype."""
    generator = torch.Generator("cuda").manual_seed(0)
    shape = (2, 4, 64, 64)
    q, k, w = (
        torch.randn(shape, dtype=dtype, device="cuda", generator=generator)
        for _ in range(3)
    )

    def attend(q: Tensor, k: Tensor, w: Tensor) -> Tensor:
        with sdpa_kernel(kernel):
            return F.scaled_dot_product_attention(q, k, w)

    def differentiate(*, create_graph: bool) -> Tensor:
        leaves = [each.clone().requires_grad_() for each in (q, k, w)]
        y = attend(*leaves)
        v = torch.ones_like(y)
        return torch.autograd.grad(y, leaves[0], v, create_graph=create_graph)[0]

    def twice() -> None:
        slope = differentiate(create_graph=True)
        slope.sum().backward()

    return {
        "forward": outcome(lambda: attend(q, k, w)),
        "VJP": outcome(lambda: differentiate(create_graph=False)),
        "VJP of the VJP": outcome(twice),
        "JVP": outcome(lambda: torch.func.jvp(attend, (q, k, w), (q, k, w))),
    }


def make(m: int, n: int, device: str) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    """Return ``tanh(x @ W.T)`` with ``W`` of shape ``(m, n)``, and ``x`` ``(n,)``."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(m, n, dtype=torch.float64, generator=generator) / n**0.5
    x = torch.randn(n, dtype=torch.float64, generator=generator)
    weight, x = weight.to(device), x.to(device)
    return lambda x: torch.tanh(x @ weight.T), x.requires_grad_()


def tools() -> dict[str, str]:
    """Return for each tool whether CUDA gives what the CPU gives, and keeps the state.

    The state is that of CUDA's random numbers.
    """
    run: dict[str, Callable[[Callable[[Tensor], Tensor], Tensor], object]] = {
        "explain": lambda f, x: explain(f(x), x, torch.ones_like(f(x))).gradients,
        "trace": lambda f, x: trace(f(x), x, torch.ones_like(f(x))).gradients,
        "jacobian": lambda f, x: jacobian(f(x), x),
        "coupling": lambda f, x: coupling(f(x), x).norms,
        "dot_product_test": lambda f, x: dot_product_test(f, x.detach()).passed,
    }
    return {name: compare(each) for name, each in run.items()}


def compare(
    tool: Callable[[Callable[[Tensor], Tensor], Tensor], object],
) -> str:
    """Return "equal, state kept", or what differs."""
    before = torch.cuda.get_rng_state()
    try:
        here, there = (tool(*make(8, 8, device)) for device in ("cuda", "cpu"))
        torch.testing.assert_close(here, there, check_device=False)
    except Exception as error:  # noqa: BLE001 - any fault is the record
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    kept = torch.equal(before, torch.cuda.get_rng_state())
    return "equal, state kept" if kept else "equal, state changed"


def loop(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return the Jacobian by one VJP for each row."""
    y = f(x)
    eye = torch.eye(len(y), dtype=y.dtype, device=y.device)
    rows = [torch.autograd.grad(y, x, v, retain_graph=True)[0] for v in eye]
    return torch.stack(rows)


def batched(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return the Jacobian by one call with ``is_grads_batched``."""
    y = f(x)
    eye = torch.eye(len(y), dtype=y.dtype, device=y.device)
    return torch.autograd.grad(y, x, eye, is_grads_batched=True)[0]


WAYS: dict[str, Way] = {
    "loop of VJPs": loop,
    "is_grads_batched": batched,
    "functional.jacobian": torch.autograd.functional.jacobian,
    "torch.func.jacrev": lambda f, x: torch.func.jacrev(f)(x.detach()),
    "torch.func.jacfwd": lambda f, x: torch.func.jacfwd(f)(x.detach()),
    "vjp_guide.jacobian": lambda f, x: jacobian(f(x), x),
}


def seconds(way: Way, f: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """Return the time of one run, waiting for the GPU."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    way(f, x)
    torch.cuda.synchronize()
    return time.perf_counter() - start


def peak(way: Way, f: Callable[[Tensor], Tensor], x: Tensor) -> int:
    """Return the most bytes allocated beyond those before the run."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    way(f, x)
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def ways(m: int, n: int) -> dict[str, dict[str, Any]]:
    """Return time and memory of each way, which all give the closed form."""
    f, x = make(m, n, "cuda")
    reference = loop(f, x)
    for way in WAYS.values():
        torch.testing.assert_close(way(f, x).detach(), reference)
    runs: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(REPEATS):
        for name, way in WAYS.items():
            runs[name].append(seconds(way, f, x))
    return {
        name: {
            "milliseconds": round(1e3 * statistics.median(runs[name]), 2),
            "MiB beyond before": round(peak(way, f, x) / 2**20, 1),
        }
        for name, way in WAYS.items()
    }


def main() -> None:
    """Write the record."""
    warnings.simplefilter("ignore")
    record = {
        "card": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "attention": {
            f"{name}, {str(dtype).removeprefix('torch.')}": attention(kernel, dtype)
            for name, kernel in KERNELS.items()
            for dtype in DTYPES
        },
        # Before the tools: trace registers hooks, after which jacobian looks for some.
        "jacobian": {
            f"{name}: {m} by {n}": ways(m, n) for name, (m, n) in SHAPES.items()
        },
        "tools": tools(),
    }
    text = json.dumps(record, indent=1) + "\n"
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
