"""A shard of TGI's server, as far as paths go: says where its Python is and listens on its socket."""

import signal
import socket
import sys


def serve():
    print(f"shard python {sys.executable} prefix {sys.base_prefix}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[sys.argv.index("--uds-path") + 1] + "-0")
    listener.listen()
    signal.pause()
