"""An exported page on web servers that know nothing of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from needs import EXACT_TIMES, needs
from nginx import nginx
from other_files import png
from playwright.sync_api import Frame
from ports import wait_for_port
from viewer_page import ViewerPage

from gradio_rerun import export

pytestmark = [pytest.mark.slow, pytest.mark.first_visit, needs(EXACT_TIMES)]

PLACE = """() => {
  const viewer = document.querySelector("rerun-viewer");
  const { recording_id, timeline, time } = viewer.currentTime ?? {};
  return `${viewer.dataset.state} ${viewer.dataset.recordings} ${recording_id} ${timeline} ${time}`;
}"""


def expect_place(frame: Frame, place: str) -> None:
    """The viewer says that the recording is open at this place."""
    frame.wait_for_function(f"place => ({PLACE})() === place", arg=place, timeout=60_000)
    frame.evaluate("new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve)))")
    assert frame.evaluate(PLACE) == place  # it does not play


def test_in_a_page_of_another_origin_after_a_click_on_the_poster(
    page: ViewerPage, recording_a: Path, other_server: tuple[str, Path], tmp_path: Path, free_port: int
) -> None:
    figure = tmp_path / "site" / "paper" / "figure 1"
    snippet = export(recording_a, figure, title="Figure 1", poster=png(tmp_path / "poster.png"))
    command = [sys.executable, "-m", "http.server", str(free_port), "--directory", str(tmp_path / "site")]
    server = subprocess.Popen([*command, "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL)
    try:
        wait_for_port(free_port, server)
        host, folder = other_server
        site = f"http://127.0.0.1:{free_port}/paper/"
        embedded = snippet.replace('src="', f'src="{site}').replace("index.html", "index.html?timeline=frame&amp;t=7")
        (folder / "index.html").write_text(f"<!doctype html><link rel=icon href='data:,'><h1>A paper</h1>{embedded}")
        page.goto(host)
        frame = page.page.frames[1]
        poster = frame.get_by_role("button", name="Play recording")
        poster.wait_for()
        assert not page.requests_for(".gz")
        poster.click()
        expect_place(frame, "ready 1 recording_a frame 7")
        assert poster.count() == 0
        own = f"{site}figure%201/"
        assert [url for url in page.requests if not url.startswith((f"{host}/", own, "data:", "blob:"))] == []
        assert page.page_errors == []
        page.keep_screenshot("exported page in a page of another origin")
    finally:
        server.terminate()
        server.wait()


CONFIG = """
include /etc/nginx/mime.types;
server {{
    listen 80;
    root {folder};
    location /papers/ {{
        location ~ \\.gz$ {{
            types {{ }}
            default_type application/javascript;
            add_header Content-Encoding gzip;
        }}
    }}
}}
"""


def test_below_a_path_of_an_nginx_that_sends_gz_as_compressed(
    page: ViewerPage, recording_a: Path, recording_b: Path, tmp_path: Path
) -> None:
    export(
        [recording_a, recording_b],
        tmp_path / "site" / "papers" / "figure",
        panel_states={"blueprint": "hidden"},
        theme="dark",
    )
    with nginx(tmp_path, CONFIG.format(folder=tmp_path / "site")) as url:
        page.goto(f"{url}/papers/figure/?t=3")
        page.expect_state("ready", recordings=2)
        page.wait_until(f"() => ({PLACE})().endsWith(' frame 3')")
        assert page.brightness() < 100
        assert [
            each for each in page.requests if not each.startswith((f"{url}/papers/figure/", "data:", "blob:"))
        ] == []
        assert page.page_errors == []
        page.keep_screenshot("exported page behind nginx")
