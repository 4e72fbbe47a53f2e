"""Writes a recording that is measured, with the rerun-sdk of the Python that runs this.

python make_recordings.py FILE MEGABYTES     0: examples/rrt_star.py, which is small
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import rerun as rr

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

import rrt_star

POINTS = 430_000
"""In a frame, which takes 5.2 MB then."""


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
        rrt_star.write(file)
