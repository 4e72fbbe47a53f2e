"""Answers the frontend's requests for large files. A response consists of lines of JSON: the progress, then the result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from starlette.responses import Response, StreamingResponse

from .._clients import Client
from .._gradio.files import not_uploaded, uploaded_file
from .._gradio.threads import in_thread
from .._recordings.file_server import Progress
from .._recordings.file_types import check_file
from ..errors import RecordingError

_REPORTS_EVERY = 0.5
"""Seconds."""

_LONGEST_LEASE = 64


def large_file(data: Any, above: int | None) -> tuple[Path, str]:
    """Returns the file and the name of the lease in a client's request. Raises a `RecordingError` if the file is not a large file in Gradio's cache."""
    if not isinstance(data, dict) or not isinstance(data.get("lease"), str) or len(data["lease"]) > _LONGEST_LEASE:
        raise RecordingError("This is not a request for a large file.")
    file = uploaded_file(data.get("path"))
    check_file(file)
    try:
        size = file.stat().st_size
    except OSError:  # `delete_cache` has deleted it meanwhile
        raise not_uploaded(file.name) from None
    if above is None or size <= above:
        raise RecordingError(f"{file.name:.80} is not a large file.")
    return file, data["lease"]


def lines_while(
    work: Callable[[Progress], dict[str, Any]],
    turn: asyncio.Lock,
    at_once: Callable[[], dict[str, Any] | None],
    client: Client,
) -> Response:
    """Responds with the result of `at_once` or, if this is None, with the progress of `work` and its result.

    Both run in a thread, for the client. `work` waits for its turn, and ends when the client disconnects.
    """

    async def lines() -> AsyncIterator[str]:
        if (known := await in_thread(at_once, client)) is not None:
            yield _line(**known)
            return
        done: list[float] = [0]
        while not await _acquired(turn):
            yield _line(progress=0)
        try:
            result = asyncio.ensure_future(in_thread(partial(work, done.append), client))
            try:
                while not (await asyncio.wait({result}, timeout=_REPORTS_EVERY))[0]:
                    yield _line(progress=done[-1])
                yield _line(**result.result())
            finally:
                result.cancel()
        finally:
            turn.release()

    return StreamingResponse(lines(), media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


async def _acquired(turn: asyncio.Lock) -> bool:
    with anyio.move_on_after(_REPORTS_EVERY):
        await turn.acquire()
        return True
    return False


def _line(**content: Any) -> str:
    return json.dumps(content) + "\n"
