"""A web server with files, which can also redirect, wait, or answer as the Hugging Face Hub does."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from http_server import http_server

TOKEN = "hf_of_tests"


@dataclass
class WebFiles:
    """`files`: the content by path, or a function that responds. `requests`: the method, path and token of each request, in order."""

    files: dict[str, bytes | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    """Paths that need the token."""
    commit: str = "a" * 40
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    """The paths of files that were sent."""
    url: str = ""
    has_ended: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def web_files() -> Iterator[WebFiles]:
    served = WebFiles()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            token = self.headers.get("Authorization", "")
            served.requests.append((self.command, self.path, token))
            # A file of the Hub has a path for each revision.
            found = served.files.get(path.replace(f"/resolve/{served.commit}/", "/resolve/main/"))
            if found is None or (path in served.private and token != f"Bearer {TOKEN}"):
                self.send_response(404 if found is None else 401)
                self.send_header("X-Error-Code", "EntryNotFound" if found is None else "RepoNotFound")
                self.end_headers()
            elif callable(found):
                found(self)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(found)))
                self.send_header("ETag", f'"{hashlib.sha256(found).hexdigest()}"')
                self.send_header("X-Repo-Commit", served.commit)
                self.end_headers()
                if self.command == "GET":
                    with contextlib.suppress(OSError):  # who has this version does not read it
                        self.wfile.write(found)
                        served.bodies.append(path)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with http_server(Handler) as port:
        served.url = f"http://127.0.0.1:{port}"
        try:
            yield served
        finally:
            served.has_ended.set()


def redirect(url: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """A response that redirects."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", url)
        request.end_headers()

    return answer
