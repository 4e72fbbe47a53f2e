"""Pattern: a generator that yields `stream.read()` once more when it has logged everything; `read()` is `bytes | None`.
Whose: the streaming callbacks of rerun-io/examples-monorepo (`Generator[tuple[bytes | None, str]]`).
Its user sees the points stay until "Clear"."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def run():
    recording = rr.RecordingStream("small")
    stream = recording.binary_stream()
    yield stream.read(), "starting"
    for step in range(10):
        recording.set_time("step", sequence=step)
        recording.log(f"points/{step}", rr.Points2D([[step, step]], radii=0.3))
        yield stream.read(), "running"
    yield stream.read(), "done"  # nothing new: None


with gr.Blocks() as demo:
    viewer, status = Rerun(streaming=True), gr.Textbox(label="Status")
    gr.Button("Run").click(run, None, [viewer, status])
    gr.Button("Empty").click(lambda: None, None, viewer)

demo.launch()
