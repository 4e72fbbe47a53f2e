"""Rerun servers, and servers that imitate them, for tests of the tunnel through the app."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from http_server import http_server
from ports import free_port, wait_for_port

_LOGGER = """
import sys, rerun as rr
port, recording_id, first, last = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
recording = rr.RecordingStream("live", recording_id=recording_id)
recording.serve_grpc(grpc_port=port)

def log(frame):
    recording.set_time("frame", sequence=frame)
    recording.log("point", rr.Points3D([[frame % 7, frame % 5, 0]]))

for frame in range(first, last + 1):
    log(frame)
recording.flush()
print("logged", flush=True)
for line in sys.stdin:
    log(int(line))
"""


@contextmanager
def logger(port: int, recording_id: str, first: int, last: int) -> Iterator[subprocess.Popen[str]]:
    """A process that logs the frames from `first` to `last`, then each frame whose number it receives as a line, and serves all of them."""
    command = [sys.executable, "-c", _LOGGER, str(port), recording_id, str(first), str(last)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "logged\n"
            yield process
        finally:
            process.kill()


@contextmanager
def catalog_server(folder: Path) -> Iterator[str]:
    """The URL of a `rerun server` with the recordings of the folder as the dataset `runs`."""
    port = free_port()
    rerun = Path(sys.executable).with_name("rerun")
    command = [rerun, "server", "--host", "127.0.0.1", "--port", str(port), "--dataset", f"runs={folder}"]
    # In a session of its own, since the command starts a program that outlives it.
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            wait_for_port(port, process)
            yield f"rerun+http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)


class Call:
    """A call, as it arrives at a server that imitates Rerun's."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self.handler = handler
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self, status: int = 200, **headers: str) -> None:
        self.handler.send_response(status)
        for name, value in {"content_type": "application/grpc-web+proto", **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()

    def write(self, data: bytes) -> None:
        self.handler.wfile.write(data)
        self.handler.wfile.flush()


@contextmanager
def other_server(respond: Callable[[Call], None]) -> Iterator[tuple[str, list[Call]]]:
    """Yields the address of a server that answers calls with `respond`, and the list of calls that it has received."""
    calls: list[Call] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            call = Call(self)
            calls.append(call)
            respond(call)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    with http_server(Handler) as port:
        yield f"rerun+http://127.0.0.1:{port}", calls
