"""Pattern: viewers in a closed gr.Accordion and in a gr.Sidebar. One of them gets its value while it is hidden.
Whose: gradio-app/gradio, guide "Controlling layout"; dashboards with "details" below each result.
Its user opens the accordion, then the sidebar, and sees the recordings; closes the accordion, fills again, opens it, and sees the next one."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def recording(name):
    stream = rr.RecordingStream("folded", recording_id=name)
    stream.log("points", rr.Points2D([[0, 0], [1, 1]], radii=0.3))
    return stream


with gr.Blocks() as demo:
    with gr.Sidebar(open=False):
        Rerun(recording("sidebar"), height=300)
    fill = gr.Button("Fill")
    with gr.Accordion("Details", open=False):
        details = Rerun(height=300)
    fill.click(lambda: recording("details"), None, details)

demo.launch()
