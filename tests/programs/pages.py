"""Pattern: an app of several pages, `demo.route`, each with its own viewer; a value on the second that the first page's state names.
Whose: gradio-app/gradio, guide "Multipage apps".
Its user opens a page and sees its recording; each page's events reach its own functions."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun
from gradio_rerun.events import Load


def recording(name):
    stream = rr.RecordingStream("pages", recording_id=name)
    stream.log("points", rr.Points2D([[0, 0], [1, 1]], radii=0.2))
    return stream


def opened(event: Load):
    return f"{event.recording_id} is open"


with gr.Blocks() as demo:
    Rerun(lambda: recording("home"), height=400).load(opened, None, gr.Textbox(label="Status"))
with demo.route("Second", "/second"):
    viewer, status = Rerun(height=400), gr.Textbox(label="Status")
    gr.Button("Show").click(lambda: recording("second"), None, viewer)
    viewer.load(opened, None, status)

demo.launch()
