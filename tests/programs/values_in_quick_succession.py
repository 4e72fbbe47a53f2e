"""Pattern: `stream.read()` ten times a second to a viewer without `streaming=True`.
Whose: programs that copy a generator for gr.Image (gradio-app/gradio, guide "Streaming outputs") and change the component.
Its user sees something while it runs, and the newest value at the end."""

import time

import gradio as gr
import numpy as np
import rerun as rr

from gradio_rerun import Rerun


def run():
    recording = rr.RecordingStream("small")
    stream = recording.binary_stream()
    for step in range(60):
        recording.set_time("step", sequence=step)
        recording.log("points", rr.Points3D(np.random.normal(size=(2000, 3)), radii=0.01))
        yield stream.read(), f"{step}"
        time.sleep(0.1)


with gr.Blocks() as demo:
    viewer, status = Rerun(), gr.Textbox(label="Status")
    gr.Button("Run").click(run, None, [viewer, status])

demo.launch()
