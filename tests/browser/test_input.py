"""Recordings on their way in: dropped, chosen, converted, refused."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image
from playwright.sync_api import Locator, Route, expect
from recordings import write_recording
from viewer_page import ViewerPage

from gradio_rerun import Rerun, events

Launch = Callable[..., str]


def app(heard: list[str] | None = None, **parameters: Any) -> gr.Blocks:
    """A viewer as input, a button that tells what the function gets, and what the events tell, in `heard`."""
    heard = [] if heard is None else heard
    with gr.Blocks() as demo:
        viewer = Rerun(**{"height": 300, **parameters})
        told = gr.Textbox(label="told")
        gr.Button("tell").click(repr, viewer, told)

        def upload(event: events.Upload) -> None:
            heard.append(f"upload {event.names}")

        def load(event: events.Load) -> None:
            heard.append(f"load {event.application_id}/{event.recording_id}")

        def error(event: events.Error) -> None:
            heard.append(f"error {event.message}")

        viewer.upload(upload)
        viewer.load(load)
        viewer.error(error)
        viewer.clear(lambda: heard.append("clear"))
        viewer.change(lambda: heard.append("change"))
    return demo


def expect_heard(page: ViewerPage, heard: list[str], *wanted: str) -> None:
    """These events and no others, in whatever order."""
    deadline = time.monotonic() + 10
    while len(heard) < len(wanted) and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    page.wait_for_timeout(1000)  # for what must not come any more
    assert sorted(heard) == sorted(wanted)


def chooser(page: ViewerPage) -> Locator:
    return page.viewer().locator("input[type=file]")


def prompt(page: ViewerPage) -> Locator:
    return page.viewer().get_by_role("button", name="Drop")


def expect_told(page: ViewerPage, pattern: str) -> None:
    page.click("tell")
    expect(page.get_by_label("told")).to_have_value(re.compile(pattern))


def drop(page: ViewerPage, target: Locator, *files: Path) -> None:
    transfer = page.evaluate_handle("() => new DataTransfer()")
    for file in files:
        page.evaluate(
            "([transfer, name, bytes]) => transfer.items.add(new File([new Uint8Array(bytes)], name))",
            [transfer, file.name, list(file.read_bytes())],
        )
    for event in ("dragover", "drop"):
        target.dispatch_event(event, {"dataTransfer": transfer})


def test_a_chosen_recording_shows_and_reaches_the_function_and_clear_offers_the_place_to_drop_again(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.open(launch(app()))
    expect(prompt(page)).to_have_text("Drop Recording Here- or -Click to Upload")
    with page.expect_file_chooser() as opened:
        prompt(page).click()
    opened.value.set_files(recording_a)
    page.expect_recordings("recording_a")
    expect(prompt(page)).to_be_hidden()
    expect_told(page, r"^'.*/a\.rrd'$")
    page.get_by_label("Clear", exact=True).click()
    page.expect_state("idle", recordings=0)
    expect(prompt(page)).to_be_visible()
    expect_told(page, "^None$")


def test_a_dropped_recording_shows_and_another_dropped_on_upload_replaces_it(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    page.open(launch(app()))
    drop(page, prompt(page), recording_a)
    page.expect_recordings("recording_a")
    drop(page, page.get_by_label("Upload", exact=True), recording_b)
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'recording_b')")
    page.expect_recordings("recording_b")
    expect_told(page, r"^'.*/b\.rrd'$")


def test_each_event_fires_once_for_its_cause(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    heard: list[str] = []
    page.open(launch(app(heard)))
    chooser(page).set_input_files(recording_a)
    page.expect_recordings("recording_a")
    expect_heard(page, heard, "upload ['a.rrd']", "change", "load app_a/recording_a")
    heard.clear()
    page.get_by_label("Clear", exact=True).click()
    expect_heard(page, heard, "clear", "change")


@pytest.mark.slow
def test_an_error_reaches_its_listener_once(page: ViewerPage, launch: Launch, other_server: tuple[str, Path]) -> None:
    url, _ = other_server
    heard: list[str] = []
    page.open(launch(app(heard, value=f"{url}/missing.rrd"))).expect_state("error")
    expect_heard(page, heard, "error A recording could not be opened: missing.rrd: There is no such recording (404).")


@pytest.mark.slow
def test_several_files_are_a_list(page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path) -> None:
    page.open(launch(app(file_count="multiple")))
    expect(prompt(page)).to_contain_text("Drop Recordings Here")
    chooser(page).set_input_files([recording_a, recording_b])
    page.expect_recordings("recording_a", "recording_b")
    expect_told(page, r"^\['.*/a\.rrd', '.*/b\.rrd'\]$")


def test_a_folder_is_a_list(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_recording(tmp_path / "folder" / f"{name}.rrd", name)
    page.open(launch(app(file_count="directory")))
    chooser(page).set_input_files(tmp_path / "folder")
    page.expect_recordings("one", "two")
    expect_told(page, r"^\['.*\.rrd', '.*\.rrd'\]$")


def test_a_wrong_type_and_a_wrong_number_are_refused_and_the_former_value_stays(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "notes.doc"
    wrong.write_text("x")
    page.open(launch(app(value=recording_a, interactive=True))).expect_recordings("recording_a")
    drop(page, page.get_by_label("Upload", exact=True), wrong)
    expect(page.viewer().get_by_role("alert")).to_contain_text(
        "notes.doc is none of the types that can be uploaded: .rrd"
    )
    page.viewer().get_by_role("button", name="Close").click()
    drop(page, page.get_by_label("Upload", exact=True), recording_a, recording_b)
    expect(page.viewer().get_by_role("alert")).to_contain_text("Expected one file, got 2.")
    expect_told(page, r"a\.rrd'$")
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_file_larger_than_the_apps_limit_is_refused(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    big = write_recording(tmp_path / "big.rrd", "big", points=20_000)
    page.open(launch(app(), max_file_size="1mb"))
    chooser(page).set_input_files(big)
    expect(page.viewer().get_by_role("alert")).to_have_text("big.rrd is too big: the app takes files of up to 1.0 MB.")


def test_an_upload_that_fails_says_why_and_works_the_next_time(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    answers: dict[str, Any] = {
        "you are not logged in any more": {"status": 401, "json": {"detail": "Not authenticated"}},
        "is too big: File size exceeded 1mb": {"status": 413, "json": {"detail": "File size exceeded 1mb"}},
        "the server answered 500": {"status": 500, "body": "?"},
        "the connection to the server was lost": None,
    }

    def respond(answer: Any, route: Route) -> None:
        route.fulfill(**answer) if answer else route.abort()

    page.open(launch(app()))
    for words, answer in answers.items():
        page.route("**/upload?*", partial(respond, answer))
        chooser(page).set_input_files(recording_a)
        expect(page.viewer().get_by_role("alert")).to_contain_text(words)
        page.unroute("**/upload?*")
    chooser(page).set_input_files(recording_a)
    page.expect_recordings("recording_a")


def test_an_upload_shows_its_progress_and_can_be_cancelled(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    big = write_recording(tmp_path / "big.rrd", "big", points=200_000)
    page.open(launch(app()))
    session = page.context.new_cdp_session(page.page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4e6}
    session.send("Network.emulateNetworkConditions", slow)
    chooser(page).set_input_files(big)
    bar = page.viewer().locator("progress[aria-label='big.rrd']")
    page.wait_for_function("() => document.querySelector('.rerun-upload progress')?.value > 5")
    value = bar.evaluate("bar => bar.value")
    page.wait_for_function("before => document.querySelector('.rerun-upload progress').value > before", arg=value)
    page.viewer().get_by_role("button", name="Cancel").click()
    expect(bar).to_have_count(0)
    expect(prompt(page)).to_be_visible()
    expect_told(page, "^None$")


def test_an_uploaded_picture_is_converted_and_the_function_gets_the_picture(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    Image.new("RGB", (64, 48), (200, 30, 60)).save(tmp_path / "red.png")
    page.open(launch(app()))
    chooser(page).set_input_files(tmp_path / "red.png")
    page.expect_state("ready", recordings=1)
    expect_told(page, r"/red\.png'$")


def test_a_picture_that_a_function_returns_is_converted(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), (200, 30, 60)).save(tmp_path / "red.png")
    with gr.Blocks() as demo:
        viewer = Rerun(height=300)
        gr.Button("show").click(lambda: tmp_path / "red.png", None, viewer)
    page.open(launch(demo)).click("show")
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_file_that_cannot_be_converted_says_why(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture at all")
    heard: list[str] = []
    page.open(launch(app(heard)))
    chooser(page).set_input_files(tmp_path / "broken.png")
    page.expect_error("broken.png")
    page.wait_for_timeout(1500)  # for it to arrive, and for what must not come any more
    assert len([each for each in heard if each.startswith("error") and "broken.png" in each]) == 1


@pytest.mark.slow
def test_a_name_that_looks_like_html_stays_a_name(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    path = write_recording(tmp_path / "<img src=x onerror=alert(1)>.rrd", "odd")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    with gr.Blocks() as demo:
        viewer = Rerun(path, height=300)
        told = gr.Textbox(label="told")
        gr.Button("tell").click(repr, viewer, told)
        gr.Examples([[str(path)]], viewer)
    page.open(launch(demo)).expect_recordings("odd")
    expect(page.locator("img[src=x]")).to_have_count(0)
    expect(page.get_by_text("<img src=x onerror=alert(1)>.rrd").first).to_be_visible()
    chooser(page).set_input_files(path)
    page.wait_for_function("() => window.seen.filter(e => e.detail?.recording_id === 'odd').length > 1")
    page.expect_state("ready", recordings=1)
    expect(page.locator("img[src=x]")).to_have_count(0)


@pytest.mark.slow
def test_300_mb_are_uploaded_without_growing_the_server(page: ViewerPage, launch: Launch, big_recording: Path) -> None:
    page.open(launch(app()))
    before = resident_bytes()
    chooser(page).set_input_files(big_recording)
    page.wait_for_function("() => document.querySelector('.rerun-upload progress')?.value > 0")
    page.expect_state("ready", recordings=1, timeout=180)
    assert resident_bytes() - before < 100e6


def resident_bytes() -> int:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024
