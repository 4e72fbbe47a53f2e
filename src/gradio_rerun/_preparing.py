"""The page that the command `gradio-rerun` shows until its app is ready."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# The page sends requests until another server answers. For a moment between the two servers, none answers.
_PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Rerun</title>
<style>body { display: grid; place-content: center; height: 90vh; margin: 0; font: 18px system-ui, sans-serif; text-align: center }</style>
<p>The viewer is being prepared. This page shows it as soon as it is ready.</p>
<noscript>Please reload the page in a few seconds.</noscript>
<script>
const look = async () => {
  const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (answer && answer.status !== 503) location.reload();
  else setTimeout(look, 500);
};
look();
</script>
"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(HTTPStatus.SERVICE_UNAVAILABLE)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(_PAGE))),
            ("Cache-Control", "no-store"),
            ("Retry-After", "5"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(_PAGE)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Logs nothing: the command's output is for its user."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Not by HTTPServer, which would look up the name of this machine: that may take seconds.
        self.socket.bind(self.server_address)


@contextmanager
def preparing_page(host: str, port: int) -> Iterator[None]:
    """Shows the page at this address, inside the `with`. Raises an `OSError` if the address is in use or cannot be listened on."""
    server = _Server(host, port)
    # Seconds between two checks whether the server must end.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
