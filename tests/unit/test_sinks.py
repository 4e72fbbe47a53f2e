from __future__ import annotations

import gc
import tempfile
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rerun as rr
from full_disk import full_disk
from recordings import log_points

from gradio_rerun._recordings.rrd import split
from gradio_rerun._recordings.sinks import Sink, read_sink, shared
from gradio_rerun.errors import RecordingError


def test_a_sink_has_all_that_was_logged_so_far() -> None:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    with read_sink(recording) as sink:
        first = sink.size
    log_points(recording)
    with read_sink(recording) as sink:
        assert sink.size > 1.5 * first
        sink.log.seek(0)
        assert len(sink.log.read()) == sink.size


def test_the_file_of_a_recording_stays_and_grows(tmp_path: Path) -> None:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    with read_sink(recording) as sink:
        path = sink.growing(tmp_path, "my_app.rrd", None).path
        before = path.read_bytes()
    log_points(recording)
    with read_sink(recording) as sink:
        grown = sink.growing(tmp_path, "my_app.rrd", None)
    assert (grown.path, grown.size) == (path, sink.size)
    assert path.read_bytes().startswith(before)
    assert path.stat().st_size == sink.size
    assert shared(str(path))
    assert not shared(str(tmp_path / "other.rrd"))


def test_a_deleted_file_is_written_again_as_a_whole(tmp_path: Path) -> None:
    recording = rr.RecordingStream("my_app")
    log_points(recording)
    with read_sink(recording) as sink:
        path = sink.growing(tmp_path, "my_app.rrd", None).path
        before = path.read_bytes()
        path.unlink()
        again = sink.growing(tmp_path, "my_app.rrd", None).path
    assert again != path
    assert again.read_bytes() == before


@pytest.mark.parametrize("kind", ["recording", "binary stream"])
def test_a_sink_does_not_keep_its_source_alive(kind: str, tmp_path: Path) -> None:
    source = rr.RecordingStream("my_app")
    log_points(source)
    if kind == "binary stream":
        source = source.binary_stream()
    with read_sink(source) as sink:
        sink.growing(tmp_path, "x.rrd", None)
    left = [weakref.ref(source), weakref.ref(sink)]
    del source, sink
    gc.collect()
    assert [each() for each in left] == [None, None]


def test_data_that_a_full_disk_refuses_is_written_when_there_is_space(capsys: pytest.CaptureFixture[str]) -> None:
    recording = rr.RecordingStream("my_app")
    stream = recording.binary_stream()
    for step in range(3):
        recording.log("points", rr.Points3D([[0, 0, step]] * 1000))
    with read_sink(stream):
        pass
    recording.log("more", rr.Points3D(np.random.rand(5000, 3)))
    for _ in range(2):
        with (
            full_disk(),
            pytest.raises(RecordingError, match=r"to the system's temporary folder: [^/]+\. Make room"),
            read_sink(stream),
        ):
            pass
        assert f"cannot be written to {tempfile.gettempdir()!r}: " in capsys.readouterr().err  # for the app's author
    recording.log("last", rr.Points3D([[0, 0, 0]]))
    with read_sink(stream) as sink:
        sink.log.seek(0)
        written = sink.log.read()
    assert len(written) == sink.size
    parts = split(written)
    assert parts
    assert all(name in written for name in (b"/more", b"/last"))


class Reads:
    """Reads one item after the other, as a BinaryStream does."""

    def __init__(self, *items: bytes | None) -> None:
        self.items = list(items)

    def read(self) -> bytes | None:
        return self.items.pop(0)


def test_data_of_an_unknown_structure_are_a_new_file_each_time(tmp_path: Path) -> None:
    source = Reads(b"RRF9 first", None, b" second")
    paths = []
    for written in (b"RRF9 first", b"RRF9 first", b"RRF9 first second"):
        with read_sink(source) as sink:
            grown = sink.growing(tmp_path, "x.rrd", None)
        paths.append(grown.path)
        assert sink.has_data
        assert grown.path.read_bytes() == written
    assert len(set(paths)) == 3


def test_a_slow_sink_does_not_delay_others() -> None:
    slow, other = rr.RecordingStream("slow"), rr.RecordingStream("other")
    log_points(slow)
    log_points(other)
    sizes = []

    def read_other() -> None:
        with read_sink(other) as sink:
            sizes.append(sink.size)

    with read_sink(slow):
        thread = threading.Thread(target=read_other)
        thread.start()
        thread.join(60)
        assert sizes


def test_a_recording_whose_server_does_not_answer_does_not_delay_others() -> None:
    """rerun-sdk waits some 7 seconds for a server that it cannot reach (connect_grpc, spawn), before it returns the data of the recording."""
    is_asked, may_answer = threading.Event(), threading.Event()

    class Unreachable(rr.RecordingStream):
        def binary_stream(self) -> Any:
            is_asked.set()
            may_answer.wait(60)
            return super().binary_stream()

    unreachable, other = Unreachable("unreachable"), rr.RecordingStream("other")
    sizes = {}

    def read(recording: rr.RecordingStream) -> None:
        log_points(recording)
        with read_sink(recording) as sink:
            sizes[recording] = sink.size

    waiting, thread = (threading.Thread(target=read, args=[each], daemon=True) for each in (unreachable, other))
    waiting.start()
    assert is_asked.wait(60)
    thread.start()
    thread.join(10)
    assert list(sizes) == [other]
    may_answer.set()
    waiting.join(60)
    assert all(size > 1000 for size in sizes.values())
    assert len(sizes) == 2


@pytest.fixture
def global_recording() -> Iterator[None]:
    """Puts rerun's global recording back."""
    before = rr.get_global_data_recording()
    yield
    rr.set_global_data_recording(before)


def sink_of_global() -> Sink:
    rr.log("text", rr.TextLog("a step"))
    with read_sink(rr.get_global_data_recording()) as sink:
        assert sink.has_data
        return sink


def test_a_global_recording_is_released_when_there_is_another_one(global_recording: None) -> None:
    left = []
    for number in range(20):
        rr.init(f"app {number}")
        left.append(weakref.ref(sink_of_global()))
    gc.collect()
    assert sum(each() is not None for each in left) == 1


def test_each_object_of_a_global_recording_has_the_same_sink(global_recording: None) -> None:
    rr.init("app")
    kept = rr.get_global_data_recording()
    with read_sink(kept):
        pass
    first = sink_of_global()
    rr.init("another app")
    sink_of_global()
    gc.collect()
    kept.log("text", rr.TextLog("later"))
    with read_sink(kept) as sink:
        assert sink is first
