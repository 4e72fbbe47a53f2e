"""What breaks around a viewer: nothing is lost, nothing hangs, and the page says what is wrong, with a way out."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import gradio as gr
import numpy as np
import pytest
import rerun as rr
from fault_proxy import Exchange, fault_proxy
from full_disk import full_disk
from playwright.sync_api import expect
from recordings import log_points, write_recording
from streams import Source, expect_frames, stream_bytes, stream_with_a_stop
from test_streaming import app as streaming_app
from viewer_page import ViewerPage
from waiting import wait_until
from wasm_memory import with_memory_limit

from gradio_rerun import Rerun
from gradio_rerun._viewer import assets as viewer_assets

pytestmark = pytest.mark.first_visit

Launch = Callable[..., str]


def app(value: object = None, **functions: Callable[..., Any]) -> gr.Blocks:
    """A viewer, and a button for each function."""
    with gr.Blocks() as demo:
        viewer = Rerun(value, height=400)
        for name, function in functions.items():
            gr.Button(name).click(function, None, viewer)
    return demo


def retry(page: ViewerPage, button: str = "Retry") -> None:
    page.error().get_by_role("button", name=button).click()


def expect_message(page: ViewerPage, text: str) -> None:
    """Gradio shows an error of the app."""
    expect(page.get_by_test_id("toast-body")).to_contain_text(text)


SERVER = """
import os
import signal
import sys
import gradio as gr
from gradio_rerun import Rerun

port, one, other = sys.argv[1:]
for line in sys.stdin:  # imports take seconds: done once for all servers
    if (pid := os.fork()) == 0:
        break
    sys.stdin.readline()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    print(flush=True)
else:
    sys.exit()
with gr.Blocks() as demo:
    viewer = Rerun(one, height=300)
    gr.Button("one").click(lambda: one, None, viewer)
    gr.Button("other").click(lambda: other, None, viewer)
demo.launch(server_name="127.0.0.1", server_port=int(port), quiet=True)
"""


@pytest.fixture
def server(free_port: int, recording_a: Path, recording_b: Path) -> Iterator[Callable[[], AbstractContextManager[str]]]:
    """Starts an app in a process of its own, which is killed in the end. Its URL is always the same."""
    command = [sys.executable, "-c", SERVER, str(free_port), str(recording_a), str(recording_b)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout

        def switch() -> None:
            process.stdin.write(b"\n")
            process.stdin.flush()

        @contextmanager
        def server() -> Iterator[str]:
            switch()
            try:
                wait_until(lambda: answers(free_port), 120)
                yield f"http://127.0.0.1:{free_port}"
            finally:
                switch()
                process.stdout.readline()

        yield server


def answers(port: int) -> bool:
    with suppress(OSError):
        return bool(urlopen(f"http://127.0.0.1:{port}/", timeout=5))
    return False


@pytest.mark.slow
def test_a_server_that_restarts_leaves_the_recording_on_screen_and_serves_the_next_click(
    page: ViewerPage, server: Callable[[], AbstractContextManager[str]]
) -> None:
    with server() as url:
        page.open(url).expect_recordings("recording_a")
    page.expect_state("ready", recordings=1)
    with server():
        page.click("other")
        page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'recording_b')")
        page.expect_state("ready", recordings=1)
        page.route("**/*.rrd", lambda route: route.abort())
        page.click("one")
        page.expect_error("a.rrd: The server cannot be reached.")
        page.unroute("**/*.rrd")
    retry(page)
    page.expect_error("a.rrd: The server cannot be reached.")
    with server():
        retry(page)
        page.expect_recordings("recording_a")
    page.click("other")  # while there is no server: Gradio loads the page anew once there is one again
    with server():
        page.page.wait_for_event("load")
        page.expect_recordings("recording_a")


@pytest.mark.slow
def test_an_interrupted_download_of_each_viewer_file_is_repeated(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    def fault(exchange: Exchange) -> None:
        exchange.pass_on(5000) if exchange.number == 0 else exchange.pass_on()

    with ExitStack() as proxies:
        url = launch(app(recording_a))
        for suffix in (".wasm.gz", ".js.gz", "bridge.js", "loader.js"):
            url = proxies.enter_context(fault_proxy(url, fault, suffix))
        page.open(url)
        page.expect_recordings("recording_a")


@pytest.mark.slow
def test_a_viewer_whose_download_always_fails_is_reported_and_starts_on_retry(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    most: int | None = 5000

    def fault(exchange: Exchange) -> None:
        exchange.pass_on(most)

    with fault_proxy(launch(app(recording_a)), fault, ".wasm.gz") as proxy:
        page.open(proxy)
        page.expect_error("was interrupted, or is damaged")
        most = None
        retry(page)
        page.expect_recordings("recording_a")


@pytest.mark.slow
def test_a_page_that_cannot_be_loaded_says_so(page: ViewerPage, launch: Launch) -> None:
    page.route("**/bridge.js*", lambda route: route.abort())
    page.goto(launch(app()))
    expect(page.locator(".html-container")).to_contain_text("The Rerun viewer could not be loaded")
    expect(page.locator(".html-container")).to_contain_text("Please reload the page.")


def test_a_recording_whose_connection_breaks_says_where_and_opens_on_retry(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "long.rrd", "long", points=20_000)

    def fault(exchange: Exchange) -> None:
        exchange.pass_on(500_000 if exchange.number == 0 else None)

    with fault_proxy(launch(app(path)), fault) as proxy:
        page.open(proxy)
        page.expect_error("long.rrd: The connection was interrupted after")
        retry(page)
        page.expect_state("ready", recordings=1)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the viewer, for this test alone."""
    folder = tmp_path / "viewer_cache"
    known = viewer_assets.viewer_assets()
    shutil.copytree(known.wasm.parent, folder / "viewer" / known.wasm.parent.name)
    monkeypatch.setenv("GRADIO_RERUN_CACHE_DIR", str(folder))
    monkeypatch.setattr(viewer_assets, "_assets", None)
    return folder


@pytest.mark.slow
def test_damaged_or_deleted_viewer_files_on_the_server_are_restored_when_a_page_needs_them(
    page: ViewerPage, launch: Launch, own_cache: Path, recording_a: Path
) -> None:
    url = launch(app(recording_a))
    (wasm,) = own_cache.rglob("*.wasm.gz")
    content = wasm.read_bytes()
    middle = len(content) // 2
    wasm.write_bytes(content[:middle] + bytes(100) + content[middle + 100 :])
    (glue,) = own_cache.rglob("*.js.gz")
    glue.unlink()
    page.goto(url)
    page.expect_state("ready", recordings=1, timeout=180)  # it is taken out of rerun-sdk again


@pytest.mark.slow
def test_a_recording_deleted_from_gradios_cache_is_restored_when_it_is_shown_again(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    demo = app(recording_a, show=lambda: recording_a)
    (viewer,) = (block for block in demo.blocks.values() if isinstance(block, Rerun))
    url = launch(demo)
    shutil.rmtree(Path(viewer.value[0]["path"]).parent)
    page.open(url)
    page.expect_error("or it was deleted.")
    page.click("show")
    wait_until(Path(viewer.value[0]["path"]).is_file)
    retry(page)
    page.expect_recordings("recording_a")


@pytest.mark.slow
def test_on_a_full_disk_the_shown_recording_stays_and_the_app_continues(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    paths = [write_recording(tmp_path / f"{name}.rrd", name, points=1000) for name in ("one", "two")]
    page.open(launch(app(paths[0], show=lambda: paths[1]))).expect_recordings("one")
    with full_disk():
        page.click("show")
        expect_message(page, "cannot be kept in Gradio's cache")
    page.expect_recordings("one")
    page.click("show")
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'two')")
    page.expect_recordings("two")


@pytest.mark.slow
def test_a_stream_onto_a_full_disk_ends_with_an_error_and_keeps_its_data(page: ViewerPage, launch: Launch) -> None:
    go = threading.Event()
    page.open(
        launch(
            streaming_app(
                run=lambda: (yield from stream_with_a_stop(go)), again=lambda: (yield from stream_bytes("run"))
            )
        )
    )
    page.click("run")
    page.expect_frame(20)
    with full_disk():
        go.set()
        expect_message(page, "cannot be kept in Gradio's cache")
    page.expect_state("ready", recordings=1)
    page.click("again")
    page.expect_frame(59)


@pytest.mark.slow
def test_an_upload_to_a_full_disk_says_so_and_works_the_next_time(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "big.rrd", "big", points=20_000)
    with gr.Blocks() as demo:
        Rerun(height=300, interactive=True)
    page.open(launch(demo))
    chooser = page.viewer().locator("input[type=file]")
    with full_disk():
        chooser.set_input_files(path)
        expect(page.viewer().get_by_role("alert")).to_contain_text("big.rrd could not be uploaded")
    chooser.set_input_files(path)
    page.expect_recordings("big")


def test_a_truncated_recording_shows_its_complete_part_and_is_reported(
    page: ViewerPage, launch: Launch, other_server: tuple[str, Path]
) -> None:
    url, folder = other_server
    path, whole = folder / "cut.rrd", folder / "whole.rrd"
    source = Source("long")
    source.recording.save(whole)
    for _ in range(10):
        source.log()
        source.recording.flush()
    source.recording.disconnect()
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 7 // 10])
    page.open(launch(app(f"{url}/cut.rrd")))
    page.expect_error("A recording is incomplete")
    page.expect_error("cut.rrd: It is truncated")
    page.expect_state("error", recordings=1)
    page.wait_for_time(0)
    expect(page.error()).not_to_have_attribute("data-covers", "")
    shutil.copyfile(whole, path)
    retry(page)
    page.expect_state("ready", recordings=1)
    expect(page.error()).to_be_hidden()


def test_an_error_beside_a_visible_recording_can_be_closed(
    page: ViewerPage, launch: Launch, recording_a: Path, other_server: tuple[str, Path]
) -> None:
    with gr.Blocks() as demo:
        Rerun([recording_a, f"{other_server[0]}/missing.rrd"], height=400)
    page.open(launch(demo))
    page.expect_error("missing.rrd")
    page.expect_state("error", recordings=1)
    page.error().get_by_role("button", name="Close").click()
    expect(page.error()).to_be_hidden()


def with_version(data: bytes, minor: int) -> bytes:
    """The recording, as if rerun-sdk 0.`minor`.0 had written it."""
    return data[:4] + bytes([0, minor, 0, 0]) + data[8:]


def garbled(data: bytes) -> bytes:
    third = len(data) // 3
    return data[:third] + bytes(range(1, 256)) * (third // 255) + data[third + third // 255 * 255 :]


@pytest.mark.slow
def test_an_unreadable_recording_is_reported_with_the_reason_and_one_of_a_newer_sdk_opens(
    page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path
) -> None:
    data = recording_a.read_bytes()
    written = {"newer": with_version(data, 99), "old": with_version(data, 10), "garbled": garbled(data)}
    for name, content in written.items():
        (tmp_path / f"{name}.rrd").write_bytes(content)
    page.open(launch(app(None, **{name: lambda name=name: tmp_path / f"{name}.rrd" for name in written})))
    page.click("newer")
    page.expect_recordings("recording_a")
    for name, words in (("old", "0.10.0"), ("garbled", "decode")):
        page.click(name)
        page.expect_error(f"{name}.rrd: The viewer says: ")
        expect(page.error()).to_contain_text(words)


def test_a_viewer_that_loses_its_graphics_says_so_and_restarts_with_its_recordings(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    page.open(launch(app([recording_a, recording_b]))).expect_recordings("recording_a", "recording_b")
    page.evaluate(
        "document.querySelector('rerun-viewer canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    page.expect_error("WebGL context lost")
    page.forget_events()
    retry(page, "Restart")
    page.wait_for_event("recording_open")
    page.expect_recordings("recording_a", "recording_b")


@pytest.mark.slow
def test_a_viewer_without_memory_is_reported_and_the_next_value_is_shown(
    page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path
) -> None:
    big = write_recording(tmp_path / "big.rrd", "big", frames=60, points=160_000)
    module = gzip.decompress(viewer_assets.viewer_assets().wasm.read_bytes())
    limited = gzip.compress(with_memory_limit(module, more_pages=2500), 1)
    url = launch(app(recording_a, big=lambda: big, small=lambda: recording_a))
    # Not by `page.route`: on a busy machine, Playwright needs most of a minute for the 15 MB.
    with fault_proxy(url, lambda exchange: exchange.answer(200, limited), ".wasm.gz") as proxy:
        page.open(proxy).expect_recordings("recording_a")
        page.click("big")
        page.expect_error("the browser gives it no more memory")
        expect(page.error().get_by_role("button", name="Restart")).to_be_visible()
        page.forget_events()
        page.click("small")
        page.wait_for_event("recording_open")
        page.expect_recordings("recording_a")


@pytest.mark.slow
def test_a_tab_that_sleeps_during_a_stream_has_all_data_when_it_wakes(page: ViewerPage, launch: Launch) -> None:
    go, ended = threading.Event(), threading.Event()

    def run() -> Iterator[bytes]:
        yield from stream_with_a_stop(go)
        ended.set()

    page.open(launch(streaming_app(run=run))).click("run")
    page.expect_frame(20)
    session = page.context.new_cdp_session(page.page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    go.set()
    assert ended.wait(60)
    session.send("Page.setWebLifecycleState", {"state": "active"})
    expect_frames(page, "run")


@pytest.mark.slow
def test_50_values_leave_the_memory_where_it_was(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    paths = {name: tmp_path / f"{name}.rrd" for name in "ab"}
    for name, path in paths.items():
        recording = rr.RecordingStream("memory", recording_id=name)
        recording.save(path)
        recording.log("held", rr.AnyValues(noise=np.random.default_rng().bytes(5_000_000)))
        log_points(recording)
        recording.disconnect()
    shown = {name: (lambda path=path: path) for name, path in paths.items()}
    page.open(launch(app(paths["a"], **shown))).expect_recordings("a")

    def show(times: int) -> tuple[float, float]:
        """Shows one and the other so many times, and returns the bytes of the page's heap and of the viewer then."""
        for number in range(times):
            page.forget_events()
            page.click("ba"[number % 2])
            page.wait_for_event("recording_open")
            page.expect_state("ready", recordings=1)
        assert page.live_memories() == 1
        return page.heap(), page.evaluate("window.memories.at(-1).deref().buffer.byteLength")

    (heap, memory), (last_heap, last_memory) = show(10), show(40)
    assert last_heap - heap < 5e6
    # 40 recordings have 200 MB. The viewer's memory grows by steps of some 30 or 70 MB, and never shrinks: peaks may add some.
    assert last_memory - memory < 150e6
