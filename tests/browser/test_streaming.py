"""Recordings that grow while the page shows them."""

from __future__ import annotations

import importlib.util
import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
import numpy as np
import pytest
import rerun as rr
from fault_proxy import Exchange, fault_proxy
from playwright.sync_api import Browser, Page, expect
from recordings import recording_bytes, write_recording
from shared_page import SharedPage, shared_page
from streams import (
    FRAMES,
    Source,
    expect_frames,
    frames_of,
    held,
    stream_binary_stream,
    stream_bytes,
    stream_recording,
    stream_with_a_stop,
)
from viewer_page import ViewerPage
from waiting import wait_until

from gradio_rerun import Rerun

Launch = Callable[..., str]


@pytest.fixture(scope="module")
def streaming_page(new_tab: Callable[[], Page]) -> Iterator[SharedPage]:
    with shared_page(new_tab, streaming=True) as page:
        yield page


@pytest.fixture
def shared(streaming_page: SharedPage) -> SharedPage:
    """An empty viewer."""
    streaming_page.clear()
    return streaming_page


def app(*, viewer: Rerun | None = None, outputs: int = 1, **functions: Callable[..., Any]) -> gr.Blocks:
    """A streaming viewer, and a button for each function."""
    with gr.Blocks() as demo:
        viewers = [viewer.render() if viewer else Rerun(streaming=True, height=300) for _ in range(outputs)]
        for name, function in functions.items():
            gr.Button(name).click(function, None, viewers)
    return demo


def anew(function: Callable[[str], Iterator[Any]], name: str) -> Callable[[], Iterator[Any]]:
    """What shows the recording of this name instead of what was there."""

    def run() -> Iterator[Any]:
        yield []
        yield from function(name)

    return run


def test_every_frame_arrives_once_whatever_is_yielded(shared: SharedPage) -> None:
    functions = {"bytes": stream_bytes, "stream": stream_binary_stream, "recording": stream_recording}
    for name, function in functions.items():
        shared.clear()
        shared.requests.clear()
        shared.stream(function(name))
        expect_frames(shared, name)
        shared.expect_state("ready", recordings=1)
        # Each byte once, and many chunks in one request.
        assert len(shared.requests_for(".rrd")) <= FRAMES


def test_a_function_that_returns_adds_to_the_recording_on_screen(shared: SharedPage) -> None:
    recording = rr.RecordingStream("stream_app", recording_id="run")
    note = recording.binary_stream()
    recording.set_time("frame", sequence=1000)
    recording.log("note", rr.TextLog("here"))
    shared.stream(stream_bytes("run"))
    shared.expect_frame(FRAMES - 1)
    shared.send(note.read())
    shared.expect_frame(1000)  # it follows the newest data
    shared.expect_state("ready", recordings=1)
    if importlib.util.find_spec("rerun.chunk"):
        assert held(shared)["run"] == Counter([*range(FRAMES), 1000])


def test_a_second_run_adds_and_an_empty_list_clears(shared: SharedPage) -> None:
    shared.stream(stream_bytes("first"))
    shared.expect_frame(FRAMES - 1)
    shared.forget_events()
    shared.stream(stream_bytes("second"))
    shared.expect_state("ready", recordings=2)
    wait_until(lambda: held(shared)["second"] == Counter(range(FRAMES)))
    shared.forget_events()
    shared.stream(itertools.chain([[]], stream_bytes("third")))
    expect_frames(shared, "third")
    assert list(held(shared)) == ["third"]


@pytest.mark.slow
def test_values_without_data_in_the_middle_of_a_stream_change_nothing(shared: SharedPage) -> None:
    def run() -> Iterator[Any]:
        for number, chunk in enumerate(stream_bytes("run")):
            yield chunk
            if number == 10:
                yield b""
                yield gr.skip()
                yield gr.update(height=350)
                yield [b"", chunk[:0]]

    shared.stream(run())
    shared.expect_frame(FRAMES - 1)
    expect(shared.block()).to_have_css("height", "350px")


@pytest.mark.slow
def test_an_empty_list_in_the_middle_keeps_only_later_data(shared: SharedPage) -> None:
    def run() -> Iterator[Any]:
        for number, chunk in enumerate(stream_bytes("run")):
            yield chunk
            if number == 10:
                yield []

    shared.stream(run())
    shared.expect_frame(FRAMES - 1)
    wait_until(lambda: held(shared)["run"] == Counter(range(11, FRAMES)))


def test_none_from_a_generator_changes_nothing_and_none_from_a_function_clears(shared: SharedPage) -> None:
    done = threading.Event()

    def run() -> Iterator[Any]:
        yield None
        for chunk in stream_bytes("run", frames=10):
            yield from (chunk, None)
        done.set()

    shared.stream(run())
    assert done.wait(60)
    shared.expect_frame(9)
    shared.expect_state("ready", recordings=1)
    if importlib.util.find_spec("rerun.chunk"):
        assert held(shared)["run"] == Counter(range(10))
    shared.clear()


def test_timer_ticks_are_one_recording_that_functions_and_downloads_get_as_a_whole(
    page: ViewerPage, launch: Launch
) -> None:
    chunk = pytest.importorskip("rerun.chunk")
    ticks, source = 30, Source("ticks", points=1)
    stream = source.recording.binary_stream()

    def tick() -> Any:
        if source.next == ticks:
            return gr.skip()
        source.log()
        return stream.read()

    with gr.Blocks() as demo:
        viewer = Rerun(streaming=True, height=300)
        gr.Timer(0.1).tick(tick, None, viewer, show_progress="hidden")
        gr.Button("run").click(lambda: (yield from stream_bytes("ticks", frames=10)), None, viewer)
        path = gr.Textbox(label="path")
        gr.Button("value").click(str, viewer, path)
    page.open(launch(demo))
    page.expect_state("ready", recordings=1)
    wait_until(lambda: source.next == ticks, seconds=300)
    wait_until(lambda: held(page)["ticks"] == Counter(range(ticks)), seconds=60)
    shown = page.evaluate("() => document.querySelector('rerun-viewer').recordings.map(({ url }) => url)")
    assert len(shown) == len(viewer.temp_files) == 1
    # What is new comes along with each tick, unless the page lags.
    assert len(page.requests_for(".rrd")) < ticks / 2
    page.click("run")  # its frames have the numbers of the first ticks
    expected = Counter([*range(ticks), *range(10)])
    wait_until(lambda: held(page)["ticks"] == expected)
    page.click("value")
    box = page.get_by_label("path")
    expect(box).to_have_value(re.compile(r"\.rrd$"))
    whole = Path(box.input_value()).read_bytes()
    assert viewer.temp_files == {box.input_value()}
    assert frames_of(whole, chunk) == {"ticks": expected}
    with page.expect_download() as download:
        page.click("Download")
    assert download.value.path().read_bytes() == whole


@pytest.mark.slow
def test_after_the_clear_button_a_timer_begins_a_new_recording(page: ViewerPage, launch: Launch) -> None:
    chunk = pytest.importorskip("rerun.chunk")
    source = Source("ticks", points=1)
    stream = source.recording.binary_stream()

    def tick() -> Any:
        source.log()
        return stream.read()

    with gr.Blocks() as demo:
        viewer = Rerun(streaming=True, height=300, show_clear_button=True)
        gr.Timer(0.3).tick(tick, None, viewer, show_progress="hidden")
        path = gr.Textbox(label="path")
        gr.Button("value").click(str, viewer, path)
    page.open(launch(demo))
    page.expect_state("ready", recordings=1)
    wait_until(lambda: len(held(page)["ticks"]) > 3)
    before = source.next
    page.click("Clear")
    wait_until(lambda: len(viewer.temp_files) == 2)
    page.expect_state("ready", recordings=1)
    wait_until(lambda: len(held(page)["ticks"]) > 3)
    assert min(held(page)["ticks"]) >= before
    page.click("value")
    box = page.get_by_label("path")
    expect(box).to_have_value(re.compile(r"\.rrd$"))
    assert min(frames_of(Path(box.input_value()).read_bytes(), chunk)["ticks"]) >= before


def test_files_and_urls_in_between_are_added(
    shared: SharedPage, recording_a: Path, other_server: tuple[str, Path]
) -> None:
    server, folder = other_server
    write_recording(folder / "b.rrd", "recording_b", application_id="app_b")

    def run() -> Iterator[Any]:
        for number, chunk in enumerate(stream_bytes("run")):
            yield chunk
            if number == 10:
                yield recording_a
            if number == 20:
                yield [chunk[:0], f"{server}/b.rrd"]

    shared.stream(run())
    shared.expect_recordings("run", "recording_a", "recording_b")


@pytest.mark.slow
def test_a_generator_that_yields_nothing_changes_nothing(page: ViewerPage, launch: Launch) -> None:
    def nothing() -> Iterator[bytes]:
        yield from ()

    with gr.Blocks() as demo:
        viewer = Rerun(streaming=True, height=300)
        gr.Button("run").click(lambda: (yield from stream_bytes("run")), None, viewer)
        done, path = gr.Textbox(label="done"), gr.Textbox(label="path")
        gr.Button("nothing").click(nothing, None, viewer).then(lambda: "yes", None, done)
        gr.Button("value").click(str, viewer, path)
    page.open(launch(demo)).click("run")
    page.expect_frame(FRAMES - 1)
    page.click("nothing")
    expect(page.get_by_label("done")).to_have_value("yes")
    page.click("value")
    expect(page.get_by_label("path")).to_have_value(re.compile(r"\.rrd$"))
    page.expect_state("ready", recordings=1)
    assert page.opened() == ["run"]


def test_an_initial_value_stays_beside_a_stream_also_for_functions_and_a_file_replaces_both(
    new_tab: Callable[[], Page], recording_a: Path
) -> None:
    with shared_page(new_tab, streaming=True, value=recording_a) as page:
        page.expect_recordings("recording_a")
        page.stream(stream_bytes("run"))
        page.expect_state("ready", recordings=2)
        page.expect_frame(FRAMES - 1)
        assert len(page.given()) == 2
        page.forget_events()
        page.send(recording_a)
        page.expect_recordings("recording_a")


def test_the_value_of_a_function_is_shown_once_however_late_the_page_s_own_comes(
    page: ViewerPage, launch: Launch
) -> None:
    is_seen = threading.Event()

    def value(request: gr.Request | None = None) -> bytes:
        if request is None:
            return recording_bytes("of the app")
        assert is_seen.wait(60)
        return recording_bytes("of the page")

    page.open(
        launch(app(viewer=Rerun(value, streaming=True, height=300, render=False), run=lambda: recording_bytes("more")))
    )
    page.expect_recordings("of the app")
    is_seen.set()
    wait_until(lambda: page.opened() == ["of the app", "of the page"])
    page.expect_state("ready", recordings=1)
    page.click("run")
    page.expect_state("ready", recordings=2)


@pytest.mark.slow
def test_two_viewers_are_fed_by_one_function(page: ViewerPage, launch: Launch) -> None:
    def run() -> Iterator[tuple[Any, Any]]:
        for recording in stream_recording("run"):
            yield recording, recording

    page.open(launch(app(outputs=2, run=run))).click("run")
    for index in (0, 1):
        expect_frames(page, "run", index=index)


def test_two_users_at_once_do_not_mix(page: ViewerPage, launch: Launch, browser: Browser) -> None:
    names = iter(["one", "two"])
    both = threading.Barrier(2)

    def run() -> Iterator[bytes]:
        name = next(names)
        for number, chunk in enumerate(stream_bytes(name)):
            if number == 1:
                both.wait(60)
            yield chunk

    with gr.Blocks() as demo:
        viewer = Rerun(streaming=True, height=300)
        gr.Button("run").click(run, None, viewer, concurrency_limit=2)
    url = launch(demo)
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    other = ViewerPage(context.new_page())
    page.open(url).click("run")
    page.expect_state("ready", recordings=1)
    other.open(url).click("run")
    expect_frames(page, "one")
    expect_frames(other, "two")
    assert list(held(page)) == ["one"]
    context.close()


def test_a_thread_local_stream_works_as_in_rerun_s_own_demo(shared: SharedPage) -> None:
    @rr.thread_local_stream("stream_app")
    def run() -> Iterator[bytes | None]:
        stream = rr.binary_stream()
        for frame in range(FRAMES):
            rr.set_time("frame", sequence=frame)
            rr.log("points", rr.Points3D(np.random.rand(50, 3)))
            yield stream.read()

    shared.stream(run())
    shared.expect_frame(FRAMES - 1)
    ((_, frames),) = held(shared).items()
    assert frames == Counter(range(FRAMES))


@pytest.mark.slow
@pytest.mark.parametrize("end", ["cancel", "error"])
def test_an_interrupted_run_leaves_a_readable_file_and_nothing_in_memory(
    end: str, page: ViewerPage, launch: Launch
) -> None:
    chunk = pytest.importorskip("rerun.chunk")
    reached = threading.Event()

    def run() -> Iterator[bytes]:
        for number, data in enumerate(stream_bytes("run", frames=1000)):
            yield data
            if number == 20:
                reached.set()
                if end == "error":
                    raise gr.Error("it broke")
            time.sleep(0.02)

    with gr.Blocks() as demo:
        viewer = Rerun(streaming=True, height=300)
        running = gr.Button("run").click(run, None, viewer)
        gr.Button("cancel").click(None, None, None, cancels=running)
        path = gr.Textbox(label="path")
        gr.Button("value").click(lambda value: str(value), viewer, path)
    page.open(launch(demo)).click("run")
    assert reached.wait(60)
    if end == "cancel":
        page.click("cancel")
    else:
        expect(page.get_by_text("it broke")).to_be_visible()
    page.click("value")
    box = page.get_by_label("path")
    expect(box).to_have_value(re.compile(r"\.rrd$"))
    frames = frames_of(Path(box.input_value()).read_bytes(), chunk)["run"]
    assert frames == Counter(range(len(frames)))
    assert len(frames) >= 20
    assert box.input_value() in viewer.temp_files  # for delete_cache
    assert len(viewer.temp_files) == 1


def test_a_closed_tab_ends_the_run_and_its_file_is_deleted(page: ViewerPage, launch: Launch) -> None:
    ended = threading.Event()

    def run() -> Iterator[bytes]:
        try:
            for data in stream_bytes("run", frames=100_000):
                yield data
                time.sleep(0.05)
        finally:
            ended.set()

    with gr.Blocks(delete_cache=(1, 5)) as demo:
        viewer = Rerun(streaming=True, height=300)
        gr.Button("run").click(run, None, viewer)
    page.open(launch(demo)).click("run")
    page.expect_state("ready", recordings=1)
    url = page.evaluate("() => document.querySelector('rerun-viewer').recordings[0].url")
    file = Path(unquote(url.split("file=")[1]))
    assert file.exists()
    page.close()
    assert ended.wait(60)
    wait_until(lambda: not file.exists(), seconds=60)


def test_a_stream_that_gets_too_long_ends_with_an_error(shared: SharedPage) -> None:
    shared.send(gr.update(max_stream_size=100_000))
    shared.settle()
    shared.stream(stream_bytes("run", points=1000))
    expect(shared.get_by_text("max_stream_size=100,000")).to_be_visible()
    shared.expect_state("ready", recordings=1)  # what was there stays
    shared.send(gr.update(max_stream_size=None))
    shared.settle()


@pytest.mark.slow
def test_the_viewer_stays_where_the_user_has_paused_it(shared: SharedPage) -> None:
    go = threading.Event()
    shared.stream(stream_with_a_stop(go))
    shared.expect_frame(20)
    shared.viewer().click(position={"x": 500, "y": 100})
    shared.keyboard.press("Space")
    shared.wait_for_event("pause")
    shared.forget_events()
    go.set()
    wait_until(lambda: sum(held(shared)["run"].values()) == FRAMES)
    assert shared.events("time_update") == []


@pytest.mark.slow
def test_a_stream_into_a_tab_that_was_never_opened_is_there_when_it_is(page: ViewerPage, launch: Launch) -> None:
    with gr.Blocks() as demo:
        button = gr.Button("run")
        with gr.Tab("first"):
            gr.Markdown("nothing")
        with gr.Tab("second"):
            viewer = Rerun(streaming=True, height=300)
        done = gr.Textbox(label="done")
        button.click(lambda: (yield from stream_bytes("run")), None, viewer).then(lambda: "yes", None, done)
    page.open(launch(demo)).click("run")
    expect(page.get_by_label("done")).to_have_value("yes")
    page.get_by_role("tab", name="second").click()
    page.expect_state("ready", recordings=1)
    wait_until(lambda: held(page)["run"] == Counter(range(FRAMES)))


@pytest.mark.slow
def test_a_remount_in_the_middle_loses_nothing(page: ViewerPage, launch: Launch) -> None:
    go = threading.Event()

    with gr.Blocks() as demo:
        viewer = Rerun(streaming=True, height=300)
        gr.Button("run").click(lambda: (yield from stream_with_a_stop(go)), None, viewer)
        gr.Button("hide").click(lambda: gr.update(visible=False), None, viewer)
        gr.Button("show").click(lambda: gr.update(visible=True), None, viewer)
    page.open(launch(demo)).click("run")
    page.expect_frame(20)
    page.click("hide")
    expect(page.viewer()).to_have_count(0)
    page.click("show")
    page.expect_state("ready", recordings=1)
    go.set()
    expect_frames(page, "run")


def cut(exchange: Exchange) -> None:
    exchange.pass_on(700 + 13_001 * exchange.number)


def truncate(exchange: Exchange) -> None:
    exchange.pass_on(700 + 13_001 * exchange.number, honest=True)


def delay(exchange: Exchange) -> None:
    exchange.pass_on(delay=0.02)


def ignore_ranges(exchange: Exchange) -> None:
    exchange._upstream.close()
    path = Path(exchange._handler.path.split("file=")[1])
    exchange.answer(200, path.read_bytes())


def refuse_at_first(exchange: Exchange) -> None:
    exchange.answer(503) if exchange.number < 3 else exchange.pass_on()


@pytest.mark.slow
def test_a_bad_network_loses_and_doubles_nothing(page: ViewerPage, launch: Launch) -> None:
    faults = {each.__name__: each for each in (cut, truncate, delay, ignore_ranges, refuse_at_first)}
    count = itertools.count()

    def fault(exchange: Exchange) -> None:
        exchange.number = next(count)
        faults[name](exchange)

    url = launch(app(**{name: anew(stream_bytes, name) for name in faults}))
    with fault_proxy(url, fault) as proxy:
        page.open(proxy)
        for name in faults:
            count = itertools.count()
            page.forget_events()
            page.click(name)
            expect_frames(page, name)
            page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_stream_that_cannot_be_read_is_reported_and_continues_on_retry(page: ViewerPage, launch: Launch) -> None:
    is_broken = True

    def fault(exchange: Exchange) -> None:
        exchange.answer(404) if is_broken else exchange.pass_on()

    url = launch(app(run=lambda: (yield from stream_bytes("run"))))
    with fault_proxy(url, fault) as proxy:
        page.open(proxy).click("run")
        page.expect_error("recording.rrd: The stream cannot be read: the server answers 404")
        is_broken = False
        page.click("Retry")
        expect_frames(page, "run")


@pytest.mark.slow
def test_data_requested_before_a_clear_is_dropped_after_it(page: ViewerPage, launch: Launch) -> None:
    requested, held_back = threading.Event(), threading.Event()

    def fault(exchange: Exchange) -> None:
        if exchange.number == 0:
            requested.set()
            held_back.wait(60)
        exchange.pass_on()

    def run() -> Iterator[Any]:
        yield next(stream_bytes("before", points=20_000))  # too much to come along without a request
        assert requested.wait(60)
        yield []
        yield recording_bytes("after")

    url = launch(app(run=run))
    with fault_proxy(url, fault) as proxy:
        page.open(proxy).click("run")
        page.expect_recordings("after")
        held_back.set()
        page.expect_loaded()
        page.expect_recordings("after")


@pytest.mark.slow
def test_many_recordings_are_downloaded_as_one(shared: SharedPage) -> None:
    chunk = pytest.importorskip("rerun.chunk")
    shared.stream(stream_bytes("first"))
    shared.expect_state("ready", recordings=1)
    shared.stream(stream_bytes("second"))
    shared.expect_state("ready", recordings=2)
    wait_until(lambda: held(shared).get("second") == Counter(range(FRAMES)))
    with shared.expect_download() as download:
        shared.click("Download")
    assert set(frames_of(download.value.path().read_bytes(), chunk)) == {"first", "second"}
