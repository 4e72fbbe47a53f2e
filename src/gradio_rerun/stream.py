"""Recordings that grow while they are looked at."""

from __future__ import annotations

import base64
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData

from .errors import StreamTooLongError, not_kept
from .rrd import introductions, split
from .wire import STREAM_TYPE, Recording, ServerUrl

CHUNK_NAME = "chunk.rrd"
"""The file name of a piece of a stream that stands by itself yet."""

# A request for the end of a file costs the server 10 ms, a yield without it 5. Base64 is a third more bytes, and the page may have asked
# for them already when it lags: so only little is told at once, and only when the function takes its time.
_MOST_TOLD = 64_000
_TAKES_ITS_TIME = 0.02  # seconds between two yields

_MOST_RUNS = 10_000
"""Of so many runs it is known what they have streamed; as many sessions does Gradio know."""


class GrowingRecording:
    """A recording in the cache, under a name not to be guessed, that only gets longer, by whole messages."""

    def __init__(self, cache: Path, name: str = "recording.rrd") -> None:
        self.path = cache / secrets.token_hex(20) / name
        self.size = 0
        """Bytes; what lies behind them in the file is not complete."""
        self.header: bytes | None = None
        """What it starts with; None if nothing can be appended to it, since the SDK builds it in a way that is not known here."""

    def is_there(self) -> bool:
        """Whether all that was appended can still be read: Gradio deletes files that are old (`delete_cache`)."""
        try:
            return self.path.stat().st_size >= self.size
        except OSError:
            return False

    def append(self, parts: Iterable[bytes | memoryview], length: int, limit: int | None) -> None:
        """Appends the parts, `length` bytes together, if the file stays within `limit` bytes then.

        Raises: a `StreamTooLongError` if not, a `RecordingError` if it cannot be written. The file stays what it was.
        """
        if limit is not None and self.size + length > limit:
            raise StreamTooLongError(
                f"The stream ends at {self.size:,} bytes: {length:,} more would pass max_stream_size={limit:,}. "
                "Stream less, or allow more: Rerun(streaming=True, max_stream_size=...)."
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("r+b" if self.path.exists() else "wb") as file:
                file.seek(self.size)
                for part in parts:
                    file.write(part)
        except OSError as error:
            with suppress(OSError):
                os.truncate(self.path, self.size)
            raise not_kept("More of the stream", self.path.parent.parent, error) from error
        self.size += length

    def file_data(self) -> FileData:
        """The file as the page gets it."""
        return FileData(path=str(self.path), orig_name=self.path.name, size=self.size, mime_type=STREAM_TYPE)


@dataclass
class _Run:
    shown: dict[str, Recording] = field(default_factory=dict)
    """By path or URL, in the order in which they came."""
    growing: GrowingRecording | None = None
    introductions: bytes = b""
    """Of the recordings that the run has streamed."""
    missing: bytes = b""
    """Those that a file which began in the middle of the run has not got, and needs when a chunk brings none of its own."""
    told: dict[str, int] = field(default_factory=dict)
    """How many bytes of the files that grow the page knows of, by path."""
    yielded_at: float = -1.0


class Runs:
    """What each run of a function has yielded so far: its chunks put together to one growing recording, and files and URLs."""

    def __init__(self, cache: Path, limit: int | None) -> None:
        self._cache = cache
        self._limit = limit
        self._runs: OrderedDict[str, _Run] = OrderedDict()

    def tell(self, run_id: str, recordings: list[Any]) -> list[Recording]:
        """What `add` returns; files that have grown a little bring what is new, so that the page need not ask for it."""
        shown = self.add(run_id, recordings)
        run, now = self._runs.get(run_id, _Run()), time.monotonic()  # it may have been cancelled just now
        takes_its_time, run.yielded_at = now - run.yielded_at > _TAKES_ITS_TIME, now
        return [_told(run, each, takes_its_time) for each in shown]

    def add(self, run_id: str, recordings: list[Any]) -> list[Recording]:
        """All that the run has yielded, with what it has yielded just now (FileData and ServerUrls as dicts, and URLs)."""
        run = self._runs.setdefault(run_id, _Run())
        self._runs.move_to_end(run_id)
        if len(self._runs) > _MOST_RUNS:
            self._runs.popitem(last=False)
        for recording in recordings:
            if isinstance(recording, str):
                run.shown[recording] = recording
                continue
            if "server" in recording:
                run.shown[recording["server"]] = ServerUrl(**recording)
                continue
            # Gradio takes a file that has a URL already for one on another server.
            file = FileData(**{**recording, "url": None})
            if is_chunk(file):
                file = self._merged(run, Path(file.path))
            run.shown[file.path] = file
        return list(run.shown.values())

    def clear(self, run_id: str) -> None:
        """Forgets what the run has yielded; what it yields later stands alone."""
        run = self._runs.pop(run_id, None)
        if run and run.introductions:
            self._runs[run_id] = _Run(introductions=run.introductions)

    def end(self, run_id: str) -> None:
        """Forgets the run; its files stay."""
        self._runs.pop(run_id, None)

    def _merged(self, run: _Run, chunk: Path) -> FileData:
        data = chunk.read_bytes()
        chunk.unlink()
        with suppress(OSError):
            chunk.parent.rmdir()
        header, messages = split(data) or (None, [memoryview(data)])
        growing = run.growing
        start = b""
        if growing is None or header is None or growing.header != header or not growing.is_there():
            growing = run.growing = GrowingRecording(self._cache)
            growing.header = header
            start = header or b""
            run.missing = run.introductions
        new = b"" if header is None else introductions(messages)
        if new not in run.introductions:
            run.introductions += new
        if header is not None and not new:
            start, run.missing = start + run.missing, b""
        growing.append([start, *messages], len(start) + sum(map(len, messages)), self._limit)
        return growing.file_data()


def _told(run: _Run, file: FileData | str, takes_its_time: bool) -> FileData | str:
    if isinstance(file, str) or file.mime_type != STREAM_TYPE or file.size is None:
        return file
    before, run.told[file.path] = run.told.get(file.path, 0), file.size
    if not takes_its_time or not 0 < file.size - before <= _MOST_TOLD:
        return file
    try:
        with Path(file.path).open("rb") as content:
            content.seek(before)
            new = content.read(file.size - before)
    except OSError:  # Gradio has deleted it, which the page will find out
        return file
    # Gradio lets no other field through.
    return file.model_copy(update={"mime_type": f"{STREAM_TYPE};end={base64.b64encode(new).decode()}"})


def is_chunk(file: FileData) -> bool:
    """Whether it is a piece of a stream that stands by itself yet."""
    return file.mime_type == STREAM_TYPE and Path(file.path).name == CHUNK_NAME
