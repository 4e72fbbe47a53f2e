"""Pattern: functions return `Rerun(visible=...)`, `gr.Tabs(selected=...)`: components instead of gr.update.
Whose: pablovela5620/multicam-ego-sync, sync_app.py (`update_viewer_visibility`); Gradio's own guides.
Its user sees the preview disappear and the result appear on its own tab, as high as the function says."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def recording(name):
    stream = rr.RecordingStream("sync", recording_id=name)
    stream.log("boxes", rr.Boxes3D(half_sizes=[1, 1, 1]))
    return stream


def synchronize():
    return Rerun(visible=False), Rerun(recording("synchronized"), visible=True, height=300), gr.Tabs(selected="Output")


with gr.Blocks() as demo:
    with gr.Tabs() as tabs:
        with gr.Tab("Input", id="Input"):
            run = gr.Button("Synchronize")
            preview = Rerun(lambda: recording("preview"), height=400, elem_id="preview")
        with gr.Tab("Output", id="Output"):
            result = Rerun(visible=False, elem_id="result")
    run.click(synchronize, None, [preview, result, tabs])

demo.launch()
