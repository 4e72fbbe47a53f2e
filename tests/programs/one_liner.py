"""Pattern: gr.Interface with a lambda and a gr.File, the first program of most READMEs; a mesh instead of a recording (gr.Model3D's).
Whose: gradio-app/gradio, demo/model3D (`gr.Interface(load_mesh, gr.Model3D(), gr.Model3D())`).
Its user uploads a file and presses Submit, and sees it; Clear empties both."""

import gradio as gr

from gradio_rerun import Rerun

demo = gr.Interface(lambda path: path, gr.File(label="Mesh"), Rerun(height=500), flagging_mode="never")
demo.launch()
