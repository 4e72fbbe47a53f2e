from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rerun as rr
from gradio.data_classes import FileData
from recordings import recording_bytes

from gradio_rerun.errors import NotARecordingError, RecordingError, StreamTooLongError
from gradio_rerun.recordings import to_recordings
from gradio_rerun.rrd import introductions, split
from gradio_rerun.stream import GrowingRecording, Runs
from gradio_rerun.wire import STREAM_TYPE


def yielded(value: Any, cache: Path) -> list[Any]:
    """What Gradio hands on of a value that a generator yields."""
    recordings = to_recordings(value, cache, stream=True)
    return [each if isinstance(each, str) else each.model_dump() for each in recordings]


def content_of(file: Any) -> bytes:
    assert isinstance(file, FileData)
    return Path(file.path).read_bytes()


def joined(*chunks: bytes) -> bytes:
    """The recording that the chunks of a run become."""
    parts = [split(chunk) for chunk in chunks]
    assert None not in parts
    return b"".join([parts[0][0], *(message for _, messages in parts for message in messages)])  # type: ignore[index, misc]


def test_a_second_append_keeps_the_first_bytes(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    growing.append([b"one"], 3, None)
    growing.append([b"two"], 3, None)
    assert growing.path.read_bytes() == b"onetwo"
    assert growing.file_data().size == 6
    assert growing.file_data().mime_type == STREAM_TYPE


def test_what_was_written_halfway_is_written_over(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    growing.append([b"one"], 3, None)
    with growing.path.open("ab") as file:
        file.write(b"half")
    growing.append([b"whole"], 5, None)
    assert growing.path.read_bytes() == b"onewhole"


def test_the_limit_is_named_and_what_is_there_stays(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    growing.append([b"12345678"], 8, 10)
    with pytest.raises(StreamTooLongError, match=r"8 bytes: 3 more would pass max_stream_size=10"):
        growing.append([b"abc"], 3, 10)
    assert growing.path.read_bytes() == b"12345678"


def test_a_file_that_cannot_be_written_says_so_and_stays_whole(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"tw"
        raise OSError(28, "No space left on device")

    growing = GrowingRecording(tmp_path)
    growing.append([b"one"], 3, None)
    with pytest.raises(RecordingError, match="No space left on device"):
        growing.append(broken(), 5, None)
    assert growing.path.read_bytes() == b"one"


def test_the_chunks_of_a_run_become_one_file_and_are_gone(tmp_path: Path) -> None:
    data = recording_bytes("one")
    runs = Runs(tmp_path, None)
    (first,) = runs.add("run", yielded(data, tmp_path))
    (second,) = runs.add("run", yielded(data, tmp_path))
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert first.path == second.path
    header, messages = split(data) or (b"", [])
    whole = b"".join([header, *messages, *messages])
    assert Path(first.path).read_bytes() == whole
    assert (first.size, second.size) == (len(header + b"".join(messages)), len(whole))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [Path(first.path)]


def test_a_chunk_that_is_built_in_an_unknown_way_is_a_file_of_its_own(tmp_path: Path) -> None:
    unknown = b"RRF2" + bytes(range(200))
    runs = Runs(tmp_path, None)
    runs.add("run", yielded(recording_bytes("one"), tmp_path))
    runs.add("run", yielded(unknown, tmp_path))
    *_, last = runs.add("run", yielded(recording_bytes("one"), tmp_path))
    files = [Path(each.path) for each in runs.add("run", []) if not isinstance(each, str)]
    assert len(files) == 3
    assert files[1].read_bytes() == unknown
    assert not isinstance(last, str)
    assert files[2] == Path(last.path)


def test_runs_do_not_mix(tmp_path: Path) -> None:
    runs, first, second = Runs(tmp_path, None), recording_bytes("one"), recording_bytes("two")
    (one,) = runs.add("one", yielded(first, tmp_path))
    (two,) = runs.add("two", yielded(second, tmp_path))
    (one,) = runs.add("one", yielded(first, tmp_path))
    assert content_of(one) == joined(first, first)
    assert content_of(two) == joined(second)


def test_urls_and_files_of_a_run_stay_beside_its_stream(tmp_path: Path) -> None:
    runs = Runs(tmp_path, None)
    runs.add("run", yielded(recording_bytes("one"), tmp_path))
    runs.add("run", yielded("https://host/a.rrd", tmp_path))
    stream, url = runs.add("run", yielded(recording_bytes("one"), tmp_path))
    assert url == "https://host/a.rrd"
    assert not isinstance(stream, str)


def test_after_its_end_a_run_starts_anew(tmp_path: Path) -> None:
    runs, first, second = Runs(tmp_path, None), recording_bytes("one"), recording_bytes("two")
    (before,) = runs.add("run", yielded(first, tmp_path))
    runs.end("run")
    (after,) = runs.add("run", yielded(second, tmp_path))
    assert content_of(before) == joined(first)
    assert content_of(after) == joined(second)


def test_what_a_run_yields_after_none_says_again_which_recording_it_belongs_to(tmp_path: Path) -> None:
    recording = rr.RecordingStream("test_app", recording_id="one")
    stream = recording.binary_stream()
    chunks = []
    for number in range(3):
        recording.log("points", rr.Points3D([[0, 0, number]]))
        chunks.append(stream.read() or b"")
    runs = Runs(tmp_path, None)
    runs.add("run", yielded(chunks[0], tmp_path))
    _, messages = split(chunks[0]) or (b"", [])
    introduction = introductions(messages)
    assert introduction
    assert introduction not in chunks[1]
    runs.clear("run")
    (after,) = runs.add("run", yielded(chunks[1], tmp_path))
    (after,) = runs.add("run", yielded(chunks[2], tmp_path))
    assert not isinstance(after, str)
    assert Path(after.path).read_bytes().count(introduction) == 1


def test_a_stream_whose_file_was_deleted_goes_on_in_another(tmp_path: Path) -> None:
    runs = Runs(tmp_path, None)
    data = recording_bytes("one")
    (first,) = runs.add("run", yielded(data, tmp_path))
    assert not isinstance(first, str)
    Path(first.path).unlink()
    *_, second = runs.add("run", yielded(data, tmp_path))
    assert not isinstance(second, str)
    assert split(Path(second.path).read_bytes()) == split(data)


def test_the_runs_that_are_remembered_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_rerun.stream._MOST_RUNS", 3)
    runs = Runs(tmp_path, None)
    for number in range(10):
        runs.add(str(number), ["https://host/a.rrd"])
    assert len(runs._runs) == 3


def test_no_data_is_no_recording(tmp_path: Path) -> None:
    assert to_recordings(b"", tmp_path, stream=True) == []
    assert to_recordings([b"", b""], tmp_path, stream=True) == []


def test_bytes_that_are_no_recording_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError, match="it starts with"):
        to_recordings(b"hello", tmp_path, stream=True)


def end_of(told: list[Any]) -> bytes | None:
    """What comes along of the only file."""
    (file,) = told
    type_, _, end = file.mime_type.partition(";end=")
    assert type_ == STREAM_TYPE
    return base64.b64decode(end) if end else None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    now = [100.0]
    monkeypatch.setattr("gradio_rerun.stream.time.monotonic", lambda: now[0])
    return now


def test_a_little_that_is_new_comes_along(tmp_path: Path, clock: list[float]) -> None:
    runs, seen = Runs(tmp_path, None), b""
    for name in ("one", "two", "three"):
        told = runs.tell("run", yielded(recording_bytes(name), tmp_path))
        seen += end_of(told) or b""
        assert len(seen) == told[0].size
        clock[0] += 1
    assert seen == Path(told[0].path).read_bytes()


def test_what_is_yielded_in_a_hurry_or_is_much_does_not_come_along(tmp_path: Path, clock: list[float]) -> None:
    runs = Runs(tmp_path, None)
    runs.tell("run", yielded(recording_bytes("one"), tmp_path))
    clock[0] += 0.001
    assert end_of(runs.tell("run", yielded(recording_bytes("two"), tmp_path))) is None
    clock[0] += 1
    much = rr.RecordingStream("much")
    stream = much.binary_stream()
    much.log("points", rr.Points3D(np.random.default_rng(0).random((10_000, 3))))
    assert end_of(runs.tell("run", yielded(stream.read(), tmp_path))) is None
    clock[0] += 1
    last = runs.tell("run", yielded(recording_bytes("three"), tmp_path))
    end = end_of(last)
    assert end
    assert Path(last[0].path).read_bytes().endswith(end)


def test_a_recording_that_is_yielded_itself_brings_what_is_new(tmp_path: Path, clock: list[float]) -> None:
    runs, recording, seen = Runs(tmp_path, None), rr.RecordingStream("itself"), b""
    for step in range(3):
        recording.log("text", rr.TextLog(f"step {step}"))
        told = runs.tell("run", yielded(recording, tmp_path))
        seen += end_of(told) or b""
        clock[0] += 1
    assert seen == Path(told[0].path).read_bytes()


def test_nothing_comes_along_of_a_file_that_is_gone(tmp_path: Path, clock: list[float]) -> None:
    runs = Runs(tmp_path, None)
    (file,) = runs.add("run", yielded(recording_bytes("one"), tmp_path))
    assert isinstance(file, FileData)
    Path(file.path).unlink()
    assert end_of(runs.tell("run", ["http://app.test/a.rrd"])[:1]) is None


@pytest.mark.parametrize(("limit", "fits"), [(None, True), (12, True), (11, True), (10, False), (0, False)])
def test_a_recording_grows_up_to_its_limit(limit: int | None, fits: bool, tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    growing.append([b"12345678"], 8, None)
    if fits:
        growing.append([b"9", memoryview(b"ab")], 3, limit)
    else:
        with pytest.raises(StreamTooLongError, match=r"8 bytes: 3 more would pass max_stream_size="):
            growing.append([b"9", memoryview(b"ab")], 3, limit)
    assert growing.path.read_bytes() == (b"123456789ab" if fits else b"12345678")
    assert growing.size == growing.path.stat().st_size


def test_a_recording_is_no_longer_there_when_its_file_is_deleted_or_cut(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    growing.append([b"whole"], 5, None)
    assert growing.is_there()
    growing.path.write_bytes(b"whole, and a part that is not yet complete")
    assert growing.is_there()
    growing.path.write_bytes(b"whol")
    assert not growing.is_there()
    growing.path.unlink()
    assert not growing.is_there()


def test_what_fails_at_first_can_succeed_later(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path / "cache" / "of this component", "my run.rrd")
    (tmp_path / "cache").write_bytes(b"a file where a folder should be")
    with pytest.raises(RecordingError, match="More of the stream cannot be kept"):
        growing.append([b"one"], 3, None)
    (tmp_path / "cache").unlink()
    growing.append([b"two"], 3, None)
    assert growing.path.read_bytes() == b"two"
    assert (growing.file_data().orig_name, growing.file_data().path) == ("my run.rrd", str(growing.path))


def test_the_folder_of_a_recording_cannot_be_guessed(tmp_path: Path) -> None:
    names = {GrowingRecording(tmp_path).path.parent.name for _ in range(100)}
    assert len(names) == 100
    assert {len(name) for name in names} == {40}
