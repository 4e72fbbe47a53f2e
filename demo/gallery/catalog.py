"""A catalog of recordings on a Rerun server, of which visitors see what they choose: `pip install "rerun-sdk[catalog]"`, `python demo/gallery/catalog.py`."""

import tempfile

import gradio as gr
import numpy as np
import rerun as rr

from gradio_rerun import Rerun
from gradio_rerun.events import SelectionChange


def write_dataset(name: str, turns: float) -> str:
    """Stands for a folder of real recordings: drones that climb along spirals."""
    folder = tempfile.mkdtemp()
    for number in range(1, 5):
        recording = rr.RecordingStream(name, recording_id=f"{name}_{number}")
        recording.save(f"{folder}/{name}_{number}.rrd")
        angle = np.linspace(0, turns * 2 * np.pi, 50)
        path = np.stack([number * np.cos(angle), number * np.sin(angle), angle / 3], axis=1)
        recording.log("path", rr.LineStrips3D([path], radii=0.06, colors=[60, 130, 220]), static=True)
        for step, place in enumerate(path):
            recording.set_time("step", sequence=step)
            recording.log("drone", rr.Points3D([place], radii=0.15, colors=[240, 120, 40]))
        recording.disconnect()
    return folder


FOLDERS = {"spirals": write_dataset("spirals", 3), "circles": write_dataset("circles", 1)}
server = rr.server.Server(host="127.0.0.1", datasets=FOLDERS)
catalog = server.client()


def list_segments(name: str) -> list[list[str]]:
    """One row for each recording of the dataset."""
    return [[segment] for segment in sorted(catalog.get_dataset(name).segment_ids())]


def open_segment(name: str, event: gr.SelectData) -> str:
    """The address of the recording in the row that was clicked."""
    return catalog.get_dataset(name).segment_url(event.row_value[0])


def annotate(rows: list[list], event: SelectionChange) -> list[list]:
    """Adds what was clicked to the table."""
    return [*rows, *([event.recording_id, item.entity_path] for item in event.items if item.type == "entity")]


with gr.Blocks(title="Catalog") as demo:
    dataset = gr.Dropdown(list(FOLDERS), label="Dataset")
    with gr.Row():
        segments = gr.Dataframe(list_segments, inputs=dataset, headers=["recording"], interactive=False)
        viewer = Rerun(server, panel_states={"blueprint": "hidden", "selection": "hidden"}, height=480, scale=3)
    marks = gr.Dataframe(headers=["recording", "entity"], type="array", label="What visitors have clicked")
    segments.select(open_segment, dataset, viewer)
    viewer.selection_change(annotate, marks, marks)

if __name__ == "__main__":
    demo.launch()
