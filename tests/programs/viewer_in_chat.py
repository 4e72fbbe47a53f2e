"""Pattern: a component as the content of a chat message, as gr.HTML and gr.Plot can be.
Whose: gradio-app/gradio#11358 (gr.Model3D in gr.Chatbot).
Its author gets an error when the app starts, which says where to put the viewer; gr.ChatInterface's way is chat_beside_viewer.py."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun

recording = rr.RecordingStream("chat")
recording.log("box", rr.Boxes3D(half_sizes=[1, 1, 1]))
messages = [
    {"role": "assistant", "content": gr.HTML("<b>plain</b>", render=False)},
    {"role": "assistant", "content": Rerun(recording, render=False)},
]
with gr.Blocks() as demo:
    gr.Chatbot(messages)

demo.launch()
