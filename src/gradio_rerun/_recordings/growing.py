"""Recordings that grow while they are shown."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from gradio.data_classes import FileData

from .._gradio.files import file_url
from .._wire import STREAM_TYPE
from ..errors import StreamTooLongError, not_kept
from .bounded import Bounded

_WRITTEN_AT_ONCE = 1 << 20
"""Bytes. A function that reads the file meanwhile must not find half a message."""

MOST_KEPT = 64_000
"""Upper bound on the bytes at the end that are kept in memory."""

_grown = Bounded(10_000)
"""The paths of growing recordings."""


def has_grown(path: Path) -> bool:
    """Whether a component has streamed into this file, so that its content differs between two values."""
    return str(path) in _grown


class GrowingRecording:
    """A recording in the cache, under a name that cannot be guessed. It only gets longer, by whole messages."""

    def __init__(self, cache: Path, name: str = "recording.rrd") -> None:
        self.path = cache / secrets.token_hex(20) / name
        _grown[str(self.path)] = None
        self.size = 0
        """Bytes; data behind them in the file is incomplete."""
        self._url = file_url(self.path)
        self._end = (0, b"")
        """A size, and the last bytes of the file when it had this size."""

    def is_there(self) -> bool:
        """Whether all that was appended can still be read: Gradio deletes files that are old (`delete_cache`)."""
        try:
            return self.size == 0 or self.path.stat().st_size >= self.size
        except OSError:
            return False

    def append(self, parts: Iterable[bytes | memoryview], length: int, limit: int | None) -> None:
        """Appends the parts, `length` bytes in all, if the file stays within `limit` bytes.

        Raises a `StreamTooLongError` if it does not, and a `RecordingError` if it cannot be written. The file then stays as it was.
        """
        check_stream_size(self.size, length, limit)
        try:
            data = b"".join(parts) if length <= MOST_KEPT else None
            with self._opened() as file:
                file.seek(self.size)
                file.writelines(parts if data is None else [data])
        except OSError as error:
            with suppress(OSError):
                os.truncate(self.path, self.size)
            raise not_kept("More of the stream", self.path.parent.parent, error) from error
        self.size += length
        self._end = self.size, b"" if data is None else (self._end[1] + data)[-MOST_KEPT:]

    def kept(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`; none if they are not the last ones that are in memory."""
        size, data = self._end  # another thread may be appending
        return data[start - end :] if size == end and 0 < end - start <= len(data) else b""

    def file_data(self) -> FileData:
        """The file as the frontend gets it."""
        return FileData(
            path=str(self.path), url=self._url, orig_name=self.path.name, size=self.size, mime_type=STREAM_TYPE
        )

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("r+b", buffering=_WRITTEN_AT_ONCE)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self.path.open("wb", buffering=_WRITTEN_AT_ONCE)


def check_stream_size(size: int, more: int, limit: int | None) -> None:
    """Raises a `StreamTooLongError` if `more` bytes after `size` would pass `limit`."""
    if limit is not None and size + more > limit:
        raise StreamTooLongError(
            f"The stream ends at {size:,} bytes: {more:,} more would pass max_stream_size={limit:,}. "
            "Stream less, or allow more: Rerun(streaming=True, max_stream_size=...)."
        )
