"""The data of RecordingStreams and BinaryStreams so far: the SDK returns each message only once."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from .._fork import ModuleLock, after_fork
from ..errors import log, not_temporary
from .growing import GrowingRecording
from .orphans import held_recordings
from .rrd import is_closed, split, stores

FLUSH_SECONDS = 2.0
"""How long all recordings together may take to write what was logged. A recording whose server does not answer would take longer."""


def _temporary_file() -> BinaryIO:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise not_temporary("The data of the recording", error) from error


@dataclass(eq=False)
class Sink:
    """All the data of one RecordingStream or BinaryStream."""

    name: str
    """The application id, if it is known."""
    stream: Any = None
    """None until a RecordingStream is read for the first time."""
    # Gradio may delete files that it has served, so this is another file. The system deletes it with the last handle.
    log: BinaryIO = field(default_factory=_temporary_file)
    unwritten: bytes = b""
    """Data that did not fit on the disk, and is not in the log yet."""
    size: int = 0
    has_data: bool = False
    """Whether there are messages other than SetStoreInfo, which only names the recording."""
    _is_reported: bool = False
    header: bytes | None = None
    token: str = field(default_factory=secrets.token_hex)
    owner: weakref.ref[Any] | None = None
    """The session's component whose own recording contains all the data; the others share `grown`."""
    grown: dict[Path, GrowingRecording] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        weakref.finalize(self, self.log.close)

    def read(self) -> None:
        """Appends new data to the log, so that the log is one recording.

        Raises a RecordingError if the data cannot be written. Nothing is lost: the next call writes the data.
        """
        data = self.unwritten = self.unwritten + (self.stream.read() or b"")
        header, parts = split(data) or (None, [memoryview(data)])
        if header is None or sum(map(len, stores(parts).values())) < sum(map(len, parts)):
            self.has_data = self.has_data or bool(data)
        is_new = bool(data) and header != self.header
        if is_new:
            parts = [memoryview(header or b""), *parts]
        try:
            self.log.seek(self.size)  # bytes behind this position are incomplete
            self.log.truncate()
            self.log.writelines(parts)
            self.log.flush()
        except OSError as error:
            raise not_temporary("The data of the recording", error) from error
        self.unwritten = b""
        self.size = self.log.tell()
        if is_new:
            self.header = header

    def report_empty(self) -> None:
        """Writes once into the app's log that a RecordingStream has no data: a new one has its start time, unless its author does not send it."""
        if not isinstance(self.stream, _Reader) and not self._is_reported:
            self._is_reported = True
            log(
                "a RecordingStream has no data of its own yet. If its data goes to a file, a server or a BinaryStream "
                "(save, connect_grpc, binary_stream), return that path, URL or BinaryStream instead"
            )

    def growing(self, cache: Path, name: str, limit: int | None) -> GrowingRecording:
        """The recording in `cache` that contains all the data and will contain later data."""
        grown = self.grown.get(cache)
        # If the data cannot be split (`header` is None), the frontend cannot read the end alone.
        if grown is None or self.header is None or not grown.is_there():
            grown = self.grown[cache] = GrowingRecording(cache, name)
            _shared[str(grown.path)] = grown
        self.log.seek(grown.size)
        pieces = iter(lambda: self.log.read(1 << 20), b"")
        grown.append(pieces, self.size - grown.size, limit)
        return grown


_sinks: weakref.WeakKeyDictionary[Any, Sink] = weakref.WeakKeyDictionary()
_of_global: dict[str, Sink] = {}
"""The sink of rerun's global recording, by its id: the SDK returns a new object for this recording each time."""
_shared: weakref.WeakValueDictionary[str, GrowingRecording] = weakref.WeakValueDictionary()
_lock = ModuleLock()
for _known in (_sinks, _of_global, _shared):
    after_fork(_known.clear)  # the files of the logs belong to the parent


def shared(path: str) -> GrowingRecording | None:
    """The recording in this file, if it grows with a RecordingStream or BinaryStream that several sessions may show."""
    return _shared.get(path)


@contextmanager
def read_sink(source: Any) -> Iterator[Sink]:
    """The sink of a RecordingStream or BinaryStream, with all that was logged into it so far. Inside the `with`, no other thread uses it."""
    with _lock:
        sink = _sink_of(source)
    with sink.lock:
        if sink.stream is None:
            # If the recording goes to a server that does not answer (connect_grpc, spawn), the SDK waits for some 7 seconds.
            sink.stream = source.binary_stream()
        sink.read()
        yield sink


def _sink_of(source: Any) -> Sink:
    if not hasattr(source, "binary_stream"):
        sink = _sinks.get(source)
        if sink is None:
            # If the value referred to the key, the entry would never be removed.
            sink = _sinks[source] = Sink("recording", _Reader(source))
        return sink
    recording_id = source.get_recording_id()
    current = sys.modules["rerun"].get_global_data_recording()
    is_global = current is not None and current.get_recording_id() == recording_id
    if current is None or current.get_recording_id() not in _of_global:
        _of_global.clear()  # objects of the previous recording keep its sink
    sink = _sinks.get(source) or (_of_global.get(recording_id) if is_global else None)
    if sink is None:
        sink = Sink(source.get_application_id() or "recording")
    _sinks[source] = sink
    if is_global:
        _of_global[recording_id] = sink
    return sink


class _Reader:
    """Reads a BinaryStream without keeping it alive."""

    def __init__(self, stream: Any) -> None:
        self._stream = weakref.ref(stream)

    def read(self) -> bytes | None:
        stream = self._stream()
        return None if stream is None else stream.read()


def flush_to(path: Path) -> None:
    """Has the SDK write all that was logged so far, if the recording in this file is still open.

    The SDK writes in threads of its own, and a function that returns the path right after `rr.log` would show nothing. The SDK does not say which
    recording writes to a file.
    """
    bindings, rerun = sys.modules.get("rerun_bindings"), sys.modules.get("rerun")
    # A reload of the app's modules may have removed one of them.
    if bindings is None or rerun is None or path.suffix.lower() != ".rrd" or _is_closed(path):
        return
    # One that another thread deletes has no `inner` any more.
    held = [getattr(each, "inner", None) for each in held_recordings(rerun)]
    deadline = time.monotonic() + FLUSH_SECONDS
    for recording in (bindings.get_global_data_recording(), *held):
        if recording is not None and not recording.is_forked_child():
            with suppress(Exception):  # its server does not answer, or its disk is full: what is in the file is shown
                _flush(bindings, recording, max(0.0, deadline - time.monotonic()))


def _is_closed(path: Path) -> bool:
    try:
        if not os.path.isfile(path):  # noqa: PTH113 -- raises nothing; opening a pipe may wait forever
            return True
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16))
            return is_closed(file.read())
    except (OSError, ValueError):
        return True  # the caller reports why


def _flush(bindings: Any, recording: Any, seconds: float) -> None:
    try:
        bindings.flush(timeout_sec=seconds, recording=recording)
    except TypeError:  # Remove when the rerun-sdk floor has `timeout_sec`.
        bindings.flush(blocking=True, recording=recording)
