"""The recording that `gradio-rerun` shows without arguments: three paths of the Lorenz system."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rerun as rr
import rerun.blueprint as rrb

SECONDS, FRAMES_PER_SECOND, STEPS_PER_FRAME, STEP = 25, 20, 20, 0.0025
COLORS = [(240, 130, 40), (125, 105, 245), (20, 170, 150)]  # readable on a dark and on a light background.
ABOUT = """Three paths of the **Lorenz system** start 0.001 apart. They run together for some seconds, then each goes its own way.

To open a recording of your own: `gradio-rerun run.rrd`
"""


def write(path: Path) -> Path:
    """Writes the recording to a file, and returns the path of that file."""
    # By default, the SDK starts a new chunk every few milliseconds: the slower the machine, the larger the file.
    recording = rr.RecordingStream("example", batcher_config=rr.ChunkBatcherConfig(flush_tick=3600))
    recording.save(path)
    recording.send_blueprint(_blueprint())
    recording.log("about", rr.TextDocument(ABOUT, media_type=rr.MediaType.MARKDOWN), static=True)
    recording.log("x", rr.SeriesLines(colors=COLORS, names=["path 0", "path 1", "path 2"]), static=True)
    for number, color in enumerate(COLORS):
        recording.log(f"space/end_{number}", rr.Points3D([0, 0, 0], colors=color, radii=0.7), static=True)
    points = np.array([[1.0, 1.0, 20.0], [1.001, 1.0, 20.0], [1.002, 1.0, 20.0]])
    for frame in range(SECONDS * FRAMES_PER_SECOND):
        recording.set_time("time", duration=frame / FRAMES_PER_SECOND)
        pieces = [points]
        for _ in range(STEPS_PER_FRAME):
            x, y, z = pieces[-1].T
            pieces.append(pieces[-1] + STEP * np.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], axis=1))
        points = pieces[-1]
        strips = np.stack(pieces[::5], axis=1)
        recording.log("space/paths", rr.LineStrips3D(strips, colors=COLORS, radii=rr.Radius.ui_points(1.2)))
        recording.log("x", rr.Scalars(points[:, 0]))
        for number, point in enumerate(points):
            recording.log(f"space/end_{number}", rr.Transform3D(translation=point))
    recording.flush()
    recording.disconnect()
    return path


def _blueprint() -> rrb.Blueprint:
    """The paths at the left, from their start to the time cursor; the plot and the text at their right."""
    until_now = rrb.VisibleTimeRange(
        "time", start=rrb.TimeRangeBoundary.infinite(), end=rrb.TimeRangeBoundary.cursor_relative(seconds=0)
    )
    return rrb.Blueprint(
        rrb.Horizontal(
            rrb.Spatial3DView(origin="space", name="Lorenz attractor", time_ranges=until_now, line_grid=False),
            rrb.Vertical(
                rrb.TimeSeriesView(origin="x", name="x of each path"),
                rrb.TextDocumentView(origin="about", name="About"),
                row_shares=[3, 2],
            ),
            column_shares=[2, 1],
        ),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
        rrb.TimePanel(state="collapsed"),
        auto_views=False,
    )
