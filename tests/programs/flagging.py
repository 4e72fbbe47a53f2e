"""Pattern: gr.Interface with its Flag button, and a viewer among the outputs.
Whose: gradio-app/gradio, guide "Flagging" (gr.Interface(..., flagging_mode="manual")).
Its user flags a result, and the recording is kept beside the log."""

import tempfile

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun

folder = tempfile.mkdtemp()


def run(points):
    recording = rr.RecordingStream("flagged", recording_id="flagged")
    recording.log("points", rr.Points2D([[x, x] for x in range(int(points))], radii=0.2))
    return recording


demo = gr.Interface(run, gr.Number(3, label="Points"), Rerun(height=400), flagging_mode="manual", flagging_dir=folder)
demo.launch()
