"""Kernels for the executed pages that don't each import torch, which takes seconds.

A process that has imported what the pages import forks one for each page. Its name is
that of Jupyter's own, so that a page runs elsewhere, and where there is no fork.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the tests run without Sphinx
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

HERE = Path(__file__).parent
NAME = "python3"
QUEUE = 64  # more than pages are read at once
IMPORTED = (
    "torch",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "vjp_guide.figures",
)


def start(app: "Sphinx") -> None:
    """Start the server where pages may be executed, and name it to Jupyter."""
    mode = app.config.nb_execution_mode
    if mode == "off" or sys.platform != "linux":
        return
    folder = tempfile.TemporaryDirectory()
    server = serve(Path(folder.name), *IMPORTED, early=mode == "force")

    def stop(*_: object) -> None:
        server.kill()
        server.wait()
        folder.cleanup()

    app.connect("build-finished", stop)


def serve(folder: Path, *modules: str, early: bool) -> subprocess.Popen[bytes]:
    """Start a server of kernels that have imported the modules."""
    address = str(folder / "socket")
    _name(folder, address)
    # With its parent's number a kernel doesn't print how to connect to it.
    environment = os.environ | {"JPY_PARENT_PID": str(os.getpid())}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(QUEUE)
        number = listener.fileno()
        command = [sys.executable, str(HERE / "kernel_server.py"), str(number)]
        when = "early" if early else "late"
        return subprocess.Popen(  # noqa: S603 - the arguments are those above
            [*command, when, *modules], env=environment, pass_fds=[number]
        )


def _name(folder: Path, address: str) -> None:
    """Write what Jupyter starts as a kernel, where it looks first."""
    client = [sys.executable, "-S", "-E", str(HERE / "kernel_client.py"), address]
    specification = {
        "argv": [*client, "-f", "{connection_file}", "--log-level=ERROR"],
        "display_name": "Python 3",
        "language": "python",
    }
    path = folder / "kernels" / NAME / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(specification), encoding="utf-8")
    before = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(folder), before]))


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Start the server before the gallery, which takes about as long as its imports."""
    app.connect("builder-inited", start, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
