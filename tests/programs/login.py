"""Pattern: `launch(auth=...)`, and functions that read the user name (`gr.Request.username`); `demo.load` shows each user their own.
Whose: gradio-app/gradio, guide "Sharing your app" (authentication); lab dashboards.
Its user logs in and sees the recording with their name."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def mine(request: gr.Request):
    recording = rr.RecordingStream("lab", recording_id=f"of_{request.username}")
    recording.log("note", rr.TextDocument(f"of {request.username}"), static=True)
    return Rerun(recording, label=f"Recordings of {request.username}")


with gr.Blocks() as demo:
    viewer = Rerun(height=400)
    demo.load(mine, None, viewer)

demo.launch(auth=[("ada", "password"), ("bob", "password")])
