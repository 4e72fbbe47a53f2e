"""The gallery: each app is used as a visitor would."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from needs import needs
from PIL import Image
from playwright.sync_api import Browser, expect
from seen import click_at, expect_color, wait_until
from viewer_page import ViewerPage

Launch = Callable[..., str]
GALLERY = Path(__file__).parents[2] / "demo" / "gallery"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, GALLERY / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def click_row(page: ViewerPage, name: str) -> None:
    page.get_by_role("gridcell").get_by_text(name, exact=True).first.click()


def click_on_path(page: ViewerPage) -> None:
    """On what the catalog's recordings draw in blue, when the camera has come to rest."""
    before, places = np.empty(0), np.empty(0)
    for _ in range(50):
        picture = np.array(Image.open(io.BytesIO(page.viewer().screenshot())).convert("RGB"), dtype=int)
        before, places = places, np.argwhere(np.abs(picture - [60, 130, 220]).max(axis=2) < 8)
        if len(places) and np.array_equal(before, places):
            break
    down, across = places[len(places) // 2] / picture.shape[:2]
    click_at(page, across, down)


@pytest.mark.slow
def test_segmentation_of_the_picture_ends_with_its_last_round(page: ViewerPage, launch: Launch) -> None:
    page.open(launch(load("segmentation").demo)).click("Submit")
    page.expect_state("ready", recordings=1)
    assert {event["application_id"] for event in page.events("recording_open")} == {"segmentation"}
    page.wait_for_time(19)


@pytest.mark.slow
@needs((0, 31))
def test_the_robot_arm_follows_a_slider(page: ViewerPage, launch: Launch) -> None:
    page.open(launch(load("robot_arm").demo))
    page.expect_state("ready", recordings=1)
    page.get_by_role("slider", name="elbow").press("ArrowRight")
    page.wait_for_time(1)
    page.expect_state("ready", recordings=1)
    assert {event["application_id"] for event in page.events("recording_open")} == {"robot_arm"}


@pytest.mark.slow
def test_a_click_into_an_episode_is_drawn_and_listed_and_another_episode_replaces_it(
    page: ViewerPage, launch: Launch
) -> None:
    page.open(launch(load("episodes").demo)).expect_recordings("episode_0")
    page.wait_for_time(59)
    click_at(page, 0.25, 0.4)  # into what the left one of two views shows
    cells = page.get_by_role("gridcell")
    expect(cells.get_by_text("episode_0")).to_be_visible()
    expect(cells.get_by_text("59", exact=True)).to_be_visible()
    page.wait_for_function("() => document.querySelector('rerun-viewer').recordings.length === 2")
    page.forget_events()
    page.get_by_label("Episode").click()
    page.get_by_role("option", name="episode_2").click()
    page.wait_for_event("recording_open")
    page.expect_recordings("episode_2")


@pytest.mark.slow
@needs((0, 39))
def test_the_table_and_the_buttons_open_an_episode_of_a_lerobot_dataset(page: ViewerPage, launch: Launch) -> None:
    page.open(launch(load("lerobot_episodes").demo)).expect_recordings("episode_0")
    page.wait_for_time(39)
    page.forget_events()
    click_row(page, "3")
    page.wait_for_event("recording_open")
    page.expect_recordings("episode_3")
    page.wait_for_time(39)
    for button, episode in (("Next", "episode_4"), ("Previous", "episode_3")):
        page.forget_events()
        page.click(button)
        page.wait_for_event("recording_open")
        page.expect_recordings(episode)
    expect(page.get_by_role("gridcell").get_by_text("yes", exact=True)).to_have_count(6)


@pytest.mark.slow
def test_keys_and_buttons_drive_the_robot_which_stops_when_a_key_is_released(page: ViewerPage, launch: Launch) -> None:
    app = load("drive_robot")
    page.open(launch(app.demo)).expect_state("ready", recordings=1)
    page.get_by_role("button", name="▶").click()
    wait_until(page, lambda: app.robot.place[0] > 0)
    expect_color(page, (255, 170, 0))
    click_at(page, 0.5, 0.7)
    page.keyboard.down("w")
    wait_until(page, lambda: app.robot.place[1] <= -3)  # for longer than the robot drives by itself
    page.keyboard.up("w")
    wait_until(page, lambda: app.robot.moves == ())


@pytest.mark.slow
def test_a_visitor_with_a_phone_logs_in_and_drives_the_robot_by_its_buttons(browser: Browser, launch: Launch) -> None:
    app = load("drive_robot")
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = ViewerPage(context.new_page())
    page.open(launch(app.demo, auth=("user", "password")))
    page.log_in()
    page.expect_state("ready", recordings=1)
    page.get_by_role("button", name="▶").tap()
    wait_until(page, lambda: app.robot.place[0] > 0)
    expect_color(page, (255, 170, 0), least=20)
    page.get_by_role("button", name="▲").tap()
    wait_until(page, lambda: app.robot.place[1] < 0)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    context.close()


@pytest.mark.slow
def test_the_simulation_is_shown_while_it_runs_and_stops_on_a_click(page: ViewerPage, launch: Launch) -> None:
    page.open(launch(load("simulation").demo)).click("Start")
    page.wait_for_time(1e9)
    page.click("Stop")
    page.expect_state("ready", recordings=1)
    # What was on its way still comes; that it goes on would be 30 marks a second.
    page.wait_for_function("""() => {
      const { length } = document.querySelector("rerun-viewer").recordings[0].marks;
      if (length !== window.marks?.length) window.marks = { length, since: performance.now() };
      return performance.now() - window.marks.since > 1000;
    }""")


@pytest.mark.slow
@needs((0, 31))
def test_a_click_into_the_catalog_opens_a_recording_and_a_click_into_that_is_listed(
    page: ViewerPage, launch: Launch
) -> None:
    pytest.importorskip("datafusion")
    app = load("catalog")
    page.open(launch(app.demo)).expect_state("ready", recordings=0)
    click_row(page, "spirals_2")
    page.expect_recordings("spirals_2")
    click_on_path(page)
    expect(page.get_by_role("gridcell").get_by_text("/path", exact=True)).to_be_visible()
    page.get_by_label("Dataset").click()
    page.get_by_role("option", name="circles").click()
    page.forget_events()
    click_row(page, "circles_3")
    page.wait_for_event("recording_open")
    page.expect_recordings("circles_3")
    page.goto("about:blank")  # the server waits for all who watch it
    app.server.shutdown()


@pytest.mark.parametrize("name", [path.stem for path in sorted(GALLERY.glob("*.py"))])
def test_an_app_is_one_file_of_less_than_60_lines(name: str) -> None:
    assert len((GALLERY / f"{name}.py").read_text().splitlines()) < 60
