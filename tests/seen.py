"""What a user sees in a viewer: what it holds, and which colors are on the screen."""

from __future__ import annotations

import base64
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rerun import chunk
from viewer_page import ViewerPage

Color = tuple[int, int, int]

DRAW = "count => new Promise(done => { const next = () => count-- ? requestAnimationFrame(next) : done(); next(); })"
"""Resolves when the page has been drawn that often."""


def wait_until(page: ViewerPage, condition: Callable[[], Any], seconds: float = 60, every: int = 50) -> None:
    """Until the condition holds, while the page goes on."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        page.wait_for_timeout(every)


def rows(page: ViewerPage, index: int = 0) -> Counter[str]:
    """How many rows the viewer holds of each entity, over all times."""
    saved = page.evaluate(
        """async (index) => {
          const viewer = document.querySelectorAll("rerun-viewer")[index];
          const bytes = await viewer?.running?.viewer?.saveRecording().catch(() => null);
          if (!bytes) return null;
          let text = "";
          for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
          return btoa(text);
        }""",
        index,
    )
    return rows_of(base64.b64decode(saved)) if saved else Counter()


def rows_of(recording: bytes | Path) -> Counter[str]:
    """How many rows a recording holds of each entity, over all times."""
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
    """The viewer comes to hold that many rows of these entities; `a__b` stands for `/a/b`."""
    wanted = {"/" + name.replace("__", "/"): count for name, count in expected.items()}
    wait_until(page, lambda: wanted.items() <= rows(page, index).items(), seconds=120, every=300)


def number(page: ViewerPage, label: str) -> float:
    """What a `gr.Number` shows; 0 if it is empty."""
    return float(page.get_by_role("spinbutton", name=label, exact=True).input_value() or 0)


def time_of(page: ViewerPage, index: int = 0) -> int | None:
    """Where the time cursor stands; None while there is none."""
    text = page.evaluate(
        "(index) => document.querySelectorAll('rerun-viewer')[index]?.currentTime?.time?.toString()", index
    )
    return None if text is None else int(text)


def pixels(page: ViewerPage, color: Color, index: int = 0, near: int = 24) -> int:
    """How many pixels of the viewer have about this color."""
    picture = np.asarray(page.picture(index), int)
    return int((np.abs(picture - color).max(axis=2) <= near).sum())


def expect_color(page: ViewerPage, color: Color, least: int = 100, index: int = 0, near: int = 24) -> None:
    wait_until(page, lambda: pixels(page, color, index, near) >= least, every=300)


def expect_play_button(page: ViewerPage, index: int = 0) -> None:
    """The time panel is shown: its button for playing, or for pausing, is blue."""
    expect_color(page, (26, 106, 221), least=50, index=index)


def step(page: ViewerPage, index: int = 0) -> None:
    """Moves the time by a frame, as a user does: by a key."""
    page.viewer(index).locator("canvas").focus()
    page.evaluate(DRAW, 5)  # the viewer takes keys from the frame on in which it has seen that it is focused
    page.keyboard.press("ArrowRight")


def click_at(page: ViewerPage, across: float = 0.5, down: float = 0.5, index: int = 0) -> None:
    """Clicks into the viewer, at a place in parts of its size."""
    viewer = page.viewer(index)
    viewer.scroll_into_view_if_needed()
    box = viewer.bounding_box()
    assert box
    at = box["x"] + box["width"] * across, box["y"] + box["height"] * down
    page.mouse.move(at[0] - 10, at[1])
    page.mouse.move(*at)
    page.evaluate(DRAW, 10)  # the viewer needs some frames to find what is below the mouse
    page.mouse.click(*at, delay=100)
