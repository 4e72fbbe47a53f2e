"""Every command, checked by what the viewer tells of itself; on a viewer that is too old for it, by the error."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import rerun as rr
import rerun.blueprint as rrb
from needs import EXACT_TIMES, NEEDS, VERSION, VIEWS, needs, without
from PIL import Image
from playwright.sync_api import expect
from recordings import write_recording
from seen import DRAW, on_screen
from slow import slow
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands, events
from gradio_rerun._viewer.sdk import sdk_version
from gradio_rerun.viewer_state import ViewerState

Launch = Callable[..., str]

START = np.datetime64("2024-05-06T07:08:09.123456789", "ns")


def two_timelines(recording_id: str, application_id: str = "my:app") -> bytes:
    """20 frames on `frame`, and on `stamp`, 100 ms and a nanosecond apart."""
    recording = rr.RecordingStream(application_id, recording_id=recording_id)
    stream = recording.binary_stream()
    for frame in range(20):
        recording.set_time("frame", sequence=frame)
        recording.set_time("stamp", timestamp=START + np.timedelta64(100_000_001 * frame, "ns"))
        recording.log("points", rr.Points3D(np.random.default_rng(frame).random((5, 3))))
    data = stream.read()
    assert data
    return data


class App:
    """A viewer, a button for each thing to return, and what the viewer answered."""

    def __init__(self, value: Any = None, **returns: Any) -> None:
        self.answers: queue.Queue[Any] = queue.Queue()
        with gr.Blocks() as self.demo:
            self.viewer = viewer = Rerun(value, height=400)
            for name, result in {**returns, "ask": commands.get_state()}.items():
                gr.Button(name).click(result if callable(result) else lambda result=result: result, None, viewer)
            viewer.state(self._on_state, trigger_mode="multiple")
            viewer.screenshot(self._on_screenshot, trigger_mode="multiple")
            viewer.recording_saved(self._on_recording, trigger_mode="multiple")
            viewer.blueprint_saved(self._on_blueprint, trigger_mode="multiple")
            viewer.error(self._on_error, trigger_mode="multiple")

    def _on_state(self, event: events.State) -> None:
        self.answers.put(event.state)

    def _on_screenshot(self, event: events.Screenshot) -> None:
        self.answers.put(event)

    def _on_recording(self, event: events.RecordingSaved) -> None:
        self.answers.put(event)

    def _on_blueprint(self, event: events.BlueprintSaved) -> None:
        self.answers.put(event)

    def _on_error(self, event: events.Error) -> None:
        self.answers.put(event.message)

    def answer(self, page: ViewerPage, timeout: float = 60) -> Any:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.answers.empty():
                return self.answers.get()
            page.wait_for_timeout(50)  # lets the browser's events through
        raise AssertionError("The viewer did not answer.")

    def state(self, page: ViewerPage) -> ViewerState:
        page.click("ask")
        state = self.answer(page)
        assert isinstance(state, ViewerState), state
        return state


def opened(page: ViewerPage, launch: Launch, app: App, recordings: int = 1) -> ViewerPage:
    page.open(launch(app.demo)).expect_state("ready", recordings=recordings)
    return page


def wait_for(page: ViewerPage, what: str, **fields: Any) -> None:
    """Until the viewer tells an event with these fields."""
    page.wait_for_function(
        "([type, fields]) => window.seen.some(({detail}) => detail?.type === type && "
        "Object.entries(fields).every(([name, value]) => detail[name] === value))",
        arg=[what, fields],
    )


def test_the_time_can_be_set(page: ViewerPage, launch: Launch) -> None:
    app = App(two_timelines("run"), go=commands.set_time("frame", sequence=7))
    opened(page, launch, app).click("go")
    wait_for(page, "time_update", time=7, from_command=True)
    state = app.state(page)
    assert (state.timeline, state.time, state.play_state) == ("frame", 7, "paused")


@pytest.mark.slow
def test_a_time_without_a_timeline_is_on_the_active_one(page: ViewerPage, launch: Launch) -> None:
    both = [commands.set_time("frame"), commands.set_time(sequence=5)]
    app = App(two_timelines("run"), go=both)
    opened(page, launch, app).click("go")
    wait_for(page, "time_update", time=5)
    state = app.state(page)
    assert (state.timeline, state.time) == ("frame", 5)


def test_a_time_can_be_played_from(page: ViewerPage, launch: Launch) -> None:
    app = App(
        two_timelines("run"),
        stop=commands.set_time(play_state="paused"),
        go=commands.set_time("frame", sequence=3, play_state="playing"),
    )
    opened(page, launch, app).click("stop")
    wait_for(page, "pause")
    page.forget_events()
    page.click("go")
    wait_for(page, "play", from_command=True)


def test_play_and_pause(page: ViewerPage, launch: Launch) -> None:
    app = App(
        two_timelines("run"),
        play=[commands.set_time("frame", sequence=0), commands.set_time(play_state="playing")],
        pause=commands.set_time(play_state="paused"),
    )
    opened(page, launch, app).click("pause")
    page.wait_for_timeout(500)
    page.forget_events()
    page.click("play")
    wait_for(page, "play", from_command=True)
    page.click("pause")
    wait_for(page, "pause", from_command=True)
    assert app.state(page).play_state == "paused"


@needs(EXACT_TIMES)
def test_a_timestamp_is_exact_to_the_nanosecond(page: ViewerPage, launch: Launch) -> None:
    time = START + np.timedelta64(200_000_002, "ns")
    app = App(two_timelines("run"), go=commands.set_time("stamp", timestamp=time))
    opened(page, launch, app).click("go")
    wait_for(page, "time_update", from_command=True)
    state = app.state(page)
    assert (state.timeline, state.time) == ("stamp", int(time.astype("int64")))
    (recording,) = state.recordings
    assert {each.name: each.type for each in recording.timelines}["stamp"] == "timestamp"
    assert {each.name: each.start for each in recording.timelines}["stamp"] == int(START.astype("int64"))


@pytest.mark.slow
@without(EXACT_TIMES)
def test_a_timestamp_is_as_exact_as_a_float(page: ViewerPage, launch: Launch) -> None:
    time = START + np.timedelta64(200_000_002, "ns")
    app = App(two_timelines("run"), go=commands.set_time("stamp", timestamp=time))
    opened(page, launch, app).click("go")
    wait_for(page, "pause", from_command=True)
    shown = app.state(page).time
    assert shown is not None
    assert abs(shown - int(time.astype("int64"))) <= 256


def test_another_recording_can_be_shown(page: ViewerPage, launch: Launch) -> None:
    app = App(
        [two_timelines("one"), two_timelines("two", "other")],
        one=commands.set_active_recording("one"),
        two=commands.set_active_recording("two"),
    )
    opened(page, launch, app, recordings=2)
    for name in ("one", "two", "one"):
        page.click(name)
        deadline = time.monotonic() + 20
        while (state := app.state(page)).active_recording is None or state.active_recording.recording_id != name:
            assert time.monotonic() < deadline
    assert sorted(each.application_id for each in state.recordings) == ["my:app", "other"]


def test_a_missing_recording_is_an_error_and_the_next_command_runs(page: ViewerPage, launch: Launch) -> None:
    app = App(
        two_timelines("run"),
        go=[
            commands.set_time("nowhere", sequence=1),
            commands.set_active_recording("nobody"),
            commands.set_time("frame", sequence=4),
        ],
    )
    opened(page, launch, app).click("go")
    wait_for(page, "time_update", time=4)
    said = {app.answer(page), app.answer(page)}
    assert any("nowhere" in each and "set_time" in each for each in said)
    assert any("nobody" in each and "set_active_recording" in each for each in said)
    expect(page.get_by_text("nobody").first).to_be_visible()
    assert page.viewer().get_attribute("data-state") == "ready"


@pytest.mark.slow
def test_300_commands_in_one_list(page: ViewerPage, launch: Launch) -> None:
    app = App(two_timelines("run"), go=[commands.set_time("frame", sequence=frame % 20) for frame in range(300)])
    opened(page, launch, app).click("go")
    state = app.state(page)
    assert (state.timeline, state.time) == ("frame", 299 % 20)
    assert app.answers.empty()


def test_commands_wait_until_the_viewer_has_started(page: ViewerPage, launch: Launch) -> None:
    app = App(None, go=commands.set_time("frame", sequence=6), show=two_timelines("run"))
    page.open(launch(app.demo)).click("go")
    page.wait_for_timeout(1000)
    page.click("show")
    wait_for(page, "time_update", time=6, from_command=True)


@pytest.mark.slow
def test_commands_wait_while_a_recording_loads(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    app = App(
        recording_a, show=two_timelines("run"), go=[commands.set_time("stamp", timestamp=START), commands.get_state()]
    )
    opened(page, launch, app).click("show")
    page.wait_for_function("document.querySelector('rerun-viewer').dataset.state === 'loading'")
    page.click("go")
    state = app.answer(page)
    assert (state.active_recording.recording_id, state.timeline) == ("run", "stamp")


def test_a_value_together_with_commands(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    app = App(
        recording_a,
        go=commands.show(two_timelines("run"), commands.set_time("frame", sequence=11), commands.get_state()),
    )
    opened(page, launch, app).click("go")
    state = app.answer(page)
    assert (state.active_recording.recording_id, state.time) == ("run", 11)
    assert page.opened() == ["recording_a", "run"]


@pytest.mark.slow
def test_an_initial_value_together_with_commands(page: ViewerPage, launch: Launch) -> None:
    app = App(commands.show(two_timelines("run"), commands.set_time("frame", sequence=12)))
    opened(page, launch, app)
    wait_for(page, "time_update", time=12, from_command=True)


@pytest.mark.slow
def test_a_command_leaves_the_value_as_it_is(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    app = App(recording_a, go=commands.set_time("frame", sequence=3), height=gr.update(height=333))
    opened(page, launch, app).click("go")
    wait_for(page, "time_update", time=3)
    page.click("height")
    expect(page.block()).to_have_css("height", "333px")
    page.expect_recordings("recording_a")
    assert page.opened() == ["recording_a"]


@pytest.mark.slow
def test_every_yield_of_a_generator_is_carried_out_once(page: ViewerPage, launch: Launch) -> None:
    def generate() -> Iterator[Any]:
        for frame in range(40):
            yield commands.get_state() if frame % 4 == 0 else commands.set_time("frame", sequence=frame % 20)

    app = App(two_timelines("run"), go=generate)
    opened(page, launch, app).click("go")
    times = [app.answer(page).time for _ in range(10)]
    assert times[1:] == [(frame - 1) % 20 for frame in range(4, 40, 4)]
    assert app.state(page).time == 39 % 20
    assert app.answers.empty()


@pytest.mark.slow
def test_commands_to_a_hidden_tab_wait_until_it_is_shown(page: ViewerPage, launch: Launch) -> None:
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
    page.open(launch(demo))
    page.get_by_role("tab", name="second").click()
    page.expect_state("ready")
    page.get_by_role("tab", name="first").click()
    page.click("go")
    page.wait_for_timeout(1000)  # for what must not come
    assert answers == []
    page.get_by_role("tab", name="second").click()
    wait_for(page, "time_update", time=8)
    deadline = time.monotonic() + 30
    while not answers:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)
    assert [state.time for state in answers] == [8]


@pytest.mark.slow
@pytest.mark.first_visit
def test_none_drops_commands_that_wait(page: ViewerPage, launch: Launch) -> None:
    app = App(None, go=commands.set_time("frame", sequence=6), clear=lambda: None, show=two_timelines("run"))
    page.open(launch(app.demo)).click("go")
    page.wait_for_timeout(500)
    page.click("show")
    page.expect_state("loading")  # which takes a second: the page has not had a viewer yet
    page.click("clear")
    page.expect_state("idle")
    page.forget_events()
    page.click("show")
    page.expect_state("ready", recordings=1)
    assert app.state(page)
    assert not any(event.get("from_command") for event in page.events("time_update"))


def test_a_picture_of_the_viewer(page: ViewerPage, launch: Launch) -> None:
    app = App(two_timelines("run"), go=commands.take_screenshot(), small=commands.take_screenshot(max_size=200))
    opened(page, launch, app).click("go")
    event = app.answer(page)
    assert isinstance(event, events.Screenshot)
    with Image.open(event.path) as picture:
        assert picture.height == page.viewer().evaluate("viewer => viewer.clientHeight")
        assert len(picture.convert("RGB").getcolors(10**6) or []) > 10
    page.click("small")
    with Image.open(app.answer(page).path) as picture:
        assert max(picture.size) == 200


@needs(VIEWS)
def test_a_picture_of_a_view(page: ViewerPage, launch: Launch) -> None:
    app = App(
        two_timelines("run"),
        go=commands.take_screenshot("/", max_size=150),
        wrong=commands.take_screenshot("no such view"),
    )
    opened(page, launch, app).click("go")
    with Image.open(app.answer(page).path) as picture:
        assert max(picture.size) == 150
    page.click("wrong")
    assert "no such view" in app.answer(page)


@needs(NEEDS["save_recording"])
def test_a_recording_and_a_blueprint_can_be_saved(page: ViewerPage, launch: Launch) -> None:
    app = App(two_timelines("run"), go=[commands.save_recording(), commands.save_blueprint()])
    opened(page, launch, app).click("go")
    for kind, suffix in ((events.RecordingSaved, ".rrd"), (events.BlueprintSaved, ".rbl")):
        event = app.answer(page)
        assert isinstance(event, kind)
        assert event.path.endswith(suffix)
        assert Path(event.path).read_bytes().startswith(b"RRF2")


@pytest.mark.parametrize("kind", ["object", slow("file")])
def test_a_blueprint_applies_to_the_open_recordings(
    page: ViewerPage, launch: Launch, tmp_path: Path, kind: str
) -> None:
    blueprint = rrb.Blueprint(rrb.Spatial3DView(), rrb.BlueprintPanel(state="hidden"))
    blueprint.save("my:app", str(tmp_path / "hidden.rbl"))
    command = (
        commands.set_blueprint(blueprint, application_id="my:app")
        if kind == "object"
        else commands.set_blueprint(tmp_path / "hidden.rbl")
    )
    app = App(two_timelines("run"), go=command)
    opened(page, launch, app)
    page.expect_blueprint_panel(shown=True)
    page.click("go")
    page.expect_blueprint_panel(shown=False)
    page.expect_state("ready", recordings=1)


def test_panels_can_be_hidden_and_shown(page: ViewerPage, launch: Launch) -> None:
    app = App(
        two_timelines("run"),
        hide=commands.update_panels(blueprint="hidden"),
        show=commands.update_panels(blueprint="expanded"),
    )
    opened(page, launch, app)
    page.expect_blueprint_panel(shown=True)
    page.click("hide")
    page.expect_blueprint_panel(shown=False)
    page.click("show")
    page.expect_blueprint_panel(shown=True)


def test_a_url_opens_beside_the_open_recordings(
    page: ViewerPage, launch: Launch, other_server: tuple[str, Path]
) -> None:
    url, folder = other_server
    write_recording(folder / "remote.rrd", "of_url")
    app = App(two_timelines("run"), go=commands.open(f"{url}/remote.rrd"), wrong=commands.open(f"{url}/none.rrd"))
    opened(page, launch, app).click("go")
    wait_for(page, "recording_open", recording_id="of_url", from_command=True)
    page.expect_state("ready", recordings=2)
    page.click("wrong")
    assert "none.rrd" in app.answer(page)


@needs(EXACT_TIMES)
def test_urls_that_are_opened_in_the_background_leave_the_recording_on_screen(
    page: ViewerPage, launch: Launch, other_server: tuple[str, Path]
) -> None:
    url, folder = other_server
    for name in ("remote", "another"):
        write_recording(folder / f"{name}.rrd", name)
    app = App(two_timelines("run"), go=commands.open([f"{url}/remote.rrd", f"{url}/another.rrd"], navigate=False))
    opened(page, launch, app).click("go")
    page.expect_state("ready", recordings=3)
    page.evaluate(DRAW, 10)
    assert on_screen(page) == "run"


def test_a_url_that_is_opened_in_an_empty_viewer_is_its_value_which_the_next_value_replaces(
    page: ViewerPage, launch: Launch, other_server: tuple[str, Path], recording_a: Path
) -> None:
    url, folder = other_server
    write_recording(folder / "remote.rrd", "of_url")
    app = App(None, go=commands.open(f"{url}/remote.rrd"), file=recording_a, none=None)
    with app.demo:
        given = gr.Textbox(label="given")
        gr.Button("given").click(str, app.viewer, given)
    page.open(launch(app.demo)).click("go")
    page.expect_recordings("of_url")
    page.click("given")
    expect(page.get_by_label("given")).to_have_value(f"{url}/remote.rrd")
    page.click("file")
    wait_for(page, "recording_open", recording_id="recording_a")
    page.expect_recordings("recording_a")
    page.click("none")
    page.expect_state("idle")


@needs(NEEDS["close"])
def test_one_of_several_recordings_can_be_closed(page: ViewerPage, launch: Launch) -> None:
    app = App(
        [two_timelines("one"), two_timelines("two", "other")],
        one=commands.close(store_ids=["one"]),
        active=commands.close(),
    )
    opened(page, launch, app, recordings=2).click("one")
    page.expect_state("ready", recordings=1)
    assert [each.recording_id for each in app.state(page).recordings] == ["two"]
    page.click("active")
    expect(page.viewer()).to_have_attribute("data-recordings", "0")


@pytest.mark.slow
@needs(NEEDS["close"])
def test_when_the_recording_on_screen_is_closed_another_is_shown(page: ViewerPage, launch: Launch) -> None:
    app = App([two_timelines("one"), two_timelines("two", "other")], close=commands.close())
    opened(page, launch, app, recordings=2).click("close")
    page.expect_state("ready", recordings=1)
    state = app.state(page)
    assert state.recordings == (state.active_recording,)


@pytest.mark.slow
@needs(NEEDS["close"])
def test_recordings_can_be_closed_one_after_another(page: ViewerPage, launch: Launch) -> None:
    app = App(
        [two_timelines("one"), two_timelines("two", "other"), two_timelines("three")], close=[commands.close()] * 3
    )
    opened(page, launch, app, recordings=3).click("close")
    expect(page.viewer()).to_have_attribute("data-recordings", "0")


@pytest.mark.slow
def test_the_only_recording_can_be_closed(page: ViewerPage, launch: Launch) -> None:
    app = App(two_timelines("one"), close=commands.close(), show=two_timelines("two"))
    opened(page, launch, app).click("close")
    expect(page.viewer()).to_have_attribute("data-recordings", "0")
    page.click("show")
    wait_for(page, "recording_open", recording_id="two")
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_value_that_is_returned_again_opens_closed_recordings(page: ViewerPage, launch: Launch) -> None:
    value = [two_timelines("one"), two_timelines("two", "other")]
    close = commands.close(store_ids=["one"]) if VERSION >= (0, 41) else None
    app = App(value[: 2 if close else 1], close=close or commands.close(), again=value[: 2 if close else 1])
    opened(page, launch, app, recordings=2 if close else 1).click("close")
    expect(page.viewer()).to_have_attribute("data-recordings", "1" if close else "0")
    if close:
        assert [each.recording_id for each in app.state(page).recordings] == ["two"]
    page.forget_events()
    page.click("again")
    wait_for(page, "recording_open", recording_id="one")
    page.expect_state("ready", recordings=2 if close else 1)


@pytest.mark.slow
@without((0, 41))
def test_a_command_that_an_older_viewer_cannot_do_is_an_error(page: ViewerPage, launch: Launch) -> None:
    app = App(
        [two_timelines("one"), two_timelines("two")],
        go=[
            commands.close(store_ids=["one"]),
            commands.run_command("recording.seek_to_start"),
            commands.take_screenshot("view"),
        ],
    )
    opened(page, launch, app, recordings=2).click("go")
    for _ in range(3):
        assert "rerun-sdk 0.41" in app.answer(page)


@needs(NEEDS["run_command"])
def test_a_command_of_the_viewers_palette_can_be_run(page: ViewerPage, launch: Launch) -> None:
    app = App(
        two_timelines("run"),
        middle=commands.set_time("frame", sequence=9),
        start=commands.run_command("recording.seek_to_start"),
        wrong=commands.run_command("make.coffee"),
    )
    opened(page, launch, app).click("middle")
    wait_for(page, "time_update", time=9)
    page.click("start")
    wait_for(page, "time_update", time=0)
    page.click("wrong")
    assert "make.coffee" in app.answer(page)


def test_the_state_has_the_open_recordings(page: ViewerPage, launch: Launch) -> None:
    app = App(two_timelines("run"), go=commands.set_time("frame", sequence=2))
    opened(page, launch, app).click("go")
    wait_for(page, "time_update", time=2)
    state = app.state(page)
    assert state.viewer_version == sdk_version()
    recording = state.active_recording
    assert recording is not None
    assert (recording.application_id, recording.recording_id) == ("my:app", "run")
    (frame,) = [each for each in recording.timelines if each.name == "frame"]
    assert (frame.start, frame.end, frame.time) == (0, 19, 2)
    assert (state.views is None) == (VERSION < VIEWS)


@pytest.mark.slow
def test_nothing_is_uploaded_without_a_listener(page: ViewerPage, launch: Launch) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(two_timelines("run"))
        gr.Button("go").click(
            lambda: [commands.take_screenshot(), commands.set_time("frame", sequence=1)], None, viewer
        )
    page.open(launch(demo)).expect_state("ready")
    page.click("go")
    wait_for(page, "time_update", time=1)
    assert page.requests_for("/gradio_api/upload") == []
