"""The row above the viewer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image
from playwright.sync_api import Locator, expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]


def app(value: Any, **parameters: Any) -> gr.Blocks:
    with gr.Blocks() as demo:
        Rerun(value, height=400, **parameters)
    return demo


def button(page: ViewerPage, name: str) -> Locator:
    return page.get_by_label(name, exact=True)


def shown(page: ViewerPage, index: int = 0) -> list[str]:
    buttons = page.block(index).locator(".rerun-toolbar button:visible")
    return buttons.evaluate_all("all => all.map((each) => each.ariaLabel)")


@pytest.mark.slow
def test_an_output_has_no_buttons_that_change_its_value_and_each_button_is_optional(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["Fullscreen", "Download", "Screenshot"]),
        (
            {"show_download_button": False, "show_clear_button": True, "interactive": True},
            ["Upload", "Fullscreen", "Screenshot", "Clear"],
        ),
        ({"buttons": []}, []),
        ({"buttons": [], "interactive": True}, ["Upload"]),
        ({"buttons": ["download"], "show_download_button": False, "show_clear_button": True}, ["Clear"]),
    ]
    with gr.Blocks() as demo:
        for parameters, _ in cases:
            Rerun(recording_a, height=200, **parameters)
        Rerun(height=200)
    page.open(launch(demo))
    for index, (_, buttons) in enumerate(cases):
        page.expect_recordings("recording_a", index=index)
        assert shown(page, index) == buttons
    assert shown(page, len(cases)) == []  # an empty one
    for name in shown(page):
        assert button(page, name).first.get_attribute("title") == name
    expect(page.locator(".block:has(rerun-viewer) .icon-button-wrapper")).to_have_count(0)


def test_download_saves_each_recording_under_its_own_name(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    page.open(launch(app([recording_a, recording_b]))).expect_recordings("recording_a", "recording_b")
    downloads: list[Any] = []
    page.on("download", lambda download: downloads.append(download))
    button(page, "Download").click()
    deadline = time.monotonic() + 20
    while len(downloads) < 2:
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)
    assert [download.suggested_filename for download in downloads] == ["a.rrd", "b.rrd"]
    assert Path(downloads[0].path()).read_bytes() == recording_a.read_bytes()
    assert Path(downloads[1].path()).read_bytes() == recording_b.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(version("rerun-sdk") < "0.39", reason="viewers before 0.39 do not give out what they hold")
def test_download_saves_a_recording_of_a_live_server(page: ViewerPage, launch: Launch, free_port: int) -> None:
    import rerun as rr
    from recordings import log_points

    recording = rr.RecordingStream("test_app", recording_id="live")
    url = recording.serve_grpc(grpc_port=free_port)
    log_points(recording)
    page.open(launch(app(url))).expect_recordings("live")
    page.wait_for_time(0)
    with page.expect_download() as download:
        button(page, "Download").click()
    assert download.value.path().read_bytes().startswith(b"RRF2")


def test_screenshot_is_a_png_of_what_the_viewer_shows_and_fullscreen_fills_the_screen_until_it_is_left(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.open(launch(app(recording_a, time_controls=False))).expect_recordings("recording_a")
    page.wait_for_time(0)
    with page.expect_download() as download:
        button(page, "Screenshot").click()
    assert download.value.suggested_filename == "screenshot.png"
    picture = Image.open(download.value.path()).convert("RGB")
    assert picture.size == tuple(page.viewer().evaluate("viewer => [viewer.clientWidth, viewer.clientHeight]"))
    assert len(picture.getcolors(1_000_000) or []) > 50

    height = page.viewer().evaluate("viewer => getComputedStyle(viewer).height")
    button(page, "Fullscreen").click()
    page.wait_for_function("() => document.fullscreenElement?.localName === 'rerun-viewer'")
    page.wait_for_function("() => document.querySelector('rerun-viewer').clientHeight === innerHeight")
    page.evaluate("() => document.exitFullscreen()")  # what the browser does on Escape, which no page sees
    expect(page.block()).to_have_css("height", "400px")
    expect(page.viewer()).to_have_css("height", height)
    page.expect_state("ready", recordings=1)


def test_all_buttons_are_reached_by_tab_and_work_by_key(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    page.open(launch(app(recording_a, interactive=True))).expect_recordings("recording_a")
    button(page, "Upload").focus()
    reached = []
    for _ in range(5):
        reached.append(page.evaluate("document.activeElement.ariaLabel"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        page.keyboard.press("Tab")
    assert reached == ["Upload", "Fullscreen", "Download", "Screenshot", "Clear"]
    button(page, "Clear").focus()
    page.keyboard.press("Enter")
    page.expect_state("idle", recordings=0)


def test_buttons_are_those_that_are_named(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    page.open(launch(app(recording_a, buttons=["screenshot", "clear"]))).expect_recordings("recording_a")
    assert shown(page) == ["Screenshot", "Clear"]
    expect(page.locator(".block:has(rerun-viewer) .icon-button-wrapper")).to_have_count(0)


def test_buttons_of_the_app_stand_beside_ours_and_work(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        mine = gr.Button("Mine")
        Rerun(recording_a, height=300, label="label", buttons=["clear", mine])
        told = gr.Textbox(label="told")
        mine.click(lambda: "clicked", None, told)
    page.open(launch(demo)).expect_recordings("recording_a")
    page.locator(".icon-button-wrapper").get_by_text("Mine").click()
    expect(page.get_by_label("told")).to_have_value("clicked")
    assert shown(page) == ["Clear"]
    button(page, "Clear").click()
    page.expect_state("idle")


def test_a_keyboard_enters_the_viewer_plays_it_and_leaves_it(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        Rerun(recording_a, height=400, label="My run", buttons=["clear"], time_controls=False)
        gr.Textbox(label="below")
    page.open(launch(demo)).expect_recordings("recording_a")
    page.wait_for_event("pause")
    page.forget_events()
    keyboard = page.keyboard
    button(page, "Clear").focus()
    keyboard.press("Tab")
    expect(page.viewer()).to_be_focused()
    expect(page.viewer()).to_have_accessible_name("My run")
    expect(page.viewer()).to_have_accessible_description(re.compile("Enter.*Escape"))
    assert page.viewer().evaluate("viewer => getComputedStyle(viewer).outlineStyle") != "none"
    keyboard.press("Tab")
    expect(page.get_by_label("below")).to_be_focused()
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    expect(page.viewer().locator("canvas")).to_be_focused()
    keyboard.press("Space")
    page.wait_for_event("play")
    keyboard.press("Escape")
    expect(page.viewer()).to_be_focused()


def test_the_cross_of_a_failed_function_covers_no_button(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    def fail() -> None:
        raise gr.Error("broken", duration=0.5)

    with gr.Blocks() as demo:
        viewer = Rerun(recording_a, height=400, interactive=True)
        gr.Button("Fail").click(fail, None, viewer)
    page.open(launch(demo))
    page.expect_recordings("recording_a")
    page.click("Fail")
    status = page.block().get_by_test_id("status-tracker")
    expect(status).to_contain_text("Error")
    expect(page.locator(".toast-body")).to_have_count(0)
    for name in shown(page):
        button(page.block(), name).and_(page.locator(".rerun-toolbar button")).click(trial=True)
    status.get_by_role("button").click()
    expect(status).not_to_contain_text("Error")
    page.expect_state("ready", recordings=1)


def test_the_apps_buttons_are_there_without_a_label(page: ViewerPage, launch: Launch) -> None:
    with gr.Blocks() as demo:
        again, clicked = gr.Button("Again"), gr.Textbox(label="Clicked")
        viewer = Rerun(height=200, label="label", buttons=[again], show_label=False)
        again.click(lambda: "yes", None, clicked)
        gr.Button("show").click(lambda: gr.update(show_label=True), None, viewer)
        gr.Button("hide").click(lambda: Rerun(show_label=False), None, viewer)
    page.open(launch(demo))
    label = page.block().get_by_test_id("block-label")
    expect(label).to_be_hidden()
    page.block().get_by_role("button", name="Again").click()
    expect(page.get_by_label("Clicked")).to_have_value("yes")
    page.click("show")
    expect(label).to_be_visible()
    page.click("hide")
    expect(label).to_be_hidden()
    expect(page.block().get_by_role("button", name="Again")).to_be_visible()
