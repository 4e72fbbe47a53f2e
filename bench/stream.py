"""Streams in this package against those in the peer package (PyPI gradio_rerun 0.39.0), in one run.

    .venv/bin/python bench/stream.py [--quick] [--rounds 3] [--json FILE] [--peer-python PATH]

Each measurement has an app (stream_app.py) in a process of its own and a page of its own; packages take turns. A run begins when the
viewer has opened frame 0 and the page is calm, so that the start of the viewer is in no figure. Prints medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import queue
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import psutil
from peer import PEER, peer_python
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from playwright.sync_api import Error as PageError
from playwright.sync_api import TimeoutError as PageTimeoutError
from stream_report import report
from stream_stages import shown_at, stages

BENCH = Path(__file__).parent
sys.path[:0] = [str(BENCH.parent / "tests"), str(BENCH.parent / "tests" / "browser")]
from conftest import CHROMIUM, FLAGS  # noqa: E402 - found by the line above


class Case(NamedTuple):
    frames: int
    size: int
    """Bytes of points in a frame; some 4,500 more come from the SDK."""
    rate: int = 0
    """Frames a second; 0: as fast as they are taken."""

    @property
    def name(self) -> str:
        size = f"{self.size // 1000:,} kB" if self.size < 1_000_000 else f"{self.size / 1_000_000:g} MB"
        return f"{self.frames:,} x {size}" + (f" at {self.rate} Hz" if self.rate else "")


FULL = [Case(100, 16_000), Case(800, 16_000), Case(8_000, 16_000), Case(100, 1_000_000), Case(300, 16_000, 30)]
QUICK = [Case(100, 16_000), Case(90, 16_000, 30)]


class App:
    """A running stream_app.py."""

    def __init__(self, python: str, case: Case, folder: str) -> None:
        own = {"GRADIO_TEMP_DIR": folder, "GRADIO_ANALYTICS_ENABLED": "False"}
        inherited = {
            name: value for name, value in os.environ.items() if name != "PYTHONPATH" or python == sys.executable
        }
        command = [python, str(BENCH / "stream_app.py"), *map(str, case)]
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
def running(python: str, case: Case) -> Iterator[App]:
    with tempfile.TemporaryDirectory() as folder:
        app = App(python, case, folder)
        try:
            yield app
        finally:
            app.process.kill()
            app.process.wait()


class Traffic:
    """Bytes and requests, by what they are for, since it began to listen."""

    def __init__(self, session: CDPSession) -> None:
        self._kinds: dict[str, str] = {}
        self._bytes: dict[str, Counter[str]] = defaultdict(Counter)
        session.on("Network.requestWillBeSent", self._on_request)
        session.on("Network.responseReceived", lambda e: self._count(e, headers=e["response"]["encodedDataLength"]))
        session.on(
            "Network.dataReceived", lambda e: self._count(e, data=e["dataLength"], encoded=e["encodedDataLength"])
        )
        session.on("Network.loadingFinished", lambda e: self._count(e, exact=e["encodedDataLength"]))
        session.send("Network.enable")

    def sums(self) -> Counter[str]:
        result = Counter(f"{kind} requests" for kind in self._kinds.values())
        for request, counted in self._bytes.items():
            result[f"{self._kinds.get(request, 'other')} bytes"] += _size(counted)
        return result

    def _on_request(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        kind = "queue" if "/queue/" in url else "stream" if "/stream/" in url or url.endswith(".rrd") else "other"
        self._kinds[event["requestId"]] = kind

    def _count(self, event: dict[str, Any], **sizes: int) -> None:
        self._bytes[event["requestId"]].update(sizes)


def _size(counted: Counter[str]) -> int:
    # The browser tells the exact sum at the end of a response, which one that the page has broken off does not have.
    return int(counted["exact"] or counted["headers"] + max(counted["data"], counted["encoded"]))


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


def measure(browser: Browser, python: str, case: Case, *, has_stages: bool, patience: float) -> dict[str, Any]:
    """One run of a function that streams, after one of the same into a `gr.Number`, in the same app and page."""
    with running(python, case) as app, visiting(browser, app.told(120)) as (page, about):
        server = psutil.Process(app.process.pid)
        page.wait_for_function("window.isReady()", timeout=300_000, polling=200)
        if has_stages:
            page.evaluate("window.addStages()")
        # Listening costs the browser time: not while latency is measured. Gradio may go on with a response of the first run.
        traffic = None if case.rate else Traffic(page.context.new_cdp_session(page))
        click(page, "number")
        app.go()
        number = app.told(600, lambda: page.wait_for_timeout(50))
        page.wait_for_timeout(1500)  # the last messages come, and the server gives back what it will
        page.evaluate("window.bench.messages.length = 0")
        before, earlier = resident(server), traffic.sums() if traffic else Counter()
        click(page, "viewer")
        page.wait_for_function("window.bench.isOpen", timeout=300_000, polling=100)
        page.evaluate("window.calm()")
        cpu = sum(server.cpu_times()[:2])
        with peak_memory(server) as peak:
            app.go()
            run = app.told(600, lambda: page.wait_for_timeout(50))
            is_whole = reach(page, case.frames, patience)
            page.wait_for_timeout(1500)
        yielded = sum(run["sizes"])
        result: dict[str, Any] = {
            "versions": about["versions"],
            "frames": case.frames,
            "MB": yielded / 1e6,
            "function s": run["end"] - run["start"],
            "number s": number["end"] - number["start"],
            "lag s": None,
            "server CPU s": sum(server.cpu_times()[:2]) - cpu,
            "before MB": before,
            "peak MB": peak(),
            "after MB": resident(server),
        }
        if traffic:
            sums = traffic.sums()
            result |= {name: sums[name] - earlier[name] for name in ("stream bytes", "queue bytes", "other bytes")}
            result["wire"] = (result["stream bytes"] + result["queue bytes"]) / yielded
            result["requests"] = sums["stream requests"] - earlier["stream requests"]
        heard = page.evaluate("window.bench")
        result["time updates"] = [[moment / 1000 - run["end"], frame] for moment, frame in heard["frames"]]
        if not is_whole:
            at = max(frame for _, frame in heard["frames"])
            return {**result, "error": f"at frame {at} of {case.frames} {patience:g} s after the function's end"}
        result["lag s"] = shown_at(heard, case.frames) / 1000 - run["end"]
        if case.rate:
            shown = [shown_at(heard, frame) for frame in range(1, case.frames + 1)]
            result["latency ms"] = [at - logged * 1000 for at, logged in zip(shown, run["logged"][1:], strict=True)]
            result["frames shown"] = len({frame for _, frame in heard["frames"] if frame > 0})
        if has_stages:
            result["stages ms"] = stages(run, heard, case.frames)
            result["send ms"] = [ms for _, _, ms in heard["sent"]]
    return result


@contextmanager
def visiting(browser: Browser, about: dict[str, Any]) -> Iterator[tuple[Page, dict[str, Any]]]:
    """The page of an app, and what the app says of itself."""
    context = browser.new_context(viewport={"width": 900, "height": 700})
    try:
        page = context.new_page()
        page.add_init_script(path=BENCH / "stream_page.js")
        page.goto(about["url"])
        yield page, about
    finally:
        context.close()


def click(page: Page, button: str) -> None:
    # A click by the mouse waits until the page draws, which takes long on a slow machine.
    page.get_by_role("button", name=button, exact=True).dispatch_event("click", timeout=120_000)


def reach(page: Page, frame: int, seconds: float) -> bool:
    """Whether the viewer gets to the frame in time."""
    is_there = "frame => window.bench.frames.some(([, at]) => at >= frame)"
    try:
        page.wait_for_function(is_there, arg=frame, timeout=seconds * 1000, polling=200)
    except PageTimeoutError:
        return False
    return True


def attempt(browser: Browser, package: str, python: str, case: Case, given: argparse.Namespace) -> dict[str, Any]:
    if package == "peer" and case.frames > given.peer_most:
        return {"error": f"not tried with more chunks than --peer-most {given.peer_most}"}
    try:
        return measure(browser, python, case, has_stages=package == "ours", patience=given.patience)
    except (PageError, TimeoutError, RuntimeError) as error:
        return {"error": str(error).splitlines()[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round of small runs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes every figure there")
    parser.add_argument("--peer-python", metavar="PATH", help=f"one that has {PEER}; default: made in the cache")
    parser.add_argument("--peer-most", type=int, default=800, metavar="N", help="chunks in a run of the peer, at most")
    parser.add_argument("--patience", type=float, default=120, metavar="S", help="for the last frame, after the end")
    given = parser.parse_args()
    cases, turns = (QUICK, 1) if given.quick else (FULL, given.rounds)
    pythons = {"peer": given.peer_python or peer_python(), "ours": sys.executable}
    results: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: {"peer": [], "ours": []})
    load = os.getloadavg()[0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        chromium = browser.version
        for turn in range(turns):
            for case in cases:
                for name, python in pythons.items():
                    print(f"round {turn + 1} of {turns}: {case.name}, {name}", file=sys.stderr)
                    results[case.name][name].append(attempt(browser, name, python, case, given))
        browser.close()
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{platform.platform()}, {os.cpu_count()} cores, {memory:.0f} GiB, load {load:.1f} at first, Chromium {chromium}"
    versions = {
        name: next((each["versions"] for case in results.values() for each in case[name] if "versions" in each), {})
        for name in pythons
    }
    print(machine)
    for name, packages in versions.items():
        print(f"{name}: " + ", ".join(f"{package} {version}" for package, version in packages.items()))
    print(f"medians of {turns}")
    report(results)
    if given.json:
        given.json.write_text(json.dumps({"machine": machine, "versions": versions, "results": results}))


if __name__ == "__main__":
    main()
