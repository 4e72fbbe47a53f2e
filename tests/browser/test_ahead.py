"""Empty viewers that start while the page is idle, so that a value only has to be opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import expect
from viewer_page import NO_VIEWER_AHEAD, ViewerPage

from gradio_rerun import Rerun, commands
from gradio_rerun.events import State

Launch = Callable[..., str]

AHEAD = """() => [...document.querySelectorAll('rerun-viewer')].findIndex((viewer) => viewer.matches('[data-state=idle]:has(canvas)'))"""
"""Which viewer on the page has started ahead."""


WARM_UPS = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('warm_up-')).length"
"""Whether the recording has arrived that an empty viewer shows unseen."""


def app(recording: Path, viewers: int = 1, **parameters: object) -> gr.Blocks:
    with gr.Blocks() as demo:
        gr.Textbox(label="text")
        for index in range(viewers):
            viewer = Rerun(height=300, **parameters)  # type: ignore[arg-type]
            gr.Button(f"show {index}").click(lambda: recording, None, viewer)
            gr.Button(f"clear {index}").click(lambda: None, None, viewer)
    return demo


def test_a_click_opens_the_recording_in_the_viewer_that_has_started_ahead(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.open(launch(app(recording_a)))
    page.page.get_by_label("text").fill("typed")
    page.expect_ahead(1)
    expect(page.viewer().locator("canvas")).to_be_hidden()
    expect(page.page.get_by_label("text")).to_be_focused()
    assert page.page.evaluate("window.seen") == []
    page.click("show 0")
    page.expect_recordings("recording_a")
    expect(page.viewer().locator("canvas")).to_be_visible()
    page.wait_for_time(0)
    assert len(page.events("loadstart")) == 1
    page.click("clear 0")
    page.expect_ahead(2)
    page.forget_events()
    page.click("show 0")
    page.expect_recordings("recording_a")
    assert page.page.evaluate("window.memories.length") == 2


@pytest.mark.slow
def test_a_viewer_that_starts_leaves_the_keyboard_where_it_is(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.page.add_init_script(NO_VIEWER_AHEAD)
    with gr.Blocks() as demo:
        text = gr.Textbox(label="text")
        text.input(lambda _: recording_a, text, Rerun(height=300), show_progress="hidden", trigger_mode="once")
    page.open(launch(demo))
    page.page.get_by_label("text").press_sequentially("typed")
    page.expect_recordings("recording_a")
    page.page.keyboard.type(" on")
    expect(page.page.get_by_label("text")).to_have_value("typed on")


def ids_in_state(state: State) -> str:
    return str(sorted(each.recording_id for each in state.state.recordings))


def test_a_viewer_that_has_started_ahead_shows_and_closes_a_recording_that_nobody_sees(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        viewer, state, seen = Rerun(height=300), gr.Textbox(label="state"), gr.Textbox(label="seen")
        gr.Button("show").click(lambda: [recording_a, recording_b], None, viewer)
        gr.Button("state").click(commands.get_state, None, viewer)
        viewer.state(ids_in_state, None, state)
        gr.on([viewer.recording_open, viewer.time_update], lambda: "seen", None, seen)
    page.open(launch(demo))
    page.wait_until(f"() => {WARM_UPS} === 1", seconds=60)
    expect(page.page.get_by_label("seen")).to_have_value("")
    page.click("show")
    page.expect_recordings("recording_a", "recording_b")
    page.click("state")
    expect(page.page.get_by_label("state")).to_have_value(re.compile("recording_a.*recording_b"))
    expect(page.page.get_by_label("state")).not_to_have_value(re.compile("warm"))
    assert page.page.evaluate("window.memories.length") == 1


@pytest.mark.parametrize("is_held", [False, True])
def test_a_value_that_arrives_while_that_recording_is_opened_or_downloaded_is_shown_alone(
    page: ViewerPage, launch: Launch, recording_a: Path, is_held: bool
) -> None:
    page.page.route("**/warm_up-*", lambda route: None if is_held else route.continue_())
    with page.page.expect_request("**/warm_up-*", timeout=60_000):
        page.open(launch(app(recording_a)))
    if not is_held:
        page.wait_until(f"() => {WARM_UPS} === 1", seconds=60)
    page.click("show 0")
    page.expect_recordings("recording_a")
    page.wait_for_time(2)
    page.expect_state("ready", recordings=1)
    assert page.opened() == ["recording_a"]
    assert page.page.evaluate("window.memories.length") == 1


def test_a_viewer_that_has_started_ahead_draws_nothing_and_lets_users_drop_files(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.page.add_init_script(
        "window.drawn = 0; const request = window.requestAnimationFrame;"
        "window.requestAnimationFrame = (callback) => {"
        " if (new Error().stack.includes('Frames.request')) window.drawn++; return request(callback); };"
    )
    page.open(launch(app(recording_a, interactive=True)))
    page.expect_ahead(1)
    page.wait_until(
        "async () => { const before = window.drawn;"
        " await new Promise((resolve) => setTimeout(resolve, 1000)); return before > 0 && window.drawn === before; }"
    )
    page.viewer().get_by_role("button", name="Drop").click(trial=True)  # nothing is over it
    page.viewer().locator("input[type=file]").set_input_files(recording_a)
    page.expect_recordings("recording_a")
    assert page.page.evaluate("window.memories.length") == 1


@pytest.mark.slow
def test_of_several_empty_viewers_one_is_ahead_and_when_it_is_used_the_next_one_starts(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.open(launch(app(recording_a, viewers=3)))
    page.expect_ahead(1)
    first = page.page.evaluate(AHEAD)
    page.click(f"show {first}")
    page.expect_recordings("recording_a", index=first)
    page.expect_ahead(2)
    second = page.page.evaluate(AHEAD)
    (third,) = {0, 1, 2} - {first, second}
    expect(page.viewer(third).locator("canvas")).to_have_count(0)
    page.click(f"show {third}")  # before its turn
    page.expect_recordings("recording_a", index=third)
    assert page.page.evaluate("window.memories.length") == 3


@pytest.mark.slow
def test_a_viewer_in_a_tab_that_the_user_has_left_gives_way_to_a_visible_one(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        for name in ("one", "two"):
            with gr.Tab(name):
                Rerun(height=300)
    page.open(launch(demo))
    page.expect_ahead(1)
    page.page.get_by_role("tab", name="two").click()
    page.page.wait_for_function("() => window.memories.length === 2", timeout=60_000)
    expect(page.page.locator("rerun-viewer canvas")).to_have_count(1)
    assert page.live_memories() == 1


@pytest.mark.slow
@pytest.mark.first_visit
def test_nothing_starts_ahead_in_a_tab_of_the_browser_that_is_hidden(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.page.add_init_script(
        "window.isHidden = true; Object.defineProperty(document, 'hidden', { get: () => window.isHidden });"
    )
    page.open(launch(app(recording_a)))
    page.wait_until("async () => (await (await caches.open('gradio_rerun')).keys()).length === 1", seconds=60)
    page.page.wait_for_timeout(2000)  # for what must not come
    assert page.page.evaluate("window.memories.length") == 0
    page.page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.expect_ahead(1)
