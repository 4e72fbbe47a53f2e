"""Logs a small recording with the installed rerun-sdk, and writes it to stdout: a script, run in a process of its own.

    python warm_up.py [entry of sys.path ...]

An empty viewer shows the recording before there is a value, and nobody sees it: a browser compiles the viewer's code when that first runs.
It imports nothing of this package, because that would import Gradio, which takes seconds.
"""

from __future__ import annotations

import sys


def logged() -> bytes:
    """A recording of a few kB, for which the viewer makes the kinds of views that most recordings have."""
    import numpy as np
    import rerun as rr

    recording = rr.RecordingStream("gradio_rerun_warm_up", recording_id="warm_up")
    stream = recording.binary_stream()
    for frame in range(2):
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D(np.eye(3) + frame, radii=0.1))
        recording.log("image", rr.Image(np.zeros((4, 4, 3), np.uint8)))
        recording.log("plot", rr.Scalars(float(frame)))
        recording.log("text", rr.TextLog("frame"))
    return stream.read() or b""


if __name__ == "__main__":
    # Python puts this script's folder first: its modules would hide others with the same names.
    sys.path[:] = sys.argv[1:]
    sys.stdout.buffer.write(logged())
