"""Pattern: `value` is a function that finds the newest file in a folder, `every` some seconds.
Whose: nightly-evaluation dashboards; gradio-app/gradio, guide "Connecting to a database" (`every=`).
Its user leaves the page open and sees the next run as soon as it is written; the same file again changes nothing."""

import tempfile
from pathlib import Path

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun

folder = Path(tempfile.mkdtemp())


def write_run(name):
    with rr.RecordingStream("nightly", recording_id=name) as recording:
        recording.save(folder / f"{name}.rrd")
        recording.log("points", rr.Points2D([[0, 0], [1, 1]], radii=0.2))


def newest():
    return max(folder.glob("*.rrd"), key=lambda path: path.stat().st_mtime_ns, default=None)


write_run("monday")
with gr.Blocks() as demo:
    Rerun(newest, every=0.5, height=400)

demo.launch()
