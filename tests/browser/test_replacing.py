"""One value after another in the same viewer: what is seen meanwhile, what is skipped, and what is kept."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import gradio as gr
import pytest
import rerun as rr
import rerun.blueprint as rrb
from http_server import http_server
from needs import needs
from playwright.sync_api import expect
from recordings import recording_bytes, write_recording
from seen import time_of, wait_until
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands

Launch = Callable[..., str]

WELCOME = """() => {
  const viewer = document.querySelector('rerun-viewer');
  const canvas = viewer.querySelector('canvas');
  return canvas !== null && getComputedStyle(canvas).visibility !== 'hidden' && viewer.dataset.recordings === '0';
}"""
"""Whether the canvas can be seen though nothing is open."""
COUNT_WELCOMES = (
    f"() => {{ const seen = {WELCOME}; window.welcomes = 0;"
    " const look = () => { window.welcomes += seen(); requestAnimationFrame(look); }; look(); }"
)


def app(value: object = None, **functions: Callable[[], object]) -> gr.Blocks:
    with gr.Blocks() as demo:
        viewer = Rerun(value, height=300)
        for name, function in functions.items():
            gr.Button(name).click(function, None, viewer)
    return demo


def on_timeline(path: Path, timeline: str, frames: int = 100, recording_id: str = "kept") -> Path:
    """A recording of always the same id."""
    with rr.RecordingStream("kept", recording_id=recording_id) as recording:
        recording.save(path)
        recording.reset_time()  # the SDK keeps the times of a thread by the id of the recording
        for frame in range(frames):
            recording.set_time(timeline, sequence=frame)
            recording.log("value", rr.Scalars(frame))
    return path


def test_values_in_quick_succession_are_shown_while_they_arrive_and_the_last_one_at_the_end(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    enough = threading.Event()

    def run() -> Iterator[bytes]:
        number = 0
        while not enough.wait(0.1):
            number += 1
            yield recording_bytes(f"value_{number}")
        yield recording_bytes("last")

    page.open(launch(app(recording_a, run=run))).expect_recordings("recording_a")
    page.forget_events()
    page.click("run")
    # Some are seen while more of them come.
    page.wait_for_function("() => window.seen.filter(({ type }) => type === 'load').length >= 2", timeout=120_000)
    enough.set()
    page.wait_for_function("() => window.seen.some(({ detail }) => detail?.recording_id === 'last')", timeout=60_000)
    page.expect_recordings("last")
    assert page.events("loadstart") == []  # in one viewer
    assert page.evaluate("window.memories.length") == 1
    assert page.events("error") == []
    expect(page.viewer().locator(".rerun-held")).to_have_count(0)


@pytest.mark.slow
@needs((0, 41))  # for commands.close
def test_a_value_whose_server_answers_after_the_next_value_is_shown_does_not_open_beside_it(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    asked, answers, answered = threading.Event(), threading.Event(), threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            answers.wait(60)
            with suppress(OSError):  # the page has gone
                self.send_response(200)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(recording_bytes("late"))
            answered.set()

        def log_message(self, *_: object) -> None:
            pass

    with http_server(Slow) as port:
        page.open(launch(app(slow=lambda: f"http://127.0.0.1:{port}/late.rrd", next=lambda: recording_a)))
        page.click("slow")
        assert asked.wait(30)
        page.click("next")
        page.expect_recordings("recording_a")
        answers.set()
        assert answered.wait(30)
        # The viewer opens in a frame what it gets between two frames.
        page.viewer().evaluate("viewer => viewer.running.viewer.frames(5)")
        page.expect_recordings("recording_a")
        assert page.opened() == ["recording_a"]


def test_the_welcome_page_is_never_seen(page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path) -> None:
    blueprint = tmp_path / "a.rbl"
    rrb.Blueprint(rrb.Spatial3DView()).save("app_a", blueprint)
    page.open(
        launch(
            app(
                recording_a,
                close=commands.close,
                none=lambda: None,
                blueprint=lambda: blueprint,
                again=lambda: recording_a,
            )
        )
    ).expect_recordings("recording_a")
    page.evaluate(COUNT_WELCOMES)
    page.click("close")
    page.expect_state("ready", recordings=0)
    expect(page.viewer()).to_have_attribute("data-veiled", "none")
    page.click("none")
    page.expect_state("idle")
    page.click("blueprint")
    page.expect_state("ready", recordings=0)
    expect(page.viewer()).to_have_attribute("data-veiled", "none")
    page.forget_events()
    page.click("again")
    page.wait_for_event("recording_open")
    page.expect_recordings("recording_a")
    expect(page.viewer()).not_to_have_attribute("data-veiled", "")
    assert page.evaluate("window.welcomes") == 0


@pytest.mark.slow
@pytest.mark.parametrize("streaming", [False, True])
def test_the_welcome_page_is_never_seen_in_any_order(
    streaming: bool, page: ViewerPage, launch: Launch, recording_a: Path, other_server: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = other_server
    write_recording(folder / "opened.rrd", "opened")
    blueprint = tmp_path / "a.rbl"
    rrb.Blueprint(rrb.Spatial3DView()).save("app_a", blueprint)

    def nothing_new() -> Iterator[None]:
        yield None

    steps: dict[str, Callable[[], object]] = {
        "none": lambda: None,
        "list": list,
        "blueprint": lambda: blueprint,
        "value": lambda: recording_a,
        "close": commands.close,
        "stream": nothing_new,
        "open": lambda: commands.open(f"{url}/opened.rrd"),
    }
    with gr.Blocks() as demo:
        viewer = Rerun(recording_a, height=300, streaming=streaming)
        for name, function in steps.items():
            gr.Button(name).click(function, None, viewer)
    page.open(launch(demo)).expect_recordings("recording_a")
    page.evaluate(COUNT_WELCOMES)
    rng, taken = random.Random(int(streaming)), []
    for _ in range(20):
        taken.append(rng.choice(list(steps)))
        page.click(taken[-1])
        if rng.randrange(2):  # sometimes, the next step is taken while the viewer still loads
            page.wait_until("() => document.querySelector('rerun-viewer').dataset.state !== 'loading'")
    page.click("none")
    page.expect_state("idle")
    page.forget_events()
    page.click("value")
    page.wait_for_event("recording_open")
    page.expect_recordings("recording_a")
    assert page.evaluate("window.welcomes") == 0, taken


def test_a_recording_that_the_viewer_reads_in_part_is_reported(
    page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path
) -> None:
    half = tmp_path / "half.rrd"
    half.write_bytes(recording_bytes("half") + recording_bytes("half")[12:])
    page.open(launch(app([recording_a, half], whole=lambda: recording_a)))
    page.expect_error("A recording is incomplete")
    expect(page.error()).to_contain_text("half.rrd: The viewer says: ")
    page.expect_state("error", recordings=2)
    page.click("whole")
    page.expect_state("ready", recordings=1)
    expect(page.error()).to_be_hidden()


@needs((0, 41))  # older viewers keep the place, too, but do not report the time between two events
def test_a_paused_viewer_stays_where_it_is_when_the_same_recording_comes_as_a_new_file(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    page.open(
        launch(
            app(
                on_timeline(tmp_path / "first.rrd", "steps"),
                pause=lambda: commands.set_time("steps", sequence=42),
                edited=lambda: on_timeline(tmp_path / "second.rrd", "steps", 120),
                other=lambda: on_timeline(tmp_path / "other.rrd", "frames"),
            )
        )
    ).expect_recordings("kept")
    page.click("pause")
    page.wait_until("() => String(document.querySelector('rerun-viewer').currentTime?.time) === '42'", seconds=90)
    page.evaluate(
        """() => {
          window.flashes = [];
          const look = () => {
            const viewer = document.querySelector('rerun-viewer');
            const now = viewer.currentTime;
            const isSeen = !viewer.querySelector('.rerun-held') && !('veiled' in viewer.dataset);
            if (isSeen && now && (String(now.time) !== '42' || now.timeline !== 'steps')) window.flashes.push([now.timeline, String(now.time)]);
            window.watch = requestAnimationFrame(look);
          };
          look();
        }"""
    )
    page.forget_events()
    page.click("edited")
    page.wait_for_event("load")
    expect(page.viewer().locator(".rerun-held")).to_have_count(0, timeout=60_000)
    page.wait_until("() => String(document.querySelector('rerun-viewer').currentTime?.time) === '42'")
    assert page.evaluate("cancelAnimationFrame(window.watch), window.flashes") == []
    page.forget_events()
    page.click("other")
    page.wait_for_event("load")
    page.wait_until("() => document.querySelector('rerun-viewer').currentTime?.timeline === 'frames'", seconds=60)


@needs((0, 41))
@pytest.mark.slow
def test_a_recording_that_is_new_beside_a_paused_one_plays(page: ViewerPage, launch: Launch, tmp_path: Path) -> None:
    first, second = (on_timeline(tmp_path / f"{each}.rrd", "steps", 30, each) for each in ("first", "second"))
    both = tmp_path / "both.rrd"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    page.open(launch(app(first, more=lambda: both))).expect_recordings("first")
    page.wait_for_event("pause")  # at the end
    page.click("more")
    page.wait_until("() => document.querySelector('rerun-viewer').currentTime?.recording_id === 'second'")
    page.wait_until("() => String(document.querySelector('rerun-viewer').currentTime?.time) === '29'")


@needs((0, 41))
@pytest.mark.slow
def test_a_recording_that_stood_at_its_end_plays_on_when_it_comes_as_a_longer_file(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    first, longer = (on_timeline(tmp_path / f"{count}.rrd", "steps", count) for count in (20, 60))
    page.open(launch(app(first, grow=lambda: longer))).expect_recordings("kept")
    page.wait_for_event("pause")  # at the end
    page.click("grow")
    page.wait_until("() => String(document.querySelector('rerun-viewer').currentTime?.time) === '59'")


@needs((0, 41))
@pytest.mark.slow
def test_a_run_that_is_added_to_a_list_plays_when_the_run_before_stands_at_its_end(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    first, second = (on_timeline(tmp_path / f"{each}.rrd", "steps", 30, each) for each in ("first", "second"))
    third = on_timeline(tmp_path / "third.rrd", "steps", 30, "third")
    page.open(
        launch(
            app(
                [first],
                more=lambda: [first, second],
                moved=lambda: commands.show([first, second, third], commands.set_time("steps", sequence=0)),
            )
        )
    ).expect_recordings("first")
    page.wait_for_event("pause")  # at the end
    page.click("more")
    page.wait_until("() => document.querySelector('rerun-viewer').currentTime?.recording_id === 'second'")
    wait_until(page, lambda: {"second"} <= {event["recording_id"] for event in page.events("pause")})
    assert time_of(page) == 29
    page.click("moved")
    wait_until(page, lambda: {"third"} <= {event["recording_id"] for event in page.events("pause")})
    page.expect_loaded()
    assert time_of(page) == 0  # where the command has paused it
