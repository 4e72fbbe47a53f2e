"""Pages with the viewer beside components of Gradio, and screenshots of them. docs/make_pictures.py makes the screenshots, and tests compare with them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import rerun as rr
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


def values() -> gr.Blocks:
    """Rows of components: empty and interactive, empty and not interactive, and with a value."""
    with gr.Blocks() as demo:
        with gr.Row():
            gr.Image(height=280, interactive=True)
            gr.File(height=280, interactive=True)
            Rerun(height=280, interactive=True)
        with gr.Row():
            gr.Image(height=280, interactive=False, label="A picture")
            gr.Model3D(height=280, interactive=False, label="A model")
            Rerun(height=280, interactive=False, label="A recording")
        with gr.Row():
            gr.Image(_stripes(), height=280)
            Rerun(_recording(), height=280, panel_states={"top": "hidden"})
    return demo


def frames() -> gr.Blocks:
    """Rows of components: after a function that failed, without a label, and without a container."""

    def fail() -> None:
        raise gr.Error("broken", duration=0.1)

    with gr.Blocks() as demo:
        with gr.Row():
            failed = [
                gr.Image(height=200, interactive=False),
                gr.Model3D(height=200, interactive=False),
                Rerun(height=200),
            ]
        with gr.Row():
            gr.Image(_stripes(), height=200, show_label=False)
            Rerun(_recording(), height=200, show_label=False, panel_states={"top": "hidden"})
        with gr.Row():
            gr.Image(_stripes(), height=200, container=False)
            gr.Model3D(height=200, container=False, interactive=False)
            Rerun(_recording(), height=200, container=False, panel_states={"top": "hidden"})
            Rerun(height=200, container=False)
        demo.load(fail, None, failed, show_progress="full")
    return demo


PICTURES = {
    "components-light": (values, "light", (1280, 1040)),
    "components-dark": (values, "dark", (1280, 1040)),
    "components-light-narrow": (values, "light", (390, 1560)),
    "components-dark-narrow": (values, "dark", (390, 1560)),
    "frames-light": (frames, "light", (1280, 720)),
    "frames-dark": (frames, "dark", (1280, 720)),
    "frames-light-narrow": (frames, "light", (390, 1960)),
    "frames-dark-narrow": (frames, "dark", (390, 1960)),
}
"""The page, its theme, and its size in pixels."""


def pictures(
    browser: Browser,
    launch: Callable[[gr.Blocks], str],
    names: list[str],
    is_right: Callable[[bytes], bool] = lambda _: False,
) -> Iterator[tuple[str, bytes]]:
    """PNGs of the pages, by name: the first one for which `is_right`, or one after the viewer's notifications have disappeared."""
    for name in names:
        page, theme, (width, height) = PICTURES[name]
        url = launch(page())
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light")
        opened = ViewerPage(context.new_page()).open(f"{url}?__theme={theme}")
        opened.expect_state("ready", recordings=1, index=2)
        expect(opened.page.locator("rerun-viewer[data-state=loading]")).to_have_count(0)
        opened.page.wait_for_function("() => [...document.images].every((each) => each.complete)")
        opened.page.mouse.move(5, 5)
        for _ in range(20):
            opened.page.wait_for_timeout(200)
            picture = opened.page.screenshot()
            if is_right(picture):
                break
        yield name, picture
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
