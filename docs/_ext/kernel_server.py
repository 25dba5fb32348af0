"""Kernels that start with modules imported: each is a fork of this process.

``python kernel_server.py DESCRIPTOR MODULE...`` imports the modules, then starts a
kernel for each connection to the socket, until the process that started it ends.
"""

import importlib
import json
import os
import socket
import socketserver
import sys
import threading

from ipykernel.kernelapp import launch_new_instance

PARENT = os.getppid()


class Kernel(socketserver.StreamRequestHandler):
    """A kernel in a process of its own, which ends with its client."""

    def handle(self) -> None:
        """Run the kernel as the client asks."""
        request = json.loads(self.rfile.readline())
        threading.Thread(target=self._end_with_client, daemon=True).start()
        os.chdir(request["folder"])
        launch_new_instance(argv=request["arguments"])

    def _end_with_client(self) -> None:
        self.connection.recv(1)
        os._exit(1)


class KernelServer(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks for each connection."""

    def service_actions(self) -> None:
        """End with the process that started this one."""
        super().service_actions()
        if os.getppid() != PARENT:
            sys.exit()


def main(descriptor: str, *modules: str) -> None:
    """Serve the connections to a socket that listens."""
    for module in modules:
        importlib.import_module(module)
    with KernelServer("", Kernel, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = socket.socket(fileno=int(descriptor))
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
