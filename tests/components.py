"""Pages with the viewer beside components of Gradio, and screenshots of them. docs/make_pictures.py makes the screenshots, and tests compare with them."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import rerun as rr
from gradio.components import Component
from PIL import Image
from playwright.sync_api import Browser, expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def _stripes() -> np.ndarray:
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[:, ::2] = [250, 170, 40]
    picture[60:180, 80:240] = [40, 90, 200]
    return picture


def _recording() -> rr.RecordingStream:
    recording = rr.RecordingStream("components", recording_id="components")
    recording.log("picture", rr.Image(_stripes()), static=True)
    return recording


def _cube() -> str:
    corners = [f"v {x} {y} {z}" for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    return "\n".join([*corners, "f 1 2 4 3", "f 5 7 8 6", "f 1 5 6 2", "f 3 4 8 7", "f 1 3 7 5", "f 2 6 8 4"])


def _row(*, is_full: bool = False, height: int, **parameters: Any) -> list[Component]:
    """Three components of Gradio and the viewer, with a value or without."""
    with tempfile.TemporaryDirectory() as folder, gr.Row():
        cube = Path(folder) / "cube.obj"
        cube.write_text(_cube())
        model, picture, recording = (str(cube), _stripes(), _recording()) if is_full else (None, None, None)
        return [
            gr.Model3D(model, height=height, display_mode="wireframe", **parameters),
            gr.Image(picture, height=height, **parameters),
            gr.File(model, height=height, **parameters),
            Rerun(recording, height=height, panel_states={"top": "hidden"}, **parameters),
        ]


def values() -> gr.Blocks:
    """Rows of components: empty and interactive, empty and not interactive, and with a value."""
    with gr.Blocks() as demo:
        _row(height=240, interactive=True)
        _row(height=240, interactive=False, label="An output")
        _row(height=240, interactive=False, is_full=True)
    return demo


def frames() -> gr.Blocks:
    """Rows of components: after a function that failed, while one runs, without a label, and without a container."""

    def fail() -> None:
        raise gr.Error("broken", duration=0.1)

    async def run(progress: gr.Progress = gr.Progress()) -> None:  # noqa: B008  # Gradio finds it there
        progress(0.4, "Half of it")
        await asyncio.Event().wait()

    with gr.Blocks() as demo:
        failed = _row(height=180, interactive=False)
        loading = _row(height=180, interactive=False)
        _row(height=180, interactive=False, show_label=False, is_full=True)
        _row(height=180, interactive=False, container=False, is_full=True)
        _row(height=180, interactive=False, container=False)
        demo.load(fail, None, failed, show_progress="full")
        demo.load(run, None, loading, show_progress="full")
    return demo


PICTURES = {
    "components-light": (values, "light", (1280, 850)),
    "components-dark": (values, "dark", (1280, 850)),
    "components-light-narrow": (values, "light", (390, 3200)),
    "components-dark-narrow": (values, "dark", (390, 3200)),
    "frames-light": (frames, "light", (1280, 1170)),
    "frames-dark": (frames, "dark", (1280, 1170)),
    "frames-light-narrow": (frames, "light", (390, 4000)),
    "frames-dark-narrow": (frames, "dark", (390, 4000)),
}
"""The page, its theme, and its size in pixels."""


def pictures(
    browser: Browser,
    launch: Callable[[gr.Blocks], str],
    names: list[str],
    is_right: Callable[[bytes], bool] = lambda _: False,
) -> Iterator[tuple[str, bytes, ViewerPage]]:
    """PNGs of the pages, by name, and the page: the first PNG for which `is_right`, or one after the viewer's notifications have disappeared."""
    for name in names:
        page, theme, (width, height) = PICTURES[name]
        url = launch(page())
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light")
        opened = ViewerPage(context.new_page()).open(f"{url}?__theme={theme}")
        opened.expect_state("ready", recordings=1, index=2)
        expect(opened.page.locator("rerun-viewer[data-state=loading]")).to_have_count(0)
        opened.page.wait_for_function("() => [...document.images].every((each) => each.complete)")
        opened.page.mouse.move(5, 5)
        for _ in range(40):  # gr.Model3D takes its time
            opened.page.wait_for_timeout(200)
            picture = opened.page.screenshot()
            if is_right(picture):
                break
        yield name, picture, opened
        context.close()


def difference(one: Image.Image, other: Image.Image) -> float:
    """The largest difference of two pictures, from 0 to 255, between squares of 40 pixels. So differences in letters do not count."""
    sizes = {image.size for image in (one, other)}
    assert len(sizes) == 1, sizes
    ((width, height),) = sizes
    small = [
        np.asarray(image.convert("RGB").resize((width // 40, height // 40), Image.Resampling.BOX), float)
        for image in (one, other)
    ]
    return float(np.abs(small[0] - small[1]).mean(axis=2).max())


def kept(name: str) -> Image.Image:
    return Image.open(IMAGES / f"{name}.png")


def opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))
