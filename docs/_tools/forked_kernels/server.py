"""Kernels that start with modules imported: each is a fork of this process.

``python server.py DESCRIPTOR WHEN MODULE...`` imports the modules, "early" or when
first a client connects to the socket, and starts a kernel for each client, until the
process that started it ends. A kernel ends with its client's connection.
"""

import importlib
import json
import os
import select
import socket
import socketserver
import sys
import threading

PARENT = os.getppid()


class Kernel(socketserver.StreamRequestHandler):
    """A kernel in a process of its own."""

    def handle(self) -> None:
        """Run the kernel as the client asks."""
        from ipykernel import kernelapp  # noqa: PLC0415 - takes long, may be unneeded

        request = json.loads(self.rfile.readline())
        threading.Thread(target=self._end_with_client, daemon=True).start()
        self.connection.sendall(f"{os.getpid()}\n".encode())
        os.chdir(request["folder"])
        kernelapp.launch_new_instance(
            argv=request["arguments"], outstream_class="whole_output.WholeOutput"
        )

    def _end_with_client(self) -> None:
        self.connection.recv(1)
        os._exit(1)


class ForkingServer(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks for each connection."""

    def service_actions(self) -> None:
        """End with the process that started this one."""
        super().service_actions()
        if os.getppid() != PARENT:
            sys.exit()


def main(descriptor: str, when: str, *modules: str) -> None:
    """Serve the clients of a socket that listens."""
    with ForkingServer("", Kernel, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = socket.socket(fileno=int(descriptor))
        while when != "early" and not select.select([server], [], [], 1)[0]:
            server.service_actions()
        for module in modules:
            importlib.import_module(module)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
