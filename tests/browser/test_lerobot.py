"""The page on which `gradio-rerun` shows a LeRobot dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lerobot_datasets import CAMERAS, lerobot_v3
from needs import EXACT_TIMES, needs
from playwright.sync_api import expect
from viewer_page import ViewerPage

from gradio_rerun._episode_browser import episode_browser

Launch = Callable[..., str]


@needs(EXACT_TIMES)
def test_the_first_episode_opens_then_the_next_one_then_one_that_was_searched(
    page: ViewerPage, launch: Launch, tmp_path: Path
) -> None:
    dataset = lerobot_v3(tmp_path / "dataset", episodes=12, frames=8, cameras=CAMERAS)
    page.open(launch(episode_browser(dataset))).expect_recordings("episode_0")
    page.expect_frame(7)
    expect(page.block()).to_contain_text("Episode 0, pick the cube")
    memories = page.live_memories()

    page.click("Next")
    expect(page.block()).to_contain_text("Episode 1, open the drawer")
    expect_episode(page, 1)

    page.get_by_placeholder("Search").fill("11")
    page.get_by_role("gridcell").get_by_text("open the drawer", exact=True).click()
    expect_episode(page, 11)
    page.click("Previous")
    expect_episode(page, 10)
    assert page.live_memories() == memories  # always the same viewer


def expect_episode(page: ViewerPage, number: int) -> None:
    """The viewer has this episode on screen, on its timeline."""
    page.wait_for_function(
        """id => {
          const { currentTime } = document.querySelector("rerun-viewer");
          return currentTime?.recording_id === id && currentTime.timeline === "frame_index";
        }""",
        arg=f"episode_{number}",
        timeout=60_000,
    )
    page.expect_state("ready", recordings=1)
