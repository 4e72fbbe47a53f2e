"""Every parameter, at construction and by update."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]


def app(recording: Path, update: Any, **parameters: Any) -> gr.Blocks:
    """A viewer next to a text box, and a button that updates it."""
    with gr.Blocks() as demo:
        with gr.Row():
            viewer = Rerun(recording, **{"height": 300, **parameters})
            gr.Textbox("beside", scale=1)
        gr.Button("update").click(lambda: update() if callable(update) else update, None, viewer)
    return demo


def size(page: ViewerPage) -> dict[str, float]:
    box = page.viewer().bounding_box()
    assert box
    return dict(box)


def test_height(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    pixels = {350: 350, 350.5: 350.5, "20vw": 220, "50vh": 400, "250": 250}
    heights = iter([*pixels, "tall;}"])
    page.open(launch(app(recording_a, lambda: gr.update(height=next(heights)))))
    page.expect_state("ready", recordings=1)
    expect(page.block()).to_have_css("height", "300px")
    for expected in pixels.values():
        page.click("update")
        expect(page.block()).to_have_css("height", f"{expected}px")
        page.expect_state("ready", recordings=1)
        # The label and the buttons are above, the controls of the time below.
        page.wait_for_function(
            """() => {
              const height = (selector) => document.querySelector(selector).getBoundingClientRect().height;
              const others = height(".rerun-time-controls") + Math.max(height("[data-testid=block-label]"), height(".rerun-toolbar"));
              return Math.abs(height(".block[data-rerun]") - height("rerun-viewer canvas") - others) < 4;
            }"""
        )
    page.click("update")
    expect(page.get_by_text("Expected height to be a positive number of pixels")).to_be_visible()
    expect(page.block()).to_have_css("height", f"{expected}px")


def test_scale_at_construction_and_by_updates(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    scales = iter([1, 4])
    page.open(launch(app(recording_a, lambda: gr.update(scale=next(scales)), scale=3)))
    page.expect_state("ready", recordings=1)
    wide = size(page)["width"]
    page.click("update")
    page.wait_for_function(f"() => document.querySelector('rerun-viewer').clientWidth < {wide} - 100")
    equal = size(page)["width"]
    page.click("update")
    page.wait_for_function(f"() => document.querySelector('rerun-viewer').clientWidth > {equal} + 100")
    assert size(page)["width"] > wide


def test_a_label_is_text_that_can_be_hidden_and_leaves_the_menu_alone(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    updates = iter([{"show_label": True}, {"label": "<i>new</i>"}, {"min_width": 900}])
    demo = app(recording_a, lambda: gr.update(**next(updates)), label="<b>bold</b>", show_label=False)
    page.open(launch(demo)).expect_state("ready", recordings=1)
    label = page.get_by_text("<b>bold</b>", exact=True)
    expect(label).not_to_be_in_viewport()
    page.click("update")
    expect(label).to_be_visible()
    expect(label).to_be_in_viewport()
    box = label.bounding_box()
    assert box
    assert box["y"] + box["height"] <= size(page)["y"] + 1
    page.click("update")
    expect(page.get_by_text("<i>new</i>", exact=True)).to_be_visible()
    assert size(page)["width"] < 600
    page.click("update")  # which wraps the row
    page.wait_for_function("() => document.querySelector('rerun-viewer').clientWidth >= 895")


@pytest.mark.slow
def test_without_a_label_the_kind_of_the_component_is_shown_as_in_gr_image(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page.open(launch(app(recording_a, gr.update(label="now"))))
    page.expect_state("ready", recordings=1)
    block = page.locator(".block", has=page.locator("rerun-viewer")).last
    label = block.get_by_test_id("block-label")
    expect(label).to_be_visible()
    assert label.evaluate("label => getComputedStyle(label, '::after').content") == '"Recording"'
    page.click("update")
    expect(label).to_have_text("now")
    assert label.evaluate("label => getComputedStyle(label, '::after').content") == '""'
    expect(block.get_by_test_id("block-label")).to_be_visible()


def test_container_elem_id_and_elem_classes(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    updates = iter([{"container": True}, {"elem_classes": ["other"]}])
    demo = app(recording_a, lambda: gr.update(**next(updates)), container=False, elem_id="mine", elem_classes="some")
    page.open(launch(demo)).expect_state("ready", recordings=1)
    expect(page.locator("#mine.some rerun-viewer")).to_have_count(1)
    block = page.locator(".block", has=page.locator("rerun-viewer")).last
    bare = block.evaluate(
        "block => getComputedStyle(block).borderTopWidth + block.classList.contains('hide-container')"
    )
    page.click("update")
    page.wait_for_function(
        "() => !document.querySelector('rerun-viewer').closest('.block').classList.contains('hide-container')"
    )
    assert bare != block.evaluate(
        "block => getComputedStyle(block).borderTopWidth + block.classList.contains('hide-container')"
    )
    page.click("update")
    expect(page.locator("#mine.other rerun-viewer")).to_have_count(1)
    page.expect_state("ready", recordings=1)


def test_panel_states_at_construction_and_by_update(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    states: dict[str, Any] = {"shown": {"blueprint": "expanded"}, "hidden": {"blueprint": "hidden"}, "free": {}}
    with gr.Blocks() as demo:
        viewer = Rerun(recording_a, height=400, theme="light", panel_states=states["hidden"])
        for name, state in states.items():
            gr.Button(name).click(lambda state=state: gr.update(panel_states=state), None, viewer)
    page.open(launch(demo)).expect_state("ready", recordings=1)
    page.expect_blueprint_panel(shown=False)
    page.click("shown")
    page.expect_blueprint_panel(shown=True)
    page.click("hidden")
    page.expect_blueprint_panel(shown=False)
    page.click("free")
    page.expect_blueprint_panel(shown=True)
    assert len(page.events("loadstart")) == 1


def test_theme(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    themes = iter(["light", "dark"])
    page.open(launch(app(recording_a, lambda: gr.update(theme=next(themes)), theme="dark")))
    page.expect_state("ready", recordings=1)
    assert page.brightness() < 100
    for is_dark in (False, True):
        page.forget_events()
        page.click("update")
        page.wait_for_event("recording_open")
        page.expect_state("ready", recordings=1)
        assert (page.brightness() < 100) == is_dark


@pytest.mark.slow
def test_theme_auto_follows_the_page(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    url = launch(app(recording_a, gr.skip()))
    page.open(f"{url}?__theme=dark").expect_state("ready", recordings=1)
    assert page.brightness() < 100
    page.forget_events()
    page.evaluate("document.body.classList.remove('dark')")
    page.wait_for_event("recording_open")
    page.expect_state("ready", recordings=1)
    assert page.brightness() > 150


@pytest.mark.first_visit
def test_nothing_goes_to_third_parties_unless_telemetry_is_on(context: Any, launch: Launch, recording_a: Path) -> None:
    for telemetry in (False, True):
        page = ViewerPage(context.new_page())
        # Nothing leaves this machine: what would is answered here.
        page.route("https://**", lambda route: route.fulfill(status=204))
        page.open(launch(app(recording_a, gr.skip(), telemetry=telemetry))).expect_recordings("recording_a")
        if telemetry:
            page.wait_for_function("() => true")
            assert any("rerun.io" in url for url in page.third_party_requests())
        else:
            assert page.third_party_requests() == []
        page.close()


def test_an_update_of_one_parameter_keeps_the_others(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    updates = iter([{"height": 350}, {"panel_states": {"time": "hidden"}}, {"scale": 2}])
    page.open(launch(app(recording_a, lambda: gr.update(**next(updates)), theme="dark")))
    page.expect_state("ready", recordings=1)
    for _ in range(3):
        before = page.viewer().evaluate("viewer => JSON.stringify(viewer.settings)")
        page.click("update")
        page.wait_for_function(
            "before => JSON.stringify(document.querySelector('rerun-viewer').settings) !== before", arg=before
        )
    settings = page.viewer().evaluate("viewer => viewer.settings")
    assert (settings["height"], settings["theme"], settings["scale"]) == ("350px", "dark", 2)
    assert settings["panel_states"] == {"time": "hidden"}
    assert len(page.events("loadstart")) == 1
