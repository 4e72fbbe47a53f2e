"""What the viewer tells, and what functions of the app hear of it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
import rerun as rr
import rerun.blueprint as rrb
from playwright.sync_api import expect
from seen import DRAW, click_at, on_screen, wait_until
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands
from gradio_rerun._viewer.selection import EntityItem
from gradio_rerun.events import (
    KeyInput,
    Pause,
    Play,
    RecordingOpen,
    SelectionChange,
    TimelineChange,
    TimeUpdate,
    ViewerEvent,
)

Launch = Callable[..., str]

CLASSES = [Play, Pause, TimeUpdate, TimelineChange, SelectionChange, RecordingOpen]
START = np.datetime64("2024-05-06T07:08:09.123456789", "ns")
WIDTH, HEIGHT = 200, 100


def write_images(path: Path, recording_id: str, *, blueprint: bool = True, frames: int = 20, **time_of: Any) -> Path:
    """Writes images on the timelines of `time_of`, whose values say what is the time of a frame."""
    recording = rr.RecordingStream("app", recording_id=recording_id)
    recording.save(path)
    for frame in range(frames):
        for timeline, time_at in (time_of or {"frame": lambda frame: {"sequence": frame}}).items():
            recording.set_time(timeline, **time_at(frame))
        recording.log("world/image", rr.Image(np.full((HEIGHT, WIDTH, 3), frame, np.uint8)))
    if blueprint:
        view = rrb.Spatial2DView(origin="world", name="Camera")
        panels = [
            each(state="hidden") for each in (rrb.BlueprintPanel, rrb.SelectionPanel, rrb.TimePanel, rrb.TopPanel)
        ]
        recording.send_blueprint(rrb.Blueprint(view, *panels))
    recording.flush()
    recording.disconnect()
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images.rrd", "images")


def listen(viewer: Rerun, heard: list[ViewerEvent], *kinds: type[ViewerEvent]) -> None:
    """Lets `heard` get the viewer's events of these kinds, or of all."""

    def hear_as(kind: type[ViewerEvent]) -> Callable[..., None]:
        def hear(event: Any) -> None:
            heard.append(event)

        hear.__annotations__ = {"event": kind}
        return hear

    for kind in kinds or CLASSES:
        getattr(viewer, kind.type)(hear_as(kind))


def of(heard: list[ViewerEvent], kind: type[Any], viewer: Rerun | None = None) -> list[Any]:
    return [each for each in heard if isinstance(each, kind) and viewer in (None, each.target)]


def expect_rest(page: ViewerPage) -> None:
    """Returns when the viewer has paused at the end, and draws what it shows there."""
    page.wait_for_event("pause")
    page.expect_loaded()
    page.evaluate(DRAW, 10)


def expect_told(page: ViewerPage, heard: list[ViewerEvent], *kinds: type[Any]) -> None:
    """Each event of these kinds that the viewer has told was heard once."""
    wait_until(page, lambda: all(len(of(heard, each)) >= len(page.events(each.type)) for each in kinds))
    wait_until(page, lambda: len(heard) == len(page.requests_for("queue/join")))  # no call is still to be heard
    for kind in kinds:
        assert len(of(heard, kind)) == len(page.events(kind.type))


def test_the_events_of_a_recording_have_its_ids_timeline_and_times_and_a_click_into_an_image_reports_the_pixel(
    page: ViewerPage, launch: Launch, images: Path
) -> None:
    heard: list[ViewerEvent] = []
    with gr.Blocks() as demo:
        listen(Rerun(images, height=400), heard)
    page.open(launch(demo)).expect_state("ready")
    expect_rest(page)
    opened, changed = of(heard, RecordingOpen)[0], of(heard, TimelineChange)[0]
    assert (opened.application_id, opened.recording_id, opened.segment_id) == ("app", "images", None)
    assert opened.version in (None, rr.__version__)
    assert opened.source
    assert (changed.timeline, changed.recording_id, changed.from_command) == ("frame", "images", False)
    update = of(heard, TimeUpdate)[-1]
    assert (update.timeline, update.time, update.payload.time) == ("frame", 19, 19)
    assert type(update.time) is int
    assert update.timeline_type == ("sequence" if tells_types(page) else None)
    expect_told(page, heard, RecordingOpen, SelectionChange, Pause)
    assert len(of(heard, TimelineChange)) == 1  # the viewer does not always report the first timeline
    click_at(page)
    wait_until(page, lambda: of(heard, SelectionChange)[-1].items)
    (item,) = of(heard, SelectionChange)[-1].items
    assert isinstance(item, EntityItem)
    assert (item.type, item.entity_path, item.view_name) == ("entity", "/world/image", "Camera")
    assert item.position
    assert item.position[0] == pytest.approx(WIDTH / 2, abs=3)
    assert item.position[1] == pytest.approx(HEIGHT / 2, abs=8)  # the view has a title


def tells_types(page: ViewerPage) -> bool:
    """Whether the viewer reports the type of a timeline, and its exact time."""
    return bool(page.evaluate("document.querySelector('rerun-viewer').currentTime !== null"))


def test_an_indicator_starts_right_and_keys_drive_a_robot(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    driven: list[KeyInput] = []
    slow = write_images(tmp_path / "slow.rrd", "slow", second=lambda frame: {"duration": 10.0 * frame})
    with gr.Blocks() as demo:
        viewer = Rerun(slow, keys=["w", "d", "ArrowUp"])
        indicator = gr.Textbox(label="indicator")
        gr.Textbox(label="notes")
        viewer.play(lambda: "playing", None, indicator)
        viewer.pause(lambda: "paused", None, indicator)

        @viewer.key_input
        def drive(event: KeyInput) -> None:
            driven.append(event)

    page.open(launch(demo)).expect_state("ready")
    expect(page.get_by_label("indicator")).to_have_value("playing")  # by itself
    page.viewer().locator("canvas").click()  # keys go to what was clicked
    page.evaluate(
        "window.keys = []; document.querySelector('canvas').addEventListener('keydown', ({ key }) => keys.push(key))"
    )
    for key, state in (("Space", "paused"), ("Space", "playing")):  # the viewer's own shortcut
        page.keyboard.press(key)
        expect(page.get_by_label("indicator")).to_have_value(state)
    page.keyboard.press("ArrowUp")
    page.keyboard.down("w")
    wait_until(page, lambda: bool(driven) and driven[-1].repeat)
    page.keyboard.down("d")
    page.keyboard.up("w")
    page.get_by_label("notes").click()
    page.keyboard.up("d")
    page.keyboard.type("wd")
    expect(page.get_by_label("notes")).to_have_value("wd")
    wait_until(page, lambda: bool(driven) and not driven[-1].held and driven[-1].key == "d")
    assert [(each.key, each.pressed, "".join(each.held)) for each in driven if not each.repeat] == [
        ("ArrowUp", True, "ArrowUp"),
        ("ArrowUp", False, ""),
        ("w", True, "w"),
        ("d", True, "wd"),
        ("w", False, "d"),
        ("d", False, ""),  # the focus is elsewhere
    ]
    assert page.evaluate("window.keys") == [" ", " "]


@pytest.mark.slow
def test_keys_go_on_when_another_recording_or_another_viewer_takes_the_place_of_one(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    steps = iter([recording_b, gr.update(theme="dark"), recording_a])
    with gr.Blocks() as demo:
        viewer = Rerun(recording_a, height=300, keys=["n"])

        @viewer.key_input(outputs=viewer)
        def show_next(event: KeyInput) -> Any:
            return next(steps) if event.pressed else gr.skip()

    page.open(launch(demo)).expect_recordings("recording_a")
    page.viewer().locator("canvas").click()
    for recording_id in ("recording_b", "recording_b", "recording_a"):
        page.forget_events()
        page.keyboard.press("n")
        page.wait_for_event("load")
        page.expect_recordings(recording_id)
        page.expect_loaded()
    expect(page.viewer().locator("canvas:not(.rerun-held)")).to_be_focused()


@pytest.mark.slow
def test_times_of_stamps_and_of_durations_are_nanoseconds(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    heard: list[ViewerEvent] = []
    heard_of_clock: list[ViewerEvent] = []
    step = np.timedelta64(100_000_001, "ns")
    stamped = write_images(tmp_path / "s.rrd", "stamped", stamp=lambda frame: {"timestamp": START + frame * step})
    lasting = write_images(tmp_path / "d.rrd", "lasting", clock=lambda frame: {"duration": frame * step})
    with gr.Blocks() as demo:
        listen(Rerun(stamped, height=300), heard, TimeUpdate, TimelineChange)
        listen(Rerun(lasting, height=300), heard_of_clock, TimeUpdate)
    page.open(launch(demo))
    last = int((START + 19 * step).astype(int))
    wait_until(page, lambda: bool(of(heard, TimeUpdate)) and abs(of(heard, TimeUpdate)[-1].time - last) <= 256)
    update = of(heard, TimeUpdate)[-1]
    if tells_types(page):
        assert (update.time, update.timeline_type) == (last, "timestamp")
    moment = datetime(2024, 5, 6, 7, 8, 11, 23456, tzinfo=timezone.utc)
    assert abs((update.as_datetime() - moment).total_seconds()) <= 1e-6
    assert of(heard, TimelineChange)[0].timeline == "stamp"
    wait_until(page, lambda: bool(heard_of_clock) and heard_of_clock[-1].time == 1_900_000_019)
    assert heard_of_clock[-1].timeline_type == ("duration" if tells_types(page) else None)
    assert heard_of_clock[-1].as_timedelta().total_seconds() == 1.9


def test_ids_of_any_characters_have_exact_times_and_are_found_by_commands(page: ViewerPage, launch: Launch) -> None:
    heard: list[ViewerEvent] = []
    recording_id = "x:y\\z \u2028\n%41?&#"
    recordings = []
    for each in ("other", recording_id):
        recording = rr.RecordingStream("my:app" if each == recording_id else "other", recording_id=each)
        stream = recording.binary_stream()
        for second in range(9):
            recording.set_time("stamp", timestamp=START + np.timedelta64(second * 1_000_000_001, "ns"))
            recording.log("points", rr.Points3D([[0, 0, second]]))
        recordings.append(stream.read())
    time = START + np.timedelta64(5_000_000_005, "ns")
    with gr.Blocks() as demo:
        viewer = Rerun(recordings)
        for name, command in {
            "other": commands.set_active_recording("other"),
            "show": commands.set_active_recording(recording_id),
            "seek": commands.set_time("stamp", timestamp=time),
            "close": commands.close(store_ids=[recording_id]),
        }.items():
            gr.Button(name).click(lambda command=command: command, None, viewer)
        listen(viewer, heard, TimeUpdate, RecordingOpen)
    page.open(launch(demo)).expect_state("ready", recordings=2)
    wait_until(page, lambda: len(of(heard, RecordingOpen)) == 2)
    ids = {(each.application_id, each.recording_id) for each in of(heard, RecordingOpen)}
    assert ids == {("other", "other"), ("my:app", recording_id)}
    # The viewer reports times of the recording on screen, and Gradio runs different functions in any order.
    for name, each in (("other", "other"), ("show", recording_id)):
        page.click(name)
        wait_until(page, lambda each=each: on_screen(page) == each)
    page.click("seek")
    nanoseconds = int(time.astype("int64"))
    wait_until(
        page,
        lambda: any(
            each.recording_id == recording_id and each.from_command and abs(each.time - nanoseconds) <= 256
            for each in of(heard, TimeUpdate)
        ),
    )
    if tells_types(page):
        update = of(heard, TimeUpdate)[-1]
        assert (update.recording_id, update.time, update.timeline_type) == (recording_id, nanoseconds, "timestamp")
        page.click("close")
        page.expect_state("ready", recordings=1)


def test_slow_functions_also_those_that_fail_get_the_last_time_and_never_two_at_once(
    page: ViewerPage, launch: Launch, images: Path
) -> None:
    running, most, last = 0, 0, {"a": -1, "b": -1}
    calls: list[float] = []
    lock = threading.Lock()

    def slow_as(name: str) -> Callable[[TimeUpdate], None]:
        def slow(event: TimeUpdate) -> None:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                calls.append(time.monotonic())
            time.sleep(0.3)  # more events than it can handle arrive meanwhile
            with lock:
                running -= 1
                last[name] = event.time
            if name == "b":
                raise gr.Error("on purpose")

        return slow

    with gr.Blocks() as demo:
        viewer = Rerun(images)
        viewer.time_update(slow_as("a"), concurrency_limit=None)
        viewer.time_update(slow_as("b"), concurrency_limit=None)
    page.add_init_script("window.handled = 0; document.addEventListener('rerun-handled', () => window.handled++);")
    page.open(launch(demo)).expect_state("ready")
    wait_until(page, lambda: running == 0 and last == {"a": 19, "b": 19})
    wait_until(page, lambda: page.evaluate("window.handled") == len(calls))
    page.evaluate(DRAW, 10)
    assert most == 1
    assert len(page.requests_for("queue/join")) == len(calls)  # and then there is peace


# When the page calls functions, in ms.
CALLS = """
window.calls = [];
const send = window.fetch;
window.fetch = (...given) => {
  if (String(given[0]?.url ?? given[0]).includes("queue/join")) window.calls.push(performance.now());
  return send(...given);
};
"""


def test_time_updates_arrive_at_the_interval_and_the_last_one_always(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    heard: list[int] = []
    long = write_images(tmp_path / "long.rrd", "long", frames=45)
    with gr.Blocks() as demo:
        viewer = Rerun(long, time_update_interval=1)

        @viewer.time_update
        def hear(event: TimeUpdate) -> None:
            heard.append(event.time)

    page.add_init_script(CALLS)
    page.open(launch(demo)).expect_state("ready")
    wait_until(page, lambda: bool(heard) and heard[-1] == 44)
    assert len(heard) < len(page.events("time_update"))
    calls = page.evaluate("window.calls")
    assert len(calls) <= (calls[-1] - calls[0]) / 1000 + 2  # Gradio may take up to an interval for the first one


# Events at once, as the viewer reports them.
BURST = """([first, end]) => {
  const viewer = document.querySelector("rerun-viewer");
  for (let i = first; i < end; i++) {
    const detail = { type: "selection_change", application_id: "app", recording_id: String(i), items: [] };
    viewer.dispatchEvent(new CustomEvent("viewer-event", { detail }));
  }
}"""


def test_all_events_of_a_burst_arrive_in_order(page: ViewerPage, launch: Launch) -> None:
    heard: list[str] = []
    with gr.Blocks() as demo:
        viewer = Rerun()

        def hear(_value: Any, event: SelectionChange) -> None:
            heard.append(event.recording_id)
            time.sleep(0.01)

        viewer.selection_change(hear, viewer)
    page.open(launch(demo)).expect_state("idle")
    page.evaluate(BURST, [0, 20])
    wait_until(page, lambda: len(heard) >= 20)
    page.evaluate(BURST, [20, 21])
    wait_until(page, lambda: heard[-1] == "20")
    assert heard == [str(number) for number in range(21)]


def test_two_viewers_do_not_mix(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    heard: list[ViewerEvent] = []
    with gr.Blocks() as demo:
        viewers = [
            Rerun(write_images(tmp_path / f"{name}.rrd", name, **{name: lambda frame: {"sequence": frame}}), height=250)
            for name in ("first", "second")
        ]
        for viewer in viewers:
            listen(viewer, heard)
    page.open(launch(demo))
    for index, name in enumerate(("first", "second")):
        page.expect_state("ready", index=index)
        wait_until(
            page, lambda name=name: any(each.recording_id == name and each.time == 19 for each in of(heard, TimeUpdate))
        )
    for event in heard:
        name = "first" if event.target._id == viewers[0]._id else "second"
        assert event.recording_id == name
        assert getattr(event, "timeline", name) == name


@pytest.mark.slow
def test_events_reach_functions_that_are_attached_in_a_render(page: ViewerPage, launch: Launch, images: Path) -> None:
    heard: list[ViewerEvent] = []
    with gr.Blocks() as demo:

        @gr.render()
        def render() -> None:
            listen(Rerun(images, key="viewer"), heard)

    page.open(launch(demo))
    expect(page.viewer()).to_be_attached()
    page.expect_state("ready")
    wait_until(page, lambda: bool(of(heard, TimeUpdate)) and of(heard, TimeUpdate)[-1].time == 19)
    assert len(of(heard, TimelineChange)) == 1


@pytest.mark.slow
def test_a_generator_gets_the_selection_together_with_states_and_the_request(
    page: ViewerPage, launch: Launch, images: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(images, height=400)
        timeline, now = gr.State(""), gr.State(0.0)
        said = gr.Textbox(label="said")

        def register(timeline: str, now: float, request: gr.Request, change: SelectionChange) -> Iterator[str]:
            event = change.payload
            if len(event.items) == 1 and event.items[0].type == "entity" and event.items[0].position is not None:
                assert request.session_hash
                x, y = event.items[0].position[0:2]
                yield "…"
                yield f"{timeline} {math.floor(now)} {event.items[0].entity_path} {round(x, -1):.0f} {round(y, -1):.0f}"

        def track(evt: TimeUpdate) -> float:
            return evt.payload.time

        def track_both(evt: TimelineChange) -> tuple[str | None, float]:
            return evt.payload.timeline, evt.payload.time

        viewer.selection_change(register, inputs=[timeline, now], outputs=[said])
        viewer.time_update(track, outputs=[now])
        viewer.timeline_change(track_both, outputs=[timeline, now])
    page.open(launch(demo)).expect_state("ready")
    expect_rest(page)
    click_at(page)
    expect(page.get_by_label("said")).to_have_value("frame 19 /world/image 100 50")


@pytest.mark.slow
def test_after_a_cancelled_call_the_next_event_comes(page: ViewerPage, launch: Launch) -> None:
    heard: list[str] = []
    with gr.Blocks() as demo:
        viewer, said = Rerun(), gr.Textbox(label="said")

        def endless(event: SelectionChange) -> Iterator[str]:
            heard.append(event.recording_id)
            while event.recording_id == "0":
                yield f"at {event.recording_id}"
                time.sleep(0.1)

        listening = viewer.selection_change(endless, None, said)
        gr.Button("stop").click(None, cancels=listening)
    page.open(launch(demo)).expect_state("idle")
    page.evaluate(BURST, [0, 20])
    expect(page.get_by_label("said")).to_have_value("at 0")
    assert heard == ["0"]
    page.click("stop")
    wait_until(page, lambda: len(heard) == 20)


@pytest.mark.slow
def test_outputs_and_states_can_hold_event_data(page: ViewerPage, launch: Launch, images: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(images)
        state = gr.State()
        shown = gr.Textbox(label="shown")

        def keep(event: TimeUpdate) -> TimeUpdate:
            return event

        viewer.time_update(keep, outputs=state).then(lambda kept: f"{kept.payload.time / 2:.1f}", state, shown)
    page.open(launch(demo)).expect_state("ready")
    expect(page.get_by_label("shown")).to_have_value("9.5", timeout=40_000)
