"""docs/recipes.md: each program does what the page says. (Those without a page in the browser: tests/unit/test_docs.py.)"""

from __future__ import annotations

import pickle
import random
import re
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from recordings import write_recording
from seen import (
    expect_color,
    expect_computed,
    expect_play_button,
    expect_rows,
    pixels,
    rows_of,
    step,
    time_of,
    wait_until,
)
from videos import write_av1
from viewer_page import ViewerPage

pytestmark = pytest.mark.slow

Run = Callable[[str], ViewerPage]
RECIPES = Path(__file__).parents[2] / "docs" / "recipes.md"


def code_of(heading: str, language: str = "python") -> str:
    section = RECIPES.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, flags=re.DOTALL)[0]


@pytest.fixture
def serve_recipe(serve: Callable[[Path], str], tmp_path: Path) -> Callable[[str], str]:
    def serve_recipe(heading: str) -> str:
        path = tmp_path / "recipe.py"
        path.write_text(code_of(heading))
        return serve(path)

    return serve_recipe


@pytest.fixture
def run(page: ViewerPage, serve_recipe: Callable[[str], str]) -> Run:
    return lambda heading: page.open(serve_recipe(heading))


def set_slider(page: ViewerPage, label: str, value: int) -> None:
    # Not by its number field: typed text is lost if the slider follows the viewer before Enter is pressed.
    page.get_by_label(f"range slider for {label}").fill(str(value))


def test_linked_viewers_play_and_rest_together(run: Run) -> None:
    page = run("Linked viewers")
    for index in (0, 1):
        expect_computed(page, index)
    wait_until(page, lambda: time_of(page, 0) == time_of(page, 1) == 99)  # both have played to the end
    rng = random.Random(0)
    sliders = page.get_by_role("slider", name="Time cursor")
    steps = page.get_by_role("button", name=re.compile("^(Previous|Next) time"))
    plays = page.get_by_role("button", name=re.compile("^(Play|Pause) recording"))
    for _ in range(500):  # the user's actions, in any of the two
        index, kind = rng.randrange(2), rng.randrange(10)
        if kind == 0:
            plays.nth(index).click()
        elif kind < 3:
            steps.nth(2 * index + rng.randrange(2)).click()
        else:
            sliders.nth(index).fill(str(rng.randrange(99)))
    steps.nth(
        2 * index
    ).click()  # the last action may have been a click on Play, which takes effect with the viewer's next frame
    is_paused = page.get_by_role("button", name="Play recording")
    wait_until(page, lambda: is_paused.count() == 2 and time_of(page, 0) == time_of(page, 1))
    slider = sliders.nth(index)
    wanted = rng.randrange(99)
    slider.fill(str(wanted))
    wait_until(page, lambda: time_of(page, 0) == time_of(page, 1) == wanted)
    page.get_by_role("button", name="Play recording").nth(1).click()
    wait_until(page, lambda: time_of(page, 0) == time_of(page, 1) == 99)


def test_a_long_log_is_shown_while_it_is_read(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rerun.chunk")
    write_recording(tmp_path / "run.rrd", "run", frames=40, points=50_000)
    monkeypatch.chdir(tmp_path)
    page = run("A log that is shown while it is read")
    page.click("Show")
    expect_rows(page, points=40)
    page.expect_state("ready", recordings=1)


def test_two_viewers_stay_in_step_and_come_to_rest(run: Run, program: dict[str, Any]) -> None:
    page = run("Two viewers in step")
    for index in (0, 1):
        expect_computed(page, index)
    wait_until(page, lambda: time_of(page, 0) == time_of(page, 1) == 0)
    step(page, 0)
    wait_until(page, lambda: time_of(page, 1) == 1)
    step(page, 1)
    wait_until(page, lambda: time_of(page, 0) == 2)
    for index in (0, 1):  # the second step may be made before or after the first one's time has arrived
        step(page, index)
    wait_until(page, lambda: time_of(page, 0) == time_of(page, 1) in (3, 4))
    assert len(page.events("time_update")) <= 2 * 6  # two for each step, and those of the start: no echo


def test_a_slider_moves_the_time_and_follows_it(run: Run) -> None:
    page = run("A slider for the time")
    page.expect_state("ready", recordings=1)
    slider = page.get_by_label("number input for Frame")
    wait_until(page, lambda: slider.input_value() == "99")  # it has played to the end
    set_slider(page, "Frame", 50)
    wait_until(page, lambda: time_of(page) == 50)


def test_a_new_episode_replaces_one_that_still_streams(run: Run) -> None:
    page = run("Episodes in a dropdown, streamed")
    page.expect_recordings("episode_0")
    for episode in (3, 0):
        page.get_by_label("Episode").click()
        page.get_by_role("option", name=str(episode), exact=True).click()
        wait_until(page, lambda wanted=f"episode_{episode}": page.opened()[-1] == wanted)
        page.expect_state("ready", recordings=1)


def test_a_script_with_rr_init_becomes_an_app(run: Run) -> None:
    page = run("A script with rr.init becomes an app".replace("rr.init", "`rr.init`"))
    page.click("Walk")
    expect_rows(page, walker=50)
    page.click("Again")
    wait_until(page, lambda: page.opened()[-1] == "again")
    page.expect_state("ready", recordings=2)
    expect_rows(page, walker=50)


def test_values_of_a_zero_gpu_function_can_travel_between_processes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def gpu(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def generate(*values: Any) -> Any:
            for value in function(*pickle.loads(pickle.dumps(values))):
                yield pickle.loads(pickle.dumps(value))

        return generate

    spaces = ModuleType("spaces")
    spaces.GPU = gpu  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "spaces", spaces)
    page = run("ZeroGPU")
    page.click("Reconstruct")
    expect_rows(page, points=10)


def test_cached_examples_are_shown_on_a_click(run: Run) -> None:
    page = run("Cached examples")
    for size in (60, 90):
        page.forget_events()
        page.get_by_text(str(size), exact=True).click()
        page.wait_for_event("load")
        assert [each["application_id"] for each in page.events("recording_open")] == [f"depth_{size}"]


def test_the_app_is_called_from_python(
    serve_recipe: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve_recipe("Calling the app from Python")
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        write_recording(tmp_path / f"{name}.rrd", name, frames=3)
    names: dict[str, Any] = {}
    exec(code_of("Calling the app from Python", "py").replace("http://127.0.0.1:7860", url), names)
    assert [rows_of(Path(path))["/points"] for path in names["paths"]] == [3, 3]


def test_a_plot_keeps_to_its_window_while_it_grows(run: Run) -> None:
    page = run("A growing plot with a sliding window")
    page.click("Measure")
    expect_rows(page, start=21, signal=101)  # one of each is the static style of its line
    expect_color(page, (0, 160, 0))
    wait_until(page, lambda: pixels(page, (255, 0, 0)) == 0, every=300)


def test_a_video_that_plays_nowhere_is_refused_in_words_and_another_is_seen(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.mp4", tmp_path / "bad.mp4"
    data = write_av1(good, [np.full((64, 64, 3), (0, 160, 0), np.uint8)] * 5, 10).read_bytes()
    codec = data.index(b"av01", data.index(b"stsd"))
    bad.write_bytes(data[:codec] + b"mp4v" + data[codec + 4 :])
    page = run("Videos that do not play")
    chooser = page.locator("input[type=file]").first
    chooser.set_input_files(bad)
    expect(page.get_by_test_id("toast-body")).to_contain_text('Video track uses unsupported codec "mp4v"')
    page.get_by_role("button", name="Clear").first.click()
    chooser.set_input_files(good)
    page.expect_state("ready", recordings=1)
    expect_color(page, (0, 160, 0))


def test_a_narrow_viewer_has_a_play_button_with_an_expanded_time_panel(run: Run) -> None:
    page = run("Narrow viewers")
    page.expect_state("ready", recordings=1)
    box = page.viewer().bounding_box()
    assert box
    assert box["width"] < 630
    expect_play_button(page)


def test_a_viewer_stays_paused_when_the_annotator_has_rewritten_its_file(run: Run) -> None:
    page = run("An annotator that writes its file anew")
    page.expect_state("ready", recordings=1)
    page.click("Go to 30")
    expect(page.get_by_label("Frame")).to_have_value("30")
    page.forget_events()
    page.click("Mark")
    page.wait_for_event("recording_open")
    expect_rows(page, mark=1)
    wait_until(page, lambda: time_of(page) == 30)
    assert {int(each["time"]) for each in page.events("time_update")} <= {30}
