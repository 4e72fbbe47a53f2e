"""Programs as users write them, after the patterns of public apps. Each test checks the result that the user expects."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from seen import (
    click_at,
    expect_color,
    expect_rows,
    number,
    pixels,
    rows,
    rows_of,
    wait_until,
)
from viewer_page import ViewerPage

Run = Callable[..., ViewerPage]


def test_components_that_a_function_returns_update_two_viewers_and_the_tab(run: Run) -> None:
    page = run("returned_component")
    page.expect_state("ready", recordings=1)
    page.click("Synchronize")
    expect(page.locator("#preview")).to_have_count(0)
    result = page.locator("#result")
    expect(result.locator("rerun-viewer")).to_have_attribute("data-state", "ready", timeout=60_000)
    assert page.opened()[-1] == "synchronized"
    box = result.bounding_box()
    assert box
    assert box["height"] == 300


def test_none_from_read_changes_nothing(run: Run) -> None:
    page = run("none_from_read")
    page.click("Run")
    expect(page.get_by_label("Status")).to_have_value("done", timeout=60_000)
    expect_rows(page, **{f"points__{step}": 1 for step in range(10)})
    page.expect_state("ready", recordings=1)
    page.click("Empty")
    page.expect_state("idle")


@pytest.mark.slow
def test_values_in_quick_succession_are_shown_while_they_arrive(run: Run) -> None:
    page = run("values_in_quick_succession")
    page.click("Run")
    page.wait_for_event("recording_open")
    assert page.get_by_label("Status").input_value() != "59"  # while it runs
    expect(page.get_by_label("Status")).to_have_value("59", timeout=60_000)
    page.expect_frame(59)
    page.expect_state("ready", recordings=1)
    assert page.live_memories() == 1  # one viewer throughout


@pytest.mark.slow
def test_a_viewer_of_full_height_fills_its_row_and_its_page(run: Run) -> None:
    page = run("full_height")
    for index, box in enumerate(("#split", "#filled")):
        page.expect_state("ready", recordings=1, index=index)
        outer, inner = page.locator(box).bounding_box(), page.viewer(index).bounding_box()
        assert outer
        assert inner
        assert inner["height"] > 0.75 * outer["height"], box
    split, filled = page.locator("#split").bounding_box(), page.locator("#filled").bounding_box()
    assert split
    assert filled
    assert split["height"] == 300
    assert filled["height"] >= 250


@pytest.mark.slow
def test_a_recording_of_the_same_id_is_shown_on_its_own_timeline(run: Run) -> None:
    page = run("same_id_other_timeline")
    for button, timeline in (("first", "steps"), ("second", "frames"), ("first", "steps")):
        page.click(button)
        expect(page.get_by_label("Now")).to_have_value(f"{timeline} sequence", timeout=60_000)
        state = page.evaluate("document.querySelector('rerun-viewer').currentTime.timeline")
        assert state == timeline


@pytest.mark.slow
def test_an_unreadable_second_half_of_a_file_is_reported(run: Run) -> None:
    page = run("second_half_unreadable")
    page.expect_frame(29)
    expect(page.viewer()).to_contain_text("incomplete", timeout=60_000)


def test_bytes_from_a_timer_become_one_growing_recording(run: Run) -> None:
    page = run("timer_returns_bytes")
    page.wait_for_time(5)
    page.expect_state("ready", recordings=1)
    page.click("Stop")
    page.click("Input")
    path = page.get_by_label("Path")
    expect(path).to_have_value(re.compile(r"\.rrd$"))
    recording = Path(path.input_value())
    wait_until(page, lambda: rows_of(recording)["/x"] == rows(page)["/x"] >= 6)
    assert len(list(recording.parent.glob("*.rrd"))) == 1


@pytest.mark.slow
def test_frames_of_a_webcam_become_one_growing_recording(run: Run) -> None:
    page = run("webcam_tracker")
    page.get_by_text("Click to Access Webcam").click()
    page.get_by_text("Record", exact=True).click()
    page.expect_state("ready", recordings=1)
    wait_until(page, lambda: rows(page)["/camera/brightest"] >= 4, every=300)
    assert len(set(page.opened())) == 1


@pytest.mark.slow
def test_a_chat_changes_the_viewer_beside_it(run: Run) -> None:
    page = run("chat_beside_viewer")
    for message, entity in (("show a ball", "/ball"), ("and a box", "/box")):
        page.forget_events()
        page.get_by_test_id("textbox").fill(message)
        page.keyboard.press("Enter")
        page.wait_for_event("recording_open")
        page.expect_state("ready", recordings=1)
        wait_until(page, lambda entity=entity: rows(page)[entity] == 1, every=300)
    expect(page.get_by_text("Here is shape 2.")).to_be_visible()


@pytest.mark.slow
def test_a_run_that_was_stopped_stays_and_another_one_can_start(run: Run, program: dict[str, Any]) -> None:
    page = run("stop_button")
    for runs in (1, 2):
        page.click("Start")
        page.expect_state("ready", recordings=runs)
        page.click("Stop")
        wait_until(page, lambda runs=runs: len(program["ended"]) == runs)
    page.expect_state("ready", recordings=2)


@pytest.mark.slow
def test_a_point_that_is_clicked_gets_the_color_of_its_label(run: Run) -> None:
    page = run("label_points")
    page.click("Load")
    expect_color(page, (120, 120, 120), least=3000)
    click_at(page)
    expect_color(page, (0, 200, 0), least=1000)
    page.click("Undo")
    wait_until(page, lambda: pixels(page, (0, 200, 0)) == 0, every=300)
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_viewer_in_a_closed_container_shows_its_recording_when_the_container_opens(run: Run) -> None:
    page = run("folded_away")
    page.click("Fill")
    page.get_by_role("button", name="Details").click()
    wait_until(page, lambda: "details" in page.opened())
    page.get_by_label("Toggle Sidebar").click()
    wait_until(page, lambda: sorted(page.opened()) == ["details", "sidebar"])
    page.get_by_role("button", name="Details").click()
    expect(page.viewer(1)).to_be_hidden()
    page.evaluate("window.seen.length = 0")
    page.click("Fill")
    wait_until(page, lambda: page.events("load", 1) or page.events("error", 1))
    page.get_by_role("button", name="Details").click()
    page.expect_state("ready", recordings=1, index=1)


@pytest.mark.slow
def test_a_session_downloads_its_recording_and_leaves_nothing_behind(run: Run, program: dict[str, Any]) -> None:
    page = run("session_files")
    for count in range(2):
        page.click("Generate")
        wait_until(page, lambda count=count: page.opened()[-1:] == [f"run_{count}"])
    with page.expect_download() as download:
        page.get_by_text("Download it").click()
    assert rows_of(Path(download.value.path()))["/points"] == 1
    assert download.value.suggested_filename == "run_1.rrd"
    page.goto("about:blank")
    wait_until(page, lambda: list(program["folder"].iterdir()) == [])


@pytest.mark.slow
def test_a_flagged_recording_is_kept(run: Run, program: dict[str, Any]) -> None:
    page = run("flagging")
    page.click("Submit")
    page.expect_recordings("flagged")
    page.click("Flag")
    kept = Path(program["folder"])
    wait_until(page, lambda: [rows_of(path) for path in kept.rglob("*.rrd")] != [])
    (line,) = (kept / "dataset1.csv").read_text().splitlines()[1:]
    assert ".rrd" in line


@pytest.mark.slow
def test_all_visitors_see_the_whole_recording_that_a_timer_returns(
    serve: Callable[[Path], str], page: ViewerPage, new_tab: Callable[[], Page]
) -> None:
    url = serve(Path(__file__).parent / "training_for_all.py")
    page.goto(url)
    page.log_in()
    page.wait_for_time(5)
    late = ViewerPage(new_tab()).open(url)
    late.wait_for_time(10)
    late.click("Clear")
    late.click("Finish")
    wait_until(late, lambda: number(late, "Last") > 0)
    steps = int(number(late, "Last"))
    for each in (late, page):
        each.bring_to_front()
        expect_rows(each, loss=steps)
        each.expect_state("ready", recordings=1)
    late.close()


@pytest.mark.slow
def test_the_first_time_of_data_that_arrives_at_once_is_known_and_converted(run: Run) -> None:
    page = run("start_times")
    page.click("Load")
    for label in ("Ego", "Exo"):
        expect(page.get_by_role("spinbutton", name=label, exact=True)).to_have_value("2.9", timeout=60_000)
