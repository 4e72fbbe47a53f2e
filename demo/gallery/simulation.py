"""A double pendulum, plotted while it is computed: `python demo/gallery/simulation.py`."""

import time
from collections.abc import Iterator

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb

from gradio_rerun import Rerun

FRAME = 1 / 30
BOUNDS = rrb.VisualBounds2D(x_range=(-2.2, 2.2), y_range=(-2.2, 2.2))
VIEWS = rrb.Horizontal(
    rrb.Spatial2DView(origin="pendulum", visual_bounds=BOUNDS),
    rrb.TimeSeriesView(origin="angle", name="Angles (degrees)"),
)


def acceleration(angles: np.ndarray, speeds: np.ndarray) -> np.ndarray:
    """Of both arms, 1 m long, with 1 kg at the end of each."""
    (a, b), (v, w) = angles, speeds
    cos, sin = np.cos(a - b), np.sin(a - b)
    forces = [-(w**2) * sin - 2 * 9.81 * np.sin(a), v**2 * sin - 9.81 * np.sin(b)]
    return np.linalg.solve([[2, cos], [cos, 1]], forces)


def simulate(first: float, second: float) -> Iterator[bytes | None]:
    """Yields what was logged since the last yield, for ten minutes or until the visitor stops it."""
    yield None  # clears what the run before has left
    recording = rr.RecordingStream("double_pendulum")
    stream = recording.binary_stream()
    recording.send_blueprint(rrb.Blueprint(VIEWS, collapse_panels=True))
    angles, speeds, path = np.radians([first, second]), np.zeros(2), []
    for frame in range(600 * 30):
        recording.set_time("time", duration=frame * FRAME)
        joints = np.cumsum([[0, 0], *([np.sin(angle), np.cos(angle)] for angle in angles)], axis=0)
        path = [*path[-90:], joints[2]]
        recording.log("pendulum/arms", rr.LineStrips2D([joints], radii=0.03, colors=[90, 110, 150]))
        recording.log("pendulum/path", rr.LineStrips2D([path], radii=0.01, colors=[240, 140, 60]))
        recording.log("angle", rr.Scalars(np.degrees(angles)))
        yield stream.read()
        for _ in range(100):
            speeds = speeds + acceleration(angles, speeds) * FRAME / 100
            angles = angles + speeds * FRAME / 100
        time.sleep(FRAME)


with gr.Blocks(title="Double pendulum") as demo:
    viewer = Rerun(label="Double pendulum", streaming=True, height=520)
    angles = [gr.Slider(-180, 180, value, label=label) for label, value in (("Upper arm", 120), ("Lower arm", -20))]
    running = gr.Button("Start", variant="primary").click(simulate, angles, viewer)
    gr.Button("Stop").click(None, cancels=running)

if __name__ == "__main__":
    demo.launch()
