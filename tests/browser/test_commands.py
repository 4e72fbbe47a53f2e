"""Every command, checked by what the viewer tells of itself; on a viewer that is too old for it, by the error."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
import rerun as rr
import rerun.blueprint as rrb
from needs import EXACT_TIMES, NEEDS, VERSION, VIEWS, needs, without
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect
from recordings import write_recording
from seen import DRAW, on_screen, wait_until
from shared_page import SharedPage, shared_page
from slow import slow
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands, events
from gradio_rerun._viewer.sdk import sdk_version
from gradio_rerun.viewer_state import ViewerState

Launch = Callable[..., str]

START = np.datetime64("2024-05-06T07:08:09.123456789", "ns")


def two_timelines(recording_id: str, application_id: str = "my:app", step: int = 1) -> bytes:
    """20 frames on `frame`, each `step` later than the one before, and on `stamp`, 100 ms and a nanosecond apart."""
    recording = rr.RecordingStream(application_id, recording_id=recording_id)
    stream = recording.binary_stream()
    for frame in range(20):
        recording.set_time("frame", sequence=frame * step)
        recording.set_time("stamp", timestamp=START + np.timedelta64(100_000_001 * frame, "ns"))
        recording.log("points", rr.Points3D(np.random.default_rng(frame).random((5, 3))))
    data = stream.read()
    assert data
    return data


ANSWERS = {
    "state": events.State,
    "screenshot": events.Screenshot,
    "recording_saved": events.RecordingSaved,
    "blueprint_saved": events.BlueprintSaved,
    "error": events.Error,
}

names = (f"run {number}" for number in itertools.count())


@pytest.fixture(scope="module")
def shared(new_tab: Callable[[], Page]) -> Iterator[SharedPage]:
    with shared_page(new_tab, ANSWERS, height=400) as page:
        yield page


@pytest.fixture
def page(shared: SharedPage) -> SharedPage:
    """The page of all tests, with a recording that no test before has shown."""
    show(shared, next(names))
    return shared


def show(page: SharedPage, *ids: str, application_id: str = "my:app") -> None:
    """Shows recordings with two timelines in the place of all others."""
    page.forget_events()
    page.send(*(two_timelines(each, application_id) for each in ids))
    for each in ids:
        page.wait_for("recording_open", recording_id=each)
    page.expect_state("ready", recordings=len(ids))
    page.heard.clear()


def error(page: SharedPage) -> str:
    message: str = page.answer(events.Error).message
    return message


def state_of(page: SharedPage) -> ViewerState:
    page.send(commands.get_state())
    state: ViewerState = page.answer(events.State).state
    return state


def test_the_time_can_be_set_and_the_state_has_it_with_the_open_recordings(page: SharedPage) -> None:
    (name,) = page.opened()
    page.send(commands.set_time("frame", sequence=7))
    page.wait_for("time_update", time=7, from_command=True)
    state = state_of(page)
    assert (state.timeline, state.time, state.play_state) == ("frame", 7, "paused")
    assert state.viewer_version == sdk_version()
    recording = state.active_recording
    assert recording is not None
    assert (recording.application_id, recording.recording_id) == ("my:app", name)
    (frame,) = [each for each in recording.timelines if each.name == "frame"]
    assert (frame.start, frame.end, frame.time) == (0, 19, 7)
    assert (state.views is None) == (VERSION < VIEWS)


@pytest.mark.slow
def test_a_time_without_a_timeline_is_on_the_active_one(page: SharedPage) -> None:
    page.send(commands.set_time("frame"), commands.set_time(sequence=5))
    page.wait_for("time_update", time=5, from_command=True)
    state = state_of(page)
    assert (state.timeline, state.time) == ("frame", 5)


def test_a_recording_is_played_from_a_time_and_paused(page: SharedPage) -> None:
    page.send(two_timelines("of ten minutes", step=1000))  # it does not reach its end between two commands
    page.wait_for("recording_open", recording_id="of ten minutes")
    pause = commands.set_time(play_state="paused")
    page.send(pause)
    page.wait_for("pause")
    page.forget_events()
    page.send(commands.set_time("frame", sequence=3, play_state="playing"))
    page.wait_for("play", from_command=True)
    page.send(pause)
    page.wait_for("pause", from_command=True)
    page.forget_events()
    page.send(commands.set_time("frame", sequence=0), commands.set_time(play_state="playing"))
    page.wait_for("play", from_command=True)
    page.send(pause)
    page.wait_for("pause", from_command=True)
    assert state_of(page).play_state == "paused"


@needs(EXACT_TIMES)
def test_a_timestamp_is_exact_to_the_nanosecond(page: SharedPage) -> None:
    time = START + np.timedelta64(200_000_002, "ns")
    page.send(commands.set_time("stamp", timestamp=time))
    page.wait_for("time_update", from_command=True)
    state = state_of(page)
    assert (state.timeline, state.time) == ("stamp", int(time.astype("int64")))
    (recording,) = state.recordings
    assert {each.name: each.type for each in recording.timelines}["stamp"] == "timestamp"
    assert {each.name: each.start for each in recording.timelines}["stamp"] == int(START.astype("int64"))


@pytest.mark.slow
@without(EXACT_TIMES)
def test_a_timestamp_is_as_exact_as_a_float(page: SharedPage) -> None:
    time = START + np.timedelta64(200_000_002, "ns")
    page.send(commands.set_time("stamp", timestamp=time))
    page.wait_for("pause", from_command=True)
    shown = state_of(page).time
    assert shown is not None
    assert abs(shown - int(time.astype("int64"))) <= 256


def test_another_recording_can_be_shown(shared: SharedPage) -> None:
    show(shared, "one", "two")
    for name in ("one", "two", "one"):
        shared.send(commands.set_active_recording(name))
        deadline = time.monotonic() + 60
        while (state := state_of(shared)).active_recording is None or state.active_recording.recording_id != name:
            assert time.monotonic() < deadline


def test_the_recording_that_a_command_shows_stays_on_screen_while_others_open(shared: SharedPage) -> None:
    one = two_timelines("one")
    shared.forget_events()
    shared.send(one)
    shared.wait_for("recording_open", recording_id="one")
    first, second = commands.set_active_recording("one"), commands.set_time("frame", sequence=7, recording="one")
    shared.send(commands.show([one, two_timelines("two")], first, second))
    shared.wait_for("recording_open", recording_id="two")
    shared.expect_state("ready", recordings=2)
    shown = state_of(shared).active_recording
    assert shown is not None
    assert (shown.recording_id, shown.time) == ("one", 7)


def test_a_missing_recording_is_an_error_and_the_next_command_runs(page: SharedPage) -> None:
    page.send(
        commands.set_time("nowhere", sequence=1),
        commands.set_active_recording("nobody"),
        commands.set_time("frame", sequence=4),
    )
    page.wait_for("time_update", time=4, from_command=True)
    said = {error(page), error(page)}
    assert any("nowhere" in each and "set_time" in each for each in said)
    assert any("nobody" in each and "set_active_recording" in each for each in said)
    expect(page.get_by_text("nobody").first).to_be_visible()
    assert page.viewer().get_attribute("data-state") == "ready"


@pytest.mark.slow
def test_300_commands_in_one_list(page: SharedPage) -> None:
    page.send(*(commands.set_time("frame", sequence=frame % 20) for frame in range(300)))
    state = state_of(page)
    assert (state.timeline, state.time) == ("frame", 299 % 20)
    assert not page.heard


def test_commands_wait_until_the_viewer_has_started(shared: SharedPage) -> None:
    shared.clear()
    shared.send(commands.set_time("frame", sequence=6))
    shared.expect_command("set_time")
    shared.send(two_timelines(next(names)))
    shared.wait_for("time_update", time=6, from_command=True)


@pytest.mark.slow
def test_commands_wait_while_a_recording_loads(page: SharedPage) -> None:
    held: list[Route] = []
    page.route("**/*.rrd", lambda route: held.append(route))
    page.send(two_timelines("loading"))
    wait_until(page, lambda: held)
    page.send(commands.set_time("stamp", timestamp=START), commands.get_state())
    page.settle()
    while held:
        held.pop().continue_()
    page.unroute("**/*.rrd")
    state = page.answer(events.State).state
    assert (state.active_recording.recording_id, state.timeline) == ("loading", "stamp")


def test_a_value_together_with_commands(page: SharedPage, recording_a: Path) -> None:
    page.forget_events()
    page.send(commands.show(recording_a, commands.set_time("frame", sequence=11), commands.get_state()))
    state = page.answer(events.State).state
    assert (state.active_recording.recording_id, state.time) == ("recording_a", 11)
    assert page.opened() == ["recording_a"]


@pytest.mark.slow
def test_an_initial_value_together_with_commands(new_tab: Callable[[], Page]) -> None:
    value = commands.show(two_timelines("run"), commands.set_time("frame", sequence=12))
    with shared_page(new_tab, value=value) as page:
        page.wait_for("time_update", time=12, from_command=True)


@pytest.mark.slow
def test_a_command_leaves_the_value_as_it_is(page: SharedPage) -> None:
    opened = page.opened()
    page.send(commands.set_time("frame", sequence=3))
    page.wait_for("time_update", time=3, from_command=True)
    page.send(gr.update(height=333))
    expect(page.block()).to_have_css("height", "333px")
    page.send(gr.update(height=400))
    expect(page.block()).to_have_css("height", "400px")
    page.expect_state("ready", recordings=1)
    assert page.opened() == opened


@pytest.mark.slow
def test_every_yield_of_a_generator_is_carried_out_once(page: SharedPage) -> None:
    page.stream(
        commands.get_state() if frame % 4 == 0 else commands.set_time("frame", sequence=frame % 20)
        for frame in range(40)
    )
    times = [page.answer(events.State).state.time for _ in range(10)]
    assert times[1:] == [(frame - 1) % 20 for frame in range(4, 40, 4)]
    assert state_of(page).time == 39 % 20
    assert not page.heard


@pytest.mark.slow
def test_commands_to_a_hidden_tab_wait_until_it_is_shown(new_tab: Callable[[], Page], launch: Launch) -> None:
    answers: list[ViewerState] = []

    def on_state(event: events.State) -> None:
        answers.append(event.state)

    with gr.Blocks() as demo:
        go = gr.Button("go")
        with gr.Tab("first"):
            gr.Markdown("nothing")
        with gr.Tab("second"):
            viewer = Rerun(two_timelines("run"))
        go.click(lambda: [commands.set_time("frame", sequence=8), commands.get_state()], None, viewer)
        viewer.state(on_state)
    page = ViewerPage(new_tab()).open(launch(demo))
    page.get_by_role("tab", name="second").click()
    page.expect_state("ready")
    page.get_by_role("tab", name="first").click()
    page.click("go")
    page.wait_for_function("() => document.querySelector('rerun-viewer').settings.commands")
    page.evaluate(DRAW, 10)
    assert answers == []
    page.get_by_role("tab", name="second").click()
    wait_until(page, lambda: answers)
    assert [state.time for state in answers] == [8]


@pytest.mark.slow
@pytest.mark.first_visit
def test_none_drops_commands_that_wait(context: BrowserContext) -> None:
    with shared_page(context.new_page, ANSWERS) as page:
        page.send(commands.set_time("frame", sequence=6))
        page.expect_command("set_time")
        page.send(two_timelines("run"))
        page.expect_state("loading")  # which takes a second: the page has not had a viewer yet
        page.clear()
        show(page, "run")
        assert state_of(page)
        assert not any(event.get("from_command") for event in page.events("time_update"))


def test_a_picture_of_the_viewer(page: SharedPage) -> None:
    page.send(commands.take_screenshot())
    with Image.open(page.answer(events.Screenshot).path) as picture:
        assert picture.height == page.viewer().evaluate("viewer => viewer.clientHeight")
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 10
    page.send(commands.take_screenshot(max_size=200))
    with Image.open(page.answer(events.Screenshot).path) as picture:
        assert max(picture.size) == 200


@needs(VIEWS)
def test_a_picture_of_a_view(page: SharedPage) -> None:
    page.send(commands.take_screenshot("/", max_size=150))
    with Image.open(page.answer(events.Screenshot).path) as picture:
        assert max(picture.size) == 150
    page.send(commands.take_screenshot("no such view"))
    assert "no such view" in error(page)


@needs(NEEDS["save_recording"])
def test_a_recording_and_a_blueprint_can_be_saved(page: SharedPage) -> None:
    for command, kind, suffix in (
        (commands.save_recording(), events.RecordingSaved, ".rrd"),
        (commands.save_blueprint(), events.BlueprintSaved, ".rbl"),
    ):
        page.send(command)
        path = page.answer(kind).path
        assert path.endswith(suffix)
        assert Path(path).read_bytes().startswith(b"RRF2")


@pytest.mark.parametrize("kind", ["object", slow("file")])
def test_a_blueprint_applies_to_the_open_recordings(shared: SharedPage, tmp_path: Path, kind: str) -> None:
    application_id = f"of a blueprint as {kind}"
    blueprint = rrb.Blueprint(rrb.Spatial3DView(), rrb.BlueprintPanel(state="hidden"))
    blueprint.save(application_id, str(tmp_path / "hidden.rbl"))
    show(shared, next(names), application_id=application_id)
    shared.expect_blueprint_panel(shown=True)
    shared.send(
        commands.set_blueprint(blueprint, application_id=application_id)
        if kind == "object"
        else commands.set_blueprint(tmp_path / "hidden.rbl")
    )
    shared.expect_blueprint_panel(shown=False)
    shared.expect_state("ready", recordings=1)


def test_panels_can_be_hidden_and_shown(page: SharedPage) -> None:
    for state in ("expanded", "hidden", "expanded"):
        page.send(commands.update_panels(blueprint=state))
        page.expect_blueprint_panel(shown=state == "expanded")
    page.send(commands.update_panels(blueprint="default"))


def test_a_url_opens_beside_the_open_recordings(page: SharedPage, other_server: tuple[str, Path]) -> None:
    url, folder = other_server
    write_recording(folder / "remote.rrd", "of_url")
    page.send(commands.open(f"{url}/remote.rrd"))
    page.wait_for("recording_open", recording_id="of_url", from_command=True)
    page.expect_state("ready", recordings=2)
    page.send(commands.open(f"{url}/none.rrd"))
    assert "none.rrd" in error(page)


@needs(EXACT_TIMES)
def test_urls_that_are_opened_in_the_background_leave_the_recording_on_screen(
    page: SharedPage, other_server: tuple[str, Path]
) -> None:
    url, folder = other_server
    before = on_screen(page)
    for name in ("remote", "another"):
        write_recording(folder / f"{name}.rrd", name)
    page.send(commands.open([f"{url}/remote.rrd", f"{url}/another.rrd"], navigate=False))
    page.expect_state("ready", recordings=3)
    page.evaluate(DRAW, 10)
    assert before
    assert on_screen(page) == before


@pytest.mark.slow
@needs(EXACT_TIMES)
@pytest.mark.parametrize("navigate", [True, False])
def test_the_recording_on_screen_stays_there_while_a_url_that_opens_beside_it_waits(
    page: SharedPage, other_server: tuple[str, Path], navigate: bool
) -> None:
    url, folder = other_server
    write_recording(folder / "slow.rrd", "slow")
    before, waiting = on_screen(page), []
    page.route("**/slow.rrd", lambda route: waiting.append(route))
    page.send(commands.open(f"{url}/slow.rrd", navigate))
    page.expect_state("loading", recordings=1)
    page.evaluate(DRAW, 10)
    assert before
    assert on_screen(page) == before
    expect(page.viewer()).not_to_have_attribute("data-veiled", "")
    for each in waiting:
        each.continue_()
    page.unroute("**/slow.rrd")
    page.wait_for("recording_open", recording_id="slow")
    page.expect_state("ready", recordings=2)
    page.send(commands.get_state())
    active = page.answer(events.State).state.active_recording
    assert (active.recording_id == "slow") == navigate


def test_a_url_that_is_opened_in_an_empty_viewer_is_its_value_which_the_next_value_replaces(
    shared: SharedPage, other_server: tuple[str, Path], recording_a: Path
) -> None:
    url, folder = other_server
    write_recording(folder / "remote.rrd", "of_url")
    shared.clear()
    shared.send(commands.open(f"{url}/remote.rrd"))
    shared.expect_recordings("of_url")
    assert shared.given() == f"{url}/remote.rrd"
    shared.send(recording_a)
    shared.wait_for("recording_open", recording_id="recording_a")
    shared.expect_recordings("recording_a")
    shared.clear()


@needs(NEEDS["close"])
def test_one_of_several_recordings_can_be_closed(shared: SharedPage) -> None:
    show(shared, "one", "two")
    shared.send(commands.close(store_ids=["one"]))
    shared.expect_state("ready", recordings=1)
    assert [each.recording_id for each in state_of(shared).recordings] == ["two"]
    shared.send(commands.close())
    expect(shared.viewer()).to_have_attribute("data-recordings", "0")


@pytest.mark.slow
@needs(NEEDS["close"])
def test_when_the_recording_on_screen_is_closed_another_is_shown(shared: SharedPage) -> None:
    show(shared, "one", "two")
    shared.send(commands.close())
    shared.expect_state("ready", recordings=1)
    state = state_of(shared)
    assert state.recordings == (state.active_recording,)


@pytest.mark.slow
@needs(NEEDS["close"])
def test_recordings_can_be_closed_one_after_another(shared: SharedPage) -> None:
    show(shared, "one", "two", "three")
    shared.send(*[commands.close()] * 3)
    expect(shared.viewer()).to_have_attribute("data-recordings", "0")


@pytest.mark.slow
def test_the_only_recording_can_be_closed(page: SharedPage) -> None:
    page.send(commands.close())
    expect(page.viewer()).to_have_attribute("data-recordings", "0")
    show(page, "two")


@pytest.mark.slow
def test_a_value_that_is_returned_again_opens_closed_recordings(shared: SharedPage) -> None:
    shared.clear()
    value = [two_timelines("one"), two_timelines("two")] if NEEDS["close"] <= VERSION else [two_timelines("one")]
    shared.forget_events()
    shared.send(value)
    shared.wait_for("recording_open", recording_id="one")
    shared.expect_state("ready", recordings=len(value))
    shared.send(commands.close(store_ids=["one"]) if len(value) > 1 else commands.close())
    expect(shared.viewer()).to_have_attribute("data-recordings", str(len(value) - 1))
    if len(value) > 1:
        assert [each.recording_id for each in state_of(shared).recordings] == ["two"]
    shared.forget_events()
    shared.send(value)
    shared.wait_for("recording_open", recording_id="one")
    shared.expect_state("ready", recordings=len(value))


@pytest.mark.slow
@without((0, 41))
def test_a_command_that_an_older_viewer_cannot_do_is_an_error(shared: SharedPage) -> None:
    show(shared, "one", "two")
    shared.send(
        commands.close(store_ids=["one"]),
        commands.run_command("recording.seek_to_start"),
        commands.take_screenshot("view"),
    )
    for _ in range(3):
        assert "rerun-sdk 0.41" in error(shared)


@needs(NEEDS["run_command"])
def test_a_command_of_the_viewers_palette_can_be_run(page: SharedPage) -> None:
    page.send(commands.set_time("frame", sequence=9))
    page.wait_for("time_update", time=9)
    page.forget_events()
    page.send(commands.run_command("recording.seek_to_start"))
    page.wait_for("time_update", time=0)
    page.send(commands.run_command("make.coffee"))
    assert "make.coffee" in error(page)


@pytest.mark.slow
def test_nothing_is_uploaded_without_a_listener(new_tab: Callable[[], Page]) -> None:
    with shared_page(new_tab) as page:
        show(page, "run")
        page.send(commands.take_screenshot(), commands.set_time("frame", sequence=1))
        page.wait_for("time_update", time=1, from_command=True)
        assert page.requests_for("/gradio_api/upload") == []
