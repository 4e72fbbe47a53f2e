"""What a streaming component shows in a session: one recording that grows, and files and URLs beside it."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

from gradio.data_classes import FileData

from .._fork import ModuleLock
from .._gradio.calls import Call
from .._wire import STREAM_TYPE, Recording, ServerUrl, path_or_url
from .bounded import Bounded
from .growing import GrowingRecording, check_stream_size
from .rrd import split, stores
from .sinks import Sink, shared

# A request for the end of a file costs the server 10 ms, a yield without one 5 ms. Base64 adds a third to the bytes, and a frontend that lags may
# have requested them already. So a value carries the new bytes only if they are few and the function yields slowly. See also MOST_KEPT.
_SLOW_FROM = 0.02  # seconds between two values

_MOST_RUNS = 4
"""Runs of a session whose last values are remembered: Gradio does not report the end of each that is cancelled."""

_MOST_SIZES = 1000
"""Runs of a session whose sizes are remembered: a client can start many at the same time."""

_MOST_STORES = 1000
"""Upper bound on stores whose SetStoreInfo messages are kept."""

# The SDK writes SetStoreInfo messages once. Other sessions that show the same BinaryStream need them, too, and so do data after a clear.
_store_infos = Bounded(_MOST_STORES, 10_000_000, len)


@dataclass
class _Run:
    """A run of a generator, or all calls of plain functions since the last clear."""

    has_streamed: bool = False
    """Whether the run has added data since the last clear."""
    last: list[Recording] | None = None
    """Its last value."""


@dataclass(eq=False)
class _Taken:
    """How many bytes of a sink's data are in a growing recording."""

    growing: GrowingRecording
    size: int


@dataclass
class _Growing:
    """A growing recording, for data with the same header."""

    recording: GrowingRecording
    stores: Bounded = field(default_factory=lambda: Bounded(_MOST_STORES))
    """The stores whose SetStoreInfo messages it contains, by a hash: anyone may have written the data, and an id can have any length."""


class Shown:
    """What one component shows in one session. Its methods may be called by several threads."""

    def __init__(self, cache: Path, listed: set[str] | None = None) -> None:
        """`listed`: Gradio's list of the component's files, for `delete_cache`; None if it is for one value only."""
        self._cache = cache
        self._listed = listed
        self._lock = threading.RLock()
        self._items: dict[str, Recording] = {}
        """By path or URL, in order of arrival."""
        self._growing: dict[bytes, _Growing] = {}
        """By header."""
        self._taken: WeakKeyDictionary[Sink, _Taken] = WeakKeyDictionary()
        self._runs = Bounded(_MOST_RUNS)
        self._sizes = Bounded(_MOST_SIZES)  # the bytes streamed, by run
        self._sent: dict[str, int] = {}
        """The sizes that were sent to the frontend, by path of the growing file."""
        self._sent_at = -1.0
        self._cleared: int | None = None
        """The time of the last clear, in milliseconds: the clear itself may not reach the frontend."""

    def next(self, call: Call, recordings: list[Recording]) -> list[Recording]:
        """All that is shown after a value with `recordings`. Data is added; files and URLs alone replace, unless a generator has streamed."""
        with self._lock:
            run = self._run(call)
            if any(_is_stream(each) for each in recordings):
                run.has_streamed = True
            elif not (call.is_generator and run.has_streamed):
                self.clear()
            for each in recordings:
                self._items[path_or_url(each)] = each
            for growing in self._growing.values():
                file = growing.recording.file_data()  # another thread may have appended more
                if file.path in self._items:
                    self._items[file.path] = file
            now = time.monotonic()
            is_slow, self._sent_at = now - self._sent_at > _SLOW_FROM, now
            value = [self._as_sent(each, is_slow) for each in self._items.values()]
            if call.is_generator:
                run.last = value
            return value

    def unchanged(self, call: Call) -> list[Recording] | None:
        """The last value of the run; None if it has none yet."""
        with self._lock:
            return self._run(call).last

    def clear(self, *, by_frontend: bool = False) -> None:
        """Removes all that is shown. Later data becomes a new recording. `by_frontend`: the frontend shows something else already, such as an upload."""
        with self._lock:
            for growing in self._growing.values():
                _shown_by_path.pop(str(growing.recording.path), None)
            self._items.clear()
            self._growing.clear()
            self._taken.clear()
            self._sent.clear()
            if not by_frontend:
                self._cleared = max(time.time_ns() // 1_000_000, (self._cleared or 0) + 1)
            self._runs.pop("", None)
            self._sizes.pop("", None)
            for run in self._runs.values():
                run.has_streamed, run.last = False, None

    def append(self, data: bytes, call: Call, limit: int | None, name: str = "recording.rrd") -> FileData:
        """Appends `data` to the recording that grows, and returns its file. Raises as `GrowingRecording.append` does; `limit` is the run's."""
        header, messages = split(data) or (b"", [memoryview(data)])
        with self._lock:
            growing = self._growing_for(header, name)
            parts: list[bytes | memoryview] = [header] if growing.recording.size == 0 else []
            found = {sha256(store).digest(): info for store, info in stores(messages).items()} if header else {}
            for store, info in found.items():
                known = info or _store_infos.get(store, b"")
                if not info and store not in growing.stores:
                    parts.append(known)
                _store_infos[store] = known
            file = self._write(growing.recording, [*parts, *messages], call, limit)
            for store in found:
                growing.stores[store] = None
            return file

    def append_logged(self, sink: Sink, call: Call, limit: int | None, name: str) -> FileData:
        """Appends the data logged since the last time, and returns the file. If another session shows the source already, both share a file."""
        with self._lock:
            owner = sink.owner() if sink.owner else None
            if self._listed is None or sink.header is None or owner not in (None, self):
                return sink.growing(self._cache, name, limit).file_data()
            sink.owner = ref(self)
            taken = self._taken.get(sink)
            if (
                taken is None
                or taken.growing not in [each.recording for each in self._growing.values()]
                or not taken.growing.is_there()
            ):
                taken = _Taken(self._growing_for(sink.header, name).recording, 0)
            sink.log.seek(taken.size)
            data = sink.log.read(sink.size - taken.size)
            file = taken.growing.file_data()
            if data:
                file = self.append(data if taken.size == 0 else sink.header + data, call, limit, name)
            self._taken[sink] = _Taken(taken.growing, sink.size)
            return file

    def _run(self, call: Call) -> _Run:
        key = call.run if call.is_generator else ""
        run: _Run = self._runs.get(key) or _Run()
        self._runs[key] = run  # now the most recent one
        return run

    def _growing_for(self, header: bytes, name: str) -> _Growing:
        growing = self._growing.get(header)
        # Data of an unknown structure (the header is empty) get a recording of their own.
        if growing is not None and header and growing.recording.is_there():
            return growing
        if growing is not None and header:
            self._items.pop(str(growing.recording.path), None)  # Gradio has deleted it
            _shown_by_path.pop(str(growing.recording.path), None)
        recording = GrowingRecording(self._cache, name)
        if self._listed is not None:
            self._listed.add(str(recording.path))
            _shown_by_path[str(recording.path)] = self
        growing = self._growing[header] = _Growing(recording)
        return growing

    def _write(
        self, growing: GrowingRecording, parts: list[bytes | memoryview], call: Call, limit: int | None
    ) -> FileData:
        length, key = sum(map(len, parts)), call.run if call.is_generator else ""
        check_stream_size(self._sizes.get(key, 0), length, limit)
        growing.append(parts, length, None)
        self._sizes[key] = self._sizes.get(key, 0) + length
        return growing.file_data()

    def _as_sent(self, recording: Recording, is_slow: bool) -> Recording:
        """The recording as it is sent to the frontend. A stream carries further fields in its `mime_type`."""
        if not isinstance(recording, FileData) or not _is_stream(recording):
            return recording
        type_ = STREAM_TYPE if self._cleared is None else f"{STREAM_TYPE};cleared={self._cleared}"
        if end := self._end(recording, is_slow):
            type_ += f";end={base64.b64encode(end).decode()}"
        return recording.model_copy(update={"mime_type": type_})  # Gradio drops other fields

    def _end(self, file: FileData, is_slow: bool) -> bytes:
        """The new bytes of the file if they are few and the function yields slowly, so that the frontend need not request them."""
        size = file.size or 0
        before, self._sent[file.path] = self._sent.get(file.path, 0), size
        own = (each.recording for each in self._growing.values() if str(each.recording.path) == file.path)
        growing = next(own, None) or shared(file.path)
        return growing.kept(before, size) if growing and is_slow else b""


@dataclass(frozen=True)
class Appender:
    """Appends the data of one value."""

    shown: Shown
    call: Call
    limit: int | None

    def append(self, data: bytes) -> FileData:
        """See `Shown.append`."""
        return self.shown.append(data, self.call, self.limit)

    def append_logged(self, sink: Sink, name: str) -> FileData:
        """See `Shown.append_logged`."""
        return self.shown.append_logged(sink, self.call, self.limit, name)


_sessions: WeakKeyDictionary[Any, dict[int, Shown]] = WeakKeyDictionary()
_shown_by_path: WeakValueDictionary[str, Shown] = WeakValueDictionary()
_lock = ModuleLock()


def shown_in(session: Any, component_id: int, cache: Path, listed: set[str], *, is_computed: bool) -> Shown:
    """What the component shows in the session. It is forgotten with the session.

    `is_computed`: its value is a function, which Gradio also calls for each session. The page may show the value of the app before.
    """
    with _lock:
        shown = _sessions.setdefault(session, {})
        if component_id not in shown:
            # Components of a gr.render that has run again are no longer there.
            for old in shown.keys() - session.blocks_config.blocks.keys():
                del shown[old]
            shown[component_id] = Shown(cache, listed)
            if is_computed:
                shown[component_id].clear()
        return shown[component_id]


def forget(path: str) -> bool:
    """For a growing recording that the frontend no longer shows: later data becomes a new recording. Returns whether the same file may arrive again."""
    shown = _shown_by_path.get(path)
    if shown is not None:
        shown.clear(by_frontend=True)
    return shared(path) is not None


@dataclass(frozen=True)
class Unjoined:
    """Keeps the data of one value. `joined` joins the data of several values."""

    cache: Path

    def append(self, data: bytes) -> Any:
        """The data itself."""
        return data

    def append_logged(self, sink: Sink, name: str) -> FileData:
        """See `Sink.growing`."""
        return sink.growing(self.cache, name, None).file_data()


def joined(values: Iterable[Any], cache: Path, limit: int | None) -> list[Recording]:
    """Joins the values that a run has yielded outside a session."""
    shown, call = Shown(cache, set()), Call()
    all_: dict[str, Recording] = {}
    for value in values:
        for each in value if isinstance(value, list) else []:
            recording = shown.append(each, call, limit) if isinstance(each, bytes) else _model(each)
            all_[path_or_url(recording)] = recording
    return list(all_.values())


def _model(item: Any) -> Recording:
    if isinstance(item, str):
        return item
    # Gradio takes a file that has a URL already for one on another server.
    return ServerUrl(**item) if "server" in item else FileData(**{**item, "url": None})


def _is_stream(item: Recording) -> bool:
    return isinstance(item, FileData) and (item.mime_type or "").startswith(STREAM_TYPE)
