"""Runs localstripe on a free port of loopback, which is printed. It keeps nothing on disk.

Usage: python serve.py
"""

import socket

from aiohttp import web
from localstripe import resources, server


def main() -> None:
    # It would write all that it has to one file of a fixed name, whoever runs it.
    resources.Store.dump_to_disk = lambda self: None
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    web.run_app(server.app, sock=listener, print=None)


if __name__ == "__main__":
    main()
