"""Every kind of value that a function may return, on its way into the viewer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import rerun as rr
import rerun.blueprint as rrb
from gradio.data_classes import FileData
from needs import EXACT_TIMES, needs
from playwright.sync_api import Route, expect
from recordings import log_points, recording_bytes, write_recording
from seen import DRAW, on_screen, wait_until
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands

Launch = Callable[..., str]


def app(**returns: Any) -> gr.Blocks:
    """A viewer, and a button for each value."""
    with gr.Blocks() as demo:
        viewer = Rerun(height=300)
        for name, value in returns.items():
            gr.Button(name).click(value if callable(value) else lambda value=value: value, None, viewer)
    return demo


def test_a_file_opens_however_it_is_given_and_so_do_bytes_and_a_url_of_another_server(
    page: ViewerPage, launch: Launch, tmp_path: Path, other_server: tuple[str, Path]
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
    page.open(launch(app(**values)))
    for name in values:
        page.forget_events()
        page.click(name)
        page.wait_for_event("recording_open")
        page.expect_recordings(name)


def test_a_recording_stream_opens_with_all_that_was_logged_into_it(page: ViewerPage, launch: Launch) -> None:
    recording = rr.RecordingStream("test_app", recording_id="of_stream")

    def log_more() -> rr.RecordingStream:
        log_points(recording)
        return recording

    page.open(launch(app(show=log_more))).click("show")
    page.expect_recordings("of_stream")
    page.forget_events()
    page.click("show")
    page.wait_for_event("recording_open")
    page.expect_recordings("of_stream")


@pytest.mark.slow
def test_a_rerun_server_opens(page: ViewerPage, launch: Launch, free_port: int) -> None:
    recording = rr.RecordingStream("test_app", recording_id="of_grpc")
    url = recording.serve_grpc(grpc_port=free_port)
    log_points(recording)
    page.open(launch(app(show=url, other=recording_bytes("of_bytes")))).click("show")
    page.expect_recordings("of_grpc")
    page.click("other")
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'of_bytes')")
    page.expect_state("ready", recordings=1)
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


def test_a_list_opens_all_its_recordings(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    page.open(launch(app(show=[recording_a, recording_b]))).click("show")
    page.expect_recordings("recording_a", "recording_b")


@needs(EXACT_TIMES)
def test_the_last_recording_of_a_list_is_on_screen_also_if_another_one_arrives_later(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    held: list[Route] = []
    page.route("**/a.rrd", lambda route: held.append(route))
    page.open(launch(app(show=[recording_a, recording_b]))).click("show")
    wait_until(page, lambda: page.opened() == ["recording_b"] and held)
    for route in held:
        route.continue_()
    page.expect_recordings("recording_a", "recording_b")
    page.evaluate(DRAW, 10)
    assert on_screen(page) == "recording_b"


@needs(EXACT_TIMES)
def test_a_new_value_is_shown_alone_after_a_switch_between_recordings(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path, tmp_path: Path
) -> None:
    names = "recording_a", "recording_b"
    switch = {name: commands.set_active_recording(name) for name in names}
    next_one = write_recording(tmp_path / "next.rrd", "next")
    page.open(launch(app(show=[recording_a, recording_b], next=next_one, **switch))).click("show")
    page.expect_recordings(*names)
    for name in (*names, names[0]):
        page.click(name)
        page.wait_for_function(f"() => document.querySelector('rerun-viewer').currentTime?.recording_id === '{name}'")
    page.forget_events()
    page.click("next")
    page.expect_recordings("next")
    page.evaluate(DRAW, 10)
    assert page.opened() == ["next"]
    assert on_screen(page) == "next"


@pytest.mark.slow
def test_a_longer_list_opens_only_what_is_new(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    page.open(launch(app(one=[recording_a], two=[recording_a, recording_b]))).click("one")
    page.expect_recordings("recording_a")
    page.click("two")
    page.expect_state("ready", recordings=2)
    assert page.opened() == ["recording_a", "recording_b"]
    assert len(page.requests_for("a.rrd")) == 1


@pytest.mark.slow
def test_a_blueprint_applies_to_the_recording_beside_it(
    page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path
) -> None:
    blueprint = rrb.Blueprint(rrb.Spatial3DView(), rrb.BlueprintPanel(state="hidden"))
    blueprint.save("app_a", tmp_path / "hidden.rbl")
    page.open(launch(app(plain=recording_a, both=[recording_a, tmp_path / "hidden.rbl"])))
    page.click("plain")
    page.expect_recordings("recording_a")
    page.expect_blueprint_panel(shown=True)
    page.click("both")
    page.expect_blueprint_panel(shown=False)
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_two_files_of_one_recording_are_one(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    parts = [write_recording(tmp_path / name, "one", frames=frames) for name, frames in (("1.rrd", 3), ("2.rrd", 5))]
    page.open(launch(app(show=parts))).click("show")
    page.expect_state("ready", recordings=1)
    page.wait_for_timeout(1000)
    page.expect_state("ready", recordings=1)
    assert page.events("error") == []


@pytest.mark.slow
@pytest.mark.first_visit
def test_none_during_the_download_of_the_viewer_ends_the_viewer(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.route("**/*.wasm.gz", lambda route: None)  # it never comes
    page.open(launch(app(show=recording_a, clear=lambda: None))).click("show")
    page.expect_state("loading")
    page.click("clear")
    page.expect_state("idle", recordings=0)
    expect(page.viewer().get_by_role("progressbar")).to_be_hidden()


def test_a_new_value_replaces_the_old_one(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    page.open(launch(app(a=recording_a, b=recording_b))).click("a")
    page.expect_recordings("recording_a")
    for button in "bab":
        page.forget_events()
        page.click(button)
        page.wait_for_event("load")
        page.expect_recordings(f"recording_{button}")
        assert page.events("loadstart") == []  # in the same viewer


@pytest.mark.slow
def test_quick_changes_end_with_the_last_value_alone(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    page.open(launch(app(a=recording_a, b=recording_b, both=[recording_a, recording_b], none=lambda: None)))
    for button in ("a", "b", "none", "both", "a", "none", "b"):
        page.click(button)
    page.wait_for_function(
        "url => document.querySelector('rerun-viewer').recordings.some(r => r.url.endsWith(url))", arg="/b.rrd"
    )
    expect(page.viewer()).to_have_attribute("data-state", "ready", timeout=60_000)
    page.wait_for_timeout(1000)  # for what must not come any more
    page.expect_state("ready", recordings=1)
    assert page.opened()[-1] == "recording_b"


def test_none_and_an_empty_list_empty_the_viewer_and_the_next_value_shows(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.open(launch(app(show=recording_a, clear=lambda: None, empty=[]))).click("show")
    page.expect_recordings("recording_a")
    memories = page.live_memories()
    page.click("clear")
    page.expect_state("idle", recordings=0)
    page.expect_ahead(2)
    assert page.live_memories() == memories  # the next viewer has started, and the one before has ended
    page.click("show")
    page.expect_recordings("recording_a")
    page.click("empty")
    page.expect_state("idle", recordings=0)


def test_the_same_value_again_does_not_reload(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    page.open(launch(app(a=recording_a, b=recording_b))).click("a")
    page.expect_recordings("recording_a")
    page.click("a")
    page.click("b")  # the answer to this one comes after that of the second "a"
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'recording_b')")
    assert page.opened() == ["recording_a", "recording_b"]
    assert len(page.requests_for("a.rrd")) == 1


@pytest.mark.slow
def test_a_value_that_is_no_recording_is_refused_on_the_page(
    page: ViewerPage, launch: Launch, tmp_path: Path, recording_a: Path
) -> None:
    garbage = tmp_path / "garbage.rrd"
    garbage.write_bytes(b"<html>")
    page.open(launch(app(show=recording_a, garbage=garbage, float_=3.5, missing=tmp_path / "nowhere.rrd"))).click(
        "show"
    )
    page.expect_recordings("recording_a")
    for button, words in {"garbage": "it starts with", "float_": "got float", "missing": "no such file"}.items():
        page.click(button)
        expect(page.get_by_text(words)).to_be_visible()
        page.expect_state("ready", recordings=1)  # nothing is lost


def test_the_interface_of_the_readme_passes_a_file_through(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    demo = gr.Interface(lambda path: path, gr.File(), Rerun(height=600))
    page.open(launch(demo))
    page.locator("input[type=file]").set_input_files(recording_a)
    expect(page.get_by_text("a.rrd")).to_be_visible()
    page.click("Submit")
    page.expect_recordings("recording_a")


def test_an_initial_value_opens_without_a_click_and_as_an_input_the_function_gets_what_is_shown(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(recording_a)
        told = gr.Textbox(label="told")
        gr.Button("tell").click(repr, viewer, told)
        gr.Button("clear").click(lambda: None, None, viewer)
    page.open(launch(demo)).expect_recordings("recording_a")
    page.click("tell")
    expect(page.get_by_label("told")).to_have_value(re.compile(r"^'.*/a\.rrd'$"))
    page.click("clear")
    page.expect_state("idle")
    page.click("tell")
    expect(page.get_by_label("told")).to_have_value("None")
