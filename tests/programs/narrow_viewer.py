"""Pattern: two viewers in a row, or one on a phone.
Whose: pablovela5620/monoprior (`depth_compare_ui.py`), and every app that is opened on a phone.
Its user sees a play button, although the viewer itself hides its time panel."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def recording():
    stream = rr.RecordingStream("narrow")
    for index in range(100):
        stream.set_time("frame", sequence=index)
        stream.log("x", rr.Points2D([[index, 0], [0, 9]]))
    return stream


with gr.Blocks() as demo, gr.Row():
    Rerun(recording, height=450)
    Rerun(recording, height=450, panel_states={"time": "collapsed"})

demo.launch()
