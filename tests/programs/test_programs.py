"""Programs as users write them, after the patterns of public apps. Each test checks the result that the user expects."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from seen import (
    click_at,
    expect_color,
    expect_computed,
    expect_rows,
    number,
    rows,
    step,
    time_of,
    wait_until,
)
from viewer_page import ViewerPage

from gradio_rerun.errors import PlacementError

Run = Callable[..., ViewerPage]


@pytest.mark.slow
def test_each_step_of_a_blur_is_shown(run: Run) -> None:
    page = run("repeated_blur")
    page.click("Repeated Blur")
    page.expect_frame(29)
    page.expect_state("ready", recordings=1)
    expect_rows(page, image__original=1, image__blurred=30)
    expect_color(page, (250, 120, 20))


@pytest.mark.slow
def test_a_saved_file_is_shown_and_an_example_is_computed_once(run: Run, program: dict[str, Any]) -> None:
    page = run("init_and_save")
    page.click("Run")
    page.expect_state("ready", recordings=1)
    expect_color(page, (40, 220, 60))
    for points in (300, 200, 300):
        page.forget_events()
        page.get_by_text(str(points), exact=True).click()
        page.wait_for_event("load")
        assert [each["application_id"] for each in page.events("recording_open")] == [f"reconstruction_{points}"]
    assert sorted(program["calls"]) == [200, 300, 500]


@pytest.mark.slow
def test_the_episode_that_a_dropdown_names_is_streamed(run: Run) -> None:
    page = run("episodes")
    page.get_by_label("Dataset").click()
    page.get_by_role("option", name="aloha").click()
    expect_rows(page, camera=20, action__0=20)
    expect_color(page, (60, 60, 60))
    page.get_by_label("Episode").click()
    page.get_by_role("option", name="3").click()
    expect_color(page, (180, 180, 180))


@pytest.mark.slow
def test_an_app_that_is_mounted_in_fastapi_streams_from_a_worker_thread(run: Run) -> None:
    page = run("mounted_in_fastapi")
    page.click("Read")
    page.expect_state("ready", recordings=1)
    expect_rows(page, Image__line=8)


@pytest.mark.slow
def test_a_click_into_the_picture_shows_a_point_there(run: Run) -> None:
    page = run("keypoints")
    page.expect_state("ready", recordings=1)
    expect_color(page, (60, 60, 60), least=10_000)
    click_at(page)
    expect_color(page, (0, 255, 0))
    page.get_by_label("exclude").check()
    click_at(page, 0.3)
    expect_color(page, (255, 0, 0))
    page.expect_state("ready", recordings=1)


def test_an_interface_shows_an_uploaded_mesh_and_clears(run: Run, tmp_path: Path) -> None:
    mesh = tmp_path / "mesh.obj"
    mesh.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    page = run("one_liner")
    page.locator("input[type=file]").first.set_input_files(mesh)
    expect(page.get_by_text("mesh")).to_have_count(2)
    page.click("Submit")
    page.expect_state("ready", recordings=1)
    assert any("mesh" in path for path in rows(page))
    page.get_by_role("button", name="Clear").last.click()
    page.expect_state("idle")


@pytest.mark.slow
def test_a_running_robot_is_shown_without_a_click(run: Run, program: dict[str, Any]) -> None:
    page = run("live_robot")
    page.expect_state("ready", recordings=1)
    wait_until(page, lambda: number(page, "Time") > 10)
    expect(page.get_by_label("Timeline")).to_have_value("step")
    program["stop"].set()


@pytest.mark.slow
def test_two_linked_viewers_come_to_rest(run: Run) -> None:
    page = run("linked_viewers")
    for index in (0, 1):
        expect_computed(page, index)
    for index in (0, 1):  # the second step may be made before or after the first one's time has arrived
        step(page, index)
    wait_until(page, lambda: time_of(page, 0) == time_of(page, 1) in (1, 2))
    step(page, 0)
    wait_until(page, lambda: time_of(page, 0) == time_of(page, 1) in (2, 3))
    assert number(page, "Calls") <= 8  # two for each step, and two of the start: no echo


@pytest.mark.slow
def test_each_of_two_narrow_viewers_has_a_play_button(run: Run) -> None:
    page = run("narrow_viewer")
    for index in (0, 1):
        page.expect_state("ready", recordings=1, index=index)
        box = page.viewer(index).bounding_box()
        assert box
        assert box["width"] < 630
    # One may have played to its end already.
    expect(page.get_by_role("button", name=re.compile("^(Play|Pause) recording$"))).to_have_count(2)


@pytest.mark.slow
def test_each_run_that_is_checked_has_a_viewer_of_its_own(run: Run) -> None:
    page = run("one_viewer_per_run")
    page.expect_recordings("first_2")
    page.forget_events()
    page.get_by_label("second").check()
    for index, name in ((1, "second_2"), (0, "first_2")):  # the first one is mounted anew beside the second
        wait_until(page, lambda index=index, name=name: page.opened(index)[-1:] == [name])
        page.expect_state("ready", recordings=1, index=index)
    page.forget_events()
    page.click("More of second")
    wait_until(page, lambda: page.opened(1) == ["second_9"])
    expect(page.get_by_text("second, all", exact=True)).to_be_visible()
    assert page.opened(0) == []  # the first one stays as it is


def test_each_user_sees_their_own_recording_behind_a_login(run: Run) -> None:
    page = run("login")
    page.get_by_label("username").fill("ada")
    page.get_by_label("password").fill("password")
    page.click("Login")
    page.expect_recordings("of_ada")
    expect(page.get_by_text("Recordings of ada", exact=True)).to_be_visible()


@pytest.mark.slow
def test_each_page_of_an_app_shows_its_own_recording(run: Run) -> None:
    page = run("pages")
    expect(page.get_by_label("Status")).to_have_value("home is open", timeout=60_000)
    page.get_by_role("link", name="Second").click()
    page.wait_for_url("**/second*")
    page.click("Show")
    expect(page.get_by_label("Status")).to_have_value("second is open", timeout=60_000)


@pytest.mark.slow
def test_the_newest_file_of_a_folder_is_shown_as_soon_as_it_is_written(run: Run, program: dict[str, Any]) -> None:
    page = run("newest_run")
    page.expect_recordings("monday")
    program["write_run"]("tuesday")
    wait_until(page, lambda: page.opened()[-1] == "tuesday")
    page.expect_state("ready", recordings=1)
    assert page.opened() == ["monday", "tuesday"]


@pytest.mark.slow
def test_a_robot_is_shown_by_the_path_of_its_description(run: Run) -> None:
    page = run("urdf")
    page.expect_state("ready", recordings=1)
    expect_color(page, (200, 30, 30), near=60)
    page.forget_events()
    page.click("Move")
    page.wait_for_event("recording_open")
    expect_rows(page, height=1)
    expect_color(page, (200, 30, 30), near=60)


@pytest.mark.slow
def test_a_cached_example_of_a_streaming_generator_holds_all_its_frames(run: Run) -> None:
    page = run("cached_stream")
    page.get_by_text("40", exact=True).click()
    expect_rows(page, depth=10)
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_changed_setting_writes_the_mesh_again(run: Run) -> None:
    page = run("mesh_with_settings")
    page.click("Reconstruct")
    page.expect_state("ready", recordings=1)
    page.forget_events()
    number = page.get_by_label("number input for Confidence")
    number.fill("50")
    number.press("Enter")
    expect(page.get_by_label("Log")).to_have_value("50 points")
    page.wait_for_event("recording_open")
    page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_viewer_in_a_chat_message_is_an_error_that_says_where_to_put_it(serve: Callable[[Path], str]) -> None:
    with pytest.raises(PlacementError, match="Put the viewer beside the chat"):
        serve(Path(__file__).parent / "viewer_in_chat.py")
