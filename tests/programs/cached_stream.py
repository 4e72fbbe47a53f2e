"""Pattern: gr.Examples with `fn` a streaming generator and `cache_examples=True`.
Whose: pablovela5620/monoprior, depth_compare_ui.py (`gr.Examples(..., fn=on_submit, outputs=[rr_viewer])`), with caching on.
Its user clicks an example and sees all of its frames at once."""

import gradio as gr
import numpy as np
import rerun as rr

from gradio_rerun import Rerun


@rr.thread_local_stream("depth")
def on_submit(size):
    stream = rr.binary_stream()
    for frame in range(10):
        rr.set_time("frame", sequence=frame)
        rr.log("depth", rr.DepthImage(np.full((int(size), int(size)), frame + 1, np.float32)))
        yield stream.read()


with gr.Blocks() as demo:
    size = gr.Number(20, label="Size")
    submit = gr.Button("Compute Depth")
    viewer = Rerun(streaming=True, height=400)
    submit.click(on_submit, inputs=[size], outputs=[viewer])
    gr.Examples([[30], [40]], inputs=[size], outputs=[viewer], fn=on_submit, cache_examples=True)

demo.launch()
