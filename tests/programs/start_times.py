"""Pattern: two viewers get their data at once, one after the other; `time_update(...).then(...)` converts the time of each.
Whose: a public app that synchronizes an egocentric video with the videos of other cameras (gradio_rerun 0.2x, `TimeUpdate`).
Its user sees at which second each of the viewers stands."""

import gradio as gr
import numpy as np
import rerun as rr

from gradio_rerun import Rerun
from gradio_rerun.events import TimeUpdate


def log_camera(name):
    def log():
        recording = rr.RecordingStream("cameras", recording_id=name)
        stream = recording.binary_stream()
        for frame in range(30):
            recording.set_time("time", duration=frame / 10)
            recording.log(name, rr.Image(np.full((40, 60, 3), 8 * frame, np.uint8)))
        yield stream.read()

    return log


def track(event: TimeUpdate):
    return event.payload.time


with gr.Blocks() as demo:
    load = gr.Button("Load")
    with gr.Row():
        ego, exo = Rerun(streaming=True, height=300), Rerun(streaming=True, height=300)
    ego_time, exo_time = gr.Number(label="Ego", precision=3), gr.Number(label="Exo", precision=3)
    load.click(log_camera("exo"), None, exo).then(log_camera("ego"), None, ego)
    for viewer, time in ((ego, ego_time), (exo, exo_time)):
        viewer.time_update(track, None, time).then(lambda nanoseconds: nanoseconds / 1e9, time, time)

if __name__ == "__main__":
    demo.launch()
