from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import rerun as rr
from recordings import recording_bytes

from gradio_rerun.rrd import HEADER_SIZE, split


def frames_in(path: Path) -> list[int]:
    """What the SDK's own reader finds on the timeline `frame`."""
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


def reads(count: int) -> list[bytes]:
    """What a BinaryStream gives, frame by frame."""
    recording = rr.RecordingStream("test_app", recording_id="one")
    stream = recording.binary_stream()
    chunks = []
    for frame in range(count):
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D([[0, 0, frame]]))
        chunks.append(stream.read() or b"")
    return chunks


@pytest.mark.filterwarnings("ignore:RRD file has no footer")
def test_the_messages_of_several_behind_one_header_are_one_recording_for_the_sdk(tmp_path: Path) -> None:
    parts = [split(chunk) for chunk in reads(5)]
    assert None not in parts
    path = tmp_path / "joined.rrd"
    path.write_bytes(parts[0][0] + b"".join(b"".join(messages) for _, messages in parts if messages))  # type: ignore[index, misc, union-attr]
    assert frames_in(path) == list(range(5))


def test_several_recordings_behind_each_other_give_the_messages_of_all() -> None:
    one, two = recording_bytes("one"), recording_bytes("two")
    first, second, both = split(one), split(two), split(one + two)
    assert first
    assert second
    assert both == (first[0], [*first[1], *second[1]])


def test_a_recording_without_its_end_is_whole_too() -> None:
    header, messages = split(recording_bytes("one")) or (b"", [])
    assert split(header + b"".join(messages)) == (header, messages)


@pytest.mark.parametrize(
    "damage", ["cut in a message", "cut in a length", "cut in the header", "other kind", "other header"]
)
def test_what_is_built_otherwise_is_not_split(damage: str) -> None:
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
