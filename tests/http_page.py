"""A page without a browser, which sends the HTTP requests of the component's page. A hundred such pages can run beside the server."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
from gradio_client.utils import apply_diff

from gradio_rerun._wire import STREAM_TYPE

CONNECTIONS = 6
"""Connections to one server, as in browsers."""

# uvicorn closes a connection after 5 s without a request. If a request arrives at that moment, a browser repeats the request; httpx does not.
IDLE_WITHIN = 1


class HttpPage:
    """One visitor of an app. Each failure raises, since nothing is read twice."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = secrets.token_hex(6)
        self.requests = 0
        self.received = 0
        """Bytes of recordings."""
        self.client = httpx.AsyncClient(
            limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=IDLE_WITHIN),
            timeout=600,
            trust_env=False,
            event_hooks={"request": [self._count]},
        )
        self.config: dict[str, Any] = {}

    async def __aenter__(self) -> HttpPage:
        page = (await self.client.get(self.url)).raise_for_status()
        found = re.search(r"window\.gradio_config = (\{.*?\});</script>", page.text, re.DOTALL)
        assert found, page.text[:500]
        self.config = json.loads(found[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def click(self, name: str) -> AsyncIterator[Any]:
        """Calls the function of this name, and yields each value of its output that the server sends."""
        function = next(each["id"] for each in self.config["dependencies"] if each["api_name"] == name)
        event = {"data": [], "fn_index": function, "session_hash": self.session}
        (await self.client.post(self._route("queue/join"), json=event)).raise_for_status()
        value, is_first = None, True
        parameters = {"session_hash": self.session}
        async with self.client.stream("GET", self._route("queue/data"), params=parameters) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                message = json.loads(line.removeprefix("data:")) if line else {"msg": ""}
                if message["msg"] == "process_generating":
                    (data,) = message["output"]["data"]
                    value = data if is_first else apply_diff(value, data)
                    is_first = False
                    yield value
                elif message["msg"] == "process_completed":
                    if not message["success"]:
                        raise RuntimeError(message["output"]["error"])
                    if is_first:
                        yield message["output"]["data"][0]
                elif message["msg"] == "unexpected_error":
                    raise RuntimeError(message["message"])

    def file_url(self, file: dict[str, Any]) -> str:
        return file["url"] or f"{self.config['root']}{self.config['api_prefix']}/file={quote(file['path'])}"

    async def download(self, url: str, *, start: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of a URL, as they arrive."""
        headers = {} if start is None else {"Range": f"bytes={start}-"}
        async with self.client.stream("GET", url, headers=headers) as response:
            response.raise_for_status()
            assert (response.status_code == 206) == (start is not None)
            async for piece in response.aiter_raw():
                self.received += len(piece)
                yield piece

    async def show(self, name: str) -> tuple[str, int, str]:
        """Downloads the recording that a function returns. Returns its name, size and SHA-256."""
        digest, size = hashlib.sha256(), 0
        async for value in self.click(name):
            (file,) = value
            async for piece in self.download(self.file_url(file)):
                digest.update(piece)
                size += len(piece)
        return file["orig_name"], size, digest.hexdigest()

    async def stream(self, name: str) -> GrowingFile:
        """Returns the recording that a function streams, after the function has ended and all data has arrived."""
        file: GrowingFile | None = None
        async for value in self.click(name):
            (recording,) = value
            assert recording["mime_type"].startswith(STREAM_TYPE)
            url = self.file_url(recording)
            file = file or GrowingFile(self, url)
            assert file.url == url, "a run has become several files"
            file.announce(recording["size"])
        assert file, "nothing was yielded"
        await file.complete()
        return file

    def _route(self, path: str) -> str:
        return f"{self.config['root']}{self.config['api_prefix']}/{path}"

    async def _count(self, _: httpx.Request) -> None:
        self.requests += 1


class GrowingFile:
    """Reads a growing recording like stream-reader.js: one request at a time, until all announced bytes have arrived."""

    def __init__(self, page: HttpPage, url: str) -> None:
        self.page = page
        self.url = url
        self.data = bytearray()
        self.marks: list[int] = []
        """The sizes that were announced: one for each yield."""
        self.arrivals: list[tuple[float, int]] = []
        """For each piece: the time of its arrival (`time.time()`), and the number of bytes so far."""
        self._reading: asyncio.Task[None] | None = None

    def announce(self, size: int) -> None:
        self.marks.append(size)
        if self._reading is None or self._reading.done():
            if self._reading:
                self._reading.result()  # raises the error
            self._reading = asyncio.create_task(self._read())

    async def complete(self) -> None:
        if self._reading:
            await self._reading

    async def _read(self) -> None:
        while len(self.data) < self.marks[-1]:
            async for piece in self.page.download(self.url, start=len(self.data)):
                self.data += piece
                self.arrivals.append((time.time(), len(self.data)))
