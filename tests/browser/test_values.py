"""Every kind of value that a function may return, on its way into the viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import rerun as rr
import rerun.blueprint as rrb
from gradio.data_classes import FileData
from needs import EXACT_TIMES, needs
from playwright.sync_api import BrowserContext, Page, Route, expect
from recordings import log_points, recording_bytes, write_recording
from seen import DRAW, on_screen, wait_until
from shared_page import SharedPage, shared_page
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands

Launch = Callable[..., str]


@pytest.fixture(scope="module")
def shared(new_tab: Callable[[], Page]) -> Iterator[SharedPage]:
    with shared_page(new_tab) as page:
        yield page


def test_a_file_opens_however_it_is_given_and_so_do_bytes_and_a_url_of_another_server(
    shared: SharedPage, tmp_path: Path, other_server: tuple[str, Path]
) -> None:
    url, folder = other_server
    write_recording(folder / "remote.rrd", "of_url")
    values: dict[str, Any] = {"of_bytes": recording_bytes("of_bytes"), "of_url": f"{url}/remote.rrd"}
    kinds: dict[str, Callable[[Path], Any]] = {
        "text": str,
        "path": Path,
        "data": lambda path: FileData(path=str(path)),
        "list": lambda path: [str(path)],
    }
    for name, kind in kinds.items():
        values[name] = kind(write_recording(tmp_path / f"{name}.rrd", name))
    for name, value in values.items():
        shared.forget_events()
        shared.send(value)
        shared.wait_for_event("recording_open")
        shared.expect_recordings(name)


def test_a_recording_stream_opens_with_all_that_was_logged_into_it(shared: SharedPage) -> None:
    recording = rr.RecordingStream("test_app", recording_id="of_stream")
    for _ in range(2):
        log_points(recording)
        shared.forget_events()
        shared.send(recording)
        shared.wait_for("recording_open", recording_id="of_stream")
        shared.expect_recordings("of_stream")


@pytest.mark.slow
def test_a_rerun_server_opens(shared: SharedPage, free_port: int) -> None:
    recording = rr.RecordingStream("test_app", recording_id="of_grpc")
    url = recording.serve_grpc(grpc_port=free_port)
    log_points(recording)
    shared.clear()
    shared.send(url)
    shared.expect_recordings("of_grpc")
    shared.send(recording_bytes("of_bytes"))
    shared.wait_for("recording_open", recording_id="of_bytes")
    shared.expect_state("ready", recordings=1)
    recording.disconnect()


def test_a_function_as_value_is_called_again_at_its_interval(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    values = iter([recording_a, recording_a, recording_b])
    last = recording_b
    with gr.Blocks() as demo:
        Rerun(lambda: next(values, last), every=1)
    page.open(launch(demo)).wait_for_event("recording_open")
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'recording_b')")
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_an_input_changes_the_value_of_a_function(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        which = gr.Radio(["a", "b"], value="a", label="which")
        Rerun(lambda name: {"a": recording_a, "b": recording_b}[name], inputs=which)
    page.open(launch(demo)).expect_recordings("recording_a")
    page.get_by_label("b", exact=True).click()
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'recording_b')")
    page.expect_recordings("recording_b")


@needs(EXACT_TIMES)
def test_the_last_recording_of_a_list_is_on_screen_also_if_another_one_arrives_later(
    shared: SharedPage, recording_a: Path, recording_b: Path
) -> None:
    held: list[Route] = []
    shared.clear()
    shared.route("**/a.rrd", lambda route: held.append(route))
    shared.send(recording_a, recording_b)
    wait_until(shared, lambda: shared.opened() == ["recording_b"] and held)
    for route in held:
        route.continue_()
    shared.unroute("**/a.rrd")
    shared.expect_recordings("recording_a", "recording_b")
    shared.evaluate(DRAW, 10)
    assert on_screen(shared) == "recording_b"


@needs(EXACT_TIMES)
def test_a_new_value_is_shown_alone_after_a_switch_between_recordings(
    shared: SharedPage, recording_a: Path, recording_b: Path
) -> None:
    names = "recording_a", "recording_b"
    shared.clear()
    shared.send(recording_a, recording_b)
    shared.expect_recordings(*names)
    for name in (*names, names[0]):
        shared.send(commands.set_active_recording(name))
        wait_until(shared, lambda name=name: on_screen(shared) == name)
    shared.forget_events()
    shared.send(recording_bytes("next"))
    shared.expect_recordings("next")
    shared.evaluate(DRAW, 10)
    assert shared.opened() == ["next"]
    assert on_screen(shared) == "next"


@pytest.mark.slow
def test_a_longer_list_opens_only_what_is_new(shared: SharedPage, recording_a: Path, recording_b: Path) -> None:
    shared.clear()
    shared.requests.clear()
    shared.send([recording_a])
    shared.expect_recordings("recording_a")
    shared.send(recording_a, recording_b)
    shared.expect_state("ready", recordings=2)
    assert shared.opened() == ["recording_a", "recording_b"]
    assert len(shared.requests_for("a.rrd")) == 1


@pytest.mark.slow
def test_a_blueprint_applies_to_the_recording_beside_it(shared: SharedPage, recording_a: Path, tmp_path: Path) -> None:
    blueprint = rrb.Blueprint(rrb.Spatial3DView(), rrb.BlueprintPanel(state="hidden"))
    blueprint.save("app_a", tmp_path / "hidden.rbl")
    shared.clear()
    shared.send(recording_a)
    shared.expect_recordings("recording_a")
    shared.expect_blueprint_panel(shown=True)
    shared.send(recording_a, tmp_path / "hidden.rbl")
    shared.expect_blueprint_panel(shown=False)
    shared.expect_state("ready", recordings=1)
    shared.clear()  # the next viewer has no such blueprint


@pytest.mark.slow
def test_two_files_of_one_recording_are_one(shared: SharedPage, tmp_path: Path) -> None:
    parts = [write_recording(tmp_path / name, "one", frames=frames) for name, frames in (("1.rrd", 3), ("2.rrd", 5))]
    shared.clear()
    shared.send(*parts)
    shared.expect_state("ready", recordings=1)
    shared.expect_loaded()
    shared.expect_state("ready", recordings=1)
    assert shared.events("error") == []


@pytest.mark.slow
@pytest.mark.first_visit
def test_none_during_the_download_of_the_viewer_ends_the_viewer(context: BrowserContext, recording_a: Path) -> None:
    context.route("**/*.wasm.gz", lambda route: None)  # it never comes
    with shared_page(context.new_page) as page:
        page.send(recording_a)
        page.expect_state("loading")
        page.clear()
        expect(page.viewer().get_by_role("progressbar")).to_be_hidden()


def test_a_new_value_replaces_the_old_one(shared: SharedPage, recording_a: Path, recording_b: Path) -> None:
    values = {"recording_a": recording_a, "recording_b": recording_b}
    shared.clear()
    shared.send(recording_a)
    shared.expect_recordings("recording_a")
    for name in ("recording_b", "recording_a", "recording_b"):
        shared.forget_events()
        shared.send(values[name])
        shared.wait_for_event("load")
        shared.expect_recordings(name)
        assert shared.events("loadstart") == []  # in the same viewer


@pytest.mark.slow
def test_quick_changes_end_with_the_last_value_alone(shared: SharedPage, recording_a: Path, recording_b: Path) -> None:
    both = [recording_a, recording_b]
    for value in (recording_a, recording_b, None, both, recording_a, None, recording_b):
        shared.send(value)
    shared.wait_for_function(
        "url => document.querySelector('rerun-viewer').recordings.some(r => r.url.endsWith(url))", arg="/b.rrd"
    )
    shared.expect_state("ready")
    shared.expect_loaded()
    shared.expect_state("ready", recordings=1)
    assert shared.opened()[-1] == "recording_b"


def test_an_initial_value_opens_without_a_click_none_and_an_empty_list_empty_the_viewer_and_functions_get_what_is_shown(
    new_tab: Callable[[], Page], recording_a: Path
) -> None:
    with shared_page(new_tab, value=recording_a) as page:
        page.expect_recordings("recording_a")
        assert page.given().endswith("/a.rrd")
        memories = page.live_memories()
        page.clear()
        assert page.given() is None
        page.expect_ahead(2)
        assert page.live_memories() == memories  # the next viewer has started, and the one before has ended
        page.send(recording_a)
        page.expect_recordings("recording_a")
        page.send([])
        page.expect_state("idle", recordings=0)


def test_the_same_value_again_does_not_reload(shared: SharedPage, recording_a: Path, recording_b: Path) -> None:
    shared.clear()
    shared.requests.clear()
    shared.send(recording_a)
    shared.expect_recordings("recording_a")
    shared.send(recording_a)
    shared.send(recording_b)
    shared.wait_for("recording_open", recording_id="recording_b")
    assert shared.opened() == ["recording_a", "recording_b"]
    assert len(shared.requests_for("a.rrd")) == 1


@pytest.mark.slow
def test_a_value_that_is_no_recording_is_refused_on_the_page(
    shared: SharedPage, tmp_path: Path, recording_a: Path
) -> None:
    garbage = tmp_path / "garbage.rrd"
    garbage.write_bytes(b"<html>")
    shared.clear()
    shared.send(recording_a)
    shared.expect_recordings("recording_a")
    for value, words in ((garbage, "it starts with"), (3.5, "got float"), (tmp_path / "no.rrd", "no such file")):
        shared.send(value)
        expect(shared.get_by_text(words)).to_be_visible()
        shared.expect_state("ready", recordings=1)  # nothing is lost


def test_the_interface_of_the_readme_passes_a_file_through(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    demo = gr.Interface(lambda path: path, gr.File(), Rerun(height=600))
    page.open(launch(demo))
    page.locator("input[type=file]").set_input_files(recording_a)
    expect(page.get_by_role("cell", name="a.rrd")).to_be_visible()  # the name alone shows also while it is uploaded
    page.click("Submit")
    page.expect_recordings("recording_a")
