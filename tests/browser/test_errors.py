"""What goes wrong is said in the component, with a way out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import expect
from recordings import write_recording
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]
Server = tuple[str, Path]


def app(*values: object) -> gr.Blocks:
    with gr.Blocks() as demo:
        Rerun(list(values), height=400)
    return demo


def retry(page: ViewerPage, button: str = "Retry") -> None:
    page.error().get_by_role("button", name=button).click()


def test_a_missing_recording_says_so_and_opens_on_retry_once_it_is_there(
    page: ViewerPage, launch: Launch, other_server: Server
) -> None:
    url, folder = other_server
    page.open(launch(app(f"{url}/late.rrd")))
    page.expect_error("late.rrd: There is no such recording (404).")
    expect(page.viewer().locator("> svg")).to_be_hidden()  # the icon of an empty viewer
    retry(page)
    page.expect_error("There is no such recording (404).")
    write_recording(folder / "late.rrd", "late")
    retry(page)
    page.expect_recordings("late")
    expect(page.error()).to_be_hidden()


def test_files_that_are_not_recordings_are_reported_and_open_when_fixed(
    page: ViewerPage, launch: Launch, other_server: Server
) -> None:
    url, folder = other_server
    files = {
        "html": (b"<html>no recording</html>", "This is not a Rerun recording."),
        "empty": (b"", "The file is empty."),
        "old": (b"RRF0\x00\x00", "older than 0.23"),
        "cut": (b"RRF2\x00\x01", "It is truncated"),
        "wrong": (b"RRF2\x00\x00\x00\x00\x01\x02\x00\x00" + b"\xff" * 2_000_000, "The viewer says: Data source failed"),
    }
    for name, (content, _) in files.items():
        (folder / f"{name}.rrd").write_bytes(content)
    page.open(launch(app(*(f"{url}/{name}.rrd" for name in files))))
    for _, words in files.values():
        page.expect_error(words)
    for name in files:
        write_recording(folder / f"{name}.rrd", name)
    retry(page)
    page.expect_recordings(*files)


@pytest.mark.slow
def test_a_failed_recording_leaves_the_others_usable(
    page: ViewerPage, launch: Launch, other_server: Server, recording_a: Path
) -> None:
    url, folder = other_server
    page.open(launch(app(recording_a, f"{url}/missing.rrd")))
    page.expect_error("missing.rrd")
    page.expect_state("error", recordings=1)
    assert page.opened() == ["recording_a"]
    expect(page.error()).not_to_have_attribute("data-covers", "")
    write_recording(folder / "missing.rrd", "found")
    retry(page)
    page.expect_state("ready", recordings=2)
    assert page.opened() == ["recording_a", "found"]


def test_an_unreachable_server_is_reported(page: ViewerPage, launch: Launch, free_port: int) -> None:
    with gr.Blocks() as demo:
        Rerun(f"http://127.0.0.1:{free_port}/a.rrd", height=300)
        Rerun(f"rerun+http://127.0.0.1:{free_port}/proxy", height=300, tunnel=False)
    page.open(launch(demo))
    for index in (0, 1):
        page.expect_error("It cannot be reached, or its server does not let this page read it (CORS).", index)
    page.expect_error("If the app reaches the server and browsers do not: Rerun(tunnel=True).", index=1)


@pytest.mark.first_visit
def test_a_viewer_that_cannot_be_fetched_says_so_and_starts_on_retry(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.route("**/*.wasm.gz", lambda route: route.abort())
    page.open(launch(app(recording_a)))
    page.expect_error("The viewer could not be fetched: the server cannot be reached.")
    page.unroute("**/*.wasm.gz")
    page.route("**/*.wasm.gz", lambda route: route.fulfill(status=503))
    retry(page)
    page.expect_error("the server answered 503")
    page.unroute("**/*.wasm.gz")
    retry(page)
    page.expect_recordings("recording_a")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("WebAssembly.validate = () => false", "no WebAssembly SIMD"),
        ("delete globalThis.DecompressionStream", "too old"),
        (
            "delete Navigator.prototype.gpu; HTMLCanvasElement.prototype.getContext = () => null",
            "neither WebGL2 nor WebGPU",
        ),
    ],
)
def test_a_feature_that_the_browser_lacks_is_named(
    script: str, words: str, page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.add_init_script(script)
    page.open(launch(app(recording_a)))
    page.expect_error(words)
    assert page.requests_for(".wasm.gz") == []


def test_a_panic_shows_its_message_and_restart_reopens_the_recordings(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(recording_a, height=400)
        gr.Button("show").click(lambda: [recording_a, recording_b], None, viewer)
    page.open(launch(demo)).expect_recordings("recording_a")
    page.evaluate("() => { crypto.getRandomValues = () => { throw new Error('no entropy') } }")
    page.click("show")  # the viewer needs random numbers for each recording, and panics without
    page.expect_error("The viewer stopped")
    expect(page.error()).to_contain_text("panicked at")
    page.evaluate("() => { delete crypto.getRandomValues }")
    page.forget_events()
    retry(page, "Restart")
    page.wait_for_event("recording_open")
    page.expect_recordings("recording_a", "recording_b")


def test_an_expired_login_is_reported(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=300)
        gr.Button("show").click(lambda: recording_a, None, viewer)
    url = launch(demo, auth=("user", "password"))
    page.open(url)
    page.log_in()
    expect(page.viewer()).to_be_visible()
    page.route("**/*.rrd", lambda route: route.fulfill(status=401, json={"detail": "Not authenticated"}))
    page.click("show")
    page.expect_error("The server requires a login (401). Please reload the page.")
