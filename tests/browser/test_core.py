"""What people do most, on one page, in order: runs on every version of Gradio, rerun-sdk and Python (see ../matrix.py)."""

from __future__ import annotations

import queue
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import rerun as rr
from needs import EXACT_TIMES, VERSION
from PIL import Image
from playwright.sync_api import Browser, expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands, events

FRAMES = 30

Heard = queue.Queue[Any]


def stream() -> Iterator[bytes | None]:
    recording = rr.RecordingStream("core", recording_id="streamed")
    data = recording.binary_stream()
    for frame in range(FRAMES):
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D(np.random.default_rng(frame).random((50, 3))))
        yield data.read()


def app(recording_a: Path, recording_b: Path, heard: Heard) -> gr.Blocks:
    returned = {
        "a": recording_a,
        "b": recording_b,
        "clear": None,
        "time": commands.set_time("frame", sequence=7),
        "play": [commands.set_time("frame", sequence=0), commands.set_time(play_state="playing")],
        "picture": commands.take_screenshot(),
        "lower": gr.update(height=250),
    }
    with gr.Blocks() as demo:
        with gr.Tab("Other"):
            gr.Markdown("Nothing here.")
        with gr.Tab("Viewer"):
            viewer = Rerun(height=300, streaming=True, interactive=True)
            told = gr.Textbox(label="told")
        for name, value in returned.items():
            gr.Button(name).click(lambda value=value: value, None, viewer)
        gr.Button("stream").click(stream, None, viewer)
        gr.Button("tell").click(repr, viewer, told)

        def hear_open(event: events.RecordingOpen) -> None:
            heard.put(event)

        def hear_time(event: events.TimeUpdate) -> None:
            heard.put(event)

        def hear_play(event: events.Play) -> None:
            heard.put(event)

        def hear_picture(event: events.Screenshot) -> None:
            heard.put(event)

        viewer.recording_open(hear_open)
        viewer.time_update(hear_time)
        viewer.play(hear_play)
        viewer.screenshot(hear_picture)
    return demo


@pytest.fixture(scope="module")
def heard() -> Heard:
    return queue.Queue()


@pytest.fixture(scope="module")
def page(browser: Browser, recording_a: Path, recording_b: Path, heard: Heard) -> Iterator[ViewerPage]:
    """One page for all tests of this file, behind a login."""
    demo = app(recording_a, recording_b, heard)
    _, url, _ = demo.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", auth=("user", "password"), show_error=True
    )
    context = browser.new_context(viewport={"width": 640, "height": 900})  # small, since software draws it
    page = ViewerPage(context.new_page())
    page.open(url)
    page.log_in()
    yield page
    context.close()
    demo.close(verbose=False)


def hear(page: ViewerPage, heard: Heard, kind: type[Any], **fields: Any) -> Any:
    """The next event of this kind with these fields that a function of the app gets."""
    for _ in range(600):
        while not heard.empty():
            event = heard.get()
            if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items()):
                return event
        page.wait_for_timeout(100)  # lets the browser's events through
    raise AssertionError(f"no {kind.__name__} with {fields} was heard within a minute")


def tab(page: ViewerPage, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_a_recording_shows_in_a_tab_behind_a_login(page: ViewerPage) -> None:
    tab(page, "Viewer")
    page.click("a")
    page.expect_recordings("recording_a")


def test_a_listener_receives_the_event(page: ViewerPage, heard: Heard) -> None:
    opened = hear(page, heard, events.RecordingOpen)
    assert (opened.application_id, opened.recording_id) == ("app_a", "recording_a")


def test_a_new_value_replaces_the_recording(page: ViewerPage) -> None:
    page.click("b")
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'recording_b')")
    page.expect_state("ready", recordings=1)
    assert page.opened()[-1] == "recording_b"


def test_an_update_of_the_height_keeps_the_recording(page: ViewerPage) -> None:
    page.click("lower")
    page.wait_for_function("() => document.querySelector('.block[data-rerun]').offsetHeight === 250")
    page.expect_state("ready", recordings=1)
    assert page.opened()[-1] == "recording_b"


def test_another_tab_and_back_does_not_reload_the_viewer(page: ViewerPage) -> None:
    page.forget_events()
    tab(page, "Other")
    expect(page.viewer()).to_be_hidden()
    tab(page, "Viewer")
    expect(page.viewer()).to_be_visible()
    page.expect_state("ready", recordings=1)
    assert page.events("loadstart") == []


def test_a_command_sets_the_time(page: ViewerPage, heard: Heard) -> None:
    page.click("time")
    update = hear(page, heard, events.TimeUpdate, time=7, from_command=True)  # it may have come by while it played
    assert (update.timeline, update.recording_id) == ("frame", "recording_b")


def test_a_command_plays(page: ViewerPage, heard: Heard) -> None:
    page.click("play")
    assert hear(page, heard, events.Play).recording_id == "recording_b"


def test_a_screenshot_is_a_file(page: ViewerPage, heard: Heard) -> None:
    page.click("picture")
    with Image.open(hear(page, heard, events.Screenshot).path) as picture:
        assert picture.height == page.viewer().evaluate("viewer => viewer.clientHeight")
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 10


def test_none_clears_the_viewer(page: ViewerPage) -> None:
    page.click("clear")
    page.expect_state("idle", recordings=0)
    expect(page.viewer().locator("canvas")).to_be_hidden()  # the next one may have started


def test_a_stream_shows_to_its_last_frame(page: ViewerPage) -> None:
    page.click("stream")
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'streamed')")
    page.expect_recordings("streamed")
    if VERSION >= EXACT_TIMES:  # others do not always tell where they stand
        page.expect_frame(FRAMES - 1)


def test_an_upload_replaces_the_recording_and_reaches_the_function(page: ViewerPage, recording_a: Path) -> None:
    page.forget_events()
    page.viewer().locator("input[type=file]").set_input_files(recording_a)
    page.wait_for_event("recording_open")
    page.expect_recordings("recording_a")
    page.click("tell")
    expect(page.get_by_label("told")).to_have_value(re.compile(r"^'.*/a\.rrd'$"))


def test_nothing_went_wrong_in_the_page_or_to_third_parties(page: ViewerPage) -> None:
    assert page.events("error") == []
    assert page.page_errors == []
    assert page.third_party_requests() == []
