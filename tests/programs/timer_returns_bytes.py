"""Pattern: a gr.Timer returns what a robot has logged since the last tick; a button takes the viewer as input.
Whose: gradio-app/gradio, guide "Real-time dashboards"; agent consoles such as thomve/agent-gradio.
Its user sees one growing recording; the function gets all of it; no folder fills up."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun

recording = rr.RecordingStream("ticks")
stream = recording.binary_stream()
steps = iter(range(10_000))


def tick():
    step = next(steps)
    recording.set_time("step", sequence=step)
    recording.log("x", rr.Scalars(step))
    return stream.read()


with gr.Blocks() as demo:
    viewer = Rerun(streaming=True)
    path = gr.Textbox(label="Path")
    timer = gr.Timer(0.3)
    timer.tick(tick, None, viewer)
    gr.Button("Stop").click(lambda: gr.Timer(active=False), None, timer)
    gr.Button("Input").click(lambda path: path, viewer, path)

demo.launch()
