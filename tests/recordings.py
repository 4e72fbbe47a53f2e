"""Recordings for tests, logged by rerun-sdk."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rerun as rr


def log_points(recording: rr.RecordingStream, frames: int = 10, points: int = 50) -> None:
    rng = np.random.default_rng(0)
    for frame in range(frames):
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D(rng.random((points, 3), np.float32), radii=0.02))


def write_recording(
    path: Path, recording_id: str, *, application_id: str = "test_app", frames: int = 10, points: int = 50
) -> Path:
    """Writes a recording of random points on the timeline `frame`; a point takes about 12 bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    recording = rr.RecordingStream(application_id, recording_id=recording_id)
    recording.save(path)
    log_points(recording, frames, points)
    recording.flush()
    recording.disconnect()
    return path


def pieces_of_stream(frames: int, recording_id: str = "one") -> list[bytes]:
    """The data of a BinaryStream, frame by frame. Only the first piece contains SetStoreInfo."""
    recording = rr.RecordingStream("test_app", recording_id=recording_id)
    stream = recording.binary_stream()
    data = []
    for frame in range(frames):
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D([[0, 0, frame]]))
        data.append(stream.read() or b"")
    return data


def recording_bytes(recording_id: str, points: int = 50) -> bytes:
    recording = rr.RecordingStream("test_app", recording_id=recording_id)
    stream = recording.binary_stream()
    log_points(recording, points=points)
    data = stream.read()
    assert data
    return data


def sdk(name: str) -> Any:
    """Returns a class of the SDK from the module in which the installed version has it. Skips the test if there is none."""
    for module in ("rerun.chunk", "rerun.experimental"):
        found = getattr(importlib.import_module(module), name, None) if importlib.util.find_spec(module) else None
        if found is not None:
            return found
    pytest.skip(f"the installed rerun-sdk has no {name}")
