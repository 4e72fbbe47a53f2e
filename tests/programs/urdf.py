"""Pattern: the path of a robot description as the value; sliders of joints log transforms into the recording that is on screen.
Whose: nerfstudio-project/viser, examples/04_demos/02_urdf_visualizer.py; huggingface/lerobot-dataset-visualizer (URDF panel).
Its user sees the robot, moves a slider, and sees it move."""

import tempfile
from pathlib import Path

import gradio as gr
import rerun as rr

from gradio_rerun import Rerun

ROBOT = """<robot name="arm">
  <material name="red"><color rgba="0.9 0.1 0.1 1"/></material>
  <link name="base"><visual><geometry><box size="1 1 1"/></geometry><material name="red"/></visual></link>
  <link name="arm"><visual><geometry><box size="0.2 0.2 1"/></geometry><material name="red"/></visual></link>
  <joint name="shoulder" type="prismatic">
    <parent link="base"/><child link="arm"/><origin xyz="0 0 1"/><axis xyz="0 0 1"/>
    <limit lower="0" upper="1" effort="1" velocity="1"/>
  </joint>
</robot>"""
path = Path(tempfile.mkdtemp()) / "arm.urdf"
path.write_text(ROBOT)


def move(height):
    recording = rr.RecordingStream("arm", recording_id="arm")
    recording.log_file_from_path(path)
    recording.log("height", rr.Scalars(height))
    return recording


with gr.Blocks() as demo:
    viewer = Rerun(path, height=450)
    gr.Slider(0, 1, label="Shoulder").release(move, gr.Number(0.5, label="Height"), viewer)
    gr.Button("Move").click(move, gr.Number(0.5, visible=False), viewer)

demo.launch()
