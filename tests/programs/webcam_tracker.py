"""Pattern: a webcam's `.stream` calls a plain function per frame, which logs the frame and what it tracks, and returns the bytes.
Whose: palscruz23/yolo-experiment and many like it (gr.Image(sources=["webcam"], streaming=True)), with a viewer as the output.
Its user starts the camera and sees its frames in one growing recording."""

import gradio as gr
import numpy as np
import rerun as rr

from gradio_rerun import Rerun


def track(frame, tracker):
    if frame is None:
        return gr.skip(), tracker
    if tracker is None:
        recording = rr.RecordingStream("tracker")
        tracker = {"recording": recording, "stream": recording.binary_stream(), "frame": 0}
    recording = tracker["recording"]
    recording.set_time("frame", sequence=tracker["frame"])
    tracker["frame"] += 1
    recording.log("camera", rr.Image(frame).compress(jpeg_quality=60))
    brightest = np.unravel_index(frame.sum(axis=2).argmax(), frame.shape[:2])
    recording.log("camera/brightest", rr.Points2D([brightest[::-1]], radii=8, colors=(255, 0, 255)))
    return tracker["stream"].read(), tracker


with gr.Blocks() as demo:
    tracker = gr.State(None)
    with gr.Row():
        camera = gr.Image(sources=["webcam"], streaming=True, label="Camera", type="numpy")
        viewer = Rerun(streaming=True, height=400)
    camera.stream(track, [camera, tracker], [viewer, tracker], stream_every=0.5)

demo.launch()
