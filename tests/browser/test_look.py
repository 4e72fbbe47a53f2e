"""What users of Gradio expect of a component: no violation of accessibility, nothing that jumps, controls for a thumb."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import components
import gradio as gr
import pytest
from playwright.sync_api import Browser, Locator, expect
from recordings import recording_bytes
from seen import time_of, wait_until
from slow import slow
from viewer_page import ViewerPage

from gradio_rerun import Rerun

MOST = 30
"""How far a square of a picture may be from the kept one, of 255: another font, another version of the viewer."""

Launch = Callable[..., str]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"

# Without those of the text in Gradio's status, whose width changes with the time in it.
SHIFTS = """window.shifts = []; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) for (const { node } of entry.sources)
    if (node?.closest?.(".below, .block[data-rerun]") && !node.closest("[data-testid=status-tracker]")) window.shifts.push(node.outerHTML.slice(0, 200));
}).observe({ type: "layout-shift", buffered: true });"""


def violations(page: ViewerPage) -> list[Any]:
    """What axe finds in the component: the rule, and the HTML."""
    page.locator(".block[data-rerun]").first.wait_for()
    # Gradio fades its status in and out: until then, all colours below are others.
    page.wait_for_function(
        "() => document.getAnimations().every((each) => each.effect.getComputedTiming().iterations === Infinity)"
    )
    found: list[Any] = page.evaluate(
        """async () => (await axe.run(".block[data-rerun]", { resultTypes: ["violations"] })).violations
          .map(({ id, impact, nodes }) => [id, impact, ...nodes.map(({ html }) => html)])"""
    )
    return found


@pytest.mark.parametrize(
    "name",
    [name if name.endswith("-light") else slow(name) for name in components.PICTURES],
)
def test_the_component_looks_as_in_the_screenshots_beside_gradios_and_axe_finds_nothing(
    browser: Browser, launch: Launch, name: str
) -> None:
    def distance(picture: bytes) -> float:
        return components.difference(components.opened(picture), components.kept(name))

    for _, picture, page in components.pictures(browser, launch, [name], lambda picture: distance(picture) <= MOST):
        if distance(picture) > MOST:
            page.keep_screenshot(name)
        assert distance(picture) <= MOST, (
            f"compare test-results/{name}.png with docs/images/{name}.png, then run docs/make_pictures.py {name}"
        )
        page.add_script_tag(path=AXE)
        assert violations(page) == []


def app(recording: Path, **parameters: Any) -> gr.Blocks:
    with gr.Blocks() as demo:
        viewer = Rerun(height=400, **parameters)
        gr.Textbox(label="below", elem_classes="below")
        gr.Button("show").click(lambda: recording, None, viewer)
        gr.Button("none").click(lambda: None, None, viewer)
        gr.Button("wait").click(lambda: "http://127.0.0.1/slow.rrd", None, viewer)
        gr.Button("fail").click(lambda: b"RRF2 and no recording", None, viewer)
        gr.Button("take no files").click(lambda: gr.update(interactive=False), None, viewer)
    return demo


@pytest.mark.parametrize("theme", ["light", slow("dark")])
def test_axe_finds_nothing_in_any_state(page: ViewerPage, launch: Launch, recording_a: Path, theme: str) -> None:
    buttons = ["link", "fullscreen", gr.Button("mine", render=False)]
    url = launch(app(recording_a, interactive=True, time_controls=True, buttons=buttons))
    held: list[Any] = []
    page.route("**/slow.rrd", lambda route: held.append(route))
    page.open(f"{url}?__theme={theme}")
    page.add_script_tag(path=AXE)
    page.expect_state("idle")
    assert violations(page) == []
    page.click("wait")
    page.expect_state("loading")
    assert violations(page) == []
    page.click("show")
    page.expect_recordings("recording_a")
    for route in held:
        route.abort()
    expect(page.get_by_label("Active timeline")).to_be_enabled()
    page.evaluate("[navigator.clipboard.writeText, document.execCommand] = [() => Promise.reject(), () => false]")
    page.click("Copy link")
    expect(page.get_by_label("Copy this link")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.click("fail")
    page.expect_state("error")
    assert violations(page) == []
    page.click("none")
    page.expect_state("idle")
    page.viewer().locator("input[type=file]").set_input_files(
        {"name": "a.zip", "mimeType": "application/zip", "buffer": b"x"}
    )
    expect(page.viewer().get_by_role("alert").filter(visible=True)).to_be_visible()
    assert violations(page) == []
    page.click("take no files")
    expect(page.viewer().locator("input[type=file]")).to_have_count(0)
    assert violations(page) == []


@pytest.mark.first_visit
def test_the_layout_does_not_shift(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    page.add_init_script(SHIFTS)
    page.open(launch(app(recording_a, interactive=True)))
    for button, state in [("show", "ready"), ("none", "idle"), ("fail", "error"), ("show", "ready")]:
        page.click(button)
        page.expect_state(state)
    assert page.evaluate("window.shifts") == []


BOXES = """(selector) => [...document.querySelectorAll(".block")].map((block) => [block, block.querySelector(`:scope > ${selector}`)])
  .filter(([, each]) => each).map(([block, each]) => {
    const [outer, inner, viewer] = [block, each, block.querySelector("rerun-viewer")].map((one) => one?.getBoundingClientRect());
    return { around: ["top", "left", "right", "bottom"].map((side) => Math.abs(outer[side] - inner[side])), height: inner.height,
      overViewer: viewer ? inner.bottom - viewer.top : null };
  })"""


def test_the_status_of_a_function_covers_an_empty_viewer_and_lies_above_a_recording(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    goes_on = threading.Event()

    def compute(progress: gr.Progress = gr.Progress()) -> Any:  # noqa: B008  # Gradio finds it there
        goes_on.wait(60)
        goes_on.clear()
        progress(0.4, "Half of it")
        goes_on.wait(60)
        raise gr.Error("broken", duration=0.1)

    with gr.Blocks() as demo:
        image = gr.Image(height=200, interactive=False)
        empty, full = Rerun(height=200), Rerun(recording_a, height=300)
        gr.Button("Compute").click(compute, None, [image, empty, full])
    page.open(launch(demo)).expect_state("ready", recordings=1, index=1)
    page.click("Compute")
    for text in ("processing", "Half of it", "Error"):
        expect(page.get_by_test_id("status-tracker").filter(has_text=text)).to_have_count(3)
        page.keep_screenshot(f"status with {text}")
        of_image, of_empty, of_full = page.evaluate(BOXES, "[data-testid=status-tracker]")
        assert max(of_image["around"]) <= 2
        assert max(of_empty["around"]) <= 2, text
        assert of_full["height"] > 10
        assert of_full["overViewer"] <= 1, text
        goes_on.set()


def test_the_border_of_a_generator_that_runs_is_around_the_block(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    goes_on = threading.Event()

    def generate() -> Iterator[Path]:
        yield recording_a
        goes_on.wait(60)

    with gr.Blocks() as demo:
        viewer = Rerun(height=300)
        gr.Button("Generate").click(generate, None, viewer)
    page.open(launch(demo)).click("Generate")
    page.expect_state("ready", recordings=1)
    (box,) = page.evaluate(BOXES, "[data-testid=status-tracker].generating")
    goes_on.set()
    assert max(box["around"]) <= 2


def phone(browser: Browser, url: str) -> ViewerPage:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    return ViewerPage(context.new_page()).open(url)


# As apps write it for their own buttons and pictures. Gradio adds its classes to each selector, so these are more specific than the component's.
APP_CSS = """button { width: 100%; min-width: 160px; margin: 8px; padding: 16px; } svg { width: 32px; height: 32px; }
canvas { max-width: 100%; height: auto; }"""

SIZES = """() => [...document.querySelectorAll("rerun-viewer, rerun-viewer > canvas, .rerun-toolbar, .rerun-toolbar :is(button:not([hidden]), svg), "
  + ".rerun-time-controls, .rerun-time-controls :is(button, svg)")]
  .map((each) => { const { x, y, width, height } = each.getBoundingClientRect(); return [each.title || each.localName, x, y, width, height]; })"""


@pytest.mark.slow
def test_an_apps_css_for_its_buttons_and_pictures_does_not_change_the_components_sizes(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo, gr.Row():
        Rerun(recording_a, height=300)
        Rerun(recording_a, height=300)
    page.open(launch(demo, css=APP_CSS))
    for index in (0, 1):
        page.expect_state("ready", recordings=1, index=index)
    expect(page.get_by_role("button", name="Play recording")).to_have_count(2)
    with_css = page.evaluate(SIZES)
    assert page.evaluate(
        """() => [...document.querySelectorAll("style")].filter((each) => each.textContent.includes("min-width: 160px"))
          .map((each) => each.remove()).length"""
    )
    assert with_css == page.evaluate(SIZES)


# Both within a frame, as on a slow computer.
STEP_AND_SEEK = """(slider) => {
  slider.parentElement.querySelector('[aria-label="Next time"]').click();
  slider.value = 1;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def test_on_a_phone_a_thumb_plays_and_seeks_and_a_finger_scrolls_the_page_on_the_controls_but_not_on_the_viewer(
    browser: Browser, launch: Launch
) -> None:
    with gr.Blocks() as demo:
        Rerun(lambda: recording_bytes("run"), height=400)
        gr.HTML("<div style='height: 2000px'>below</div>")
    page = phone(browser, launch(demo))
    page.expect_recordings("run")
    slider = page.get_by_role("slider", name="Time cursor")
    expect(slider).to_be_visible()
    for control in page.locator(".rerun-time-controls > :is(button, select, input)").all():
        box = control.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.wait_for_event("pause")  # at its end
    page.get_by_role("button", name="Play recording").tap()
    page.wait_for_event("play")
    slider.fill("2")  # pauses
    wait_until(page, lambda: time_of(page) == 2)
    page.get_by_role("button", name="Next time").tap()
    wait_until(page, lambda: time_of(page) == 3)
    page.get_by_role("button", name="Previous time").tap()
    wait_until(page, lambda: time_of(page) == 2)
    slider.evaluate(STEP_AND_SEEK)
    wait_until(page, lambda: time_of(page) == 1)
    touch = page.context.new_cdp_session(page.page)

    def swipe(y: float) -> None:
        for step in range(11):
            kind = "touchMove" if step else "touchStart"
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": 200, "y": y - 20 * step}]})
            page.wait_for_timeout(20)  # a finger takes its time
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    box = page.locator(".rerun-time-controls").bounding_box()
    assert box
    swipe(box["y"] - 100)
    assert page.evaluate("scrollY") == 0
    swipe(box["y"] + 26)
    page.wait_for_function("() => scrollY > 100")
    page.context.close()


def test_the_time_controls_fit_into_the_narrowest_viewer(page: ViewerPage, launch: Launch, recording_a: Path) -> None:
    with gr.Blocks() as demo:
        Rerun(recording_a, height=400, min_width=0)
    css = ".block { width: var(--width, 390px); min-width: 0 !important }"
    page.open(launch(demo, css=css)).expect_recordings("recording_a")
    expect(page.get_by_role("slider", name="Time cursor")).to_be_visible()
    controls = page.locator(".rerun-time-controls > :is(button, select, input):visible")
    for width, shown in ((390, 5), (300, 5), (258, 3), (200, 3), (178, 2), (130, 2)):
        page.evaluate("width => document.body.style.setProperty('--width', `${width}px`)", width)
        expect(controls).to_have_count(shown)
        block = page.block().bounding_box()
        assert block
        assert block["width"] == width
        for control in controls.all():
            box = control.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 44
            assert box["x"] >= block["x"]
            assert box["x"] + box["width"] <= block["x"] + width


def tab_to(page: ViewerPage, control: Locator) -> None:
    for _ in range(12):
        if control.evaluate("control => control === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not reach it")


def test_the_keyboard_alone_opens_plays_seeks_and_leaves_the_viewer(
    page: ViewerPage, launch: Launch, recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        gr.Textbox(label="above")
        Rerun(height=400, interactive=True, time_controls=True)
        gr.Textbox(label="after")
    page.open(launch(demo))
    page.expect_state("idle")
    with page.expect_file_chooser() as chooser:  # Playwright takes a moment to intercept the dialog
        page.get_by_label("above").focus()
        tab_to(page, page.get_by_role("button", name="Click to Upload"))
        page.keyboard.press("Enter")
    chooser.value.set_files(recording_a)
    page.expect_recordings("recording_a")
    page.wait_for_event("pause")  # at its end
    page.forget_events()
    page.get_by_label("above").focus()
    tab_to(page, page.get_by_role("button", name="Play recording"))
    page.keyboard.press("Space")
    page.wait_for_event("play")
    slider = page.get_by_role("slider", name="Time cursor")
    tab_to(page, slider)
    page.keyboard.press("End")  # it may still be at the start, where the next key would change nothing
    page.keyboard.press("Home")
    wait_until(page, lambda: time_of(page) == 0)
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: time_of(page) == 1)
    page.keyboard.press("Tab")
    expect(page.get_by_label("after")).to_be_focused()
