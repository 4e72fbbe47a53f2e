"""Pattern: a workspace as high as the window, in which the viewer fills the remaining space: `height="100%"`, `fill_height=True`, `scale`.
Whose: robium-ai/robium-apps, the workspace of its demos (`Rerun(streaming=True, height="100%")`).
Its user sees the viewer fill the row, and the rest of the page."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def recording():
    stream = rr.RecordingStream("full_height")
    stream.log("points", rr.Points3D([[0, 0, 0], [1, 1, 1]], radii=0.2), static=True)
    return stream


with gr.Blocks(fill_height=True) as demo:
    with gr.Row(elem_id="split"):
        Rerun(recording, height="100%", elem_id="viewer")
        gr.Textbox(label="Log", lines=3)
    Rerun(recording, height="100%", scale=1, elem_id="filled")

demo.launch(css="#split { height: 300px; align-items: stretch; } #filled { min-height: 250px; }")
