"""Recordings on their way in: dropped, chosen, converted, refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect
from recordings import write_recording
from seen import wait_until
from shared_page import SharedPage, shared_page
from viewer_page import ViewerPage

from gradio_rerun import Rerun, events

Launch = Callable[..., str]


LISTENED: dict[str, type[Any]] = {
    "upload": events.Upload,
    "load": events.Load,
    "error": events.Error,
    "clear": events.Clear,
    "change": gr.EventData,
}


@pytest.fixture(scope="module")
def interactive_page(new_tab: Callable[[], Page]) -> Iterator[SharedPage]:
    with shared_page(new_tab, LISTENED, interactive=True) as page:
        yield page


@pytest.fixture
def shared(interactive_page: SharedPage) -> SharedPage:
    """An empty viewer that takes uploads."""
    interactive_page.clear()
    interactive_page.settle()
    interactive_page.heard.clear()
    return interactive_page


def as_text(event: Any) -> str:
    match event:
        case events.Upload():
            return f"upload {event.names}"
        case events.Load():
            return f"load {event.application_id}/{event.recording_id}"
        case events.Error():
            return f"error {event.message}"
    return "clear" if isinstance(event, events.Clear) else "change"


def expect_heard(page: SharedPage, *wanted: str) -> None:
    """These events and no others, in whatever order."""
    with suppress(AssertionError):
        wait_until(page, lambda: len(page.heard) >= len(wanted), seconds=10)
    page.settle()
    assert sorted(map(as_text, page.heard)) == sorted(wanted)
    page.heard.clear()


def chooser(page: ViewerPage) -> Locator:
    return page.viewer().locator("input[type=file]")


def prompt(page: ViewerPage) -> Locator:
    return page.viewer().get_by_role("button", name="Drop")


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
    shared: SharedPage, recording_a: Path
) -> None:
    expect(prompt(shared)).to_have_text("Drop Recording Here- or -Click to Upload")
    with shared.expect_file_chooser() as opened:
        prompt(shared).click()
    opened.value.set_files(recording_a)
    shared.expect_recordings("recording_a")
    expect(prompt(shared)).to_be_hidden()
    assert shared.given().endswith("/a.rrd")
    shared.get_by_label("Clear", exact=True).click()
    shared.expect_state("idle", recordings=0)
    expect(prompt(shared)).to_be_visible()
    assert shared.given() is None


def test_a_dropped_recording_shows_and_another_dropped_on_upload_replaces_it(
    shared: SharedPage, recording_a: Path, recording_b: Path
) -> None:
    drop(shared, prompt(shared), recording_a)
    shared.expect_recordings("recording_a")
    drop(shared, shared.get_by_label("Upload", exact=True), recording_b)
    shared.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'recording_b')")
    shared.expect_recordings("recording_b")
    assert shared.given().endswith("/b.rrd")


def test_each_event_fires_once_for_its_cause(shared: SharedPage, recording_a: Path) -> None:
    chooser(shared).set_input_files(recording_a)
    shared.expect_recordings("recording_a")
    expect_heard(shared, "upload ['a.rrd']", "change", "load app_a/recording_a")
    shared.get_by_label("Clear", exact=True).click()
    expect_heard(shared, "clear", "change")


@pytest.mark.slow
def test_an_error_reaches_its_listener_once(shared: SharedPage, other_server: tuple[str, Path]) -> None:
    shared.send(f"{other_server[0]}/missing.rrd")
    shared.expect_state("error")
    missing = "error A recording could not be opened: missing.rrd: There is no such recording (404)."
    expect_heard(shared, missing, "change")


@pytest.mark.slow
def test_several_files_are_a_list(new_tab: Callable[[], Page], recording_a: Path, recording_b: Path) -> None:
    with shared_page(new_tab, interactive=True, file_count="multiple") as page:
        expect(prompt(page)).to_contain_text("Drop Recordings Here")
        chooser(page).set_input_files([recording_a, recording_b])
        page.expect_recordings("recording_a", "recording_b")
        assert [Path(each).name for each in page.given()] == ["a.rrd", "b.rrd"]


def test_a_folder_is_a_list(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_recording(tmp_path / "folder" / f"{name}.rrd", name)
    with gr.Blocks() as demo:  # users can upload, since the viewer is an input and no output
        viewer, told = Rerun(height=300, file_count="directory"), gr.Textbox(label="told")
        gr.Button("tell").click(repr, viewer, told)
    page.open(launch(demo))
    chooser(page).set_input_files(tmp_path / "folder")
    page.expect_recordings("one", "two")
    page.click("tell")
    expect(page.get_by_label("told")).to_have_value(re.compile(r"^\['.*\.rrd', '.*\.rrd'\]$"))


def test_a_wrong_type_and_a_wrong_number_are_refused_and_the_former_value_stays(
    shared: SharedPage, recording_a: Path, recording_b: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "notes.doc"
    wrong.write_text("x")
    shared.send(recording_a)
    shared.expect_recordings("recording_a")
    drop(shared, shared.get_by_label("Upload", exact=True), wrong)
    alert = shared.viewer().get_by_role("alert")
    expect(alert).to_contain_text("notes.doc is none of the types that can be uploaded: .rrd")
    shared.viewer().get_by_role("button", name="Close").click()
    drop(shared, shared.get_by_label("Upload", exact=True), recording_a, recording_b)
    expect(alert).to_contain_text("Expected one file, got 2.")
    assert shared.given().endswith("/a.rrd")
    shared.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_file_larger_than_the_apps_limit_is_refused(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    big = write_recording(tmp_path / "big.rrd", "big", points=20_000)
    with gr.Blocks() as demo:
        Rerun(interactive=True)
    page.open(launch(demo, max_file_size="1mb"))
    chooser(page).set_input_files(big)
    expect(page.viewer().get_by_role("alert")).to_have_text("big.rrd is too big: the app takes files of up to 1.0 MB.")


def test_an_upload_that_fails_says_why_and_works_the_next_time(shared: SharedPage, recording_a: Path) -> None:
    answers: dict[str, Any] = {
        "you are not logged in any more": {"status": 401, "json": {"detail": "Not authenticated"}},
        "is too big: File size exceeded 1mb": {"status": 413, "json": {"detail": "File size exceeded 1mb"}},
        "the server answered 500": {"status": 500, "body": "?"},
        "the connection to the server was lost": None,
    }

    def respond(answer: Any, route: Route) -> None:
        route.fulfill(**answer) if answer else route.abort()

    for words, answer in answers.items():
        shared.route("**/upload?*", partial(respond, answer))
        chooser(shared).set_input_files(recording_a)
        expect(shared.viewer().get_by_role("alert")).to_contain_text(words)
        shared.unroute("**/upload?*")
    chooser(shared).set_input_files(recording_a)
    shared.expect_recordings("recording_a")


def test_an_upload_shows_its_progress_and_can_be_cancelled(shared: SharedPage, tmp_path: Path) -> None:
    big = write_recording(tmp_path / "big.rrd", "big", points=200_000)
    session = shared.context.new_cdp_session(shared.page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4e6}
    session.send("Network.emulateNetworkConditions", slow)
    chooser(shared).set_input_files(big)
    bar = shared.viewer().locator("progress[aria-label='big.rrd']")
    shared.wait_for_function("() => document.querySelector('.rerun-upload progress')?.value > 5")
    value = bar.evaluate("bar => bar.value")
    shared.wait_for_function("before => document.querySelector('.rerun-upload progress').value > before", arg=value)
    shared.viewer().get_by_role("button", name="Cancel").click()
    expect(bar).to_have_count(0)
    expect(prompt(shared)).to_be_visible()
    assert shared.given() is None
    session.detach()


def test_a_picture_is_converted_whether_it_is_uploaded_or_returned_and_the_function_gets_an_uploaded_one_as_it_is(
    shared: SharedPage, tmp_path: Path
) -> None:
    for name in ("uploaded", "returned"):
        Image.new("RGB", (64, 48), (200, 30, 60)).save(tmp_path / f"{name}.png")
    chooser(shared).set_input_files(tmp_path / "uploaded.png")
    shared.expect_state("ready", recordings=1)
    assert shared.given().endswith("/uploaded.png")
    shared.send(tmp_path / "returned.png")
    shared.wait_for("recording_open", application_id="returned_png")


@pytest.mark.slow
def test_a_file_that_cannot_be_converted_says_why(shared: SharedPage, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture at all")
    chooser(shared).set_input_files(tmp_path / "broken.png")
    shared.expect_error("broken.png")
    shared.settle()
    assert len([each for each in shared.heard if isinstance(each, events.Error) and "broken.png" in each.message]) == 1


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
def test_300_mb_are_uploaded_without_growing_the_server(shared: SharedPage, big_recording: Path) -> None:
    before = resident_bytes()
    chooser(shared).set_input_files(big_recording)
    shared.wait_for_function("() => document.querySelector('.rerun-upload progress')?.value > 0")
    shared.expect_state("ready", recordings=1, timeout=180)
    assert resident_bytes() - before < 100e6


def resident_bytes() -> int:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024
