"""The Rerun viewer in a Gradio app: `python demo/app.py`. README.md next to it tells how to make it a Space."""

from __future__ import annotations

import html
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb
from PIL import Image, ImageFilter

from gradio_rerun import Rerun, commands, link
from gradio_rerun.events import Screenshot, SelectionChange, TimeUpdate

HERE = Path(__file__).parent
RECORDINGS = HERE / "recordings"
# In a Space, the scripts' folder lies next to this file.
SCRIPTS = next(folder for folder in (HERE / "examples", HERE.parent / "examples") if folder.is_dir())

EXAMPLES = {
    "RRT*: a planner grows a tree of paths through a floor plan": "rrt_star",
    "RGB-D: a camera flies through a living room and scans it": "rgbd",
    "Structure from motion: a temple, measured from pictures": "structure_from_motion",
}


def log_examples(folder: Path = RECORDINGS) -> dict[str, Path]:
    """The recording of each example: logged by its script now, unless that was done before."""
    folder.mkdir(parents=True, exist_ok=True)
    recordings = {title: folder / f"{name}.rrd" for title, name in EXAMPLES.items()}
    for number, recording in enumerate(recordings.values(), start=1):
        script = SCRIPTS / f"{recording.stem}.py"
        if recording.exists() and recording.stat().st_mtime > script.stat().st_mtime:
            continue
        print(f"Logging example {number} of {len(recordings)}: {recording.name}", flush=True)
        unfinished = recording.with_suffix(".part")
        subprocess.run([sys.executable, script, "-o", unfinished], check=True, stdout=subprocess.DEVNULL)
        unfinished.replace(recording)
    return recordings


def open_url(url: str) -> Any:
    """What the viewer shows for the URL that a visitor gives."""
    url = url.strip()
    if not url:
        gr.Warning("Nothing to open: give a URL, then press Open.")
        return gr.skip()  # what is in the viewer stays there
    # A text that is no URL would be a path: visitors must not open the server's files.
    if "://" not in url:
        # Gradio takes messages for HTML.
        raise gr.Error(
            f"{html.escape(url)} is no URL: it should start with https:// or rerun://", print_exception=False
        )
    return url


def sample_picture(size: int = 320) -> np.ndarray:
    """Something to blur: rings and a checkerboard."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    rings = 127 + 127 * np.sin(40 * np.hypot(x, y))
    board = 255 * ((np.floor(6 * x) + np.floor(6 * y)) % 2)
    return np.stack([rings, board, rings[:, ::-1] * (x > 0)], axis=2).astype(np.uint8)


def blur_again_and_again(picture: np.ndarray | None, times: float) -> Iterator[bytes | None]:
    """Blurs a picture, and streams each step and how sharp it is."""
    if picture is None:
        raise gr.Error("Nothing to blur: choose a picture first.", print_exception=False)
    recording = rr.RecordingStream("gradio_rerun_blur")
    stream = recording.binary_stream()
    views = rrb.Horizontal(
        rrb.Spatial2DView(origin="original", name="Original"),
        rrb.Spatial2DView(origin="blurred", name="Blurred"),
        rrb.TimeSeriesView(origin="sharpness", name="Sharpness"),
    )
    recording.send_blueprint(rrb.Blueprint(views, collapse_panels=True))
    recording.log("original", rr.Image(picture), static=True)
    blurred = Image.fromarray(picture)
    for step in range(int(times)):
        recording.set_time("step", sequence=step)
        recording.log("blurred", rr.Image(np.asarray(blurred)))
        recording.log("sharpness", rr.Scalars(float(np.abs(np.diff(np.asarray(blurred, float), axis=0)).mean())))
        yield stream.read()
        blurred = blurred.filter(ImageFilter.GaussianBlur(1))


FRAMES = 60
Mark = tuple[int, tuple[float, float]]


def film() -> rr.RecordingStream:
    """A ball that bounces through a picture. The viewer opens it paused, so that two viewers start at the same frame."""
    recording = rr.RecordingStream("gradio_rerun_film")
    time_panel = rrb.TimePanel(state="expanded", play_state="paused")
    recording.send_blueprint(rrb.Blueprint(rrb.Spatial2DView(origin="film"), time_panel, collapse_panels=True))
    y, x = np.mgrid[0:180, 0:320]
    for frame in range(FRAMES):
        recording.set_time("frame", sequence=frame)
        at = 30 + frame * 4.4, 150 - 110 * abs(np.sin(frame / 6))
        ball = np.hypot(x - at[0], y - at[1]) < 18
        recording.log("film", rr.Image(np.where(ball[..., None], [250, 170, 40], [35, 40, 60]).astype(np.uint8)))
    return recording


def mark(frame: int, marks: list[Mark], event: SelectionChange) -> tuple[Any, list[Mark]]:
    """Logs a point where the visitor has clicked, into the recording on screen."""
    points = [item.position[:2] for item in event.items if item.type == "entity" and item.position]
    if not points:
        return gr.skip(), marks
    marks = [*marks, *((frame, point) for point in points)]
    recording = rr.RecordingStream(event.application_id, recording_id=event.recording_id)
    stream = recording.binary_stream()
    recording.set_time("frame", sequence=frame)
    recording.log(
        "film/marks", rr.Points2D([point for at, point in marks if at == frame], radii=3, colors=[255, 60, 90])
    )
    return stream.read(), marks


def tell_time(event: TimeUpdate) -> int:
    """The frame that is shown."""
    return event.time


def add_picture(pictures: list[str], event: Screenshot) -> tuple[list[str], list[str]]:
    """The pictures taken so far."""
    return [*pictures, event.path], [*pictures, event.path]


EPISODES = 20


def arm_at(time: float) -> np.ndarray:
    """The joints of an arm with three links, from its base to its hand."""
    angles = np.cumsum([0.9 + 0.5 * np.sin(time), -1 + 0.6 * np.sin(1.7 * time), -0.6 + 0.4 * np.sin(2.3 * time)])
    links = np.stack([np.cos(angles) * np.cos(time / 3), np.cos(angles) * np.sin(time / 3), np.sin(angles)], axis=1)
    return np.vstack([np.zeros(3), np.cumsum(links, axis=0)])


def log_arm(recording: rr.RecordingStream, time: float) -> None:
    """Logs where the arm is, and how high its hand."""
    joints = arm_at(time)
    recording.set_time("time", duration=time)
    recording.log("arm", rr.LineStrips3D([joints], radii=0.05), rr.Points3D(joints, radii=0.1))
    recording.log("height", rr.Scalars(float(joints[-1, 2])))


def arm_layout() -> rrb.Blueprint:
    """The arm beside the height of its hand."""
    views = rrb.Horizontal(rrb.Spatial3DView(origin="arm"), rrb.TimeSeriesView(origin="height"))
    return rrb.Blueprint(views, collapse_panels=True)


def episode(number: float) -> rr.RecordingStream:
    """One episode of a dataset: three seconds of an arm that starts elsewhere in each."""
    recording = rr.RecordingStream("gradio_rerun_episodes", recording_id=f"episode_{int(number)}")
    recording.send_blueprint(arm_layout())
    for time in np.arange(0, 3, 0.1):
        log_arm(recording, 3 * number + time)
    return recording


def next_episode(number: float) -> tuple[float, rr.RecordingStream]:
    """The number of the next episode, and the episode."""
    number = min(number + 1, EPISODES - 1)
    return number, episode(number)


def start_robot(port: int | None = None) -> str:
    """Simulates an arm in a thread, as long as this process runs. Returns the URL of what the arm logs."""
    recording = rr.RecordingStream("gradio_rerun_robot")
    url = recording.serve_grpc(grpc_port=port, default_blueprint=arm_layout(), server_memory_limit="50MB")

    def run() -> None:
        for step in itertools.count():
            log_arm(recording, step / 10)
            sleep(0.1)

    Thread(target=run, daemon=True).start()
    return url


def build(examples: dict[str, Path], robot: str | None = None) -> gr.Blocks:
    """The app; `examples` are recordings by title, `robot` is the URL of a live one."""
    with gr.Blocks(title="Rerun in Gradio") as demo:
        gr.Markdown("# Rerun in Gradio\nThe viewer of [Rerun](https://rerun.io) as a component of a Gradio app.")

        with gr.Tab("Your recording"):
            gr.Markdown(
                "Drop recordings (`.rrd`) on the first button at the top right, or click it. Rerun can turn much else into one: images, videos, "
                "sounds, meshes, point clouds, `.urdf`, `.mcap`. Or give the URL of a recording or of a Rerun server."
            )
            with gr.Row():
                url = gr.Textbox(label="URL", placeholder="https://example.com/recording.rrd", scale=4)
                run = gr.Button("Open", variant="primary", scale=1)
            first = next(iter(examples.values()))
            viewer = Rerun(first, label="Your recording", height=720, interactive=True, file_count="multiple")
            gr.on([run.click, url.submit], open_url, url, viewer)

        with gr.Tab("Examples"):
            title = gr.Textbox(visible=False)
            example = Rerun(label="Example", height=720, render=False)
            gr.Examples(
                list(examples),
                inputs=title,
                outputs=example,
                fn=lambda title: examples[title],
                run_on_click=True,
                cache_examples=False,  # as a Space would: the recordings are files already
                label="Click one; a script logged it when this app was first started",
            )
            example.render()

        with gr.Tab("Streaming"):
            gr.Markdown("A picture is blurred again and again; each step is shown as soon as it is there.")
            with gr.Row():
                picture = gr.Image(sample_picture(), label="Picture", type="numpy", height=240)
                with gr.Column():
                    times = gr.Slider(10, 500, value=100, step=10, label="How often")
                    blur = gr.Button("Blur", variant="primary")
                    stop = gr.Button("Stop")
                    forget = gr.Button("Clear")
            stream = Rerun(label="Stream", streaming=True, height=480)
            running = blur.click(blur_again_and_again, [picture, times], stream)
            stop.click(None, None, None, cancels=running)
            forget.click(lambda: None, None, stream)

        with gr.Tab("Episodes"):
            gr.Markdown("A dataset is shown episode by episode: choose one, or go on to the next.")
            with gr.Row():
                number = gr.Slider(0, EPISODES - 1, step=1, label="Episode", scale=4)
                following = gr.Button("Next episode", scale=1)
            episodes = Rerun(lambda: episode(0), label="Episode", height=480)
            number.release(episode, number, episodes)
            following.click(next_episode, number, [number, episodes])

        if robot:
            with gr.Tab("Live robot"):
                gr.Markdown(
                    "A simulated arm logs at this moment. Its data comes through the port and the login of this app."
                )
                Rerun(robot, label="Live", height=480)

        with gr.Tab("Events"):
            gr.Markdown(
                "Click into the left viewer: the point is logged into its recording. Move the time of one viewer, and the other "
                "follows; the slider moves both."
            )
            with gr.Row():
                left = Rerun(film, label="Click here", streaming=True, height=480, time_controls=False)
                right = Rerun(film, label="In step", height=480, time_controls=False)
            with gr.Row():
                slider = gr.Slider(0, FRAMES - 1, step=1, label="Frame")
                play, pause, shoot = gr.Button("Play"), gr.Button("Pause"), gr.Button("Take a picture")
            gallery = gr.Gallery(label="Pictures", height=240, columns=4)
            frame, marks, pictures = gr.State(0), gr.State([]), gr.State([])
            left.time_update(tell_time, None, frame)
            left.selection_change(mark, [frame, marks], [left, marks])
            link(left, right)
            slider.input(lambda frame: [commands.set_time("frame", sequence=frame)] * 2, slider, [left, right])
            play.click(lambda: commands.set_time(play_state="playing"), None, left)
            pause.click(lambda: commands.set_time(play_state="paused"), None, left)
            shoot.click(lambda: commands.take_screenshot(max_size=800), None, left)
            left.screenshot(add_picture, pictures, [pictures, gallery])
    return demo


if __name__ == "__main__":
    demo = build(log_examples(), start_robot())
    # Gradio serves files of the working directory without being told, and this may be another one.
    demo.launch(allowed_paths=[str(RECORDINGS)])
