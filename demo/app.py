"""The Rerun viewer in a Gradio app: `python demo/app.py`. README.md next to it tells how to make it a Space."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import rerun as rr
import rerun.blueprint as rrb
from PIL import Image, ImageFilter
from simulated import EPISODES, FRAMES, episode, film, sample_picture, start_robot

from gradio_rerun import LiveState, Rerun, ViewerClient, commands, export, link, mcp_tools
from gradio_rerun.events import SelectionChange, TimeUpdate
from gradio_rerun.live_state import LiveViewerState

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
    # Another text may be a path, as file:///run.rrd is: visitors must not open the server's files.
    if not re.match(r"(https?|rerun(\+https?)?)://", url):
        # Gradio takes messages for HTML.
        raise gr.Error(
            f"{html.escape(url)} is not a URL that can be opened. Start it with https:// or rerun://.",
            print_exception=False,
        )
    return url


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


Mark = tuple[int, tuple[float, float]]


def mark(state: LiveViewerState, marks: list[Mark], event: SelectionChange) -> tuple[Any, list[Mark], str]:
    """Logs a point where the visitor has clicked, into the recording on screen. Also returns what the visitor has selected."""
    selected = ", ".join(item.entity_path for item in event.items if item.type == "entity")
    points = [item.position[:2] for item in event.items if item.type == "entity" and item.position]
    if not points or state is None or state.time is None:
        return gr.skip(), marks, selected
    marks = [*marks, *((state.time, point) for point in points)]
    recording = rr.RecordingStream(event.application_id, recording_id=event.recording_id)
    stream = recording.binary_stream()
    recording.set_time("frame", sequence=state.time)
    recording.log(
        "film/marks", rr.Points2D([point for at, point in marks if at == state.time], radii=3, colors=[255, 60, 90])
    )
    return stream.read(), marks, selected


def tell_time(event: TimeUpdate) -> str:
    """The time on screen."""
    return f"{event.timeline} {event.time}"


def next_episode(number: float) -> tuple[float, rr.RecordingStream]:
    """The number of the next episode, and the episode."""
    number = min(number + 1, EPISODES - 1)
    return number, episode(number)


def tab_of_link(request: gr.Request) -> Any:
    """The tab with the viewer of a link to a moment."""
    linked = any(name.startswith("rerun-moment.") for name in request.query_params)
    return gr.Tabs(selected="moments") if linked else gr.skip()


def commands_tab() -> None:
    """Buttons that control a viewer, and show its answers."""
    gr.Markdown("Buttons of the app control the viewer. Functions get its answers.")
    viewer = Rerun(film, label="Film", height=480)
    client = ViewerClient(viewer)
    with gr.Row():
        play, pause = gr.Button("Play"), gr.Button("Pause")
        middle, point = gr.Button("Go to the middle"), gr.Button("Point at the play button")
        describe, shoot = gr.Button("List the entities"), gr.Button("Take a picture")
    with gr.Row():
        entities, picture = gr.JSON(label="Entities"), gr.Image(label="Picture", height=240)

    async def paths() -> list[str]:
        schema = await client.get_recording_schema(paths_only=True)
        return [entity.entity_path for entity in schema.entities]

    async def screenshot() -> str:
        return await client.take_screenshot(max_size=800)

    play.click(lambda: commands.set_time(play_state="playing"), None, viewer)
    pause.click(lambda: commands.set_time(play_state="paused"), None, viewer)
    middle.click(lambda: commands.set_time("frame", sequence=FRAMES // 2), None, viewer)
    point.click(lambda: commands.highlight_rect((8, 304, 140, 36), "Here"), None, viewer)
    describe.click(paths, None, entities)
    shoot.click(screenshot, None, picture)


def zipped_page(recording: Path, title: str) -> Iterator[str]:
    """A ZIP file with a page that shows the recording, for any web server."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page")
        export(recording, page, title=title)
        yield shutil.make_archive(str(page), "zip", page)  # Gradio copies the file before the folder is deleted


def build(examples: dict[str, Path], robot: str | None = None) -> gr.Blocks:
    """The app; `examples` are recordings by title, `robot` is the URL of a live one."""
    with gr.Blocks(title="Rerun in Gradio", delete_cache=(3600, 86400)) as demo:
        gr.Markdown("# Rerun in Gradio\nThe viewer of [Rerun](https://rerun.io) as a component of a Gradio app.")
        tabs = gr.Tabs()
        demo.load(tab_of_link, None, tabs, api_visibility="private")

        with tabs, gr.Tab("Your recording"):
            gr.Markdown(
                "Drop recordings (`.rrd`) on the first button at the top right, or click it. Other files are converted to recordings: images, "
                "videos, meshes, point clouds, `.urdf`, `.mcap`. Or type the URL of a recording or of a Rerun server."
            )
            with gr.Row():
                url = gr.Textbox(label="URL", placeholder="https://example.com/recording.rrd", scale=4)
                run = gr.Button("Open", variant="primary", scale=1)
            first = next(iter(examples.values()))
            viewer = Rerun(first, label="Your recording", height=720, interactive=True, file_count="multiple")
            gr.on([run.click, url.submit], open_url, url, viewer)

        with tabs, gr.Tab("Examples"):
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

        with tabs, gr.Tab("Streaming"):
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

        with tabs, gr.Tab("Episodes"):
            gr.Markdown("A dataset is shown episode by episode: choose one, or go on to the next.")
            with gr.Row():
                number = gr.Slider(0, EPISODES - 1, step=1, label="Episode", scale=4)
                following = gr.Button("Next episode", scale=1)
            episodes = Rerun(lambda: episode(0), label="Episode", height=480)
            number.release(episode, number, episodes)
            following.click(next_episode, number, [number, episodes])

        if robot:
            with tabs, gr.Tab("Live robot"):
                gr.Markdown(
                    "A simulated arm logs at this moment. Its data comes through the port and the login of this app."
                )
                Rerun(robot, label="Live", height=480)

        with tabs, gr.Tab("Events"):
            gr.Markdown("Click into the picture: the point is logged into the recording. Or play it.")
            viewer = Rerun(film, label="Film", streaming=True, height=480)
            with gr.Row():
                now, selected = gr.Textbox(label="Time"), gr.Textbox(label="Selection")
            marks = gr.State([])
            viewer.time_update(tell_time, None, now)
            viewer.selection_change(
                mark, [LiveState(viewer), marks], [viewer, marks, selected], api_visibility="private"
            )

        with tabs, gr.Tab("Linked viewers"):
            gr.Markdown("Play one of the films, or move its time: the other one follows. The slider moves both.")
            with gr.Row():
                left = Rerun(film, label="One film", height=480, time_controls=False)
                right = Rerun(lambda: film((90, 200, 140)), label="Another one", height=480, time_controls=False)
            link(left, right)
            slider = gr.Slider(0, FRAMES - 1, step=1, label="Frame")
            slider.input(lambda frame: commands.set_time("frame", sequence=frame), slider, left)

        with tabs, gr.Tab("Commands"):
            commands_tab()

        if find_spec("mcp"):
            with tabs, gr.Tab("Agents"):
                gr.Markdown(
                    "Connect an agent to the MCP server of this app, at `/gradio_api/mcp/`. Press the button, and give the agent the token. "
                    "It can then see this viewer, and control it."
                )
                mcp_tools(Rerun(film, label="For you and your agent", height=480))

        with tabs, gr.Tab("Moments", id="moments"):
            gr.Markdown("Go to a frame, and press the first button at the top right. It copies a link to what you see.")
            Rerun(film, label="Film", height=480, buttons=["link", "fullscreen"], elem_id="moment")

        with tabs, gr.Tab("Project page"):
            gr.Markdown(
                "Makes a web page of a recording. Unpack the file on GitHub Pages or any other web server: the page needs no Python."
            )
            with gr.Row():
                chosen = gr.Dropdown(list(examples), label="Recording", scale=3)
                heading = gr.Textbox("Figure 1", label="Title", max_length=100, scale=2)
                make = gr.Button("Make the page", variant="primary", scale=1)

            def make_page(chosen: str, heading: str) -> Iterator[str]:
                yield from zipped_page(examples[chosen], heading)

            make.click(make_page, [chosen, heading], gr.File(label="Page"))
    return demo


if __name__ == "__main__":
    demo = build(log_examples(), start_robot())
    # Gradio serves files of the working directory by default, and this may be another one.
    demo.launch(allowed_paths=[str(RECORDINGS)], mcp_server=find_spec("mcp") is not None)
