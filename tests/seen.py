"""The visible state of a viewer: its data, and the colors on the screen."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from viewer_page import ViewerPage

Color = tuple[int, int, int]

DRAW = "count => new Promise(done => { const next = () => count-- ? requestAnimationFrame(next) : done(); next(); })"
"""Resolves after the page has drawn this number of frames."""


def wait_until(page: ViewerPage, condition: Callable[[], Any], seconds: float = 60, every: int = 50) -> None:
    """Waits until the condition is true, while the page continues to run."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        page.wait_for_timeout(every)


def rows(page: ViewerPage, index: int = 0) -> Counter[str]:
    """The number of rows of each entity in the viewer, over all times."""
    saved = page.saved(index)
    return rows_of(saved) if saved else Counter()


def rows_of(recording: bytes | Path) -> Counter[str]:
    """The number of rows of each entity in a recording, over all times."""
    from rerun import chunk  # which older versions of rerun-sdk do not have

    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved.rrd"
        path.write_bytes(recording if isinstance(recording, bytes) else recording.read_bytes())
        reader = chunk.RrdReader(path)
        for each in reader.recordings():
            for part in reader.stream(store=each):
                counts[part.entity_path] += part.num_rows
    return counts


def expect_rows(page: ViewerPage, index: int = 0, **expected: int) -> None:
    """Waits until the viewer has these numbers of rows of entities. `a__b` stands for `/a/b`."""
    wanted = {"/" + name.replace("__", "/"): count for name, count in expected.items()}
    wait_until(page, lambda: wanted.items() <= rows(page, index).items(), seconds=120, every=300)


def number(page: ViewerPage, label: str) -> float:
    """The value that a `gr.Number` shows, or 0 if it is empty."""
    return float(page.get_by_role("spinbutton", name=label, exact=True).input_value() or 0)


def time_of(page: ViewerPage, index: int = 0) -> int | None:
    """The time of the time cursor, or None if there is no time cursor."""
    text = page.evaluate(
        "(index) => document.querySelectorAll('rerun-viewer')[index]?.currentTime?.time?.toString()", index
    )
    return None if text is None else int(text)


def on_screen(page: ViewerPage, index: int = 0) -> str | None:
    """The id of the recording on screen, if the recording has a timeline."""
    script = "(index) => document.querySelectorAll('rerun-viewer')[index]?.currentTime?.recording_id"
    return page.evaluate(script, index)  # type: ignore[no-any-return]


def pixels(page: ViewerPage, color: Color, index: int = 0, near: int = 24) -> int:
    """The number of pixels of the viewer with approximately this color."""
    picture = np.asarray(page.picture(index), int)
    return int((np.abs(picture - color).max(axis=2) <= near).sum())


def expect_color(page: ViewerPage, color: Color, least: int = 100, index: int = 0, near: int = 24) -> None:
    wait_until(page, lambda: pixels(page, color, index, near) >= least, every=300)


def expect_play_button(page: ViewerPage, index: int = 0) -> None:
    """Waits until the time panel is shown: its button for playing or pausing is blue."""
    expect_color(page, (26, 106, 221), least=50, index=index)


def expect_computed(page: ViewerPage, index: int = 0) -> None:
    """Waits until the viewer shows the value that the component's function has made for this visitor. Before, it may show the app's."""
    page.wait_for_function(
        """(index) => {
          const viewer = document.querySelectorAll("rerun-viewer")[index];
          const isOfApp = ({ item }) => JSON.stringify(window.gradio_config).includes(item.path);
          return viewer?.dataset.state === "ready" && !viewer.isLoading && !viewer.recordings.some(isOfApp);
        }""",
        arg=index,
    )


def step(page: ViewerPage, index: int = 0) -> None:
    """Moves the time by one frame with a key, as a user does."""
    page.viewer(index).locator("canvas").focus()
    page.evaluate(DRAW, 5)  # the viewer accepts keys from the frame on in which it has noticed its focus
    page.keyboard.press("ArrowRight")


def click_at(page: ViewerPage, across: float = 0.5, down: float = 0.5, index: int = 0) -> None:
    """Clicks into the viewer, at a position relative to its size."""
    viewer = page.viewer(index)
    viewer.scroll_into_view_if_needed()
    box = viewer.bounding_box()
    assert box
    at = box["x"] + box["width"] * across, box["y"] + box["height"] * down
    page.mouse.move(at[0] - 10, at[1])
    page.mouse.move(*at)
    page.evaluate(DRAW, 10)  # the viewer needs some frames to find what is below the mouse
    page.mouse.click(*at, delay=100)
