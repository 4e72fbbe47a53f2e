"""Each parameter, changed by `gr.update(...)` and back by returning `Rerun(...)`: the effect in the page. Runs on several Gradios; see ../matrix.py.

That both send the page the same, for each parameter, is in ../unit/test_updates.py.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import gradio as gr
import pytest
import rerun as rr
from playwright.sync_api import Browser, Locator, Page, expect
from recordings import log_points, recording_bytes
from updates import CHANGES
from viewer_page import ViewerPage

from gradio_rerun import Rerun

Effect = Callable[[ViewerPage, bool], None]

BEFORE: dict[str, Any] = {
    "value": None,  # of the fixture
    "label": "label",
    "show_label": True,
    "show_download_button": True,
    "show_clear_button": False,
    "container": True,
    "scale": 1,
    "min_width": 100,
    "height": 400,
    "interactive": False,
    "visible": True,
    "elem_id": "viewer",
    "elem_classes": [],
    "streaming": False,
    "max_stream_size": None,
    "file_count": "single",
    "file_types": None,
    "buttons": None,
    "panel_states": {"blueprint": "expanded"},
    "theme": "light",
    "telemetry": False,
    "on_demand_above": 1_000_000_000,
    "allowed_origins": [],
    "allowed_sources": None,
    "tunnel": None,
    "time_update_interval": 0.1,
    "time_controls": False,
    "keys": None,
}
BESIDE = {
    "max_stream_size": {"streaming": True},
    "file_count": {"interactive": True},
    "file_types": {"interactive": True},
}
"""What must change beside a parameter before it has an effect."""

SERVER = "127.0.0.1:9876"


def block(page: ViewerPage) -> Locator:
    return page.locator(".block:has(rerun-viewer)").last


def attribute(script: str, changed: Any) -> Effect:
    """Whether an expression about the element `viewer` has the value it has after the change."""

    def effect(page: ViewerPage, is_changed: bool) -> None:
        page.wait_for_function(
            "([changed, isChanged]) => { const viewer = document.querySelector('rerun-viewer');"
            f" return viewer?.settings && (JSON.stringify({script}) === JSON.stringify(changed)) === isChanged; }}",
            arg=[changed, is_changed],
        )

    return effect


def element(selector: str) -> Effect:
    """Whether there is such an element to be seen."""
    return lambda page, is_changed: expect(page.locator(selector).filter(visible=True)).to_have_count(
        1 if is_changed else 0
    )


def button(name: str, *, shown: bool) -> Effect:
    return lambda page, is_changed: expect(page.get_by_label(name, exact=True)).to_be_visible(
        visible=is_changed == shown
    )


def value(page: ViewerPage, is_changed: bool) -> None:
    page.wait_for_function(
        "id => window.seen.findLast(({ detail }) => detail?.type === 'recording_open')?.detail.recording_id === id",
        arg="recording_b" if is_changed else "recording_a",
    )


def label(page: ViewerPage, is_changed: bool) -> None:
    expect(block(page).get_by_test_id("block-label")).to_have_text("changed" if is_changed else "label")


def show_label(page: ViewerPage, is_changed: bool) -> None:
    shown = expect(page.get_by_text("label", exact=True))
    shown.not_to_be_in_viewport() if is_changed else shown.to_be_in_viewport()


def visible(page: ViewerPage, is_changed: bool) -> None:
    expect(page.viewer()).to_have_count(0 if is_changed else 1)


def streaming(page: ViewerPage, is_changed: bool) -> None:
    page.click("data")
    page.wait_for_function("() => window.seen.some(({ detail }) => detail?.recording_id?.startsWith('data'))")
    page.expect_state("ready", recordings=2 if is_changed else 1)


def max_stream_size(page: ViewerPage, is_changed: bool) -> None:
    if is_changed:
        page.click("log")
        expect(page.get_by_text("max_stream_size=100")).to_be_visible()


def panel_states(page: ViewerPage, is_changed: bool) -> None:
    page.expect_blueprint_panel(shown=not is_changed)


def theme(page: ViewerPage, is_changed: bool) -> None:
    page.wait_for_event("recording_open")
    page.expect_state("ready", recordings=1)
    assert (page.brightness() < 100) == is_changed


def telemetry(page: ViewerPage, is_changed: bool) -> None:
    page.wait_for_event("recording_open")  # the viewer starts anew, with another `fetch`
    deadline = time.monotonic() + 20
    while is_changed and not any("rerun.io" in url for url in page.requests):
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)  # lets the browser's events through


def allowed_sources(page: ViewerPage, is_changed: bool) -> None:
    page.click("bucket")
    if is_changed:
        page.wait_for_event("recording_open")
        page.expect_recordings("of_a_bucket")
    else:
        expect(page.get_by_text("allow its folder with allowed_sources").first).to_be_visible()


def tunnel(page: ViewerPage, is_changed: bool) -> None:
    way = "gradio_api/component_server" if is_changed else f"http://{SERVER}/"
    with page.expect_request(
        lambda request: way in request.url and (not is_changed or "ask_server" in (request.post_data or ""))
    ):
        page.click("server")


EFFECTS: dict[str, Effect] = {
    "value": value,
    "label": label,
    "show_label": show_label,
    "show_download_button": button("Download", shown=False),
    "show_clear_button": button("Clear", shown=True),
    "container": attribute("viewer.closest('.block').classList.contains('hide-container')", True),
    "scale": attribute("viewer.clientWidth > 700", True),
    "min_width": attribute("viewer.clientWidth > 850", True),
    "height": attribute("viewer.closest('.block').offsetHeight < 350", True),
    "interactive": button("Upload", shown=True),
    "visible": visible,
    "elem_id": element("#changed rerun-viewer"),
    "elem_classes": element(".changed rerun-viewer"),
    "streaming": streaming,
    "max_stream_size": max_stream_size,
    "file_count": attribute("viewer.querySelector('input[type=file]')?.multiple", True),
    "file_types": attribute("viewer.querySelector('input[type=file]')?.accept", ".png"),
    "buttons": button("Screenshot", shown=False),
    "panel_states": panel_states,
    "theme": theme,
    "telemetry": telemetry,
    "on_demand_above": attribute("viewer.settings.on_demand_above", 10_000_000),
    "allowed_origins": attribute("viewer.settings.allowed_origins", ["https://example.com"]),
    "allowed_sources": allowed_sources,
    "tunnel": tunnel,
    "time_update_interval": attribute("viewer.settings.time_update_interval", 60),
    "time_controls": button("Active timeline", shown=True),
    "keys": attribute("viewer.settings.keys", CHANGES["keys"]),
}


def log() -> rr.RecordingStream:
    recording = rr.RecordingStream("log")
    log_points(recording)
    return recording


@pytest.fixture(scope="module")
def page(browser: Browser, recording_a: Path, recording_b: Path) -> Iterator[ViewerPage]:
    """One page for all tests of this file."""
    after: dict[str, Any] = {**CHANGES, "value": recording_b, "tunnel": [f"rerun+http://{SERVER}"]}
    before = {**BEFORE, "value": recording_a}
    count = itertools.count()
    with gr.Blocks() as demo:
        name = gr.Textbox(label="name")
        with gr.Row():
            viewer = Rerun(**before)
            made = gr.Number(0, label="changes made", scale=1, min_width=100)

        def changes(name: str) -> dict[str, Any]:
            return {name: after[name], **BESIDE.get(name, {})}

        update = gr.Button("update").click(
            lambda name: (Rerun if name in ("tunnel", "allowed_sources") else gr.update)(**changes(name)), name, viewer
        )
        back = gr.Button("back").click(
            lambda name: Rerun(recording_a, **{each: before[each] for each in changes(name) if each != "value"}),
            name,
            viewer,
        )
        for each in (update, back):
            each.success(lambda made: made + 1, made, made)
        gr.Button("data").click(lambda: recording_bytes(f"data {next(count)}"), None, viewer)
        gr.Button("log").click(log, None, viewer)
        gr.Button("bucket").click(lambda: fsspec.open("memory://updates/run.rrd"), None, viewer)
        gr.Button("server").click(lambda: f"rerun+http://{SERVER}/proxy", None, viewer)
    fsspec.filesystem("memory").pipe("/updates/run.rrd", recording_bytes("of_a_bucket"))
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", show_error=True)
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    page = ViewerPage(context.new_page())
    # Nothing leaves this machine: what would is answered here.
    for site in ("https://*.rerun.io/**", "https://api.github.com/**"):
        page.route(site, lambda route: route.fulfill(status=204))
    page.open(url)
    page.expect_recordings("recording_a")
    yield page
    context.close()
    demo.close(verbose=False)


def change(page: ViewerPage, button: str) -> None:
    """Clicks, and waits for the change: Gradio runs what is clicked next beside it, or before it."""
    made = page.get_by_label("changes made")
    before = int(made.input_value())
    page.click(button)
    expect(made).to_have_value(str(before + 1))


@pytest.mark.parametrize("name", CHANGES)
def test_an_update_takes_effect_and_another_one_reverts_it(
    name: str, page: ViewerPage, request: pytest.FixtureRequest
) -> None:
    try:
        page.get_by_label("name").fill(name)
        page.forget_events()
        page.requests.clear()
        change(page, "update")
        EFFECTS[name](page, True)
    except BaseException:
        page.keep_screenshot(request.node.name)
        raise
    finally:
        page.forget_events()
        change(page, "back")
    EFFECTS[name](page, False)
    change(page, "back")  # what an effect has shown


def test_nothing_went_wrong_in_the_page(page: ViewerPage) -> None:
    assert page.page_errors == []


def test_a_component_is_returned_from_every_kind_of_listener(
    new_tab: Callable[[], Page], launch: Callable[..., str]
) -> None:
    def labelled(*names: str) -> Any:
        return [Rerun(label=name) for name in names] if len(names) > 1 else Rerun(label=names[0])

    def generator() -> Iterator[Any]:
        yield Rerun(label="generator yields")
        yield Rerun(label="generator ends")

    async def async_generator() -> Any:
        yield Rerun(label="async generator")

    async def coroutine() -> Any:
        return Rerun(label="coroutine")

    with gr.Blocks() as demo:
        first = Rerun(height=50, label="first", streaming=True)
        second = Rerun(height=50, label="second")
        text = gr.Textbox(label="text")
        listeners: dict[str, tuple[Callable[..., Any], Any]] = {
            "a function": (lambda: labelled("function"), first),
            "a list": (lambda: [*labelled("of a list", "another of it"), "text of a list"], [first, second, text]),
            "a dict": (lambda: {second: Rerun(label="of a dict")}, [first, second, text]),
            "a generator": (generator, first),
            "an async generator": (async_generator, first),
            "a coroutine": (coroutine, first),
        }
        for name, (function, outputs) in listeners.items():
            gr.Button(name).click(function, None, outputs)
        on = gr.Button("gr.on")
        gr.on([on.click, text.submit], lambda: labelled("gr.on"), None, first)
        demo.load(lambda: labelled("demo.load"), None, second)

        @gr.render()
        def render() -> None:
            inner = Rerun(height=50, label="inner")
            gr.Button("in a render").click(
                lambda: (Rerun(label="in a render"), Rerun(label="from a render")), None, [inner, first]
            )

    page = ViewerPage(new_tab())
    page.open(launch(demo))

    def expect_labels(*names: str) -> None:
        for name in names:
            expect(page.get_by_test_id("block-label").filter(has_text=re.compile(f"^\\s*{name}\\s*$"))).to_have_count(1)

    expect_labels("first", "demo.load", "inner")
    for name, labels in {
        "a function": ["function"],
        "a list": ["of a list", "another of it"],
        "a dict": ["of a list", "of a dict"],
        "a generator": ["generator ends"],
        "an async generator": ["async generator"],
        "a coroutine": ["coroutine"],
        "gr.on": ["gr.on"],
        "in a render": ["in a render", "from a render", "of a dict"],
    }.items():
        page.click(name)
        expect_labels(*labels)
    expect(page.get_by_label("text")).to_have_value("text of a list")
    assert page.page_errors == []
