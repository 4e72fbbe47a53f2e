"""The link to what a viewer shows: a button copies it, and the page that it opens shows the same."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import gradio as gr
import pytest
from needs import EXACT_TIMES, VERSION, needs
from nginx import in_front_of, nginx
from playwright.sync_api import Locator, expect
from recordings import write_recording
from seen import wait_until
from viewer_page import OTHER_HOST, ViewerPage

from gradio_rerun import Rerun, commands

Launch = Callable[..., str]

MOMENT = {"application_id": "app_b", "recording_id": "recording_b", "timeline": "frame", "time": "7"}


@pytest.fixture
def second_page(page: ViewerPage) -> Iterator[ViewerPage]:
    """Another page of the same user, who lets pages use the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened = ViewerPage(page.context.new_page())
    yield opened
    opened.close()
    page.context.clear_permissions()


def link_to(url: str, name: str = "rerun", **moment: str) -> str:
    return f"{url}?{urlencode({f'{name}.{field}': value for field, value in moment.items()})}"


def notice(page: ViewerPage, index: int = 0) -> Locator:
    return page.block(index).locator(".rerun-notice")


def copied_link(page: ViewerPage, index: int = 0) -> str:
    page.evaluate("navigator.clipboard.writeText('')")
    page.block(index).get_by_label("Copy link").click()
    page.wait_until("() => navigator.clipboard.readText()")
    expect(notice(page, index).get_by_role("status")).to_have_text("Link copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def link_with_layout(page: ViewerPage) -> str:
    """The viewer has a second to answer with its layout. On a busy machine, it takes longer at times."""
    links: list[str] = []
    wait_until(page, lambda: links.append(copied_link(page)) or ".layout=" in links[-1])
    return links[-1]


def expect_moment(page: ViewerPage, recording_id: str, frame: int, index: int = 0) -> None:
    """By what the viewer itself reports; viewers before 0.41 report it by events only."""
    if VERSION < EXACT_TIMES:
        page.expect_frame(frame, index)
        return
    page.page.wait_for_function(
        """([index, ...expected]) => {
            const now = document.querySelectorAll("rerun-viewer")[index]?.currentTime;
            return now && String([now.recording_id, now.timeline, now.time]) === String(expected);
        }""",
        arg=[index, recording_id, "frame", frame],
        timeout=120_000,  # the viewer starts, opens its recordings, and is moved then
    )


def test_a_copied_link_opens_at_the_moment_of_each_viewer(
    page: ViewerPage, second_page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        with gr.Row():
            left = Rerun([recording_a, recording_b], height=300, buttons=["link"], elem_id="left")
            right = Rerun(None, height=300, buttons=["link"])
        gr.Button("seek").click(
            lambda: [commands.set_active_recording("recording_b"), commands.set_time("frame", sequence=7)], None, left
        )
        # Its own time is not that of the link.
        gr.Button("show").click(lambda: commands.show(recording_a, commands.set_time("frame", sequence=2)), None, right)
    url = launch(demo)
    page.open(f"{url}?__theme=dark").expect_recordings("recording_a", "recording_b")
    page.click("show")
    page.expect_recordings("recording_a", index=1)
    page.click("seek")
    expect_moment(page, "recording_b", 7)
    expect_moment(page, "recording_a", 2, index=1)
    link = copied_link(page)
    assert link.startswith(url)
    query = dict(parse_qsl(urlsplit(link).query))
    assert query == {
        "__theme": "dark",
        **{f"rerun-left.{field}": value for field, value in MOMENT.items()},
        **{"rerun.application_id": "app_a", "rerun.recording_id": "recording_a", "rerun.timeline": "frame"},
        "rerun.time": "2",
    }

    selections = urlencode({"rerun.selection": "/points[#4]", "rerun-left.selection": "/no/such/entity"})
    second_page.open(f"{link.replace('rerun.time=2', 'rerun.time=5')}&{selections}")
    expect_moment(second_page, "recording_b", 7)
    second_page.click("show")
    expect_moment(second_page, "recording_a", 5, index=1)
    if VERSION >= EXACT_TIMES:
        second_page.wait_until("() => window.seen.some(({ detail, viewer }) => viewer === 1 && detail?.items?.length)")
        assert [event["items"] for event in second_page.events("selection_change", 0) if event["items"]] == []
        link = copied_link(second_page, index=1)
        assert dict(parse_qsl(urlsplit(link).query))["rerun.selection"] == "/points[#4]"
    assert second_page.page_errors == page.page_errors == []


def test_a_recording_that_is_not_here_is_named_and_one_of_the_same_application_shows_the_time(
    page: ViewerPage, launch: Launch, recording_a: Path, tmp_path: Path
) -> None:
    name = "<img src=x>"
    other = write_recording(tmp_path / "other.rrd", name, application_id="app_b")
    moment = {**MOMENT, "recording_id": name}
    with gr.Blocks() as demo:
        viewer = Rerun(recording_a, height=300, buttons=["link"])
        gr.Button("show other").click(lambda: other, None, viewer)
    url = launch(demo)
    page.open(link_to(url, **moment))
    page.expect_recordings("recording_a")
    expect(notice(page)).to_contain_text(f"The recording of this link is not here: {name} (app_b)")
    expect(notice(page).locator("img")).to_have_count(0)
    page.click("show other")
    expect_moment(page, name, 7)
    expect(notice(page)).to_have_text("")

    page.open(link_to(url, **{**moment, "application_id": "app_a"}))
    expect_moment(page, "recording_a", 7)
    expect(notice(page)).to_contain_text(f"This link is for another recording: {name} (app_a).")
    notice(page).get_by_text("Close").click()
    expect(notice(page)).to_have_text("")


@pytest.mark.slow
def test_a_link_works_behind_a_login_below_a_path_and_without_a_clipboard(
    page: ViewerPage, second_page: ViewerPage, launch: Launch, recording_b: Path, tmp_path: Path
) -> None:
    def app() -> gr.Blocks:
        with gr.Blocks() as demo:
            viewer = Rerun(recording_b, height=300, buttons=["link"])
            gr.Button("seek").click(lambda: commands.set_time("frame", sequence=7), None, viewer)
            gr.Textbox(label="pasted")
        return demo

    config = in_front_of(launch(app(), auth=("user", "password"), root_path="/apps/viewer"), "Below a path")
    with nginx(tmp_path, config) as url:
        host = url.replace("127.0.0.1", OTHER_HOST)  # plain http to another machine
        page.open(f"{host}/apps/viewer/")
        page.log_in()
        page.expect_recordings("recording_b")
        page.click("seek")
        expect_moment(page, "recording_b", 7)
        assert page.evaluate("navigator.clipboard") is None
        page.click("Copy link")
        expect(notice(page)).to_have_text("Link copied")
        page.get_by_label("pasted").focus()
        page.keyboard.press("Control+V")
        link = page.get_by_label("pasted").input_value()
        assert link == link_to(f"{host}/apps/viewer/", **MOMENT)

        page.context.clear_cookies()
        second_page.open(link)
        second_page.log_in()
        expect_moment(second_page, "recording_b", 7)
        second_page.evaluate("document.execCommand = () => false")
        second_page.click("Copy link")
        shown = second_page.get_by_label("Copy this link")
        expect(shown).to_have_value(link)
        expect(shown).to_be_focused()
        second_page.keyboard.press("Escape")
        expect(shown).to_have_count(0)


@pytest.mark.slow
def test_the_page_of_a_deep_link_goes_to_the_moment(
    page: ViewerPage, second_page: ViewerPage, launch: Launch, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        viewer = Rerun(height=300, buttons=["link"])
        gr.Button("show").click(lambda: recording_b, None, viewer)
        gr.DeepLinkButton()
    page.open(launch(demo))
    page.click("show")
    page.expect_recordings("recording_b")
    page.get_by_text("Share via Link").click()
    page.wait_until("async () => (await navigator.clipboard.readText()).includes('deep_link')")
    link = page.evaluate("navigator.clipboard.readText()")
    address = urlsplit(link)
    moment = {f"rerun.{field}": value for field, value in MOMENT.items()}
    query = {**dict(parse_qsl(address.query)), **moment}
    second_page.open(address._replace(query=urlencode(query)).geturl())  # as an app or a visitor may change it
    expect_moment(second_page, "recording_b", 7)


def test_a_deep_link_has_the_moment_of_each_viewer(
    page: ViewerPage, second_page: ViewerPage, launch: Launch, recording_a: Path, recording_b: Path
) -> None:
    with gr.Blocks() as demo:
        left = Rerun(height=300, elem_id="left")
        right = Rerun(recording_a, height=300)
        gr.Button("show").click(
            lambda: commands.show([recording_a, recording_b], commands.set_active_recording("recording_b")), None, left
        )
        gr.Button("seek").click(lambda: [commands.set_time("frame", sequence=7)] * 2, None, [left, right])
        gr.DeepLinkButton()
    url = launch(demo)
    page.open(url)
    page.click("show")
    page.expect_recordings("recording_a", "recording_b")
    page.expect_recordings("recording_a", index=1)
    page.click("seek")
    expect_moment(page, "recording_b", 7)
    expect_moment(page, "recording_a", 7, index=1)
    page.get_by_text("Share via Link").click()
    page.wait_until("async () => (await navigator.clipboard.readText()).includes('deep_link')")
    second_page.open(page.evaluate("navigator.clipboard.readText()"))
    expect_moment(second_page, "recording_b", 7)
    expect_moment(second_page, "recording_a", 7, index=1)
    page.reload()  # not of the deep link
    page.expect_recordings("recording_a", index=1)
    page.expect_state("idle")
    assert second_page.page_errors == page.page_errors == []


def blueprint(page: ViewerPage) -> str:
    """The blueprint of the recording on screen, as JSON."""
    found: str = page.evaluate(
        """async () => {
            const { control } = document.querySelector("rerun-viewer").running.viewer;
            const command = { name: "get_blueprint", arguments: {}, request: "", target: [12, 2, 1] };
            const recording = { application_id: "app_b", recording_id: "recording_b" };
            return new TextDecoder().decode((await control.carryOut(command, [recording])).response);
        }"""
    )
    return found


def camera(page: ViewerPage) -> str | None:
    """From where the view is seen, as the viewer's blueprint has it; None as long as the user has not moved it."""
    found = re.search(r'"EyeControls3D":{[^}]*"position":[^}]*', blueprint(page))
    return found and found[0]


@pytest.mark.slow
@needs((0, 41))
def test_a_copied_link_has_the_camera_of_the_user(
    page: ViewerPage, second_page: ViewerPage, launch: Launch, recording_b: Path
) -> None:
    page.open(launch(gr.Interface(lambda: None, None, Rerun(recording_b, height=400, buttons=["link"]))))
    page.expect_recordings("recording_b")
    assert camera(page) is None
    assert "layout" not in copied_link(page)
    page.viewer().drag_to(page.viewer(), source_position={"x": 300, "y": 150}, target_position={"x": 400, "y": 190})
    seen_from = resting_camera(page)
    second_page.open(link_with_layout(page))
    wait_until(second_page, lambda: camera_if_open(second_page) == seen_from)


def panels(page: ViewerPage) -> dict[str, str]:
    """The states of the panels that the user has changed, as the viewer's blueprint has them."""
    return dict(re.findall(r'"/(\w+)_panel":{"\w+":{[^}]*"state":"(\w+)"', blueprint(page)))


@needs((0, 41))
def test_a_copied_link_has_the_panels_as_the_user_has_set_them(
    page: ViewerPage, second_page: ViewerPage, launch: Launch, recording_b: Path
) -> None:
    toggles = [f"ui.toggle_{name}_panel" for name in ("top", "selection", "blueprint")] + [
        "recording.toggle_time_panel"
    ]
    with gr.Blocks() as demo:
        viewer = Rerun(recording_b, height=500, buttons=["link"])
        for name in toggles:
            gr.Button(name).click(lambda name=name: commands.run_command(name), None, viewer)
    url = launch(demo)
    page.open(url).expect_recordings("recording_b")
    page.viewer().dispatch_event("pointerdown")  # the changes are the user's
    wait_until(page, lambda: "layout" not in copied_link(page))  # the layout without changes is known
    for name in toggles:
        page.click(name)
    wait_until(page, lambda: set(panels(page)) == {"top", "selection", "blueprint", "time"})
    second_page.open(url).expect_recordings("recording_b")
    assert panels(second_page) != panels(page)
    second_page.open(link_with_layout(page)).expect_recordings("recording_b")
    wait_until(second_page, lambda: panels(second_page) == panels(page))


def resting_camera(page: ViewerPage) -> str:
    """Where the camera is when it has come to rest."""
    deadline = time.monotonic() + 30
    before = None
    while True:
        now = camera(page)
        if now is not None and now == before:
            return now
        assert time.monotonic() < deadline
        before = now
        page.wait_for_timeout(300)


def camera_if_open(page: ViewerPage) -> str | None:
    return camera(page) if page.viewer().get_attribute("data-state") == "ready" else None
