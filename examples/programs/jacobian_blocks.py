"""A Jacobian in blocks of rows, over processes that torchrun starts and starts again.

Run it with ``torchrun --standalone --nproc-per-node 4 --max-restarts 1``, this file and
the folder of the blocks, which must exist. A block that is in the folder isn't computed again, and in the end the
processes write theirs as one checkpoint, which any number of processes can read.
"""

import argparse
import os
import resource
import time
from pathlib import Path

import torch
from torch import Tensor, distributed
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from vjp_guide import jacobian


def function(outputs: int, inputs: int) -> tuple[Tensor, Tensor]:
    """Return y = tanh(W x / n) for n inputs, the same in each process, and x."""
    random = torch.Generator().manual_seed(0)
    weight = torch.randn(outputs, inputs, generator=random, dtype=torch.float64)
    x = torch.randn(inputs, generator=random, dtype=torch.float64, requires_grad=True)
    return torch.tanh(weight @ x / inputs), x


def work(options: argparse.Namespace) -> None:
    """Compute the blocks of this process: each ``size``-th, from its number on."""
    rank, size = distributed.get_rank(), distributed.get_world_size()
    y, x = function(options.outputs, options.inputs)
    before, begun = memory(), time.process_time()
    starts = range(0, options.outputs, options.rows)[rank::size]
    missing = [start for start in starts if not place(options.folder, start).exists()]
    for start in missing:
        block = jacobian(y, x, rows=slice(start, start + options.rows))
        write(block, place(options.folder, start))
        if rank == options.die and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            os._exit(1)
    took = time.process_time() - begun
    join_blocks(options.folder, starts)
    told = f"blocks found: {len(starts) - len(missing)}, computed: {len(missing)}"
    cost = f"; {took:.2f} s of processor, {memory() - before:.0f} MiB more"
    everyone: list[str] = [""] * size
    distributed.all_gather_object(everyone, told + cost * options.measure)
    if rank == 0:
        for other, told in enumerate(everyone):
            if options.die in {None, other}:
                print(f"process {other}: {told}")
        compare(options.folder, y, x)
    distributed.barrier()


def place(folder: Path, start: int) -> Path:
    """Return the file of the block that begins with a row."""
    return folder / f"rows-{start:08d}.pt"


def write(block: Tensor, path: Path) -> None:
    """Write a block whole or not at all."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    torch.save(block, unfinished)
    unfinished.replace(path)


def join_blocks(folder: Path, starts: range) -> None:
    """Write the blocks of all processes as one checkpoint, each process its own."""
    paths = [place(folder, start) for start in starts]
    blocks = {path.stem: torch.load(path) for path in paths}
    save(blocks, checkpoint_id=folder / "checkpoint")


def read(folder: Path) -> list[Tensor]:
    """Return the blocks of a checkpoint, in any process, which may be alone."""
    reader = FileSystemReader(folder / "checkpoint")
    held = reader.read_metadata().state_dict_metadata
    blocks = {
        name: torch.empty(block.size, dtype=block.properties.dtype)
        for name, block in sorted(held.items())
        if isinstance(block, TensorStorageMetadata)
    }
    load(blocks, storage_reader=reader, no_dist=True)
    return list(blocks.values())


def memory() -> float:
    """Return the most MiB that the process has held; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare(folder: Path, y: Tensor, x: Tensor) -> None:
    """Print whether the blocks are the rows of the whole, computed at once."""
    blocks = read(folder)
    joined, whole = torch.cat(blocks), jacobian(y, x)
    print(f"{len(blocks)} blocks, {tuple(joined.shape)}", end=": ")
    print("as the whole" if torch.allclose(joined, whole) else "not the whole")


def options() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--outputs", type=int, default=60)
    parser.add_argument("--inputs", type=int, default=40)
    parser.add_argument("--rows", type=int, default=8, help="of a block")
    parser.add_argument("--die", type=int, help="the process that dies, once")
    parser.add_argument("--measure", action="store_true", help="time and memory")
    return parser.parse_args()


def join() -> None:
    """Join the group under keys of this try: addresses of a try that died are stale."""
    of = os.environ
    size = int(of["WORLD_SIZE"])
    shared = distributed.TCPStore(  # type: ignore[attr-defined] # it is there
        of["MASTER_ADDR"], int(of["MASTER_PORT"]), size, is_master=False
    )
    tried = distributed.PrefixStore(  # type: ignore[attr-defined] # it is there
        f"try {of['TORCHELASTIC_RESTART_COUNT']}", shared
    )
    distributed.init_process_group(
        "gloo", store=tried, rank=int(of["RANK"]), world_size=size
    )


if __name__ == "__main__":
    join()
    work(options())
    distributed.destroy_process_group()
