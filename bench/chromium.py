"""Chromium, started anew for each measurement, and its memory."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Playwright

_TESTS = Path(__file__).parents[1] / "tests"
sys.path[:0] = [str(_TESTS), str(_TESTS / "browser")]
from conftest import CHROMIUM, FLAGS, SOFTWARE_GL  # noqa: E402 - found by the line above


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env={**os.environ, **SOFTWARE_GL})
    try:
        yield browser
    finally:
        browser.close()


def browser_memory() -> float:
    """The resident memory of all processes of the browser in MB. Memory that they share counts once."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                memory = process.memory_full_info()
                total += getattr(memory, "pss", memory.uss)
        except psutil.Error:
            pass
    return total / 1e6


def settled_memory(seconds: float = 3) -> float:
    """The minimum of `browser_memory` over some seconds, since a garbage collection may be due."""
    end = time.monotonic() + seconds
    least = browser_memory()
    while time.monotonic() < end:
        time.sleep(0.5)
        least = min(least, browser_memory())
    return least
