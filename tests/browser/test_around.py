"""The component among Gradio's own features: Examples, Interface, clients, rendering."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import expect
from slow import slow
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]


def test_an_example_is_shown_by_name_and_runs_on_click(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        source = gr.File(label="file")
        viewer = Rerun(height=300)
        gr.Examples([[str(recording_a)], [str(recording_b)]], source, viewer, lambda path: path, run_on_click=True)
    page.open(launch(demo))
    page.get_by_text("b.rrd").click()
    page.expect_recordings("recording_b")


@pytest.mark.slow
def test_the_component_as_input_of_examples(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=300)
        told = gr.Textbox(label="told")
        gr.Examples([[str(recording_a)]], viewer, told, repr, run_on_click=True)
    page.open(launch(demo))
    page.get_by_text("a.rrd").click()
    page.expect_recordings("recording_a")
    expect(page.get_by_label("told")).to_have_value(re.compile(r"^'.*/a\.rrd'$"))


def test_cached_examples_show_at_once(
    page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_EXAMPLES_CACHE", str(tmp_path))
    calls = []

    def show(path: str) -> str:
        calls.append(path)
        return path

    with gr.Blocks() as demo:
        source = gr.File(label="file")
        viewer = Rerun(height=300)
        gr.Examples([[str(recording_a)]], source, viewer, show, cache_examples=True)
    page.open(launch(demo))
    assert len(calls) == 1
    page.get_by_text("a.rrd").first.click()
    page.expect_recordings("recording_a")
    assert len(calls) == 1


def test_an_interface_takes_and_gives_recordings(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    demo = gr.Interface(lambda path: path, Rerun(height=250, label="in"), Rerun(height=250, label="out"))
    page.open(launch(demo))
    page.viewer(0).locator("input[type=file]").set_input_files(recording_a)
    page.expect_recordings("recording_a", index=0)
    page.click("Submit")
    page.expect_recordings("recording_a", index=1)
    expect(page.viewer(1).get_by_role("button", name="Drop")).to_be_hidden()
    page.locator("button.lg", has_text="Clear").click()  # the Interface's own
    page.expect_state("idle", index=0)
    page.expect_state("idle", index=1)


@pytest.mark.slow
def test_a_chat_shows_a_recording_as_additional_output(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=250, render=False)
        gr.ChatInterface(lambda message, history: ("here", str(recording_a)), additional_outputs=[viewer])
        viewer.render()
    page.open(launch(demo))
    page.get_by_placeholder("Type a message...").fill("show")
    page.keyboard.press("Enter")
    page.expect_recordings("recording_a")


def test_a_recording_in_a_hidden_place_shows_when_the_place_opens(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        with gr.Accordion("accordion", open=False):
            Rerun(recording_a, height=200)
        with gr.Row(visible=False) as row:
            Rerun(recording_a, height=200)
        gr.Button("row").click(lambda: gr.Row(visible=True), None, row)
        with gr.Sidebar(open=False, position="right"):
            Rerun(recording_a, height=200, elem_id="aside")
    page.open(launch(demo))
    for place in (
        page.get_by_role("button", name="accordion"),
        page.get_by_role("button", name="row"),
        page.locator(".toggle-button"),
    ):
        place.click()
        count = page.locator("rerun-viewer:visible")
        expect(count.last).to_have_attribute("data-state", "ready", timeout=60_000)
    expect(page.locator("rerun-viewer[data-state=ready]")).to_have_count(3)
    assert page.page_errors == []


@pytest.mark.parametrize("several", [slow(False), True])
def test_a_client_sends_and_receives_recordings(several: bool, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun()
        told = gr.Textbox()
        gr.Button().click(lambda path: (path, repr(path)), viewer, [viewer, told], api_name="show")
    client = Client(launch(demo), verbose=False)
    sent = handle_file(recording_a)
    received, told_text = client.predict([sent] if several else sent, api_name="/show")
    assert told_text.endswith("a.rrd'")
    assert Path(received[0]).read_bytes() == recording_a.read_bytes()
    received, _ = client.predict(["https://host.invalid/a.rrd"], api_name="/show")
    assert received == ["https://host.invalid/a.rrd"]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "/proc/self/environ", "{cache}/../../etc/passwd"])
def test_a_client_cannot_make_the_app_read_a_file_that_was_not_uploaded(path: str, launch: Launch) -> None:
    reached: list[Any] = []
    with gr.Blocks() as demo:
        viewer = Rerun()
        gr.Button().click(reached.append, viewer, None, api_name="show")
    url = launch(demo)
    path = path.format(cache=viewer.GRADIO_CACHE)
    # By hand: the Python client would upload the file first.
    with httpx.Client(base_url=url, trust_env=False) as client:
        for value in ([{"path": path, "meta": {"_type": "gradio.FileData"}}], [{"path": path}], [path], path):
            call = client.post("gradio_api/call/show", json={"data": [value]}).json()["event_id"]
            assert "event: error" in client.get(f"gradio_api/call/show/{call}").text
    assert reached == []
