"""Functions of the server that the frontend calls."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.base import server
from starlette.responses import FileResponse, Response

from .._gradio.files import uploaded_file
from .._gradio.server_calls import app_of, client_of_page, one_a_session, page_of, turn_of, while_connected
from .._gradio.threads import in_thread
from .._recordings.file_server import FileServer, Progress
from .._recordings.file_types import check_file
from .._recordings.on_demand import end_lease, renewed, served
from .._recordings.shown import forget
from .._recordings.values import to_recordings
from .._viewer.assets import viewer_assets
from .._wire import Recordings
from ..errors import GradioRerunError
from . import questions
from .content_coding import accepted_coding
from .large_files import large_file, lines_while
from .settings import restore_page_files
from .streaming import Streaming


class ServerFunctions(Streaming):
    """The part of `Rerun` that the frontend calls. Any client can call these functions.

    All are `async`: Gradio 6.10 calls other functions on the event loop, Gradio 6.30 in the threads that serve files.
    """

    @server  # type: ignore[untyped-decorator]
    async def open_upload(self, path: str, request: gr.Request | None = None) -> dict[str, Any]:
        """For the frontend: the recording that an uploaded file is or can be converted to, or the reason why it cannot."""
        # `delete_cache` deletes the recording with the upload itself. It does not know the list of a component that was updated.
        listed = app_of(request).upload_file_set if request else self.temp_files
        return await one_a_session(partial(self._opened, path, listed), request)

    def _opened(self, path: str, listed: set[str]) -> dict[str, Any]:
        try:
            file = uploaded_file(path)
            self._check_upload(file)
            recordings = to_recordings(file, Path(self.GRADIO_CACHE), listed=listed)
            return {"file": Recordings(root=recordings).model_dump()[0]}
        except GradioRerunError as error:
            return {"error": str(error)}

    @server  # type: ignore[untyped-decorator]
    async def open_large_file(self, data: Any, request: gr.Request) -> Response:
        """For the frontend: the Rerun servers of the recordings in a large file, as lines of JSON. A lease for the file begins, or is renewed."""
        client = await client_of_page(request)
        return lines_while(partial(self._served, data), await turn_of(request), partial(self._renewed, data), client)

    def _renewed(self, data: Any) -> dict[str, Any] | None:
        """None if the file has no server yet."""
        try:
            server = renewed(*large_file(data, self.on_demand_above))
            return None if server is None else self._with_tickets(server)
        except GradioRerunError as error:
            return {"error": str(error)}

    def _served(self, data: Any, on_progress: Progress) -> dict[str, Any]:
        try:
            file, lease = large_file(data, self.on_demand_above)
            return self._with_tickets(served(file, Path(self.GRADIO_CACHE), lease, on_progress))
        except GradioRerunError as error:
            return {"error": str(error)}

    def _with_tickets(self, server: FileServer) -> dict[str, Any]:
        tickets = [{"server": url, "ticket": self._servers.ticket_for_file(url)} for url in server.urls]
        return {"servers": tickets, "is_truncated": server.is_truncated}

    @server  # type: ignore[untyped-decorator]
    async def close_large_file(self, data: Any, request: gr.Request) -> None:
        """For the frontend, when it no longer shows a large file: ends its lease."""

        def close() -> None:
            with suppress(GradioRerunError):
                end_lease(*large_file(data, self.on_demand_above))

        await in_thread(close, await client_of_page(request))

    @server  # type: ignore[untyped-decorator]
    async def restore_files(self, _: None, request: gr.Request) -> None:
        """For the frontend, if a file of the viewer was not loaded completely: restores missing and damaged files."""
        await in_thread(restore_page_files, await client_of_page(request))

    @server  # type: ignore[untyped-decorator]
    async def viewer_code(self, name: str, request: gr.Request) -> Response:
        """For the frontend: the WebAssembly of the viewer, which the browser decompresses while it loads."""
        # Gradio's file route sends no Content-Encoding: the frontend would have to decompress the file, in its main thread.
        assets = await in_thread(viewer_assets, await client_of_page(request))
        if name != assets.wasm.name:  # the app has been started again, with another rerun-sdk
            return Response(status_code=404)
        coding = accepted_coding(request.headers.get("accept-encoding", ""), ("br", "gzip"))
        if coding is None:  # the frontend then loads the compressed file
            return Response(status_code=406)
        path = assets.wasm_br if coding == "br" else assets.wasm
        return FileResponse(path, media_type="application/wasm", headers={"Content-Encoding": coding})

    def _check_upload(self, file: Path) -> None:
        # A folder may contain files of any type: the function ignores those that it does not need.
        check_file(file, None if self.file_count == "directory" else self.file_types)

    @server  # type: ignore[untyped-decorator]
    async def ask_server(self, call: Any, request: gr.Request) -> Response:
        """For the frontend: the response of a Rerun server to one of the viewer's calls."""
        return self._servers.forward(call, request)

    @server  # type: ignore[untyped-decorator]
    async def next_questions(self, known: Any, request: gr.Request) -> list[Any]:
        """For the frontend: the questions of functions that it does not have; waits for some."""
        found: list[Any] = []
        session, component = await page_of(request)
        async with while_connected(request):
            found = await questions.next_questions(session, component, known)
        return found

    @server  # type: ignore[untyped-decorator]
    async def answer_question(self, data: Any, request: gr.Request) -> bool:
        """For the frontend: the answer to a question. Returns whether a function waits for it."""
        if not isinstance(data, dict):
            return False
        return questions.answer(*await page_of(request), data.get("question"), data)

    @server  # type: ignore[untyped-decorator]
    async def forget_recording(self, path: Any, request: gr.Request) -> bool:
        """For the frontend, when it no longer shows a growing recording: later data becomes a new recording. Returns whether the same file may arrive again."""
        # A function may be writing to the recording, and hold its lock.
        return isinstance(path, str) and await in_thread(partial(forget, path), await client_of_page(request))
