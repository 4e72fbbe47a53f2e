"""What functions get of the viewer in their visitor's page, without a question to it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import expect
from seen import click_at
from test_events import write_images
from viewer_page import ViewerPage

from gradio_rerun import LiveState, Rerun, commands
from gradio_rerun.live_state import LiveViewerState


def test_a_function_gets_the_time_and_the_selection_of_the_moment(
    page: ViewerPage, launch: Callable[..., str], tmp_path: Path
) -> None:
    path = write_images(tmp_path / "run.rrd", "run")

    def crop(state: LiveViewerState | None) -> str:
        if state is None or state.active_recording is None:
            return "nothing"
        selected = [each.entity_path for each in state.selection if each.type == "entity"]
        return f"{state.active_recording.recording_id} {state.timeline} {state.time} {state.play_state} {selected}"

    with gr.Blocks() as demo:
        viewer, cropped, ticked = Rerun(height=400), gr.Textbox(label="cropped"), gr.Textbox(label="ticked")
        state = LiveState(viewer)
        gr.Button("open").click(lambda: path, None, viewer)
        gr.Button("crop").click(crop, state, cropped)
        gr.Button("go").click(lambda: commands.set_time("frame", sequence=7), None, viewer)
        gr.Button("go on").click(lambda: commands.set_time("frame", sequence=9), None, viewer)
        gr.Button("clear").click(lambda: None, None, viewer)
        gr.DeepLinkButton()
        viewer.pause(crop, state, ticked)

    page.open(launch(demo))
    page.click("crop")
    expect(page.get_by_label("cropped")).to_have_value("nothing")
    page.click("open")
    page.expect_state("ready")
    expect(page.get_by_label("ticked")).to_have_value("run frame 19 paused []", timeout=40_000)
    page.click("go")
    page.expect_frame(7)
    click_at(page)
    page.wait_for_function(
        "() => seen.some(({ detail }) => detail?.type === 'selection_change' && detail.items.length)"
    )
    page.requests.clear()
    page.click("crop")
    expect(page.get_by_label("cropped")).to_have_value("run frame 7 paused ['/world/image']")
    assert page.requests_for("component_server") == []
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("go on")
    page.expect_frame(9)
    page.get_by_text("Share via Link").click()
    page.wait_until("async () => (await navigator.clipboard.readText()).includes('deep_link')")
    shared = ViewerPage(page.context.new_page())
    shared.open(page.evaluate("navigator.clipboard.readText()")).expect_state("ready")
    shared.expect_frame(9)  # of the click, not that of the last function
    shared.wait_for_function(
        "() => seen.some(({ detail }) => detail?.type === 'selection_change' && detail.items.length)"
    )
    shared.click("crop")
    expect(shared.get_by_label("cropped")).to_have_value("run frame 9 paused ['/world/image']")
    shared.close()
    page.context.clear_permissions()
    page.click("clear")
    page.expect_state("idle")
    page.click("crop")
    expect(page.get_by_label("cropped")).to_have_value("nothing")


@pytest.mark.skipif(
    "run_history" not in signature(gr.Blocks.launch).parameters,
    reason="needs a Gradio with a run history that can be set",
)
def test_a_run_of_the_history_shows_the_moment_of_its_input(
    page: ViewerPage, launch: Callable[..., str], tmp_path: Path
) -> None:
    path = write_images(tmp_path / "run.rrd", "run")

    def crop(state: LiveViewerState | None) -> str:
        return f"{state.timeline} {state.time}" if state else "nothing"

    with gr.Blocks() as demo:
        viewer, cropped, again = Rerun(path, height=400), gr.Textbox(label="cropped"), gr.Textbox(label="again")
        state = LiveState(viewer)
        gr.Button("crop").click(crop, state, cropped)
        gr.Button("crop again").click(crop, state, again)
        gr.Button("go").click(lambda: commands.set_time("frame", sequence=7), None, viewer, api_visibility="private")

    url = launch(demo)
    page.open(url).expect_state("ready")
    page.click("go")
    page.expect_frame(7)
    page.click("crop")
    expect(page.get_by_label("cropped")).to_have_value("frame 7")
    page.goto(f"{url}gradio_api/runs")
    page.get_by_title("Load this run into the app").click()
    page.wait_for_url(url)
    expect(page.get_by_label("cropped")).to_have_value("frame 7")
    page.expect_frame(7)
    page.click("crop again")
    expect(page.get_by_label("again")).to_have_value("frame 7")
    assert page.page_errors == []
