"""What a recording may try on the page that shows it."""

from __future__ import annotations

import time
from collections.abc import Callable

import gradio as gr
import rerun as rr
import rerun.blueprint as rrb
from viewer_page import ViewerPage

from gradio_rerun import Rerun

SPY = """
window.opened = []; window.open = (...given) => { opened.push(given); return null; };
window.said = []; console.info = (text) => void (String(text).includes("refused to open") && said.push(text));
"""


def with_links() -> rr.BinaryStream:
    """A text full of links, the upper ones to a script."""
    recording = rr.RecordingStream("links", recording_id="links")
    stream = recording.binary_stream()
    links = ["javascript:window.ran=true"] * 5 + ["https://example.com/a"] * 30
    text = "\n\n".join(f"# [{'click ' * 10}]({link})" for link in links)
    recording.log("text", rr.TextDocument(text, media_type=rr.MediaType.MARKDOWN), static=True)
    recording.send_blueprint(rrb.Blueprint(rrb.TextDocumentView(origin="/text"), collapse_panels=True))
    return stream


def test_a_link_of_a_recording_opens_a_page_elsewhere_and_runs_nothing_here(
    page: ViewerPage, launch: Callable[..., str]
) -> None:
    with gr.Blocks() as demo:
        Rerun(with_links(), height=500, panel_states={"top": "hidden", "time": "hidden"})
    page.add_init_script(SPY)
    page.open(launch(demo)).expect_recordings("links")
    box = page.viewer().bounding_box()
    assert box
    deadline = time.monotonic() + 90
    while not page.evaluate("opened.length && said.length"):
        assert time.monotonic() < deadline
        for y in range(50, 450, 25):
            page.mouse.move(box["x"] + 300, box["y"] + y)
            page.wait_for_timeout(100)  # the viewer looks once per frame where the mouse is
            page.mouse.down()
            page.wait_for_timeout(50)
            page.mouse.up()
    assert page.evaluate("said[0]") == (
        "gradio_rerun: refused to open javascript:window.ran=true, which is not a link to a page."
    )
    assert page.evaluate("[...new Set(opened.map(String))]") == ["https://example.com/a,_blank,noopener,noreferrer"]
    assert page.evaluate("window.ran") is None
