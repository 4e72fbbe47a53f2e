"""Makes the pictures of the README from the running component: `.venv/bin/python docs/make_pictures.py`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import gradio as gr
from playwright.sync_api import Page, expect, sync_playwright

from gradio_rerun import Rerun, rrt_star

IMAGES = Path(__file__).parent / "images"
TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "browser")]


def viewer_picture(page: Page, folder: Path) -> None:
    """The example recording at its end, below a label."""
    with gr.Blocks() as demo:
        gr.Markdown("## Path planning")
        Rerun(rrt_star.write(folder / "rrt_star.rrd"), label="RRT*", height=560)
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    page.goto(f"{url}?__theme=light")
    expect(page.locator("rerun-viewer")).to_have_attribute("data-state", "ready", timeout=60_000)
    # The viewer plays to the end, and then stops.
    page.wait_for_function("() => window.seen.some((event) => event.detail?.type === 'pause')", timeout=120_000)
    page.mouse.move(10, 10)
    page.wait_for_timeout(3_000)  # its notifications fade
    page.screenshot(path=IMAGES / "viewer.png")
    demo.close()


def main() -> None:
    """Makes all pictures."""
    from conftest import CHROMIUM, FLAGS
    from viewer_page import INIT_SCRIPT

    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 740})
        page.add_init_script(INIT_SCRIPT)
        viewer_picture(page, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
