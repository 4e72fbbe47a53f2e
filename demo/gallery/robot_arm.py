"""A robot arm that follows sliders: `python demo/gallery/robot_arm.py`. Needs rerun-sdk 0.31, for `rerun.urdf`."""

import math
import tempfile
from pathlib import Path

import gradio as gr
import rerun as rr
import rerun.blueprint as rrb
from rerun.urdf import UrdfTree

from gradio_rerun import Rerun

# Of each joint, the axis that it turns about, and the length in meters of the link that it moves.
JOINTS = {"base": ("0 0 1", 0.15), "shoulder": ("0 1 0", 0.5), "elbow": ("0 1 0", 0.4), "wrist": ("0 1 0", 0.2)}
EYE = rrb.EyeControls3D(position=(1.4, -1.3, 0.9), look_target=(0.15, 0, 0.4))
VIEWS = rrb.Vertical(rrb.Spatial3DView(eye_controls=EYE), rrb.TimeSeriesView(origin="angles"), row_shares=[3, 1])


def make_robot(folder: Path) -> UrdfTree:
    """A chain of cylinders."""
    urdf, parent, end = '<robot name="arm"><link name="floor"/>', "floor", 0.0
    for name, (axis, length) in JOINTS.items():
        urdf += f"""<link name="{name}"><visual><origin xyz="0 0 {length / 2}"/>
            <geometry><cylinder radius="0.06" length="{length}"/></geometry>
            <material name="paint of {name}"><color rgba="{2 * length} 0.4 {0.6 - length} 1"/></material></visual></link>
            <joint name="{name}" type="revolute"><parent link="{parent}"/><child link="{name}"/>
            <origin xyz="0 0 {end}"/><axis xyz="{axis}"/><limit lower="-4" upper="4" effort="1" velocity="1"/></joint>"""
        parent, end = name, length
    (folder / "arm.urdf").write_text(urdf + "</robot>")
    return UrdfTree.from_file_path(folder / "arm.urdf")


def move(run: str | None, step: int, *angles: float) -> tuple[str, int, rr.RecordingStream]:
    """Adds a step to the visitor's own recording, which begins with the robot."""
    recording = rr.RecordingStream("robot_arm", recording_id=run)
    if not run:
        recording.send_blueprint(rrb.Blueprint(VIEWS, collapse_panels=True))
        ROBOT.log_urdf_to_recording(recording)
        for path in (path for name in JOINTS for path in ROBOT.get_visual_geometry_paths(name)):
            recording.log(path, rr.Cylinders3D.from_fields(fill_mode="solid"), static=True)
    recording.set_time("step", sequence=step)
    for name, angle in zip(JOINTS, angles, strict=True):
        recording.log(f"joints/{name}", ROBOT.get_joint_by_name(name).compute_transform(math.radians(angle)))
        recording.log(f"angles/{name}", rr.Scalars(angle))
    return recording.get_recording_id(), step + 1, recording


ROBOT = make_robot(Path(tempfile.mkdtemp()))
with gr.Blocks(title="Robot arm") as demo:
    viewer, run, step = Rerun(label="Robot arm", streaming=True, height=520), gr.State(), gr.State(0)
    with gr.Row():
        sliders = [gr.Slider(-150, 150, 30, step=1, label=name) for name in JOINTS]
    moves = [demo.load, *(each.input for each in sliders)]
    gr.on(moves, move, [run, step, *sliders], [run, step, viewer], trigger_mode="always_last")

if __name__ == "__main__":
    demo.launch()
