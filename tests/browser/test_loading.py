"""What is seen while things come, and what comes over the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import Page, Response, Route, expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun

pytestmark = pytest.mark.first_visit

Launch = Callable[..., str]
MEGABYTES = re.compile(r"([\d.]+) MB of ([\d.]+) MB \((\d+) %\)")


def app(value: object) -> gr.Blocks:
    with gr.Blocks() as demo:
        Rerun(value, height=400)
    return demo


def throttle(page: Page, megabytes_per_second: float) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limit = megabytes_per_second * 1e6
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": limit, "uploadThroughput": limit},
    )


def wait_until_kept(page: ViewerPage) -> None:
    """The browser holds the viewer, whole."""
    page.wait_until("""async () => {
      const cache = await caches.open('gradio_rerun');
      const keys = await cache.keys();
      return keys.length === 1 && (await (await cache.match(keys[0])).arrayBuffer()).byteLength > 1e6;
    }""")


def test_the_download_of_the_viewer_shows_bytes_and_percent(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    throttle(page.page, 5)
    page.open(launch(app(recording_a)))
    progress = page.viewer().get_by_role("progressbar")
    expect(progress).to_contain_text("Loading the viewer")
    expect(progress).to_contain_text(MEGABYTES)
    first = int(MEGABYTES.search(progress.inner_text())[3])  # type: ignore[index]
    page.wait_for_function(
        "first => Number(document.querySelector('rerun-viewer .rerun-progress').ariaValueNow) > first", arg=first
    )
    page.expect_recordings("recording_a")
    expect(progress).to_be_hidden()


def test_a_recording_is_downloaded_while_the_viewer_still_loads(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    held: list[Route] = []
    page.route("**/component_server?re_viewer_bg*", lambda route: held.append(route))
    with page.expect_response("**/*.rrd") as download:
        page.open(launch(app(recording_a)))
    assert download.value.status == 200
    page.expect_state("loading")
    held[0].continue_()
    page.expect_recordings("recording_a")
    assert len(page.requests_for(".rrd")) == 1


@pytest.mark.slow
def test_300_mb_behind_a_login_are_shown_while_they_are_downloaded(
    page: ViewerPage, launch: Launch, big_recording: Path
) -> None:
    url = launch(app(big_recording), auth=("user", "password"))
    page.open(url)
    page.log_in()
    page.expect_state("ready", recordings=1)
    progress = page.viewer().get_by_role("progressbar")
    loaded, total, percent = MEGABYTES.search(progress.inner_text()).groups()  # type: ignore[union-attr]
    assert float(loaded) < float(total)
    assert int(percent) < 100
    assert abs(float(total) - big_recording.stat().st_size / 1e6) < 1
    expect(progress).to_be_hidden(timeout=120_000)
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_big_file_is_linked_into_the_cache_not_copied(page: ViewerPage, launch: Launch, big_recording: Path) -> None:
    page.open(launch(app(big_recording))).expect_state("ready", recordings=1)
    assert big_recording.stat().st_nlink > 1


def test_the_second_visit_fetches_no_viewer_unless_the_browser_kept_it_damaged(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    url = launch(app(recording_a))
    page.open(url).expect_recordings("recording_a")
    assert len(page.requests_for(".wasm.gz")) == 1
    wait_until_kept(page)
    page.open(url).expect_recordings("recording_a")
    assert len(page.requests_for(".wasm.gz")) == 1
    page.evaluate(
        "async () => { const cache = await caches.open('gradio_rerun');"
        " for (const key of await cache.keys()) await cache.put(key, new Response('damaged')); }"
    )
    page.open(url).expect_recordings("recording_a")
    assert len(page.requests_for(".wasm.gz")) == 2


@pytest.mark.slow
def test_the_viewers_code_comes_by_brotli_which_the_browser_decompresses(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))
    page.open(launch(app(recording_a), auth=("user", "password")))
    page.log_in()
    page.expect_recordings("recording_a")
    (code,) = [response for response in responses if ".wasm.gz" in response.url]
    assert code.header_value("content-encoding") == "br"


@pytest.mark.slow
def test_the_viewers_code_comes_by_brotli_if_the_scripts_arrive_last_that_request_it(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    held: list[Route] = []
    responses: list[Response] = []

    def release(response: Response) -> None:
        responses.append(response)
        if sum(each.url.endswith(("bridge.js", "rerun-viewer.css")) for each in responses) == 2:
            while held:
                held.pop().continue_()

    page.on("response", release)
    page.route(re.compile("/(loader|wire|component-server).js$"), lambda route: held.append(route))
    page.open(launch(app(recording_a))).expect_recordings("recording_a")
    (code,) = [response for response in responses if ".wasm.gz" in response.url]
    assert code.header_value("content-encoding") == "br"


@pytest.mark.slow
def test_a_component_in_a_render_serves_the_viewers_code(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:

        @gr.render()
        def show() -> None:
            Rerun(recording_a)

    page.open(launch(demo)).expect_recordings("recording_a")
    (url,) = page.requests_for(".wasm.gz")
    assert "/component_server?" in url


@pytest.mark.slow
def test_the_viewer_of_another_version_is_dropped_from_the_browser(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    url = launch(app(None))
    page.open(url)
    page.evaluate(
        "async () => (await caches.open('gradio_rerun')).put('/gradio_rerun/old.wasm.gz', new Response('old'))"
    )
    page.reload()
    page.wait_until("""async () => {
      const names = (await (await caches.open('gradio_rerun')).keys()).map((key) => key.url);
      return names.length === 1 && !names[0].endsWith('old.wasm.gz');
    }""")
