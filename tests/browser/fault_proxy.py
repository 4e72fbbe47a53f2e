"""A proxy in front of an app that does to recordings, or other files, what bad networks do."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from http_server import http_server

# What happens to a response: its status, its headers and the pieces of its body go in, and what the page gets comes out.
Fault = Callable[["Exchange"], None]


class Exchange:
    """One request for such a file, on its way through the proxy."""

    def __init__(self, handler: BaseHTTPRequestHandler, upstream: http.client.HTTPResponse, number: int) -> None:
        self._handler = handler
        self._upstream = upstream
        self.number = number
        """0 for the first request for such a file."""

    def answer(self, status: int, body: bytes = b"") -> None:
        """Sends this instead of what the app answers."""
        self._handler.send_response(status)
        self._handler.send_header("Content-Length", str(len(body)))
        self._handler.end_headers()
        self._handler.wfile.write(body)

    def pass_on(self, most: int | None = None, *, honest: bool = False, delay: float = 0) -> None:
        """Sends what the app answers, and breaks off after `most` bytes; `honest`: as if that was all."""
        self._handler.send_response(self._upstream.status)
        for name, value in self._upstream.getheaders():
            lower = name.lower()
            if lower in ("transfer-encoding", "connection") or (honest and most and lower == "content-length"):
                continue
            self._handler.send_header(name, value)
        self._handler.send_header("Connection", "close")
        self._handler.end_headers()
        sent = 0
        while piece := self._upstream.read1(4096):
            piece = piece if most is None else piece[: most - sent]
            self._handler.wfile.write(piece)
            self._handler.wfile.flush()
            sent += len(piece)
            time.sleep(delay)
            if most is not None and sent >= most:
                break
        self._handler.close_connection = True


@contextmanager
def fault_proxy(app: str, fault: Fault, suffix: str = ".rrd", prefix: str = "") -> Iterator[str]:
    """The URL of a proxy in front of the app at the URL `app`; `fault` says what becomes of each request for a file with `suffix`.

    `prefix`: what the proxy takes off the paths.
    """
    target = urlsplit(app)
    lock = threading.Lock()
    count = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            nonlocal count
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else None
            upstream = http.client.HTTPConnection(target.hostname or "", target.port)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            upstream.request(self.command, self.path.removeprefix(prefix), body, headers)
            response = upstream.getresponse()
            number = -1
            if self.path.endswith(suffix):
                with lock:
                    number, count = count, count + 1
            exchange = Exchange(self, response, number)
            try:
                fault(exchange) if number >= 0 else exchange.pass_on()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                upstream.close()

        do_GET = do_POST = do_HEAD = _forward

        def log_message(self, *_: Any) -> None:
            pass

    with http_server(Handler) as port:
        yield f"http://127.0.0.1:{port}"
