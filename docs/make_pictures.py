"""Makes the pictures of the docs from the running component: `.venv/bin/python docs/make_pictures.py [NAME ...]`."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import gradio as gr
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from gradio_rerun import Rerun, commands, export
from gradio_rerun._episode_browser import episode_browser

IMAGES = Path(__file__).parent / "images"
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests", "tests/browser", "examples")]

import components  # noqa: E402
import rrt_star  # noqa: E402
from conftest import CHROMIUM, FLAGS, SOFTWARE_GL  # noqa: E402
from http_server import http_server  # noqa: E402
from lerobot_datasets import lerobot_v3  # noqa: E402
from seen import click_at, wait_until  # noqa: E402
from test_gallery import click_on_path, click_row, load  # noqa: E402
from viewer_page import ViewerPage  # noqa: E402


def picture_of(demo: gr.Blocks, page: ViewerPage, use: Callable[[], object]) -> bytes:
    """The app after `use`, when the viewer's notifications are gone."""
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    page.open(f"{url}?__theme=light")
    use()
    expect(page.viewer()).to_have_attribute("data-state", "ready", timeout=60_000)
    page.page.mouse.move(10, 10)
    page.page.wait_for_timeout(3_000)
    picture = page.page.screenshot()
    demo.close()
    return picture


def viewer(page: ViewerPage) -> bytes:
    """The recording of `examples/rrt_star.py` at its end, below a label."""
    with tempfile.TemporaryDirectory() as folder:
        with gr.Blocks() as demo:
            gr.Markdown("## Path planning")
            Rerun(rrt_star.write(Path(folder) / "rrt_star.rrd"), label="RRT*", height=560)
        # The viewer plays to the end, and then stops.
        return picture_of(demo, page, lambda: page.wait_for_event("pause"))


def segmentation(page: ViewerPage) -> bytes:
    """All rounds."""

    def use() -> None:
        page.click("Submit")
        page.wait_for_time(19)

    return picture_of(load("segmentation").demo, page, use)


def robot_arm(page: ViewerPage) -> bytes:
    """After some moves."""

    def use() -> None:
        page.expect_state("ready", recordings=1)
        for step, (name, key) in enumerate(
            [("base", "PageUp"), ("shoulder", "PageDown"), ("elbow", "PageUp")], start=1
        ):
            page.page.get_by_role("slider", name=name).press(key)
            page.wait_for_time(step)

    return picture_of(load("robot_arm").demo, page, use)


def episodes(page: ViewerPage) -> bytes:
    """With a mark."""

    def use() -> None:
        page.wait_for_time(59)
        click_at(page, 0.25, 0.4)
        expect(page.page.get_by_role("gridcell").get_by_text("episode_0")).to_be_visible()

    return picture_of(load("episodes").demo, page, use)


def simulation(page: ViewerPage) -> bytes:
    """After three seconds of the pendulum's time."""

    def use() -> None:
        page.click("Start")
        page.wait_for_time(3e9)
        page.click("Stop")

    return picture_of(load("simulation").demo, page, use)


def catalog(page: ViewerPage) -> bytes:
    """With a recording, and a click on it."""
    app = load("catalog")

    def use() -> None:
        click_row(page, "spirals_2")
        page.expect_recordings("spirals_2")
        click_on_path(page)
        expect(page.page.get_by_role("gridcell").get_by_text("/path", exact=True)).to_be_visible()

    picture = picture_of(app.demo, page, use)
    page.page.goto("about:blank")  # the server waits for all who watch it
    app.server.shutdown()
    return picture


def lerobot_episodes(page: ViewerPage) -> bytes:
    """At the end of an episode that was chosen in the table."""

    def use() -> None:
        page.expect_recordings("episode_0")
        page.forget_events()
        click_row(page, "3")
        page.wait_for_event("recording_open")
        page.wait_for_time(39)
        page.page.evaluate("scrollTo(0, 0)")

    return picture_of(load("lerobot_episodes").demo, page, use)


def drive_robot(page: ViewerPage) -> bytes:
    """Driven to the right."""
    app = load("drive_robot")

    def use() -> None:
        page.expect_state("ready", recordings=1)
        page.page.get_by_role("button", name="▶").click()
        wait_until(page, lambda: app.robot.place[0] > 1)

    return picture_of(app.demo, page, use)


def narrow_viewer(page: ViewerPage) -> bytes:
    """On a phone, with the component's time controls."""
    page.page.set_viewport_size({"width": 390, "height": 450})
    with tempfile.TemporaryDirectory() as folder:
        with gr.Blocks() as demo:
            path = rrt_star.write(Path(folder) / "rrt_star.rrd")
            Rerun(path, label="RRT*", height=420, panel_states={"top": "hidden"})
        return picture_of(demo, page, lambda: page.wait_for_event("pause"))


def exported_page(page: ViewerPage) -> bytes:
    """In a page about a paper."""
    page.page.set_viewport_size({"width": 900, "height": 560})
    with tempfile.TemporaryDirectory() as folder:
        figure = export(rrt_star.write(Path(folder) / "rrt_star.rrd"), Path(folder) / "figure_1", title="Figure 1")
        text = "<h2>A paper</h2><p>Figure 1: RRT* finds a path between the walls."
        (Path(folder) / "index.html").write_text(
            f"<!doctype html><body style='font: 16px sans-serif; margin: 24px'>{text}{figure.replace('640px', '420px')}"
        )
        with http_server(partial(SimpleHTTPRequestHandler, directory=folder)) as port:
            page.goto(f"http://127.0.0.1:{port}")
            page.frames[1].wait_for_function("() => window.seen.some(({ detail }) => detail?.type === 'pause')")
            page.wait_for_timeout(3_000)
            picture: bytes = page.screenshot()
            page.goto("about:blank")
    return picture


def episode_table(page: ViewerPage) -> bytes:
    """What `gradio-rerun FOLDER` shows of a LeRobot dataset."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = lerobot_v3(Path(folder) / "pick_and_place", episodes=5, frames=40)
        return picture_of(episode_browser(dataset), page, lambda: page.wait_for_event("pause"))


def highlight(page: ViewerPage) -> bytes:
    """After a command that points at a place."""
    page.page.set_viewport_size({"width": 900, "height": 485})
    with tempfile.TemporaryDirectory() as folder:
        with gr.Blocks() as demo:
            path = rrt_star.write(Path(folder) / "rrt_star.rrd")
            viewer = Rerun(path, label="RRT*", height=400, panel_states={"top": "hidden"})
            point = gr.Button("Where is the goal?")
            point.click(lambda: commands.highlight_rect((393, 54, 66, 45), label="Here"), None, viewer)

        def use() -> None:
            page.wait_for_event("pause")
            page.click("Where is the goal?")

        return picture_of(demo, page, use)


def component(name: str, page: ViewerPage) -> bytes:
    """Beside components of Gradio."""

    def launch(demo: gr.Blocks) -> str:
        return str(demo.launch(prevent_thread_lock=True, quiet=True)[1])

    assert page.page.context.browser
    ((_, picture, _),) = components.pictures(page.page.context.browser, launch, [name])
    gr.close_all(verbose=False)
    return picture


PICTURES = {
    **{name: partial(component, name) for name in components.PICTURES},
    "viewer": viewer,
    "narrow_viewer": narrow_viewer,
    "exported_page": exported_page,
    "episode_table": episode_table,
    "highlight": highlight,
    "gallery-segmentation": segmentation,
    "gallery-robot_arm": robot_arm,
    "gallery-episodes": episodes,
    "gallery-lerobot_episodes": lerobot_episodes,
    "gallery-drive_robot": drive_robot,
    "gallery-simulation": simulation,
    "gallery-catalog": catalog,
}


def main(names: list[str]) -> None:
    """Makes those that are named, or all."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env={**os.environ, **SOFTWARE_GL})
        for name in names or PICTURES:
            page = ViewerPage(browser.new_page(viewport={"width": 1200, "height": 740}))
            page.page.set_default_timeout(120_000)
            picture = Image.open(io.BytesIO(PICTURES[name](page))).convert("RGB")
            picture.quantize(128, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
            page.page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
