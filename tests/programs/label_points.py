"""Pattern: a point labeller with its state in a global dict; generators that `return` without a yield when there is nothing to do; Undo.
Whose: a labelling tool for hand-object data (gr.Dropdown returned beside `stream.read()`; `_on_select`, `_on_undo`, `_on_save`).
Its user clicks points, which change their color, and takes that back."""

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb

from gradio_rerun import Rerun
from gradio_rerun.events import SelectionChange

STATE = {"labels": [0, 0, 0], "history": []}
COLORS = [(120, 120, 120), (0, 200, 0), (0, 0, 250)]


def log_points():
    recording = rr.RecordingStream("labels", recording_id="object")
    stream = recording.binary_stream()
    recording.send_blueprint(rrb.Blueprint(rrb.Spatial2DView(origin="scan"), collapse_panels=True))
    colors = [COLORS[label] for label in STATE["labels"]]
    recording.log("scan", rr.Image(np.full((100, 300, 3), 250, np.uint8)), static=True)
    recording.log("scan/points", rr.Points2D([[50, 50], [150, 50], [250, 50]], radii=40, colors=colors), static=True)
    stream.flush()
    return stream.read()


def on_load():
    yield log_points(), gr.Dropdown(choices=["1", "2"], value="1"), "Loaded"


def on_select(label, event: SelectionChange):
    points = [item.instance_id for item in event.items if item.type == "entity" and item.instance_id is not None]
    if not points:
        return
    STATE["history"].append(list(STATE["labels"]))
    STATE["labels"][points[0]] = int(label)
    yield log_points(), f"Point {points[0]} is {label}"


def on_undo():
    if not STATE["history"]:
        return
    STATE["labels"] = STATE["history"].pop()
    yield log_points(), "Undone"


with gr.Blocks() as demo:
    panels = {"time": "collapsed", "blueprint": "hidden", "selection": "hidden"}
    viewer = Rerun(streaming=True, panel_states=panels, height=400)
    label, status = gr.Dropdown(choices=["0"], value="0", label="Label"), gr.Textbox(label="Status")
    gr.Button("Load").click(on_load, None, [viewer, label, status])
    viewer.selection_change(on_select, label, [viewer, status])
    gr.Button("Undo").click(on_undo, None, [viewer, status])

demo.launch()
