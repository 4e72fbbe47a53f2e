"""An app in a process of its own, and the memory it takes."""

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
    """A script of this folder that runs an app, and tells of it by lines of JSON."""

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

    def told(self, seconds: float, wait: Callable[[], Any] = lambda: time.sleep(0.05)) -> dict[str, Any]:
        """The next thing that the app tells."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                what = self._lines.get_nowait()
            except queue.Empty:
                wait()
                continue
            if what is None:
                raise RuntimeError("the app has ended")
            return what
        raise TimeoutError(f"the function did not end within {seconds} s")

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
    """MB that the process had resident at most, while this runs."""
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
