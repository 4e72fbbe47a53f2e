"""Replay of a dataset of episodes, in which visitors mark what they click: `python demo/gallery/episodes.py`."""

import tempfile
from pathlib import Path

import gradio as gr
import numpy as np
import rerun as rr

from gradio_rerun import Rerun
from gradio_rerun.events import SelectionChange, TimeUpdate


def write_episode(number: int) -> Path:
    """Stands for a real one: a gripper carries a block from one place to another."""
    path, begin, end = Path(tempfile.mkdtemp()) / f"episode_{number}.rrd", 40 + 25 * number, 280 - 20 * number
    y, x = np.mgrid[0:180, 0:320]
    recording = rr.RecordingStream("pick_and_place", recording_id=path.stem)
    recording.save(path)
    for frame, hand in enumerate(np.interp(range(60), [0, 15, 45, 59], [160, begin, end, 160])):
        block, turn = np.interp(frame, [15, 45], [begin, end]), np.interp(frame, [15, 45], [0, np.pi])
        below = y + 70 * np.sin(turn)
        image = np.full((180, 320, 3), (45, 50, 60), np.uint8)
        image[(abs(x - block) < 12) & (abs(below - 148) < 12)] = 230, 150, 50
        image[(abs(x - hand) < 16) & (abs(below - 130) < 6) | (abs(x - hand) < 4) & (below < 130)] = 170, 190, 220
        recording.set_time("frame", sequence=frame)
        recording.log("camera", rr.Image(image).compress())
        recording.log("gripper/closed", rr.Scalars(float(15 <= frame < 45)))
    recording.flush()
    return path


def mark(rows: list[list], frame: int, event: SelectionChange) -> dict | tuple[rr.RecordingStream, list[list]]:
    """Logs a point where the visitor has clicked, into the episode on screen, and writes it into the table."""
    places = [item.position[:2] for item in event.items if item.type == "entity" and item.position]
    if not places:
        return gr.skip()
    recording = rr.RecordingStream(event.application_id, recording_id=event.recording_id)
    recording.set_time("frame", sequence=frame)
    recording.log("camera/mark", rr.Points2D(places, radii=4, colors=[255, 60, 90]))
    return recording, [*rows, *([event.recording_id, frame, *map(round, place)] for place in places)]


def tell_frame(event: TimeUpdate) -> int:
    """The frame on screen."""
    return event.time


FILES = [(path.stem, str(path)) for path in map(write_episode, range(4))]
with gr.Blocks(title="Episodes") as demo:
    episode = gr.Dropdown(FILES, label="Episode", info="Click into the picture to mark what you see.")
    viewer = Rerun(FILES[0][1], streaming=True, panel_states={"blueprint": "hidden", "selection": "hidden"}, height=480)
    table, frame = gr.Dataframe(headers=["episode", "frame", "x", "y"], type="array", label="Marks"), gr.State(0)
    episode.input(str, episode, viewer)
    viewer.time_update(tell_frame, None, frame)
    viewer.selection_change(mark, [table, frame], [viewer, table])

if __name__ == "__main__":
    demo.launch()
