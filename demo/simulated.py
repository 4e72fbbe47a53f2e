"""The data that the demo shows: a picture, a film, the episodes of an arm, and an arm that moves while the app runs."""

from __future__ import annotations

import itertools
from threading import Thread
from time import sleep

import numpy as np
import rerun as rr
import rerun.blueprint as rrb


def sample_picture(size: int = 320) -> np.ndarray:
    """Something to blur: rings and a checkerboard."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    rings = 127 + 127 * np.sin(40 * np.hypot(x, y))
    board = 255 * ((np.floor(6 * x) + np.floor(6 * y)) % 2)
    return np.stack([rings, board, rings[:, ::-1] * (x > 0)], axis=2).astype(np.uint8)


FRAMES = 60


def film(color: tuple[int, int, int] = (250, 170, 40)) -> rr.RecordingStream:
    """A ball that bounces through a picture. The viewer opens it paused, so that two viewers start at the same frame."""
    recording = rr.RecordingStream("gradio_rerun_film", recording_id="film")
    time_panel = rrb.TimePanel(state="expanded", play_state="paused")
    recording.send_blueprint(rrb.Blueprint(rrb.Spatial2DView(origin="film"), time_panel, collapse_panels=True))
    y, x = np.mgrid[0:180, 0:320]
    for frame in range(FRAMES):
        recording.set_time("frame", sequence=frame)
        at = 30 + frame * 4.4, 150 - 110 * abs(np.sin(frame / 6))
        ball = np.hypot(x - at[0], y - at[1]) < 18
        recording.log("film", rr.Image(np.where(ball[..., None], color, [35, 40, 60]).astype(np.uint8)))
    return recording


EPISODES = 20


def arm_at(time: float) -> np.ndarray:
    """The joints of an arm with three links, from its base to its hand."""
    angles = np.cumsum([0.9 + 0.5 * np.sin(time), -1 + 0.6 * np.sin(1.7 * time), -0.6 + 0.4 * np.sin(2.3 * time)])
    links = np.stack([np.cos(angles) * np.cos(time / 3), np.cos(angles) * np.sin(time / 3), np.sin(angles)], axis=1)
    return np.vstack([np.zeros(3), np.cumsum(links, axis=0)])


def log_arm(recording: rr.RecordingStream, time: float) -> None:
    """Logs where the arm is, and how high its hand."""
    joints = arm_at(time)
    recording.set_time("time", duration=time)
    recording.log("arm", rr.LineStrips3D([joints], radii=0.05), rr.Points3D(joints, radii=0.1))
    recording.log("height", rr.Scalars(float(joints[-1, 2])))


def arm_layout() -> rrb.Blueprint:
    """The arm beside the height of its hand."""
    views = rrb.Horizontal(rrb.Spatial3DView(origin="arm"), rrb.TimeSeriesView(origin="height"))
    return rrb.Blueprint(views, collapse_panels=True)


def episode(number: float) -> rr.RecordingStream:
    """One episode of a dataset: three seconds of an arm that starts elsewhere in each."""
    recording = rr.RecordingStream("gradio_rerun_episodes", recording_id=f"episode_{int(number)}")
    recording.send_blueprint(arm_layout())
    for time in np.arange(0, 3, 0.1):
        log_arm(recording, 3 * number + time)
    return recording


def start_robot(port: int | None = None) -> str:
    """Simulates an arm in a thread, as long as this process runs. Returns the URL of what the arm logs."""
    recording = rr.RecordingStream("gradio_rerun_robot")
    url = recording.serve_grpc(grpc_port=port, default_blueprint=arm_layout(), server_memory_limit="50MB")

    def run() -> None:
        for step in itertools.count():
            log_arm(recording, step / 10)
            sleep(0.1)

    Thread(target=run, daemon=True).start()
    return url
