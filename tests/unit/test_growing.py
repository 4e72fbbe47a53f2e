from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio import route_utils, routes

from gradio_rerun import Rerun
from gradio_rerun._recordings.growing import MOST_KEPT, GrowingRecording
from gradio_rerun._wire import STREAM_TYPE
from gradio_rerun.errors import RecordingError, StreamTooLongError


def test_a_second_append_keeps_the_first_bytes(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    growing.append([b"one"], 3, None)
    growing.append([b"two"], 3, None)
    assert growing.path.read_bytes() == b"onetwo"
    assert growing.file_data().size == 6
    assert growing.file_data().mime_type == STREAM_TYPE


def test_a_partial_write_is_overwritten(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    growing.append([b"one"], 3, None)
    with growing.path.open("ab") as file:
        file.write(b"half")
    growing.append([b"whole"], 5, None)
    assert growing.path.read_bytes() == b"onewhole"


def test_the_limit_is_named_and_the_data_stays(tmp_path: Path) -> None:
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


def test_a_recording_no_longer_exists_when_its_file_is_deleted_or_truncated(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    assert growing.is_there()  # nothing that could be missing
    growing.append([b"whole"], 5, None)
    assert growing.is_there()
    growing.path.write_bytes(b"whole, and a part that is not yet complete")
    assert growing.is_there()
    growing.path.write_bytes(b"whol")
    assert not growing.is_there()
    growing.path.unlink()
    assert not growing.is_there()


def test_an_append_that_failed_can_succeed_later(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path / "cache" / "of this component", "my run.rrd")
    (tmp_path / "cache").write_bytes(b"a file where a folder should be")
    with pytest.raises(RecordingError, match="More of the stream cannot be kept"):
        growing.append([b"one"], 3, None)
    (tmp_path / "cache").unlink()
    growing.path.parent.mkdir(parents=True)  # then the disk was full
    growing.append([b"two"], 3, None)
    assert growing.path.read_bytes() == b"two"
    assert (growing.file_data().orig_name, growing.file_data().path) == ("my run.rrd", str(growing.path))


def test_the_folder_of_a_recording_cannot_be_guessed(tmp_path: Path) -> None:
    names = {GrowingRecording(tmp_path).path.parent.name for _ in range(100)}
    assert len(names) == 100
    assert {len(name) for name in names} == {40}


def test_readers_of_the_file_see_only_whole_messages(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    sizes = set()

    def parts() -> Iterator[bytes]:
        for _ in range(10):
            yield b"x" * (MOST_KEPT // 5)
            sizes.add(growing.path.stat().st_size)

    for number in range(2):
        sizes.clear()
        growing.append(parts(), 2 * MOST_KEPT, None)
        assert sizes == {number * 2 * MOST_KEPT}


def test_the_memory_holds_only_the_end_of_a_long_recording(tmp_path: Path) -> None:
    growing = GrowingRecording(tmp_path)
    for letter in (b"a", b"b", b"c"):
        growing.append([letter * (MOST_KEPT // 2)], MOST_KEPT // 2, None)
    assert growing.kept(growing.size - MOST_KEPT, growing.size) == b"b" * (MOST_KEPT // 2) + b"c" * (MOST_KEPT // 2)
    assert growing.kept(growing.size - MOST_KEPT - 1, growing.size) == b""


CHUNK = 1 << 16
"""Bytes that Starlette reads at once."""


@pytest.mark.parametrize("size", [10, CHUNK, CHUNK + 1])
@pytest.mark.parametrize("growth", [0, 10, 3 * CHUNK])
@pytest.mark.parametrize("range_", [None, b"bytes=0-", b"bytes=2-5"])
def test_a_file_that_grows_is_sent_up_to_the_announced_size(
    size: int, growth: int, range_: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "recording.rrd"
    path.write_bytes(b"a" * size)
    Rerun(streaming=True)  # which makes Gradio serve files in this way
    messages: list[Any] = []

    async def send(message: Any) -> None:
        if not messages:
            with path.open("ab") as file:
                file.write(b"b" * growth)
        messages.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    headers = [(b"range", range_)] if range_ else []
    scope = {"type": "http", "method": "GET", "headers": headers, "asgi": {"spec_version": "2.3"}}
    response = getattr(route_utils, "FileResponse", routes.FileResponse)
    asyncio.run(response(path)(scope, receive, send))
    start, *body = messages
    sent = b"".join(each["body"] for each in body)
    assert int(dict(start["headers"])[b"content-length"]) == len(sent)
    assert set(sent) == {ord("a")}
    assert [each["more_body"] for each in body][-1:] == [False]
    assert all(each["more_body"] for each in body[:-1])
