"""When a viewer runs: tabs, hiding, moving, leaving, and several on a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import expect
from seen import wait_until
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]


@pytest.mark.first_visit
def test_two_viewers_share_the_code_and_nothing_else(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        one = Rerun(recording_a, height=300)
        Rerun(recording_b, height=300)
        gr.Button("clear").click(lambda: None, None, one)
    page.open(launch(demo))
    page.expect_recordings("recording_a", index=0)
    page.expect_recordings("recording_b", index=1)
    assert len(page.requests_for(".wasm.gz")) == 1
    page.click("clear")
    page.expect_state("idle", recordings=0, index=0)
    page.expect_state("ready", recordings=1, index=1)


def test_a_viewer_without_functions_sends_nothing_keeps_nothing_for_the_next_app_of_the_address_and_has_no_advertisement(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.add_init_script("""
        window.keys = [];
        for (const method of ["getItem", "setItem"]) {
          const original = Storage.prototype[method];
          Storage.prototype[method] = function (key, ...given) {
            window.keys.push(key);
            return original.call(this, key, ...given);
          };
        }
    """)
    with gr.Blocks() as demo:
        Rerun(recording_a, height=500)
    page.open(launch(demo)).expect_recordings("recording_a")
    viewers_keys = {"app", "egui_memory_ron", "rerun.redap_token", "rerun.version", "rerun_config"}
    assert viewers_keys.isdisjoint(page.evaluate("window.keys"))
    page.wait_for_event("pause")  # at its end
    assert page.requests_for("queue/join") == []
    # The bell of the viewer does not ring.
    bar = page.picture().crop((600, 0, page.picture().width, 36))
    blue = [count for count, (red, green, blue) in bar.getcolors(40_000) or [] if blue > red + 60 and blue > green + 40]
    assert blue == []


def test_a_viewer_in_a_tab_starts_when_the_tab_is_selected_and_then_stays(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo, gr.Tabs():
        with gr.Tab("first"):
            gr.Textbox("hello")
        with gr.Tab("second"):
            Rerun(recording_a, height=300)
    page.open(launch(demo))
    expect(page.get_by_role("tab", name="second")).to_be_visible()
    assert page.locator("rerun-viewer canvas").count() == 0
    for _ in range(3):
        page.get_by_role("tab", name="second").click()
        expect(page.viewer()).to_be_visible()
        page.expect_recordings("recording_a")
        page.get_by_role("tab", name="first").click()
        expect(page.viewer()).to_be_hidden()
    assert len(page.events("loadstart")) == 1
    assert page.events("error") == []


def test_a_hidden_viewer_keeps_running_and_is_shown_again(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(recording_a, height=300)
        gr.Button("hide").click(lambda: gr.update(visible="hidden"), None, viewer)
        gr.Button("show").click(lambda: gr.update(visible=True), None, viewer)
    page.open(launch(demo)).expect_recordings("recording_a")
    page.click("hide")
    expect(page.viewer()).to_be_hidden()
    page.click("show")
    expect(page.viewer()).to_be_visible()
    page.expect_recordings("recording_a")
    assert len(page.events("loadstart")) == 1


@pytest.mark.slow
def test_hiding_and_showing_keeps_height_panels_and_value(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=300)
        gr.Button("fill").click(lambda: gr.update(value=recording_a, height=350), None, viewer)
        gr.Button("panels").click(lambda: gr.update(panel_states={"top": "hidden"}), None, viewer)
        gr.Button("hide").click(lambda: gr.update(visible=False), None, viewer)
        gr.Button("show").click(lambda: gr.update(visible=True), None, viewer)
    page.open(launch(demo)).click("fill")
    page.expect_recordings("recording_a")
    page.click("panels")
    page.wait_for_function("() => document.querySelector('rerun-viewer').settings.panel_states.top === 'hidden'")
    page.click("hide")
    expect(page.viewer()).to_have_count(0)
    page.forget_events()
    page.click("show")
    page.wait_for_event("recording_open")
    page.expect_state("ready", recordings=1)
    assert page.block().bounding_box()["height"] == 350  # type: ignore[index]
    assert page.viewer().evaluate("viewer => viewer.settings.panel_states") == {"top": "hidden"}


@pytest.mark.slow
def test_a_skip_of_all_outputs_changes_nothing_also_when_the_viewer_comes_back(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        with gr.Column() as column:
            viewer = Rerun(recording_a, height=300)
        text = gr.Textbox("as it was", label="text")
        skipped = gr.Number(0, label="skipped")
        gr.Button("skip").click(gr.skip, None, [viewer, text]).success(lambda: 1, None, skipped)
        gr.Button("hide").click(lambda: gr.update(visible=False), None, column)
        gr.Button("show").click(lambda: gr.update(visible=True), None, column)
    page.open(launch(demo)).expect_recordings("recording_a")
    page.click("skip")
    expect(page.get_by_label("skipped")).to_have_value("1")
    expect(page.get_by_label("text")).to_have_value("as it was")
    page.expect_recordings("recording_a")
    assert len(page.events("loadstart")) == 1
    page.click("hide")
    expect(page.viewer()).to_have_count(0)
    page.forget_events()
    page.click("show")
    page.expect_recordings("recording_a")
    assert page.block().bounding_box()["height"] == 300  # type: ignore[index]


def test_a_viewer_in_a_tab_that_was_never_opened_stays_as_it_is_if_a_function_skips_it(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        with gr.Tabs():
            with gr.Tab("first"):
                skipped = gr.Number(0, label="skipped")
            with gr.Tab("second"):
                viewer = Rerun(recording_a, height=300)
        demo.load(gr.skip, None, viewer).then(lambda: (gr.skip(), 1), None, [viewer, skipped])
    page.open(launch(demo))
    expect(page.get_by_label("skipped")).to_have_value("1")
    page.get_by_role("tab", name="second").click()
    page.expect_recordings("recording_a")
    assert page.block().bounding_box()["height"] == 300  # type: ignore[index]


@pytest.mark.slow
def test_a_value_set_while_the_viewer_is_not_in_the_page_is_shown_later(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(visible=False, height=300)
        gr.Button("fill").click(lambda: gr.update(value=recording_a, height=320), None, viewer)
        gr.Button("show").click(lambda: gr.update(visible=True), None, viewer)
    page.open(launch(demo)).click("fill")
    page.click("show")
    page.expect_recordings("recording_a")
    assert page.block().bounding_box()["height"] == 320  # type: ignore[index]


@pytest.mark.slow
def test_a_move_in_the_document_costs_no_reload(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        Rerun(recording_a, height=300)
    page.open(launch(demo)).expect_recordings("recording_a")
    canvas = page.viewer().locator("canvas").element_handle()
    page.viewer().evaluate("viewer => { const at = viewer.parentElement; viewer.remove(); at.append(viewer); }")
    page.wait_for_timeout(1000)  # longer than a viewer that is gone is kept
    page.expect_state("ready", recordings=1)
    assert page.viewer().locator("canvas").evaluate("(now, before) => now === before", canvas)
    assert len(page.events("loadstart")) == 1


@pytest.mark.slow
def test_leaving_and_coming_back_20_times_leaves_one_live_viewer(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(recording_a, height=200)
        gr.Button("leave").click(lambda: gr.update(visible=False), None, viewer)
        gr.Button("come").click(lambda: gr.update(visible=True), None, viewer)
    page.open(launch(demo)).expect_recordings("recording_a")
    before = page.live_memories()
    for _ in range(20):  # a browser keeps the graphics of 16
        page.click("leave")
        expect(page.viewer()).to_have_count(0)
        page.click("come")
        page.expect_state("ready", recordings=1)
    expect(page.locator("rerun-viewer canvas")).to_have_count(1)
    wait_until(page, lambda: page.live_memories() == before, every=300)  # the last one that left is given up


def test_a_viewer_in_a_render_is_remounted_with_the_render(
    page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        which = gr.Radio(["a", "b"], value="a", label="which")

        @gr.render(inputs=which)
        def render(name: str) -> None:
            Rerun({"a": recording_a, "b": recording_b}[name], height=250)

    page.open(launch(demo)).expect_recordings("recording_a")
    page.get_by_label("b", exact=True).click()
    page.wait_for_function("() => window.seen.some(e => e.detail?.recording_id === 'recording_b')")
    expect(page.viewer()).to_have_count(1)
    page.expect_state("ready", recordings=1)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_key_keeps_the_value_across_renders(
    page: ViewerPage, launch: Launch, recording_a: Path, streaming: bool
) -> None:
    with gr.Blocks() as demo:
        times = gr.Slider(1, 5, value=1, step=1, label="times")

        @gr.render(inputs=times)
        def render(n: int) -> None:
            viewer = Rerun(key="viewer", height=250, streaming=streaming)
            gr.Button(f"show {n}", key="button").click(lambda: recording_a, None, viewer)

    page.open(launch(demo)).click("show 1")
    page.expect_recordings("recording_a")
    page.get_by_label("number input for times").fill("3")
    page.get_by_label("number input for times").press("Enter")
    expect(page.get_by_role("button", name="show 3")).to_be_visible()
    page.expect_state("ready", recordings=1)
