"""Runs an app in its own process, and measures the memory of the process."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil

BENCH = Path(__file__).parent


class App:
    """A script of this folder that runs an app, and reports by lines of JSON on stdout."""

    def __init__(self, python: str | Path, script: str, arguments: list[str], folder: str) -> None:
        own = {"GRADIO_TEMP_DIR": folder, "GRADIO_ANALYTICS_ENABLED": "False"}
        inherited = {
            name: value for name, value in os.environ.items() if name != "PYTHONPATH" or str(python) == sys.executable
        }
        command = [str(python), str(BENCH / script), *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env={**inherited, **own})
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith("{"):
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def report(self, seconds: float, wait: Callable[[], Any] = lambda: time.sleep(0.05)) -> dict[str, Any]:
        """Returns the next line of JSON of the app. `wait` is called until it arrives."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                wait()
                continue
            if line is None:
                raise RuntimeError("the app has ended")
            return line
        raise TimeoutError(f"the app reported nothing within {seconds} s")

    def go(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()


@contextmanager
def running(python: str | Path, script: str, *arguments: object) -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        app = App(python, script, list(map(str, arguments)), folder)
        try:
            yield app
        finally:
            app.process.kill()
            app.process.wait()


@contextmanager
def peak_memory(process: psutil.Process) -> Iterator[Callable[[], float]]:
    """Yields a function that returns the peak of the resident memory within the context, in MB."""
    peak, over = 0.0, Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.03):
            peak = max(peak, resident(process))

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: peak
    finally:
        over.set()
        watcher.join()


def resident(process: psutil.Process) -> float:
    return process.memory_info().rss / 1e6
