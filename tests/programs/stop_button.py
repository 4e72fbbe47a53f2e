"""Pattern: Start and Stop, with `cancels=`; a generator that would not end; `try`/`finally`; `.then` after it.
Whose: thomve/agent-gradio (training dashboard); gradio-app/gradio, demo/cancel_events.
Its user starts, stops, sees that what came so far stays, and starts again beside it."""

import time

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun

ended = []


def train():
    recording = rr.RecordingStream("training")
    stream = recording.binary_stream()
    try:
        for step in range(10_000):
            recording.set_time("step", sequence=step)
            recording.log("loss", rr.Scalars(1 / (step + 1)))
            yield stream.read(), step
            time.sleep(0.05)
    finally:
        ended.append(step)


with gr.Blocks() as demo:
    viewer, step = Rerun(streaming=True, height=400), gr.Number(label="Step")
    running = gr.Button("Start").click(train, None, [viewer, step])
    gr.Button("Stop").click(None, None, None, cancels=[running])

demo.queue(max_size=20)
demo.launch()
