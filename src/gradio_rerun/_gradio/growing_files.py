"""Serves files that grow while Gradio sends them, such as the file of a stream.

Starlette announces the size of a file, then sends all that it finds. If the file has grown meanwhile, the web server ends the connection: the
download fails, and the app's log has "Too much data for declared Content-Length".

Gradio 6.10 to 6.31. Remove this file when tests/unit/test_growing.py::test_a_file_that_grows_is_sent_up_to_the_announced_size passes without it.
"""

from __future__ import annotations

from typing import Any

from gradio import route_utils, routes
from starlette.datastructures import Headers
from starlette.responses import FileResponse


class AnnouncedFile(FileResponse):
    """A file up to the size that its headers announce."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        left = 0
        is_over = False

        async def send_announced(message: Any) -> None:
            nonlocal left, is_over
            if message["type"] == "http.response.start":
                left = int(Headers(raw=message["headers"])["content-length"])
            elif message["type"] == "http.response.body":
                if is_over:
                    return
                body = message["body"][:left]
                left -= len(body)
                is_over = left == 0 or not message["more_body"]
                message = {**message, "body": body, "more_body": not is_over}
            await send(message)

        await super().__call__(scope, receive, send_announced)


def serve_growing_files() -> None:
    """Lets Gradio serve its files in this way, unless another package has replaced the class."""
    module: Any
    for module in (route_utils, routes):  # older Gradios serve all files in `routes`
        if getattr(module, "FileResponse", None) is FileResponse:
            module.FileResponse = AnnouncedFile
