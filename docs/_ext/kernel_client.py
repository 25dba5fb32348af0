"""What Jupyter starts as a kernel: it lasts as long as the one that the server forks.

``python kernel_client.py ADDRESS ARGUMENT...`` hands the arguments to the server.
"""

import json
import signal
import socket
import sys
from pathlib import Path

address, *arguments = sys.argv[1:]
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Jupyter sends it before it asks to end
with socket.socket(socket.AF_UNIX) as server:
    server.connect(address)
    request = {"folder": str(Path.cwd()), "arguments": arguments}
    server.sendall(json.dumps(request).encode() + b"\n")
    server.recv(1)
