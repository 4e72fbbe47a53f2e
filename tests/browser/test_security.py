"""What a recording may try on the page that shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import rerun as rr
import rerun.blueprint as rrb
from needs import NEEDS, needs
from playwright.sync_api import expect
from viewer_page import ViewerPage

from gradio_rerun import Rerun, commands, events

SPY = """
window.opened = []; window.open = (...given) => { opened.push(given); return null; };
window.said = []; console.info = (text) => void (String(text).includes("refused to open") && said.push(text));
"""


def with_links() -> rr.BinaryStream:
    """A text full of links, the upper ones to a script."""
    recording = rr.RecordingStream("links", recording_id="links")
    stream = recording.binary_stream()
    links = ["javascript:window.ran=true"] * 5 + ["https://example.com/a"] * 30
    text = "\n\n".join(f"# [{'click ' * 10}]({link})" for link in links)
    recording.log("text", rr.TextDocument(text, media_type=rr.MediaType.MARKDOWN), static=True)
    recording.send_blueprint(rrb.Blueprint(rrb.TextDocumentView(origin="/text"), collapse_panels=True))
    return stream


def test_a_link_of_a_recording_opens_a_page_elsewhere_and_runs_nothing_here(
    page: ViewerPage, launch: Callable[..., str]
) -> None:
    with gr.Blocks() as demo:
        Rerun(with_links(), height=500, panel_states={"top": "hidden", "time": "hidden"})
    page.add_init_script(SPY)
    page.open(launch(demo)).expect_recordings("links")
    box = page.viewer().bounding_box()
    assert box
    deadline = time.monotonic() + 90
    while not page.evaluate("opened.length && said.length"):
        assert time.monotonic() < deadline
        for y in range(50, 450, 25):
            page.mouse.move(box["x"] + 300, box["y"] + y)
            page.wait_for_timeout(100)  # the viewer looks once per frame where the mouse is
            page.mouse.down()
            page.wait_for_timeout(50)
            page.mouse.up()
    assert page.evaluate("said[0]") == (
        "gradio_rerun: refused to open javascript:window.ran=true, which is not a link to a page."
    )
    assert page.evaluate("[...new Set(opened.map(String))]") == ["https://example.com/a,_blank,noopener,noreferrer"]
    assert page.evaluate("window.ran") is None


HTML = '<img src="x" onerror="window.ran=true"><form action="//evil.test">'


def named_by_html() -> rr.BinaryStream:
    """A recording in which all that has a name is named by HTML."""
    recording = rr.RecordingStream(f"app {HTML}", recording_id=f"recording {HTML}")
    stream = recording.binary_stream()
    recording.set_time(f"timeline {HTML}", sequence=1)
    recording.log(["world", f"entity {HTML}"], rr.Points3D([[0, 0, 0]]))
    recording.send_blueprint(rrb.Blueprint(rrb.Spatial3DView(name=f"view {HTML}")))
    return stream


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "view": (lambda: commands.take_screenshot("none"), "view"),
    "timeline": (lambda: commands.set_time("none", sequence=1), "timeline"),
    "recording": (lambda: commands.set_active_recording(HTML), ""),
    "schema": (lambda: commands.get_recording_schema(HTML), ""),
    "command": (lambda: commands.run_command(HTML), ""),
    "entity": (lambda: commands.open(f"recording://world/{HTML}"), ""),
}
"""Commands whose errors repeat HTML: with a name that the recording has of these things, or one that a user has typed."""


@pytest.mark.slow
@needs(NEEDS["get_recording_schema"])
def test_names_in_a_recording_and_in_commands_are_text_in_messages(
    page: ViewerPage, launch: Callable[..., str]
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(named_by_html(), height=500)
        viewer.screenshot(lambda picture: picture.path, None, gr.Textbox())  # raises the error of the viewer
        for name, (command, _) in WRONG.items():
            gr.Button(name).click(command, None, viewer)
    page.open(launch(demo)).expect_recordings(f"recording {HTML}")
    for name, (_, what) in WRONG.items():
        page.click(name)
        toast = page.get_by_test_id("toast-body").last
        expect(toast).to_contain_text(f"{what} {HTML}".strip().replace('"', '\\"'))
        assert page.locator("img[src=x], form[action*=evil]").count() == 0
        toast.get_by_label("Close").click()
        expect(toast).to_be_hidden()
    assert page.evaluate("window.ran") is None


LOCATIONS = ("javascript:window.ran=true", "{other}/other.rrd", "{app}logout", "file:///etc/passwd")
MORE_LOCATIONS = (
    "data:text/html,<p>",
    "{app}config",
    "/etc/passwd",
    "about:blank",
    "rerun+{other}/proxy",
    "{app}?url={other}/other.rrd",
)


@needs(NEEDS["set_location"])
@pytest.mark.parametrize(
    "locations", [pytest.param(LOCATIONS, id="few"), pytest.param(MORE_LOCATIONS, id="more", marks=pytest.mark.slow)]
)
def test_a_location_that_a_user_has_typed_shows_only_what_is_open(
    page: ViewerPage,
    launch: Callable[..., str],
    recording_a: Path,
    other_server: tuple[str, Path],
    locations: tuple[str, ...],
) -> None:
    other, folder = other_server
    (folder / "other.rrd").write_bytes(recording_a.read_bytes())
    heard: list[str] = []

    def on_error(event: events.Error) -> None:
        heard.append(event.message)

    with gr.Blocks() as demo:
        viewer = Rerun(str(recording_a), height=400)
        typed = gr.Textbox(label="where")
        typed.submit(commands.set_location, typed, viewer)
        viewer.error(on_error, trigger_mode="multiple")
    app = launch(demo, auth=("user", "password"), allowed_paths=[str(recording_a.parent)])
    page.goto(app)
    page.log_in()
    page.expect_recordings("recording_a")
    before, tabs = len(page.requests), len(page.context.pages)
    for count, location in enumerate(locations, 1):
        where = location.format(app=app, other=other)
        page.get_by_label("where").fill(where)
        page.get_by_label("where").press("Enter")
        deadline = time.monotonic() + 30
        while len(heard) < count:
            assert time.monotonic() < deadline, where
            page.wait_for_timeout(50)
    assert all("set_location" in each for each in heard)
    assert [url for url in page.requests[before:] if "/gradio_api/" not in url and "/static/" not in url] == []
    assert (page.url, page.evaluate("window.ran"), len(page.context.pages)) == (app, None, tabs)
    assert page.context.cookies()
    page.expect_recordings("recording_a")


@needs(NEEDS["set_location"])
def test_a_url_that_a_user_has_typed_reaches_no_other_path_of_the_app_and_later_commands_are_carried_out(
    page: ViewerPage, launch: Callable[..., str], recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(str(recording_a), height=400)
        typed = gr.Textbox(label="URL")
        typed.submit(commands.open, typed, viewer)
        gr.Button("tenth").click(lambda: commands.set_time("frame", sequence=3), None, viewer)
    app = launch(demo, auth=("user", "password"), allowed_paths=[str(recording_a.parent)])
    page.goto(app)
    page.log_in()
    page.expect_recordings("recording_a")
    for path in ("logout", "gradio_api/startup-events", "config"):
        page.get_by_label("URL").fill(f"{app}{path}")
        page.get_by_label("URL").press("Enter")
        notice = page.viewer().get_by_text(f"{path.split('/')[-1]}: The viewer says: it does not open such a URL")
        expect(notice.first).to_be_visible(timeout=30_000)
    page.click("tenth")
    page.expect_frame(3)
    assert not [url for url in page.requests if url.endswith(("/logout", "/startup-events"))]
    assert page.context.cookies()


def test_a_url_that_browsers_do_not_read_fails_with_the_reason_and_the_others_open(
    page: ViewerPage, launch: Callable[..., str], recording_a: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=400)
        typed = gr.Textbox(label="URL")
        typed.submit(lambda url: [url, str(recording_a)], typed, viewer)
        gr.Button("open").click(commands.open, typed, viewer)
    page.goto(launch(demo, allowed_paths=[str(recording_a.parent)]))
    for url in ("http://a\u200db.test/x.rrd", "rerun+http://a\u200db.test:9876/proxy"):
        page.get_by_label("URL").fill(url)
        page.get_by_label("URL").press("Enter")
        page.expect_state("error", recordings=1)
        expect(page.viewer().get_by_text("Browsers do not open this URL").first).to_be_visible(timeout=30_000)
    page.get_by_label("URL").fill("https://b\u200dc.test/y.rrd")
    page.click("open")
    expect(page.viewer().get_by_text("y.rrd: Browsers do not open this URL").first).to_be_visible(timeout=30_000)
    page.expect_state("error", recordings=1)
