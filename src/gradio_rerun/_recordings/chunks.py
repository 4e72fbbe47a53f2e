"""Objects of rerun-sdk that hold chunks, or read them from a file, written as recordings."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from .._fork import ModuleLock, after_fork
from .._viewer.sdk_process import DISK_FULL
from ..errors import NotARecordingError, RecordingError, log, not_kept
from .cached_files import cache_key, cached_name, new_file, temporary_folder, touched
from .convert_file import application_id
from .rrd import arrow_messages

_SMALL = 128_000
"""Bytes. Larger chunks are left as they are."""

_JOINED_AT_ONCE = 32_000_000
"""Bytes of small chunks that are in memory."""

_PIECE, _PIECE_SECONDS = 1_000_000, 0.1
"""A piece of a stream ends with the chunk that exceeds these bytes, or that comes after this time."""


@dataclass
class _Known:
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    lock: threading.Lock = field(default_factory=threading.Lock)


_known: WeakKeyDictionary[Any, _Known] = WeakKeyDictionary()
_lock = ModuleLock()
after_fork(_known.clear)  # a thread of the parent may hold the lock of an object


def written(item: Any, kind: str, cache: Path) -> Path:
    """The recording with the chunks of `item`: a file in `cache`, written only once, until the file of `item` changes.

    `kind`: the class of the SDK, for errors. The SDK reads in this process, without the limits of conversions.
    Raises a `RecordingError` if the chunks cannot be read or written.
    """
    known = _of(item)
    path = source_of(item)
    name = cached_name(f"{path.name if path else 'recording'}.rrd")
    target = cache / cache_key(known.token, path and _state(path)) / name
    # A stream over a generator can be read only once.
    with known.lock:
        if not touched(target):
            with new_file(target) as temporary:
                _write(item, kind, temporary, application_id(path.name if path else kind), known.token)
    return target


def pieces_of(stream: Any) -> Iterator[bytes]:
    """The chunks of a `LazyChunkStream`, as they are read: recordings of the same ids. Raises a `RecordingError` as `written` does."""
    kind = "LazyChunkStream"
    make, token = type(stream).from_iter, _of(stream).token
    read: list[Any] = []
    size, is_first, start = 0, True, time.monotonic()
    with temporary_folder(f"The chunks of a {kind}") as folder, _errors_named(kind, folder):
        for chunk in stream:
            read.append(chunk)
            size += chunk.to_record_batch().nbytes
            # The first one at once. Small ones are joined, unless they come slowly.
            if is_first or size > _PIECE or time.monotonic() - start > _PIECE_SECONDS:
                yield _bytes(make(read), kind, folder, token)
                read, size, is_first, start = [], 0, False, time.monotonic()
        if read:
            yield _bytes(make(read), kind, folder, token)
    if is_first and not read:
        raise _nothing(kind)


def _bytes(chunks: Any, kind: str, folder: Path, token: str) -> bytes:
    path = folder / "piece.rrd"
    _joined(chunks, kind).write_rrd(str(path), application_id=application_id(kind), recording_id=token)
    return path.read_bytes()


def _of(item: Any) -> _Known:
    with _lock:
        return _known.setdefault(item, _Known())


def source_of(item: Any) -> Path | None:
    """The file that a reader reads; None for other objects."""
    path = getattr(item, "path", None)
    return None if path is None else Path(path)


def _state(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _joined(chunks: Any, kind: str) -> Any:
    """The chunks of a stream, with small ones joined; other objects as they are.

    The SDK makes a chunk for each picture of a video: a file of many times the size, which the viewer opens slowly. The meshes that an
    `McapReader` reads are left out: a robot description in an .mcap can name any file of the server.
    """
    stream = type(chunks)
    if not (hasattr(stream, "from_iter") and hasattr(stream, "collect")):
        return chunks

    def join() -> Iterator[Any]:
        small, size = [], 0
        for chunk in chunks:
            batch = chunk.to_record_batch()
            if kind == "McapReader" and "Asset3D:blob" in batch.schema.names:
                continue
            length = batch.nbytes
            if length > _SMALL:
                yield chunk
                continue
            small.append(chunk)
            size += length
            if size > _JOINED_AT_ONCE:
                yield from stream.from_iter(small).collect().stream()
                small, size = [], 0
        yield from stream.from_iter(small).collect().stream()

    return stream.from_iter(join())


def _write(item: Any, kind: str, target: Path, application: str, recording: str) -> None:
    with _errors_named(kind, target.parent):
        chunks = item if hasattr(item, "write_rrd") else item.stream()
        _joined(chunks, kind).write_rrd(str(target), application_id=application, recording_id=recording)
        is_empty = arrow_messages(target) == 0
    if is_empty:
        raise _nothing(kind)


@contextmanager
def _errors_named(kind: str, folder: Path) -> Iterator[None]:
    """Makes an error inside the `with` a `RecordingError`. `folder`: where the chunks are written."""
    try:
        yield
    except Exception as error:  # of the SDK, or of a function in the stream
        if full := DISK_FULL.search(str(error)):
            raise not_kept(f"The recording made of a {kind}", folder, full[0]) from error
        log(f"the chunks of a {kind} cannot be written as a recording: {error!r}")
        raise RecordingError(
            f"The chunks of a {kind} could not be written as a recording: rerun-sdk, or a function in the stream, reported an error. "
            "The app's log has the error."
        ) from error


def _nothing(kind: str) -> NotARecordingError:
    return NotARecordingError(f"Expected a {kind} with something to show, got one without chunks.")
