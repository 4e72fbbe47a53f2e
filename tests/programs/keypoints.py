"""Pattern: clicks become keypoints; a generator logs all of them into the recording on screen; a radio chooses their kind; "Clear" logs rr.Clear.
Whose: pablovela5620/sam2-depthanything (a Space for SAM 2) and rerun-io/gradio-rerun-viewer, demo/app.py.
Its user clicks into the picture and sees a point there."""

import uuid

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb

from gradio_rerun import Rerun
from gradio_rerun.events import SelectionChange


def get_recording(recording_id):
    return rr.RecordingStream("keypoints", recording_id=recording_id)


def load():
    recording_id = uuid.uuid4()
    recording = get_recording(recording_id)
    stream = recording.binary_stream()
    recording.send_blueprint(rrb.Blueprint(rrb.Spatial2DView(origin="world/video"), collapse_panels=True))
    recording.set_time("video_time", sequence=0)
    recording.log("world/video", rr.Image(np.full((100, 200, 3), 60, np.uint8)))
    stream.flush()
    yield stream.read(), recording_id, {"include": [], "exclude": []}


def update_keypoints(recording_id, kind, keypoints, request: gr.Request, evt: SelectionChange):
    if recording_id is None or len(evt.items) != 1:
        return
    item = evt.items[0]
    if item.type != "entity" or item.position is None:
        return
    keypoints[kind].append(item.position[:2])
    recording = get_recording(recording_id)
    stream = recording.binary_stream()
    recording.set_time("video_time", sequence=0)
    color = (0, 255, 0) if kind == "include" else (255, 0, 0)
    recording.log(f"{item.entity_path}/{kind}", rr.Points2D(keypoints[kind], colors=color, radii=12))
    stream.flush()
    yield stream.read(), keypoints


with gr.Blocks() as demo:
    recording_id, keypoints = gr.State(), gr.State({})
    kind = gr.Radio(["include", "exclude"], value="include", label="point type")
    viewer = Rerun(streaming=True, panel_states={"time": "collapsed", "blueprint": "hidden", "selection": "hidden"})
    demo.load(load, None, [viewer, recording_id, keypoints])
    viewer.selection_change(update_keypoints, [recording_id, kind, keypoints], [viewer, keypoints])

demo.launch()
