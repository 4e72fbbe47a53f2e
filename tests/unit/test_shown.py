from __future__ import annotations

import base64
import struct
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rerun as rr
from gradio.data_classes import FileData
from recordings import pieces_of_stream, recording_bytes, write_recording

from gradio_rerun._gradio.calls import Call
from gradio_rerun._recordings import shown as module
from gradio_rerun._recordings.bounded import Bounded
from gradio_rerun._recordings.rrd import split, stores
from gradio_rerun._recordings.shown import Appender, Shown, forget, joined
from gradio_rerun._recordings.sinks import read_sink
from gradio_rerun._recordings.values import to_recordings
from gradio_rerun._wire import STREAM_TYPE, ServerUrl
from gradio_rerun.errors import NotARecordingError, StreamTooLongError

CALL = Call()
RUN = Call(run="run", is_generator=True)
OTHER_RUN = Call(run="other", is_generator=True)


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    return Shown(tmp_path, set())


def give(shown: Shown, value: Any, call: Call = CALL, limit: int | None = None) -> list[Any]:
    """Returns the items of the value that the page gets."""
    recordings = to_recordings(value, shown._cache, stream=Appender(shown, call, limit))
    return shown.next(call, recordings)


def path_of(item: Any) -> Path:
    assert isinstance(item, FileData)
    return Path(item.path)


def paths(value: list[Any]) -> list[str]:
    return [each.path if isinstance(each, FileData) else each for each in value]


def whole(*data: bytes) -> bytes:
    parts = [split(each) or (b"", []) for each in data]
    return b"".join([parts[0][0], *(message for _, messages in parts for message in messages)])


@pytest.mark.parametrize("call", [CALL, RUN])
def test_data_become_one_file_that_grows(call: Call, shown: Shown, tmp_path: Path) -> None:
    pieces = pieces_of_stream(50)
    for number, piece in enumerate(pieces):
        (file,) = give(shown, piece, call)
        assert path_of(file).read_bytes() == whole(*pieces[: number + 1])
        assert file.size == path_of(file).stat().st_size
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [path_of(file)]
    assert shown._listed == {file.path}


def test_runs_and_calls_add_to_the_same_file(shown: Shown) -> None:
    data = [recording_bytes(name) for name in ("one", "two", "three", "four")]
    values = [give(shown, piece, call) for piece, call in zip(data, (RUN, CALL, OTHER_RUN, CALL), strict=True)]
    assert len({path_of(*value) for value in values}) == 1
    assert path_of(*values[-1]).read_bytes() == whole(*data)


def test_sessions_do_not_mix(tmp_path: Path) -> None:
    one, two = Shown(tmp_path, set()), Shown(tmp_path, set())
    data = [recording_bytes("one"), recording_bytes("two")]
    paths = [path_of(*give(shown, piece, RUN)) for shown, piece in zip((one, two), data, strict=True)]
    assert [path.read_bytes() for path in paths] == [whole(piece) for piece in data]


def test_a_chunk_that_is_built_in_an_unknown_way_is_a_file_of_its_own(shown: Shown) -> None:
    unknown, data = b"RRF2" + bytes(range(200)), pieces_of_stream(2)
    give(shown, data[0])
    give(shown, unknown)
    first, second = give(shown, data[1])
    assert path_of(first).read_bytes() == whole(*data)
    assert path_of(second).read_bytes() == unknown


def test_data_of_another_sdk_grow_beside_it_in_one_file(shown: Shown) -> None:
    one = pieces_of_stream(4)
    other = [piece[:4] + b"\0\0\0\1" + piece[8:] for piece in pieces_of_stream(4, "two")]
    for pair in zip(one, other, strict=True):
        for piece in pair:
            value = give(shown, piece)
    assert [path_of(each).read_bytes() for each in value] == [whole(*one), whole(*other)]


@pytest.mark.parametrize("call", [CALL, RUN])
def test_files_and_urls_beside_data_are_added(call: Call, shown: Shown) -> None:
    url = "https://host/a.rrd"
    (stream,) = paths(give(shown, recording_bytes("one"), call))
    assert paths(give(shown, [b"", recording_bytes("one"), url], call)) == [stream, url]
    assert paths(give(shown, recording_bytes("one"), call)) == [stream, url]


def test_a_file_alone_replaces_unless_a_generator_has_streamed(shown: Shown) -> None:
    url = "https://host/a.rrd"
    (stream,) = paths(give(shown, recording_bytes("one"), RUN))
    assert paths(give(shown, url, RUN)) == [stream, url]
    assert paths(give(shown, url, OTHER_RUN)) == [url]
    (after,) = paths(give(shown, recording_bytes("one"), RUN))[1:]
    assert after != stream
    assert paths(give(shown, url, CALL)) == [url]


@pytest.mark.parametrize("kind", ["clear", "file", "page"])
def test_after_a_clear_data_are_a_new_recording(kind: str, shown: Shown) -> None:
    first, second, third = pieces_of_stream(3)
    (before,) = paths(give(shown, first))
    if kind == "clear":
        shown.clear()
    elif kind == "file":
        give(shown, "https://host/a.rrd")
    else:
        assert forget(before) is False
    after = [path for path in paths(give(shown, second)) if path.endswith(".rrd") and "://" not in path]
    give(shown, third)
    assert after != [before]
    # Viewers up to 0.33 need SetStoreInfo, and each SDK to read the file.
    (info,) = stores(split(first)[1]).values()  # type: ignore[index]
    header, messages = split(second) or (b"", [])
    _, more = split(third) or (b"", [])
    assert Path(after[0]).read_bytes() == b"".join([header, info, *messages, *more])
    assert Path(before).read_bytes() == whole(first)


def test_a_page_cannot_forget_what_it_does_not_name(shown: Shown) -> None:
    (path,) = paths(give(shown, recording_bytes("one")))
    for other in ("", "/etc/passwd", path + "x", str(Path(path).parent)):
        assert forget(other) is False
    assert paths(give(shown, recording_bytes("two"))) == [path]


def test_sessions_that_share_a_binary_stream_each_get_its_store_info(tmp_path: Path) -> None:
    first, second = pieces_of_stream(2)
    give(Shown(tmp_path, set()), first)
    (file,) = give(Shown(tmp_path, set()), second)
    (info,) = stores(split(first)[1]).values()  # type: ignore[index]
    assert info in path_of(file).read_bytes()


def test_an_empty_recording_of_another_run_is_not_brought_back(shown: Shown) -> None:
    give(shown, recording_bytes("other"), OTHER_RUN)
    first, second = pieces_of_stream(2)
    give(shown, first, RUN)
    shown.clear()
    (file,) = give(shown, second, RUN)
    assert len(stores(split(path_of(file).read_bytes())[1])) == 1  # type: ignore[index]


def test_a_stream_whose_file_was_deleted_goes_on_in_another(shown: Shown) -> None:
    first, second = pieces_of_stream(2)
    (before,) = give(shown, first)
    path_of(before).unlink()
    (after,) = give(shown, second)
    assert after.path != before.path
    (info,) = stores(split(first)[1]).values()  # type: ignore[index]
    assert info in path_of(after).read_bytes()


def log(recording: rr.RecordingStream, step: int) -> bytes:
    """Logs one more step. Returns all data of the recording."""
    recording.log("text", rr.TextLog(f"step {step}"))
    with read_sink(recording) as sink:
        sink.log.seek(0)
        return sink.log.read()


def test_a_file_that_was_deleted_is_not_remembered(shown: Shown) -> None:
    for _ in range(3):
        file = shown.append(recording_bytes("a"), Call(), None)
        Path(file.path).unlink()
    assert [path for path in module._shown_by_path if path.startswith(str(Path(file.path).parents[1]))] == [file.path]


def test_new_recording_streams_of_each_call_are_in_one_file(shown: Shown, tmp_path: Path) -> None:
    logged = []
    for step in range(20):
        recording = rr.RecordingStream("app", recording_id="one")
        logged.append(log(recording, step))
        (file,) = give(shown, recording)
    assert path_of(file).read_bytes() == whole(*logged)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("call", [CALL, RUN])
def test_a_recording_stream_that_is_returned_again_adds_only_new_data(call: Call, shown: Shown) -> None:
    recording = rr.RecordingStream("itself")
    for step in range(3):
        logged = log(recording, step)
        (file,) = give(shown, recording, call)
        (same,) = give(shown, recording, call)
        assert (same.path, same.size) == (file.path, file.size)
        assert path_of(file).read_bytes() == logged


def test_a_recording_stream_that_is_returned_again_after_a_clear_or_a_deletion_is_whole(shown: Shown) -> None:
    recording = rr.RecordingStream("itself")
    logged = log(recording, 0)
    (before,) = give(shown, recording)
    shown.clear()
    (cleared,) = give(shown, recording)
    path_of(cleared).unlink()
    (deleted,) = give(shown, recording)
    assert len({before.path, cleared.path, deleted.path}) == 3
    assert path_of(deleted).read_bytes() == logged


def test_a_recording_that_sessions_share_is_kept_at_most_twice(tmp_path: Path) -> None:
    recording = rr.RecordingStream("shared")
    sessions = [Shown(tmp_path, set()) for _ in range(5)]
    for step in range(3):
        logged = log(recording, step)
        values = [give(shown, recording) for shown in sessions]
        assert [path_of(*value).read_bytes() for value in values] == [logged] * 5
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2
    assert forget(values[1][0].path) is True  # the recording is sent again, as a whole
    assert forget(values[0][0].path) is False


def test_two_viewers_of_a_session_that_share_a_recording_have_all_of_it(tmp_path: Path) -> None:
    one, two = Shown(tmp_path, set()), Shown(tmp_path, set())
    recording = rr.RecordingStream("shared")
    for step in range(3):
        logged = log(recording, step)
        contents = [path_of(*give(shown, recording, RUN)).read_bytes() for shown in (one, two)]
        assert contents == [logged, logged]


def test_the_limit_is_that_of_a_run(shown: Shown) -> None:
    data = recording_bytes("one")
    for call in (RUN, OTHER_RUN, CALL):
        give(shown, data, call, limit=len(data))
    with pytest.raises(StreamTooLongError, match="max_stream_size"):
        give(shown, data, RUN, limit=len(data))
    with pytest.raises(StreamTooLongError, match="max_stream_size"):
        give(shown, data, CALL, limit=len(data))
    shown.clear()
    give(shown, data, CALL, limit=len(data))


def test_runs_at_once_stay_within_the_limit(shown: Shown) -> None:
    data = recording_bytes("one")
    calls = [Call(run=str(number), is_generator=True) for number in range(100)]
    for call in calls:
        give(shown, data, call, limit=len(data))
    for call in calls:
        with pytest.raises(StreamTooLongError, match="max_stream_size"):
            give(shown, data, call, limit=len(data))


def test_nothing_new_is_the_last_value_of_the_run(shown: Shown) -> None:
    assert shown.unchanged(RUN) is None
    value = give(shown, recording_bytes("one"), RUN)
    assert shown.unchanged(RUN) == value
    assert shown.unchanged(OTHER_RUN) is None
    shown.clear()
    assert shown.unchanged(RUN) is None


def test_memory_is_bounded_for_many_runs(shown: Shown) -> None:
    for number in range(100):
        give(shown, recording_bytes("one"), Call(run=str(number), is_generator=True))
    assert len(shown._runs) == module._MOST_RUNS
    assert len(shown._sent) == len(shown._items) == len(shown._growing) == 1


def test_memory_is_bounded_for_many_recordings(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_STORES", 10)
    monkeypatch.setattr(module, "_store_infos", Bounded(10))
    for number in range(30):
        give(shown, recording_bytes(str(number)))
    (growing,) = shown._growing.values()
    assert len(growing.stores) == len(module._store_infos) == 10


def test_what_is_remembered_of_recordings_is_limited_by_its_size(shown: Shown) -> None:
    name = b"x" * 4_000_000
    for number in range(5):
        store = b"\x12" + bytes([1]) + str(number).encode()
        content = b"\x12" + bytes([len(store)]) + store + b"\x1a" + b"\x80\x92\xf4\x01" + name
        shown.append(recording_bytes("one")[:12] + struct.pack("<QQ", 1, len(content)) + content, CALL, None)
    assert 0 < sum(map(len, module._store_infos.values())) <= 10_000_000


def test_of_recordings_with_long_ids_little_is_remembered(shown: Shown) -> None:
    header = recording_bytes("one")[:12]
    for number in range(5):
        name = str(number).encode() + b"x" * 3_999_999
        content = (
            b"\x0a" + b"\x80\x92\xf4\x01" + name
        )  # a message with data of this store, which no message has introduced
        assert list(stores([memoryview(struct.pack("<QQ", 2, len(content)) + content)])) == [name]
        shown.append(header + struct.pack("<QQ", 2, len(content)) + content, CALL, None)
    (growing,) = shown._growing.values()
    assert len(growing.stores) == 5
    assert sum(map(len, (*growing.stores, *module._store_infos))) < 100_000


def test_calls_at_once_lose_nothing(shown: Shown) -> None:
    data = [recording_bytes(str(number)) for number in range(8)]
    threads = [threading.Thread(target=give, args=(shown, piece)) for piece in data]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (file,) = give(shown, recording_bytes("last"))
    assert len(stores(split(path_of(file).read_bytes())[1])) == 9  # type: ignore[index]


def test_sessions_that_stream_at_once_share_what_is_known_of_recordings() -> None:
    known = Bounded(2)
    failures: list[Exception] = []

    def remember() -> None:
        try:
            for number in range(2000):
                known[number % 5] = b""
        except KeyError as error:  # another thread has forgotten it meanwhile
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=remember) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert (failures, len(known)) == ([], 2)


def test_memory_is_bounded_for_data_after_the_end_of_a_run(shown: Shown) -> None:
    for number in range(100):
        run = Call(run=str(number), is_generator=True)
        give(shown, recording_bytes("one"), run)
        shown.unchanged(run)  # of a thread that was late
    assert len(shown._runs) <= module._MOST_RUNS


def test_no_data_is_no_recording(shown: Shown) -> None:
    appender = Appender(shown, CALL, None)
    stream = rr.RecordingStream("empty").binary_stream()
    stream.read()
    for value in (b"", [b"", b""], [None, b""], stream):
        assert to_recordings(value, shown._cache, stream=appender) == []


def test_bytes_that_are_no_recording_are_refused(shown: Shown) -> None:
    with pytest.raises(NotARecordingError, match="it starts with"):
        give(shown, b"hello")


def end_of(value: list[Any]) -> bytes | None:
    """The data of the only file that travels with the value."""
    (file,) = value
    type_, *parameters = file.mime_type.split(";")
    assert type_ == STREAM_TYPE
    return next((base64.b64decode(each[4:]) for each in parameters if each.startswith("end=")), None)


def test_data_after_a_clear_is_marked_for_the_page(shown: Shown) -> None:
    def cleared() -> int | None:
        (file,) = give(shown, recording_bytes("one"), RUN)
        return next((int(each[8:]) for each in file.mime_type.split(";") if each.startswith("cleared=")), None)

    assert cleared() is None
    shown.clear()
    first = cleared()
    assert first
    assert cleared() == first
    shown.clear()
    second = cleared()
    assert second
    assert second > first


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    now = [100.0]
    monkeypatch.setattr("gradio_rerun._recordings.shown.time.monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("call", [CALL, RUN])
def test_small_new_data_travels_with_the_value(call: Call, shown: Shown, clock: list[float]) -> None:
    seen = b""
    for name in ("one", "two", "three"):
        value = give(shown, recording_bytes(name), call)
        seen += end_of(value) or b""
        assert len(seen) == value[0].size
        clock[0] += 1
    assert seen == path_of(*value).read_bytes()


def test_large_data_and_rapid_yields_do_not_travel_with_the_value(shown: Shown, clock: list[float]) -> None:
    give(shown, recording_bytes("one"), RUN)
    clock[0] += 0.001
    assert end_of(give(shown, recording_bytes("two"), RUN)) is None
    clock[0] += 1
    much = rr.RecordingStream("much")
    stream = much.binary_stream()
    much.log("points", rr.Points3D(np.random.default_rng(0).random((10_000, 3))))
    assert end_of(give(shown, stream.read(), RUN)) is None
    clock[0] += 1
    last = give(shown, recording_bytes("three"), RUN)
    end = end_of(last)
    assert end
    assert path_of(*last).read_bytes().endswith(end)


def test_no_data_of_a_deleted_file_travels_with_the_value(shown: Shown) -> None:
    file = FileData(path="/nowhere/a.rrd", size=10, mime_type=STREAM_TYPE)
    assert end_of(shown.next(CALL, [file])) is None


def test_a_late_forget_does_not_clear_newer_data(shown: Shown) -> None:
    (before,) = paths(give(shown, recording_bytes("one")))
    shown.clear()
    (after,) = paths(give(shown, recording_bytes("two")))
    forget(before)
    assert paths(give(shown, recording_bytes("three"))) == [after]


def test_a_file_replaces_a_stream_and_stays_a_file(shown: Shown, tmp_path: Path) -> None:
    files = [write_recording(tmp_path / "files" / f"{name}.rrd", name) for name in ("a", "b")]
    give(shown, recording_bytes("one"))
    for path in files:
        (file,) = give(shown, path)
        assert (path_of(file), file.mime_type) == (path, None)


def test_values_of_a_run_outside_a_session_become_one_value(tmp_path: Path) -> None:
    pieces = pieces_of_stream(3)
    values: list[Any] = [[piece] for piece in pieces]
    file = FileData(path=str(write_recording(tmp_path / "files" / "a.rrd", "a")))
    server = ServerUrl(server="rerun+http://host/proxy", ticket="ticket")
    values += [None, ["https://host/a.rrd", server.model_dump(), {**file.model_dump(), "url": "/file=a.rrd"}]]
    stream, *others = joined(values, tmp_path, None)
    assert others == ["https://host/a.rrd", server, file]
    content = path_of(stream).read_bytes()
    assert all(bytes(message) in content for piece in pieces for message in (split(piece) or (b"", []))[1])
    assert {each for each in tmp_path.rglob("*") if each.is_file()} == {path_of(stream), Path(file.path)}


def test_after_refused_data_the_store_info_is_still_written(shown: Shown) -> None:
    first, second = pieces_of_stream(2)
    with pytest.raises(StreamTooLongError):
        shown.append(first, RUN, limit=10)
    file = shown.append(second, RUN, limit=None)
    _, messages = split(Path(file.path).read_bytes()) or (b"", [])
    assert all(stores(messages).values())


def test_a_replacement_by_the_page_is_not_a_clear_for_later_data(shown: Shown) -> None:
    (before,) = give(shown, recording_bytes("one"), RUN)
    forget(before.path)
    (after,) = give(shown, recording_bytes("one"), RUN)
    assert after.path != before.path
    assert "cleared=" not in after.mime_type


def test_a_stream_whose_data_goes_elsewhere_is_reported_once_in_the_log(
    tmp_path: Path, shown: Shown, capsys: pytest.CaptureFixture[str]
) -> None:
    saved, fresh, read = (rr.RecordingStream("my_app") for _ in range(3))
    saved.save(tmp_path / "saved.rrd")
    for _ in range(2):
        saved.log("x", rr.Points2D([[1, 2]]))
        give(shown, saved)
    assert capsys.readouterr().err.count("return that path, URL or BinaryStream instead") == 1
    assert give(shown, [fresh, read.binary_stream()])
    assert capsys.readouterr().err == ""
