"""Streams for tests, frame by frame, and which of their frames a viewer holds."""

from __future__ import annotations

import importlib.util
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rerun as rr
from viewer_page import ViewerPage

FRAMES = 60


class Source:
    """A recording that is logged frame by frame."""

    def __init__(self, recording_id: str, *, points: int = 50) -> None:
        self.recording = rr.RecordingStream("stream_app", recording_id=recording_id)
        self.points = points
        self.next = 0

    def log(self) -> None:
        self.recording.set_time("frame", sequence=self.next)
        self.recording.log("points", rr.Points3D(np.random.rand(self.points, 3)))
        self.next += 1


def stream_bytes(recording_id: str, frames: int = FRAMES, **options: Any) -> Iterator[bytes]:
    source = Source(recording_id, **options)
    stream = source.recording.binary_stream()
    for _ in range(frames):
        source.log()
        yield stream.read() or b""


def stream_with_a_stop(go: threading.Event) -> Iterator[bytes]:
    """Stops behind frame 20, until `go`."""
    for number, chunk in enumerate(stream_bytes("run")):
        yield chunk
        if number == 20:
            assert go.wait(120)


def stream_binary_stream(recording_id: str) -> Iterator[rr.BinaryStream]:
    source = Source(recording_id)
    stream = source.recording.binary_stream()
    for _ in range(FRAMES):
        source.log()
        yield stream


def stream_recording(recording_id: str) -> Iterator[rr.RecordingStream]:
    source = Source(recording_id)
    for _ in range(FRAMES):
        source.log()
        yield source.recording


def held(page: ViewerPage, index: int = 0) -> dict[str, Counter[int]]:
    """How often the viewer holds each frame, by recording; only what is on the timeline `frame`."""
    # Viewers before 0.39 do not tell what they hold, and the SDKs of some others read no recordings by chunks.
    chunk = pytest.importorskip("rerun.chunk")
    return frames_of(page.saved(index) or b"", chunk)


def frames_of(data: bytes, chunk: Any) -> dict[str, Counter[int]]:
    frames: dict[str, Counter[int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "held.rrd"
        path.write_bytes(data)
        reader = chunk.RrdReader(path)
        for recording in reader.recordings():
            counter = frames.setdefault(recording.recording_id, Counter())
            for each in reader.stream(store=recording):
                batch = each.to_record_batch()
                if "frame" in batch.schema.names:
                    counter.update(batch.column("frame").to_pylist())
    return frames


def expect_frames(page: ViewerPage, recording_id: str, frames: int = FRAMES, index: int = 0) -> None:
    """The viewer holds each frame once: none is lost, none is doubled."""
    page.expect_frame(frames - 1, index)
    if importlib.util.find_spec("rerun.chunk"):
        assert held(page, index)[recording_id] == Counter(range(frames))
