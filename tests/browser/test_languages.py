"""The texts of the component in the language of Gradio's page, and what screen readers announce."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import Browser, expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Launch = Callable[..., str]

ANIMATION = """(viewer) => {
  const progress = viewer.querySelector(".rerun-progress");
  progress.hidden = false;
  progress.toggleAttribute("data-indeterminate", true);
  return getComputedStyle(progress.querySelector(".rerun-bar")).animationName;
}"""


@pytest.fixture
def german_page(browser: Browser) -> Iterator[ViewerPage]:
    context = browser.new_context(locale="de-DE", viewport={"width": 1100, "height": 900})
    yield ViewerPage(context.new_page())
    context.close()


def test_the_component_has_the_language_of_gradios_page(
    german_page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    page = german_page
    with gr.Blocks() as demo:
        Rerun(height=300, interactive=True)
        gr.File(height=200)
    page.open(launch(demo))
    prompt = page.viewer().locator(".rerun-drop")
    expect(prompt).to_have_text("Aufzeichnung hier ablegen- oder -Hochladen")
    of_gradio = page.get_by_role("button").filter(has_text="Datei hier ablegen")
    expect(of_gradio).to_have_text(re.compile(r"- oder -\s*Hochladen\s*$"))
    status = page.viewer().get_by_role("status")
    expect(status).to_have_text("")

    page.viewer().locator("input[type=file]").set_input_files(recording_a)
    page.expect_recordings("recording_a")
    expect(status).to_have_text("Rerun-Viewer: Geladen: a.rrd")
    toolbar = page.get_by_role("toolbar", name="Aufzeichnung")
    names = toolbar.locator("button:visible").evaluate_all("all => all.map((each) => each.title)")
    assert names == ["Hochladen", "Vollbild", "Herunterladen", "Screenshot", "Löschen"]
    expect(page.viewer()).to_have_accessible_description(re.compile("Eingabetaste"))

    page.get_by_role("button", name="Einstellungen").click()
    page.get_by_label("Language", exact=True).click()
    page.get_by_role("option", name="日本語").click()
    expect(page.locator(".rerun-toolbar").get_by_title("ダウンロード")).to_have_count(1)
    expect(page.viewer()).to_have_attribute("aria-label", "Rerun ビューアー")


def test_a_value_is_announced_the_toolbar_mirrored_from_right_to_left_and_nothing_pulses_for_those_who_want_no_motion(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=300, label="My run")
        gr.Button("show").click(lambda: recording_a, None, viewer)
        gr.Button("clear").click(lambda: None, None, viewer)
    page.open(launch(demo))
    status = page.viewer().get_by_role("status")
    expect(status).to_have_text("")
    page.click("show")
    page.expect_recordings("recording_a")
    expect(page.viewer().locator("> svg")).to_be_hidden()
    expect(status).to_have_text("My run: Loaded a.rrd")
    expect(page.viewer().locator("canvas")).to_have_accessible_name("My run")
    middle = "element => element.getBoundingClientRect().left + element.getBoundingClientRect().width / 2"
    toolbar, label = page.locator(".rerun-toolbar"), page.get_by_test_id("block-label")
    assert label.evaluate(middle) < toolbar.evaluate(middle)
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert label.evaluate(middle) > toolbar.evaluate(middle)
    assert page.viewer().evaluate(ANIMATION) == "rerun-pulse"
    page.emulate_media(reduced_motion="reduce")
    assert page.viewer().evaluate(ANIMATION) == "none"
    page.emulate_media(reduced_motion=None)
    page.click("clear")
    expect(status).to_have_text("My run: No recording")
    expect(page.viewer().locator("> svg")).to_be_visible()
