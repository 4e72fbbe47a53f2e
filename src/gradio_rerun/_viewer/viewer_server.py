"""Serves the web viewer of the installed rerun-sdk: a script, run in a process of its own.

    python viewer_server.py [entry of sys.path ...]

It prints the port as a line on stdout and serves until its stdin ends, so also when the process that started it dies.
It imports nothing of this package, because that would import Gradio, which takes seconds.
"""

from __future__ import annotations

import os
import socket
import sys
import threading


def end_with_stdin() -> None:
    """Ends this process when its stdin ends."""
    # Not sys.stdin: its lock, held by a daemon thread, makes an exiting interpreter abort.
    while os.read(0, 1):
        pass
    os._exit(0)


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def serve(attempts: int = 5) -> int:
    """Starts the server, and returns its port."""
    import rerun as rr

    port = free_port()
    try:
        rr.serve_web_viewer(web_port=port, open_browser=False)
    except RuntimeError:  # "Failed to create server: Address already in use": another process has taken the port
        if attempts == 1:
            raise
        return serve(attempts - 1)
    return port


def main() -> None:
    """Serves until stdin ends."""
    watch = threading.Thread(target=end_with_stdin, daemon=True)
    watch.start()
    # Python puts this script's folder first: its modules would hide others with the same names.
    sys.path[:] = sys.argv[1:]
    print(serve(), flush=True)
    watch.join()


if __name__ == "__main__":
    main()
