"""The demo: its three examples, and recordings of the visitor's own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from needs import needs
from PIL import Image
from playwright.sync_api import expect
from recordings import write_recording
from seen import click_at, expect_color, wait_until
from viewer_page import ViewerPage

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    "RRT*": "rrt_star_example",
    "RGB-D": "rgbd_example",
    "Structure from motion": "structure_from_motion_example",
}


def load(path: Path) -> ModuleType:
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # it imports the file next to it
    spec = importlib.util.spec_from_file_location("demo_app", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def app() -> ModuleType:
    return load(ROOT / "demo" / "app.py")


@pytest.fixture(scope="session")
def examples(app: ModuleType, pytestconfig: pytest.Config) -> dict[str, Path]:
    """The real ones. Logging them takes a minute, so they are kept from run to run until a script changes."""
    assert pytestconfig.cache
    recordings: dict[str, Path] = app.log_examples(Path(pytestconfig.cache.mkdir("demo_recordings")))
    return recordings


@pytest.fixture
def demo_page(page: ViewerPage, launch: Callable[..., str], app: ModuleType, examples: dict[str, Path]) -> ViewerPage:
    folder = next(iter(examples.values())).parent
    return page.open(launch(app.build(examples), allowed_paths=[str(folder)]))


def upload(page: ViewerPage, *paths: Path) -> None:
    page.viewer().locator("input[type=file]").set_input_files(paths)


@pytest.fixture
def space(tmp_path: Path, examples: dict[str, Path]) -> Path:
    """The folder that demo/README.md tells to publish, after its first start."""
    folder = tmp_path / "space"
    folder.mkdir()
    for name in ("app.py", "simulated.py", "requirements.txt", "README.md"):
        shutil.copy(ROOT / "demo" / name, folder)
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / "recordings").mkdir()
    for recording in examples.values():
        shutil.copyfile(recording, folder / "recordings" / recording.name)
    return folder


@pytest.fixture
def started_space(space: Path, free_port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_port}"
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(free_port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    # In another folder, which is not what Gradio serves files from.
    elsewhere = space.parent / "elsewhere"
    elsewhere.mkdir()
    with (elsewhere / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, space / "app.py"], cwd=elsewhere, env=environment, stdout=log)
    try:
        deadline = time.monotonic() + 60
        while not _answers(url):
            assert process.poll() is None, (elsewhere / "log").read_text()
            assert time.monotonic() < deadline, "the demo does not start"
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=5).status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False


@pytest.mark.slow
def test_a_space_starts_by_one_command_and_shows_its_examples(page: ViewerPage, started_space: str) -> None:
    page.open(started_space)
    page.get_by_role("tab", name="Examples").click()
    page.get_by_text("RRT*").filter(visible=True).click()
    page.expect_state("ready", recordings=1, index=1)
    assert [event["application_id"] for event in page.events("recording_open", 1)] == ["rrt_star_example"]


@pytest.mark.slow
def test_each_example_opens_on_click_and_replaces_the_one_before(demo_page: ViewerPage) -> None:
    demo_page.expect_state("ready", recordings=1)
    demo_page.get_by_role("tab", name="Examples").click()
    for words, application_id in EXAMPLES.items():
        demo_page.forget_events()
        demo_page.get_by_text(words).filter(visible=True).click()
        demo_page.wait_for_event("load")
        demo_page.expect_state("ready", recordings=1, index=1)  # the first is that of the other tab
        assert [event["application_id"] for event in demo_page.events("recording_open")] == [application_id]
    assert demo_page.page_errors == []


@pytest.mark.slow
def test_uploads_replace_the_example_and_an_image_is_converted(
    demo_page: ViewerPage, recording_a: Path, recording_b: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (64, 48), "orange").save(tmp_path / "sunset.png")
    demo_page.expect_state("ready", recordings=1)
    upload(demo_page, recording_a, recording_b)
    expect(demo_page.viewer()).to_have_attribute("data-recordings", "2", timeout=60_000)
    demo_page.expect_recordings("recording_a", "recording_b")
    demo_page.forget_events()
    upload(demo_page, tmp_path / "sunset.png")
    demo_page.wait_for_event("recording_open")
    demo_page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_a_url_opens_on_run_and_on_enter_and_a_wrong_one_keeps_the_recording(
    demo_page: ViewerPage, other_server: tuple[str, Path], tmp_path: Path
) -> None:
    server, folder = other_server
    url = demo_page.get_by_label("URL")
    demo_page.expect_state("ready", recordings=1)
    demo_page.click("Open")
    expect(demo_page.get_by_text("Nothing to open: give a URL")).to_be_visible()
    for path in (str(tmp_path), (tmp_path / "run.rrd").as_uri()):  # of the server
        url.fill(path)
        demo_page.click("Open")
        expect(demo_page.get_by_text(f"{path} is not a URL")).to_be_visible()
        demo_page.expect_state("ready", recordings=1)
    assert len(demo_page.opened()) == 1
    for name in ("clicked", "entered"):
        write_recording(folder / f"{name}.rrd", name)
        url.fill(f" {server}/{name}.rrd ")
        demo_page.click("Open") if name == "clicked" else url.press("Enter")
        wait_until(demo_page, lambda name=name: demo_page.opened()[-1:] == [name])
        demo_page.expect_state("ready", recordings=1)


@pytest.mark.slow
def test_each_example_is_logged_once_and_again_when_its_script_is_newer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = load(ROOT / "demo" / "app.py")
    app.SCRIPTS = tmp_path
    for name in app.EXAMPLES.values():
        (tmp_path / f"{name}.py").write_text("import sys; open(sys.argv[2], 'w').close(); print(sys.argv[2])")
    expected = {title: tmp_path / "to" / f"{name}.rrd" for title, name in app.EXAMPLES.items()}
    assert app.log_examples(tmp_path / "to") == expected
    assert all(path.is_file() for path in expected.values())
    said = capfd.readouterr().out.splitlines()
    assert said == [f"Logging example {n} of 3: {path.name}" for n, path in enumerate(expected.values(), start=1)]

    os.utime(tmp_path / "rgbd.py", (time.time() + 60, time.time() + 60))
    assert app.log_examples(tmp_path / "to") == expected
    assert capfd.readouterr().out.splitlines() == ["Logging example 2 of 3: rgbd.rrd"]


@pytest.mark.slow
def test_the_streaming_tab_blurs_a_picture_step_by_step(demo_page: ViewerPage) -> None:
    demo_page.get_by_role("tab", name="Streaming").click()
    demo_page.click("Blur")
    demo_page.expect_state("ready", recordings=1, index=1)
    demo_page.expect_frame(99, index=1)
    demo_page.click("Clear")
    demo_page.expect_state("idle", index=1)


@pytest.mark.slow
def test_the_episodes_tab_shows_one_after_the_other(demo_page: ViewerPage) -> None:
    demo_page.get_by_role("tab", name="Episodes").click()
    opened = "id => window.seen.some(({ detail }) => detail?.type === 'recording_open' && detail.recording_id === id)"
    demo_page.wait_for_function(opened, arg="episode_0")
    demo_page.click("Next episode")
    demo_page.wait_for_function(opened, arg="episode_1")
    expect(demo_page.get_by_label("range slider for Episode")).to_have_value("1")


@pytest.mark.slow
def test_the_live_tab_shows_what_the_robot_logs_now(
    page: ViewerPage, launch: Callable[..., str], app: ModuleType, recording_a: Path, free_port: int
) -> None:
    page.open(launch(app.build({"example": recording_a}, app.start_robot(free_port))))
    page.get_by_role("tab", name="Live robot").click()
    page.expect_state("ready", recordings=1, index=1)
    now = "() => Number(document.querySelectorAll('rerun-viewer')[1].currentTime?.time ?? 0)"
    before = page.evaluate(now)
    page.wait_until(f"() => ({now})() > {before}")


def expect_in_step(page: ViewerPage, left: int, right: int, *, least: int) -> None:
    """Both viewers come to stand at the same frame, which is `least` or a later one."""
    page.wait_for_function(
        """([left, right, least]) => {
          const [a, b] = [left, right].map((index) => document.querySelectorAll("rerun-viewer")[index].currentTime?.time);
          return a !== undefined && a === b && a >= least;
        }""",
        arg=[left, right, least],
        timeout=90_000,
    )


@pytest.mark.slow
def test_the_events_tab_marks_clicked_points_and_says_the_time(demo_page: ViewerPage) -> None:
    demo_page.get_by_role("tab", name="Events").click()
    demo_page.expect_state("ready", recordings=1, index=1)
    expect(demo_page.get_by_label("Time", exact=True)).to_have_value("frame 0")
    click_at(demo_page, index=1)
    expect_color(demo_page, (255, 60, 90), least=10, index=1)
    expect(demo_page.get_by_label("Selection", exact=True)).to_have_value("/film")


@pytest.mark.slow
def test_a_command_to_one_of_the_linked_viewers_moves_both(demo_page: ViewerPage) -> None:
    demo_page.get_by_role("tab", name="Linked viewers").click()
    left, right = 1, 2
    for index in (left, right):
        demo_page.expect_state("ready", recordings=1, index=index)
    expect_in_step(demo_page, left, right, least=0)
    demo_page.get_by_label("range slider for Frame").fill("30")
    for index in (left, right):
        demo_page.expect_frame(30, index)


@pytest.mark.slow
@needs((0, 41))
def test_the_commands_tab_seeks_lists_the_entities_and_takes_a_picture(demo_page: ViewerPage) -> None:
    demo_page.get_by_role("tab", name="Commands").click()
    demo_page.expect_state("ready", recordings=1, index=1)
    demo_page.click("Go to the middle")
    demo_page.expect_frame(30, 1)
    demo_page.click("List the entities")
    expect(demo_page.get_by_text('"/film"')).to_be_visible()
    demo_page.click("Point at the play button")
    demo_page.click("Take a picture")
    expect(
        demo_page.get_by_role("button", name="View in full screen").or_(demo_page.locator(".image-frame img"))
    ).not_to_have_count(0)
    demo_page.click("Play")
    demo_page.wait_until("() => document.querySelectorAll('rerun-viewer')[1].currentTime?.time > 30")


@pytest.mark.slow
def test_the_agents_tab_shows_a_token(
    page: ViewerPage, launch: Callable[..., str], app: ModuleType, recording_a: Path
) -> None:
    pytest.importorskip("mcp")
    page.open(launch(app.build({"example": recording_a}), mcp_server=True))
    page.get_by_role("tab", name="Agents").click()
    page.expect_state("ready", recordings=1, index=1)
    page.click("Let an agent use the viewer")
    expect(page.get_by_label("Token for the agent")).not_to_have_value("")


@pytest.mark.slow
def test_a_link_of_the_moments_tab_opens_that_tab_at_that_frame(
    page: ViewerPage, launch: Callable[..., str], app: ModuleType, recording_a: Path
) -> None:
    url = launch(app.build({"example": recording_a}))
    page.open(f"{url}?rerun-moment.application_id=gradio_rerun_film&rerun-moment.timeline=frame&rerun-moment.time=20")
    page.expect_state("ready", recordings=1, index=1)
    page.expect_frame(20, 1)
    expect(page.get_by_role("tab", name="Moments")).to_have_attribute("aria-selected", "true")
    expect(
        page.viewer(1).locator("xpath=ancestor::*[@id='moment']").get_by_role("button", name="Copy link")
    ).to_be_visible()


def test_the_project_page_is_a_zip_file_that_a_web_server_shows(
    page: ViewerPage,
    launch: Callable[..., str],
    app: ModuleType,
    recording_a: Path,
    other_server: tuple[str, Path],
    tmp_path: Path,
) -> None:
    page.open(launch(app.build({"example": recording_a})))
    page.get_by_role("tab", name="Project page").click()
    page.get_by_label("Title").fill("My figure")
    page.click("Make the page")
    with page.page.expect_download() as download:
        page.locator("a[download='page.zip']").click()
    download.value.save_as(tmp_path / "page.zip")
    server, folder = other_server
    shutil.unpack_archive(tmp_path / "page.zip", folder / "figure")
    page.goto(f"{server}/figure/index.html")
    expect(page.page).to_have_title("My figure")
    page.expect_state("ready", recordings=1)
