"""Jupyter kernels that start with modules imported, as forks of one process.

See the README beside this file.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

NAME = "forked"
QUEUE = 64  # more than clients wait at once
MOST = 80  # a socket's path has at most 103 bytes, its name and folder among them
ALWAYS = "ipykernel.kernelapp", "ipykernel.zmqshell", "ipykernel.debugger"


class KernelServer:
    """A process from which kernels are forked; Jupyter's default while it runs.

    Args:
        *modules: What each kernel has imported when it starts.
        early: Whether to import them at once, or for the first kernel.
    """

    def __init__(self, *modules: str, early: bool) -> None:
        long = len(os.fsencode(tempfile.gettempdir())) > MOST
        self._folder = tempfile.TemporaryDirectory(dir="/tmp" if long else None)  # noqa: S108 - a folder of its own in it
        address = str(Path(self._folder.name, "socket"))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address)
            listener.listen(QUEUE)
            number = listener.fileno()
            command = [sys.executable, str(Path(__file__).with_name("server.py"))]
            when = "early" if early else "late"
            # With its parent's number a kernel doesn't print how to connect to it.
            self._process = subprocess.Popen(  # noqa: S603 - the arguments are those above
                [*command, str(number), when, *ALWAYS, *modules],
                env=os.environ | {"JPY_PARENT_PID": str(os.getpid())},
                pass_fds=[number],
            )
        ForkedProvisioner.address = address
        self._factory = KernelProvisionerFactory.instance()
        self._before = self._factory.default_provisioner_name
        value = f"{__name__}:{ForkedProvisioner.__name__}"
        self._factory.provisioners[NAME] = EntryPoint(
            NAME, value, self._factory.GROUP_NAME
        )
        self._factory.default_provisioner_name = NAME

    def stop(self) -> None:
        """End the process, and with it what it forked."""
        self._factory.default_provisioner_name = self._before
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


class Fork:
    """A kernel of the server, as far as Jupyter asks the process of a kernel."""

    stdin = stdout = stderr = None

    def __init__(self, address: str, request: dict[str, Any]) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.connect(address)
        self._server.sendall(json.dumps(request).encode() + b"\n")
        with self._server.makefile() as answer:
            self.pid = int(answer.readline())
        self._server.settimeout(0)

    def poll(self) -> int | None:
        """Return None while the kernel runs."""
        if self._server.fileno() >= 0:
            try:
                self._server.recv(1)  # nothing, where the connection has ended
            except BlockingIOError:
                return None
            self._server.close()
        return 0

    def wait(self) -> int:
        """Return at once: Jupyter polls before."""
        self._server.close()
        return 0

    def send_signal(self, signum: int) -> None:
        """Send the kernel a signal."""
        os.kill(self.pid, signum)

    def kill(self) -> None:
        """End the kernel."""
        self._server.close()


class ForkedProvisioner(LocalProvisioner):
    """Asks the server for a kernel where Jupyter would start an interpreter."""

    address = ""

    async def launch_kernel(
        self,
        cmd: list[str],
        **kwargs: Any,  # noqa: ANN401 - Jupyter's signature
    ) -> KernelConnectionInfo:
        """Start a kernel by the arguments that follow those of an interpreter."""
        folder = kwargs.get("cwd") or str(Path.cwd())
        arguments = [*cmd[cmd.index("-f") :], "--log-level=ERROR"]
        request = {"folder": folder, "arguments": arguments}
        kernel = await asyncio.to_thread(Fork, self.address, request)
        self.process = kernel  # type: ignore[assignment] # it does what Jupyter asks
        self.pid = kernel.pid
        return self.connection_info
