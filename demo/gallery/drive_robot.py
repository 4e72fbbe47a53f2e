"""A robot that visitors watch and drive, by keys or on a phone: `python demo/gallery/drive_robot.py`, user "operator", password "robot"."""

import threading
import time
from functools import partial

import gradio as gr
import rerun as rr
import rerun.blueprint as rrb

from gradio_rerun import Rerun
from gradio_rerun.events import KeyInput

MOVES = {"a": (-1, 0), "w": (0, -1), "s": (0, 1), "d": (1, 0)}
LAYOUT = rrb.Spatial2DView(visual_bounds=rrb.VisualBounds2D(x_range=(-10, 10), y_range=(-6, 6)))


class Robot:
    """Stands for a program on the robot, which serves what it logs. It stops when no key or button has been reported for half a second."""

    def __init__(self) -> None:
        self.recording = rr.RecordingStream("robot")
        self.url = self.recording.serve_grpc(default_blueprint=LAYOUT, server_memory_limit="10MB")
        self.speed, self.place, self.moves, self.until = 4.0, (0.0, 0.0), (), 0.0
        threading.Thread(target=self._run, daemon=True).start()

    def drive(self, *moves: str) -> None:
        """Drives for half a second, or until the next call."""
        self.moves, self.until = moves, time.monotonic() + 0.5

    def _run(self) -> None:
        while True:
            for right, down in [MOVES[each] for each in self.moves if time.monotonic() < self.until]:
                x, y = self.place[0] + right * self.speed / 20, self.place[1] + down * self.speed / 20
                self.place = max(-9, min(9, x)), max(-5, min(5, y))
            self.recording.log("robot", rr.Points2D([self.place], radii=0.4, colors=(255, 170, 0)))
            time.sleep(0.05)


robot = Robot()

with gr.Blocks(title="Drive the robot") as demo:
    panels = dict.fromkeys(["top", "blueprint", "selection", "time"], "hidden")
    viewer = Rerun(robot.url, label="Click, then W A S D", keys=list(MOVES), panel_states=panels, height=420)
    with gr.Row():
        for text, move in zip("◀▲▼▶", MOVES, strict=True):
            gr.Button(text, min_width=60).click(partial(robot.drive, move), concurrency_limit=None)
    speed = gr.Slider(1, 10, robot.speed, label="Speed")
    speed.input(partial(setattr, robot, "speed"), speed)

    @viewer.key_input(concurrency_limit=None)
    def drive(event: KeyInput) -> None:
        """By the keys that are held: none, when the last one is released."""
        robot.drive(*event.held)


if __name__ == "__main__":
    demo.launch(auth=("operator", "robot"))
