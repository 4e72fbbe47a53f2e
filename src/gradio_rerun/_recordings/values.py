"""Converts any value that a function may return to recordings that the frontend can open."""

from __future__ import annotations

import hashlib
import inspect
import io
import os
import sys
from collections.abc import Iterator, Set, ValuesView
from pathlib import Path
from typing import Any

from gradio.data_classes import FileData
from gradio.utils import get_upload_folder, is_in_or_equal

from .._checks import as_path, described, items_of, whole_text
from .._gradio.files import checked_by_gradio, may_serve
from .._servers.tunnel import Servers
from .._viewer.sdk import chunk_class, server_url
from .._wire import Recording
from ..errors import NotARecordingError, RecordingError, RecordingNotFoundError, UnsupportedValueError, log
from .cached_files import cache_key, cached_name, opened, place, touched, write_file
from .chunks import source_of, written
from .conversions import converted
from .episodes import Episode, LeRobotDataset
from .fetched import fetched, found_elsewhere
from .file_types import RECORDING_SUFFIXES, check_start, is_convertible, read_start, unreadable
from .growing import has_grown
from .leftovers import remove_leftovers
from .orphans import end_orphans
from .rrd import MAGIC
from .shown import Appender, Unjoined
from .sinks import flush_to, read_sink
from .sources import Sources
from .urls import WANTED, checked_url


def to_recordings(
    value: Any,
    cache: Path,
    *,
    stream: Appender | Unjoined | None = None,
    servers: Servers | None = None,
    sources: Sources | None = None,
    listed: set[str] | None = None,
) -> list[Recording]:
    """The files (inside `cache`) and URLs that the frontend opens for `value`; empty for `None`.

    `servers`: the Rerun servers that the frontend reaches through the app. `sources`: the files of other servers that only the app may fetch.
    `listed`: the files are added to it, also if a later item is refused.

    A file that is not a recording is converted, if the SDK knows its type. With `stream`, data (bytes, RecordingStreams and
    BinaryStreams) is appended to files that grow; empty values are left out.

    Raises a `RecordingError` that names what was given, what was wanted, and what to do.
    """
    if value is None:
        return []
    remove_leftovers(cache)
    end_orphans()  # also functions that return a path have logged into a RecordingStream
    items = items_of(value)
    if stream:
        items = [item for item in items if not _has_no_data(item)]
    servers, sources = servers or Servers(), sources or Sources()
    recordings = []
    for item in items:
        recordings.append(_to_recording(item, cache, stream, servers, sources))
        last = recordings[-1]
        if listed is not None and isinstance(last, FileData) and last.path not in listed:
            path = Path(last.path).absolute()
            if path.is_relative_to(cache.absolute()):
                listed.add(str(path))
    # A RecordingStream into which nothing was logged yet has a size of 0.
    return [each for each in recordings if not (isinstance(each, FileData) and each.size == 0)]


def has_data(value: Any) -> bool:
    """Whether the value contains data that can be streamed: bytes, a RecordingStream or a BinaryStream."""
    return any(
        isinstance(item, _BYTES) or _is_rerun(item, "RecordingStream") or _is_rerun(item, "BinaryStream")
        for item in items_of(value)
    )


_BYTES = (bytes, bytearray, memoryview)


def _has_no_data(item: Any) -> bool:
    return item is None or (isinstance(item, _BYTES) and len(item) == 0)


def _to_recording(
    item: Any, cache: Path, stream: Appender | Unjoined | None, servers: Servers, sources: Sources
) -> Recording:
    if (found := found_elsewhere(item, sources)) is not None:
        if isinstance(found, str):
            return servers.admit(found)
        return _file(found, cache) if isinstance(found, Path) else _file_data(fetched(found, cache))
    if isinstance(item, (str, os.PathLike)):
        return _file(_named(item), cache)
    if isinstance(item, _BYTES):
        return _bytes(bytes(item), cache, stream)
    if isinstance(item, Episode):
        return _episode(item, cache)
    if FileData.is_file_data(item):
        item = FileData(**item)
    if isinstance(item, FileData):
        if "://" in item.path:
            return checked_url(item.path)
        return _file(Path(item.path), cache, item.orig_name)
    if (recording := _of_sdk(item, cache, stream, servers)) is not None:
        return recording
    raise _unsupported(item)


def _episode(episode: Episode, cache: Path) -> FileData:
    if episode._hub is None:
        _is_left_to_gradio(episode.folder)
    return _file_data(episode._recording(cache))


def _unsupported(item: Any) -> UnsupportedValueError:
    if inspect.isgenerator(item) or inspect.isasyncgen(item):
        return UnsupportedValueError(
            f"{WANTED}; got a generator. Gradio runs generator functions only: attach a function that has `yield` in it, "
            "not one that returns a generator or an object with a generator as `__call__`. For several recordings, such as those of a glob, return a list."
        )
    got = described(item)
    if inspect.isawaitable(item):
        return UnsupportedValueError(f"{WANTED}; got {got}. Attach the async function itself, or await it in one.")
    if item is None:
        return UnsupportedValueError(f"{WANTED}; got {got}. Leave it out of the list.")
    if callable(getattr(item, "read", None)):
        return UnsupportedValueError(f"{WANTED}; got {got}. Return the path of the file, or the bytes in it.")
    if isinstance(item, (Iterator, Set, ValuesView, list)):
        return UnsupportedValueError(f"{WANTED}; got {got}. Return several recordings as one list.")
    if isinstance(item, LeRobotDataset):
        return UnsupportedValueError(
            f"{WANTED}; got {got}. Return gradio_rerun.lerobot.episode(dataset, 0), which is one episode."
        )
    if callable(getattr(item, "drain_as_bytes", None)):  # a MemoryRecording of rerun-sdk
        return UnsupportedValueError(f"{WANTED}; got {got}. Return the result of its method drain_as_bytes.")
    if hasattr(item, "__arrow_c_stream__") and (hasattr(item, "columns") or hasattr(item, "schema")):
        return UnsupportedValueError(
            f"{WANTED}; got {got}. Return gradio_rerun.commands.send_table(name, table), which shows a table."
        )
    if type(item).__module__.startswith("rerun.blueprint"):
        return UnsupportedValueError(
            f"{WANTED}; got {got}. Send it with the recording, by recording.send_blueprint, or return gradio_rerun.commands.set_blueprint(...)."
        )
    return UnsupportedValueError(f"{WANTED}; got {got}. Log it with rerun and return the recording.")


def _of_sdk(item: Any, cache: Path, stream: Appender | Unjoined | None, servers: Servers) -> Recording | None:
    """What the frontend opens for an object of the SDK; None for other objects."""
    if _is_rerun(item, "RecordingStream") or _is_rerun(item, "BinaryStream"):
        return _logged(item, cache, stream)
    if kind := chunk_class(item):
        return _chunks(item, kind, cache)
    url = server_url(item)
    return servers.admit(checked_url(url), own=True) if url else None


def _is_rerun(item: Any, name: str) -> bool:
    # Importing rerun loads a 200 MB library; whoever holds one of its objects has imported it already.
    rerun = sys.modules.get("rerun")
    return rerun is not None and isinstance(item, getattr(rerun, name))


def check_source(path: Path) -> None:
    """Raises a `RecordingError` if Gradio may not serve the file. For a file whose content was read outside of the app's context."""
    _is_left_to_gradio(as_path("the path", path))


def _named(item: str | os.PathLike[str]) -> Path:
    if not str(item).strip():
        raise RecordingNotFoundError(
            "Expected the path of a recording, got an empty string. Return None to show nothing."
        )
    return Path(item)


def _file(path: Path, cache: Path, name: str | None = None) -> FileData:
    path = as_path("the path", path)
    if _is_left_to_gradio(path):
        return FileData(path=str(path.absolute()), orig_name=name or path.name)
    if not path.absolute().is_relative_to(cache.absolute()):
        flush_to(path)
    start = read_start(path)
    if start != MAGIC and is_convertible(path):
        # A function may return a robot whose meshes it could also return itself. An upload may not name meshes.
        is_upload = is_in_or_equal(path, get_upload_folder())
        return _file_data(_checked_again(path, converted(path, cache, None if is_upload else may_serve)))
    check_start(start, f"the file {path.name!r:.200}")
    # An upload, or a file that the component has shown before: the same file stays the same value. A stream may have grown, or was cleared.
    is_kept = is_in_or_equal(path, cache) and path.suffix.lower() in RECORDING_SUFFIXES and not has_grown(path)
    return _file_data(path if is_kept and touched(path) else _placed(path, cache, name or path.name), name)


def _placed(path: Path, cache: Path, name: str) -> Path:
    try:
        with opened(path) as file:
            _is_left_to_gradio(path, file.resolve())
            return _checked_again(path, place(file, cache, name))
    except RecordingError:  # a RecordingNotFoundError is an OSError, too
        raise
    except OSError as error:
        raise unreadable(path, error) from error


def _checked_again(path: Path, made: Path) -> Path:
    """`made` of the file at `path`, which may have become a link to another file since it was checked."""
    try:
        _is_left_to_gradio(path)
    except RecordingError:
        made.unlink(missing_ok=True)
        raise
    return made


def _file_data(path: Path, name: str | None = None) -> FileData:
    try:
        size = path.stat().st_size
    except OSError as error:  # `delete_cache` has deleted it meanwhile
        raise unreadable(path, error) from error
    return FileData(path=str(path), orig_name=whole_text(name or path.name), size=size)


def _is_left_to_gradio(path: Path, file: Path | None = None) -> bool:
    """Whether Gradio must check and copy the file by itself. Raises a `RecordingError` if Gradio may not serve it. `file`: the one that was opened.

    Gradio checks a path when it copies the file into its cache. It does not check files that we put there.
    """
    is_allowed = checked_by_gradio(file or path)
    if is_allowed is None:
        if path.suffix.lower() in RECORDING_SUFFIXES:
            return True
        raise RecordingError(
            f"{path.name!r:.200} cannot be shown: this version of Gradio does not say which files it may serve. "
            "Update gradio_rerun, or give the .rrd file."
        )
    if not is_allowed:
        # The same error whether or not the file exists: a user may have typed the path.
        log(
            f"Gradio may not serve {str(path)!r}: it is neither in the working directory {str(Path.cwd())!r} nor in the temporary one. "
            f"launch(allowed_paths=[{str(path.absolute().parent)!r}]) allows it"
        )
        raise RecordingError(
            f"Gradio may not serve {path.name!r:.200}: it is in none of the folders that this app serves. "
            "If you are the app's author, the log says how to allow it."
        )
    return False


def _bytes(data: bytes, cache: Path, stream: Appender | Unjoined | None) -> FileData:
    check_start(data[: len(MAGIC)], f"{len(data)} bytes")
    if stream:
        return stream.append(data)
    target = cache / cache_key(hashlib.sha256(data).hexdigest()) / "recording.rrd"
    if not touched(target, len(data)):
        write_file(target, io.BytesIO(data))
    return FileData(path=str(target), orig_name=target.name, size=len(data))


def _logged(source: Any, cache: Path, stream: Appender | Unjoined | None) -> FileData:
    """A file with all data so far of a RecordingStream or BinaryStream."""
    with read_sink(source) as sink:
        if not sink.has_data:
            if stream:
                sink.report_empty()
                return FileData(path="", size=0)
            raise NotARecordingError(
                f"Expected a {type(source).__name__} with something to show, got {described(source)}: it holds no data of its own. "
                "Was it sent to a file or a server before? Then return that path or URL."
            )
        name = cached_name(f"{sink.name}.rrd")
        if stream:
            return stream.append_logged(sink, name)
        target = cache / cache_key(sink.token, sink.size) / name
        if not touched(target, sink.size):
            sink.log.seek(0)
            write_file(target, sink.log)
    return FileData(path=str(target), orig_name=name, size=sink.size)


def _chunks(item: Any, kind: str, cache: Path) -> FileData:
    """A file with the chunks of an object of the SDK. For a reader, Gradio's rules are those for the path of its file."""
    if kind == "RrdReader":
        return _file(Path(item.path), cache)
    if path := source_of(item):
        check_source(path)
    return _file_data(written(item, kind, cache))
