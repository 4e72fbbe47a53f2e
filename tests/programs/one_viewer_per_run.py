"""Pattern: `@gr.render` builds a viewer for each selected run, each with its own button.
Whose: gradio-app/gradio, guide "Dynamic apps with the render decorator"; experiment dashboards.
Its user checks runs and sees a viewer for each; a button in one leaves the others alone."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def recording(name, points):
    stream = rr.RecordingStream("runs", recording_id=f"{name}_{points}")
    stream.log("points", rr.Points2D([[x, x] for x in range(points)], radii=0.3))
    return stream


with gr.Blocks() as demo:
    runs = gr.CheckboxGroup(["first", "second", "third"], label="Runs", value=["first"])

    @gr.render(inputs=runs)
    def show(names):
        for name in names:
            viewer = Rerun(recording(name, 2), label=name, height=250, key=name)
            more = gr.Button(f"More of {name}", key=f"more {name}")
            more.click(lambda name=name: Rerun(recording(name, 9), label=f"{name}, all"), None, viewer)


demo.launch()
