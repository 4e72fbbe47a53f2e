"""Frames of gRPC-web, and heartbeats between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import anyio
import httpx

HEARTBEAT_EVERY = 15.0
"""Seconds without data: proxies close connections that are silent for a minute."""

HEARTBEAT = b"\x40\0\0\0\0"
"""A frame that gRPC-web does not define, and that the frontend removes."""


async def with_heartbeats(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The pieces, and heartbeats between frames that are far apart. If the server disconnects, the stream stops without its last frame."""
    frames = _Frames()
    following = asyncio.ensure_future(anext(pieces))
    try:
        while True:
            done, _ = await asyncio.wait({following}, timeout=HEARTBEAT_EVERY)
            if not done:
                if frames.at_end:
                    yield HEARTBEAT
                continue
            piece = await following
            frames.read(piece)
            yield piece
            following = asyncio.ensure_future(anext(pieces))
    except (StopAsyncIteration, httpx.HTTPError):
        return
    finally:
        following.cancel()
        # Not by `await following`: a second cancellation would cancel it again, while it closes the connection.
        with anyio.CancelScope(shield=True):
            await asyncio.wait({following})
        if not following.cancelled():
            following.exception()  # or asyncio logs that the exception was never retrieved


class _Frames:
    """Finds the ends of frames of gRPC-web. A frame is one byte of flags, four bytes of length, and that number of bytes."""

    def __init__(self) -> None:
        self._header = b""
        self._left = 0

    @property
    def at_end(self) -> bool:
        """Whether the last frame is complete."""
        return not self._header and self._left == 0

    def read(self, piece: bytes) -> None:
        at = 0
        while at < len(piece):
            if self._left:
                taken = min(self._left, len(piece) - at)
                self._left -= taken
            else:
                taken = min(5 - len(self._header), len(piece) - at)
                self._header += piece[at : at + taken]
                if len(self._header) == 5:
                    self._left = int.from_bytes(self._header[1:], "big")
                    self._header = b""
            at += taken
