"""Large files: the app serves the parts that the viewer shows."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import rerun as rr
import rerun.blueprint as rrb
from needs import needs
from playwright.sync_api import expect
from recordings import recording_bytes, write_recording
from seen import wait_until
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands, events
from gradio_rerun._recordings import on_demand

Launch = Callable[..., str]

LARGE = 10_000
"""Bytes; the recordings of these tests have more."""

pytestmark = needs((0, 32))


@pytest.fixture(autouse=True)
def ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_demand, "_LOOKS_EVERY", 0.2)


def servers() -> int:
    return len(on_demand._servers)


def downloads(page: ViewerPage) -> list[str]:
    return [url for url in page.requests_for("/gradio_api/file=") if ".rrd" in url]


def test_a_large_file_opens_without_a_download_and_is_the_input_of_functions(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    large = write_recording(tmp_path / "large.rrd", "large", points=2000)
    small = write_recording(tmp_path / "small.rrd", "small", frames=1, points=1)
    assert small.stat().st_size < LARGE < large.stat().st_size
    with gr.Blocks() as demo:
        viewer = Rerun(height=400, on_demand_above=LARGE)
        gr.Button("large").click(lambda: large, None, viewer)
        gr.Button("small").click(lambda: [small, large], None, viewer)
        gr.Button("seek").click(lambda: commands.set_time("frame", sequence=7), None, viewer)
        name = gr.Textbox(label="name")
        gr.Button("read").click(lambda path: Path(path).name, viewer, name)
    page.open(launch(demo, auth=("user", "password")))
    page.log_in()
    page.click("large")
    page.expect_recordings("large")
    page.click("seek")
    page.wait_for_time(7)
    page.click("read")
    expect(page.get_by_label("name")).to_have_value("large.rrd")
    assert downloads(page) == []
    assert servers() == 1
    page.click("small")
    page.expect_recordings("small", "large")
    assert len(downloads(page)) == 1
    page.goto("about:blank")
    wait_until(page, lambda: servers() == 0, seconds=20)


def names_of_views(event: events.State) -> list[str]:
    return [view.name for view in event.state.views]


def layout(name: str) -> rrb.Blueprint:
    return rrb.Blueprint(rrb.Spatial3DView(origin="/", name=name), collapse_panels=True)


@pytest.mark.slow
@needs((0, 41))
def test_the_layout_in_a_large_file_is_applied(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    recording = rr.RecordingStream("test_app", recording_id="laid_out")
    recording.save(tmp_path / "large.rrd", default_blueprint=layout("Mine"))
    for frame in range(10):
        recording.set_time("frame", sequence=frame)
        recording.log("points", rr.Points3D(np.random.default_rng(0).random((500, 3))))
    recording.disconnect()
    with gr.Blocks() as demo:
        viewer = Rerun(tmp_path / "large.rrd", height=400, on_demand_above=LARGE)
        names = gr.JSON(label="views")
        viewer.state(names_of_views, None, names)
        gr.Button("ask").click(lambda: commands.get_state(), None, viewer)
    page.open(launch(demo)).expect_recordings("laid_out")
    assert downloads(page) == []
    page.click("ask")
    expect(page.get_by_text("Mine")).to_be_visible()


@pytest.mark.slow
def test_a_file_without_a_manifest_gets_one_and_a_truncated_one_is_shown_as_such(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    joined, truncated = tmp_path / "joined.rrd", tmp_path / "truncated.rrd"
    joined.write_bytes(recording_bytes("one") + recording_bytes("two"))
    whole = write_recording(tmp_path / "whole.rrd", "whole", points=2000).read_bytes()
    truncated.write_bytes(whole[: len(whole) * 3 // 4])
    with gr.Blocks() as demo:
        viewer = Rerun(height=400, on_demand_above=LARGE)
        gr.Button("joined").click(lambda: joined, None, viewer)
        gr.Button("truncated").click(lambda: truncated, None, viewer)
    page.open(launch(demo)).click("joined")
    page.expect_recordings("one", "two")
    page.click("truncated")
    page.expect_error("It is truncated")
    assert downloads(page) == []


def test_a_file_that_cannot_be_served_is_downloaded_whole(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    large = write_recording(tmp_path / "large.rrd", "large", points=2000)
    on_demand._servers.update({str(number): None for number in range(on_demand._MOST_SERVERS)})  # type: ignore[misc]
    try:
        page.open(launch(gr.Interface(lambda: large, None, Rerun(on_demand_above=LARGE)))).click("Generate")
        page.expect_recordings("large")
        assert len(downloads(page)) == 1
    finally:
        on_demand._servers.clear()


def test_a_server_that_has_ended_is_reported_and_another_one_starts(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    large = write_recording(tmp_path / "large.rrd", "large", points=2000)
    page.add_init_script("const wait = setInterval; window.setInterval = (f, ms) => wait(f, ms === 60000 ? 500 : ms);")
    page.open(launch(gr.Interface(lambda: large, None, Rerun(on_demand_above=LARGE)))).click("Generate")
    page.expect_recordings("large")
    (server,) = on_demand._servers.values()
    server.process.kill()
    page.expect_error("The app no longer serves it")
    page.get_by_role("button", name="Retry").click()
    page.expect_recordings("large")
    assert downloads(page) == []


def expect_points(page: ViewerPage) -> None:
    """The viewer draws something that has a colour, and much of it."""
    deadline = time.monotonic() + 120  # it fetches what comes first as well
    while True:
        picture = np.array(page.picture(), dtype=int)
        if np.mean(np.ptp(picture, axis=2) > 60) > 0.1:
            return
        assert time.monotonic() < deadline, "The viewer shows no points."


@pytest.mark.slow
@needs((0, 33))
def test_any_frame_of_five_gigabytes_is_shown(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    if shutil.disk_usage(tmp_path).free < 8e9:
        pytest.skip("5 GB of disk are missing")
    huge = write_recording(tmp_path / "huge.rrd", "huge", frames=970, points=430_000)
    try:
        assert huge.stat().st_size > 5e9
        with gr.Blocks() as demo:
            viewer = Rerun(height=500)
            gr.Button("show").click(lambda: huge, None, viewer)
            ahead = [commands.set_time(play_state="paused"), commands.set_time("frame", sequence=700)]
            gr.Button("ahead").click(lambda: ahead, None, viewer)
            gr.Button("none").click(lambda: None, None, viewer)
        page.open(launch(demo, auth=("user", "password")))
        page.log_in()
        before = memory(os.getpid())
        page.click("show")
        page.expect_recordings("huge")
        page.wait_for_time(0)
        (server,) = on_demand._servers.values()
        page.set_default_timeout(120_000)  # the viewer stands still while it reads what has come
        page.click("ahead")
        page.expect_frame(700)
        expect_points(page)
        assert memory(os.getpid()) - before + memory(server.process.pid) < 300e6
        assert page.events("error") == []
        page.click("none")
        page.expect_state("idle")
        server.process.wait(30)
        assert not server.folder.exists()
    finally:
        huge.unlink()


def memory(process: int) -> float:
    """Bytes that a process holds now."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024
