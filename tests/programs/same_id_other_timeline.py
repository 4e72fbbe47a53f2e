"""Pattern: two files of one recording id, on other timelines, one after the other; a function listens to the time.
Whose: tools that export an episode anew under its id, such as peterchenyipu/rerun_annotator.
Its user sees the second file on its own timeline, and so does the function."""

import tempfile

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun
from gradio_rerun.events import TimeUpdate


def make(timeline):
    path = tempfile.mkstemp(suffix=".rrd")[1]
    with rr.RecordingStream("app", recording_id="one") as recording:
        recording.save(path)
        for index in range(100):
            recording.set_time(timeline, sequence=index)
            recording.log("value", rr.Scalars(index))
    return path


with gr.Blocks() as demo:
    viewer, now = Rerun(height=400), gr.Textbox(label="Now")
    gr.Button("first").click(lambda: make("steps"), None, viewer)
    gr.Button("second").click(lambda: make("frames"), None, viewer)

    def show_time(event: TimeUpdate):
        return f"{event.timeline} {event.timeline_type}"

    viewer.time_update(show_time, None, now)

demo.launch()
