"""Every parameter, at construction and by update."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import Page, expect
from shared_page import SHARED
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]


def app(recording: Path, update: Any, **parameters: Any) -> gr.Blocks:
    """A viewer next to a text box, and a button that updates it."""
    with gr.Blocks() as demo:
        with gr.Row():
            viewer = Rerun(recording, **{"height": 300, **parameters})
            gr.Textbox("beside", scale=1)
        # Gradio drops a click during the call before, unless it may call several times at once.
        gr.Button("update").click(
            lambda: update() if callable(update) else update, None, viewer, trigger_mode="multiple"
        )
    return demo


AT_FIRST: dict[str, Any] = {
    "label": "<b>bold</b>",
    "show_label": False,
    "container": False,
    "elem_id": "mine",
    "elem_classes": "some",
    "scale": 3,
    "theme": "dark",
    "panel_states": {"blueprint": "hidden"},
}


class UpdatedPage(ViewerPage):
    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self.updates: deque[dict[str, Any]] = deque()

    def update(self, **changes: Any) -> None:
        """Clicks a button whose function returns this update."""
        self.forget_events()
        self.updates.append(changes)
        self.click("update")


@pytest.fixture(scope="module")
def updated(new_tab: Callable[[], Page], recording_a: Path) -> Iterator[UpdatedPage]:
    """One page for several tests, with the parameters `AT_FIRST`."""
    page = UpdatedPage(new_tab())
    SHARED.add(page.page)
    demo = app(recording_a, lambda: gr.update(**page.updates.popleft()), **AT_FIRST)
    demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", show_error=True)
    page.open(demo.local_url).expect_recordings("recording_a")
    yield page
    assert page.third_party_requests() == []
    page.close()
    SHARED.remove(page.page)
    demo.close(verbose=False)


def size(page: ViewerPage) -> dict[str, float]:
    box = page.viewer().bounding_box()
    assert box
    return dict(box)


def is_bare(page: ViewerPage) -> bool:
    """Whether the component has no box with a border."""
    block = page.locator(".block", has=page.locator("rerun-viewer")).last
    return bool(block.evaluate("block => block.classList.contains('hide-container')"))


def test_a_component_has_the_parameters_that_it_was_made_with(updated: UpdatedPage) -> None:
    expect(updated.block()).to_have_css("height", "300px")
    expect(updated.locator("#mine.some rerun-viewer")).to_have_count(1)
    expect(updated.get_by_text("<b>bold</b>", exact=True)).not_to_be_in_viewport()
    assert is_bare(updated)
    assert updated.brightness() < 100
    wide = size(updated)["width"]
    updated.update(scale=1)
    updated.wait_for_function(f"() => document.querySelector('rerun-viewer').clientWidth < {wide} - 100")


def test_a_theme_is_that_of_a_new_viewer_with_the_same_panels_which_updates_show_and_hide(updated: UpdatedPage) -> None:
    updated.update(theme="light", scale=10)
    updated.wait_for_event("recording_open")
    updated.expect_state("ready", recordings=1)
    assert updated.brightness() > 150
    updated.expect_blueprint_panel(shown=False)
    for panels in ({"blueprint": "expanded"}, {"blueprint": "hidden"}, {}):
        updated.update(panel_states=panels)
        updated.expect_blueprint_panel(shown=panels != {"blueprint": "hidden"})
        assert updated.events("loadstart") == []


def test_a_label_is_text_that_can_be_hidden_and_leaves_the_menu_alone(updated: UpdatedPage) -> None:
    updated.update(container=True, show_label=True)  # without a container, there is no label
    label = updated.get_by_text("<b>bold</b>", exact=True)
    expect(label).to_be_visible()
    expect(label).to_be_in_viewport()
    assert not is_bare(updated)
    box = label.bounding_box()
    assert box
    assert box["y"] + box["height"] <= size(updated)["y"] + 1
    updated.update(label="<i>new</i>")
    expect(updated.get_by_text("<i>new</i>", exact=True)).to_be_visible()


def test_a_height_is_that_of_the_whole_component(updated: UpdatedPage) -> None:
    updated.update(container=True, show_label=True)
    pixels = {350: 350, 350.5: 350.5, "20vw": 220, "50vh": 400, "250": 250}
    for height, expected in pixels.items():
        updated.update(height=height)
        expect(updated.block()).to_have_css("height", f"{expected}px")
        updated.expect_state("ready", recordings=1)
        # The label and the buttons are above, the controls of the time below.
        updated.wait_for_function(
            """() => {
              const height = (selector) => document.querySelector(selector).getBoundingClientRect().height;
              const others = height(".rerun-time-controls") + Math.max(height("[data-testid=block-label]"), height(".rerun-toolbar"));
              return Math.abs(height(".block[data-rerun]") - height("rerun-viewer canvas") - others) < 4;
            }"""
        )
    updated.update(height="tall;}")
    expect(updated.get_by_text("Expected height to be a positive number of pixels")).to_be_visible()
    expect(updated.block()).to_have_css("height", "250px")


def test_a_scale_and_a_minimum_width_are_those_of_the_row(updated: UpdatedPage) -> None:
    updated.update(scale=1)
    updated.wait_for_function("() => document.querySelector('rerun-viewer').clientWidth < 600")
    equal = size(updated)["width"]
    updated.update(scale=4)
    updated.wait_for_function(f"() => document.querySelector('rerun-viewer').clientWidth > {equal} + 100")
    updated.update(scale=1, min_width=900)  # which wraps the row
    updated.wait_for_function("() => document.querySelector('rerun-viewer').clientWidth >= 895")


def test_an_update_of_one_parameter_keeps_the_others(updated: UpdatedPage) -> None:
    before = updated.viewer().evaluate("viewer => viewer.settings")
    changes = {"elem_classes": ["other"], "panel_states": {"time": "hidden"}, "scale": 2}
    for name, value in changes.items():
        updated.update(**{name: value})
    updated.wait_for_function("() => document.querySelector('rerun-viewer').settings.scale === 2")
    expect(updated.locator("#mine.other rerun-viewer")).to_have_count(1)
    after = updated.viewer().evaluate("viewer => viewer.settings")
    assert after == {**before, "panel_states": changes["panel_states"], "scale": 2}
    updated.expect_state("ready", recordings=1)
    assert updated.events("loadstart") == []


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
def test_nothing_goes_to_third_parties(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    # Nothing leaves this machine: what would is answered here.
    page.route("https://**", lambda route: route.fulfill(status=204))
    page.open(launch(app(recording_a, gr.skip()))).expect_recordings("recording_a")
    assert page.third_party_requests() == []
