"""Pattern: `demo.load` starts a generator that reads one BinaryStream of a running robot for as long as the page is open; `evt.payload.time`.
Whose: an app around a robot's RecordingStream (`build_gradio_interface(rec, stop_streaming_event)`), and rerun-io/gradio-rerun-viewer's events.
Its user opens the page and sees the robot move, without a click, and the time beside it."""

import threading
import time

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun
from gradio_rerun.events import TimelineChange, TimeUpdate

recording = rr.RecordingStream("robot")
stop = threading.Event()


def robot():
    for step in range(10_000):
        recording.set_time("step", sequence=step)
        recording.log("arm/joint", rr.Points3D([[step % 40, 0, 0]], radii=1))
        if stop.wait(0.1):
            break


def initialize():
    stream = recording.binary_stream()
    while not stop.is_set():
        if data := stream.read():
            yield data
        else:
            time.sleep(0.05)


with gr.Blocks() as demo:
    viewer = Rerun(streaming=True, panel_states={"time": "collapsed", "blueprint": "hidden", "selection": "hidden"})
    now, timeline = gr.Number(label="Time"), gr.Textbox(label="Timeline")
    demo.load(initialize, [], [viewer])

    def track_time(evt: TimeUpdate):
        return evt.payload.time

    def track_timeline(evt: TimelineChange):
        return evt.payload.timeline

    viewer.time_update(track_time, outputs=[now])
    viewer.timeline_change(track_timeline, outputs=[timeline])

threading.Thread(target=robot, daemon=True).start()
demo.launch()
