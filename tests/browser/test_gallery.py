"""The gallery: each app is used as a visitor would."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from needs import needs
from playwright.sync_api import expect
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


def click_into_picture(page: ViewerPage) -> None:
    """On what the left one of two views shows."""
    box = page.viewer().bounding_box()
    assert box
    at = box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.4
    page.page.mouse.move(at[0] - 10, at[1])
    page.page.mouse.move(*at)
    page.page.mouse.click(*at, delay=100)


def test_segmentation_of_the_picture_ends_with_its_last_round(page: ViewerPage, launch: Launch) -> None:
    page.open(launch(load("segmentation").demo)).click("Submit")
    page.expect_state("ready", recordings=1)
    assert {event["application_id"] for event in page.events("recording_open")} == {"segmentation"}
    page.wait_for_time(19)


@needs((0, 31))
def test_the_robot_arm_follows_a_slider(page: ViewerPage, launch: Launch) -> None:
    page.open(launch(load("robot_arm").demo))
    page.expect_state("ready", recordings=1)
    page.page.get_by_role("slider", name="elbow").press("ArrowRight")
    page.wait_for_time(1)
    page.expect_state("ready", recordings=1)
    assert {event["application_id"] for event in page.events("recording_open")} == {"robot_arm"}


def test_a_click_into_an_episode_is_drawn_and_listed_and_another_episode_replaces_it(
    page: ViewerPage, launch: Launch
) -> None:
    page.open(launch(load("episodes").demo)).expect_recordings("episode_0")
    page.wait_for_time(59)
    click_into_picture(page)
    cells = page.page.get_by_role("gridcell")
    expect(cells.get_by_text("episode_0")).to_be_visible()
    expect(cells.get_by_text("59", exact=True)).to_be_visible()
    page.page.wait_for_function("() => document.querySelector('rerun-viewer').recordings.length === 2")
    page.forget_events()
    page.page.get_by_label("Episode").click()
    page.page.get_by_role("option", name="episode_2").click()
    page.wait_for_event("recording_open")
    page.expect_recordings("episode_2")


def test_the_simulation_is_shown_while_it_runs_and_stops_when_told(page: ViewerPage, launch: Launch) -> None:
    page.open(launch(load("simulation").demo)).click("Start")
    page.wait_for_time(1e9)
    page.click("Stop")
    page.expect_state("ready", recordings=1)
    shown = page.viewer().evaluate("viewer => viewer.recordings[0].marks")
    page.page.wait_for_timeout(500)
    assert page.viewer().evaluate("viewer => viewer.recordings[0].marks") == shown


@pytest.mark.parametrize("name", ["segmentation", "robot_arm", "episodes", "simulation"])
def test_an_app_is_one_file_of_less_than_60_lines(name: str) -> None:
    assert len((GALLERY / f"{name}.py").read_text().splitlines()) < 60
