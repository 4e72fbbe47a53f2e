from __future__ import annotations

import importlib
import struct
import time
from pathlib import Path

import pytest
from recordings import pieces_of_stream, recording_bytes

from gradio_rerun._recordings.file_types import check_start
from gradio_rerun._recordings.rrd import HEADER_SIZE, split, stores
from gradio_rerun.errors import NotARecordingError


def frames_in(path: Path) -> list[int]:
    """Returns the times that the SDK's own reader finds on the timeline `frame`."""
    try:
        chunks = importlib.import_module("rerun.chunk")
    except ImportError:
        # Remove when the rerun-sdk floor has rerun.chunk.
        recording = importlib.import_module("rerun.dataframe").load_recording(path)
        table = recording.view(index="frame", contents="/**").select().read_all()
        return sorted(table.column("frame").to_pylist())
    reader = chunks.RrdReader(path)
    batches = [chunk.to_record_batch() for store in reader.recordings() for chunk in reader.stream(store=store)]
    found = [batch.column("frame").to_pylist() for batch in batches if "frame" in batch.schema.names]
    return sorted(frame for frames in found for frame in frames)


@pytest.mark.filterwarnings("ignore:RRD file has no footer")
def test_the_messages_of_several_behind_one_header_are_one_recording_for_the_sdk(tmp_path: Path) -> None:
    parts = [split(chunk) for chunk in pieces_of_stream(5)]
    assert None not in parts
    path = tmp_path / "joined.rrd"
    path.write_bytes(parts[0][0] + b"".join(b"".join(messages) for _, messages in parts if messages))  # type: ignore[index, misc, union-attr]
    assert frames_in(path) == list(range(5))


def test_joined_recordings_give_the_messages_of_all() -> None:
    one, two = recording_bytes("one"), recording_bytes("two")
    first, second, both = split(one), split(two), split(one + two)
    assert first
    assert second
    assert both == (first[0], [*first[1], *second[1]])


def test_a_recording_without_an_end_message_is_whole() -> None:
    header, messages = split(recording_bytes("one")) or (b"", [])
    assert split(header + b"".join(messages)) == (header, messages)


@pytest.mark.parametrize(
    "damage", ["cut in a message", "cut in a length", "cut in the header", "other kind", "other header"]
)
def test_data_with_another_structure_is_not_split(damage: str) -> None:
    data = recording_bytes("one")
    header, messages = split(data) or (b"", [])
    whole = header + b"".join(messages)
    damaged = {
        "cut in a message": whole[:-1],
        "cut in a length": header + whole[HEADER_SIZE : HEADER_SIZE + 9],
        "cut in the header": header[:7],
        "other kind": header + b"\xff" * 16 + whole[HEADER_SIZE + 16 :],
        "other header": data + b"RRF2\0\0\0\0\0\0\0\0" + whole[HEADER_SIZE:],
    }[damage]
    assert split(damaged) is None


HEADER = b"RRF2" + bytes(HEADER_SIZE - 4)
END, STORE_INFO, DATA = 0, 1, 2


def message(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<QQ", kind, len(content)) + content


@pytest.mark.parametrize(
    ("messages", "is_known"),
    [
        ([message(DATA)], True),
        ([message(DATA, b"1"), message(STORE_INFO, b"2")], True),
        ([message(256, b"1")], True),
        ([message(257, b"1")], False),
        ([message(DATA, b"1"), struct.pack("<QQ", DATA, 2) + b"1"], False),
        ([message(DATA, b"1"), bytes(15)], False),
    ],
)
def test_messages_are_of_known_kinds_and_whole(messages: list[bytes], is_known: bool) -> None:
    whole = b"".join(messages)
    assert split(HEADER + whole) == ((HEADER, [whole]) if is_known else None)


@pytest.mark.parametrize(("tables", "is_known"), [(0, True), (1, True), (2, True), (1000, True), (1001, False)])
def test_a_recording_may_begin_after_the_footer_of_another(tables: int, is_known: bool) -> None:
    foot = b"t" * 20 * tables + b"RRF2FOOT" + tables.to_bytes(4, "little") if tables else b""
    first, second = message(DATA, b"first"), message(STORE_INFO, b"second")
    data = HEADER + first + message(END, b"table") + foot + HEADER + second + message(END)
    assert split(data) == ((HEADER, [first, second]) if is_known else None)


def part(number: int, content: bytes) -> bytes:
    """A field of a protobuf message that has fewer than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def test_each_store_has_its_infos_wherever_they_stand() -> None:
    one, again, two = (
        message(STORE_INFO, part(1, row) + part(2, part(1, b"app") + part(2, store) + part(3, b"x")))
        for row, store in ((b"row", b"one"), (b"other row", b"one"), (b"row", b"number two"))
    )
    ids = {store: message(DATA, b"\x18\x80\x01" + part(1, store) + part(5, b"data")) for store in (b"one", b"three")}
    first = memoryview(ids[b"one"] + one + message(DATA) + message(3, part(1, b"blueprint")))
    second = memoryview(two + ids[b"three"] + again)
    assert stores([first, second]) == {b"one": one + again, b"blueprint": b"", b"number two": two, b"three": b""}


@pytest.mark.parametrize("numbers", [b"\x08\xff\x7f", b"\x11" + bytes(8), b"\x15" + bytes(4), b""])
def test_a_store_is_found_behind_numbers_of_any_size(numbers: bytes) -> None:
    assert stores([memoryview(message(DATA, numbers + part(1, b"id")))]) == {b"id": b""}


@pytest.mark.parametrize("content", [b"", b"\x0a", b"\x0a\xff", b"\x0b" + part(1, b"id"), part(2, b"id"), b"\x80" * 20])
def test_a_message_that_names_no_store_belongs_to_none(content: bytes) -> None:
    assert stores([memoryview(message(DATA, content))]) == {}


@pytest.mark.parametrize(
    "messages",
    [
        message(STORE_INFO, part(2, part(2, b"store") + part(3, b"x" * 80))) * 30_000,
        message(DATA, b"\xff" * 300_000),
        message(DATA, part(1, b"store") + b"x" * 80) * 30_000,
    ],
    ids=["one introduction again and again", "a number without end", "small messages"],
)
def test_the_time_to_read_depends_only_on_the_length(messages: bytes) -> None:
    """A user may send such bytes, which would otherwise take 10 s or more."""
    start = time.process_time()
    stores([memoryview(messages)])
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("start", "cure"),
    [
        (b"vers", "`git lfs pull`"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"\x89HDF", "Hdf5Reader"),
        (b"<htm", "'RRF2'"),
    ],
)
def test_a_file_that_is_no_recording_yet_is_named_with_its_cure(start: bytes, cure: str) -> None:
    with pytest.raises(NotARecordingError, match=f"got the file: it starts with .*{cure}"):
        check_start(start, "the file")
