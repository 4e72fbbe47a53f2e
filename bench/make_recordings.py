"""Writes a recording for a benchmark, with the rerun-sdk of the Python that runs this script.

python make_recordings.py FILE MEGABYTES     0: a small recording
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import rerun as rr

POINTS = 430_000
"""Points in a frame of 5.2 MB."""


def write_colors(path: Path) -> None:
    """Writes bright colors without times, so that the first frame with data shows all of them."""
    recording = rr.RecordingStream("bench", recording_id="small")
    recording.save(path)
    squares = np.indices((8, 8)).reshape(2, -1).T
    recording.log("squares", rr.Boxes2D(mins=squares, sizes=[0.9, 0.9], colors=[255, 60, 0]), static=True)
    recording.log("points", rr.Points2D(squares, radii=0.3, colors=[0, 60, 255]), static=True)
    recording.flush()
    recording.disconnect()


def write_points(path: Path, megabytes: int) -> None:
    recording = rr.RecordingStream("bench", recording_id="big")
    recording.save(path)
    points = np.random.default_rng(0).random((POINTS, 3), dtype=np.float32)
    for frame in range(megabytes * 1_000_000 // points.nbytes + 1):
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D(points))
    recording.flush()
    recording.disconnect()


if __name__ == "__main__":
    file, megabytes = Path(sys.argv[1]), int(sys.argv[2])
    if megabytes:
        write_points(file, megabytes)
    else:
        write_colors(file)
