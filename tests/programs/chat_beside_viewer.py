"""Pattern: gr.ChatInterface whose answers change a viewer beside the chat (`additional_outputs`).
Whose: gradio-app/gradio, guide "Creating a chatbot fast" (additional outputs: a code canvas, a 3D model).
Its user asks for a shape and sees the answer in the chat and the shape in the viewer."""

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun


def answer(message, history):
    recording = rr.RecordingStream("chat")
    if "ball" in message:
        recording.log("ball", rr.Ellipsoids3D(radii=[1], colors=(240, 60, 60), fill_mode="solid"))
    else:
        recording.log("box", rr.Boxes3D(half_sizes=[1, 1, 1], colors=(60, 60, 240), fill_mode="solid"))
    return f"Here is shape {len(history) // 2 + 1}.", recording


with gr.Blocks() as demo, gr.Row():
    viewer = Rerun(render=False, height=400)
    with gr.Column():
        gr.ChatInterface(answer, additional_outputs=[viewer], api_name="chat")
    with gr.Column():
        viewer.render()

demo.launch()
