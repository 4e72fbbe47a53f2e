"""Pattern: a generator under `@rr.thread_local_stream` that logs with rerun's global functions and yields `stream.read()`.
Whose: rerun-io/gradio-rerun-viewer, demo/app.py.
Its user sees each step as soon as it is computed, in two views, with the panels collapsed."""

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb
from PIL import Image, ImageFilter

from gradio_rerun import Rerun


@rr.thread_local_stream("rerun_example_streaming_blur")
def repeated_blur(picture):
    stream = rr.binary_stream()
    views = rrb.Horizontal(rrb.Spatial2DView(origin="image/original"), rrb.Spatial2DView(origin="image/blurred"))
    rr.send_blueprint(rrb.Blueprint(views, collapse_panels=True))
    rr.set_time("iteration", sequence=0)
    rr.log("image/original", rr.Image(picture))
    yield stream.read()
    blurred = Image.fromarray(picture)
    for step in range(30):
        blurred = blurred.filter(ImageFilter.GaussianBlur(2))
        rr.set_time("iteration", sequence=step)
        rr.log("image/blurred", rr.Image(np.asarray(blurred)))
        yield stream.read()


with gr.Blocks() as demo:
    with gr.Row():
        picture = gr.Image(np.full((120, 160, 3), (250, 120, 20), np.uint8), label="Image", interactive=True)
        blur = gr.Button("Repeated Blur")
    viewer = Rerun(streaming=True)
    blur.click(repeated_blur, inputs=[picture], outputs=[viewer])

demo.launch()
